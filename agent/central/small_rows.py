"""Rows of the small tables for the length of a batch: read once, many at a time, changed in memory, written once."""

from __future__ import annotations

from collections import defaultdict

import sqlalchemy as sa

from agent.central.counts import Refused
from agent.central.store import schema
from agent.central.store.among import among
from agent.central.store.database import Database
from agent.central.store.pack import Document
from agent.wire.topics import Address

MOST_CAMERAS = 256
"""Names that one gateway may ever give: it has 64 cameras at the most, and each name leaves rows for ever."""
MOST_KEYS = 64
_MANY = {"camera": "cameras", "gateway_key": "keys"}
_OF_MEDIA = frozenset({"snapshot", "snapshot_ns"})
"""Columns that another worker writes, perhaps in another process: what was read of them may be old by now."""

Key = tuple[str, ...]


class TooMany(Refused):
    """One more than a gateway may name: each leaves a row for ever."""


class SmallRows:
    """Of one transaction. `keep` what is to be written, then `write`."""

    def __init__(self, database: Database, connection: sa.Connection) -> None:
        self._database, self._connection = database, connection
        self._rows: dict[str, dict[Key, Document]] = defaultdict(dict)
        self._held: dict[Key, Document | None] = {}
        self._counted: dict[Key, int] = {}

    def keep(self, table: sa.Table, key: Key, row: Document) -> None:
        """This row is to be written, and is what `load` gives from now on."""
        self._rows[table.name][key] = row
        self._held[table.name, *key] = row

    def expect(self, table: sa.Table, keys: set[Key]) -> None:
        """Read these rows at once instead of one by one."""
        columns = table.primary_key.columns.values()
        wanted = sorted(key for key in keys if (table.name, *key) not in self._held)
        self._held |= {(table.name, *key): None for key in wanted}
        where = among(self._connection, columns, wanted)
        for row in self._connection.execute(sa.select(table).where(where)).mappings() if wanted else ():
            self._held[table.name, *(row[column.name] for column in columns)] = dict(row)

    def load(self, table: sa.Table, key: Key) -> Document | None:
        """The row as this batch has it; None: there is none."""
        cached = (table.name, *key)
        if cached not in self._held:
            where = [column == value for column, value in zip(table.primary_key, key, strict=True)]
            row = self._connection.execute(sa.select(table).where(*where)).mappings().first()
            self._held[cached] = dict(row) if row else None
        return self._held[cached]

    def gateway(self, address: Address) -> Document:
        """The gateway's row, which is written; made at its first message."""
        key = (address.site, address.gateway)
        row = self._rows["gateway"].get(key)
        if row is None:
            row = self.load(schema.gateway, key) or dict.fromkeys(schema.gateway.columns.keys()) | {
                "site": address.site, "gateway": address.gateway, "state": "offline"
            }  # fmt: skip
            self.keep(schema.gateway, key, row)
        return row

    def camera(self, address: Address, camera: str) -> Document:
        """The camera's row, which is written; made where it is new.

        Raises:
            TooMany: its gateway has too many.
        """
        key = (address.site, address.gateway, camera)
        row = self.load(schema.camera, key)
        if row is None:
            try:
                self.make_room(schema.camera, address, MOST_CAMERAS)
            except TooMany as error:
                more = f"nor what {camera} saw; give its cameras the names they had, or the gateway another id"
                raise TooMany(error.reason, f"{error}, {more}") from None
            row = {"info": None, "state": None}
            row |= {"site": address.site, "gateway": address.gateway, "camera": camera}
        self.keep(schema.camera, key, row)
        return row

    def make_room(self, table: sa.Table, address: Address, most: int) -> None:
        """For one more row of a gateway's; how many it has is asked once.

        Raises:
            TooMany: it has `most`.
        """
        key = (table.name, address.site, address.gateway)
        if key not in self._counted:
            where = (table.c.site == address.site, table.c.gateway == address.gateway)
            query = sa.select(sa.func.count()).select_from(table).where(*where)
            self._counted[key] = self._connection.scalar(query) or 0
        if self._counted[key] >= most:
            what = _MANY[table.name]
            raise TooMany(
                f"too_many_{what}", f"{address.site}/{address.gateway} has named {most} {what}: no more are kept"
            )
        self._counted[key] += 1

    def write(self) -> None:
        """Into the tables."""
        for name, rows in self._rows.items():
            mine = [{key: value for key, value in row.items() if key not in _OF_MEDIA} for row in rows.values()]
            self._database.upsert(self._connection, schema.metadata.tables[name], mine)
