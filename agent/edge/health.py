"""Puts the gateway's health together and publishes it, retained; camera states when they change."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from agent.core.clock import NS, Clock, rfc3339
from agent.core.errors import StorageError
from agent.core.stop import StopToken
from agent.core.supervisor import Supervisor, WorkerState
from agent.edge.cameras import CameraUnit
from agent.edge.child import AnalysisChild
from agent.edge.child_stats import AnalysisStats
from agent.edge.history import History
from agent.edge.movement import Movement
from agent.publish.outbox import Outbox
from agent.record.audit import AuditReport
from agent.record.store import SegmentStore
from agent.wire.messages import (
    AuditResult,
    CameraHealth,
    CameraInfo,
    CameraState,
    ClockState,
    Disk,
    Health,
    Message,
    OutboxDepth,
    OverlayState,
    UplinkState,
    WorkerHealth,
)

HEALTH_EVERY_S, SELDOM_S = 10.0, 29.0
LOOK_EVERY_S = 1.0
RECENT_S = 5.0
"""A camera is being analysed when a picture was, within this long."""
STUCK_S = 60.0
_THERMAL = Path("/sys/class/thermal/thermal_zone0/temp")


class HealthBoard:
    """Knows every part that has something to say about its health; `now` asks them all."""

    def __init__(
        self,
        units: Sequence[CameraUnit],
        child: AnalysisChild | None,
        store: SegmentStore,
        outbox: Outbox,
        supervisor: Supervisor,
        clock: Clock,
        notes: Callable[[], list[str]],
        audit: Callable[[], AuditReport | None],
        uplink: Callable[[], UplinkState | None] = lambda: None,
        overlay: Callable[[], OverlayState] = OverlayState,
        ahead_ms: Callable[[], float | None] = lambda: None,
        timezone: str = "",
    ) -> None:
        """`ahead_ms` is how far the gateway's clock is ahead of the centre's."""
        self._units, self._child, self._store, self._outbox = units, child, store, outbox
        self._supervisor, self._clock, self._notes, self._audit = supervisor, clock, notes, audit
        self._uplink, self._overlay, self._ahead_ms, self._timezone = uplink, overlay, ahead_ms, timezone
        self._movement = Movement(clock)
        self._began_ns = clock.mono_ns()
        self._waiting = OutboxDepth(messages=0, media=0, media_bytes=0)

    def now(self) -> Health:
        """The health message of this moment."""
        states = self._supervisor.states()
        unread = self._count_waiting()
        return Health(
            time=rfc3339(self._clock.wall_ns()),
            uptime_s=round((self._clock.mono_ns() - self._began_ns) / NS, 1),
            cameras=[self._camera(unit) for unit in self._units],
            disk=self._disk(),
            clock=ClockState(offset_ms=self._ahead_ms(), synced=self._clock.synced()),
            temperature_c=_temperature_c(),
            load=round(os.getloadavg()[0], 2),
            outbox=self._waiting,
            uplink=self._uplink(),
            shed=self._child.shed if self._child else "off",
            shed_level=self._child.shed_level if self._child else 0,
            analysis=self._child.status if self._child else "off",
            timezone=self._timezone,
            workers=[self._worker(state) for state in states],
            audit=_audited(self._audit()),
            overlay=self._overlay(),
            problems=[note[:400] for note in [*unread, *self._notes()]][:64],
        )

    def infos(self) -> list[CameraInfo]:
        """What the cameras are."""
        return [unit.info() for unit in self._units]

    def states(self) -> list[CameraState]:
        """How the cameras are."""
        return [self._state(unit, self._analysis(unit)) for unit in self._units]

    def healthy(self) -> bool:
        """False when a recorder has packets waiting and writes none for long: only a restart can mend that.

        Never for the network, the child or a disk that says what is wrong with it.
        """
        return not any(unit.recorder.stats().waiting_s > STUCK_S for unit in self._units if unit.recorder)

    def _state(self, unit: CameraUnit, stats: AnalysisStats | None) -> CameraState:
        analysing = stats is not None and self._analysing(unit.camera.id, stats)
        return unit.state(analysing=analysing, analysis_error=stats.error if stats else "")

    def _analysing(self, camera: str, stats: AnalysisStats) -> bool:
        still_s = self._movement.still_s(f"analysed-{camera}", stats.analysed)
        return stats.analysed > 0 and still_s < RECENT_S

    def _analysis(self, unit: CameraUnit) -> AnalysisStats | None:
        return self._child.stats().get(unit.camera.id) if self._child else None

    def _camera(self, unit: CameraUnit) -> CameraHealth:
        captured, analysed = unit.captured(), self._analysis(unit)
        recorded = unit.recorder.stats() if unit.recorder else None
        state = self._state(unit, analysed)
        return CameraHealth(
            id=unit.camera.id,
            online=state.online,
            recording=state.recording,
            analysing=state.analysing,
            fps=state.fps,
            clock_offset_ms=state.clock.offset_ms,
            error=state.error,
            packets_in=recorded.packets_in if recorded else captured["main"].packets if "main" in captured else 0,
            packets_recorded=recorded.packets_recorded if recorded else 0,
            packets_lost=recorded.packets_lost if recorded else 0,
            packets_not_wanted=recorded.packets_not_wanted if recorded else 0,
            frames_decoded=analysed.decoded if analysed else 0,
            frames_analysed=analysed.analysed if analysed else 0,
            analysis_lag_ms=analysed.lag_ms if analysed else 0,
            packets_not_analysed=analysed.dropped if analysed else 0,
            tracks=analysed.tracks if analysed else 0,
            events=analysed.events if analysed else 0,
            reconnects=sum(state.reconnects for state in captured.values()),
        )

    def _worker(self, state: WorkerState) -> WorkerHealth:
        """A thread as the supervisor knows it; of the analysis, the child's own falls count."""
        restarts, error = state.restarts, state.error
        if self._child is not None and state.name == self._child.name:
            restarts, error = restarts + self._child.restarts, error or self._child.last_fall
        return WorkerHealth(name=state.name, state=state.state, restarts=restarts, error=error[:400])

    def _count_waiting(self) -> list[str]:
        """Look into the outbox; the problem with that, if any: then what was seen last stands, and health goes out."""
        try:
            self._waiting = self._outbox.depth()
        except (OSError, StorageError) as error:
            return [f"what waits for the centre is not known: {error}"]
        return []

    def _disk(self) -> Disk | None:
        try:
            usage = shutil.disk_usage(self._store.root)
            recordings = self._store.catalogue.totals().bytes
        except (OSError, StorageError):
            return None  # health goes out all the same: `problems` says what is wrong with the disk
        return Disk(total=usage.total, free=usage.free, recordings=recordings)


