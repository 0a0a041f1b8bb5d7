"""Stores of both kinds, and records put into them a batch at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from agent.central.batch import Batch
from agent.central.counts import Counts
from agent.central.sealing import Sealer
from agent.central.store import day_schema, media_sums
from agent.central.store.database import Database
from agent.central.store.filters import Filters
from agent.central.store.finds import Finds
from agent.central.store.rows import day_of
from agent.central.store.schema import media
from agent.central.store.views import Views
from agent.core.clock import SystemClock
from agent.wire import messages as wire
from agent.wire.topics import Address
from tests.central.helpers import GATEWAY, SITE, T0_NS
from tests.fixtures.clock import FakeClock
from tests.fixtures.postgres import Postgres

DAY = day_of(T0_NS)
SEALER = Sealer([bytes(32)])
_KINDS = {wire.Event: "event", wire.TrackSummary: "track", wire.RecordingSpan: "recording"}


class Store:
    """A database into which records are put, a batch at a time."""

    def __init__(self, database: Database, address: str = "sqlite", folder: Path = Path()) -> None:
        self.address, self.folder = address, folder
        self.database, self.clock, self.counts = database, FakeClock(T0_NS), Counts()
        self.finds = Finds(database, SystemClock(), lambda _: None)
        self.seq = 0

    def put(self, *records: wire.Message, gateway: str = GATEWAY) -> None:
        with self.database.change() as change:
            batch = Batch(self.database, change, self.clock, self.counts)
            for record in records:
                self.seq += 1
                kind = _KINDS[type(record)]
                address = Address(SITE, gateway, ("camera", record.camera, kind))
                batch.take(address, wire.encode(self._envelope(gateway, kind, record)))
            batch.write()

    def take(self, address: Address, payload: bytes) -> None:
        """One message, as it comes."""
        with self.database.change() as change:
            batch = Batch(self.database, change, self.clock, self.counts)
            batch.take(address, payload)
            batch.write()

    def _envelope(self, gateway: str, kind: str, record: wire.Message) -> wire.Envelope:
        document = {"site": SITE, "gateway": gateway, "outbox": "o", "class": kind, "seq": self.seq}
        return wire.Envelope.model_validate(document | {"records": [record.model_dump(mode="json")]})

    def put_medium(self, **row: Any) -> None:
        """A row of a medium that is here, and is counted."""
        with self.database.write() as connection:
            connection.execute(sa.insert(media).values(row | {"state": "incoming"}))
            media_sums.arrives(self.database, connection, row["id"])

    def tracks(self, **filters: Any) -> list[str]:
        return [item["id"] for item in self.finds.tracks(Filters(**filters))["items"]]

    def dump(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every day, sorted, without when it came."""
        found: dict[str, list[tuple[Any, ...]]] = {}
        for day in self.database.days.present():
            with self.database.days.read(day) as connection:
                assert connection is not None
                for table in day_schema.day_metadata.sorted_tables:
                    columns = [column for column in table.columns if column.name != "received_ns"]
                    query = sa.select(*columns).where(table.c.day == day).order_by(*table.primary_key)
                    rows = [tuple(row) for row in connection.execute(query)]
                    found.setdefault(table.name, []).extend(row for row in rows if not _is_nothing(table, row))
        return found

    def footage_breaks(self) -> int:
        """How often numbers of footage were given again."""
        return sum(one["chain_breaks"] for one in Views(self.database, self.clock).gateways())

    def counted(self, **key: Any) -> int:
        with self.database.days.read(DAY) as connection:
            assert connection is not None
            where = [day_schema.tally.c[name] == value for name, value in {"colour": 0, "place": 0, **key}.items()]
            return int(connection.scalar(sa.select(sa.func.sum(day_schema.tally.c.tracks)).where(*where)) or 0)


def _is_nothing(table: sa.Table, row: tuple[Any, ...]) -> bool:
    """A count that went back to none says as much as no count."""
    return (table.name == "tally" and row[-1] == 0) or (table.name == "heat" and not any(row[-1]))


@pytest.fixture(params=["sqlite", "postgresql"])
def open_one(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Opens fresh stores of one kind."""
    opened: list[Database] = []

    def fresh() -> Store:
        folder = tmp_path / f"store{len(opened)}"
        folder.mkdir()
        cluster: Postgres | None = request.getfixturevalue("postgres") if request.param == "postgresql" else None
        address = cluster.fresh() if cluster else "sqlite"
        opened.append(Database.open(address, folder))
        return Store(opened[-1], address, folder)

    yield fresh
    for database in opened:
        database.close()


@pytest.fixture
def store(open_one: Callable[[], Store]) -> Store:
    return open_one()


@pytest.fixture
def plain_store(tmp_path: Path) -> Iterator[Store]:
    """SQLite alone, for what no database does differently."""
    database = Database.open("sqlite", tmp_path)
    yield Store(database, "sqlite", tmp_path)
    database.close()
