"""Counts and heat that are kept beside the tracks, in the same transaction: what a track added it takes along."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from agent.central.store import heat as pictures
from agent.central.store.among import among
from agent.central.store.day_schema import heat, tally
from agent.central.store.days import Change
from agent.central.store.looks import bits_in
from agent.central.store.pack import Document, points_of
from agent.central.store.rows import Held, hour_of

Cell = tuple[int, int, int, str]
"""Day, place, hour, label."""


class Aggregates:
    """Of one change."""

    def __init__(self, change: Change) -> None:
        self._change = change

    def write(self, gone: Iterable[Held], come: Iterable[Held]) -> None:
        """Take away what these tracks had added, add what those add."""
        gone, come = list(gone), list(come)
        self._tally(gone, come)
        self._heat(gone, come)

    def _tally(self, gone: list[Held], come: list[Held]) -> None:
        counted: Counter[tuple[int, int, str, int, int]] = Counter()
        for sign, several in ((-1, gone), (1, come)):
            for one in several:
                for key in _keys(one.row):
                    counted[key] += sign
        by_day: dict[int, list[Document]] = defaultdict(list)
        for (day, colour, label, place, hour), tracks in counted.items():
            if tracks:
                row = {"day": day, "colour": colour, "label": label, "place": place, "hour": hour, "tracks": tracks}
                by_day[day].append(row)
        for day, rows in sorted(by_day.items()):  # two that want the same rows take them in one order
            self._change.add(day, tally, rows)

    def _heat(self, gone: list[Held], come: list[Held]) -> None:
        more: dict[Cell, Counter[int]] = defaultdict(Counter)
        for sign, several in ((-1, gone), (1, come)):
            for one in several:
                if one.body.path:
                    counts = more[_cell(one.row)]
                    for cell in one.body.cells:
                        counts[cell] += sign
        by_day: dict[int, dict[Cell, Counter[int]]] = defaultdict(dict)
        for cell, counts in more.items():
            by_day[cell[0]][cell] = counts
        for day, some in by_day.items():
            self._add_heat(day, some)

    def _add_heat(self, day: int, more: dict[Cell, Counter[int]]) -> None:
        kept = self._kept_heat(day, sorted(more))
        rows = []
        for cell, counts in more.items():
            if cell in kept:
                counts.update(pictures.read_counts(kept[cell]))
            rows.append(_heat_row(cell, counts))
        self._change.put(day, heat, rows)

    def _kept_heat(self, day: int, cells: list[Cell]) -> dict[Cell, bytes]:
        connection = self._change.at(day)
        if connection is None:
            return {}
        near = among(connection, [heat.c.place, heat.c.hour], sorted({cell[1:3] for cell in cells}))
        rows = connection.execute(sa.select(heat).where(heat.c.day == day, near))
        return {(day, row.place, row.hour, row.label): row.cells for row in rows}


def tally_rows(day: int, groups: Iterable[Any]) -> list[Document]:
    """The counts of a day's tracks, all made anew: `groups` are place, label, hour, colours, and how many are so."""
    counted: Counter[tuple[int, int, str, int, int]] = Counter()
    for place, label, hour, colours, tracks in groups:
        for key in _counted_under(day, colours, label, place, hour):
            counted[key] += tracks
    names = ("day", "colour", "label", "place", "hour")
    return [dict(zip(names, key, strict=True)) | {"tracks": tracks} for key, tracks in counted.items()]


def heat_rows(day: int, paths: Iterable[Any]) -> list[Document]:
    """The heat of a day's tracks, all made anew: `paths` are place, hour, label, and the path as it is kept."""
    counts: dict[Cell, Counter[int]] = defaultdict(Counter)
    for place, hour, label, path in paths:
        if path:
            counts[day, place, hour, label].update(set(pictures.cells_of(points_of(path)).tolist()))
    return [_heat_row(cell, some) for cell, some in counts.items()]


def _heat_row(cell: Cell, counts: Counter[int]) -> Document:
    return dict(zip(("day", "place", "hour", "label"), cell, strict=True)) | {"cells": pictures.write_counts(counts)}


def _keys(row: Document) -> list[tuple[int, int, str, int, int]]:
    return _counted_under(row["day"], row["colours"], row["label"], row["place"], hour_of(row["start_ns"]))


def _counted_under(day: int, colours: int, label: str, place: int, hour: int) -> list[tuple[int, int, str, int, int]]:
    """Of every colour of a track, and of any; of its camera, and of all together."""
    each = (0, *(bit + 1 for bit in bits_in(colours)))
    return [(day, colour, label, where, hour) for colour in each for where in (0, place)]


def _cell(row: Document) -> Cell:
    return row["day"], row["place"], hour_of(row["start_ns"]), row["label"]
