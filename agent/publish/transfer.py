"""Media on their way: announce, send the pieces that the centre wants, free them once it has them.

The receiver drives: after a manifest the centre says which pieces it lacks, so resuming costs nothing but the lost
pieces; after a new connection a manifest without hashes is enough, because the centre remembers. Media yield to
everything, and to live pictures on the same connection. What may go is for the budget to say.
"""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol

from agent.core.clock import NS, Clock
from agent.core.errors import StorageError
from agent.publish.flow import SIZES, Flow
from agent.publish.spool import ASKED_FULL, MediaSpool, Resting
from agent.wire.messages import MediaAck, MediaManifest, encode
from agent.wire.topics import GatewayTopics

log = logging.getLogger(__name__)

LOOKED_AT = 64
"""Media that wait and are looked at for what may go now."""
ACTIVE = 8
"""Media announced at the same time."""
AHEAD_BYTES = 256 * 1024
"""So much must be wanted of the announced ones before another one is announced."""
SILENCE_S = 15.0
"""After so long without a word of the centre about a medium, it is asked."""
REFRESH_S = 1.0
SOON_S, HELD_S, IDLE_S = 0.01, 0.05, 0.25
"""Until it is worth another look: the connection takes more soon, the budget a little later."""
HASHES_A_PAGE = 10_000
COARSE = 4
PIECES = 4096
"""Of a medium, about, at most."""
_HASH_BYTES, _HEAD_BYTES, _LEAST_PAGE_BYTES = 67, 2048, 6 << 10


class Pressure(IntEnum):
    """What else wants the link: nothing; something: one piece at a time; much: only what somebody waits for, so."""

    NONE = 0
    SOME = 1
    MUCH = 2


