"""The one thread that looks at pictures: every camera's pipeline in turn, results and statistics out."""

from __future__ import annotations

import logging
import os
import queue
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from agent.analyse.frames import Frame
from agent.analyse.gauge import Gauge
from agent.analyse.intake import Intake, Look
from agent.analyse.ladder import Ladder
from agent.analyse.marks import LOOKING, Marks
from agent.analyse.motion_log import MotionLog
from agent.analyse.outgoing import Outgoing
from agent.analyse.pipeline import Outcome, Pipeline
from agent.analyse.tell import corners
from agent.analyse.together import Together
from agent.analyse.turns import Turns
from agent.config.gateway import Camera
from agent.core.clock import NS, Clock, rfc3339
from agent.core.errors import LamppostError
from agent.core.stop import StopToken
from agent.wire import framing
from agent.wire.messages import BoxNow, Event, FrameBoxes, TrackSummary

log = logging.getLogger(__name__)

STATS_NS = NS
Turn = tuple[str, Look | None]
MOVING_WEIGHT = 2.0
"""A camera that sees somebody move waits half as long for its turn, when there are not enough for all."""


@dataclass(slots=True, eq=False)
class Desk:
    """One camera in the thinker's hands; counts are since the child began."""

    number: int
    pipeline: Pipeline
    intake: Intake
    model_error: Callable[[], str] = str
    error: str = ""
    analysed: int = 0
    tracks: int = 0
    events: int = 0
    lag_ms: float = 0.0
    lag_max_s: float = field(default=0.0)
    watched_until_ns: int = 0
    motion: MotionLog = field(default_factory=MotionLog)

    def row(self, replaced: int) -> dict[str, Any]:
        """What `stats` says of the camera."""
        intake = self.intake
        return {
            "decoded": intake.decoded, "analysed": self.analysed, "skipped": intake.thinned + replaced,
            "broken": intake.broken, "tracks": self.tracks, "events": self.events, "lag_ms": round(self.lag_ms, 1),
            "error": self.pipeline.trouble or self.model_error() or intake.error or self.error,
        }  # fmt: skip


