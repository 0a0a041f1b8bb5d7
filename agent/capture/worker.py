"""Keeps one stream of one camera open for ever and hands its packets to whoever wants them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from agent.core.backoff import Backoff
from agent.core.clock import NS, Clock
from agent.core.errors import SourceError
from agent.core.media import Packet, StreamInfo
from agent.core.ports import PacketSink, PacketSource, SourceOpener
from agent.core.stop import StopToken

log = logging.getLogger(__name__)

_REPORT_NS = 5 * NS
_STEADY_NS = 10 * NS
"""A session at least this long was good: the next loss is answered at once."""


@dataclass(frozen=True, slots=True)
class CaptureState:
    """How a stream is. Counters run since the worker was made; `since_wall_ns` is when `online` last changed."""

    online: bool
    error: str
    since_wall_ns: int
    fps: float | None = None
    packets: int = 0
    reconnects: int = 0
    offset_ns: int | None = None
    info: StreamInfo | None = None


class CaptureWorker:
    """Open, fan out, and on loss: tell the sinks, wait with jitter, open again, until `stop`.

    A source that ends by itself (a file that is not looped) is not opened again. `on_state` is called from this
    worker's thread at every change and about every five seconds while packets come.
    """

    def __init__(
        self,
        name: str,
        opener: SourceOpener,
        sinks: Sequence[PacketSink],
        clock: Clock,
        on_state: Callable[[CaptureState], None],
        backoff: Backoff | None = None,
    ) -> None:
        self.name = name
        self._opener, self._clock, self._on_state = opener, clock, on_state
        self._sinks = [_Guarded(sink, name) for sink in sinks]
        self._backoff = backoff or Backoff(1.0, 30.0)
        self._state = CaptureState(online=False, error="", since_wall_ns=0)
        self._sessions, self._packets = 0, 0
        self._rate = _Rate()

    @property
    def state(self) -> CaptureState:
        """The newest state, from any thread."""
        return replace(self._state, packets=self._packets)

    def run(self, stop: StopToken) -> None:
        """See `core.ports.Worker.run`."""
        while not stop.is_set():
            try:
                ended = self._session(stop)
            except SourceError as error:
                self._lost("" if stop.is_set() else str(error))
                stop.wait(self._backoff.next_s())
            except Exception as error:  # the supervisor says more and starts again; the state must not stay `online`
                self._offline(f"{self._opener.place}: {type(error).__name__}: {error}")
                raise
            else:
                self._offline("" if stop.is_set() else "the file is at its end")
                if ended:
                    stop.wait()

    def _session(self, stop: StopToken) -> bool:
        """One epoch; true when the source came to its own end."""
        source = self._opener.open(stop)
        try:
            return self._play(source, stop)
        finally:
            source.close()

    def _play(self, source: PacketSource, stop: StopToken) -> bool:
        began_ns = self._clock.mono_ns()
        reason = "lost"
        info = source.info
        self._online(info)
        try:
            for packet in source.packets(stop, self._hurried):
                if source.info is not info:
                    info = source.info
                    self._turn(info)
                self._hand_on(packet)
            reason = "stop" if stop.is_set() else "end"
        finally:
            if self._clock.mono_ns() - began_ns > _STEADY_NS:
                self._backoff.reset()
            for sink in self._sinks:
                sink.closed(reason)
        return not stop.is_set()

    def _hurried(self) -> bool:
        return any(sink.hurried for sink in self._sinks)

    def _hand_on(self, packet: Packet) -> None:
        for sink in self._sinks:
            sink.packet(packet)
        if packet.track == 0:
            self._rate.count(packet)
        self._packets += 1
        if packet.arrived_mono_ns >= self._rate.report_at_ns:
            self._say(replace(self._state, fps=self._rate.fps(packet), offset_ns=packet.offset_ns))

    def _online(self, info: StreamInfo) -> None:
        self._sessions += 1
        self._rate = _Rate()
        log.info("%s: online: %s from %s", self.name, _shape(info), self._opener.place)
        self._announce(info)

    def _turn(self, info: StreamInfo) -> None:
        """The session goes on as another epoch."""
        log.info("%s: a new epoch (%s): %s", self.name, info.after, _shape(info))
        for sink in self._sinks:
            sink.closed(info.after)
        self._rate = _Rate()
        self._announce(info)

    def _announce(self, info: StreamInfo) -> None:
        for sink in self._sinks:
            sink.opened(info)
        self._change(online=True, error="", info=info, reconnects=self._sessions - 1)

    def _lost(self, error: str) -> None:
        if error and error != self._state.error:  # the same trouble again is no news
            log.warning("%s: offline: %s", self.name, error)
        self._offline(error)

    def _offline(self, error: str) -> None:
        self._change(online=False, error=error, info=self._state.info, reconnects=self._state.reconnects)

    def _change(self, *, online: bool, error: str, info: StreamInfo | None, reconnects: int) -> None:
        old = self._state
        fresh = old.online != online or not old.since_wall_ns
        since_ns = self._clock.wall_ns() if fresh else old.since_wall_ns
        fps = old.fps if online else None
        changed = fresh or old.error != error or old.info is not info
        new = replace(
            old, online=online, error=error, since_wall_ns=since_ns, fps=fps, info=info, reconnects=reconnects
        )
        self._state = new
        if changed:
            self._say(new)

    def _say(self, state: CaptureState) -> None:
        self._state = replace(state, packets=self._packets)
        self._on_state(self._state)


def _shape(info: StreamInfo) -> str:
    return f"{info.video.codec} {info.video.width}x{info.video.height}"


class _Rate:
    """Frames per second over the last few seconds, by the camera's spacing: packets may arrive in bursts."""

    def __init__(self) -> None:
        self._frames, self._from_ns = 0, 0
        self.report_at_ns = 0

    def count(self, packet: Packet) -> None:
        if not self._from_ns:
            self._from_ns = packet.wall_ns
            self.report_at_ns = packet.arrived_mono_ns + _REPORT_NS // 5  # a first estimate soon
            return
        self._frames += 1

    def fps(self, packet: Packet) -> float | None:
        """The rate since the last call, and a fresh start."""
        span_ns = packet.wall_ns - self._from_ns
        rate = round(self._frames * NS / span_ns, 2) if span_ns > 0 else None
        self._frames, self._from_ns = 0, packet.wall_ns
        self.report_at_ns = packet.arrived_mono_ns + _REPORT_NS
        return rate


class _Guarded:
    """A sink that fails harms nobody but itself; its first failure is logged."""

    def __init__(self, sink: PacketSink, name: str) -> None:
        self._sink, self._name, self._failed = sink, name, False

    @property
    def hurried(self) -> bool:
        return self._sink.hurried

    def opened(self, info: StreamInfo) -> None:
        self._call(lambda: self._sink.opened(info))

    def packet(self, packet: Packet) -> None:
        try:
            self._sink.packet(packet)
        except Exception as error:  # noqa: BLE001 - a border: whatever a sink does, recording goes on
            self._note(error)

    def closed(self, reason: str) -> None:
        self._call(lambda: self._sink.closed(reason))

    def _call(self, action: Callable[[], None]) -> None:
        try:
            action()
        except Exception as error:  # noqa: BLE001 - a border: whatever a sink does, recording goes on
            self._note(error)

    def _note(self, error: Exception) -> None:
        if not self._failed:
            self._failed = True
            log.error("%s: %s failed; the others go on", self._name, type(self._sink).__name__, exc_info=error)
