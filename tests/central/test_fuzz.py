"""Whatever comes over the broker: it is counted, and the centre goes on."""

from __future__ import annotations

import itertools
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.central.counts import Counts
from agent.central.fair import FairQueue
from agent.central.ingest import Reception, Writer
from agent.central.media_intake import MediaIntake
from agent.central.media_store import MediaFolder
from agent.central.news import News
from agent.central.store import outboxes
from agent.central.store.database import Database
from agent.central.store.views import Views
from agent.core.clock import SystemClock
from agent.core.errors import WireError
from agent.core.stop import StopToken
from agent.wire import messages as wire
from agent.wire.topics import Address, parse
from tests.central.helpers import (
    CAMERA,
    GATEWAY,
    SITE,
    camera_info,
    event,
    gone,
    health,
    manifest,
    span,
    track,
)
from tests.fixtures.clock import FakeClock

ROOT = f"lamppost/v1/{SITE}/{GATEWAY}"
LEAVES = st.sampled_from(
    ["status", "health", "health/history", "camera/plaza/info", "camera/plaza/state", "camera/plaza/event",
     "camera/plaza/track",
     "camera/plaza/recording", "camera/plaza/frame", "media/m1/manifest", "media/m1/gone", "media/m1/chunk/0",
     "media/m1/chunk/x", "live/l1", "reply/r1", "command/live", "ack/event", "camera/plaza",
     "camera/plaza/event/more", "../../x", "a/#"]
)  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("2026-01-01T00:00:00Z"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def _envelope(kind: str, record: wire.Message) -> dict[str, Any]:
    head = {"site": SITE, "gateway": GATEWAY, "outbox": "o1", "class": kind, "seq": 1}
    return head | {"records": [record.model_dump(mode="json")]}


GOOD: list[dict[str, Any]] = [
    _envelope("event", event("e1")), _envelope("track", track("t1")), _envelope("recording", span("s1", 0, 9)),
    _envelope("health", wire.HealthSample(time="2026-01-01T00:00:00Z", span_s=60, cameras=[{"id": "c", "online": 1}])),
    *(one.model_dump(mode="json") for one in (
        camera_info(), health(), manifest("m1", b"x" * 2000), gone("m2"), wire.Reply(id="r1", ok=True),
        wire.Status(state="online", session="s1", since="2026-01-01T00:00:00Z", version="1"),
    )),
]  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A right message with something wrong in it, or plain rubbish."""
    if draw(st.booleans()):
        return draw(st.binary(max_size=60) | st.just(b"[" * 5000) | st.just(b'{"id":"\\ud800"}'))
    document = json.loads(json.dumps(draw(st.sampled_from(GOOD))))
    place = document["records"][0] if "records" in document and draw(st.booleans()) else document
    place[draw(st.sampled_from(sorted(place)))] = draw(VALUES)
    return json.dumps(document).encode()


class Rig:
    """Ingest without a broker."""

    def __init__(self, folder: Path) -> None:
        self.database = Database.open("sqlite", folder)
        self.clock, self.counts, self.answers = SystemClock(), Counts(), list[tuple[str, bytes]]()
        media_folder = MediaFolder(folder / "media", 0)
        media_folder.prepare()
        self.media = MediaIntake(media_folder, self.database, self.clock, self.counts, News(), self._publish)
        self.reception = Reception(
            self.clock, self.counts, {(SITE, GATEWAY)}, to_live=self._live, to_media=self.media.on_message
        )
        queue = self.reception.queue
        self.writer = Writer(queue, self.database, self.clock, self.counts, News(), self._publish)

    def _publish(self, topic: str, payload: bytes) -> bool:
        self.answers.append((topic, payload))
        return True

    def _live(self, address: Address, _payload: bytes) -> None:
        if address.path[0] == "live":
            raise WireError("not a live piece")

    def say(self, topic: str, payload: bytes) -> None:
        assert self.reception.on_message(topic, payload, retained=False)
        stop = StopToken()
        stop.set()
        self.writer.run(stop)
        while (piece := self.media._queue.get(0)) is not None:
            self.media._take(piece)


def test_nothing_that_a_gateway_sends_stops_the_centre(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    seq = itertools.count(2)

    @settings(max_examples=150, deadline=None, database=None)
    @given(messages=st.lists(st.tuples(LEAVES, damaged()), min_size=1, max_size=8))
    def storm(messages: list[tuple[str, bytes]]) -> None:
        for leaf, payload in messages:
            rig.say(f"{ROOT}/{leaf}", payload)
        last = next(seq)
        rig.say(f"{ROOT}/camera/{CAMERA}/event", json.dumps(_envelope("event", event("e")) | {"seq": last}).encode())
        topic, ack = rig.answers[-1]
        assert (topic, json.loads(ack)["seqs"]) == (f"{ROOT}/ack/event", [last])
        views = Views(rig.database, rig.clock)
        json.dumps([views.gateways(), views.cameras(), views.stored()], allow_nan=False)
        assert "unstorable" not in rig.counts.reasons()

    try:
        storm()
    finally:
        rig.database.close()


def test_more_holes_than_are_kept_are_said_and_counted_and_what_closes_them_is_taken(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outboxes, "MOST_RANGES", 20)
    rig, topic, body = Rig(tmp_path), f"{ROOT}/camera/{CAMERA}/event", _envelope("event", event("e1"))

    def acked(seq: int, dropped: list[list[int]]) -> bool:
        rig.answers.clear()
        rig.say(topic, json.dumps(body | {"seq": seq, "dropped": dropped}).encode())
        return [json.loads(ack)["seqs"] for _, ack in rig.answers] == [[seq]]

    assert all(acked(seq, []) for seq in range(2, 42, 2))
    assert not acked(42, [])
    assert rig.counts.reasons() == {"too_many_holes": 1}
    assert f"{SITE}/{GATEWAY}, class event: more than 20 holes in an outbox's numbers: 42 waits" in caplog.text
    assert acked(1, [[3, 39]])
    assert acked(42, [])
    assert rig.counts.reasons() == {"too_many_holes": 1}
    rig.database.close()


def test_what_no_database_takes_is_counted_acknowledged_and_lost_so_that_the_next_may_come(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    envelope = _envelope("event", event("first")) | {"seq": 3}
    rig.say(f"{ROOT}/camera/{CAMERA}/event", json.dumps(envelope).encode())
    with sqlite3.connect(tmp_path / "days/2026-05-28.db") as other:
        other.execute(
            "CREATE TRIGGER poison BEFORE INSERT ON event WHEN NEW.id = 'bad' BEGIN SELECT raise(ABORT, 'no'); END"
        )
    other.close()
    for seq, key in ((1, "bad"), (2, "good")):
        envelope = _envelope("event", event(key)) | {"seq": seq}
        assert rig.reception.on_message(f"{ROOT}/camera/{CAMERA}/event", json.dumps(envelope).encode(), retained=False)
    stop = StopToken()
    stop.set()
    rig.writer.run(stop)
    assert sorted(seq for _, answer in rig.answers for seq in json.loads(answer)["seqs"]) == [1, 2, 3]
    stored = Views(rig.database, rig.clock).stored()
    assert (stored["stored"]["event"], stored["lost"], rig.counts.reasons()) == (2, 1, {"unstorable": 1})
    rig.database.close()


def test_media_that_gateways_gave_up_make_room_for_others_after_an_hour(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.media._most = 2
    rig.media._clock = clock = FakeClock()
    body = b"x" * 2000
    for key in ("m1", "m2", "m3"):
        rig.say(f"{ROOT}/media/{key}/manifest", wire.encode(manifest(key, body)))
        rig.say(f"{ROOT}/media/{key}/chunk/0", body[:1024])
    assert sorted(path.name for path in (tmp_path / "media/incoming").iterdir()) == ["m1", "m2"]
    clock.advance(3000)
    rig.say(f"{ROOT}/media/m1/manifest", wire.encode(manifest("m1", body)))
    clock.advance(3000)
    for key in ("m3", "m4"):
        rig.say(f"{ROOT}/media/{key}/manifest", wire.encode(manifest(key, body)))
        rig.say(f"{ROOT}/media/{key}/chunk/0", body[:1024])
    assert sorted(path.name for path in (tmp_path / "media/incoming").iterdir()) == ["m1", "m3"]
    assert rig.counts.reasons()["media_forgotten"] == 1
    rig.database.close()


def test_a_medium_whose_row_could_not_be_written_is_done_when_it_is_announced_again(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    body = b"x" * 500
    announced = wire.encode(manifest("m1", body))
    rig.say(f"{ROOT}/media/m1/manifest", announced)
    with sqlite3.connect(tmp_path / "centre.db") as other:
        other.execute("CREATE TRIGGER full BEFORE UPDATE ON media BEGIN SELECT raise(ABORT, 'disk full'); END")
        other.commit()
        rig.say(f"{ROOT}/media/m1/chunk/0", body)
        rig.say(f"{ROOT}/media/m1/manifest", announced)
        assert not [answer for _, answer in rig.answers if json.loads(answer)["state"] == "done"]
        other.execute("DROP TRIGGER full")
    other.close()
    rig.say(f"{ROOT}/media/m1/manifest", announced)
    assert json.loads(rig.answers[-1][1])["state"] == "done"
    assert Views(rig.database, rig.clock).medium("m1") is not None
    rig.database.close()


@given(st.text(max_size=80) | st.lists(st.sampled_from(["lamppost", "v1", "..", "a", "", "#", "+"])).map("/".join))
def test_any_topic_is_taken_apart_or_refused(topic: str) -> None:
    counts = Counts()
    reception = Reception(
        FakeClock(), counts, {(SITE, GATEWAY)}, to_live=lambda *_: None, to_media=lambda *_: True
    )  # fmt: skip
    assert reception.on_message(topic, b"{}", retained=False)
    assert sum(counts.reasons().values()) == 1
    assert len(reception.queue) == 0


def test_a_full_queue_means_not_taken_and_nothing_is_counted() -> None:
    counts = Counts()
    reception = Reception(FakeClock(), counts, None, to_live=lambda *_: None, to_media=lambda *_: False)
    reception.queue = FairQueue(1, 1 << 20, lambda _: 1, lambda _: ("", ""))
    assert reception.on_message(f"{ROOT}/health", b"{}", retained=False)
    assert not reception.on_message(f"{ROOT}/health", b"{}", retained=False)
    assert not reception.on_message(f"{ROOT}/media/m1/chunk/0", b"x", retained=False)
    assert counts.messages == 1


def test_what_the_database_does_not_take_now_is_tried_again_and_acknowledged_only_then(tmp_path: Path) -> None:

    rig = Rig(tmp_path)
    address = parse(f"{ROOT}/camera/{CAMERA}/event")
    payload = json.dumps(_envelope("event", event("e1"))).encode()
    stop = StopToken()
    stop.set()
    rig.say(f"{ROOT}/camera/{CAMERA}/track", json.dumps(_envelope("track", track("t1"))).encode())
    rig.answers.clear()
    with sqlite3.connect(tmp_path / "days/2026-05-28.db") as other:
        other.execute("ALTER TABLE event RENAME TO hidden")
        assert rig.reception.on_message("/".join((ROOT, *address.path)), payload, retained=False)
        rig.writer.run(stop)
        assert rig.writer.error
        assert (rig.answers, rig.writer.queued) == ([], 1)
        other.execute("ALTER TABLE hidden RENAME TO event")
    other.close()
    rig.writer._turn(stop)
    assert rig.writer.error == ""
    assert [topic for topic, _ in rig.answers] == [f"{ROOT}/ack/event"]
    assert Views(rig.database, rig.clock).stored()["stored"]["event"] == 1
    rig.database.close()
