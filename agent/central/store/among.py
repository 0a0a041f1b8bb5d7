"""`column IN (many)` with one parameter: an array in PostgreSQL, JSON in SQLite.

To read a statement of a thousand parameters takes both databases and SQLAlchemy milliseconds.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

_FEW = 2000
"""Parameters; neither database takes more than some ten thousand."""


def among(connection: sa.Connection, columns: Sequence[sa.Column[Any]], keys: Collection[Sequence[Any]]) -> Any:
    """A condition: these columns together are one of `keys`, of plain texts and whole numbers."""
    if connection.dialect.name != "postgresql":
        return _left(columns).in_(_listed(columns, keys))
    arrays = [sa.literal([key[at] for key in keys], ARRAY(column.type)) for at, column in enumerate(columns)]
    return _left(columns).in_(_unnested(arrays)) if len(columns) > 1 else columns[0] == sa.any_(arrays[0])


def one_of(connection: sa.Connection, column: sa.Column[Any], keys: Collection[Any]) -> Any:
    """The same of one column."""
    return among(connection, [column], [(key,) for key in keys])


def one_of_some(connection: sa.Connection, column: sa.Column[Any], keys: Collection[Any]) -> Any:
    """The same of one column, where how many there are tells the database how best to find them: few are named."""
    return column.in_(keys) if len(keys) <= _FEW else one_of(connection, column, keys)


def _left(columns: Sequence[sa.Column[Any]]) -> Any:
    return sa.tuple_(*columns) if len(columns) > 1 else columns[0]


def _unnested(arrays: Sequence[Any]) -> Any:
    rows = sa.func.unnest(*arrays).table_valued(*(f"key{at}" for at in range(len(arrays)))).render_derived()
    return sa.select(*rows.c)


def _listed(columns: Sequence[sa.Column[Any]], keys: Collection[Sequence[Any]]) -> Any:
    rows = sa.func.json_each(json.dumps([list(key) for key in keys])).table_valued("value")
    return sa.select(*(sa.func.json_extract(rows.c.value, f"$[{at}]") for at in range(len(columns))))
