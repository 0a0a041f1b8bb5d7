"""Live pictures on request: a lease says who watches what; when it runs out, nothing is sent any more."""

from __future__ import annotations

import logging
import threading
from typing import Any

from agent.core.clock import NS, Clock
from agent.core.errors import SourceUnreachable
from agent.core.memory import Budget
from agent.core.stop import StopToken
from agent.publish.live_fit import Fit
from agent.publish.live_stream import Lease, LiveStream, Say
from agent.wire.messages import LiveArgs
from agent.wire.topics import GatewayTopics

log = logging.getLogger(__name__)

Key = tuple[str, str]
"""Camera and stream."""

MOST_LEASES = 32
TURN_S = 0.25


class LiveRelay:
    """A worker. Streams are made known with `sink`; `start` and `stop` are handlers for the command desk."""

    def __init__(self, say: Say, topics: GatewayTopics, clock: Clock, budget: Budget | None = None) -> None:
        self.name = "live"
        self._say, self._topics, self._clock, self._budget = say, topics, clock, budget
        self._lock = threading.Lock()
        self._work = threading.Event()
        self._streams: dict[Key, LiveStream] = {}

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
            (_, stream), lease = self._held(args) or self._begin(args)
            lease.expires_ns = self._clock.mono_ns() + args.seconds * NS
        self._work.set()
        place = {"camera": args.camera, "stream": stream, "lease": args.lease, "seconds": args.seconds}
        return {**place, "keys": lease.keys}

    def _held(self, args: LiveArgs) -> tuple[Key, Lease] | None:
        """A lease that lives is where the link bears it; one that now wants something else begins anew."""
        for key, stream in self._streams.items():
            lease = stream.leases.get(args.lease)
            if lease is not None:
                if key[0] == args.camera and lease.wanted == args.stream:
                    return key, lease
                del stream.leases[args.lease]
        return None

    def _begin(self, args: LiveArgs) -> tuple[Key, Lease]:
        stream = args.stream if (args.camera, args.stream) in self._streams else "main"
        chosen = self._streams.get((args.camera, stream))
        if chosen is None:
            raise SourceUnreachable(f"this gateway has no camera {args.camera}")
        if sum(len(s.leases) for s in self._streams.values()) >= MOST_LEASES:
            raise SourceUnreachable(f"{MOST_LEASES} live pictures are sent already; end one first")
        lease = chosen.leases[args.lease] = Lease(args.lease, args.stream, Fit(self._clock))
        return (args.camera, stream), lease

    def stop(self, lease: str) -> dict[str, Any]:
        """End a lease before its time; `ended` is false when there was none."""
        with self._lock:
            ended = [stream.leases.pop(lease, None) for stream in self._streams.values()]
        self._work.set()
        return {"ended": any(one is not None for one in ended)}

    def told(self) -> list[str]:
        """What is sent now, in words, for health."""
        with self._lock:
            return [
                f"{camera} {stream}{', keyframes only' if lease.keys else ''}"
                for (camera, stream), held in self._streams.items()
                for lease in held.leases.values()
            ]

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
            for key, stream in self._streams.items():
                for lease in list(stream.leases.values()):
                    self._fit(key, lease)

    def _fit(self, key: Key, lease: Lease) -> None:
        """Send what the link bears: less after pieces found no room, more again after a calm while."""
        match lease.fit.step():
            case "down" if key[1] == "main" and self._is_open((key[0], "sub")):
                self._move(lease, key, (key[0], "sub"))
            case "down" if not lease.keys:
                log.info("live pictures of %s: keyframes only, the link bears no more", key[0])
                lease.keys = True
            case "up" if lease.keys:
                lease.keys = False
                lease.gated = True
            case "up" if key[1] != lease.wanted and self._is_open((key[0], lease.wanted)):
                self._move(lease, key, (key[0], lease.wanted))

    def _is_open(self, key: Key) -> bool:
        stream = self._streams.get(key)
        return stream is not None and stream.is_open

    def _move(self, lease: Lease, old: Key, new: Key) -> None:
        log.info("live pictures of %s: the %s stream instead of the %s stream", old[0], new[1], old[1])
        del self._streams[old].leases[lease.id]
        lease.begun = False
        self._streams[new].leases[lease.id] = lease
