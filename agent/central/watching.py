"""Watching for what a saved search describes: each track that comes is looked at, in the transaction that keeps it.

The tracks of a batch are columns, and a watch is a handful of comparisons over them: hundreds of watches cost about as
much as a few rows. What is left is looked at one by one. An alarm is an event of the track's camera, whose id is made
from watch and track: however often the track comes, and whatever is tried again, it is one alarm.
"""

from __future__ import annotations

import re
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from agent.central.store.drawn import Drawn, feet_of, fitting
from agent.central.store.filters import ANY, Filters, Near
from agent.central.store.ground import METRES_A_DEGREE
from agent.central.store.looks import USUAL_SHARE, masks_of, wears
from agent.central.store.pack import pack_paths
from agent.central.store.places import Place
from agent.central.store.plates import Plate, plain
from agent.central.store.searches import Searches, Watched
from agent.core.clock import NS, Clock, rfc3339
from agent.wire.messages import Event, PathPoint, TrackSummary

KIND = "watched_for"
MOST_A_MINUTE = 30
"""Of one watch: whoever watches for every person gets so many, and is told how many were held back."""
_REFRESH_NS = 5 * NS
_RELOAD_NS = 60 * NS
_REMEMBERED = 100_000
_MEDIA = 16

Mask = npt.NDArray[np.bool_]


class Seen(NamedTuple):
    """A track that was just merged: where, what was said last, and its searched columns."""

    place: Place
    record: TrackSummary
    row: dict[str, Any]


