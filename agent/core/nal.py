"""NAL units of H.264 and H.265: from start codes (ITU-T H.264 and H.265, annex B) to lengths (ISO 14496-15)."""

from __future__ import annotations

import re
from collections.abc import Iterator

_START = re.compile(rb"\x00\x00\x01")
"""Searched as an expression: twice as fast as `bytes.find`, and every byte of every camera is searched."""


def split(data: bytes | memoryview) -> list[bytes]:
    """The NAL units between start codes.

    Zeros before a start code belong to it, not to the unit: a NAL unit never ends in zero (H.264 section 7.4.1).
    """
    return [bytes(data[begin:end]) for begin, end in _units(data)]


def with_lengths(data: bytes | memoryview) -> bytes:
    """The same NAL units in the same order, each behind its length in 4 bytes; empty when there is no start code."""
    view = memoryview(data)
    parts: list[bytes | memoryview] = []
    for begin, end in _units(data):
        parts += (end - begin).to_bytes(4, "big"), view[begin:end]
    return b"".join(parts)


def _units(data: bytes | memoryview) -> Iterator[tuple[int, int]]:
    """Where each unit that is not empty begins and ends."""
    starts = list(_START.finditer(data))
    ends = [start.start() for start in starts[1:]] + [len(data)]
    for start, end in zip(starts, ends, strict=False):
        begin = start.end()
        if not data[end - 1]:
            end = begin + len(bytes(data[begin:end]).rstrip(b"\0"))  # noqa: PLW2901 - the end moves before the zeros
        if end > begin:
            yield begin, end