class HealthReporter:
    """Publishes what the board says."""

    name = "health"

    def __init__(
        self, board: HealthBoard, publish: Callable[[str, Message], None], history: History, clock: Clock
    ) -> None:
        """`publish(leaf, message)` keeps a retained topic: `health`, `camera/<id>/info`, `camera/<id>/state`."""
        self._board, self._publish, self._history, self._clock = board, publish, history, clock
        self._said: dict[str, Message] = {}
        self._problems: list[str] = []
        self._seldom_ns = 0

    def run(self, stop: StopToken) -> None:
        """See `Worker.run`."""
        due_ns = 0
        while not stop.is_set():
            self.say_cameras()
            if self._clock.mono_ns() >= due_ns:
                self._say_health()
                due_ns = self._clock.mono_ns() + int(HEALTH_EVERY_S * NS)
            stop.wait(LOOK_EVERY_S)
        self._history.flush()

    def _say_health(self) -> None:
        """Where every byte counts less often, but for news."""
        health, now_ns = self._board.now(), self._clock.mono_ns()
        self._history.hear(health)
        limited = health.uplink is not None and health.uplink.limited
        if not limited or now_ns >= self._seldom_ns or health.problems != self._problems:
            self._publish("health", health)
            self._problems, self._seldom_ns = health.problems, now_ns + int(SELDOM_S * NS)

    def say_cameras(self) -> None:
        """Publish infos and states that differ from what was said last."""
        for info in self._board.infos():
            self._say(
                f"camera/{info.camera}/info", info.model_copy(update={"streams": [_still(s) for s in info.streams]})
            )
        for state in self._board.states():
            self._say(f"camera/{state.camera}/state", state)

    def _say(self, leaf: str, message: Message) -> None:
        if self._said.get(leaf) != message:
            self._said[leaf] = message
            self._publish(leaf, message)


def _audited(report: AuditReport | None) -> AuditResult | None:
    if report is None:
        return None
    problems = [problem[:400] for problem in report.problems]
    return AuditResult(time=rfc3339(report.at_ns), checked=report.checked, failed=report.failed, problems=problems)


def _still(stream: Message) -> Message:
    return stream.model_copy(update={"fps": None})


def _temperature_c() -> float | None:
    try:
        return int(_THERMAL.read_text()) / 1000
    except (OSError, ValueError):
        return None  # many machines have no such sensor
