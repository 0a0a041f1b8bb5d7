"""The child as a whole: reads frames from its socket until it closes, keeps the workers, says what they found."""

from __future__ import annotations

import socket
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from agent.analyse.appearance import AppearancePool
from agent.analyse.attributes.additions import GROUP as ATTRIBUTES
from agent.analyse.beat import Beat
from agent.analyse.detect.pool import DetectorPool, Engines
from agent.analyse.frames import as_fraction
from agent.analyse.intake import TRACK, Epoch, Intake, Look
from agent.analyse.ladder import Ladder
from agent.analyse.marks import Marks
from agent.analyse.models import ModelStore, model_folders
from agent.analyse.outgoing import Outgoing
from agent.analyse.pipeline import Pipeline
from agent.analyse.thinker import Desk, Thinker
from agent.analyse.together import Together
from agent.analyse.turns import Turns
from agent.config.gateway import Camera
from agent.core.clock import Clock
from agent.core.errors import WireError
from agent.core.ids import new_id
from agent.core.media import Packet, TimeSource
from agent.core.plugins import Plugins
from agent.core.ports import Worker
from agent.core.stop import StopToken
from agent.core.supervisor import Supervisor
from agent.wire import framing

PIECE_BYTES = 256 * 1024
FAREWELL_S = 3.0
MOST_TOGETHER = 8
"""Cameras whose pictures go into one run of the model, where the model and the device take so many."""


class Writer:
    """A Worker: what is queued goes into the socket."""

    name = "write"

    def __init__(self, sock: socket.socket, out: Outgoing) -> None:
        self._sock, self._out = sock, out

    def run(self, stop: StopToken) -> None:
        """Send until the queue is closed and empty, or nobody listens any more."""
        while (data := self._out.get()) is not None:
            try:
                self._sock.sendall(data)
            except OSError:  # the parent is gone; the reader sees it too and ends us
                stop.set()
                return


