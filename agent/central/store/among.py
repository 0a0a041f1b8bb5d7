"""`column IN (many)`: arrays in PostgreSQL, since to read a statement of a thousand parameters takes milliseconds."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY


def among(connection: sa.Connection, columns: Sequence[sa.Column[Any]], keys: Collection[Sequence[Any]]) -> Any:
    """A condition: these columns together are one of `keys`, of which SQLite takes some hundreds."""
    first = columns[0]
    if connection.dialect.name != "postgresql":
        return sa.tuple_(*columns).in_(list(keys)) if len(columns) > 1 else first.in_([key[0] for key in keys])
    arrays = [sa.literal([key[at] for key in keys], ARRAY(column.type)) for at, column in enumerate(columns)]
    if len(columns) == 1:
        return first == sa.any_(arrays[0])
    rows = sa.func.unnest(*arrays).table_valued(*(f"key{at}" for at in range(len(columns)))).render_derived()
    return sa.tuple_(*columns).in_(sa.select(*rows.c))


def one_of(connection: sa.Connection, column: sa.Column[Any], keys: Collection[Any]) -> Any:
    """The same of one column."""
    return among(connection, [column], [(key,) for key in keys])
