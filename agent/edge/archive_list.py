"""`lamppost archive list`: what is recorded, what is not and why, and whether a camera was recorded at a moment."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple

from agent.core.clock import NS, rfc3339
from agent.core.errors import ConfigError
from agent.record.footage import unlisted_footage
from agent.record.gaps import LEAST_NS, Gap, Recorded, between, causes_of, gaps, recorded
from agent.record.journal_file import Entry, read_journal
from agent.record.segment import Segment
from agent.record.store import SegmentStore

Say = Callable[[str], None]

_PAGE = 500
_FOREVER_NS = 1 << 62
_UNREADABLE_NS = 10 * NS
"""The end of a segment that is being written cannot be read yet."""


class Wanted(NamedTuple):
    """Which part of a camera's time, None as far as it goes; or one moment of it."""

    since_ns: int | None = None
    until_ns: int | None = None
    at_ns: int | None = None

    def check(self) -> None:
        """Raises: ConfigError when the part ends before it begins."""
        if self.since_ns is not None and self.until_ns is not None and self.until_ns <= self.since_ns:
            raise ConfigError(
                f"the span ends at {rfc3339(self.until_ns)}, before it begins; turn --from and --to around"
            )


def list_segments(store: SegmentStore, camera: str, wanted: Wanted, say: Say, *, as_json: bool) -> None:
    """A line for each segment, by its begin."""
    for page in _pages(store, camera, wanted):
        held = store.catalogue.held_among(page)
        for segment in page:
            row = _row(segment, held=segment.id in held)
            say(json.dumps(row) if as_json else _segment_line(row))


def list_gaps(store: SegmentStore, camera: str, wanted: Wanted, say: Say, *, as_json: bool) -> None:
    """A line for each stretch of more than two seconds without footage."""
    now_ns = store.clock.wall_ns()
    since_ns = wanted.since_ns if wanted.since_ns is not None else _first_ns(store, camera)
    found = _Look(store, camera, now_ns).gaps(since_ns, LEAST_NS)
    for gap in between(found, since_ns, min(now_ns, wanted.until_ns or now_ns)):
        say(json.dumps(_gap_row(camera, gap)) if as_json else _gap_line(camera, gap))


def was_recorded(store: SegmentStore, camera: str, at_ns: int, say: Say, *, as_json: bool) -> bool:
    """Say whether there is footage of a moment, and the segment, or why not.

    Raises:
        ConfigError: that moment has not come yet.
    """
    now_ns = store.clock.wall_ns()
    if at_ns > now_ns:
        raise ConfigError(f"{rfc3339(at_ns)} has not come yet; ask for a time in the past")
    look = _Look(store, camera, now_ns)
    answer: dict[str, Any]
    if (segment := _covering(store, camera, at_ns)) is not None:
        row = _row(segment, held=bool(store.catalogue.held_among([segment])))
        answer, line = {"recorded": True, "segment": row}, f"yes: {_segment_line(row)}"
    elif (one := look.open_at(at_ns)) is not None:
        row = {"camera": camera, "start": rfc3339(one.start_ns), "end": rfc3339(one.end_ns), "number": None}
        answer, line = {"recorded": True, "segment": row}, f"yes: {camera}: in a segment that is not listed yet"
    else:
        gap = next(between(look.gaps(at_ns, 0), at_ns, at_ns + 1), None)
        gap = look.whole(gap, at_ns) if gap else Gap(at_ns, at_ns, "unknown", "nothing says why")
        answer, line = {"recorded": False, "gap": _gap_row(camera, gap)}, f"no: {_gap_line(camera, gap)}"
    say(json.dumps({"camera": camera, "at": rfc3339(at_ns), **answer}) if as_json else line)
    return bool(answer["recorded"])


