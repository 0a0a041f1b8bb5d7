"""How many there are of each: per camera, label, colour and hour; for events per kind and severity, too.

Tracks are counted as they come (`tally`), by whole hours, camera, label and one colour. What asks for no more than that
is answered exactly from there. What asks for more is estimated: some of the tracks that the counts know are looked at,
and the counts scaled by how many of them fit. An hour that the time span cuts is counted track by track where they are
few, else by its share. Events are few: they are counted as they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import sqlalchemy as sa

from agent.central.store.among import one_of_some
from agent.central.store.day_schema import event, tally, track
from agent.central.store.filters import Filters, conditions
from agent.central.store.looks import USUAL_SHARE, bits_in, wears
from agent.central.store.picks import OF_ALL, colours_counted, with_plate
from agent.central.store.reviews import severity_now
from agent.central.store.rows import DAY_NS, HOUR_NS
from agent.central.store.walk import Late, Span, Walk, never
from agent.wire.messages import COLOURED_PARTS, COLOURS

_FEW = 20_000
_SAMPLES, _SAMPLE = 8, 250
_EVERY_COLOUR = range(1, 1 + len(COLOURED_PARTS) * len(COLOURS))


@dataclass(slots=True)
class Facets:
    """Counts by value. `hours` are keyed by their beginning, `colours` by bit, `cameras` by number."""

    cameras: Counter[int] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)
    colours: Counter[int] = field(default_factory=Counter)
    hours: Counter[int] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    severities: Counter[str] = field(default_factory=Counter)
    exact: bool = True

    def add(self, other: Facets) -> None:
        """Take the counts of another stretch of time along."""
        for name in ("cameras", "labels", "colours", "hours", "kinds", "severities"):
            getattr(self, name).update(getattr(other, name))
        self.exact = self.exact and other.exact

    def scaled(self, share: float) -> Facets:
        """All counts by a share, which makes them estimates."""
        cameras, labels = _scaled(self.cameras, share), _scaled(self.labels, share)
        return Facets(cameras, labels, _scaled(self.colours, share), _scaled(self.hours, share), exact=False)


K = TypeVar("K")


def _scaled(counts: Counter[K], share: float) -> Counter[K]:
    return Counter({key: round(count * share) for key, count in counts.items()})


def track_facets(walk: Walk, filters: Filters, late: Late) -> Facets:
    """Of the tracks that `walk` (of `filters`) would find.

    Labels are counted whatever label is asked for, colours whatever colour: they stand beside the choices of each.
    """
    if filters.plate is not None or _total(walk) <= _FEW:
        return _by_row(walk, filters, late)
    known = Filters(label=filters.label, colour=filters.colour[:1] if filters.share == USUAL_SHARE else ())
    facets = Facets()
    for day, span, connection in _days(walk, facets, late):
        _Counting(connection, day, walk.places, known).count(span, facets)
    if filters.is_counted():
        return facets
    return facets.scaled(_share_that_fits(walk, known, facets, late))


def event_facets(walk: Walk, late: Late) -> Facets:
    """Of the events that `walk` would find."""
    facets = Facets()
    hour = (event.c.start_ns - event.c.start_ns % HOUR_NS).label("hour")
    keys = (event.c.place, event.c.label, event.c.kind, severity_now().label("severity"), hour)
    for day, span, connection in _days(walk, facets, late):
        where = [*_rows_of(connection, event, day, span, walk.places), *walk.where]
        query = sa.select(*keys, sa.func.count().label("events")).where(*where).group_by(*keys)
        for row in connection.execute(query):
            facets.cameras[row.place] += row.events
            facets.kinds[row.kind] += row.events
            facets.severities[row.severity] += row.events
            facets.hours[row.hour] += row.events
            if row.label is not None:
                facets.labels[row.label] += row.events
    return facets


def _days(walk: Walk, facets: Facets, late: Late) -> Iterator[tuple[int, Span, sa.Connection]]:
    """The days of a walk, each with the span of it that is asked for; when the time is up the facets are not exact."""
    since_ns, until_ns = walk.since_ns or 0, walk.until_ns if walk.until_ns is not None else 1 << 62
    for day in walk.days.present() if walk.places is None or walk.places else ():
        low_ns, high_ns = max(since_ns, day * DAY_NS), min(until_ns, (day + 1) * DAY_NS)
        if low_ns >= high_ns:
            continue
        if late():
            facets.exact = False
            break
        with walk.days.read(day) as connection:
            if connection is not None:
                yield day, (low_ns, high_ns), connection


def _rows_of(
    connection: sa.Connection, table: sa.Table, day: int, span: Span, places: Sequence[int] | None
) -> list[Any]:
    where = [table.c.day == day, table.c.start_ns >= span[0], table.c.start_ns < span[1]]
    return where + ([one_of_some(connection, table.c.place, places)] if places is not None else [])


def _total(walk: Walk) -> int:
    """How many tracks there are in the span and of the cameras of a walk, by whole hours."""
    total = 0
    for day, span, connection in _days(walk, Facets(), never):
        query = _Counting(connection, day, walk.places, Filters()).select(
            _hours(day, span), sa.func.sum(tally.c.tracks)
        )
        total += int(connection.scalar(query.where(tally.c.colour == 0)) or 0)
    return total


def _hours(day: int, span: Span) -> dict[int, Span]:
    """The hours of a day that a span touches, each with what it touches of it."""
    begins = {hour: day * DAY_NS + hour * HOUR_NS for hour in range(DAY_NS // HOUR_NS)}
    parts = {hour: (max(span[0], begin), min(span[1], begin + HOUR_NS)) for hour, begin in begins.items()}
    return {hour: part for hour, part in parts.items() if part[0] < part[1]}


class _Counting:
    """Of the tracks of one day, from the counts."""

    def __init__(self, connection: sa.Connection, day: int, places: Sequence[int] | None, known: Filters) -> None:
        self._connection, self._day, self._places, self._known = connection, day, places, known

    def select(self, hours: Collection[int], *columns: Any, each: bool = False) -> sa.Select[Any]:
        """Of these hours, the cameras that are asked for; all cameras as their sum, or with `each` one by one."""
        place = tally.c.place
        some = None if self._places is None else one_of_some(self._connection, place, self._places)
        cameras = some if some is not None else place != 0 if each else OF_ALL
        span = tally.c.hour.between(min(hours), max(hours))
        return sa.select(*columns).where(tally.c.day == self._day, span, cameras)

    def count(self, span: Span, facets: Facets) -> None:
        """Whole hours as they are; those that the ends cut by track, or by their share where they are many."""
        parts = _hours(self._day, span)
        whole = [hour for hour, (low_ns, high_ns) in parts.items() if high_ns - low_ns == HOUR_NS]
        facets.add(self._of_hours(whole))
        for hour in parts.keys() - whole:
            facets.add(self._of_part(hour, parts[hour]))

    def _of_part(self, hour: int, span: Span) -> Facets:
        query = self.select([hour], sa.func.sum(tally.c.tracks)).where(tally.c.colour == 0)
        if int(self._connection.scalar(query) or 0) > _FEW:
            return self._of_hours([hour]).scaled((span[1] - span[0]) / HOUR_NS)
        facets = Facets()
        where = _rows_of(self._connection, track, self._day, span, self._places)
        _add_rows(facets, _read(self._connection, where, self._known), self._known)
        return facets

    def _of_hours(self, hours: Sequence[int]) -> Facets:
        facets = Facets()
        if not hours:
            return facets
        tracks, labels = sa.func.sum(tally.c.tracks), self._known.label
        labelled = [tally.c.label.in_(labels)] if labels else self._any_label()
        coloured = tally.c.colour.in_(colours_counted(self._known))
        by_label = self.select(hours, tally.c.label, tally.c.hour, tracks).where(coloured, *self._any_label())
        for label, hour, count in self._connection.execute(by_label.group_by(tally.c.label, tally.c.hour)):
            facets.labels[label] += int(count)
            if not labels or label in labels:
                facets.hours[self._day * DAY_NS + hour * HOUR_NS] += int(count)
        by_colour = self.select(hours, tally.c.colour, tracks).where(*labelled, tally.c.colour.in_(_EVERY_COLOUR))
        for bit, count in self._connection.execute(by_colour.group_by(tally.c.colour)):
            facets.colours[bit - 1] += int(count)
        by_place = self.select(hours, tally.c.place, tracks, each=True).where(*labelled, coloured)
        for place, count in self._connection.execute(by_place.group_by(tally.c.place)):
            facets.cameras[place] += int(count)
        return facets

    def _any_label(self) -> list[Any]:
        """Named one by one, as the key begins with colour and label: else a few cameras cost a look at all of them."""
        if self._places is None:
            return []
        query = sa.select(tally.c.label).where(tally.c.day == self._day, tally.c.colour.in_([0]), OF_ALL).distinct()
        return [tally.c.label.in_(list(self._connection.scalars(query)))]


def _by_row(walk: Walk, filters: Filters, late: Late) -> Facets:
    """Few enough to look at each."""
    facets, others = Facets(), conditions(track, replace(filters, label=(), colour=()))
    plate = filters.plate
    for day, span, connection in _days(walk, facets, late):
        picked = [with_plate(plate, connection, day)] if plate is not None else []
        where = [*_rows_of(connection, track, day, span, walk.places), *others, *picked]
        _add_rows(facets, walk.tested(connection, day, _read(connection, where, filters)), filters)
    return facets


def _read(connection: sa.Connection, where: Sequence[Any], filters: Filters) -> Sequence[Any]:
    names = ["place", "label", "start_ns", "colours"]  # an index has these: the rows themselves are not read
    names += [] if filters.share == USUAL_SHARE else COLOURED_PARTS
    names += [] if filters.drawn is None else ["id"]
    return connection.execute(sa.select(*(track.c[name] for name in names)).where(*where)).mappings().all()


def _add_rows(facets: Facets, rows: Iterable[Any], filters: Filters) -> None:
    for row in rows:
        labelled = not filters.label or row["label"] in filters.label
        coloured = not filters.colour or wears(row, filters.colour, filters.share)
        if coloured:
            facets.labels[row["label"]] += 1
        if labelled:
            facets.colours.update(bits_in(row["colours"]))
        if labelled and coloured:
            facets.cameras[row["place"]] += 1
            facets.hours[row["start_ns"] - row["start_ns"] % HOUR_NS] += 1


def _share_that_fits(walk: Walk, known: Filters, facets: Facets, late: Late) -> float:
    """Of some tracks that the counts know, spread evenly over them, how many fit all that is asked for."""
    fits = sa.case((sa.and_(sa.true(), *walk.where), 1), else_=0)
    seen = fitting = 0
    for at_ns in _spread(facets.hours):
        if late():
            break
        with walk.days.read(at_ns // DAY_NS) as connection:
            if connection is None:
                continue
            where = _rows_of(connection, track, at_ns // DAY_NS, (at_ns, at_ns + HOUR_NS), walk.places)
            query = sa.select(track.c.id, fits.label("fits")).where(*where, *conditions(track, known))
            query = query.order_by(track.c.start_ns).limit(_SAMPLE)
            some = connection.execute(query).mappings().all()
            fitting += len(walk.tested(connection, at_ns // DAY_NS, [row for row in some if row["fits"]]))
        seen += len(some)
    return fitting / seen if seen else 0.0


def _spread(hours: Counter[int]) -> list[int]:
    """Moments that have about as many tracks between them, in the middle of each stretch."""
    total, passed, found = sum(hours.values()), 0, list[int]()
    for hour_ns, count in sorted(hours.items()):
        while count and len(found) < _SAMPLES and (len(found) + 0.5) * total / _SAMPLES <= passed + count:
            inside = ((len(found) + 0.5) * total / _SAMPLES - passed) / count
            found.append(hour_ns + int(inside * HOUR_NS))
        passed += count
    return found
