"""What is new is looked up together: a busy moment costs as many questions as a quiet one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from agent.central.api import stream
from agent.central.news import Item
from agent.central.store.reach import Reach
from agent.central.store.schema import camera, clip, gateway, gateway_key, outbox_seq
from agent.central.store.views import Views
from agent.core.clock import SystemClock
from tests.central.helpers import CAMERA, SITE, T0_NS, event
from tests.central.stores import Store

GATEWAYS = [f"gw-{number:02}" for number in range(30)]


@contextmanager
def _statements() -> Iterator[list[str]]:
    told = list[str]()

    def add(*of: Any) -> None:
        told.append(of[2])

    sa.event.listen(sa.Engine, "before_cursor_execute", add)
    yield told
    sa.event.remove(sa.Engine, "before_cursor_execute", add)


@pytest.fixture
def centre(store: Store) -> Any:
    """Thirty gateways with a camera, a key and a loss each; events, and a clip of each."""
    with store.database.write() as connection:
        for number, name in enumerate(GATEWAYS):
            where = {"site": SITE, "gateway": name}
            key = {"key_id": name, "key": "00" * 32, "first_ns": T0_NS, "last_ns": T0_NS}
            connection.execute(sa.insert(gateway).values(**where, state="online", seen_ns=SystemClock().wall_ns()))
            connection.execute(sa.insert(camera).values(**where, camera=CAMERA, state={"online": True}))
            connection.execute(sa.insert(gateway_key).values(**where, **key))
            counts = {"stored": 9, "lost": number, "dropped": 2 * number, "duplicates": 0}
            connection.execute(
                sa.insert(outbox_seq).values(
                    **where, outbox="o", kind="event", received=[], announced=[], high=9, **counts
                )
            )
    store.put(*(event(f"e{number}") for number in range(30)))
    return SimpleNamespace(views=Views(store.database, SystemClock()), finds=store.finds, health=dict)


def _told(centre: Any, *items: Item) -> list[tuple[str, Any]]:
    told = [text.split("\n") for text in stream._told(centre, list(items))]
    return [(one[0].removeprefix("event: "), json.loads(one[1].removeprefix("data: "))) for one in told]


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        ("gateway", [(SITE, name) for name in GATEWAYS]),
        ("camera", [(SITE, name, CAMERA) for name in GATEWAYS]),
        ("camera", [(SITE, name) for name in GATEWAYS]),
        ("event", [(f"e{number}",) for number in range(30)]),
    ],
)
def test_thirty_that_changed_at_once_cost_as_many_questions_as_one(centre: Any, kind: str, keys: Any) -> None:
    with _statements() as one:
        first = _told(centre, Item(kind, keys[7]))
    with _statements() as many:
        all_of_them = _told(centre, *(Item(kind, key) for key in keys))
    assert len(first) == 1
    assert len(all_of_them) == 30
    assert first[0] in all_of_them
    assert len(one) == len(many)


def test_of_one_gateway_is_told_what_the_api_says_of_it(centre: Any) -> None:
    whole = {row["gateway"]: row for row in centre.views.gateways()}
    ((kind, told),) = _told(centre, Item("gateway", (SITE, "gw-07")))
    assert (kind, told["gateway"], told["cameras"], told["lost"], told["dropped"]) == ("gateway", "gw-07", 1, 7, 14)
    assert [one["id"] for one in told["keys"]] == ["gw-07"]
    assert centre.views.gateways_at([(SITE, "gw-07")]) == [whole["gw-07"]]
    assert centre.views.gateways(SITE, "gw-07") == [whole["gw-07"]]
    assert centre.views.limited(Reach.of([f"{SITE}/gw-08"])).gateways_at([(SITE, "gw-07")]) == []


def test_of_a_gateway_all_cameras_are_told_once_and_in_their_order(centre: Any) -> None:
    told = _told(
        centre,
        Item("camera", (SITE, "gw-02")),
        Item("camera", (SITE, "gw-02", CAMERA)),
        Item("camera", (SITE, "gw-01")),
    )
    assert [(kind, row["gateway"], row["gateway_online"]) for kind, row in told] == [
        ("camera", "gw-01", True), ("camera", "gw-02", True)
    ]  # fmt: skip


def test_clips_are_told_by_themselves_and_by_their_media(centre: Any, store: Store) -> None:
    row = {
        "site": SITE, "gateway": "gw-01", "camera": CAMERA, "start_ns": T0_NS, "end_ns": T0_NS + 1, "error": "",
        "quality": "full", "created_ns": T0_NS, "deadline_ns": T0_NS, "state": "sending",
    }  # fmt: skip
    with store.database.write() as connection:
        connection.execute(sa.insert(clip).values(id="c1", command="c1", media="m1", **row))
        connection.execute(sa.insert(clip).values(id="c2", command="c2", **row))
    assert {row["id"] for _, row in _told(centre, Item("clip", ("c2",)), Item("clip", ("c1",)))} == {"c1", "c2"}
    assert [(kind, row["id"]) for kind, row in _told(centre, Item("media", ("m1",)), Item("media", ("m9",)))] == [
        ("clip", "c1")
    ]