class _Look:
    """All the evidence about one camera, at one moment."""

    def __init__(self, store: SegmentStore, camera: str, now_ns: int) -> None:
        self._store, self._camera, self._now_ns = store, camera, now_ns
        # what has no row first: when it gets one meanwhile, the catalogue has it
        self._open = [Recorded(one.start_ns, one.end_ns, None, "", None) for one in unlisted_footage(store, camera)]
        self._runs = store.is_in_use()
        entries: list[Entry] = read_journal(store.root)
        self._causes = causes_of(camera, entries, runs=self._runs, now_ns=now_ns)
        self._stones = store.graveyard.of(camera)

    def gaps(self, since_ns: int, least_ns: int) -> Iterator[Gap]:
        """From the last footage before `since_ns` on; the first of them may begin earlier."""
        found = gaps(self._footage(since_ns), self._stones, self._causes, self._now_ns, least_ns=least_ns)
        for gap in found:
            newest = gap.end_ns == self._now_ns and self._runs and gap.end_ns - gap.start_ns < _UNREADABLE_NS
            if not newest:
                yield gap

    def whole(self, gap: Gap, at_ns: int) -> Gap:
        """The gap in its full length."""
        return next((one for one in self.gaps(at_ns, 0) if one.start_ns <= at_ns < one.end_ns), gap)

    def open_at(self, at_ns: int) -> Recorded | None:
        """An open segment with footage of that moment; its newest second or two cannot be read yet."""
        late_ns = _UNREADABLE_NS if self._runs else 0
        fitting = (one for one in self._open if one.start_ns <= at_ns < one.end_ns + late_ns)
        return next(fitting, None)

    def _footage(self, since_ns: int) -> Iterator[Recorded]:
        before = self._store.catalogue.before(self._camera, since_ns)
        first_ns = before.start_ns if before else 0
        pages = _pages(self._store, self._camera, Wanted(first_ns))
        return chain((recorded(one) for page in pages for one in page), self._open)


def _pages(store: SegmentStore, camera: str, wanted: Wanted) -> Iterator[list[Segment]]:
    at, until_ns = (wanted.since_ns or 0, -1), wanted.until_ns if wanted.until_ns is not None else _FOREVER_NS
    while page := store.catalogue.by_time(camera, at, until_ns, _PAGE):
        yield page
        at = (page[-1].start_ns, page[-1].number)


def _covering(store: SegmentStore, camera: str, at_ns: int) -> Segment | None:
    return next(iter(store.catalogue.find(camera, at_ns, at_ns + 1)), None)


def _first_ns(store: SegmentStore, camera: str) -> int:
    """When the camera's footage begins, or began before it was deleted; or the journal, where there never was any."""
    kept = (one.start_ns for one in store.catalogue.oldest(1, camera))
    deleted: Iterable[int] = (one.start_ns for one in store.graveyard.of(camera)[:1])
    noted: Iterable[int] = (one.at_ns for one in read_journal(store.root)[:1])
    return min((*kept, *deleted), default=min(noted, default=store.clock.wall_ns()))


def _row(segment: Segment, *, held: bool) -> dict[str, Any]:
    row: dict[str, Any] = {
        "camera": segment.camera,
        "id": segment.id,
        "start": rfc3339(segment.start_ns),
        "end": rfc3339(segment.end_ns),
        "seconds": round((segment.end_ns - segment.start_ns) / NS, 3),
        "bytes": segment.bytes,
        "reason": segment.reason,
        "number": segment.number,
        "link": segment.link,
        "tier": segment.tier,
        "held": held,
        "wanted": segment.wanted,
        "synced": segment.synced,
        "path": segment.path,
    }
    if segment.shift_ns:
        row["recorded_start"] = rfc3339(segment.start_ns - segment.shift_ns)
        row["recorded_end"] = rfc3339(segment.end_ns - segment.shift_ns)
        row["shift_s"] = round(segment.shift_ns / NS, 3)
    return row


def _segment_line(row: dict[str, Any]) -> str:
    words = [
        f"{row['camera']}: {row['start']} to {row['end']} ({row['seconds']:.1f} s)",
        f"number {row['number']}, {row['bytes']} bytes, {row['reason']}",
    ]
    words += ["in the archive"] if row["tier"] else []
    words += ["held"] if row["held"] else []
    words += [] if row["wanted"] else ["goes unless something happens"]
    words += [f"corrected by {row['shift_s']:+.3f} s, recorded as {row['recorded_start']}"] if "shift_s" in row else []
    return "; ".join(words)


def _gap_row(camera: str, gap: Gap) -> dict[str, Any]:
    return {
        "camera": camera,
        "start": rfc3339(gap.start_ns),
        "end": rfc3339(gap.end_ns),
        "seconds": round((gap.end_ns - gap.start_ns) / NS, 3),
        "why": gap.why,
        "text": gap.text,
    }


def _gap_line(camera: str, gap: Gap) -> str:
    length_s = (gap.end_ns - gap.start_ns) / NS
    if not gap.start_ns:  # there is no footage before it
        return f"{camera}: up to {rfc3339(gap.end_ns)}: {gap.why}: {gap.text}"
    return f"{camera}: {rfc3339(gap.start_ns)} to {rfc3339(gap.end_ns)} ({length_s:.1f} s): {gap.why}: {gap.text}"
