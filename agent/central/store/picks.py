"""What a day's other tables say before its rows are read.

Of tracks: which have the plate, and which hours are empty; of events: which people have made graver, or less grave.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from agent.central.store.among import one_of
from agent.central.store.day_schema import event, tally, track, track_plate
from agent.central.store.filters import Filters
from agent.central.store.looks import USUAL_SHARE, bit_of
from agent.central.store.plates import Plate, folded
from agent.central.store.reviews import severities_of
from agent.central.store.rows import DAY_NS, HOUR_NS
from agent.central.store.walk import Pick, Picked, everything
from agent.wire.messages import COLOURED_PARTS

_MANY = 2000
"""Tracks of a day with a plate that fits, from which on it is quicker to look for them in the order of time."""
_RARE = 2000
_HOURS = 24
OF_ALL = tally.c.place == sa.literal_column("0")
"""The sums of all cameras together; written out, so that SQLite sees that their own index has them."""


def pick_for(filters: Filters) -> Pick:
    """The `Pick` of a search for tracks."""
    if filters.plate is not None:
        return _with_plate(filters.plate)
    if (filters.colour and filters.share >= USUAL_SHARE) or filters.label:
        return _where_counted(filters)
    return everything


def pick_for_events(filters: Filters) -> Pick:
    """The `Pick` of a search for events: what people made graver or less grave is named, the rest an index tells."""
    wanted = filters.severity
    if wanted is None:
        return everything

    def pick(connection: sa.Connection, day: int) -> Picked:
        made = severities_of(connection, day)
        plain = event.c.severity == wanted
        if not made:
            return Picked(plain)
        others = [key for key, severity in made.items() if severity != wanted]
        so = [key for key, severity in made.items() if severity == wanted]
        return Picked(
            sa.or_(sa.and_(plain, ~one_of(connection, event.c.id, others)), one_of(connection, event.c.id, so))
        )

    return pick


def _with_plate(plate: Plate) -> Pick:
    """Few are looked up by their ids. Of many the newest are met soon: each track is asked for its plate."""

    def pick(connection: sa.Connection, day: int) -> Picked | None:
        fits = _plates_that_fit(plate, connection, day)
        found = connection.scalars(sa.select(track_plate.c.id).where(*fits).limit(_MANY)).all()
        if not found:
            return None
        if len(found) < _MANY:
            return Picked(one_of(connection, track.c.id, found), few=True)
        return Picked(sa.exists().where(track_plate.c.id == track.c.id, *fits).correlate(track))

    return pick


def with_plate(plate: Plate, connection: sa.Connection, day: int) -> Any:
    """A condition on all tracks of a day at once, however many have such a plate."""
    return track.c.id.in_(sa.select(track_plate.c.id).where(*_plates_that_fit(plate, connection, day)))


def _plates_that_fit(plate: Plate, connection: sa.Connection, day: int) -> list[Any]:
    """On the rows of `track_plate`, exactly.

    What only looks alike is compared here, each plate once: there are fewer plates that come near than tracks.
    """
    here, near = track_plate.c.day == day, plate.conditions(track_plate)
    if plate.match != "fuzzy":
        return [here, *near]
    texts = {text for where in near for text in _texts(connection, [here, where]) if plate.fits(text)}
    folds = {folded(text) for text in texts}  # this is what the index begins with
    return [here, one_of(connection, track_plate.c.folded, folds), one_of(connection, track_plate.c.plate, texts)]


def _texts(connection: sa.Connection, where: Sequence[Any]) -> sa.ScalarResult[str]:
    return connection.scalars(sa.select(track_plate.c.plate).where(*where).distinct())


def _where_counted(filters: Filters) -> Pick:
    """The cameras and hours that have any; only where they are so few that it pays."""
    colours = colours_counted(filters)

    def pick(connection: sa.Connection, day: int) -> Picked | None:
        where = [tally.c.day == day, tally.c.colour.in_(colours), tally.c.tracks > 0]
        where += [tally.c.label.in_(filters.label)] if filters.label else []
        query = sa.select(tally.c.hour, sa.func.sum(tally.c.tracks)).where(*where, OF_ALL)
        hours = dict(tuple(row) for row in connection.execute(query.group_by(tally.c.hour)))
        if not hours:
            return None
        if sum(hours.values()) > _RARE:
            return everything(connection, day)
        some = connection.scalars(sa.select(tally.c.place).where(*where, tally.c.place != 0).distinct())
        return Picked(sa.and_(track.c.place.in_(list(some)), _in_hours(day, sorted(hours))))

    return pick


def colours_counted(filters: Filters) -> list[int]:
    """The colours of `tally` of which a track that fits has one at least."""
    if not filters.colour or filters.share < USUAL_SHARE:
        return [0]
    part = filters.colour[0][0]
    names = [name for one, name in filters.colour if one == part]
    return [1 + bit_of(one, name) for one in ([part] if part else COLOURED_PARTS) for name in names]


def _in_hours(day: int, hours: Sequence[int]) -> Any:
    if len(hours) == _HOURS:
        return sa.true()
    spans = [(day * DAY_NS + hour * HOUR_NS, day * DAY_NS + (hour + 1) * HOUR_NS) for hour in hours]
    return sa.or_(*(sa.and_(track.c.start_ns >= low, track.c.start_ns < high) for low, high in spans))
