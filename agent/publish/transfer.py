"""Media on their way: announce, send the pieces that the centre wants, free them once it has them.

The receiver drives: after a manifest the centre says which pieces it lacks, so resuming costs nothing but the lost
pieces. Media yield to everything: a piece goes only while hardly anything else is on its way.
"""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass, field
from typing import Protocol

from agent.core.clock import NS, Clock
from agent.publish.spool import MediaSpool
from agent.wire.messages import MediaAck, MediaManifest, encode
from agent.wire.topics import GatewayTopics

log = logging.getLogger(__name__)

ACTIVE = 8
"""Media announced at the same time."""
PIECES_ON_THE_WAY = 4
"""The connection's backlog above which no further piece is handed to it."""
SILENCE_S = 15.0
"""After so long without a word of the centre about a medium, its manifest is sent again."""
REFRESH_S = 1.0


class Link(Protocol):
    """What is needed of `MqttLink`."""

    @property
    def backlog(self) -> int:
        """Messages on their way."""

    def fits(self, topic: str, payload: bytes) -> bool:
        """Would the broker take it?"""

    def publish(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> bool:
        """Queue it; False when that is not possible now."""


@dataclass(slots=True)
class Transfer:
    """One medium; `heard_ns` is when it was announced or last spoken of."""

    manifest: MediaManifest
    announced: bool = False
    heard_ns: int = 0
    wanted: deque[int] = field(default_factory=deque)


class MediaSender:
    """Part of the uplink; all calls on its thread."""

    def __init__(self, spool: MediaSpool, topics: GatewayTopics, link: Link, clock: Clock) -> None:
        self._spool, self._topics, self._link, self._clock = spool, topics, link, clock
        self._transfers: dict[str, Transfer] = {}
        self._refresh_ns = 0
        self.pieces_sent = 0

    def begin_again(self) -> None:
        """A new connection: everything is announced anew."""
        self._transfers.clear()
        self._refresh_ns = 0

    def look_again(self) -> None:
        """There may be a new medium."""
        self._refresh_ns = 0

    def step(self) -> bool:
        """Announce what is new and send what is wanted, as far as the connection has room; True when more waits."""
        self._refresh()
        for transfer in self._transfers.values():
            self._announce(transfer)
        for transfer in list(self._transfers.values()):
            while transfer.wanted:
                if self._link.backlog >= PIECES_ON_THE_WAY or not self._send_piece(transfer):
                    return bool(transfer.wanted)
        return False

    def heard(self, ack: MediaAck) -> None:
        """The centre spoke of a medium."""
        transfer = self._transfers.get(ack.id)
        match ack.state:
            case "done":
                self._finish(ack.id, acknowledged=True)
            case "refused":
                log.error("the centre refuses medium %s: %s", ack.id, ack.reason or "no reason given")
                self._finish(ack.id, acknowledged=False)
            case "want" if transfer is not None:
                transfer.heard_ns = self._clock.mono_ns()
                transfer.wanted = _numbers(ack, len(transfer.manifest.chunks))

    def _finish(self, media: str, *, acknowledged: bool) -> None:
        self._spool.remove(media, acknowledged=acknowledged)
        self._transfers.pop(media, None)
        self._refresh_ns = 0

    def _refresh(self) -> None:
        now_ns = self._clock.mono_ns()
        if now_ns < self._refresh_ns:
            return
        self._refresh_ns = now_ns + int(REFRESH_S * NS)
        found = self._spool.waiting(ACTIVE)
        self._transfers = {manifest.id: self._transfers.get(manifest.id) or Transfer(manifest) for manifest in found}

    def _announce(self, transfer: Transfer) -> None:
        now_ns = self._clock.mono_ns()
        silent = not transfer.wanted and now_ns - transfer.heard_ns > SILENCE_S * NS
        if transfer.announced and not silent:
            return
        topic, payload = self._topics.manifest(transfer.manifest.id), encode(transfer.manifest)
        if self._link.publish(topic, payload):
            transfer.announced, transfer.heard_ns = True, now_ns

    def _send_piece(self, transfer: Transfer) -> bool:
        number, media = transfer.wanted[0], transfer.manifest.id
        body = self._spool.chunk(transfer.manifest, number)
        topic = self._topics.chunk(media, number)
        if body is None or not self._link.fits(topic, body):
            reason = "its bytes are gone" if body is None else f"the broker takes no piece of {len(body)} bytes"
            log.error("medium %s is dropped: %s", media, reason)
            self._finish(media, acknowledged=False)
            transfer.wanted.clear()
            return True
        if not self._link.publish(topic, body):
            return False
        transfer.wanted.popleft()
        transfer.heard_ns = self._clock.mono_ns()
        self.pieces_sent += 1
        return True


def _numbers(ack: MediaAck, chunks: int) -> deque[int]:
    """The pieces asked for, once each, in order; ranges beyond the medium are cut, wrong ones ignored."""
    found: set[int] = set()
    for first, last in ack.missing:
        found.update(range(max(0, first), min(last, chunks - 1) + 1))
    return deque(sorted(found))
