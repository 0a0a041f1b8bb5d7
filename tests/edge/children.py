"""An analysing child as the gateway keeps it, and what a test does with one."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from agent.config.gateway import Analysis, Camera
from agent.core.backoff import Backoff
from agent.core.clock import SystemClock
from agent.core.media import Packet
from agent.core.stop import StopToken
from agent.core.supervisor import Supervisor
from agent.edge.child import AnalysisChild
from agent.wire.messages import Event, FrameBoxes, TrackSummary
from tests.analyse.packets import packets_of

PLAZA = {
    "zone": [{"name": "right", "polygon": [[0.5, 0.0], [1.0, 0.0], [1.0, 1.0], [0.5, 1.0]]}],
    "rule": [{"kind": "zone_entered", "zone": "right"}],
}


def camera(camera_id: str = "cam", **more) -> Camera:
    return Camera.model_validate({"id": camera_id, "url": "file:/x.mp4", **more})


class Gateway:
    """A child under a supervisor, and all it said."""

    def __init__(self, cameras: list[Camera], **more) -> None:
        self.events: list[Event] = []
        self.tracks: list[TrackSummary] = []
        self.pictures: list[tuple[dict, bytes]] = []
        self.frames: list[FrameBoxes] = []
        self.moved: dict[int, int] = {}
        self.stop = StopToken()
        self.child = AnalysisChild(
            cameras,
            more.pop("analysis", Analysis()),
            SystemClock(),
            on_event=self.events.append,
            on_track=self.tracks.append,
            on_picture=lambda header, jpeg: self.pictures.append((header, jpeg)),
            on_frame=self.frames.append,
            on_motion=lambda told: self.moved.update(told.get("cam", ())),
            backoff=Backoff(0.05, 0.2),
            **more,
        )
        self._supervisor = Supervisor(SystemClock(), self.stop)
        self._supervisor.start(self.child)

    def close(self) -> None:
        self.stop.set()
        assert self._supervisor.join(10) == []

    def stats(self, camera_id: str = "cam"):
        return self.child.stats()[camera_id]


def until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)


def play(gateway: Gateway, clip: Path, camera_id: str = "cam", *, end: bool = True, pace_s: float = 0.01) -> None:
    """A clip through the sink, faster than real time but slowly enough that nothing is dropped."""
    info, packets = packets_of(clip)
    sink = gateway.child.sink(camera_id)
    sink.opened(replace(info, camera=camera_id))
    for packet in packets:
        sink.packet(fresh(packet))
        time.sleep(pace_s)
    if end:
        sink.closed("end")


def fresh(packet: Packet) -> Packet:
    return replace(packet, arrived_mono_ns=time.monotonic_ns(), arrived_wall_ns=time.time_ns())
