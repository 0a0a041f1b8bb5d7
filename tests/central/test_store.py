"""The database: its migrations give the schema, its cursors page truly, its writers do not tread on each other."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from agent.central.store import schema
from agent.central.store.audit import Audit
from agent.central.store.database import Database, Unstorable
from agent.central.store.filters import Filters
from agent.central.store.finds import Finds
from agent.central.store.keeper import Age, Keeper
from agent.central.store.passwords import hash_password, password_fits
from agent.central.store.places import Place
from agent.central.store.rows import day_of
from agent.central.store.views import Views
from agent.core.clock import NS, SystemClock
from tests.central.helpers import CAMERA, GATEWAY, SITE, T0_NS, event
from tests.fixtures.clock import FakeClock


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open("sqlite", tmp_path)
    yield opened
    opened.close()


def _put(database: Database, *keys: str, start: str = "2026-05-28T20:26:40.000Z", **more: Any) -> None:
    with database.change() as change:
        keeper = Keeper(change, database.upsert, Age(T0_NS + 60 * 86_400 * NS), pytest.fail)
        for key in keys:
            keeper.put(Place(SITE, GATEWAY, CAMERA), event(key, start=start, **more))
        keeper.write()


def test_a_cursor_stays_true_while_new_events_arrive(database: Database) -> None:
    finds = Finds(database, SystemClock(), lambda _: None)
    _put(database, *(f"e{number:03}" for number in range(130)))  # all of the same moment
    seen: list[str] = []
    cursor = None
    while True:
        page = finds.events(Filters(limit=50, cursor=cursor))
        seen += [item["id"] for item in page["items"]]
        _put(database, f"new{len(seen)}", start="2026-05-28T21:00:00.000Z")
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == [f"e{number:03}" for number in reversed(range(130))]


def test_neighbours_are_the_next_on_either_side_of_the_same_list(database: Database) -> None:
    finds = Finds(database, SystemClock(), lambda _: None)
    _put(database, *(f"e{number:03}" for number in range(300)))  # all of the same moment
    _put(database, "later", start="2026-06-28T20:26:40.000Z")
    _put(database, "apart", start="2026-05-28T20:26:41.000Z", kind="loitering")
    anything = Filters()

    def beside(key: str, filters: Filters) -> tuple[str | None, str | None]:
        found = finds.neighbours(key, filters)
        assert found is not None
        assert found["complete"]
        return found["older"], found["newer"]

    assert beside("e000", anything) == (None, "e001")
    assert beside("e150", anything) == ("e149", "e151")
    assert beside("e299", anything) == ("e298", "apart")
    assert beside("e299", Filters(kind=("zone_entered",))) == ("e298", "later")
    assert beside("apart", Filters(kind=("zone_entered",))) == ("e299", "later")
    assert beside("later", anything) == ("apart", None)
    assert finds.neighbours("none", anything) is None


@pytest.mark.parametrize(
    ("where", "index"),
    [
        ("start_ns > 5", "ix_track_start_ns_label_colours"),
        ("start_ns > 5 AND label = 'person' AND colours & 64 <> 0", "ix_track_start_ns_label_colours"),
        ("start_ns > 5 AND place IN (1, 2, 3)", "ix_track_place_start_ns_label_colours"),
    ],
)
def test_windows_are_read_from_an_index(database: Database, where: str, index: str) -> None:
    _put(database, "e1")
    query = (
        f"EXPLAIN QUERY PLAN SELECT * FROM track WHERE day = 20601 AND {where} ORDER BY start_ns DESC, id DESC LIMIT 9"
    )
    with database.days.read(day_of(T0_NS)) as connection:
        assert connection is not None
        plan = " ".join(row[-1] for row in connection.exec_driver_sql(query))
    assert index in plan


class _Slow(FakeClock):
    """Every look at it takes half a second."""

    def mono_ns(self) -> int:
        self.advance(0.5)
        return super().mono_ns()


def test_a_count_that_took_long_is_not_made_again_at_once(database: Database) -> None:
    _put(database, "e1")
    quick, slow = Views(database, FakeClock()), _Slow()
    views = Views(database, slow)
    assert [view.stored()["stored"]["event"] for view in (quick, views)] == [1, 1]
    _put(database, "e2")
    assert [view.stored()["stored"]["event"] for view in (quick, views)] == [2, 1]
    slow.advance(20)
    assert views.stored()["stored"]["event"] == 2


def test_filters_narrow_what_is_found(database: Database) -> None:
    finds = Finds(database, SystemClock(), lambda _: None)
    _put(database, "person", label="person")
    _put(database, "cat", label="cat", kind="line_crossed", severity="alarm", phase="end")
    _put(database, "late", start="2026-05-28T21:00:00.000Z")

    def found(**filters: Any) -> list[str]:
        return [item["id"] for item in finds.events(Filters(**filters))["items"]]

    assert found() == ["late", "person", "cat"]
    assert found(label=["cat", "dog"]) == ["cat"]
    assert found(kind=["line_crossed"]) == ["cat"]
    assert found(severity="alarm", phase="end") == ["cat"]
    assert found(since_ns=T0_NS + 1) == ["late"]
    assert found(until_ns=T0_NS + 1) == ["person", "cat"]
    assert found(camera=["other"]) == found(site="other") == found(gateway="other") == []
    assert found(site=SITE, gateway=GATEWAY, camera=[CAMERA]) == ["late", "person", "cat"]


def test_many_writers_leave_one_unbroken_audit_chain(database: Database) -> None:
    audit = Audit(database, SystemClock())
    threads = [
        threading.Thread(target=lambda: [audit.write("ann", "look", "x", "here") for _ in range(20)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert audit.verify()["verified"]
    assert [line["seq"] for line in audit.page(100, None)["items"]] == list(range(80, 0, -1))
    assert [line["seq"] for line in audit.page(2, 11)["items"]] == [10, 9]


def test_a_transaction_that_fails_leaves_nothing_behind(database: Database) -> None:
    row = {"name": "a", "role": "admin", "password": "x", "created_ns": 1}
    with pytest.raises(Unstorable):
        _insert_twice(database, row)
    with database.read() as connection:
        assert connection.execute(sa.select(schema.user)).all() == []


def _insert_twice(database: Database, row: dict[str, Any]) -> None:
    with database.write() as connection:
        connection.execute(sa.insert(schema.user).values(row))
        connection.execute(sa.insert(schema.user).values(row))


def test_a_password_fits_only_itself_and_is_salted() -> None:
    kept = hash_password("correct horse")
    assert password_fits("correct horse", kept)
    assert not password_fits("correct horse ", kept)
    assert kept != hash_password("correct horse")
