"""`lamppost run`: builds the gateway from its configuration, starts its threads, ends them in order."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from agent.config.base import read_secret
from agent.config.gateway import GatewayConfig, Mqtt
from agent.core.clock import Clock, SystemClock
from agent.core.errors import ConfigError
from agent.core.notify import Watchdog, notify
from agent.core.signing import Verifier
from agent.core.stop import StopToken
from agent.core.supervisor import Supervisor
from agent.edge.cameras import CameraUnit, Takers, span_of
from agent.edge.child import AnalysisChild
from agent.edge.health import HealthBoard, HealthReporter
from agent.edge.requests import Requests
from agent.edge.status import StatusPage
from agent.publish.commands import CommandDesk
from agent.publish.live import LiveRelay
from agent.publish.outbox import Outbox
from agent.publish.uplink import Uplink
from agent.record.catalogue import Segment
from agent.record.retention import Retention
from agent.record.store import SegmentStore
from agent.wire.messages import Event, FrameBoxes, Message, TrackSummary, encode
from agent.wire.topics import GatewayTopics

log = logging.getLogger(__name__)

END_WITHIN_S = 15.0


def run_gateway(config: GatewayConfig, stop: StopToken, clock: Clock | None = None) -> int:
    """Run until `stop`; 0 after an orderly end.

    Raises:
        LamppostError: it cannot start: the disk, a secret or a key is not as configured.
    """
    gateway = Gateway(config, stop, clock or SystemClock())
    gateway.start()
    notify("READY=1")
    stop.wait()
    notify("STOPPING=1")
    return gateway.end()


@dataclass(frozen=True, slots=True)
class _Parts:
    store: SegmentStore
    outbox: Outbox
    live: LiveRelay
    child: AnalysisChild | None
    uplink: Uplink | None
    units: tuple[CameraUnit, ...]
    desk: CommandDesk


class Gateway:
    """All parts of one gateway and the wires between them."""

    def __init__(self, config: GatewayConfig, stop: StopToken, clock: Clock) -> None:
        self._config, self._stop, self._clock = config, stop, clock
        self._topics = GatewayTopics(config.gateway.site, config.gateway.id)
        self._supervisor = Supervisor(clock, stop)
        self._parts = self._build()
        self.board = HealthBoard(
            self._parts.units,
            self._parts.child,
            self._parts.store,
            self._parts.outbox,
            self._supervisor,
            clock,
            self._problems,
        )
        self._reporter = HealthReporter(self.board, self._state, clock)

    def start(self) -> None:
        """Start every worker, those who take before those who give."""
        parts, config = self._parts, self._config
        storage = config.storage
        keep = Retention(
            parts.store,
            self._clock,
            keep_days=storage.keep_days,
            max_bytes=storage.max_bytes,
            min_free=storage.min_free,
        )
        workers: list[Any] = [keep, parts.live, parts.desk, self._reporter]
        workers += [part for part in (parts.uplink, parts.child) if part is not None]
        workers += [worker for unit in parts.units for worker in unit.workers]
        workers += [StatusPage(config.gateway.status_listen, self.board.now), Watchdog(self._clock, self._healthy)]
        for worker in workers:
            self._supervisor.start(worker)
        log.info("gateway %s at site %s: %d cameras", config.gateway.id, config.gateway.site, len(parts.units))

    def end(self) -> int:
        """Wait for all threads after the stop; 1 when some did not end."""
        late = self._supervisor.join(END_WITHIN_S)
        self._parts.outbox.close()
        self._parts.store.close()
        if late:
            log.error("did not end within %.0f s: %s", END_WITHIN_S, ", ".join(late))
        return 1 if late else 0

    def _build(self) -> _Parts:
        config, clock = self._config, self._clock
        verifier = _verifier(config.mqtt)
        store = SegmentStore(config.storage.path / "recordings", clock)
        store.prepare()
        outbox = Outbox(
            config.storage.path / "outbox.sqlite", clock, site=config.gateway.site, gateway=config.gateway.id
        )
        live = LiveRelay(self._say, self._topics, clock)
        child = self._child(outbox)
        requests = Requests(
            {camera.id: camera.sub_url is not None for camera in config.camera},
            store,
            outbox,
            live,
            child,
            clock,
            self._stop,
        )
        desk = CommandDesk(config.gateway.site, config.gateway.id, verifier, clock, requests.handlers())
        uplink = self._uplink(config.mqtt, outbox, desk)
        units = tuple(self._unit(camera.id, store, outbox, live, child) for camera in config.camera)
        return _Parts(store, outbox, live, child, uplink, units, desk)

    def _child(self, outbox: Outbox) -> AnalysisChild | None:
        config = self._config
        for camera in config.camera:
            if camera.still.enabled:
                log.warning("%s: [camera.still] has no effect in this version", camera.id)
        if not config.analysis.enabled:
            return None
        return AnalysisChild(
            config.camera,
            config.analysis,
            self._clock,
            on_event=lambda event: self._put_event(outbox, event),
            on_track=lambda track: self._put_track(outbox, track),
            on_picture=lambda header, jpeg: _put_picture(outbox, header, jpeg),
            on_frame=self._say_frame,
        )

    def _uplink(self, mqtt: Mqtt | None, outbox: Outbox, desk: CommandDesk) -> Uplink | None:
        if mqtt is None:
            log.warning("no [mqtt] in the configuration: recording and analysing; the outbox waits for a centre")
            return None
        gateway = self._config.gateway
        return Uplink(
            gateway.site,
            gateway.id,
            outbox,
            self._clock,
            url=mqtt.url,
            username=mqtt.username,
            password=read_secret(mqtt.password_file),
            ca_file=mqtt.ca_file,
            cert_file=mqtt.cert_file,
            key_file=mqtt.key_file,
            commands=desk,
        )

    def _unit(
        self, camera_id: str, store: SegmentStore, outbox: Outbox, live: LiveRelay, child: AnalysisChild | None
    ) -> CameraUnit:
        camera = next(camera for camera in self._config.camera if camera.id == camera_id)
        analysis = child.sink(camera.id) if child else None
        takers = Takers(analysis, live.sink(camera.id, "main"), live.sink(camera.id, "sub"))

        def on_segment(segment: Segment) -> None:
            outbox.put("recording", segment.camera, span_of(segment))

        return CameraUnit(
            camera,
            store,
            takers,
            self._clock,
            sync_interval_s=self._config.storage.sync_interval_s,
            on_segment=on_segment,
        )

    def _put_event(self, outbox: Outbox, event: Event) -> None:
        outbox.put("event", event.camera, event)

    def _put_track(self, outbox: Outbox, track: TrackSummary) -> None:
        outbox.put("track", track.camera, track)

    def _say(self, topic: str, payload: bytes) -> bool:
        uplink = self._parts.uplink
        return uplink is not None and uplink.say(topic, payload)

    def _say_frame(self, boxes: FrameBoxes) -> None:
        self._say(self._topics.camera(boxes.camera, "frame"), encode(boxes))

    def _state(self, leaf: str, message: Message) -> None:
        if self._parts.uplink is not None:
            self._parts.uplink.state(f"{self._topics.root}/{leaf}", message)

    def _problems(self) -> list[str]:
        parts = self._parts
        found = [
            f"recording: {unit.recorder.stats().error}"
            for unit in parts.units
            if unit.recorder and unit.recorder.stats().error
        ]
        if parts.uplink is not None and parts.uplink.error:
            found.append(f"uplink: {parts.uplink.error}")
        return found

    def _healthy(self) -> bool:
        """The service manager restarts us only when recording itself is stuck, never for the network or the child."""
        return all(unit.recorder.alive() for unit in self._parts.units if unit.recorder)


def _put_picture(outbox: Outbox, header: dict[str, Any], jpeg: bytes) -> None:
    outbox.put_media(
        id=header["media"],
        camera=header["camera"],
        kind=header["kind"],
        type=header["type"],
        source=jpeg,
        start=header["start"],
        end=header["end"],
        event=header.get("event"),
        track=header.get("track"),
    )


def _verifier(mqtt: Mqtt | None) -> Verifier | None:
    if mqtt is None:
        return None
    path = mqtt.command_key_file
    if path is None:
        log.warning("no [mqtt] command_key_file: commands from the centre (live, clips) will be refused")
        return None
    try:
        return Verifier.from_pem(path.read_bytes(), str(path))
    except OSError as error:
        raise ConfigError(f"{path}: the centre's command key cannot be read: {error.strerror}") from error
