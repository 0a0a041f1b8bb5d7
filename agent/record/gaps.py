"""What was not recorded, and why: from evidence alone, and `unknown` where there is none.

Evidence is what the segments say of themselves, what the tombstones say of those that went, and the journal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from agent.core.clock import NS, rfc3339
from agent.record.corrections import corrections, shift_of
from agent.record.journal_file import Entry
from agent.record.segment import Segment
from agent.record.tombstone_file import Tombstone

LEAST_NS = 2 * NS
"""Less between two segments is no gap: it is how far frames and clocks are apart."""

_LATE_NS = 60 * NS
"""So long it takes at most to notice that a camera is gone, and to connect again after all is well."""

_STEP_NS = NS // 2
_FOREVER = 1 << 62
_OPEN = 1 << 62
"""Stands for the number of a segment that has none yet."""


class Recorded(NamedTuple):
    """Footage that is there; `number` and `boot` are None for a segment that is still open."""

    start_ns: int
    end_ns: int
    number: int | None
    reason: str
    boot: str | None


class Gap(NamedTuple):
    """No footage from `start_ns` to `end_ns`. `why` is a word for programs, `text` a sentence for people."""

    start_ns: int
    end_ns: int
    why: str
    text: str


class Cause(NamedTuple):
    """Something that keeps a camera from being recorded. Of a `vague` one only the end is known: it was a kill."""

    start_ns: int
    end_ns: int
    why: str
    text: str
    vague: bool = False


_CLOSED = {
    "lost": ("offline", "the camera's stream broke off"),
    "end": ("offline", "the camera's stream came to its end"),
    "changed": ("offline", "the camera's stream changed"),
    "gap": ("offline", "the camera sent nothing"),
    "no_video": ("offline", "the camera sent no picture, but sound"),
    "clock": ("clock", "the gateway's clock stepped"),
    "room": ("trouble", "only held footage is left to delete: cameras of low priority rest"),
    "overflow": ("trouble", "the disk did not take the footage in time"),
    "fell": ("trouble", "the recorder of this camera fell, and was started again"),
    "recovered": ("killed", "the gateway was killed, or the disk failed"),
    "stop": ("stopped", "the gateway was stopped"),
    "jump": ("clock", "the camera's times jumped"),
    "off": ("off", "recording was switched off"),
    "schedule": ("off", "recording was switched off by the schedule"),
}
_UNKNOWN = ("unknown", "nothing says why")
_BEFORE = ("before", "nothing was recorded before")
_DOWN = {
    "orderly": ("stopped", "the gateway was stopped"),
    "killed": ("killed", "the gateway was killed"),
    "restarted": ("restarted", "the machine was restarted or lost power"),
}


def recorded(segment: Segment) -> Recorded:
    """A closed segment as this page looks at it."""
    return Recorded(segment.start_ns, segment.end_ns, segment.number, segment.reason, segment.boot)


def gaps(
    footage: Iterable[Recorded],
    stones: Sequence[Tombstone],
    causes: Sequence[Cause],
    end_ns: int,
    *,
    least_ns: int = LEAST_NS,
) -> Iterator[Gap]:
    """What is missing before, between and after the footage (by its begin) up to `end_ns`, in order."""
    before: Recorded | None = None
    covered_ns = 0
    for after in footage:
        if after.start_ns - covered_ns > least_ns:
            yield from _explain(covered_ns, after.start_ns, before, after, stones, causes)
        if before is None or after.end_ns >= covered_ns:
            before, covered_ns = after, after.end_ns
    if end_ns - covered_ns > least_ns:
        yield from _explain(covered_ns, end_ns, before, None, stones, causes)


def between(found: Iterable[Gap], start_ns: int, end_ns: int) -> Iterator[Gap]:
    """What of them lies in a span."""
    for gap in found:
        if gap.end_ns > start_ns and gap.start_ns < end_ns:
            yield gap._replace(start_ns=max(gap.start_ns, start_ns), end_ns=min(gap.end_ns, end_ns))


def _explain(
    start_ns: int,
    end_ns: int,
    before: Recorded | None,
    after: Recorded | None,
    stones: Sequence[Tombstone],
    causes: Sequence[Cause],
) -> list[Gap]:
    """Deletions are certain and come first; what they leave open is for the other causes."""
    low = (before.number if before.number is not None else _OPEN) if before else 0
    high = after.number if after is not None and after.number is not None else _OPEN
    found: list[Gap] = []
    at_ns, last = start_ns, before
    for stone in (one for one in stones if low < one.first and one.last < high):
        begin_ns, stop_ns = max(at_ns, stone.start_ns), min(end_ns, stone.end_ns)
        if stop_ns > begin_ns:
            found += _causes(at_ns, begin_ns, last, None, causes)
            found.append(Gap(begin_ns, stop_ns, "deleted", _deleted(stone)))
            at_ns, last = stop_ns, Recorded(stone.start_ns, stone.end_ns, stone.last, stone.closed, None)
    found += _causes(at_ns, end_ns, last, after, causes)
    return _joined(found)


def _causes(
    start_ns: int,
    end_ns: int,
    before: Recorded | None,
    after: Recorded | None,
    causes: Sequence[Cause],
) -> list[Gap]:
    """What began first explains the gap up to its end, then what began next; small remains go to their neighbour."""
    if end_ns - start_ns <= 0:
        return []
    alone = _by_itself(before, after)
    found: list[Gap] = []
    at_ns = start_ns
    for cause in sorted((one for one in causes if _fits(one, start_ns, end_ns)), key=_order):
        begin_ns, stop_ns = max(cause.start_ns, at_ns), min(cause.end_ns, end_ns)
        if stop_ns <= begin_ns:
            continue
        if begin_ns - at_ns > _LATE_NS:
            found.append(Gap(at_ns, begin_ns, *(_UNKNOWN if found else alone)))
            at_ns = begin_ns
        found.append(Gap(at_ns, stop_ns, cause.why, cause.text))
        at_ns = stop_ns
    if not found:
        return [Gap(start_ns, end_ns, *alone)]
    if end_ns - at_ns > _LATE_NS:
        return [*found, Gap(at_ns, end_ns, *_UNKNOWN)]
    return [*found[:-1], found[-1]._replace(end_ns=end_ns)]


def _order(cause: Cause) -> tuple[int, bool, int]:
    """What is certain before a kill that may have come at any later time."""
    return cause.start_ns, cause.vague, cause.end_ns


def _fits(cause: Cause, start_ns: int, end_ns: int) -> bool:
    if cause.vague:  # footage after its begin proves that it began later
        return start_ns < cause.end_ns <= end_ns
    return cause.start_ns < end_ns and cause.end_ns > start_ns


def _by_itself(before: Recorded | None, after: Recorded | None) -> tuple[str, str]:
    """What the segments on both sides tell."""
    if before is None:
        return _BEFORE
    if after is not None and None not in {before.boot, after.boot} and before.boot != after.boot:
        return _DOWN["restarted"]
    return _CLOSED.get(before.reason, _UNKNOWN)


def _deleted(stone: Tombstone) -> str:
    counts = ", ".join(f"{count} for {reason}" for reason, count in sorted(stone.reasons.items()))
    return f"numbers {stone.first} to {stone.last} ({counts}), the last at {rfc3339(stone.at_ns)}"


def _joined(found: list[Gap]) -> list[Gap]:
    joined: list[Gap] = []
    for gap in found:
        if joined and joined[-1][2:] == gap[2:]:
            joined[-1] = joined[-1]._replace(end_ns=gap.end_ns)
        else:
            joined.append(gap)
    return joined


def causes_of(camera: str, entries: Sequence[Entry], *, runs: bool, now_ns: int) -> list[Cause]:
    """What the journal tells of a camera. `runs`: a gateway works there now, so the last run goes on."""
    teller = _Teller(camera, entries)
    for entry in entries:
        teller.take(entry)
    return teller.end(runs=runs, now_ns=now_ns)


class _Teller:
    """Goes through the journal; times in it are corrected like those of footage."""

    def __init__(self, camera: str, entries: Sequence[Entry]) -> None:
        self._camera = camera
        self._known = corrections(entries)
        self._found: list[Cause] = []
        self._open: dict[str, Cause] = {}
        self._last: Entry | None = None
        self._last_ns = 0

    def take(self, entry: Entry) -> None:
        """The next entry."""
        shift_ns = shift_of(self._known, entry.boot, entry.mono_ns, synced=entry.synced)
        at_ns = entry.at_ns + shift_ns
        if entry.kind == "start":
            self._started(entry, at_ns)
        elif entry.kind == "stop":
            self._close_all(at_ns)
        elif entry.kind == "clock":
            self._stepped(entry)
        elif entry.camera == self._camera:
            self._of_camera(entry, at_ns, (entry.since_ns or entry.at_ns) + shift_ns)
        self._last, self._last_ns = entry, at_ns

    def end(self, *, runs: bool, now_ns: int) -> list[Cause]:
        """All causes; what still holds has no end."""
        if runs or self._last is None:
            self._close_all(_FOREVER)
        else:
            stopped = self._last.kind == "stop"
            self._close_all(self._last_ns if stopped else now_ns)
            why = _DOWN["orderly"] if stopped else ("killed", "the gateway was killed, or lost power, and does not run")
            self._found.append(Cause(self._last_ns, now_ns, *why, vague=not stopped))
        return self._found

    def _started(self, entry: Entry, at_ns: int) -> None:
        self._close_all(at_ns)
        if self._last is not None and entry.ended in _DOWN:
            orderly = entry.ended == "orderly"
            self._found.append(Cause(self._last_ns, at_ns, *_DOWN[entry.ended], vague=not orderly))

    def _stepped(self, entry: Entry) -> None:
        """A step forward leaves a hole in wall time in which no time passed; a corrected one leaves none."""
        corrected = shift_of(self._known, entry.boot, entry.mono_ns - 1, synced=entry.was_synced)
        if entry.step_ns > _STEP_NS and not corrected:
            text = f"the clock stepped by +{entry.step_ns / NS:.1f} s: no time passed"
            self._found.append(Cause(entry.before_ns or 0, entry.after_ns or 0, "clock", text))

    def _of_camera(self, entry: Entry, at_ns: int, since_ns: int) -> None:
        match entry.kind:
            case "offline":
                text = f"the camera was offline: {entry.text}" if entry.text else "the camera was offline"
                self._open.setdefault("offline", Cause(since_ns, _FOREVER, "offline", text))
            case "online":
                self._close("offline", since_ns)
            case "trouble":
                text = f"it could not be recorded: {entry.text}"
                self._open.setdefault("trouble", Cause(since_ns, _FOREVER, "trouble", text))
            case "well":
                self._close("trouble", since_ns)
            case "mode" if entry.text == "off":
                text = "recording was switched off, by the configuration or its schedule"
                self._open.setdefault("off", Cause(at_ns, _FOREVER, "off", text))
            case "mode":
                self._close("off", at_ns)

    def _close(self, what: str, end_ns: int) -> None:
        cause = self._open.pop(what, None)
        if cause is not None:
            self._found.append(cause._replace(end_ns=end_ns))

    def _close_all(self, end_ns: int) -> None:
        for what in tuple(self._open):
            self._close(what, end_ns)
