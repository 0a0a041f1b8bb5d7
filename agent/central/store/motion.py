"""How much moved in what was recorded: the levels of a segment put together, and those of a span for a timeline.

A segment's levels are a byte for each second of the clock that it touches, by the times in its file: see the wire's
`RecordingSpan`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from agent.central.store.pack import Document
from agent.core.clock import NS, rfc3339
from agent.wire.messages import UNSEEN

_MS = NS // 1000
_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
_SEEN = bytes([UNSEEN])


def union(held: bytes | None, fresh: bytes | None) -> bytes | None:
    """What both say together, whichever came first: of each second the higher level, any before none."""
    if not held or not fresh or held == fresh:
        return held or fresh or None
    longer, shorter = (held, fresh) if len(held) >= len(fresh) else (fresh, held)
    return bytes(map(_higher, longer, shorter)) + longer[len(shorter) :]


def _higher(one: int, other: int) -> int:
    return max(one, other) if UNSEEN not in (one, other) else min(one, other)


def step_of(start_ns: int, end_ns: int, most: int) -> int:
    """How many seconds a point stands for, so that the span has at most so many: round, so that points stay put."""
    for step in _STEPS_S:
        if _points(start_ns, end_ns, step) <= most:
            return step
    hours = 1
    while _points(start_ns, end_ns, 3600 * hours) > most:
        hours *= 2
    return 3600 * hours


def _points(start_ns: int, end_ns: int, step_s: int) -> int:
    return -(-end_ns // (step_s * NS)) - start_ns // (step_s * NS)


def density(rows: Iterable[Mapping[str, Any]], start_ns: int, end_ns: int, most: int) -> Document | None:
    """The highest level in each step of the span, from the first known one to the last; None where nobody looked.

    `rows` are segments; `most` is how many points there may be.
    """
    start_ns = max(0, start_ns)
    step = step_of(start_ns, end_ns, most)
    first, last = start_ns // (step * NS), -(-end_ns // (step * NS))
    points: dict[int, int] = {}
    for row in rows:
        for point, level in _of_segment(row, step) if row["motion"] else ():
            if first <= point < last:
                points[point] = max(level, points.get(point, 0))
    if not points:
        return None
    begun, ended = min(points), max(points)
    levels = [points.get(point) for point in range(begun, ended + 1)]
    return {"start": rfc3339(begun * step * NS), "step_s": step, "levels": levels}


def _of_segment(row: Mapping[str, Any], step_s: int) -> list[tuple[int, int]]:
    """Points and levels of a segment, which may be told several times of one point."""
    levels = bytes(row["motion"])
    shift_ns = row["shift_ms"] * _MS
    begun_ns = (row["start_ns"] - shift_ns) // NS * NS + shift_ns
    step_ns = step_s * NS
    first, last = begun_ns // step_ns, (begun_ns + (len(levels) - 1) * NS) // step_ns
    if first == last:
        seen = levels.translate(None, _SEEN)
        return [(first, max(seen))] if seen else []
    return [
        ((begun_ns + second * NS) // step_ns, level)
        for second, level in enumerate(levels)
        if level != UNSEEN and begun_ns + second * NS < row["end_ns"]
    ]
