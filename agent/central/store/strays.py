"""In which days an id may rest: its own time tells, and `stray` where it rests elsewhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

import sqlalchemy as sa

from agent.central.store.among import one_of
from agent.central.store.rows import day_of
from agent.central.store.schema import stray
from agent.core.clock import NS

_NEAR_NS = 2 * 3600 * NS


def days_of(key: str) -> set[int]:
    """The days in which a record of this id rests, if its id tells: that of the time in it, or a neighbour at night."""
    try:
        made_ns = int(key[:12], 16) * 1_000_000 if len(key) == 32 else None
    except ValueError:
        made_ns = None
    return set() if made_ns is None else {day_of(made_ns - _NEAR_NS), day_of(made_ns + _NEAR_NS)}


def find_days(main: sa.Connection, kind: str, keys: Collection[str]) -> dict[int, set[str]]:
    """In which days these ids may rest."""
    found: dict[int, set[str]] = defaultdict(set)
    for key in keys:
        for day in days_of(key):
            found[day].add(key)
    query = sa.select(stray.c.id, stray.c.day).where(stray.c.table == kind, one_of(main, stray.c.id, keys))
    for key, day in main.execute(query):
        found[day].add(key)
    return found
