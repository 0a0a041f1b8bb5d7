"""Media over links that break, brokers that take little, and what becomes of those that never go."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from agent.core.clock import rfc3339
from agent.publish.flow import FIRST_BYTES, PIECE_S, SIZES, WINDOW_S, Flow
from agent.publish.outbox import Outbox
from agent.publish.transfer import SILENCE_S, MediaSender, Pressure
from agent.wire.messages import CHUNK_BYTES, MediaAck, MediaGone, MediaManifest, decode
from agent.wire.topics import GatewayTopics
from tests.fixtures.clock import FakeClock
from tests.publish.centre import Centre, wait_for
from tests.publish.proxy import Proxy

NOW = rfc3339(1_780_000_000_000_000_000)


def noise(size: int) -> bytes:
    return random.Random(size).randbytes(size)


def put(outbox: Outbox, media: str, body: bytes | Path, kind: str = "clip", **more):
    return outbox.put_media(
        id=media, camera="cam", kind=kind, type="video/mp4", start=NOW, end=NOW, source=body, **more
    )


def test_over_a_link_that_breaks_again_and_again_hardly_a_byte_goes_twice(mosquitto, make_uplink, running):
    broker, body = mosquitto(), noise(500_000)
    with Proxy(broker.port) as link, Centre(broker.url) as centre:
        link.rate(400_000)
        link.break_every(0.8)
        uplink, outbox = make_uplink(link.url)
        put(outbox, "clip1", body)
        running(*uplink.workers)
        wait_for(lambda: outbox.depth().media == 0, 60)
        assert link.broken >= 2
    assert centre.media["clip1"] == body
    again = uplink.media.sent["bytes"] / len(body) - 1
    assert again < 0.25  # breaks come four times as often as in the bench, which holds it under 5 %


def test_a_broker_that_takes_little_gets_smaller_pieces_and_the_manifest_in_parts(mosquitto, make_uplink, running):
    broker, body = mosquitto(lines=["max_packet_size 20000"]), noise(4_000_000)
    with Centre(broker.url) as centre:
        uplink, outbox = make_uplink(broker.url)
        put(outbox, "clip1", body)
        put(outbox, "picture1", noise(50_000), "snapshot")
        running(*uplink.workers)
        wait_for(lambda: outbox.depth().media == 0, 30)
    assert centre.media["clip1"] == body
    assert centre.manifests["clip1"].chunk_bytes == 12 * 1024
    assert centre.pages["clip1"] == 2
    assert {number for media, number in centre.piece_copies if media == "picture1"} == set(range(5))


def test_pictures_smaller_than_any_piece_go_over_a_slow_link(mosquitto, make_uplink, running):
    broker = mosquitto()
    with Proxy(broker.port) as link, Centre(broker.url) as centre:
        link.rate(20_000)
        uplink, outbox = make_uplink(link.url)
        for n in range(4):
            put(outbox, f"picture{n}", noise(5000 + n), "snapshot")
        running(*uplink.workers)
        wait_for(lambda: outbox.depth().media == 0)
    assert {len(body) for body in centre.media.values()} == {5000, 5001, 5002, 5003}
    assert set(centre.piece_copies.values()) == {1}


def test_what_the_budget_holds_waits_and_goes_when_it_may(mosquitto, make_uplink, running):
    broker = mosquitto()

    class Purse:
        reason, spent, limited = "used up", 0, False

        def refusal(self, kind: str) -> str:
            return self.reason if kind != "alarm" else ""

        def spend(self, _kind: str, size: int) -> None:
            self.spent += size

        def save(self) -> None:
            pass

    purse = Purse()
    with Centre(broker.url) as centre:
        uplink, outbox = make_uplink(broker.url, budget=purse)
        put(outbox, "clip1", noise(50_000))
        put(outbox, "alarm1", noise(9000), "snapshot", urgent=True)
        running(*uplink.workers)
        wait_for(lambda: "alarm1" in centre.media)
        wait_for(lambda: outbox.media.classes() == {"clip": (1, 50_000)})
        assert "clip1" not in centre.manifests
        purse.reason = ""
        wait_for(lambda: "clip1" in centre.media)
    assert purse.spent > 59_000


def test_a_broker_that_takes_next_to_nothing_is_named_in_the_notice(mosquitto, make_uplink, running):
    broker = mosquitto(lines=["max_packet_size 2000"])
    with Centre(broker.url) as centre:
        uplink, outbox = make_uplink(broker.url)
        put(outbox, "clip1", noise(10_000), event="e1", quality="full")
        running(*uplink.workers)
        wait_for(lambda: not outbox.media.waiting(1))
    gone = centre.gone["clip1"]
    assert (gone.event, gone.quality, gone.kind) == ("e1", "full", "clip")
    assert "the broker takes no message above" in gone.reason


def test_after_a_break_the_centre_is_asked_in_few_words(mosquitto, make_uplink, running):
    broker, body = mosquitto(), noise(1_200_000)
    with Proxy(broker.port) as link, Centre(broker.url) as centre:
        link.rate(1_000_000)
        uplink, outbox = make_uplink(link.url)
        put(outbox, "clip1", body)
        running(*uplink.workers)
        wait_for(lambda: len(centre.pieces["clip1"]) > 5)
        pages, size = centre.pages["clip1"], centre.manifests["clip1"].chunk_bytes
        link.cut()
        wait_for(lambda: outbox.depth().media == 0, 40)
    assert centre.media["clip1"] == body
    assert centre.manifests["clip1"].chunk_bytes <= size
    assert centre.pages["clip1"] > pages  # it was asked, and knew


def test_what_a_person_waits_for_overtakes_what_the_gateway_sends_by_itself(tmp_path: Path, clock: FakeClock):
    outbox = Outbox(tmp_path / "outbox.db", clock)
    put(outbox, "full", b"f", quality="full")
    put(outbox, "proxy", b"p", quality="proxy")
    put(outbox, "strip", b"s", "sprite")
    put(outbox, "picture", b"i", "snapshot")
    put(outbox, "asked", b"a", quality="full", asked=True)
    put(outbox, "asked-proxy", b"q", quality="proxy", asked=True)
    put(outbox, "alarm", b"!", "snapshot", urgent=True)
    outbox.media.never(MediaGone(id="no", camera="cam", kind="clip", reason="no footage", start=NOW, end=NOW))
    order = ["alarm", "no", "asked-proxy", "asked", "picture", "strip", "proxy", "full"]
    assert [one.id for one in outbox.media.waiting(20)] == order
    assert outbox.media.classes() == {
        "alarm": (1, 1), "asked": (2, 2), "snapshot": (1, 1), "sprite": (1, 1), "proxy": (1, 1), "clip": (1, 1),
    }  # fmt: skip
    assert outbox.depth().media == 7
    outbox.close()


def test_notices_are_bounded_expire_and_take_their_files_along(tmp_path: Path, clock: FakeClock, monkeypatch):
    monkeypatch.setattr("agent.publish.spool.MOST_NOTICES", 3)
    outbox = Outbox(tmp_path / "outbox.db", clock)
    for n in range(5):
        put(outbox, f"m{n}", noise(600_000))
        clock.advance(1)
        assert outbox.media.give_up(f"m{n}", "test")
    assert [one.id for one in outbox.media.waiting(20)] == ["m2", "m3", "m4"]
    assert list((tmp_path / "outbox.db-media").iterdir()) == []
    assert (outbox.media.size, outbox.depth().media) == (0, 0)
    assert not outbox.media.give_up("m4", "again")
    clock.advance(8 * 86_400)
    outbox.media.expire()
    assert outbox.media.waiting(20) == []
    outbox.close()


def test_a_medium_is_cut_anew_without_losing_what_has_come(tmp_path: Path, clock: FakeClock):
    outbox, body = Outbox(tmp_path / "outbox.db", clock), noise(700_000)
    coarse = put(outbox, "m1", body)
    fine = outbox.media.cut("m1", CHUNK_BYTES // 4)
    assert fine is not None
    assert (fine.sha256, fine.pieces, len(fine.chunks)) == (coarse.sha256, 29, 29)
    assert b"".join(outbox.media.chunk(fine, n) or b"" for n in range(29)) == body
    assert outbox.media.cut("m1", CHUNK_BYTES) == fine
    assert outbox.media.cut("nothing", 3072) is None
    outbox.close()


def test_pieces_and_window_follow_the_rate(clock: FakeClock):
    flow = Flow(clock)
    assert flow.piece_bytes == FIRST_BYTES
    for rate in (32_000, 4_000_000):
        for _ in range(2000):
            flow.sent(flow.piece_bytes)
            clock.advance(flow.piece_bytes / rate)
            flow.settle(0)
        assert flow.piece_bytes == next((size for size in SIZES if size <= rate * PIECE_S), SIZES[-1])
        while flow.has_room(flow.piece_bytes):
            flow.sent(flow.piece_bytes)
        assert flow.on_the_way <= max(flow.piece_bytes, rate * WINDOW_S)
        assert not flow.has_room(flow.piece_bytes, yielding=True)
        clock.advance(flow.on_the_way / rate)
        flow.settle(0)
    assert flow.has_room(flow.piece_bytes, yielding=True)


@pytest.mark.parametrize(
    ("passed", "size"), [(0, 3072), (300_000, 3072), (2_000_000, 24_576), (30_000_000, CHUNK_BYTES)]
)
def test_pieces_become_a_small_part_of_what_passes_between_breaks(clock: FakeClock, passed: int, size: int):
    flow = Flow(clock)
    for _ in range(passed // 10_000):
        flow.sent(10_000)
        clock.advance(0.0001)
        flow.settle(0)
    flow.sent(10_000)
    flow.broke()
    assert flow.on_the_way == 0
    flow.sent(10_000)
    clock.advance(0.0001)
    flow.settle(0)
    assert flow.piece_bytes == size
    assert flow.has_room(size)


class Heavy:
    """A link that takes everything and confirms nothing by itself."""

    def __init__(self) -> None:
        self.backlog, self.said, self.bodies = 0, list[str](), list[bytes]()

    def max_payload(self, _topic: str) -> int:
        return 1 << 20

    def publish(self, topic: str, body: bytes, **_options: object) -> bool:
        self.said.append(topic.partition("/media/")[2])
        self.bodies.append(body)
        self.backlog += 1
        return True


def test_media_yield_to_messages_but_for_what_somebody_waits_for(tmp_path: Path, clock: FakeClock):
    outbox, link, pressure = Outbox(tmp_path / "outbox.db", clock), Heavy(), [Pressure.MUCH]
    sender = MediaSender(outbox.media, GatewayTopics("town", "pole"), link, clock, pressure=lambda: pressure[0])
    put(outbox, "strip", noise(30_000), "sprite")
    put(outbox, "asked", noise(30_000), quality="proxy", asked=True)

    def answer(media: str) -> None:
        link.backlog = 0
        sender.heard(MediaAck(id=media, state="want", missing=[(0, 99)], now=NOW))
        sender.step()

    sender.step()
    assert link.said == ["asked/manifest"]
    answer("asked")
    assert link.said == ["asked/manifest", "asked/chunk/0"]  # one at a time
    pressure[0] = Pressure.NONE
    for _ in range(3):
        link.backlog = 0
        clock.advance(0.01)
        sender.step()
    assert {"asked/chunk/2", "strip/manifest"} <= set(link.said)
    outbox.close()


def test_an_announcement_longer_than_any_connection_lasts_comes_to_its_end(tmp_path: Path, clock: FakeClock):
    """Each connection bears a page and breaks over the next: that one goes again, those before it do not."""
    outbox, link = Outbox(tmp_path / "outbox.db", clock), Heavy()
    sender = MediaSender(outbox.media, GatewayTopics("town", "pole"), link, clock)
    put(outbox, "clip1", noise(20_000_000))
    for _ in range(6):
        sender.begin_again()
        for _ in range(2):
            link.backlog = 0
            clock.advance(1)
            sender.step()
    pages = [decode(MediaManifest, body) for body in link.bodies]
    firsts = sorted({page.first for page in pages})
    assert len(firsts) == 5
    assert sum(len(page.chunks) for page in {page.first: page for page in pages}.values()) == pages[0].pieces
    assert [page.first for page in pages] == [
        firsts[n] for n in (0, 1, 1, 2, 2, 3, 3, 4, 4, 4)
    ]  # then it is unanswered
    link.backlog = 0
    clock.advance(SILENCE_S + 1)
    sender.step()
    assert decode(MediaManifest, link.bodies[-1]).first == 0
    outbox.close()
