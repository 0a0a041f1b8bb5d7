"""A later version is kept as it came and read by a newer centre; a flood takes nothing from the others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from agent.central import ingest
from agent.central.batch import AckKey, Batch
from agent.central.counts import Counts
from agent.central.fair import ALWAYS, FairQueue
from agent.central.ingest import Reception, Writer
from agent.central.news import News
from agent.central.store import schema, unread
from agent.central.store.database import Unstorable
from agent.core.clock import SystemClock
from agent.core.errors import WireError
from agent.core.stop import StopToken
from agent.wire import messages as wire
from agent.wire.topics import Address, GatewayTopics
from tests.central.helpers import CAMERA, GATEWAY, SITE, camera_info, health, manifest, track
from tests.central.stores import Store
from tests.central.test_fuzz import ROOT, Rig

HERE = Address(SITE, GATEWAY, ("camera", CAMERA, "track"))


def _payload(version: int, seq: int, **more: object) -> bytes:
    head = {"v": version, "site": SITE, "gateway": GATEWAY, "outbox": "o", "class": "track", "seq": seq}
    record = track(f"t{seq}", final=True).model_dump(mode="json")
    return wire.squeeze(json.dumps(head | {"records": [record]} | more).encode())


def _take(store: Store, *payloads: bytes) -> Batch:
    with store.database.change() as change:
        batch = Batch(store.database, change, store.clock, store.counts)
        for payload in payloads:
            batch.take(HERE, payload)
        batch.write()
    return batch


def _kept(store: Store) -> int:
    with store.database.read() as connection:
        return int(connection.scalar(sa.select(sa.func.count()).select_from(schema.unread)) or 0)


def _ledger(store: Store) -> tuple[int, int]:
    with store.database.read() as connection:
        row = connection.execute(sa.select(schema.outbox_seq)).one()
    return row.stored, row.duplicates


def _newer(store: Store, monkeypatch: pytest.MonkeyPatch) -> Writer:
    """The writer of a centre that speaks what was unknown: here the kept rows are said to be of our own version."""
    with store.database.write() as connection:
        connection.execute(sa.update(schema.unread).values(version=wire.VERSION))
    monkeypatch.setattr(ingest, "_BATCH", 2)
    queue = FairQueue[ingest.Arrival](10, 1000, lambda _: 1, lambda _: ("", ""))
    return Writer(queue, store.database, store.clock, store.counts, News(), lambda *_: True)


def _stopped() -> StopToken:
    stop = StopToken()
    stop.set()
    return stop


def test_a_later_version_is_kept_as_it_came_and_answered(store: Store) -> None:
    later = _payload(2, 1, anything={"nobody": "knows"})
    batch = _take(store, later, later, _payload(1, 2))
    assert batch.acks[AckKey(SITE, GATEWAY, "o", "track")] == [2, 1, 1]
    assert (_kept(store), store.tracks()) == (1, ["t2"])
    assert store.counts.reasons() == {"later_version": 2}
    assert "speaks version 2" in batch.problems[0]
    assert _ledger(store) == (2, 1)


def test_a_newer_centre_reads_it_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    _take(store, *(_payload(2, seq) for seq in range(1, 6)))
    with store.database.write() as connection:  # written in our own shape, as a newer centre will know it
        for row in connection.execute(sa.select(schema.unread)).all():
            ours = _payload(1, json.loads(row.payload)["seq"] if row.payload[:1] == b"{" else 1)
            connection.execute(sa.update(schema.unread).where(schema.unread.c.key == row.key).values(payload=ours))
    _newer(store, monkeypatch).run(_stopped())
    assert (_kept(store), sorted(store.tracks())) == (0, ["t1", "t2", "t3", "t4", "t5"])
    assert _ledger(store) == (5, 0)


def test_what_is_broken_even_so_is_counted_and_gone(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    _take(store, _payload(2, 1))
    with store.database.write() as connection:
        connection.execute(sa.update(schema.unread).values(payload=b'{"v": 1}'))
    _newer(store, monkeypatch).run(_stopped())
    assert (_kept(store), store.tracks()) == (0, [])
    assert store.counts.reasons() == {"later_version": 1, "broken_track": 1}


CAM = ("camera", CAMERA)
STATES: dict[tuple[str, ...], wire.Message] = {
    ("status",): wire.Status(state="online", session="s1", since="2026-05-28T20:26:40Z", version="9.0.0"),
    ("health",): health(),
    (*CAM, "info"): camera_info(),
    (*CAM, "state"): wire.CameraState(
        camera=CAMERA, online=True, recording=True, analysing=True, since="2026-05-28T20:26:40Z"
    ),
}


def _say(store: Store, path: tuple[str, ...], payload: bytes) -> Batch:
    with store.database.change() as change:
        batch = Batch(store.database, change, store.clock, store.counts)
        batch.take(Address(SITE, GATEWAY, path), payload)
        batch.write()
    return batch


def _gateway(store: Store) -> tuple[object, ...]:
    with store.database.read() as connection:
        row = connection.execute(sa.select(schema.gateway)).one()
        cameras = connection.execute(sa.select(schema.camera)).all()
    return (row.state, row.version, bool(row.health), *((bool(one.info), bool(one.state)) for one in cameras))


def test_how_things_stand_in_a_later_version_is_kept_and_the_newest_is_read_by_a_newer_centre(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path, message in STATES.items():
        for mark in ("old", "new"):
            later = json.loads(wire.encode(message)) | {"v": 2, "said": mark}
            batch = _say(store, path, json.dumps(later).encode())
            assert "speaks version 2" in batch.problems[0]
    assert (_kept(store), store.counts.reasons()) == (4, {"later_version": 8})
    assert _gateway(store) == ("offline", None, False)
    table = schema.unread
    with store.database.write() as connection:
        for row in connection.execute(sa.select(table)).all():
            kept = json.loads(row.payload)
            assert kept["said"] == "new"
            ours = sa.update(table).where(table.c.key == row.key)
            connection.execute(ours.values(payload=json.dumps(kept | {"v": 1}).encode()))
    _newer(store, monkeypatch).run(_stopped())
    assert (_kept(store), store.counts.reasons()) == (0, {"later_version": 8})
    assert _gateway(store) == ("online", "9.0.0", True, (True, True))


def test_a_reply_and_a_manifest_of_a_later_version_are_counted_and_wait_elsewhere(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    for leaf, message in (("reply/r1", wire.Reply(id="r1", ok=True)), ("media/m1/manifest", manifest("m1", b"x" * 9))):
        rig.say(f"{ROOT}/{leaf}", json.dumps(json.loads(wire.encode(message)) | {"v": 2}).encode())
    assert (rig.counts.reasons(), rig.answers) == ({"later_version": 2}, [])
    rig.database.close()


def test_states_that_are_broken_are_no_later_version(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    for payload in (b'{"v": 0}', b'{"v": "x"}', b'{"v": 1}', b"[]"):
        rig.say(f"{ROOT}/health", payload)
    assert rig.counts.reasons() == {"broken_health": 4}
    rig.database.close()


def test_nobody_fills_the_store_with_what_cannot_be_read(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unread, "MOST", 2)
    _take(store, _payload(2, 1), _payload(2, 2))
    assert _take(store, _payload(2, 3)).acks == {}
    assert store.counts.reasons() == {"later_version": 2, "unread_full": 1}
    assert _kept(store) == 2


@pytest.mark.parametrize(
    "payload",
    [b'{"v": 2}', _payload(0, 1), _payload(2, 1, gateway="other"), _payload(2, 1, **{"class": "event"}), b"x\x9c\x00"],
)
def test_rubbish_does_not_pass_for_a_later_version(store: Store, payload: bytes) -> None:
    with store.database.change() as change:
        batch = Batch(store.database, change, store.clock, store.counts)
        with pytest.raises(WireError):
            batch.take(HERE, payload)
    assert _kept(store) == 0


def test_who_floods_waits_alone() -> None:
    counts = Counts()
    reception = Reception(SystemClock(), counts, None, to_live=lambda *_: None, to_media=lambda *_: True)
    flood, calm = (GatewayTopics(SITE, name).camera(CAMERA, "track") for name in ("flood", "calm"))
    state = GatewayTopics(SITE, "flood").status
    for _ in range(ingest.QUEUE_ITEMS // 2):
        assert reception.on_message(flood, b"{}", False)
    assert reception.on_message(calm, b"{}", False)  # now there are two
    held = len(reception.queue)
    for _ in range(1000):
        assert reception.on_message(flood, b"{}", False)  # read, so that nobody waits behind it, and not kept
    assert (len(reception.queue), counts.reasons()) == (held, {"flooding": 1000})
    for _ in range(ALWAYS):
        assert reception.on_message(calm, b"{}", False)
    assert reception.on_message(state, b"{}", False)  # retained: nobody would say it again
    assert len(reception.queue) == held + ALWAYS + 1


def test_who_floods_with_few_large_messages_waits_alone_too() -> None:
    queue = FairQueue[tuple[str, int]](10_000, 64 << 20, lambda item: item[1], lambda item: (item[0], ""))
    for _ in range(33):
        assert not queue.crowded_by(("large", 1))
        assert queue.put(("large", 1 << 20))
    assert not queue.crowded_by(("large", 1))  # alone it may have all
    assert queue.put(("small", 100))
    assert queue.crowded_by(("large", 1))
    assert not queue.crowded_by(("small", 1))
    queue.drain(8)
    assert not queue.crowded_by(("large", 1))


def test_poison_alone_is_left_out_and_a_mass_is_read_in_parts(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    _take(store, *(_payload(2, seq) for seq in range(1, 6)))
    payload = schema.unread.c.payload
    with store.database.write() as connection:
        for seq in range(1, 6):
            theirs = sa.update(schema.unread).where(payload == _payload(2, seq))
            connection.execute(theirs.values(payload=_payload(1, seq)))
    monkeypatch.setattr(ingest, "_BATCH_BYTES", 2 * len(_payload(1, 1)))
    writer = _newer(store, monkeypatch)
    take = writer._take

    def poisoned(batch: Batch, arrival: ingest.Arrival) -> None:
        if arrival.payload == _payload(1, 3):
            raise Unstorable("poison")
        take(batch, arrival)

    monkeypatch.setattr(writer, "_take", poisoned)
    writer.run(_stopped())
    assert (_kept(store), sorted(store.tracks())) == (0, ["t1", "t2", "t4", "t5"])
    assert store.counts.reasons()["unstorable"] == 1


def test_a_single_gateway_has_the_queue_to_itself_and_room_comes_back() -> None:
    queue = FairQueue[str](4 * ALWAYS, 1 << 20, len, lambda item: (item, ""))
    for _ in range(4 * ALWAYS):
        assert not queue.crowded_by("a")
        assert queue.put("a")
    assert not queue.put("a")
    assert not queue.crowded_by("b")
    queue.drain(1)
    assert queue.put("b")
    assert queue.crowded_by("a")
    queue.drain(2 * ALWAYS)
    assert not queue.crowded_by("a")
