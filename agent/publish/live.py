"""Live pictures on request: a lease says who watches what; when it runs out, nothing is sent any more."""

from __future__ import annotations

import threading
from typing import Any

from agent.core.clock import NS, Clock
from agent.core.errors import SourceUnreachable
from agent.core.memory import Budget
from agent.core.stop import StopToken
from agent.publish.live_stream import Lease, LiveStream, Say
from agent.wire.messages import LiveArgs
from agent.wire.topics import GatewayTopics

MOST_LEASES = 32
TURN_S = 0.25


class LiveRelay:
    """A worker. Streams are made known with `sink`; `start` and `stop` are handlers for the command desk."""

    def __init__(self, say: Say, topics: GatewayTopics, clock: Clock, budget: Budget | None = None) -> None:
        self.name = "live"
        self._say, self._topics, self._clock, self._budget = say, topics, clock, budget
        self._lock = threading.Lock()
        self._work = threading.Event()
        self._streams: dict[tuple[str, str], LiveStream] = {}

    def sink(self, camera: str, stream: str) -> LiveStream:
        """Where that stream's packets go; the same object at every call."""
        with self._lock:
            if (camera, stream) not in self._streams:
                self._streams[camera, stream] = LiveStream(self._say, self._topics, self._work.set, self._budget)
            return self._streams[camera, stream]

    def start(self, args: LiveArgs) -> dict[str, Any]:
        """Begin or renew a lease; the result names the stream that is really sent.

        Raises:
            SourceUnreachable: no such camera here, or too many leases.
        """
        with self._lock:
            stream = args.stream if (args.camera, args.stream) in self._streams else "main"
            chosen = self._streams.get((args.camera, stream))
            if chosen is None:
                raise SourceUnreachable(f"this gateway has no camera {args.camera}")
            self._end_elsewhere(args.lease, chosen)
            if args.lease not in chosen.leases and sum(len(s.leases) for s in self._streams.values()) >= MOST_LEASES:
                raise SourceUnreachable(f"{MOST_LEASES} live pictures are sent already; end one first")
            lease = chosen.leases.setdefault(args.lease, Lease(args.lease, 0))
            lease.expires_ns = self._clock.mono_ns() + args.seconds * NS
        self._work.set()
        return {"camera": args.camera, "stream": stream, "lease": args.lease, "seconds": args.seconds}

    def stop(self, lease: str) -> dict[str, Any]:
        """End a lease before its time; `ended` is false when there was none."""
        with self._lock:
            ended = [stream.leases.pop(lease, None) for stream in self._streams.values()]
        self._work.set()
        return {"ended": any(one is not None for one in ended)}

    @property
    def leases(self) -> int:
        """How many live now."""
        with self._lock:
            return sum(len(stream.leases) for stream in self._streams.values())

    def run(self, stop: StopToken) -> None:
        """Mux and send while somebody watches, until `stop`."""
        try:
            while not stop.is_set():
                self._work.wait(TURN_S)
                self._work.clear()
                self.turn()
        finally:
            with self._lock:
                for stream in self._streams.values():
                    stream.close()

    def turn(self) -> None:
        """One round over all streams."""
        now_ns = self._clock.mono_ns()
        with self._lock:
            for stream in self._streams.values():
                for lease in [lease for lease in stream.leases.values() if lease.expires_ns <= now_ns]:
                    del stream.leases[lease.id]
                stream.pump()

    def _end_elsewhere(self, lease: str, chosen: LiveStream) -> None:
        for stream in self._streams.values():
            if stream is not chosen:
                stream.leases.pop(lease, None)
