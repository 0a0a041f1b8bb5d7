"""Colours as rows, so that "somebody in a green shirt" can be asked for: one per part and name of a track or event."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from agent.central.store.database import Database
from agent.central.store.merge import Document
from agent.central.store.schema import colour
from agent.wire.messages import COLOURED_PARTS, COLOURS

Wanted = tuple[str | None, str]
"""A part, None for any, and a colour's name."""

_AT_ONCE = 500


def write_colours(database: Database, connection: sa.Connection, owner: str, rows: Sequence[Document]) -> None:
    """Have the colours of these tracks or events (`owner` is their table) be those of their records as they are now."""
    ids = [row["id"] for row in rows]
    for first in range(0, len(ids), _AT_ONCE):
        part = ids[first : first + _AT_ONCE]
        connection.execute(sa.delete(colour).where(colour.c.owner == owner, colour.c.id.in_(part)))
    fresh = [{"owner": owner, "id": row["id"], **one} for row in rows for one in colours_of(owner, row["record"])]
    database.upsert(connection, colour, fresh)


def colours_of(owner: str, record: Document) -> list[Document]:
    """`part`, `name` and `share` of each colour; what is none (events carry what plug-ins say, too) is passed over."""
    attributes: Document = record if owner == "track" else record["attributes"]
    kept = attributes.get("colours")
    said: Document = kept if isinstance(kept, dict) else {}
    found: dict[tuple[str, str], Document] = {}
    for part in COLOURED_PARTS:
        for name, share in _pairs(said.get(part)):
            found[part, name] = {"part": part, "name": name, "share": min(1.0, max(0.0, float(share)))}
    return list(found.values())


def coloured(table: sa.Table, wanted: Iterable[Wanted], least_share: float) -> list[Any]:
    """Conditions on rows of `track` or `event`: of each part that is asked for at least one of its colours."""
    parts: dict[str | None, set[str]] = defaultdict(set)
    for part, name in wanted:
        parts[part].add(name)
    return [_has(table, part, names, least_share) for part, names in parts.items()]


def _has(table: sa.Table, part: str | None, names: set[str], least_share: float) -> Any:
    where = [colour.c.owner == table.name, colour.c.id == table.c.id, colour.c.name.in_(sorted(names))]
    where += [colour.c.share >= least_share, *([colour.c.part == part] if part is not None else [])]
    return sa.exists(sa.select(sa.literal(1)).select_from(colour).where(*where).correlate(table))


def _pairs(said: Any) -> list[tuple[str, float]]:
    if not isinstance(said, list):
        return []
    pairs = [one for one in said if isinstance(one, list) and len(one) == 2]
    return [(name, share) for name, share in pairs if name in COLOURS and isinstance(share, int | float)]
