"""Whatever gateways say to a centre, broken or not: it is counted, nothing falls, and memory has an end."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.core.stop import StopToken
from agent.wire import messages as wire
from tests.central.helpers import CAMERA, camera_info, event, health, manifest, span, track
from tests.central.test_fuzz import ROOT, Rig, _envelope
from tests.fixtures.storm import Storm, rss_mb

NOW = "2026-01-01T00:00:00Z"
SAMPLE = wire.HealthSample(time=NOW, span_s=60, load=1.0, cameras=[wire.CameraSample(id=CAMERA, online=1.0)])


def _good() -> list[tuple[str, bytes]]:
    several = _envelope("event", event("e1")) | {"seqs": [1, 2]}
    several["records"] = [several["records"][0], event("e2", "end", 5).model_dump(mode="json")]
    state = wire.CameraState(camera=CAMERA, online=True, recording=True, analysing=True, since=NOW)
    return [
        (f"{ROOT}/camera/{CAMERA}/event", json.dumps(several).encode()),
        (f"{ROOT}/camera/{CAMERA}/event", json.dumps(_envelope("alarm", event("a1", severity="alarm"))).encode()),
        (f"{ROOT}/camera/{CAMERA}/track", json.dumps(_envelope("track", track("t1"))).encode()),
        (f"{ROOT}/camera/{CAMERA}/recording", json.dumps(_envelope("recording", span("s1", 0, 9))).encode()),
        (f"{ROOT}/health/history", json.dumps(_envelope("health", SAMPLE)).encode()),
        (f"{ROOT}/camera/{CAMERA}/info", wire.encode(camera_info())),
        (f"{ROOT}/camera/{CAMERA}/state", wire.encode(state)),
        (f"{ROOT}/camera/{CAMERA}/frame", wire.encode(wire.FrameBoxes(camera=CAMERA, time=NOW, boxes=[]))),
        (f"{ROOT}/status", wire.encode(wire.Status(state="online", session="s1", since=NOW, version="1"))),
        (f"{ROOT}/health", wire.encode(health())),
        (f"{ROOT}/media/m1/manifest", wire.encode(manifest("m1", b"x" * 2000))),
        (f"{ROOT}/media/m1/chunk/0", b"x" * 1024),
        (f"{ROOT}/live/l1", b"LPL1" + b"\0" * 30),
        (f"{ROOT}/reply/r1", wire.encode(wire.Reply(id="r1", ok=True))),
    ]


def _storm(folder: Path, count: int, tell: Callable[[str], None]) -> None:
    rig, stop, began = Rig(folder), StopToken(), 0.0
    stop.set()
    try:
        for number, (topic, payload) in enumerate(Storm(_good(), seed=2).messages(count)):
            assert rig.reception.on_message(topic, payload, retained=False)
            if number % 200 == 199:
                rig.writer.run(stop)
                assert rig.writer.error == ""
                while (piece := rig.media._queue.get(0)) is not None:
                    rig.media._take(piece)
                rig.answers.clear()
                began = began or (rss_mb() if number >= count // 10 else 0.0)
        grown = rss_mb() - began
        assert rig.counts.messages == count
        rig.say(f"{ROOT}/camera/{CAMERA}/event", json.dumps(_envelope("event", event("x")) | {"seq": 77_777}).encode())
        assert json.loads(rig.answers[-1][1])["seqs"] == [77_777]
        assert grown < 80
        tell(f"{count} messages: {rig.counts.reasons()}, {grown:.1f} MB grown")
    finally:
        rig.database.close()


def test_a_centre_bears_some_thousands(tmp_path: Path, tell: Callable[[str], None]) -> None:
    _storm(tmp_path, 4_000, tell)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_centre_bears_half_a_million(tmp_path: Path, tell: Callable[[str], None]) -> None:
    _storm(tmp_path, 500_000, tell)
