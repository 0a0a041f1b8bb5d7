"""The parent's side of the analysing child: one pump thread, packets there, events, tracks and pictures back.

Nothing the child does can delay anybody here: packets are taken at once and dropped by whole groups when it is slow,
stopped or gone. A child that falls is started again; a camera whose stream was in work in three falls is quarantined.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from agent.config.gateway import Analysis, Camera
from agent.core.backoff import Backoff
from agent.core.clock import NS, Clock
from agent.core.errors import WireError
from agent.core.memory import Budget
from agent.core.ports import PacketSink
from agent.core.stop import StopToken
from agent.edge.child_feed import Feed
from agent.edge.child_lying import Lying
from agent.edge.child_process import COMMAND, ChildProcess
from agent.edge.child_pump import FAREWELL_S, Bell, Pump
from agent.edge.child_stats import AnalysisStats, Tally
from agent.edge.motion import Levels, read_levels
from agent.wire import framing
from agent.wire.messages import Event, FrameBoxes, TrackSummary, validate

log = logging.getLogger(__name__)

SILENT_S = 60.0
"""A child that says nothing for so long (it tells statistics every second) hangs."""
STEADY_S = 60.0
MOST_STEPS = 16
"""Of what is given up: more than any ladder has."""
FALLS_TO_QUARANTINE = 3
FALLS_TO_PLAIN = 2
FORGIVEN_S = 3600.0
"""After so long without a fall, earlier ones no longer count against a camera."""
STARTING = "starting"


class AnalysisChild:
    """A Worker. The five callbacks are called from the pump thread and should return soon."""

    name = "analysis"

    def __init__(
        self,
        cameras: Sequence[Camera],
        analysis: Analysis,
        clock: Clock,
        *,
        on_event: Callable[[Event], None],
        on_track: Callable[[TrackSummary], None],
        on_picture: Callable[[dict[str, Any], bytes], None],
        on_frame: Callable[[FrameBoxes], None],
        on_motion: Callable[[Levels], None] = lambda _: None,
        on_fall: Callable[[], None] = lambda: None,
        command: Sequence[str] = COMMAND,
        backoff: Backoff | None = None,
        budget: Budget | None = None,
        timezone: str | None = None,
        state: Path | None = None,
    ) -> None:
        """`on_motion` hears every second how much moved.

        `on_fall`: the child is gone, and tells no more of what it had begun.

        `budget` is for the packets that wait for the child, of all cameras together.

        `timezone` is that of all hours (None: the machine's); in the folder `state` the child keeps what it learns.
        """
        self._timezone, self._state = timezone, state
        self._cameras, self._analysis, self._clock, self._command = tuple(cameras), analysis, clock, command
        self._on_event, self._on_track, self._on_picture, self._on_frame = on_event, on_track, on_picture, on_frame
        self._on_motion, self._on_fall = on_motion, on_fall
        self._backoff = backoff or Backoff(0.5, 30.0)
        self._bell = Bell()
        self._feeds = {camera.id: Feed(camera.id, self._bell.ring, budget) for camera in cameras}
        self._tally = Tally([camera.id for camera in cameras])
        self._falls = dict.fromkeys(self._feeds, 0)
        self._quarantine: dict[str, str] = {}
        self._watches: dict[str, int] = {}
        self._watches_to_send: set[str] = set()
        self._lying = Lying()
        self._changed: deque[str] = deque()
        self._child: ChildProcess | None = None
        self._heard_ns = 0
        self._shed, self.status, self.restarts, self.last_fall = "none", STARTING, 0, ""
        self.shed_level = 0
        """How many steps down that is."""
        self._notes: tuple[str, ...] = ()
        self._early_falls, self._is_ready = 0, False

    def sink(self, camera: str) -> PacketSink:
        """Where the packets of `camera` go; calls never wait."""
        return self._feeds[camera]

    def watch(self, camera: str, seconds: float) -> None:
        """Have `on_frame` called with the boxes of `camera` for that long."""
        if camera in self._feeds:
            self._watches[camera] = self._clock.mono_ns() + int(seconds * NS)
            self._watches_to_send.add(camera)
            self._bell.ring()

    def configure(self, camera: Camera) -> None:
        """Look at it by these settings from now on; the other cameras notice nothing."""
        before = next(old for old in self._cameras if old.id == camera.id)
        self._cameras = tuple(camera if old is before else old for old in self._cameras)
        if _without_secrets(before) == _without_secrets(camera):
            return
        self._changed.append(camera.id)
        self._bell.ring()

    def belongs(self, camera: str, event: str, by: str) -> None:
        """What this event of a thing left or taken tells of belongs there; `on_event` hears of its end.

        Raises:
            LamppostError: no such event goes on.
        """
        self._lying.belongs(camera, event, by)
        self._bell.ring()

    def stats(self) -> dict[str, AnalysisStats]:
        """Per camera, over all lives of the child."""
        return {
            camera: self._tally.stats(camera, feed.dropped, self._quarantine.get(camera, ""))
            for camera, feed in self._feeds.items()
        }

    @property
    def shed(self) -> str:
        """What the child gives up to keep pace: `none`, or in words."""
        return self._shed

    @property
    def notes(self) -> list[str]:
        """What a person should know of the models and of what runs them."""
        falls = f"the analysis fell {FALLS_TO_PLAIN} times: until the gateway restarts its models run on the cpu alone"
        return [*([falls] if self._plain() else []), *self._notes]

    @property
    def pid(self) -> int | None:
        """The child's process id while it lives."""
        return self._child.pid if self._child is not None else None

    def run(self, stop: StopToken) -> None:
        """Keep a child alive until `stop`."""
        while not stop.is_set():
            began_ns = self._clock.mono_ns()
            fall = self._live(stop)
            if stop.is_set():
                break
            if self._clock.mono_ns() - began_ns > STEADY_S * NS:
                self._backoff.reset()
            if self._clock.mono_ns() - began_ns > FORGIVEN_S * NS:
                self._falls = dict.fromkeys(self._falls, 0)
            self._start_again(fall, stop)

    def _start_again(self, fall: str, stop: StopToken) -> None:
        self._on_fall()
        wait_s = self._backoff.next_s()
        self.restarts, self.last_fall = self.restarts + 1, fall
        self.status = f"restarting: {fall}"
        log.warning("the analysis fell (%s); starting it again in %.1f s", fall, wait_s)
        stop.wait(wait_s)

    def _live(self, stop: StopToken) -> str:
        """One life of the child, from start to fall or stop; says how it ended."""
        child = self._child = ChildProcess(self._command, len(self._cameras))
        self._heard_ns, self._is_ready = self._clock.mono_ns(), False
        suspects: list[int] = []
        try:
            why = Pump(self, child.sock, self._bell, self._clock).run(stop)
            suspects = [] if stop.is_set() else child.suspects()
        finally:
            self._child = None
            how = child.end(FAREWELL_S if stop.is_set() else 0.2)
            self._tally.child_ended()
            self._lying.forget()
        self._early_falls += not (suspects or self._is_ready or stop.is_set())
        self._blame(suspects)
        return why or how

    def _blame(self, suspects: list[int]) -> None:
        """Count the fall against whoever was in work; from then on the child takes one camera at a time (`careful`)."""
        for number in suspects:
            camera = self._cameras[number].id
            self._falls[camera] += 1
            log.warning("camera %s was in work when the analysis fell (%d times)", camera, self._falls[camera])
        worst = max(self._falls, key=lambda camera: self._falls[camera])
        if self._falls[worst] >= FALLS_TO_QUARANTINE:
            self._isolate(worst)

    def _plain(self) -> bool:
        """May a driver under the models be what ends the child? The cpu's own is tried before a camera is blamed."""
        return max(self._early_falls, *self._falls.values()) >= FALLS_TO_PLAIN

    def _isolate(self, camera: str) -> None:
        self._quarantine[camera] = (
            f"quarantined: its stream ended the analysis {FALLS_TO_QUARANTINE} times; "
            "it is recorded, but analysed again only after a restart of the gateway"
        )
        self._feeds[camera].mute()
        self._falls = dict.fromkeys(self._falls, 0)
        log.error("camera %s: %s", camera, self._quarantine[camera])

    # -- what the pump asks for and brings ---------------------------------------------------------------------

    def hello(self) -> bytes:
        """The first frame for a new child; feeds and watches begin again behind it."""
        for feed in self._feeds.values():
            feed.begin_again()
        self._watches_to_send.update(self._watches)
        self._changed.clear()
        hello = {
            "type": "hello",
            "careful": any(self._falls.values()),
            "fps": self._analysis.fps, "threads": self._analysis.threads,
            "providers": ["cpu"] if self._plain() else list(self._analysis.providers),
            "edgetpu_library": self._analysis.edgetpu_library,
            "timezone": self._timezone, "state": None if self._state is None else str(self._state),
            "models": None if self._analysis.models is None else str(self._analysis.models),
            "cameras": [_without_secrets(camera) for camera in self._cameras],
        }  # fmt: skip
        return framing.encode(hello)

    def more(self) -> list[bytes]:
        """The next frame of every camera that has one, and new watches."""
        frames = [frame for feed in self._feeds.values() if (frame := feed.next_frame()) is not None]
        frames += [*self._lying.to_send(), *self._settings_to_send()]
        while self._watches_to_send:
            camera = self._watches_to_send.pop()
            left_s = (self._watches[camera] - self._clock.mono_ns()) / NS
            if left_s > 0:
                frames.append(framing.encode({"type": "watch", "camera": camera, "seconds": left_s}))
        return frames

    def _settings_to_send(self) -> list[bytes]:
        changed = {self._changed.popleft() for _ in range(len(self._changed))}
        return [
            framing.encode({"type": "configure", "camera": camera.id, "settings": _without_secrets(camera)})
            for camera in self._cameras
            if camera.id in changed
        ]

    def silent(self) -> bool:
        """Has the child said nothing for too long?"""
        return self._clock.mono_ns() - self._heard_ns > SILENT_S * NS

    def take(self, frame: framing.Frame) -> None:
        """A frame from the child; one that breaks the contract is logged and passed over."""
        self._heard_ns = self._clock.mono_ns()
        try:
            act = self._read(frame.header, frame.payload)
        except (WireError, KeyError, TypeError, ValueError) as error:
            log.warning("the analysis sent a %s that cannot be read: %s", frame.header["type"], error)
            return
        act()

    def _read(self, header: dict[str, Any], payload: bytes) -> Callable[[], None]:
        """What is to be done about a frame; reading it is apart from doing it, so that no error of ours hides."""
        read: dict[str, Callable[[], Callable[[], None]]] = {
            "event": lambda: partial(self._event, validate(Event, header["record"])),
            "track": lambda: partial(self._on_track, validate(TrackSummary, header["record"])),
            "picture": lambda: partial(self._on_picture, dict(header["media"]), payload),
            "frame": lambda: partial(self._on_frame, validate(FrameBoxes, header["boxes"])),
            "motion": lambda: partial(self._on_motion, read_levels(header["cameras"])),
            "stats": lambda: partial(self._count, str(header["shed"]), int(header["level"]), dict(header["cameras"])),
            "ready": lambda: partial(self._ready, str(header["detector"]), [str(note) for note in header["notes"]]),
        }
        if header["type"] not in read:
            raise WireError("nobody knows that kind")
        return read[header["type"]]()

    def _event(self, event: Event) -> None:
        self._lying.hear(event)
        self._on_event(event)

    def _count(self, shed: str, level: int, rows: dict[str, Any]) -> None:
        self._shed, self.shed_level = shed, max(0, min(level, MOST_STEPS))
        self._tally.take(rows)

    def _ready(self, detector: str, notes: list[str]) -> None:
        self.status = "motion only: no model found" if detector == "motion" else detector
        self._is_ready = True
        fresh = [note for note in notes if note not in self._notes]  # said once, not at every restart
        self._notes = tuple(notes)
        for note in fresh:
            log.warning("%s", note)


def _without_secrets(camera: Camera) -> dict[str, Any]:
    """What the child needs to know of a camera."""
    return camera.model_dump(mode="json", by_alias=True, exclude={"username", "password_file", "name"})
