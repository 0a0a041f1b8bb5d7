"""Segments that gateways told of becoming rows of their days; and whether footage was replaced.

A number of a camera's chain is given once, with one link. The highest number of each camera is kept in `chain`: what
comes above it, as nearly all does, was never given; only what comes at or below it is looked for in the days. Of
numbers whose day has left nothing is known any more.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

import sqlalchemy as sa

from agent.central.counts import Refused
from agent.central.store.among import one_of
from agent.central.store.day_schema import recording
from agent.central.store.days import Change, Days
from agent.central.store.keeper import Age
from agent.central.store.merge import recording_row
from agent.central.store.motion import union
from agent.central.store.pack import Document
from agent.central.store.places import Place, number_of
from agent.central.store.rows import day_of
from agent.central.store.schema import chain, stray
from agent.central.store.strays import days_of, find_days
from agent.core.errors import WireError
from agent.wire.messages import RecordingSpan

Upsert = Callable[[sa.Connection, sa.Table, list[Document]], None]


class Footage:
    """Of one change. `put` each span, then `write`; `refuse` counts what is not taken, by reason."""

    def __init__(self, change: Change, upsert: Upsert, age: Age, refuse: Callable[[str], None]) -> None:
        self._change, self._upsert, self._age, self._refuse = change, upsert, age, refuse
        self._waiting: list[tuple[Place, RecordingSpan, Document]] = []
        self._links: dict[tuple[int, int], str] = {}

    def put(self, place: Place, span: RecordingSpan) -> None:
        """Take a span along.

        Raises:
            WireError: its times are beyond all reason.
        """
        row = recording_row(span)
        self._waiting.append((place, span, row))

    def write(self, days: Days) -> Counter[Place]:
        """Merge all with what is held, and put it into the tables; `days` are looked through at need.

        Returns how often a number was given again, by camera.
        """
        breaks: Counter[Place] = Counter()
        if not self._waiting:
            return breaks
        there = list(self._held())
        held = {row["id"]: row for row in there}
        heads = self._heads({number_of(place) for place, _, _ in self._waiting})
        fresh: dict[str, Document] = {}
        for place, span, row in self._waiting:
            try:
                known = fresh.get(span.id) or held.get(span.id)
                fresh[span.id] = self._merged(place, row, known)
            except WireError as error:
                self._refuse(error.reason if isinstance(error, Refused) else "broken_recording")
                continue
            breaks[place] += self._is_given_again(number_of(place), span, known, heads, days)
        self._put(there, fresh)
        rows = [{"place": place, "number": number} for place, number in sorted(heads.items())]
        self._upsert(self._change.main, chain, rows)
        return +breaks

    def _merged(self, place: Place, row: Document, known: Document | None) -> Document:
        number = number_of(place)
        if known is not None and known["place"] != number:
            raise Refused("foreign_id", "this id belongs to another camera")
        motion = row["motion"] if known is None else union(known["motion"], row["motion"])
        if known is not None and (known["shift_ms"] or not row["shift_ms"]):
            # a closed segment never changes, but its times may be corrected, once, and more may be known of what moved
            return {**known, "motion": motion}
        day = day_of(row["start_ns"])
        self._age.check(day)
        return {**row, "day": day, "place": number, "motion": motion}

    def _is_given_again(
        self, place: int, span: RecordingSpan, known: Document | None, heads: dict[int, int], days: Days
    ) -> bool:
        link = known["link"] if known is not None else self._link(place, span.number, heads.get(place, 0), days)
        self._links.setdefault((place, span.number), span.link)
        heads[place] = max(heads.get(place, 0), span.number)
        return link is not None and link != span.link

    def _link(self, place: int, number: int, head: int, days: Days) -> str | None:
        if (place, number) in self._links or number > head:
            return self._links.get((place, number))
        for day in days.present():
            connection = self._change.at(day)
            where = (recording.c.day == day, recording.c.place == place, recording.c.number == number)
            query = sa.select(recording.c.link).where(*where).limit(1)
            link: str | None = connection.scalar(query) if connection is not None else None
            if link is not None:
                return link
        return None

    def _heads(self, numbers: set[int]) -> dict[int, int]:
        query = sa.select(chain).where(one_of(self._change.main, chain.c.place, numbers))
        return {row.place: row.number for row in self._change.main.execute(query)}

    def _held(self) -> Iterator[Document]:
        places = find_days(self._change.main, "recording", {span.id for _, span, _ in self._waiting})
        for _, span, row in self._waiting:
            places[day_of(row["start_ns"])].add(span.id)
        for day, keys in places.items():
            connection = self._change.at(day)
            if connection is not None:
                query = sa.select(recording).where(recording.c.day == day, one_of(connection, recording.c.id, keys))
                yield from map(dict, connection.execute(query).mappings())

    def _put(self, there: list[Document], fresh: dict[str, Document]) -> None:
        moved, by_day = defaultdict[int, list[str]](list), defaultdict[int, list[Document]](list)
        for row in fresh.values():
            by_day[row["day"]].append(row)
        for row in there:
            target = fresh[row["id"]]["day"] if row["id"] in fresh else row["day"]
            if row["day"] != target:
                moved[row["day"]].append(row["id"])
                self._change.moves(row["day"], target)
        for day, keys in moved.items():
            self._change.take_out(day, recording, keys)
        for day, rows in sorted(by_day.items()):
            self._change.put(day, recording, rows)
        elsewhere = [row for row in fresh.values() if row["day"] not in days_of(row["id"])]
        strays = [{"table": "recording", "id": row["id"], "day": row["day"]} for row in elsewhere]
        self._upsert(self._change.main, stray, strays)
