"""Is every frame there that the server sent? Told by the pictures themselves, not by anybody's counters."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import av


class Kept(NamedTuple):
    """Of one camera: frames in its files, holes between them, and the loop's number of the last one."""

    frames: int
    missing: int
    last: int


class Order:
    """The frames of a clip that is played in a loop, each known by the hash of its slice."""

    def __init__(self, clip: Path) -> None:
        marks = [_mark(packet) for packet in _packets(clip)]
        self.length = len(marks)
        self._number = {mark: number for number, mark in enumerate(marks)}
        if len(self._number) != self.length:
            raise ValueError(f"{clip}: two frames of it look the same")

    def kept(self, files: Sequence[Path]) -> Kept:
        """Read all files in order; a frame that is not of the clip, or comes twice, is an error."""
        numbers = [self._number[_mark(packet)] for file in files for packet in _packets(file)]
        steps = [(after - before) % self.length for before, after in pairwise(numbers)]
        if 0 in steps:
            raise ValueError(f"{files[0].parent}: a frame twice")
        return Kept(len(numbers), sum(steps) - len(steps), numbers[-1] if numbers else -1)


def _packets(file: Path) -> list[bytes]:
    with av.open(str(file)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


def _mark(sample: bytes) -> bytes:
    """The last NAL unit, a slice: what comes before (parameter sets) differs between file and stream."""
    at = 0
    while True:
        size = int.from_bytes(sample[at : at + 4], "big")
        if at + 4 + size >= len(sample):
            return hashlib.sha256(sample[at + 4 :]).digest()
        at += 4 + size
