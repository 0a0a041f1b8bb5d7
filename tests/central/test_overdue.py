"""Clips that are called off in the very moment, and clips whose gateway is gone for good."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from agent.central.clips import Clips, Overdue
from agent.central.media_rows import MediaRows
from agent.central.news import Item, News
from agent.central.store import schema
from agent.central.store.finds import Finds
from agent.core.clock import NS
from agent.core.ids import new_id
from agent.wire import messages as wire
from agent.wire.topics import Address
from tests.central.helpers import CAMERA, GATEWAY, SITE, T0_NS, manifest
from tests.central.stores import Store
from tests.central.test_fuzz import ROOT, Rig
from tests.fixtures.clock import FakeClock

HERE = Address(SITE, GATEWAY, ())
BODY = b"x" * 2000
HOUR_NS = 3600 * NS


def _clip(store: Store, **more: Any) -> str:
    key = new_id(T0_NS)
    row = {
        "id": key, "command": f"c-{key}", "site": SITE, "gateway": GATEWAY, "camera": CAMERA, "event": None,
        "start_ns": T0_NS, "end_ns": T0_NS + NS, "state": "sending", "error": "", "media": "m1", "quality": "full",
        "created_ns": store.clock.wall_ns(), "deadline_ns": store.clock.wall_ns() + 120 * NS,
    }  # fmt: skip
    with store.database.write() as connection:
        connection.execute(sa.insert(schema.clip).values(row | more))
    return key


def _seen(store: Store, at_ns: int, gateway: str = GATEWAY) -> None:
    with store.database.write() as connection:
        row = {"site": SITE, "gateway": gateway, "state": "online", "seen_ns": at_ns}
        store.database.upsert(connection, schema.gateway, [row])


def _shown(store: Store, key: str) -> tuple[str, str]:
    found = store.finds.clip(key)
    assert found is not None
    return found["state"], found["error"]


class _Moved:
    """Something happens right after a clip was looked at, once."""

    def __init__(self, finds: Finds, happens: Callable[[], object]) -> None:
        self._finds, self._happens = finds, [happens]

    def clip(self, key: str) -> Any:
        found = self._finds.clip(key)
        if self._happens:
            self._happens.pop()()
        return found


def _calling_off(store: Store, happens: Callable[[], object]) -> tuple[Clips, list[str]]:
    cancelled: list[str] = []
    clips = Clips(
        store.database, _Moved(store.finds, happens), None, store.clock, News(),  # type: ignore[arg-type]
        is_limited=lambda *_: False, cancel=lambda _site, _gateway, media: cancelled.append(media),
    )  # fmt: skip
    return clips, cancelled


def test_what_became_ready_in_the_very_moment_is_not_called_off(store: Store) -> None:
    rows, key = MediaRows(store.database, store.clock), _clip(store)
    announced = manifest("m1", BODY, kind="clip", type="video/mp4")
    rows.begin(HERE, announced)
    clips, cancelled = _calling_off(store, lambda: rows.ready(HERE, announced))
    found = clips.call_off(key, "ann")
    assert found is not None
    assert (found["state"], found["url"], cancelled) == ("ready", "/api/v1/media/m1", [])


def test_what_was_answered_in_the_very_moment_is_called_off_at_the_gateway_too(store: Store) -> None:
    key = _clip(store, state="requested", media=None)

    def answered() -> None:
        with store.database.write() as connection:
            connection.execute(sa.update(schema.clip).values(state="sending", media="m1"))

    clips, cancelled = _calling_off(store, answered)
    found = clips.call_off(key, "ann")
    assert found is not None
    assert (found["state"], cancelled) == ("cancelled", ["m1"])
    assert MediaRows(store.database, store.clock).is_called_off("m1")


def test_a_clip_of_a_gateway_that_is_gone_fails_with_its_reason_and_others_do_not(store: Store) -> None:
    rows, told = MediaRows(store.database, store.clock), list[Item]()
    news = News()
    news.listen(told.append)
    overdue = Overdue(store.database, store.clock, news)
    whole = manifest("m2", BODY, kind="clip", type="video/mp4")
    rows.begin(HERE, whole)
    rows.ready(HERE, whole)
    lost, ready = _clip(store), _clip(store, media="m2")
    unanswered, other = _clip(store, state="requested", media=None), _clip(store, media="m3", gateway="gw-2")
    _seen(store, store.clock.wall_ns())
    store.clock.advance(3500)
    _seen(store, store.clock.wall_ns(), "gw-2")
    overdue.look(sending=True)
    assert {_shown(store, key)[0] for key in (lost, other)} == {"sending"}
    assert _shown(store, unanswered) == ("failed", "the gateway did not answer within 120 s")
    store.clock.advance(200)
    overdue.look(sending=False)
    assert _shown(store, lost)[0] == "sending"
    told.clear()
    overdue.look(sending=True)
    said = "its gateway was not heard of for an hour; ask again when it is back"
    assert (_shown(store, lost), told) == (("failed", said), [Item("clip", (lost,))])
    assert (_shown(store, ready), _shown(store, other)) == (("ready", ""), ("sending", ""))
    for _ in range(47):
        store.clock.advance(3600)
        _seen(store, store.clock.wall_ns(), "gw-2")
        assert _shown(store, other)[0] == "sending"
        overdue.look(sending=True)
    assert _shown(store, other) == ("failed", "it did not come within 48 hours; ask again")
    assert _shown(store, ready) == ("ready", "")


@pytest.mark.parametrize("speaks", [True, False])
def test_a_clip_that_was_given_up_and_comes_all_the_same_is_there(tmp_path: Path, *, speaks: bool) -> None:
    rig = Rig(tmp_path)
    finds = Finds(rig.database, rig.clock, lambda _: None)
    announced = wire.encode(manifest("m1", BODY, kind="clip", type="video/mp4", event="e1"))
    rig.say(f"{ROOT}/media/m1/manifest", announced)
    (clip,) = finds.clips_of_media(["m1"])
    later = FakeClock(rig.clock.wall_ns() + 2 * HOUR_NS)
    Overdue(rig.database, later, News()).look(sending=True)
    assert (finds.clip(clip["id"]) or {})["state"] == "failed"
    if speaks:
        rig.say(f"{ROOT}/media/m1/manifest", announced)
        assert (finds.clip(clip["id"]) or {})["state"] == "sending"
    for number in range(2):
        rig.say(f"{ROOT}/media/m1/chunk/{number}", BODY[1024 * number : 1024 * (number + 1)])
    found = finds.clip(clip["id"]) or {}
    assert (found["state"], found["error"], found["url"]) == ("ready", "", "/api/v1/media/m1")
    rig.database.close()


def test_a_clip_that_was_called_off_stays_so_whatever_comes(store: Store) -> None:
    rows, key = MediaRows(store.database, store.clock), _clip(store, state="cancelled", error="called off")
    announced = manifest("m1", BODY, kind="clip", type="video/mp4")
    assert rows.begin(HERE, announced) == rows.goes_on("m1") == []
    rows.ready(HERE, announced)
    assert _shown(store, key) == ("cancelled", "called off")
