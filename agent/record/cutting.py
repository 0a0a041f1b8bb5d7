"""Cutting by wall time: the packets of several stretches of footage on one time line, from a keyframe to an end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import groupby
from typing import NamedTuple

import av.container

from agent.core.clock import NS
from agent.record.footage import Footage

_JUMP_S = 5
_SOUND_BEHIND_NS = 3 * NS
"""A fragment is about a second long, and sound may come another one late."""


class Unit(NamedTuple):
    """A packet with its wall time, and its seconds on the time line of the run it is of."""

    data: bytes
    stream: int
    video: bool
    key: bool
    wall_ns: int
    wall_dts_ns: int
    pts: Fraction
    dts: Fraction
    duration: Fraction


def runs(parts: Iterable[Footage], *, unread: bool = False) -> list[list[Footage]]:
    """The stretches, in order, grouped by unbroken runs of the same stream parameters: each fits into one file.

    `unread` as with `Footage.opened`.
    """
    return [list(run) for _, run in groupby(parts, key=lambda part: _shape(part, unread=unread))]


def units(run: list[Footage]) -> Iterator[Unit]:
    """The packets of a run on one time line, which begins with its first stretch."""
    shift = Fraction(0)
    before: Footage | None = None
    for part in run:
        shift = shift if before is None else _shift(run[0], before, part, shift)
        before = part
        with part.opened() as container:
            yield from _units_of(part, container, shift)


def between(found: Iterable[Unit], start_ns: int, end_ns: int) -> Iterator[Unit]:
    """From the last keyframe at or before the start, or the first there is, up to the end, in decode order.

    Sound lies in a file behind the pictures of its fragment: it is looked for a little longer.
    """
    waiting: list[Unit] = []
    first_ns: int | None = None
    begun = False
    for unit in found:
        if unit.video and unit.wall_dts_ns >= end_ns + _SOUND_BEHIND_NS:
            break
        if unit.video and not begun and _is_better_start(unit, waiting, start_ns, end_ns):
            first_ns = unit.wall_ns
            waiting = [unit, *(one for one in waiting if not one.video and one.wall_ns >= first_ns)]
        elif first_ns is None or not _belongs(unit, first_ns, end_ns):
            continue
        else:
            begun = begun or (unit.video and unit.wall_ns > start_ns)
            waiting.append(unit)
        if begun:
            yield from waiting
            waiting = []
    yield from waiting


def _is_better_start(unit: Unit, waiting: list[Unit], start_ns: int, end_ns: int) -> bool:
    return unit.key and unit.wall_dts_ns < end_ns and (unit.wall_ns <= start_ns or not waiting)


def _belongs(unit: Unit, first_ns: int, end_ns: int) -> bool:
    return unit.wall_dts_ns < end_ns if unit.video else first_ns <= unit.wall_ns < end_ns


def _shape(part: Footage, *, unread: bool) -> list[tuple[object, ...]]:
    """What must be the same for packets to stand in one file."""
    with part.opened(unread=unread) as container:
        return [
            (
                stream.codec_context.name,
                bytes(stream.codec_context.extradata or b""),
                stream.time_base,
                getattr(stream.codec_context, "sample_rate", 0),
                getattr(stream.codec_context, "channels", 0),
            )
            for stream in container.streams
        ]


def _units_of(part: Footage, container: av.container.InputContainer, shift: Fraction) -> Iterator[Unit]:
    video = container.streams.video[0].index
    origin: Fraction | None = None
    for packet in container.demux():
        if not packet.size or packet.dts is None or packet.pts is None or packet.time_base is None:
            continue
        pts, dts = packet.pts * packet.time_base, packet.dts * packet.time_base
        if origin is None and packet.stream_index == video:
            origin = pts
        zero = pts if origin is None else origin
        wall_ns, wall_dts_ns = (part.wall_ns(int((at - zero) * NS)) for at in (pts, dts))
        yield Unit(
            data=bytes(packet),
            stream=packet.stream_index,
            video=packet.stream_index == video,
            key=packet.is_keyframe,
            wall_ns=wall_ns,
            wall_dts_ns=wall_dts_ns,
            pts=pts + shift,
            dts=dts + shift,
            duration=(packet.duration or 0) * packet.time_base,
        )


def _shift(first: Footage, before: Footage, part: Footage, shift: Fraction) -> Fraction:
    """What to add to the times of `part`: by the camera's time while that runs on, by wall time after a break."""
    wall = Fraction(part.start_ns - first.start_ns, NS)
    media = shift + (part.base - before.base) * part.tick
    return media if part.epoch == before.epoch and abs(media - wall) < _JUMP_S else wall
