"""A gateway that keeps events only: a real file, the real child, real segments, with short times."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from agent.config.gateway import GatewayConfig
from agent.core.clock import NS, SystemClock, parse_rfc3339
from agent.core.stop import StopToken
from agent.edge import gateway
from agent.edge.gateway import Gateway
from agent.record import ring, spans
from agent.record.clip import cut_clip
from agent.record.segment import Segment
from agent.record.store import SegmentStore
from agent.record.verify import Level, Verification
from tests.fixtures.models import without_models
from tests.record.helpers import wait_for

PRE_S, POST_S, RING_S = 1, 1, 4
RIGHT = {"name": "right", "polygon": [[0.5, 0.0], [1.0, 0.0], [1.0, 1.0], [0.5, 1.0]]}


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Seconds for minutes, and no model: what moves is an object."""
    monkeypatch.setattr(gateway, "rolls_of", lambda _: {"cam": ring.Roll(PRE_S, POST_S, RING_S)})
    monkeypatch.setattr(spans, "USUAL_NS", NS)
    monkeypatch.setattr(ring, "_SWEEP_NS", NS)
    monkeypatch.setattr(ring, "_LATE_NS", NS)
    monkeypatch.setattr(ring, "_UNSURE_NS", 3 * NS)
    monkeypatch.setenv("LAMPPOST_MODELS", str(without_models(tmp_path / "models")))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))


def street(path: Path) -> Path:
    """For 4 s something crosses the picture, for 9 s nothing does."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10, options={"g": "10", "bf": "0"})
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 10)
        for number in range(130):
            picture = np.full((180, 320, 3), 90, np.uint8)
            x = number * 9 - 40
            picture[90:120, max(0, x) : max(0, x + 40)] = (230, 230, 40)
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


class Site:
    """A gateway that runs, and what it says and has."""

    def __init__(self, folder: Path) -> None:
        config = GatewayConfig.model_validate(
            {
                "gateway": {"id": "gw", "site": "s", "status_listen": "127.0.0.1:0"},
                "storage": {"path": str(folder / "data"), "min_free": 1},
                "camera": [
                    {
                        "id": "cam",
                        "url": f"file:{street(folder / 'street.mp4')}",
                        "record": "events",
                        "zone": [RIGHT],
                        "rule": [{"kind": "zone_entered", "zone": "right"}],
                    }
                ],
            }
        )
        self.stop = StopToken()
        self.gateway = Gateway(config, self.stop, SystemClock())
        self.parts = self.gateway._parts
        self.gateway.start()

    def said(self, kind: str) -> list[dict[str, Any]]:
        return [json.loads(one.record) for one in self.parts.outbox.waiting(10_000) if one.kind == kind]

    def ended(self) -> list[tuple[int, int]]:
        """Times of the events that are over."""
        return [
            (parse_rfc3339(one["start"]), parse_rfc3339(one["end"]))
            for one in self.said("event")
            if one["phase"] == "end"
        ]

    def rows(self) -> list[Segment]:
        return self.parts.store.catalogue.oldest(10_000)

    def gone(self) -> list[tuple[int, int]]:
        """Spans of time whose footage the ring deleted."""
        stones = self.parts.store.graveyard.of("cam")
        assert all(stone.reasons.keys() == {"ring"} for stone in stones)
        return [(stone.start_ns, stone.end_ns) for stone in stones]

    def problems(self) -> list[str]:
        return self.gateway.board.now().problems

    def kill_child(self) -> None:
        child = self.parts.child
        if child is not None and (pid := child.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    yield made
    made.stop.set()
    assert made.gateway.end() == 0


def test_footage_of_events_stays_the_rest_goes_and_a_dead_analysis_keeps_everything(site: Site, tmp_path: Path) -> None:
    wait_for(lambda: any("none of its pictures is analysed" in one for one in site.problems()))
    wait_for(lambda: not site.problems() and site.ended() != [] and site.gone() != [], 60)
    for start_ns, end_ns in site.ended():
        clip = cut_clip(site.parts.store, "cam", start_ns - PRE_S * NS, end_ns, tmp_path / "clip.mp4")
        assert clip.start_ns <= start_ns - PRE_S * NS
        assert clip.end_ns >= end_ns
        assert not any(begin < end_ns + POST_S * NS and end > start_ns - PRE_S * NS for begin, end in site.gone())
    assert {one["id"] for one in site.said("recording")} <= {one.id for one in site.rows() if one.wanted}

    killed_ns, gone = time.time_ns(), len(site.gone())
    until = time.monotonic() + RING_S + 5
    while time.monotonic() < until:  # longer than the ring, and whenever it is there again
        site.kill_child()
        time.sleep(0.2)
    assert any(one.startswith("cam: ") and one.endswith("everything is kept") for one in site.problems())
    kept = [one for one in site.rows() if one.end_ns > killed_ns]
    assert all(one.wanted for one in kept)
    assert kept[0].start_ns <= killed_ns
    assert all(before.end_ns == after.start_ns for before, after in pairwise(kept))
    assert max(end for _, end in site.gone()) <= killed_ns
    assert len(site.gone()) >= gone
    assert kept[-1].end_ns - killed_ns > RING_S * NS
    store = SegmentStore(site.parts.store.root, SystemClock(), read_only=True)
    assert list(Verification(store, Level.HASHES).run("cam")) == []
    store.close()