class Service:
    """Everything between the socket and the pipelines. `marks_fd` is the file for `Marks`."""

    def __init__(self, sock: socket.socket, marks_fd: int, clock: Clock) -> None:
        self._sock, self._marks_fd, self._clock = sock, marks_fd, clock
        self._out = Outgoing()
        self._stop, self._writing = StopToken(), StopToken()
        self._workers = Supervisor(clock, self._stop)
        self._writers = Supervisor(clock, self._writing)
        self._intakes: dict[str, Intake] = {}
        self._thinker: Thinker | None = None

    def run(self) -> None:
        """Work until the parent says bye or is gone."""
        self._writers.start(Writer(self._sock, self._out))
        try:
            self._read()
        finally:
            self._stop.set()
            self._workers.join(FAREWELL_S)
            self._writing.set()
            self._out.close()
            self._writers.join(FAREWELL_S)

    def _read(self) -> None:
        decoder = framing.Decoder()
        while True:
            try:
                data = self._sock.recv(PIECE_BYTES)
            except OSError:
                return
            if not data:
                return
            for frame in decoder.feed(data):
                if frame.header["type"] == "bye":
                    return
                self._handle(frame)

    def _handle(self, frame: framing.Frame) -> None:
        kind, header = frame.header["type"], frame.header
        if kind == "hello":
            self._begin(header)
            return
        intake = self._intakes.get(str(header.get("camera")))
        if intake is None:
            return
        if kind == "packet":
            intake.packet(_packet(header, frame.payload))
        elif kind == "opened":
            time_base = Fraction(header["num"], header["den"])
            intake.opened(Epoch(header["codec"], frame.payload, time_base, header["rotation"]))
        elif kind == "closed":
            intake.closed()
        elif kind == "watch" and self._thinker is not None:
            self._thinker.watch(header["camera"], header["seconds"])
        elif kind == "belongs" and self._thinker is not None:
            self._thinker.belongs(header["camera"], header["event"], header["by"])
        elif kind == "configure" and self._thinker is not None:
            self._thinker.configure(_camera(header["settings"]))

    def _begin(self, hello: dict[str, Any]) -> None:
        cameras = _cameras(hello)
        marks = Marks(self._marks_fd, len(cameras), careful=hello["careful"])
        turns = Turns[Look]([camera.id for camera in cameras], self._clock.mono_ns)
        ladder = Ladder(as_fraction(hello["fps"]))
        folder = Path(hello["models"]) if hello.get("models") else None
        engines = Engines(hello["threads"], tuple(hello["providers"]), hello["edgetpu_library"])
        store = ModelStore(model_folders(folder))
        pool, looking = DetectorPool(store, engines), AppearancePool(store, hello["threads"])
        attributes = Plugins(ATTRIBUTES)
        together = Together(1 if hello["careful"] else MOST_TOGETHER)
        desks: dict[str, Desk] = {}
        zone = ZoneInfo(hello["timezone"]) if hello.get("timezone") else None
        state = Path(hello["state"]) if hello.get("state") else None

        def way(camera: Camera) -> tuple[Pipeline, Callable[[], str]]:
            with Beat(self._say_nothing_new):
                detector = pool.get_or_next(camera.model)
                looks, missing = looking.get(camera.appearance)
            if missing:
                pool.note(missing)
            pipeline = Pipeline(
                camera, detector and together.detector(detector), new_id, fps=hello["fps"], appearance=looks,
                zone=zone, state=state, attributes=attributes,
            )  # fmt: skip
            return pipeline, partial(_trouble, pool, camera.model, missing)

        for number, camera in enumerate(cameras):
            pipeline, model_error = way(camera)
            intake = self._intakes[camera.id] = Intake(camera.id, number, marks, turns, ladder)
            desks[camera.id] = Desk(number, pipeline, intake, model_error)
        news = News(pool, desks, attributes)
        self._thinker = Thinker(
            desks, turns, ladder, marks, self._out, self._clock, news.take, together, pool.at_once, way
        )
        workers: list[Worker] = [*self._intakes.values(), self._thinker]
        for worker in workers:
            self._workers.start(worker)

    def _say_nothing_new(self) -> None:
        stats = {"type": "stats", "cameras": {}, "shed": "none", "level": 0, "dropped": 0}
        self._out.put(framing.encode(stats), may_go=True)


class News:
    """What the parent must know of detectors, plug-ins, rules and grounds: at the beginning and when it has changed."""

    def __init__(self, pool: DetectorPool, desks: dict[str, Desk], attributes: Plugins) -> None:
        self._pool, self._desks, self._attributes = pool, desks, attributes
        self._said: dict[str, Any] = {}

    def take(self) -> bytes | None:
        """A frame `ready` when there is news."""
        cameras = [f"camera {name}: {said}" for name, desk in self._desks.items() if (said := desk.pipeline.notes)]
        notes = [*self._pool.notes, *self._attributes.notes, *cameras]
        now = {"type": "ready", "detector": self._pool.names() or "motion", "notes": notes}
        if now == self._said:
            return None
        self._said = now
        return framing.encode(now)


def _trouble(pool: DetectorPool, model: str | None, missing: str) -> str:
    """What is wrong with the models of a camera now."""
    return pool.trouble(model) or missing


def _cameras(hello: dict[str, Any]) -> list[Camera]:
    return [_camera(one) for one in hello["cameras"]]


def _camera(settings: dict[str, Any]) -> Camera:
    try:
        return Camera.model_validate(settings)
    except ValidationError as error:
        raise WireError(f"a camera that does not fit: {error.errors()[0]['msg']}") from error


def _packet(header: dict[str, Any], data: bytes) -> Packet:
    return Packet(
        track=TRACK, data=data, pts=header["pts"], dts=header["dts"], duration=header["duration"], key=header["key"],
        wall_ns=header["wall_ns"], time_source=TimeSource.ARRIVAL, arrived_wall_ns=header["wall_ns"],
        arrived_mono_ns=header["arrived_mono_ns"], offset_ns=header.get("offset_ns"),
    )  # fmt: skip
