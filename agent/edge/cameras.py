"""One camera of the gateway: its workers, who takes its packets, and how it is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from agent.capture.opener import opener_for
from agent.capture.worker import CaptureState, CaptureWorker
from agent.config.base import read_secret
from agent.config.gateway import Camera, RecordMode
from agent.config.hours import Calendar
from agent.config.overlay import shown
from agent.core.clock import Clock, rfc3339
from agent.core.media import StreamInfo
from agent.core.memory import Budget
from agent.core.ports import PacketSink, Worker
from agent.record.plan import Plan
from agent.record.recorder import Recorder
from agent.record.segment import Segment
from agent.record.store import SegmentStore
from agent.wire.messages import (
    CameraInfo,
    CameraState,
    ClockState,
    NamedShape,
    RecordingSpan,
    StreamState,
    pack_motion,
)

StreamName = Literal["main", "sub"]


@dataclass(frozen=True, slots=True)
class Takers:
    """Who takes a camera's packets besides its recorder."""

    analysis: PacketSink | None
    live_main: PacketSink
    live_sub: PacketSink


class CameraUnit:
    """Everything of one camera that runs in the parent process."""

    def __init__(
        self,
        camera: Camera,
        store: SegmentStore,
        takers: Takers,
        clock: Clock,
        plan: Plan,
        *,
        sync_interval_s: float,
        on_segment: Callable[[Segment], None],
        allows: Callable[[str], str],
        budget: Budget | None = None,
        set_here: Iterable[str] = (),
    ) -> None:
        """`allows` says why a camera may not record now, for want of room; empty when it may.

        `budget` is for the packets that wait to be recorded, of all cameras together. `set_here` are the keys that the
        centre has set.
        """
        self.camera, self.plan = camera, plan
        self._set_here = tuple(sorted(set_here))
        self._clock = clock
        self._lock = threading.Lock()
        self._captured: dict[StreamName, CaptureState] = {}
        self.recorder = (
            Recorder(
                camera.id,
                store,
                clock,
                sync_interval_s=sync_interval_s,
                on_segment=on_segment,
                mode=plan.mode,
                refusal=partial(allows, camera.id),
                budget=budget,
            )
            if plan.modes != {RecordMode.OFF}
            else None
        )
        self._workers = self._build(takers)

    @property
    def workers(self) -> list[Worker]:
        """To be started by the supervisor: the recorder before those who feed it."""
        return self._workers

    def captured(self) -> dict[StreamName, CaptureState]:
        """The newest state of each stream, `main` and perhaps `sub`."""
        with self._lock:
            return dict(self._captured)

    def configure(self, camera: Camera, set_here: Iterable[str], calendar: Calendar) -> None:
        """Go by these settings from now on, of which the centre has set the keys `set_here`."""
        self.camera, self._set_here = camera, tuple(sorted(set_here))
        self.plan.hang(calendar)

    def info(self) -> CameraInfo:
        """What the camera is, for the retained topic."""
        camera, place = self.camera, self.camera.place
        shapes = [NamedShape(name=zone.name, kind="zone", points=list(zone.polygon)) for zone in camera.zone]
        shapes += [NamedShape(name=line.name, kind="line", points=list(line.points)) for line in camera.line]
        return CameraInfo(
            camera=camera.id,
            name=camera.name or camera.id,
            streams=[_stream_state(name, s.info, s.fps) for name, s in self.captured().items() if s.info],
            shapes=shapes,
            latitude=place.latitude if place else None,
            longitude=place.longitude if place else None,
            bearing=place.bearing if place else None,
            field_of_view=place.field_of_view if place else None,
            settings=shown(camera),
            set_here=list(self._set_here),
        )

    def state(self, *, analysing: bool, analysis_error: str) -> CameraState:
        """How the camera is, for the retained topic. A camera is online when its main stream is."""
        captured = self.captured()
        main = captured.get("main")
        errors = [state.error for state in captured.values() if state.error] if main else ["not connected yet"]
        recorder_error = self.recorder.stats().error if self.recorder else ""
        return CameraState(
            camera=self.camera.id,
            online=main is not None and main.online,
            recording=self.recorder is not None and self.recorder.stats().recording,
            analysing=analysing,
            fps=round(main.fps, 1) if main and main.fps else None,
            since=rfc3339(main.since_wall_ns if main else self._clock.wall_ns()),
            error=next(filter(None, [*errors, recorder_error, analysis_error]), "")[:400],
            clock=ClockState(offset_ms=_ms(main.offset_ns) if main else None, synced=self._clock.synced()),
        )

    def _build(self, takers: Takers) -> list[Worker]:
        camera = self.camera
        password = read_secret(camera.password_file)
        main: list[PacketSink] = [takers.live_main]
        workers: list[Worker] = []
        if self.recorder is not None:
            main.insert(0, self.recorder)
            workers.append(self.recorder)
        if camera.sub_url is None:
            main += _given(takers.analysis)
        else:
            opener = opener_for(camera.id, "sub", camera.sub_url, camera.username, password, self._clock)
            sinks = [*_given(takers.analysis), takers.live_sub]
            workers.append(CaptureWorker(f"capture-{camera.id}-sub", opener, sinks, self._clock, self._note("sub")))
        opener = opener_for(camera.id, "main", camera.url, camera.username, password, self._clock)
        workers.append(CaptureWorker(f"capture-{camera.id}-main", opener, main, self._clock, self._note("main")))
        return workers

    def _note(self, stream: StreamName) -> Callable[[CaptureState], None]:
        def note(state: CaptureState) -> None:
            with self._lock:
                self._captured[stream] = state

        return note


def span_of(segment: Segment, motion: bytes = b"") -> RecordingSpan:
    """A closed segment as the centre hears of it; `motion` is a level for each second that it touches."""
    return RecordingSpan(
        id=segment.id,
        camera=segment.camera,
        epoch=segment.epoch,
        start=rfc3339(segment.start_ns),
        end=rfc3339(segment.end_ns),
        bytes=segment.bytes,
        packets=segment.packets,
        reason=segment.reason,
        sha256=segment.sha256,
        number=segment.number,
        link=segment.link,
        shift_ms=segment.shift_ns // 1_000_000,
        motion=pack_motion(motion),
    )


def _stream_state(stream: StreamName, info: StreamInfo, fps: float | None) -> StreamState:
    video = info.video
    return StreamState(
        stream=stream, codec=video.codec, width=video.width, height=video.height, fps=round(fps, 1) if fps else None
    )


def _given(sink: PacketSink | None) -> list[PacketSink]:
    return [] if sink is None else [sink]


def _ms(offset_ns: int | None) -> float | None:
    return None if offset_ns is None else round(offset_ns / 1e6, 1)
