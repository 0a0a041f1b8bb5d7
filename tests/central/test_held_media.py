"""Pictures and clips that are held stay, whatever their age and however little room there is: over both databases."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from agent.central.store import schema
from agent.central.store.holds import Holds
from agent.central.store.leaving import Leaving
from agent.central.store.reach import Reach
from agent.central.store.retention import Retention
from agent.central.store.rows import DAY_NS
from agent.core.clock import NS
from agent.core.ids import new_id
from tests.central.helpers import CAMERA, GATEWAY, SITE, T0_NS
from tests.central.stores import Store

OLD_NS = T0_NS - 9 * DAY_NS
PLACE = {"site": SITE, "gateway": GATEWAY}


def _medium(store: Store, key: str, start_ns: int, end_ns: int, camera: str = CAMERA, **more: Any) -> None:
    row = {
        "id": key, **PLACE, "camera": camera, "kind": "snapshot", "type": "image/jpeg", "bytes": 100, "sha256": "",
        "codecs": "", "state": "ready", "reason": "", "start_ns": start_ns, "end_ns": end_ns, "created_ns": start_ns,
    } | more  # fmt: skip
    clip = {
        "id": key, "command": key, **PLACE, "camera": camera, "start_ns": start_ns, "end_ns": end_ns, "media": key,
        "state": "ready", "error": "", "quality": "full", "created_ns": start_ns, "deadline_ns": 0,
    }  # fmt: skip
    store.put_medium(**row)
    with store.database.write() as connection:
        connection.execute(sa.insert(schema.clip).values(clip))


def _fill(store: Store) -> None:
    """Of an old hour; the held ones begin with `h`."""
    for key, first_s, last_s in (("a-before", -9, -1), ("h-reaches", -9, 0), ("h-point", 5, 5), ("after", 60, 60)):
        _medium(store, key, OLD_NS + first_s * NS, OLD_NS + last_s * NS)
    _medium(store, "h-spans", OLD_NS - 100 * NS, OLD_NS + 100 * NS)
    _medium(store, "other-camera", OLD_NS + 5 * NS, OLD_NS + 6 * NS, "vault")


def _hold(store: Store) -> str:
    key, holds = new_id(T0_NS), Holds(store.database, store.clock)
    named = [(SITE, GATEWAY, CAMERA)]
    assert holds.make(key, named, OLD_NS, OLD_NS + 60 * NS, reason="case 4711", by="ann", until_ns=None)
    return key


def _left(store: Store, table: sa.Table = schema.media, state: str = "ready") -> set[str]:
    with store.database.read() as connection:
        return set(connection.scalars(sa.select(table.c.id).where(table.c.state == state)))


HELD = {"h-reaches", "h-point", "h-spans"}


def test_what_is_held_stays_when_its_time_is_over(store: Store) -> None:
    _fill(store)
    key, gone = _hold(store), list[str]()
    retention = Retention(store.database, store.clock, 2, lambda medium: gone.append(medium.id))
    retention.sweep()
    assert set(gone) == {"a-before", "after", "other-camera"}
    assert _left(store) == _left(store, schema.clip) == HELD
    clip = store.finds.clip("h-point")
    assert clip is not None
    assert clip["held"] is True
    Holds(store.database, store.clock).release(key, "ann", "over")
    retention.sweep()
    assert _left(store) == _left(store, schema.clip) == set()


@pytest.mark.parametrize("at_once", [1, 500])
def test_what_is_held_makes_no_room_and_counts(store: Store, monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr("agent.central.store.leaving._AT_ONCE", at_once)
    _fill(store)
    key, gone = _hold(store), list[str]()
    leaving = Leaving(store.database, lambda medium: gone.append(medium.id))
    assert leaving.beyond(500) == 2
    assert (gone, leaving.problem) == (["a-before", "other-camera"], "")
    assert leaving.beyond(299) == 1
    assert _left(store) == HELD
    assert "1 bytes more than [media] max_bytes" in leaving.problem
    assert leaving.beyond(300) == 0
    assert leaving.problem == ""
    Holds(store.database, store.clock).release(key, "ann", "over")
    assert leaving.beyond(299) == 1
    assert (leaving.problem, gone[-1]) == ("", "h-spans")


def test_a_hold_that_is_over_by_its_time_holds_no_more(store: Store) -> None:
    _fill(store)
    holds, key = Holds(store.database, store.clock), new_id(T0_NS)
    until_ns = T0_NS + 60 * NS
    holds.make(key, [(SITE, GATEWAY, CAMERA)], 0, T0_NS, reason="x", by="ann", until_ns=until_ns)
    assert holds.due() == []
    store.clock.advance(60)
    assert holds.due() == [key]
    holds.expire(key)
    over = holds.one(key)
    assert over is not None
    assert (over["state"], over["released_by"], over["media"]) == ("over", None, 0)
    assert [one["state"] for one in over["gateways"]] == ["released"]
    assert holds.due() == []
    assert holds.release(key, "ann", "again") is False


def test_a_page_of_holds_takes_as_many_questions_as_one_hold(store: Store) -> None:
    _fill(store)
    other = (SITE, GATEWAY, "vault")
    holds, keys = Holds(store.database, store.clock), [_hold(store) for _ in range(3)]
    for number in range(20):
        named = [other, *((SITE, GATEWAY, f"c{number}-{one}") for one in range(20))]
        keys.append(new_id(T0_NS))
        assert holds.make(keys[-1], named, OLD_NS, OLD_NS + 60 * NS, reason="r", by="ann", until_ns=None)
    holds.release(keys[0], "ann", "over")
    told, limited = list[str](), holds.limited(Reach.of([f"{SITE}/{GATEWAY}/{CAMERA}"]))

    def add(*of: Any) -> None:
        told.append(of[2])

    sa.event.listen(sa.Engine, "before_cursor_execute", add)
    try:
        assert len(holds.page(None, None, 40, None)["items"]) == len(keys)
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", add)
    assert len([one for one in told if one.startswith("SELECT")]) <= 4
    kept = {one["id"]: (one["media"], one["bytes"]) for one in holds.some(keys)}
    assert [kept[key] for key in keys[:4]] == [(0, 0), (3, 300), (3, 300), (1, 100)]
    assert {one["id"]: one["media"] for one in limited.some(keys)} == {keys[0]: 0, keys[1]: 3, keys[2]: 3}
