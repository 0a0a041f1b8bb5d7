"""How many were seen where and when, from the sums that are kept beside the tracks: by camera and hour, and by cell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa

from agent.central.store.among import one_of
from agent.central.store.database import Database
from agent.central.store.day_schema import heat, tally
from agent.central.store.filters import Filters, numbers_of
from agent.central.store.heat import COLUMNS, ROWS, read_counts
from agent.central.store.looks import Wanted, bit_of
from agent.central.store.pack import Document
from agent.central.store.picks import OF_ALL
from agent.central.store.reach import EVERYTHING, Reach
from agent.central.store.rows import HOUR_NS
from agent.central.store.schema import place as places
from agent.core.clock import rfc3339

_HOURS = 24
_NAMES = ("site", "gateway", "camera")


class Hours(NamedTuple):
    """Whole hours since 1970: `first` is in, `end` is out."""

    first: int
    end: int

    @classmethod
    def around(cls, since_ns: int, until_ns: int) -> Hours:
        """Those that the time span touches."""
        return cls(since_ns // HOUR_NS, -(-until_ns // HOUR_NS))

    def days(self) -> Iterator[tuple[int, int, int]]:
        """Each day with its first hour, and the one after its last."""
        for day in range(self.first // _HOURS, -(-self.end // _HOURS)):
            yield day, max(0, self.first - day * _HOURS), min(_HOURS, self.end - day * _HOURS)

    @property
    def many(self) -> int:
        """How many they are."""
        return max(0, self.end - self.first)


class Sums:
    """Read-only, of the cameras within `reach`."""

    def __init__(self, database: Database, reach: Reach = EVERYTHING) -> None:
        self._database, self._reach = database, reach

    def limited(self, reach: Reach) -> Sums:
        """The same, for somebody who sees no more than that."""
        return Sums(self._database, reach)

    def cameras(self, wanted: Filters) -> dict[int, Document]:
        """Those that are asked for and have ever sent anything, by their numbers."""
        with self._database.read() as connection:
            numbers = numbers_of(connection, wanted, self._reach)
            some = sa.true() if numbers is None else one_of(connection, places.c.number, numbers)
            rows = connection.execute(sa.select(places).where(some)).mappings()
            return {row["number"]: {name: row[name] for name in _NAMES} for row in rows}

    def counts(
        self, cameras: dict[int, Document], hours: Hours, labels: Sequence[str], colour: Wanted | None
    ) -> Document:
        """Tracks that began in each hour, of each of these cameras that has any, the most first."""
        found: dict[int, list[int]] = defaultdict(lambda: [0] * hours.many)
        bit = 0 if colour is None else 1 + bit_of(str(colour[0]), colour[1])
        for day, first, end in self._present(hours):
            with self._database.days.read(day) as connection:
                if connection is None:
                    continue
                t = tally.c
                # with its labels named, a camera's rows are found by their key, and not among those of all cameras
                all_labels = sa.select(t.label).distinct().where(t.day == day, t.colour == bit, OF_ALL)
                here = labels or connection.scalars(all_labels).all()
                where = [t.day == day, t.colour == bit, t.label.in_(here), t.hour >= first, t.hour < end, t.tracks > 0]
                query = sa.select(t.place, t.hour, sa.func.sum(t.tracks)).where(*where)
                query = query.where(one_of(connection, t.place, sorted(cameras))).group_by(t.place, t.hour)
                for place, hour, tracks in connection.execute(query):
                    found[place][day * _HOURS + hour - hours.first] += int(tracks)
        items = [{**cameras[place], "total": sum(counts), "counts": counts} for place, counts in found.items()]
        items.sort(key=lambda one: (-one["total"], *(one[name] for name in _NAMES)))
        return _times(hours) | {"items": items}

    def heat(self, cameras: dict[int, Document], hours: Hours, labels: Sequence[str]) -> Document:
        """Tracks that stood in each cell of the picture, of each of these cameras that has any."""
        found: dict[int, Any] = defaultdict(lambda: np.zeros(COLUMNS * ROWS, np.int64))
        for day, first, end in self._present(hours):
            with self._database.days.read(day) as connection:
                if connection is None:
                    continue
                h = heat.c
                where = [h.day == day, h.hour >= first, h.hour < end, one_of(connection, h.place, sorted(cameras))]
                where += [h.label.in_(labels)] if labels else []
                for place, cells in connection.execute(sa.select(h.place, h.cells).where(*where)):
                    for cell, tracks in read_counts(cells).items():
                        found[place][cell] += tracks
        items = [{**cameras[place], "cells": cells.tolist()} for place, cells in found.items() if cells.any()]
        items.sort(key=lambda one: tuple(one[name] for name in _NAMES))
        return _times(hours) | {"columns": COLUMNS, "rows": ROWS, "items": items}

    def _present(self, hours: Hours) -> Iterator[tuple[int, int, int]]:
        """Those days of which anything is kept."""
        present = set(self._database.days.present())
        return (one for one in hours.days() if one[0] in present)


def _times(hours: Hours) -> Document:
    return {"since": rfc3339(hours.first * HOUR_NS), "until": rfc3339(hours.end * HOUR_NS)}