class Watcher:
    """Asked by the keeper for each batch; `settle` after its commit. Of one thread."""

    def __init__(self, searches: Searches, clock: Clock) -> None:
        self._searches, self._clock = searches, clock
        self._watches: list[tuple[Watched, list[_Test]]] = []
        self._looked_ns: int | None = None
        self._changes = 0
        self._marks: Any = None
        self._known: OrderedDict[str, None] = OrderedDict()
        self._minutes: dict[str, tuple[int, int]] = {}
        self._raised: Counter[str] = Counter()
        self._held_back: Counter[str] = Counter()
        self._new: Counter[str] = Counter()
        self._new_held_back: Counter[str] = Counter()
        self._written: Counter[str] = Counter()
        self._written_held_back: Counter[str] = Counter()

    def watches(self, main: sa.Connection) -> bool:
        """Does anybody watch for anything now? A batch begins; what one that came to nothing has counted does not."""
        for counted in (self._new, self._new_held_back, self._written, self._written_held_back):
            counted.clear()
        self._refresh(main)
        return bool(self._watches)

    def alarms(self, seen: Sequence[Seen]) -> Iterator[tuple[Place, Event]]:
        """What those who watch, which was asked before, are told of these tracks."""
        if not seen:
            return
        columns, fresh = Columns(seen), set[str]()
        for watch, tests in self._watches:
            for number in _fitting(columns, watch, tests):
                one = seen[number]
                key = alarm_id(watch.id, one)
                if key in self._known or key in fresh or not _fits(one, watch.filters):
                    continue
                if self._may_raise(watch.id):
                    fresh.add(key)
                    yield one.place, self._alarm(key, watch, one)

    def settle(self, raised: Sequence[Event]) -> None:
        """These are committed, and so is what was counted."""
        self._raised -= self._written
        self._held_back -= self._written_held_back
        minute = self._minute()
        for watch, count in self._new.items():
            self._minutes[watch] = minute, self._raised_in(minute, watch) + count
        self._held_back.update(self._new_held_back)
        for counted in (self._new, self._new_held_back, self._written, self._written_held_back):
            counted.clear()
        self._raised.update(event.attributes["watch"] for event in raised)
        self.remember([event.id for event in raised])

    def remember(self, keys: Iterable[str]) -> None:
        """Alarms of these ids are there already."""
        self._known.update(dict.fromkeys(keys))
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)

    def _refresh(self, main: sa.Connection) -> None:
        now_ns = self._clock.mono_ns()
        due = self._looked_ns is None or now_ns - self._looked_ns >= _REFRESH_NS
        if not due and self._changes == self._searches.changes:
            return
        self._changes = self._searches.changes
        self._searches.count_alarms(main, self._raised, self._held_back)
        self._written.update(self._raised)
        self._written_held_back.update(self._held_back)
        self._looked_ns, marks = now_ns, (self._searches.marks(main), now_ns // _RELOAD_NS)
        if marks == self._marks:
            return
        self._marks = marks
        self._watches = [(one, _tests(one.filters)) for one in self._searches.watched(main)]

    def _may_raise(self, watch: str) -> bool:
        may = self._raised_in(self._minute(), watch) + self._new[watch] < MOST_A_MINUTE
        (self._new if may else self._new_held_back)[watch] += 1
        return may

    def _minute(self) -> int:
        return self._clock.mono_ns() // (60 * NS)

    def _raised_in(self, minute: int, watch: str) -> int:
        began, count = self._minutes.get(watch, (minute, 0))
        return count if began == minute else 0

    def _alarm(self, key: str, watch: Watched, one: Seen) -> Event:
        record = one.record
        about = {"watch": watch.id, "owner": watch.owner, "plate": record.plate, "colours": record.colours or None}
        return Event(
            id=key, camera=record.camera, kind=KIND, phase="end", time=rfc3339(self._clock.wall_ns()),
            start=record.start, end=record.end, label=record.label, score=record.score, rule=watch.name,
            severity="alarm", tracks=[record.id], media=record.media[:_MEDIA], position=record.position,
            attributes={name: value for name, value in about.items() if value is not None},
        )  # fmt: skip


class Columns:
    """Of some tracks, each as an array that is made when it is first asked for."""

    def __init__(self, seen: Sequence[Seen]) -> None:
        self._seen = seen
        self._made: dict[str, Any] = {}

    def __len__(self) -> int:
        return len(self._seen)

    def numbers(self, name: str) -> Any:
        """A column of numbers; NaN where there is none, which no comparison fits."""
        return self._column(name, lambda one: np.nan if one.row[name] is None else one.row[name], float)

    def integers(self, name: str) -> Any:
        """A column of whole numbers."""
        return self._column(name, lambda one: one.row[name], np.int64)

    def among(self, name: str, wanted: Sequence[Any]) -> Mask:
        """Where a column has one of these values."""
        found = self._made.get(f"by {name}")
        if found is None:
            found = {}
            for number, one in enumerate(self._seen):
                found.setdefault(one.row[name], []).append(number)
            self._made[f"by {name}"] = found
        mask = np.zeros(len(self._seen), bool)
        for value in wanted if len(wanted) < len(found) else found.keys() & set(wanted):
            mask[found.get(value, [])] = True
        return mask

    def with_plate(self) -> Any:
        """Where a number plate was read."""
        return self._column("plate", lambda one: bool(one.record.plate), bool)

    def _column(self, name: str, value: Callable[[Seen], Any], kind: Any) -> Any:
        if name not in self._made:
            self._made[name] = np.array([value(one) for one in self._seen], kind)
        return self._made[name]


_Test = Callable[[Columns], Mask]


def alarm_id(watch: str, one: Seen) -> str:
    """The same for the same track; it begins with the time, as ids do, so that the event is found in its day."""
    digest = blake2b(f"{watch}/{one.record.id}".encode(), digest_size=10).hexdigest()
    return f"{one.row['start_ns'] // 1_000_000:012x}{digest}"


def _fitting(columns: Columns, watch: Watched, tests: Sequence[_Test]) -> list[int]:
    """Which tracks pass every test that is made over columns."""
    mask = np.ones(len(columns), bool)
    if watch.numbers is not None:
        mask = columns.among("place", list(watch.numbers))
    for test in tests:
        if not mask.any():
            return []
        mask &= test(columns)
    found: list[int] = np.flatnonzero(mask).tolist()
    return found


def _tests(filters: Filters) -> list[_Test]:
    words = {name: list(getattr(filters, name)) for name in ("label", "kind", "direction")}
    found = [_one_of(name, wanted) for name, wanted in words.items() if wanted]
    # they say nothing of a smaller share than the usual
    found += [_with_bits(mask) for mask in masks_of(tuple(filters.colour) if filters.share >= USUAL_SHARE else ())]
    ranges = {name: getattr(filters, name) for name in ("size", "speed", "dwell_s", "score")}
    found += [_between(name, *wanted) for name, wanted in ranges.items() if wanted != ANY]
    if filters.speed != ANY:
        found.append(_one_of("speed_unit", [filters.speed_unit]))
    if filters.plate is not None:
        found.append(Columns.with_plate)
    return found


def _one_of(name: str, wanted: Sequence[str]) -> _Test:
    return lambda columns: columns.among(name, wanted)


def _with_bits(mask: int) -> _Test:
    def test(columns: Columns) -> Mask:
        fits: Mask = (columns.integers("colours") & mask) != 0
        return fits

    return test


def _between(name: str, least: float | None, most: float | None) -> _Test:
    low, high = -np.inf if least is None else least, np.inf if most is None else most

    def test(columns: Columns) -> Mask:
        values = columns.numbers(name)
        fits: Mask = (values >= low) & (values <= high)
        return fits

    return test


def _fits(one: Seen, filters: Filters) -> bool:
    """What no column tells."""
    if filters.colour and filters.share != USUAL_SHARE and not wears(one.row, filters.colour, filters.share):
        return False
    if filters.zone and not set(filters.zone) & set(one.record.zones):
        return False
    if filters.plate is not None and not plate_fits(filters.plate, plain(one.record.plate or "")):
        return False
    if filters.drawn is not None and not _is_drawn(one.record.path, filters.drawn):
        return False
    return filters.near is None or _is_near(one.row, filters.near)


def _is_drawn(path: Sequence[PathPoint], drawn: Drawn) -> bool:
    feet = feet_of(pack_paths([path]).points, np.array([len(path)]))
    return bool(fitting(drawn, feet)[0])


def plate_fits(wanted: Plate, plate: str) -> bool:
    """The same question as the search has for plates, of one that was just read."""
    match wanted.match:
        case "exact":
            return plate == wanted.text
        case "wildcard":
            pattern = re.escape(wanted.text).replace(r"\?", ".").replace(r"\*", ".*")
            return re.fullmatch(pattern, plate) is not None
        case "fuzzy":
            return wanted.fits(plate) > 0


def _is_near(row: dict[str, Any], near: Near) -> bool:
    if row["latitude"] is None or row["longitude"] is None:
        return False
    wide = METRES_A_DEGREE * max(0.01, float(np.cos(np.radians(near.latitude))))
    up = (row["latitude"] - near.latitude) * METRES_A_DEGREE
    right = (row["longitude"] - near.longitude) * wide
    return bool(up * up + right * right <= near.metres**2)
