"""A clip that is there or on its way answers requests for parts of it: a gateway's link carries footage once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from agent.central.clips import Clips
from agent.central.media_rows import MediaRows
from agent.central.news import Item, News
from agent.central.store import schema
from agent.central.store.database import Database
from agent.central.store.finds import Finds
from agent.central.store.leaving import Leaving
from agent.core.clock import NS, parse_rfc3339, rfc3339
from agent.core.ids import new_id
from agent.wire import messages as wire
from agent.wire.topics import Address
from tests.central.helpers import CAMERA, GATEWAY, SITE, T0_NS, event, manifest
from tests.central.stores import Store
from tests.fixtures.postgres import Postgres

HERE = Address(SITE, GATEWAY, ())
BODY = b"x" * 2000


def _s(time: str) -> float:
    return (parse_rfc3339(time) - T0_NS) / NS


class Asked:
    """A gateway, as all web processes together ask it; `limited`: every byte counts on its uplink."""

    def __init__(self, store: Store) -> None:
        self.store, self.spans, self.limited = store, list[tuple[float, float, str]](), False
        self.told: list[Item] = []

    def prepared(self, site: str, gateway: str, verb: Any, args: wire.Message) -> wire.Command:
        times = {"issued": rfc3339(T0_NS), "expires": rfc3339(T0_NS)}
        told = args.model_dump(mode="json")
        return wire.Command(id=new_id(T0_NS), verb=verb, site=site, gateway=gateway, args=told, **times)

    def dispatch(self, command: wire.Command) -> None:
        args = wire.ClipArgs.model_validate(command.args)
        self.spans.append((_s(args.start), _s(args.end), args.quality))
        self._last = command

    def answer(self, media: str) -> None:
        """Name the medium of what was asked for last."""
        reply = wire.Reply(id=self._last.id, ok=True, result={"media": media})
        self.store.take(Address(SITE, GATEWAY, ("reply", self._last.id)), wire.encode(reply))

    def send(self, media: str, first_s: float, last_s: float, *, whole: bool = True) -> None:
        """Announce it, of footage between these times, and have it come."""
        rows = MediaRows(self.store.database, self.store.clock)
        times = {"start": rfc3339(T0_NS + int(first_s * NS)), "end": rfc3339(T0_NS + int(last_s * NS))}
        announced = manifest(media, BODY, kind="clip", type="video/mp4", **times)
        rows.begin(HERE, announced)
        if whole:
            rows.ready(HERE, announced)

    def clips(self, database: Database, finds: Finds | None = None) -> Clips:
        """Of a web process."""
        news = News()
        news.listen(self.told.append)
        return Clips(
            database, finds or Finds(database, self.store.clock, lambda _: None), self, self.store.clock, news,  # type: ignore[arg-type]
            is_limited=lambda *_: self.limited, cancel=lambda *_: None,
        )  # fmt: skip


@pytest.fixture
def asked(store: Store) -> Asked:
    return Asked(store)


@pytest.fixture
def clips(asked: Asked) -> Clips:
    return asked.clips(asked.store.database)


def _ask(clips: Clips, first_s: float, last_s: float, camera: str = CAMERA, **more: Any) -> tuple[str, bool]:
    """Of the answer its id, and whether it was asked for just now."""
    span = (T0_NS + int(first_s * NS), T0_NS + int(last_s * NS))
    found, fresh = clips.of_span((SITE, GATEWAY, camera), *span, by="ann", **more)
    return found["id"], fresh


def _minute(asked: Asked, clips: Clips) -> str:
    """A clip from 0 to 60 s that is there; it begins with a keyframe a second earlier."""
    key, _ = _ask(clips, 0, 60)
    asked.answer("m1")
    asked.send("m1", -1, 59.9)
    return key


def test_a_part_of_what_is_there_costs_the_link_nothing(asked: Asked, clips: Clips) -> None:
    minute = _minute(asked, clips)
    inside, beyond = [(0, 60), (5, 15), (0, 20), (40, 60), (59, 60)], [(-0.5, 15), (50, 60.5), (-1, 61)]
    assert {_ask(clips, *span) for span in inside} == {(minute, False)}
    found = asked.store.finds.clip(minute)
    assert found is not None
    assert [_s(found[name]) for name in ("start", "actual_start", "end", "actual_end")] == [0, -1, 60, 59.9]
    assert asked.spans == [(0, 60, "full")]
    assert all(_ask(clips, *span)[1] for span in beyond)
    assert _ask(clips, 5, 15, camera="other")[1]
    assert _ask(clips, 5, 15, quality="proxy")[1]


def test_who_wants_just_that_time_gets_no_longer_one(asked: Asked, clips: Clips) -> None:
    minute = _minute(asked, clips)
    assert _ask(clips, 0, 60, exact=True) == (minute, False)
    ten, fresh = _ask(clips, 5, 15, exact=True)
    assert fresh
    assert _ask(clips, 5, 15, exact=True) == (ten, False)
    asked.answer("m2")
    asked.send("m2", 4, 15)
    assert _ask(clips, 6, 12) == (ten, False)  # of two that have it, the shorter


def test_one_on_its_way_is_waited_for_until_it_is_known_not_to_have_it(asked: Asked, clips: Clips) -> None:
    minute, _ = _ask(clips, 0, 60)
    assert _ask(clips, 20, 40) == (minute, False)
    asked.answer("m1")
    assert _ask(clips, 20, 40) == (minute, False)
    asked.send("m1", 0, 30, whole=False)  # where the camera's parameters change a clip ends
    assert _ask(clips, 10, 31) == (minute, False)
    rest, fresh = _ask(clips, 20, 40)
    assert fresh
    assert _ask(clips, 0, 60) == (minute, False)  # a second time the gateway gave no more
    asked.answer("m2")
    asked.send("m2", 20, 40)
    assert _ask(clips, 35, 40) == (rest, False)


def test_what_failed_or_was_called_off_is_lent_to_nobody(asked: Asked, clips: Clips) -> None:
    minute, _ = _ask(clips, 0, 60)
    clips.call_off(minute, "ann")
    again, fresh = _ask(clips, 0, 60)
    assert fresh
    asked.answer("m1")
    asked.send("m1", 0, 60)
    assert _ask(clips, 5, 15) == (again, False)
    Leaving(asked.store.database, lambda _: None).beyond(0)
    assert _ask(clips, 5, 15)[1]


def test_where_every_byte_counts_a_full_one_does_when_it_is_there_and_nobody_waits_for_it(
    asked: Asked, clips: Clips
) -> None:
    asked.limited = True
    full, _ = _ask(clips, 0, 60, quality="full")
    small, fresh = _ask(clips, 0, 40)
    assert fresh
    assert _ask(clips, 10, 20) == (small, False)
    assert asked.spans == [(0, 60, "full"), (0, 40, "proxy")]
    asked.send("m1", 0, 40)
    asked.answer("m1")
    asked.limited = False
    assert _ask(clips, 10, 20) == (full, False)  # no small picture where a large one is to be had


def test_of_many_who_ask_several_web_processes_in_the_same_moment_one_costs_a_transfer(
    asked: Asked, clips: Clips
) -> None:
    store, answers = asked.store, list[tuple[str, bool]]()
    other = Database.open(store.address, store.folder)
    webs, gate = (clips, asked.clips(other)), threading.Barrier(8)

    def ask(number: int) -> None:
        gate.wait()
        answers.append(_ask(webs[number % 2], 0, 60))

    people = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for one in people:
        one.start()
    for one in people:
        one.join()
    assert len({key for key, _ in answers}) == 1
    assert sorted(fresh for _, fresh in answers) == [False] * 7 + [True]
    assert _ask(webs[1], 20, 40)[1] is False
    assert asked.spans == [(0, 60, "full")]
    other.close()


def _event(asked: Asked, key: str, at_s: float) -> dict[str, Any]:
    asked.store.clock.advance(1000)
    start = rfc3339(T0_NS + int(at_s * NS))
    asked.store.put(event(key, start=start, time=start, end=start, phase="end"))
    found = asked.store.finds.event(key)
    assert found is not None
    return found


def test_an_event_has_the_clip_of_another_and_shows_it_from_then_on(asked: Asked, clips: Clips) -> None:
    first, second = _event(asked, "e1", 10), _event(asked, "e2", 12)
    longer, _ = _ask(clips, 0, 60)
    found, fresh = clips.of_event(first, by="ann")
    assert (found["id"], fresh) == (longer, False)
    assert asked.store.finds.clips_of_event("e1") == []  # it may come to nothing, and is not this event's
    asked.answer("m1")
    asked.send("m1", 0, 60)
    asked.told.clear()
    own, fresh = clips.of_event(first, by="ann")
    assert fresh is False
    assert [own[name] for name in ("event", "state", "media", "url")] == ["e1", "ready", "m1", "/api/v1/media/m1"]
    assert [_s(own[name]) for name in ("start", "end", "actual_start", "actual_end")] == [5, 15, 0, 60]
    assert asked.told == [Item("clip", (own["id"],))]
    assert asked.store.finds.clips_of_event("e1") == [own] == [clips.of_event(first, by="ann")[0]]
    other = clips.of_event(second, by="ann")[0]
    assert (other["event"], other["media"]) == ("e2", "m1")
    assert asked.spans == [(0, 60, "full")]
    Leaving(asked.store.database, lambda _: None).beyond(0)
    assert [one["state"] for key in ("e1", "e2") for one in asked.store.finds.clips_of_event(key)] == ["failed"] * 2
    assert clips.of_event(first, by="ann")[1]


def test_an_event_is_not_given_ten_minutes_of_the_street(asked: Asked, clips: Clips) -> None:
    found = _event(asked, "e1", 10)
    _ask(clips, 0, 121)
    asked.answer("m1")
    asked.send("m1", 0, 121)
    assert clips.of_event(found, by="ann")[1]
    assert asked.spans[-1] == (5, 15, "full")


class _Leaves:
    """Right after clips were looked for, what they are leaves; `gone` is then true."""

    def __init__(self, finds: Finds, leave: Callable[[], object]) -> None:
        self._finds, self._leave = finds, leave

    def __getattr__(self, name: str) -> Any:
        return getattr(self._finds, name)

    def clips_over(self, *asked: Any) -> list[dict[str, Any]]:
        found = self._finds.clips_over(*asked)
        self._leave()
        return found


@pytest.fixture
def on_postgres(postgres: Postgres, tmp_path: Path) -> Iterator[tuple[Store, Database]]:
    """Two processes over one database."""
    address = postgres.fresh()
    one, other = (Database.open(address, tmp_path) for _ in range(2))
    yield Store(one, address, tmp_path), other
    one.close()
    other.close()


def test_what_leaves_in_the_very_moment_is_not_written_down_as_there(on_postgres: tuple[Store, Database]) -> None:
    store, other = on_postgres
    asked = Asked(store)
    found, clips = _event(asked, "e1", 10), asked.clips(store.database)
    _minute(asked, clips)
    leaving = Leaving(other, lambda _: None)
    finds: Any = _Leaves(store.finds, lambda: leaving.beyond(0))
    asked.clips(store.database, finds).of_event(found, by="ann")
    assert store.finds.clips_of_event("e1") == []
    assert clips.of_event(found, by="ann")[1]


def test_a_clip_that_is_shared_comes_until_nobody_waits_for_it(asked: Asked, clips: Clips) -> None:
    other = asked.clips(asked.store.database)  # of another web process
    minute, _ = _ask(clips, 0, 60)
    span = (T0_NS + 5 * NS, T0_NS + 15 * NS)
    for _ in range(2):
        assert other.of_span((SITE, GATEWAY, CAMERA), *span, by="bob")[0]["id"] == minute
    stays = clips.call_off(minute, "ann")
    assert stays is not None
    assert stays["state"] == "requested"
    asked.answer("m1")
    stays = clips.call_off(minute, "carla")  # who never asked for it
    assert stays is not None
    assert stays["state"] == "sending"
    over = other.call_off(minute, "bob")
    assert over is not None
    assert (over["state"], over["error"]) == ("cancelled", "called off")


def test_a_clip_that_nobody_is_known_to_wait_for_can_be_called_off_by_anybody(asked: Asked, clips: Clips) -> None:
    minute, _ = _ask(clips, 0, 60)
    with asked.store.database.write() as connection:  # from before it was written down
        connection.execute(sa.update(schema.clip).values(wished=None))
    over = clips.call_off(minute, "bob")
    assert over is not None
    assert over["state"] == "cancelled"
