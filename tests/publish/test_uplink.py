"""From the outbox through a real mosquitto to a small centre: nothing is lost, whatever is killed."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agent.core.clock import SystemClock, rfc3339
from agent.publish.budget import Budget
from agent.publish.database import Database
from agent.wire.messages import (
    Ack,
    CameraState,
    Event,
    Health,
    OutboxDepth,
    Reply,
    TrackSummary,
    decode,
    encode,
)
from tests.publish.centre import Centre, wait_for
from tests.publish.proxy import Proxy

NOW = rfc3339(1_780_000_000_000_000_000)
ROOT = "lamppost/v1/town/pole"


def event(number: int, severity: str = "info") -> Event:
    return Event(id=f"e{number}", camera="cam", kind="motion", phase="start", time=NOW, start=NOW, severity=severity)


def camera_state(online: bool = True) -> CameraState:
    return CameraState(camera="cam", online=online, recording=True, analysing=True, since=NOW)


def test_messages_arrive_are_acknowledged_and_leave_the_outbox(mosquitto, make_uplink, running):
    broker = mosquitto()
    uplink, outbox = make_uplink(broker.url)
    with Centre(broker.url) as centre:
        running(*uplink.workers)
        for n in range(300):
            outbox.put("event", "cam", event(n))
        outbox.put(
            "track", "cam", TrackSummary(id="t", camera="cam", final=True, label="car", score=1, start=NOW, end=NOW)
        )
        wait_for(lambda: outbox.depth().messages == 0)
    assert centre.stored == {"event": set(range(1, 301)), "track": {1}}
    assert {record["id"] for record in centre.records} == {*(f"e{n}" for n in range(300)), "t"}
    depth = outbox.depth()
    assert depth.sent == depth.acknowledged == {"event": 300, "track": 1}
    assert (uplink.health().connected, uplink.health().protocol) == (True, 5)


def test_media_have_a_connection_of_their_own_and_only_the_first_one_is_the_gateway(mosquitto, make_uplink, running):
    broker = mosquitto(users={"pole": "secret", "centre": "c"})
    uplink, outbox = make_uplink(broker.url, username="pole", password="secret")
    with Centre(broker.url, user="centre", password="c") as centre:
        running(*uplink.workers)
        wait_for(lambda: uplink.link.connected and uplink.media.link.connected)
        assert uplink.media.link._settings.client_id == uplink.link._settings.client_id + "-media"
        uplink.media.link._session._end("cut by the test")
        outbox.put_media(id="m", camera="cam", kind="clip", type="video/mp4", start=NOW, end=NOW, source=b"x" * 300_000)
        outbox.put("event", "cam", event(1, "alarm"))
        wait_for(lambda: centre.media.get("m") and centre.stored["alarm"])
        assert centre.statuses() == ["online"]
        assert uplink.health().media_error == ""


def test_without_a_centre_nothing_leaves_the_outbox_though_the_broker_confirms(mosquitto, make_uplink, running):
    broker = mosquitto()
    uplink, outbox = make_uplink(broker.url)
    running(*uplink.workers)
    for n in range(10):
        outbox.put("event", "cam", event(n))
    wait_for(lambda: outbox.depth().sent.get("event") == 10)
    time.sleep(1.5)
    assert outbox.depth().messages == 10
    with Centre(broker.url) as centre:
        wait_for(lambda: outbox.depth().messages == 0)
        assert centre.stored["event"] == set(range(1, 11))


def test_a_broker_killed_in_the_middle_costs_nothing(mosquitto, make_uplink, running):
    broker = mosquitto()
    uplink, outbox = make_uplink(broker.url)
    with Centre(broker.url) as centre:
        running(*uplink.workers)
        for n in range(1500):
            outbox.put("event", "cam", event(n))
            if n == 700:
                broker.kill()
            if n == 1000:
                broker.start()
        wait_for(lambda: outbox.depth().messages == 0, 40)
    assert centre.lost("event", 1500) == set()
    assert len(centre.records) == 1500


def test_a_reply_that_is_ready_while_the_broker_is_away_goes_out_later(mosquitto, make_uplink, running):
    broker = mosquitto()
    uplink, _ = make_uplink(broker.url)
    uplink._commands.on_reply(Reply(id="c1", ok=True, result={"media": "m1"}))  # nobody is connected yet
    with Centre(broker.url) as centre:
        running(*uplink.workers)
        topic = "lamppost/v1/town/pole/reply/c1"
        wait_for(lambda: [payload for name, payload, _ in centre.other if name == topic])


def test_a_broker_that_silently_drops_costs_nothing(mosquitto, make_uplink, running):
    broker = mosquitto(lines=["max_queued_messages 20", "max_inflight_messages 1"])
    uplink, outbox = make_uplink(broker.url)
    with Centre(broker.url) as centre:
        running(*uplink.workers)
        for n in range(1000):
            outbox.put("event", "cam", event(n))
        wait_for(lambda: outbox.depth().messages == 0, 60)
    assert centre.lost("event", 1000) == set()


def test_a_gateway_killed_in_the_middle_costs_nothing(mosquitto, make_uplink, running, tmp_path: Path):
    broker = mosquitto()
    code = (
        "import os,sys,threading; from pathlib import Path\n"
        "from agent.core.clock import SystemClock; from agent.core.stop import StopToken\n"
        "from agent.publish.commands import CommandDesk; from agent.publish.outbox import Outbox\n"
        "from agent.publish.uplink import Uplink; from agent.wire.mqtt import LinkSettings\n"
        "from agent.wire.messages import Event\n"
        "path,url=sys.argv[1:]; clock=SystemClock(); box=Outbox(Path(path),clock)\n"
        "desk=CommandDesk('town','pole',None,clock,{})\n"
        "up=Uplink('town','pole',box,LinkSettings(url,''),clock,commands=desk,version='1',resend_s=1)\n"
        "for w in up.workers: threading.Thread(target=w.run,args=(StopToken(),)).start()\n"
        "n=0\n"
        "while True:\n"
        f"  n=box.put('event','cam',Event(id=f'e{{os.getpid()}}-{{n}}',camera='cam',kind='motion',phase='start',"
        f"time={NOW!r},start={NOW!r}))\n"
        "  sys.stdout.write(f'{n}\\n'); sys.stdout.flush()\n"
    )
    path = tmp_path / "outbox.db"
    with Centre(broker.url) as centre:
        last = 0
        for target in (200, 500):
            with subprocess.Popen(
                [sys.executable, "-c", code, str(path), broker.url], stdout=subprocess.PIPE, text=True
            ) as gateway:
                assert gateway.stdout is not None
                while last < target or not centre.stored["event"]:
                    last = int(gateway.stdout.readline())
                gateway.kill()
                rest = gateway.stdout.read().split()
            last = max([last, *(int(word) for word in rest[:-1])])
        uplink, outbox = make_uplink(broker.url)
        running(*uplink.workers)
        wait_for(lambda: outbox.depth().messages == 0, 40)
        end = outbox.depth().acknowledged["event"]
    assert end >= last >= 500
    assert centre.lost("event", end) == set()
    assert len({record["id"] for record in centre.records}) == end


def test_alarms_go_at_once_though_nothing_was_acknowledged(mosquitto, make_uplink, running):
    broker = mosquitto()
    uplink, outbox = make_uplink(broker.url, resend_s=30.0)
    with Centre(broker.url) as centre:
        centre.acking = False
        running(*uplink.workers)
        for n in range(200):
            outbox.put("event", "cam", event(n))
        wait_for(lambda: len(centre.heard) == 200)  # none is still to be acknowledged
        centre.acking = True
        outbox.put("event", "cam", event(999, "alarm"))
        wait_for(lambda: centre.stored["alarm"])
        assert not centre.stored["event"]


def test_dropped_numbers_are_announced_and_nothing_else_is_missing(mosquitto, make_uplink, running):
    broker = mosquitto()
    uplink, outbox = make_uplink(broker.url)
    for n in range(10):
        outbox.put("event", "cam", event(n))
    for seq in (3, 4, 8):
        outbox.drop("event", seq, "test")
    with Centre(broker.url) as centre:
        running(*uplink.workers)
        wait_for(lambda: outbox.depth().messages == 0)
        assert centre.gaps["event"] == {(3, 4), (8, 8)}
        assert centre.lost("event", 10) == set()
        wait_for(lambda: outbox.gaps("event") == [])


def test_an_acknowledgement_of_another_outbox_or_garbage_changes_nothing(mosquitto, make_uplink, running):
    broker = mosquitto()
    uplink, outbox = make_uplink(broker.url)
    with Centre(broker.url) as centre:
        centre.acking = False
        running(*uplink.workers)
        outbox.put("event", "cam", event(1))
        wait_for(lambda: outbox.depth().sent.get("event"))
        foreign = Ack(outbox="another", seqs=[1], now=NOW)
        for topic, body in [
            ("ack/event", encode(foreign)),
            ("ack/event", b"\xff{"),
            ("ack/media", b"[]"),
            ("ack/nonsense", b"{}"),
            ("command/live", b"x" * 2_000_000),
        ]:
            centre.client.publish(f"{ROOT}/{topic}", body, 1)
        wait_for(lambda: uplink.health().refused >= 3 and uplink.health().commands_refused)
        assert outbox.depth().messages == 1
        centre.acking = True
        wait_for(lambda: outbox.depth().messages == 0)


def _newest_state(centre: Centre) -> object:
    said = [json.loads(body)["online"] for topic, body, _ in centre.other if topic.endswith("camera/cam/state")]
    return said[-1] if said else None


def test_retained_state_is_there_for_whoever_comes_later_and_after_a_new_broker(mosquitto, make_uplink, running):
    broker = mosquitto()
    uplink, _ = make_uplink(broker.url)
    running(*uplink.workers)
    uplink.state(f"{ROOT}/camera/cam/state", camera_state())
    wait_for(lambda: uplink.health().connected)
    uplink.state(f"{ROOT}/camera/cam/state", camera_state(online=False))
    for _ in range(2):
        with Centre(broker.url) as centre:
            wait_for(lambda c=centre: c.statuses()[-1:] == ["online"] and _newest_state(c) is False)
        broker.kill()  # without persistence it forgets all that was retained
        broker.start()
        wait_for(lambda: uplink.health().connected)


def test_the_will_goes_out_when_the_gateway_is_killed_and_when_it_ends(mosquitto, make_uplink, running, tmp_path: Path):
    broker = mosquitto()
    code = (
        "import sys,threading; from agent.core.clock import SystemClock; from agent.core.stop import StopToken\n"
        "from agent.wire.mqtt import *\n"
        "MqttLink(LinkSettings(sys.argv[1],'g',will=('lamppost/v1/town/pole/status',b'{\"state\":\"offline\"}')),\n"
        " on_message=print,on_up=lambda:print('up',flush=True),on_down=print,clock=SystemClock()).run(StopToken())\n"
    )
    with Centre(broker.url) as centre:
        with subprocess.Popen([sys.executable, "-c", code, broker.url], stdout=subprocess.PIPE) as gateway:
            assert gateway.stdout is not None
            assert gateway.stdout.readline() == b"up\n"
            gateway.kill()
        wait_for(lambda: centre.statuses() == ["offline"])
        uplink, _ = make_uplink(broker.url)
        stop = running(*uplink.workers)
        wait_for(lambda: centre.statuses()[-1] == "online")
        stop.set()
        wait_for(lambda: centre.statuses() == ["offline", "online", "offline"])
        sessions = {json.loads(body).get("session") for _, body, _ in centre.other}
        assert uplink.session in sessions


def test_a_wrong_password_is_one_clear_line(mosquitto, make_uplink, running):
    broker = mosquitto(users={"pole": "right"})
    uplink, outbox = make_uplink(broker.url, username="pole", password="wrong")
    running(*uplink.workers)
    outbox.put("event", "cam", event(1))
    wait_for(lambda: uplink.health().error)
    place = broker.url.removeprefix("mqtt://")
    assert uplink.health().error == (f"the broker at {place} refuses user 'pole': check username and password_file")
    assert uplink.say("x", b"y") is False
    assert outbox.depth().messages == 1


def test_without_a_broker_the_outbox_waits(make_uplink, running):
    uplink, outbox = make_uplink("mqtt://127.0.0.1:1")
    running(*uplink.workers)
    outbox.put("event", "cam", event(1))
    wait_for(lambda: uplink.health().error)
    assert uplink.health().error == "the broker at 127.0.0.1:1 cannot be reached: Connection refused"
    assert outbox.depth().messages == 1


def put_clip(outbox, media: str, body: bytes, kind: str = "clip"):
    return outbox.put_media(id=media, camera="cam", kind=kind, type="video/mp4", start=NOW, end=NOW, source=body)


def test_lost_pieces_are_asked_for_and_only_they_go_again(mosquitto, make_uplink, running, monkeypatch):
    monkeypatch.setattr("agent.publish.transfer.SILENCE_S", 0.5)
    broker = mosquitto()
    uplink, outbox = make_uplink(broker.url)
    body = bytes(n * 31 % 253 for n in range(1_500_000))
    put_clip(outbox, "clip1", body)
    with Centre(broker.url) as centre:
        centre.lose = lambda media, number: number % 5 == 2 and centre.piece_copies[media, number] == 1
        running(*uplink.workers)
        wait_for(lambda: outbox.depth().media == 0)
    assert centre.media["clip1"] == body
    copies = {number: count for (_, number), count in centre.piece_copies.items()}
    assert copies == {n: 2 if n % 5 == 2 else 1 for n in range(len(copies))}
    assert outbox.depth().acknowledged["media"] == 1
    assert not any(outbox.media._folder.iterdir())


def test_a_transfer_goes_on_after_the_broker_was_killed(mosquitto, make_uplink, running, monkeypatch):
    monkeypatch.setattr("agent.publish.transfer.SILENCE_S", 0.5)
    broker = mosquitto()
    uplink, outbox = make_uplink(broker.url)
    body = bytes(n * 31 % 253 for n in range(6_000_000))
    with Centre(broker.url) as centre:
        running(*uplink.workers)
        wait_for(lambda: uplink.health().connected)
        put_clip(outbox, "clip1", body)
        wait_for(lambda: len(centre.pieces["clip1"]) >= 10)
        broker.kill()
        outbox.put("event", "cam", event(1))
        broker.start()
        wait_for(lambda: outbox.depth().media == 0, 40)
        wait_for(lambda: outbox.depth().messages == 0)
    assert centre.media["clip1"] == body


def test_a_medium_whose_bytes_are_gone_is_dropped_and_the_next_one_goes(mosquitto, make_uplink, running):
    broker = mosquitto()
    uplink, outbox = make_uplink(broker.url)
    put_clip(outbox, "gone", b"g" * 600_000)
    for file in outbox.media._folder.iterdir():
        file.unlink()
    put_clip(outbox, "good", b"h" * 600_000)
    with Centre(broker.url) as centre:
        running(*uplink.workers)
        wait_for(lambda: outbox.depth().media == 0)
        wait_for(lambda: not outbox.media.waiting(1))
    assert set(centre.media) == {"good"}
    assert centre.gone["gone"].reason == "its bytes are gone"
    assert outbox.depth().dropped == {"media": 1}


def test_what_the_broker_never_takes_is_dropped_with_a_gap_and_the_rest_flows(mosquitto, make_uplink, running):
    broker = mosquitto(lines=["max_packet_size 20000"])
    uplink, outbox = make_uplink(broker.url)
    fat = event(1).model_copy(update={"attributes": {"note": random.Random(1).randbytes(30_000).hex()}})
    outbox.put("event", "cam", fat)
    outbox.put("event", "cam", event(2))
    with Centre(broker.url) as centre:
        running(*uplink.workers)
        wait_for(lambda: outbox.depth().messages == 0)
        outbox.put("event", "cam", event(3))
        wait_for(lambda: outbox.depth().messages == 0)
    assert centre.stored["event"] == {2, 3}
    assert centre.lost("event", 3) == set()


@pytest.mark.parametrize("size", [10, 90_000])
def test_say_reaches_the_centre_at_once_or_not_at_all(mosquitto, make_uplink, running, size: int):
    broker = mosquitto()
    uplink, _ = make_uplink(broker.url)
    assert uplink.say(f"{ROOT}/live/l1", b"early") is False
    with Centre(broker.url) as centre:
        running(*uplink.workers)
        wait_for(lambda: uplink.media.link.connected)
        assert uplink.say(f"{ROOT}/live/l1", b"p" * size) is True
        wait_for(lambda: any(topic.endswith("live/l1") for topic, _, _ in centre.other))
    assert [body for topic, body, _ in centre.other if "live" in topic] == [b"p" * size]


def test_a_silent_centre_is_asked_with_one_message_and_less_and_less_often(mosquitto, make_uplink, running):
    broker = mosquitto()
    uplink, outbox = make_uplink(broker.url, resend_s=0.2)
    with Centre(broker.url) as centre:
        centre.acking = False
        running(*uplink.workers)
        for n in range(100):
            outbox.put("event", "cam", event(n))
        wait_for(lambda: len(centre.heard) == 100)
        wait_for(lambda: centre.arrivals.total() >= 103)
        assert centre.arrivals.total() < 120  # not all of them, again and again
        outbox.put("event", "cam", event(999, "alarm"))
        wait_for(lambda: ("alarm", 1) in centre.heard)  # said all the same
        centre.acking = True
        wait_for(lambda: outbox.depth().messages == 0)


def test_over_a_slow_link_an_alarm_goes_before_the_backlog(mosquitto, make_uplink, running):
    broker = mosquitto()
    with Proxy(broker.port) as link:
        link.rate(20_000)
        uplink, outbox = make_uplink(link.url, resend_s=10, compress=False)
        for n in range(400):
            outbox.put("event", "cam", event(n))
        with Centre(broker.url) as centre:
            running(*uplink.workers)
            wait_for(lambda: len(centre.stored["event"]) > 20)
            outbox.put("event", "cam", event(999, "alarm"))
            wait_for(lambda: centre.stored["alarm"])
            assert len(centre.stored["event"]) < 400
            link.rate(None)
            wait_for(lambda: outbox.depth().messages == 0)
            assert len(centre.records) == 401


def test_many_records_share_an_envelope_also_a_compressed_one(mosquitto, make_uplink, running):
    broker = mosquitto()
    uplink, outbox = make_uplink(broker.url)
    for n in range(500):
        outbox.put("event", f"cam{n % 3}", event(n).model_copy(update={"camera": f"cam{n % 3}"}))
    with Centre(broker.url) as centre:
        running(*uplink.workers)
        wait_for(lambda: outbox.depth().messages == 0)
        assert centre.lost("event", 500) == set()
        assert (centre.envelopes < 50, centre.compressed > 0) == (True, True)


def test_a_picture_smaller_than_a_piece_goes_in_one(mosquitto, make_uplink, running):
    broker = mosquitto()
    uplink, outbox = make_uplink(broker.url)
    outbox.put_media(id="m", camera="cam", kind="snapshot", type="image/jpeg", start=NOW, end=NOW, source=b"x" * 5000)
    with Centre(broker.url) as centre:
        running(*uplink.workers)
        wait_for(lambda: outbox.depth().media == 0)
        assert centre.media["m"] == b"x" * 5000
    assert uplink.media.sent["pieces"] == 1


def test_where_every_byte_counts_state_is_compressed_and_counted(mosquitto, make_uplink, running, tmp_path: Path):
    broker, kept = mosquitto(), Database(tmp_path / "budget.db", SystemClock())
    budget = Budget(kept, SystemClock(), metered=True)
    health = Health(
        time=NOW, uptime_s=1, cameras=[], outbox=OutboxDepth(messages=0, media=0, media_bytes=0),
        problems=[f"the same problem, number {n}" for n in range(60)],
    )  # fmt: skip
    with Centre(broker.url) as centre:
        uplink, _ = make_uplink(broker.url, budget=budget)
        running(*uplink.workers)
        uplink.state("lamppost/v1/town/pole/health", health)
        wait_for(lambda: [body for topic, body, _ in centre.other if topic.endswith("/health")])
        (body,) = (body for topic, body, _ in centre.other if topic.endswith("/health"))
        assert (body[:1], decode(Health, body)) == (b"x", health)
        assert len(body) < len(encode(health)) / 4
    assert len(body) <= budget.spent().classes["state"] < len(body) + 1000
    kept.close()
