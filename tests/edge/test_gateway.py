"""What the composition root itself decides."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from agent.config.gateway import Camera, GatewayConfig
from agent.core.clock import NS, Clock, SystemClock
from agent.core.memory import memory_bytes
from agent.core.stop import StopToken
from agent.edge.gateway import Gateway, _evidence, _models
from agent.edge.keeper import MAX_MESSAGES, Keeper
from agent.edge.motion import MotionLedger
from agent.edge.teller import Teller
from agent.publish.outbox import Outbox
from agent.record.journal_file import read_journal
from agent.record.segment import Segment
from agent.record.store import SegmentStore
from agent.wire import framing
from agent.wire.messages import Event
from tests.fixtures.clips import make_clip
from tests.record.helpers import new_store, record, segment


def teller(store: SegmentStore, keeper: Keeper, clock: Clock | None = None) -> Teller:
    return Teller(store, keeper, clock or SystemClock(), MotionLedger(["cam"]))


def test_segments_whose_message_was_lost_in_a_kill_are_told_at_the_next_start(tmp_path) -> None:
    store, outbox = new_store(tmp_path / "recordings"), Outbox(tmp_path / "outbox.sqlite", SystemClock())
    (closed,), _, _ = record(store, make_clip(tmp_path / "c.mp4"))
    keeper = Keeper(outbox)
    teller(store, keeper).tell_again([])
    keeper.flush()
    (message,) = outbox.waiting(10)
    assert closed.id.encode() in message.record
    outbox.close()
    store.close()


def test_however_many_were_adopted_none_is_lost_on_its_way_to_the_outbox(tmp_path) -> None:
    store, outbox = new_store(tmp_path / "recordings"), Outbox(tmp_path / "outbox.sqlite", SystemClock())
    (closed,), _, _ = record(store, make_clip(tmp_path / "c.mp4"))
    adopted: list[Segment] = [replace(closed, id=f"a{number}") for number in range(MAX_MESSAGES + 50)]
    keeper = Keeper(outbox)
    teller(store, keeper).tell_again(adopted)
    keeper.flush()
    assert (outbox.depth().messages, keeper.problem) == (MAX_MESSAGES + 51, "")
    outbox.close()
    store.close()


def test_a_clock_set_right_while_the_gateway_was_down_is_noted_before_its_start(tmp_path, clock) -> None:
    clock.is_synced = False
    store, outbox = new_store(tmp_path / "recordings", clock), Outbox(tmp_path / "outbox.sqlite", clock)
    keeper = Keeper(outbox)
    _evidence(store, teller(store, keeper, clock), clock)
    store.catalogue.add(replace(segment(0), synced=False, mono_ns=clock.mono_ns() + NS, start_ns=clock.wall_ns() + NS))
    clock.advance(60)
    clock.step_wall(3600)
    clock.is_synced = True
    _evidence(store, teller(store, keeper, clock), clock)
    keeper.flush()
    assert [(one.kind, one.ended) for one in read_journal(store.root)] == [
        ("start", "first"), ("clock", None), ("start", "killed"),
    ]  # fmt: skip
    assert store.catalogue.oldest(1)[0].shift_ns == 3600 * NS
    assert b'"shift_ms":3600000' in outbox.waiting(10)[0].record
    outbox.close()
    store.close()


def test_every_queue_of_packets_has_its_share_of_the_memory(tmp_path) -> None:
    document = {
        "gateway": {"id": "g", "site": "s"},
        "storage": {"path": str(tmp_path / "store")},
        "camera": [{"id": name, "url": "rtsp://127.0.0.1:1/x", "sub_url": "rtsp://127.0.0.1:1/y"} for name in "ab"],
    }
    gateway = Gateway(GatewayConfig.model_validate(document), StopToken(), SystemClock())
    assert len(gateway._memory.recording._holders) == 2
    assert len(gateway._memory.pictures._holders) == 2 + 4  # for the analysis, and each stream for viewers
    both = gateway._memory.recording.most_bytes + gateway._memory.pictures.most_bytes
    assert both <= max(memory_bytes() // 4, 32 << 20)
    gateway._parts.outbox.close()
    gateway._parts.store.close()


@pytest.mark.parametrize(
    ("status", "notes", "told"),
    [
        ("yolox-nano on onnxruntime (cpu)", ["yolox-nano on cuda: not there"], ["yolox-nano on cuda: not there"]),
        ("motion only: no model found", ["motion only: no model found; run ..."], []),  # the status says it
    ],
)
def test_what_is_wrong_with_the_models_stands_in_health(status, notes, told):
    assert _models(SimpleNamespace(status=status, notes=notes)) == told  # type: ignore[arg-type]


def test_a_count_is_told_and_is_no_reason_to_keep_footage(tmp_path, monkeypatch) -> None:
    zone = {"name": "z", "polygon": [[0, 0], [1, 0], [1, 1]]}
    rules = [{"kind": "count", "zone": "z"}, {"kind": "loitering", "zone": "z", "when": [{"from": "sunset"}]}]
    document = {
        "gateway": {"id": "g", "site": "s", "timezone": "America/New_York"},
        "storage": {"path": str(tmp_path / "store")},
        "camera": [
            {"id": "c", "url": "rtsp://127.0.0.1:1/x", "record": "events", "zone": [zone], "rule": rules,
             "place": {"latitude": 41.76, "longitude": -72.69}, "ground": {"hfov": 80}},
        ],
    }  # fmt: skip
    gateway = Gateway(GatewayConfig.model_validate(document), StopToken(), SystemClock())
    parts, heard, time = gateway._parts, [], "2026-06-01T18:00:00.000Z"
    monkeypatch.setattr(parts.ring, "hear", lambda event, *_: heard.append(event))
    for kind in ("count", "loitering"):
        gateway._on_event(Event(id=kind, camera="c", kind=kind, phase="start", time=time, start=time))
    assert heard == ["loitering"]
    parts.keeper.flush()
    assert [b'"kind":"count"' in one.record for one in parts.outbox.waiting(10)] == [True, False]

    # the child learns of hours, place and ground, and where it may keep what it learns
    (hello,) = framing.Decoder().feed(parts.child.hello())
    assert hello.header["timezone"] == "America/New_York"
    assert hello.header["state"] == str(tmp_path / "store" / "analysis")
    (camera,) = (Camera.model_validate(one) for one in hello.header["cameras"])
    assert (camera.rule, camera.place, camera.ground) == (
        gateway._config.camera[0].rule, gateway._config.camera[0].place, gateway._config.camera[0].ground,
    )  # fmt: skip
    parts.outbox.close()
    parts.store.close()