class Thinker:
    """A Worker. When it is stopped it ends all tracks and events and says so. `news`: what else there is to say."""

    name = "think"

    def __init__(
        self, desks: dict[str, Desk], turns: Turns[Look], ladder: Ladder, marks: Marks, out: Outgoing, clock: Clock,
        news: Callable[[], bytes | None], together: Together, at_once: Callable[[], int],
        way: Callable[[Camera], tuple[Pipeline, Callable[[], str]]],
    ) -> None:  # fmt: skip
        """`way` makes the pipeline of a camera, and what says that its models fail it."""
        self._desks, self._turns, self._ladder, self._marks = desks, turns, ladder, marks
        self._out, self._clock, self._news = out, clock, news
        self._together, self._at_once, self._way = together, at_once, way
        self._kept: Turn | None = None
        self._belonging: queue.SimpleQueue[tuple[str, str, str]] = queue.SimpleQueue()
        self._changed: queue.SimpleQueue[Camera] = queue.SimpleQueue()
        self._stats_ns = clock.mono_ns()
        self._gauge = Gauge(len(os.sched_getaffinity(0)))

    def watch(self, camera: str, seconds: float) -> None:
        """Send the boxes of a camera for that long."""
        if camera in self._desks:
            self._desks[camera].watched_until_ns = self._clock.mono_ns() + int(seconds * NS)

    def belongs(self, camera: str, event: str, by: str) -> None:
        """What this event tells of belongs there: done before the next picture."""
        if camera in self._desks:
            self._belonging.put((camera, event, by))

    def configure(self, camera: Camera) -> None:
        """Look at it by these settings from the next picture on."""
        if camera.id in self._desks:
            self._changed.put(camera)

    def run(self, stop: StopToken) -> None:
        """Look at pictures until the end."""
        self._tell_news()
        while not stop.is_set():
            self._absorb()
            if served := self._take_turns():
                began_ns = self._clock.mono_ns()
                self._together.run([partial(self._serve, *turn) for turn in served])
                self._gauge.thought_ns += self._clock.mono_ns() - began_ns
            if self._clock.mono_ns() - self._stats_ns >= STATS_NS:
                self._tell_stats()
        for camera in self._desks:
            self._serve(camera, None)
        self._tell_stats()
        self._together.close()

    def _absorb(self) -> None:
        while not self._belonging.empty():
            camera, event, by = self._belonging.get()
            desk = self._desks[camera]
            self._send(desk, desk.pipeline.belongs(event, by))
        while not self._changed.empty():
            self._change(self._changed.get())

    def _change(self, camera: Camera) -> None:
        """Other rules for what is known already, where that is all that changed; else begin anew."""
        desk = self._desks[camera.id]
        outcome = desk.pipeline.rule_by(camera)
        if outcome is None:
            outcome = desk.pipeline.finish()
            desk.pipeline, desk.model_error = self._way(camera)
            desk.intake.idle, desk.intake.empty_pts = False, None
        self._send(desk, outcome)

    def _take_turns(self) -> list[Turn]:
        """The next camera's turn; with it those of others that wait, where the detector likes to see many at once."""
        turns: list[Turn] = []
        most = min(self._together.most, self._at_once())
        while len(turns) < most:
            turn, self._kept = self._kept or self._turns.take(0 if turns else 0.2), None
            if turn is None:
                break
            if turn[0] in {camera for camera, _ in turns}:
                self._kept = turn  # each camera's pictures are looked at in their order
                break
            turns.append(turn)
        return turns

    def _serve(self, camera: str, look: Look | None) -> None:
        desk = self._desks[camera]
        try:
            with self._marks.at(desk.number, LOOKING):
                outcome = self._think(desk, look)
        except LamppostError as error:
            desk.error = str(error)
            return
        except Exception as error:  # one camera's pictures must not stop the others: a supervisor for each
            log.exception("camera %s: the analysis of a picture fell", camera)
            desk.error = f"the analysis of a picture fell: {type(error).__name__}"
            return
        if look is not None:
            desk.error = ""
            desk.analysed += 1
            self._measure(desk, look)
            self._turns.weigh(camera, 1.0 if desk.pipeline.calm else MOVING_WEIGHT)
            self._show(camera, desk, outcome, look)
        self._send(desk, outcome)

    def _think(self, desk: Desk, look: Look | None) -> Outcome:
        if look is None:
            return desk.pipeline.finish()
        frame = self._dated(look)
        if look.late and frame.wall_ns <= desk.pipeline.last_ns:
            return Outcome()  # it was glanced at and seen before its camera was woken
        if look.glance:
            if desk.pipeline.glance(frame):  # the intake brings this picture again, with all that were before it
                desk.intake.idle = False
                return Outcome()
            desk.intake.empty_pts = look.pts
            desk.motion.rest(frame.wall_ns)
        outcome = desk.pipeline.process(frame)
        desk.motion.note(frame.wall_ns, outcome.moving)
        desk.intake.idle = desk.pipeline.idle
        return outcome

    def _dated(self, look: Look) -> Frame:
        """The picture, and whether its times can be trusted."""
        return replace(look.frame, synced=self._clock.synced())

    def _measure(self, desk: Desk, look: Look) -> None:
        if not look.late:
            late_ns = max(0, self._clock.mono_ns() - look.arrived_mono_ns)
            desk.lag_ms, desk.lag_max_s = late_ns / 1e6, max(desk.lag_max_s, late_ns / NS)

    def _send(self, desk: Desk, outcome: Outcome) -> None:
        for picture in outcome.pictures:
            self._out.put(framing.encode({"type": "picture", "media": picture.header}, picture.body), may_go=True)
        for event in outcome.events:
            desk.events += event.phase == "start"
            self._out.put(_record("event", event), may_go=event.phase == "update")
        for track in outcome.tracks:
            desk.tracks += track.final
            self._out.put(_record("track", track), may_go=not track.final)

    def _show(self, camera: str, desk: Desk, outcome: Outcome, look: Look) -> None:
        if outcome.observation is None or self._clock.mono_ns() > desk.watched_until_ns:
            return
        boxes = [
            BoxNow(track=seen.track, label=seen.label, score=round(seen.score, 3), box=corners(seen.box))
            for seen in outcome.observation.seen
            if seen.confirmed and seen.now
        ]
        now = FrameBoxes(camera=camera, time=rfc3339(look.frame.wall_ns), boxes=boxes[:300])
        self._out.put(framing.encode({"type": "frame", "boxes": now.model_dump(mode="json")}), may_go=True)

    def _tell_news(self) -> None:
        news = self._news()
        if news is not None:
            self._out.put(news, may_go=False)

    def _tell_motion(self) -> None:
        moved = {camera: taken for camera, desk in self._desks.items() if (taken := desk.motion.take())}
        if moved:
            self._out.put(framing.encode({"type": "motion", "cameras": moved}), may_go=True)

    def _tell_stats(self) -> None:
        self._tell_news()
        self._tell_motion()
        now_ns = self._clock.mono_ns()
        elapsed_s, self._stats_ns = (now_ns - self._stats_ns) / NS, now_ns
        replaced = {camera: self._turns.replaced(camera) for camera in self._desks}
        self._ladder.note(self._gauge.load(self._desks.values(), sum(replaced.values()), elapsed_s))
        rows = {camera: desk.row(replaced[camera]) for camera, desk in self._desks.items()}
        given_up = {"shed": self._ladder.shed, "level": self._ladder.level, "dropped": self._out.dropped}
        stats = {"type": "stats", "cameras": rows, **given_up}
        self._out.put(framing.encode(stats), may_go=True)


def _record(kind: str, record: Event | TrackSummary) -> bytes:
    return framing.encode({"type": kind, "record": record.model_dump(mode="json", exclude_none=True, by_alias=True)})