class Link(Protocol):
    """What is needed of `MqttLink`; nothing else of QoS 1 goes over it."""

    @property
    def backlog(self) -> int:
        """Messages on their way."""

    def max_payload(self, topic: str) -> int:
        """The largest that the broker takes there."""

    def publish(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> bool:
        """Queue it; False when that is not possible now."""


class Purse(Protocol):
    """What is needed of the `Budget`."""

    def refusal(self, kind: str) -> str:
        """Why nothing of that class may go now; empty when it may."""

    def spend(self, kind: str, size: int) -> None:
        """So many bytes of that class went."""


@dataclass(slots=True)
class Transfer:
    """One medium. `heard_ns` is when it was announced or last spoken of; `known`: the centre has its manifest.

    `pages` are those of its announcement that have not gone yet, `turned` those that went.
    """

    resting: Resting
    manifest: MediaManifest | None = None
    announced: bool = False
    known: bool = False
    heard_ns: int = 0
    pages: deque[MediaManifest] = field(default_factory=deque)
    turned: list[MediaManifest] = field(default_factory=list)
    wanted: deque[int] = field(default_factory=deque)

    @property
    def wanted_bytes(self) -> int:
        """Of the pieces the centre asked for, or of all while it has not spoken."""
        if self.manifest is None or not self.announced:
            return 0
        return len(self.wanted) * self.manifest.chunk_bytes

    def turn_back(self, lost: int) -> None:
        """After a break, with so many messages lost. A long announcement goes on where it was, or would never end.

        The last page always goes again: the centre's answer to it may be what was lost.
        """
        self.wanted.clear()
        if self.known or not self.announced or not (self.pages or self.turned):
            self.announced = False
            self.pages.clear()
            return
        for _ in range(min(len(self.turned), max(lost, 0 if self.pages else 1))):
            self.pages.appendleft(self.turned.pop())


class MediaSender:
    """Part of the uplink; all calls on its thread.

    `pressure` says what else wants the link: messages, live pictures.
    """

    def __init__(
        self, spool: MediaSpool, topics: GatewayTopics, link: Link, clock: Clock, purse: Purse | None = None,
        pressure: Callable[[], Pressure] = lambda: Pressure.NONE,
    ) -> None:  # fmt: skip
        self._spool, self._topics, self._link, self._clock = spool, topics, link, clock
        self._purse, self._pressure = purse, pressure
        self._transfers: dict[str, Transfer] = {}
        self._refresh_ns = 0
        self.flow = Flow(clock)
        self.sent: Counter[str] = Counter()
        """What left since the start: `pieces` and their `bytes`."""

    def begin_again(self) -> None:
        """A new connection: all is announced anew, but what the centre remembers only in a few words."""
        lost = self.flow.broke()
        for transfer in self._transfers.values():
            transfer.turn_back(lost)
        self._refresh_ns = 0

    def look_again(self) -> None:
        """There may be a new medium."""
        self._refresh_ns = 0

    def step(self) -> float:
        """Announce what is new and send what is wanted, as far as there is room; seconds until another look."""
        self.flow.settle(self._link.backlog)
        self._refresh()
        self._announce_all()
        more = held = False
        for transfer in list(self._transfers.values()):
            if transfer.wanted and not self._may_go(transfer):
                held = True
            else:
                more |= self._send_pages(transfer) or self._send_pieces(transfer)
        if more or self.flow.on_the_way:
            return SOON_S
        return HELD_S if held else IDLE_S

    def heard(self, ack: MediaAck) -> None:
        """The centre spoke of a medium."""
        transfer = self._transfers.get(ack.id)
        match ack.state:
            case "done":
                self._finish(ack.id, acknowledged=True)
            case "refused" | "cancelled":
                if transfer is not None:
                    log.warning("the centre does not take medium %s: %s", ack.id, ack.reason or ack.state)
                self._finish(ack.id, acknowledged=False)
            case "unknown" if transfer is not None:
                transfer.known = transfer.announced = False
            case "want" if transfer is not None and transfer.manifest is not None:
                transfer.known, transfer.heard_ns = True, self._clock.mono_ns()
                transfer.wanted = _numbers(ack, transfer.manifest.pieces)

    # -- what is looked at ----------------------------------------------------------------------------------------

    def _finish(self, media: str, *, acknowledged: bool) -> None:
        self._spool.remove(media, acknowledged=acknowledged)
        self._transfers.pop(media, None)
        self._refresh_ns = 0

    def _refusal(self, kind: str) -> str:
        return self._purse.refusal(kind) if self._purse is not None else ""

    def _refresh(self) -> None:
        """The media that may go now, first things first, and those that were announced: of them the centre knows."""
        now_ns = self._clock.mono_ns()
        if now_ns < self._refresh_ns:
            return
        self._refresh_ns = now_ns + int(REFRESH_S * NS)
        old, found = self._transfers, self._spool.waiting(LOOKED_AT)
        found = [one for one in found if one.id in old or not self._refusal(one.kind)][:ACTIVE]
        self._transfers = {one.id: old.get(one.id) or Transfer(one) for one in found}

    # -- announcing -----------------------------------------------------------------------------------------------

    def _announce_all(self) -> None:
        ahead = sum(transfer.wanted_bytes for transfer in self._transfers.values())
        for transfer in list(self._transfers.values()):
            asked = transfer.announced and not (transfer.wanted or transfer.pages or self.flow.on_the_way)
            silent = asked and self._clock.mono_ns() - transfer.heard_ns > SILENCE_S * NS
            fresh = not transfer.announced and ahead < AHEAD_BYTES and self._may_go(transfer)
            if silent or fresh or self._too_coarse(transfer):
                self._announce(transfer)
                ahead += transfer.resting.bytes if transfer.manifest is None else transfer.manifest.bytes

    def _too_coarse(self, transfer: Transfer) -> bool:
        """The link turned out to be much slower than its pieces were made for."""
        manifest = transfer.manifest
        return bool(transfer.wanted) and manifest is not None and _largest(manifest) > COARSE * self._suited(transfer)

    def _suited(self, transfer: Transfer) -> int:
        """How large a piece of it should be: as the link bears, but not so small that its hashes alone take long."""
        return max(2 * transfer.resting.bytes // PIECES, self.flow.piece_bytes)

    def _announce(self, transfer: Transfer) -> None:
        if transfer.resting.gone:
            self._tell_gone(transfer)
            return
        manifest = self._fitting(transfer)
        if manifest is None:
            return
        pages = [manifest.model_copy(update={"chunks": []})] if transfer.known else self._pages(manifest)
        transfer.announced, transfer.heard_ns = True, self._clock.mono_ns()
        transfer.pages, transfer.turned = deque(pages), []
        transfer.wanted.clear()

    def _tell_gone(self, transfer: Transfer) -> None:
        notice = self._spool.notice(transfer.resting.id)
        if notice is not None and self._publish(self._topics.gone(notice.id), transfer, encode(notice)):
            transfer.announced, transfer.heard_ns = True, self._clock.mono_ns()

    def _fitting(self, transfer: Transfer) -> MediaManifest | None:
        """The manifest in pieces that the broker takes and that suit the link; None when the medium had to go."""
        media = transfer.resting.id
        room = self._link.max_payload(self._topics.chunk(media, 50_000))
        size = next((size for size in SIZES if size <= min(room, self._suited(transfer))), 0)
        if not size or room < _HEAD_BYTES + _HASH_BYTES:
            self._give_up(media, f"the broker takes no message above {room} bytes")
            return None
        held = transfer.manifest
        slack = 1 if self.flow.breaks else 2
        if held is None or _largest(held) > min(slack * size, room):
            try:
                transfer.manifest = self._spool.cut(media, size)
            except StorageError as error:
                log.warning("%s", error)
                return None
            transfer.known = transfer.known and held is not None and transfer.manifest == held
        if transfer.manifest is None:
            self._give_up(media, "its bytes are gone")
        return transfer.manifest

    def _pages(self, manifest: MediaManifest) -> list[MediaManifest]:
        """The manifest in as many messages as its hashes need."""
        room = self._link.max_payload(self._topics.manifest(manifest.id)) - _HEAD_BYTES
        page_bytes = min(room, max(2 * self.flow.piece_bytes, _LEAST_PAGE_BYTES))  # no page may hold up an alarm
        most = min(HASHES_A_PAGE, page_bytes // _HASH_BYTES)
        starts = range(0, manifest.pieces, most)
        return [manifest.model_copy(update={"first": at, "chunks": manifest.chunks[at : at + most]}) for at in starts]

    # -- sending --------------------------------------------------------------------------------------------------

    def _send_pages(self, transfer: Transfer) -> bool:
        """True when more of the announcement is to go than could go now."""
        while transfer.pages:
            page = transfer.pages[0]
            body = encode(page)
            if not self._has_room(len(body)) or not self._publish(self._topics.manifest(page.id), transfer, body):
                return True
            transfer.turned.append(transfer.pages.popleft())
            transfer.heard_ns = self._clock.mono_ns()
        return False

    def _send_pieces(self, transfer: Transfer) -> bool:
        """True when more is wanted than could go now."""
        while transfer.wanted:
            size = _largest(transfer.manifest) if transfer.manifest is not None else 0
            if not (self._may_go(transfer) and self._has_room(size) and self._send_piece(transfer)):
                return True
        return False

    def _has_room(self, size: int) -> bool:
        return self.flow.has_room(size, yielding=self._pressure() > Pressure.NONE)

    def _may_go(self, transfer: Transfer) -> bool:
        rank, kind = transfer.resting.rank, transfer.resting.kind
        return not self._refusal(kind) and (rank <= ASKED_FULL or self._pressure() < Pressure.MUCH)

    def _send_piece(self, transfer: Transfer) -> bool:
        manifest, number = transfer.manifest, transfer.wanted[0]
        body = self._spool.chunk(manifest, number) if manifest is not None else None
        if manifest is None or body is None:
            transfer.wanted.clear()
            self._give_up(transfer.resting.id, "its bytes are gone")
            return True
        if not self._publish(self._topics.chunk(manifest.id, number), transfer, body):
            return False
        transfer.wanted.popleft()
        transfer.heard_ns = self._clock.mono_ns()
        self.sent.update(pieces=1, bytes=len(body))
        return True

    def _publish(self, topic: str, transfer: Transfer, body: bytes) -> bool:
        if not self._link.publish(topic, body):
            return False
        self._went(transfer.resting.kind, len(body))
        return True

    def _went(self, kind: str, size: int) -> None:
        self.flow.sent(size)
        if self._purse is not None:
            self._purse.spend(kind, size)

    def _give_up(self, media: str, reason: str) -> None:
        self._spool.give_up(media, reason)
        self._transfers.pop(media, None)
        self._refresh_ns = 0


def _largest(manifest: MediaManifest) -> int:
    """Bytes of its largest piece: a small medium is one, whatever its manifest allows."""
    return min(manifest.chunk_bytes, manifest.bytes)


def _numbers(ack: MediaAck, chunks: int) -> deque[int]:
    """The pieces asked for, once each, in order; ranges beyond the medium are cut, wrong ones ignored."""
    found: set[int] = set()
    for first, last in ack.missing:
        found.update(range(max(0, first), min(last, chunks - 1) + 1))
    return deque(sorted(found))
