"""How many there are of each: per camera, label, colour and hour; for events per kind and severity, too.

Tracks are counted as they come (`tally`), by whole hours, camera, label and one colour. What asks for no more than that
is answered exactly from there. What asks for more is estimated: some of the tracks that the counts know are looked at,
and the counts scaled by how many of them fit. An hour that the time span cuts is counted track by track where they are
few, else by its share. Events are few: they are counted as they are. Tracks of few hours are counted by minutes, too,
where each of them is looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import sqlalchemy as sa

from agent.central.store.among import one_of_some
from agent.central.store.day_schema import event, tally, track
from agent.central.store.deadline import OutOfTime
from agent.central.store.filters import Filters, conditions
from agent.central.store.looks import USUAL_SHARE, Wanted, bits_in, wears
from agent.central.store.looks import named as colour_named
from agent.central.store.pack import Document
from agent.central.store.picks import OF_ALL, colours_counted, with_plate
from agent.central.store.reviews import severity_now
from agent.central.store.rows import DAY_NS, HOUR_NS, MINUTE_NS
from agent.central.store.walk import Span, Walk
from agent.core.clock import rfc3339
from agent.wire.messages import COLOURED_PARTS, COLOURS

_FEW = 20_000
_FEW_HOURS = 3
"""Two hours touch three whole ones; of more, minutes are too fine to be looked at."""
_SAMPLES, _SAMPLE = 8, 250
K = TypeVar("K")
_EVERY_COLOUR = range(1, 1 + len(COLOURED_PARTS) * len(COLOURS))


@dataclass(slots=True)
class Facets:
    """Counts by value. `hours` and `minutes` are keyed by their beginning, `colours` by bit, `cameras` by number.

    `minutes` is empty where the hours are many, or not each track was looked at.
    """

    cameras: Counter[int] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)
    colours: Counter[int] = field(default_factory=Counter)
    hours: Counter[int] = field(default_factory=Counter)
    minutes: Counter[int] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    severities: Counter[str] = field(default_factory=Counter)
    exact: bool = True

    def add(self, other: Facets) -> None:
        """Take the counts of another stretch of time along, but for its minutes: it may be told by hours alone."""
        for name in ("cameras", "labels", "colours", "hours", "kinds", "severities"):
            getattr(self, name).update(getattr(other, name))
        self.exact = self.exact and other.exact

    def scaled(self, share: float) -> Facets:
        """All counts by a share, which makes them estimates."""
        cameras, labels = _scaled(self.cameras, share), _scaled(self.labels, share)
        return Facets(cameras, labels, _scaled(self.colours, share), _scaled(self.hours, share), exact=False)


def _scaled(counts: Counter[K], share: float) -> Counter[K]:
    return Counter({key: round(count * share) for key, count in counts.items()})


def track_facets(walk: Walk, filters: Filters) -> Facets:
    """Of the tracks that `walk` (of `filters`) would find.

    Labels are counted whatever label is asked for, colours whatever colour: they stand beside the choices of each.
    """
    if filters.plate is not None or _total(walk) <= _FEW:
        return _by_row(walk, filters)
    known = Filters(label=filters.label, colour=_of_one_part(filters.colour) if filters.share == USUAL_SHARE else ())

    def count(connection: sa.Connection, day: int, span: Span) -> Facets:
        return _Counting(connection, day, walk.places, known).count(span)

    facets = _together(*_each_day(walk, count))
    if filters.is_counted():
        return facets
    return facets.scaled(_share_that_fits(walk, known, facets))


def _of_one_part(colours: Sequence[Wanted]) -> list[Wanted]:
    """Any of the colours of a part will do, each of the parts must: those of one are never too few."""
    return [one for one in colours if one[0] == colours[0][0]]


def event_facets(walk: Walk) -> Facets:
    """Of the events that `walk` would find."""
    hour = (event.c.start_ns - event.c.start_ns % HOUR_NS).label("hour")
    keys = (event.c.place, event.c.label, event.c.kind, severity_now().label("severity"), hour)

    def count(connection: sa.Connection, day: int, span: Span) -> Facets:
        facets, picked = Facets(), walk.pick(connection, day)
        if picked is None:
            return facets
        where = [*_rows_of(connection, event, day, span, walk.places), *walk.where, picked.where]
        query = sa.select(*keys, sa.func.count().label("events")).where(*where).group_by(*keys)
        for row in connection.execute(query):
            facets.cameras[row.place] += row.events
            facets.kinds[row.kind] += row.events
            facets.severities[row.severity] += row.events
            facets.hours[row.hour] += row.events
            if row.label is not None:
                facets.labels[row.label] += row.events
        return facets

    return _together(*_each_day(walk, count))


def _together(several: Iterable[Facets], exact: bool) -> Facets:
    facets = Facets(exact=exact)
    for one in several:
        facets.add(one)
    return facets


def _each_day(walk: Walk, look: Callable[[sa.Connection, int, Span], K]) -> tuple[list[K], bool]:
    """What a look at each day of a walk finds, in the span of it that is asked for; was there time for all of them?"""
    since_ns, until_ns = walk.since_ns or 0, walk.until_ns if walk.until_ns is not None else 1 << 62
    days = walk.days.present() if walk.places is None or walk.places else []
    spans = [(max(since_ns, day * DAY_NS), min(until_ns, (day + 1) * DAY_NS)) for day in days]
    return _each_span(walk, [span for span in spans if span[0] < span[1]], look)


def _each_span(
    walk: Walk, spans: Iterable[Span], look: Callable[[sa.Connection, int, Span], K]
) -> tuple[list[K], bool]:
    """The same of spans, each of one day; of one in which the time is up nothing is told."""
    found: list[K] = []
    for span in spans:
        day = span[0] // DAY_NS
        try:
            walk.in_time()
            with walk.days.read(day, walk.late) as connection:
                found += [] if connection is None else [look(connection, day, span)]
        except OutOfTime:
            return found, False
    return found, True


def _rows_of(
    connection: sa.Connection, table: sa.Table, day: int, span: Span, places: Sequence[int] | None
) -> list[Any]:
    where = [table.c.day == day, table.c.start_ns >= span[0], table.c.start_ns < span[1]]
    return where + ([one_of_some(connection, table.c.place, places)] if places is not None else [])


def _total(walk: Walk) -> int:
    """How many tracks there are in the span and of the cameras of a walk, by whole hours."""

    def count(connection: sa.Connection, day: int, span: Span) -> int:
        tracks = sa.func.sum(tally.c.tracks)
        counting = _Counting(connection, day, walk.places, Filters())
        query = counting.select(_hours(day, span), tracks).where(tally.c.colour == 0, counting.any_label())
        return int(connection.scalar(query) or 0)

    return sum(_each_day(walk, count)[0])


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

    def count(self, span: Span) -> Facets:
        """Whole hours as they are; those that the ends cut by track, or by their share where they are many."""
        parts = _hours(self._day, span)
        whole = [hour for hour, (low_ns, high_ns) in parts.items() if high_ns - low_ns == HOUR_NS]
        facets = self._of_hours(whole)
        for hour in parts.keys() - whole:
            facets.add(self._of_part(hour, parts[hour]))
        return facets

    def _of_part(self, hour: int, span: Span) -> Facets:
        query = self.select([hour], sa.func.sum(tally.c.tracks)).where(tally.c.colour == 0, self.any_label())
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
        any_label = self.any_label()
        labelled = tally.c.label.in_(labels) if labels else any_label
        coloured = tally.c.colour.in_(colours_counted(self._known))
        by_label = self.select(hours, tally.c.label, tally.c.hour, tracks).where(coloured, any_label)
        for label, hour, count in self._connection.execute(by_label.group_by(tally.c.label, tally.c.hour)):
            facets.labels[label] += int(count)
            if not labels or label in labels:
                facets.hours[self._day * DAY_NS + hour * HOUR_NS] += int(count)
        by_colour = self.select(hours, tally.c.colour, tracks).where(labelled, tally.c.colour.in_(_EVERY_COLOUR))
        for bit, count in self._connection.execute(by_colour.group_by(tally.c.colour)):
            facets.colours[bit - 1] += int(count)
        by_place = self.select(hours, tally.c.place, tracks, each=True).where(labelled, coloured)
        for place, count in self._connection.execute(by_place.group_by(tally.c.place)).all():
            facets.cameras[place] += int(count)
        return facets

    def any_label(self) -> Any:
        """Named one by one, as the key begins with colour and label: else a few rows cost a look at all of them."""
        query = sa.select(tally.c.label).where(tally.c.day == self._day, tally.c.colour.in_([0]), OF_ALL).distinct()
        return tally.c.label.in_(list(self._connection.scalars(query)))


def _by_row(walk: Walk, filters: Filters) -> Facets:
    """Few enough to look at each."""
    others, plate = conditions(track, replace(filters, label=(), colour=())), filters.plate

    def count(connection: sa.Connection, day: int, span: Span) -> Facets:
        facets, picked = Facets(), [with_plate(plate, connection, day)] if plate is not None else []
        where = [*_rows_of(connection, track, day, span, walk.places), *others, *picked]
        _add_rows(facets, walk.tested(connection, day, _read(connection, where, filters)), filters)
        return facets

    each, exact = _each_day(walk, count)
    facets = _together(each, exact)
    if len(facets.hours) <= _FEW_HOURS:
        for one in each:
            facets.minutes.update(one.minutes)
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
            facets.minutes[row["start_ns"] - row["start_ns"] % MINUTE_NS] += 1


def _share_that_fits(walk: Walk, known: Filters, facets: Facets) -> float:
    """Of some tracks that the counts know, spread evenly over them, how many fit all that is asked for.

    Who wears two of the colours was counted twice.
    """
    bits = sum(1 << colour - 1 for colour in colours_counted(known) if colour)
    fits = sa.case((sa.and_(sa.true(), *walk.where), 1), else_=0).label("fits")

    def look(connection: sa.Connection, day: int, span: Span) -> tuple[int, int]:
        where = _rows_of(connection, track, day, span, walk.places)
        query = sa.select(track.c.id, track.c.colours, fits).where(*where, *conditions(track, known))
        some = connection.execute(query.order_by(track.c.start_ns).limit(_SAMPLE)).mappings().all()
        counted = sum((row["colours"] & bits).bit_count() for row in some) if bits else len(some)
        return len(walk.tested(connection, day, [row for row in some if row["fits"]])), counted

    looks, _ = _each_span(walk, [(at_ns, at_ns + HOUR_NS) for at_ns in _spread(facets.hours)], look)
    fitting, counted = (sum(numbers) for numbers in zip(*looks, strict=True)) if looks else (0, 0)
    return fitting / counted if counted else 0.0


def _spread(hours: Counter[int]) -> list[int]:
    """Moments that have about as many tracks between them, in the middle of each stretch."""
    total, passed, found = sum(hours.values()), 0, list[int]()
    for hour_ns, count in sorted(hours.items()):
        while count and len(found) < _SAMPLES and (len(found) + 0.5) * total / _SAMPLES <= passed + count:
            inside = ((len(found) + 0.5) * total / _SAMPLES - passed) / count
            found.append(hour_ns + int(inside * HOUR_NS))
        passed += count
    return found


def facets_shown(facets: Facets, named: Mapping[int, Any]) -> Document:
    """Counts in the API's shape, the most first; hours and minutes in their order."""
    cameras = [
        {**{name: named[number][name] for name in ("site", "gateway", "camera")}, "count": count}
        for number, count in _most(facets.cameras)
        if number in named
    ]
    colours: dict[str, list[Document]] = {part: [] for part in COLOURED_PARTS}
    for bit, count in _most(facets.colours):
        part, name = colour_named(bit)
        colours[part].append({"value": name, "count": count})
    words = {"labels": facets.labels, "kinds": facets.kinds, "severities": facets.severities}
    counted = {name: [{"value": value, "count": count} for value, count in _most(one)] for name, one in words.items()}
    times = {"hours": _in_order(facets.hours), "minutes": _in_order(facets.minutes)}
    return {"exact": facets.exact, "cameras": cameras, **counted, **colours, **times}


def _in_order(counts: Counter[int]) -> list[Document]:
    return [{"start": rfc3339(begin_ns), "count": count} for begin_ns, count in sorted(counts.items())]


def _most(counts: Counter[K]) -> list[tuple[K, int]]:
    """The most first, those alike in the order of their names; what there is none of is left out."""
    return sorted(((key, count) for key, count in counts.items() if count > 0), key=lambda one: (-one[1], one[0]))
