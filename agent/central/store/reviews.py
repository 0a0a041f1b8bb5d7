"""What people have made of an event: who has seen to it, whose it is, how grave it is, and what they wrote.

It rests beside the event, in its day, goes with it when its start moves to another day, and leaves with it. Two who
change the same event at once: a change names the version that was seen, so one of them is told. Notes are only ever
added, and acknowledging what is acknowledged already changes nothing, so neither ever stands in anybody's way.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from agent.central.store.database import Database
from agent.central.store.day_schema import event, event_review
from agent.central.store.pack import Document
from agent.central.store.places import Place, number_of
from agent.central.store.strays import find_days
from agent.core.clock import Clock, rfc3339

MOST_NOTES = 100
"""Of an event."""

_BLANK: Document = {
    "version": 0, "acknowledged_by": None, "acknowledged_ns": None, "assigned": None, "severity": None,
    "notes": "[]", "words": "",
}  # fmt: skip


class Wanted(NamedTuple):
    """What to make of events: `state` holds those of `acknowledged` (bool), `assigned` and `severity` that change."""

    state: Mapping[str, Any]
    note: str = ""


class Outcome(NamedTuple):
    """Ids of events: those that are as wanted now, those that somebody else changed before, those with no more room."""

    done: list[str]
    changed_before: list[str]
    full: list[str]


class Reviews:
    """Changes what people have made of events."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    def change(self, places: Collection[Place], seen: Mapping[str, int], wanted: Wanted, by: str) -> Outcome:
        """Of the events in `seen` (id: the version that was seen), which are of `places`; all of them, or none."""
        outcome = Outcome([], [], [])
        with self._database.change() as change:
            change.lock({number_of(Place(place.site, place.gateway, "")) for place in places})
            for day, keys in find_days(change.main, "event", seen).items():
                connection = change.at(day)
                if connection is not None:
                    present = _present(connection, day, keys)
                    held = reviews_of(connection, day, present)
                    rows = [*self._fresh({key: held.get(key, _BLANK) for key in present}, seen, wanted, by, outcome)]
                    change.put(day, event_review, [row | {"day": day} for row in rows])
        return outcome

    def _fresh(
        self, held: Mapping[str, Document], seen: Mapping[str, int], wanted: Wanted, by: str, outcome: Outcome
    ) -> Iterator[Document]:
        for key, row in sorted(held.items()):
            changed = {name: value for name, value in wanted.state.items() if _state(row, name) != value}
            notes = json.loads(row["notes"])
            if changed and row["version"] != seen[key]:
                outcome.changed_before.append(key)
            elif wanted.note and len(notes) >= MOST_NOTES:
                outcome.full.append(key)
            else:
                outcome.done.append(key)
                yield self._row(key, row, changed, wanted.note, by)

    def _row(self, key: str, row: Document, changed: Mapping[str, Any], note: str, by: str) -> Document:
        now_ns, fresh = self._clock.wall_ns(), {name: row[name] for name in _BLANK} | {"id": key}
        fresh |= {name: changed[name] for name in ("assigned", "severity") if name in changed}
        if "acknowledged" in changed:
            done = changed["acknowledged"]
            fresh |= {"acknowledged_by": by if done else None, "acknowledged_ns": now_ns if done else None}
        if note:
            notes = [*json.loads(row["notes"]), {"by": by, "time": rfc3339(now_ns), "text": note}]
            words = "\n".join(one["text"].casefold() for one in notes)
            fresh |= {"notes": json.dumps(notes, ensure_ascii=False), "words": words}
        return fresh | {"version": row["version"] + bool(changed)}


def shown(row: Document | None) -> Document:
    """A review in the API's shape."""
    row = row or _BLANK
    is_done = _state(row, "acknowledged")
    done = {"by": row["acknowledged_by"], "time": rfc3339(row["acknowledged_ns"])} if is_done else None
    same = {name: row[name] for name in ("version", "assigned", "severity")}
    return {**same, "acknowledged": done, "notes": json.loads(row["notes"])}


def reviews_of(connection: sa.Connection, day: int, keys: Collection[str]) -> dict[str, Document]:
    """The reviews of these events that rest in this day; those that nobody has looked at have none."""
    query = sa.select(event_review).where(event_review.c.day == day, event_review.c.id.in_(sorted(keys)))
    return {row["id"]: dict(row) for row in connection.execute(query).mappings()} if keys else {}


def reviewed(*where: Any) -> Any:
    """A condition on rows of `event`: its review fulfils `where`."""
    return sa.exists(sa.select(sa.literal(1)).where(*_same(), *where).correlate(event))


def severity_now() -> Any:
    """A column beside those of `event`: what it counts for."""
    override = sa.select(event_review.c.severity).where(*_same()).correlate(event).scalar_subquery()
    return sa.func.coalesce(override, event.c.severity)


def severities_of(connection: sa.Connection, day: int) -> dict[str, str]:
    """The events of a day that people made graver or less grave, and what they count for."""
    made = event_review.c.severity
    query = sa.select(event_review.c.id, made).where(event_review.c.day == day, made.is_not(None))
    return {row.id: row.severity for row in connection.execute(query)}


def _same() -> Sequence[Any]:
    return event_review.c.id == event.c.id, event_review.c.day == event.c.day


def _present(connection: sa.Connection, day: int, keys: Collection[str]) -> list[str]:
    query = sa.select(event.c.id).where(event.c.day == day, event.c.id.in_(sorted(keys)))
    return list(connection.scalars(query))


def _state(row: Document, name: str) -> Any:
    return row["acknowledged_ns"] is not None if name == "acknowledged" else row[name]
