"""What can be asked for, and the conditions that it makes on the rows of a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from agent.central.store.looks import USUAL_SHARE, Wanted, looks_like
from agent.central.store.schema import place as places


@dataclass(frozen=True, slots=True)
class Filters:
    """What to look for; an empty tuple or None means any. Times are on `start`, `since` in, `until` out.

    Of the colours of one part any will do; every part that is named must have one, with `share` of it at least.
    """

    site: str | None = None
    gateway: str | None = None
    phase: str | None = None
    severity: str | None = None
    camera: Sequence[str] = ()
    kind: Sequence[str] = ()
    label: Sequence[str] = ()
    colour: Sequence[Wanted] = ()
    share: float = USUAL_SHARE
    since_ns: int | None = None
    until_ns: int | None = None
    limit: int = 50
    cursor: str | None = None


def conditions(table: sa.Table, filters: Filters) -> list[Any]:
    """Of everything but time and cameras, on `track` or `event`."""
    equal = (("phase", filters.phase), ("severity", filters.severity))
    found = [table.c[name] == value for name, value in equal if value is not None]
    several = (("kind", filters.kind), ("label", filters.label))
    found += [table.c[name].in_(values) for name, values in several if values]
    return found + looks_like(table, filters.colour, filters.share)


def numbers_of(main: sa.Connection, filters: Filters) -> list[int] | None:
    """The cameras that are asked for; None: all of them."""
    equal = (("site", filters.site), ("gateway", filters.gateway))
    where = [places.c[name] == value for name, value in equal if value is not None]
    where += [places.c.camera.in_(filters.camera)] if filters.camera else []
    return sorted(main.scalars(sa.select(places.c.number).where(*where))) if where else None
