"""Who says too much, of whatever kind, takes neither the queue nor the places of media from the others."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent.central import ingest, media_intake
from agent.central.counts import Counts
from agent.central.fair import FairQueue
from agent.central.ingest import Reception
from agent.core.clock import SystemClock
from agent.wire import messages as wire
from agent.wire.topics import Address, GatewayTopics
from tests.central.helpers import SITE, manifest
from tests.central.test_fuzz import Rig

FLOOD, CALM = (GatewayTopics(SITE, name) for name in ("flood", "calm"))


def _crowded(counts: Counts) -> Reception:
    """One has said so much that the queue is half full, and another something."""
    reception = Reception(SystemClock(), counts, None, to_live=lambda *_: None, to_media=lambda *_: True)
    for number in range(ingest.QUEUE_ITEMS // 2):
        assert reception.on_message(FLOOD.health, b"%d" % number, True)
    assert reception.on_message(CALM.health, b"calm", True)
    return reception


def test_a_flood_of_states_takes_no_more_room_and_the_newest_is_what_counts() -> None:
    counts = Counts()
    reception = _crowded(counts)
    held, size = len(reception.queue), reception.queue.bytes
    for number in range(20_000):
        assert reception.on_message(FLOOD.health, b"later %d" % number, True)
    assert (len(reception.queue), counts.reasons()) == (held, {})
    assert reception.queue.bytes == size + len(b"later 19999") - len(b"4999")
    assert all(reception.on_message(CALM.camera(f"cam{number}", "state"), b"{}", True) for number in range(100))
    assert len(reception.queue) == held + 100
    taken = reception.queue.drain(ingest.QUEUE_ITEMS)
    said = [arrival.payload for arrival in taken if arrival.address.gateway == "flood"]
    assert (said[:2], said[-2:], len(said)) == ([b"0", b"1"], [b"4998", b"later 19999"], ingest.QUEUE_ITEMS // 2)
    assert (len(reception.queue), reception.queue.bytes) == (0, 0)


def test_states_of_things_that_are_made_up_have_an_end_and_hold_back_no_records() -> None:
    counts = Counts()
    reception = _crowded(counts)
    for number in range(10_000):
        assert reception.on_message(FLOOD.camera(f"cam{number}", "info"), b"{}", True)
        assert reception.on_message(FLOOD.reply(f"r{number}"), b"{}", False)
    assert counts.reasons() == {"flooding": 20_000}
    assert all(reception.on_message(FLOOD.camera("cam", "track"), b"{}", False) for _ in range(1000))
    assert all(reception.on_message(CALM.camera("cam", "track"), b"{}", False) for _ in range(1000))
    assert counts.reasons() == {"flooding": 20_000}


def test_a_will_does_not_take_the_place_of_what_a_gateway_said_when_it_came_back() -> None:
    reception = Reception(SystemClock(), Counts(), None, to_live=lambda *_: None, to_media=lambda *_: True)
    for payload in (b"online 2", b"offline 1"):
        assert reception.on_message(FLOOD.status, payload, True)
    for number in range(ingest.QUEUE_ITEMS // 2):
        assert reception.on_message(FLOOD.camera(f"cam{number}", "info"), b"{}", True)
    assert reception.on_message(CALM.health, b"calm", True)
    assert reception.on_message(FLOOD.status, b"online 2", True)
    said = [one.payload for one in reception.queue.drain(ingest.QUEUE_ITEMS) if one.address.path == ("status",)]
    assert said == [b"online 2", b"offline 1", b"online 2"]


def test_what_was_renewed_and_taken_is_not_renewed_again() -> None:
    queue = FairQueue[str](10, 1 << 20, len, lambda _: ("x", ""), lambda item: item[0])
    assert not queue.renew("a0")
    assert queue.put("a1")
    assert queue.put("a2")
    assert queue.renew("a33")
    assert queue.renew("a4444")
    assert [queue.get(0), queue.bytes, queue.get(0), queue.bytes] == ["a1", 5, "a4444", 0]
    assert not queue.renew("a5")


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def test_pieces_that_one_floods_with_leave_room_for_the_media_of_others(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    flood, calm = (Address(SITE, name, ("media", "m1", "chunk", "0")) for name in ("flood", "calm"))
    rig.media._queue = FairQueue(2000, 64 << 20, media_intake._size, media_intake._whose)
    reception = Reception(rig.clock, rig.counts, None, to_live=lambda *_: None, to_media=rig.media.on_message)
    assert reception.on_message(CALM.chunk("m1", 0), b"x", False)
    for _ in range(5000):
        assert reception.on_message(FLOOD.chunk("m1", 0), b"x", False)
    for _ in range(400):
        assert reception.on_message(CALM.chunk("m1", 0), b"x", False)
    waiting = [piece.address for piece in rig.media._queue._items]
    assert (waiting.count(calm), waiting.count(flood)) == (401, 1000)
    assert rig.counts.reasons() == {"flooding": 4000}
    rig.media.cancel(SITE, "flood", "m1")  # ours, not its: never in the way
    assert len(rig.media._queue) == 1402
    rig.database.close()


def test_media_that_one_announces_without_end_leave_places_for_others(rig: Rig) -> None:
    rig.media._most = 64

    def announce(gateway: str, count: int) -> int:
        topics = GatewayTopics(SITE, gateway)
        rig.answers.clear()
        for number in range(count):
            body = os.urandom(2000)
            address = Address(SITE, gateway, ("media", f"{gateway}-{number}", "manifest"))
            rig.media.on_message(address, wire.encode(manifest(f"{gateway}-{number}", body)))
        while (piece := rig.media._queue.get(0)) is not None:
            rig.media._take(piece)
        assert {topic for topic, _ in rig.answers} <= {topics.ack("media")}
        return len(rig.answers)

    assert announce("flood", 100) == 32
    assert [announce(f"gw-{number}", 5) for number in range(5)] == [5] * 5
    assert announce("flood", 200) == 32  # those that it announced before
    assert rig.counts.reasons()["media_no_room"] == 68 + 168
    rig.database.close()


def test_manifests_in_pages_that_one_begins_without_end_leave_those_of_others(rig: Rig) -> None:
    whole = manifest("c1", os.urandom(4000))
    pages = [whole.model_copy(update={"chunks": whole.chunks[first : first + 2], "first": first}) for first in (0, 2)]

    def say(gateway: str, media: str, page: wire.MediaManifest) -> None:
        payload = wire.encode(page.model_copy(update={"id": media}))
        rig.media._take(media_intake.Piece(Address(SITE, gateway, ("media", media, "manifest")), payload))

    say("calm", "c1", pages[0])
    for number in range(100):
        say("flood", f"f{number}", pages[0])
    say("calm", "c1", pages[1])
    assert [topic for topic, _ in rig.answers] == [CALM.ack("media")]
    rig.database.close()
