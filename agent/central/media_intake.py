"""The worker that takes media from gateways: manifests, pieces, and the answers to them."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from agent.central.counts import Counts, Refused
from agent.central.fair import FairQueue
from agent.central.ingest import Publish
from agent.central.media_kept import Medium
from agent.central.media_rows import ASKED_KINDS, MediaRows
from agent.central.media_store import Incoming, MediaFolder, Pages, is_consistent
from agent.central.news import Item, News
from agent.central.opening import later_version
from agent.central.store.database import Database
from agent.central.store.keeper import Age
from agent.central.store.merge import document, wall_ns
from agent.central.store.rows import day_of
from agent.core.clock import NS, Clock, rfc3339
from agent.core.errors import StorageError, WireError
from agent.core.sparing import SparingLog
from agent.core.stop import StopToken
from agent.wire.messages import CHUNK_BYTES, MAX_JSON_BYTES, MediaAck, MediaGone, MediaManifest, decode, encode
from agent.wire.topics import Address, GatewayTopics

log = logging.getLogger(__name__)

_QUEUE_ITEMS, _QUEUE_BYTES = 4096, 64 << 20
_ASK_AGAIN_NS = 3 * NS
MOST_INCOMING = 2000
_ALWAYS_INCOMING = 16
"""Of any gateway, and half of all at the most of one: the others find a place."""
_FORGOTTEN_NS = 3600 * NS
_MOST_PAGED = 32
"""Manifests that come in several messages, at the same time."""
_NUMBER = re.compile(r"\d{1,6}\Z", re.ASCII)
_NEWS_EVERY_NS = NS // 5


class Piece(NamedTuple):
    """A message about a medium that waits for the worker."""

    address: Address
    payload: bytes


def _size(piece: Piece) -> int:
    return len(piece.payload)


def _whose(piece: Piece) -> tuple[str, str]:
    return f"{piece.address.site}/{piece.address.gateway}", "media"


class Progress(NamedTuple):
    """How much of a medium has come."""

    received: int
    of: int
    bytes: int


class MediaIntake:
    """Takes what gateways send below `media/`, answers with MediaAck, and makes rows of what is whole."""

    name = "media"

    def __init__(
        self, folder: MediaFolder, database: Database, clock: Clock, counts: Counts, news: News, publish: Publish,
        *, most: int = MOST_INCOMING, owns: Callable[[str, str], bool] = lambda _site, _gateway: True,
    ) -> None:  # fmt: skip
        """`owns(site, gateway)`: are that gateway's media ours, and not another process's?"""
        self._most, self._owns = most, owns
        self._folder, self._rows, self._clock = folder, MediaRows(database, clock), clock
        self._counts, self._news, self._publish = counts, news, publish
        self._queue: FairQueue[Piece] = FairQueue(_QUEUE_ITEMS, _QUEUE_BYTES, _size, _whose)
        self._of_floods, self._of_room = SparingLog(log, clock), SparingLog(log, clock)  # each of one thread
        self._incoming: dict[str, tuple[GatewayTopics, Incoming]] = {}
        self._pages: dict[str, Pages] = {}
        self._asked_unknown: dict[str, int] = {}
        self._told_ns: dict[str, int] = {}
        self._look_ns = 0

    def on_message(self, address: Address, payload: bytes) -> bool:
        """Queue it; False when there is no room now."""
        if len(payload) > (MAX_JSON_BYTES if address.path[-1] == "manifest" else CHUNK_BYTES):
            raise WireError("a piece larger than any of ours")
        piece = Piece(address, payload)
        if self._queue.crowded_by(piece):
            self._of_floods.warning("%s sends more media than can be kept; it waits alone", _whose(piece)[0])
            raise Refused("flooding", "what is missing is asked for again")
        return self._queue.put(piece)

    def progress(self, media: str) -> Progress | None:
        """How much of `media` has come; None when it is not on its way."""
        held = self._incoming.get(media)
        if held is None:
            return None
        incoming = held[1]
        return Progress(incoming.received, len(incoming.manifest.chunks), incoming.received_bytes)

    def cancel(self, site: str, gateway: str, media: str) -> None:
        """Nobody wants it any more: the gateway need not send the rest. From any thread."""
        self._queue.put(Piece(Address(site, gateway, ("cancel", media)), b""))

    def run(self, stop: StopToken) -> None:
        """Take pieces until `stop`."""
        self._recover()
        while not stop.is_set():
            piece = self._queue.get(0.25)
            if piece is not None:
                self._take(piece)
            self._let_go()

    def _let_go(self) -> None:
        """Of what is another process's now: what has come of it lies in the folder, where that one finds it."""
        now_ns = self._clock.mono_ns()
        if now_ns < self._look_ns:
            return
        self._look_ns = now_ns + _ASK_AGAIN_NS
        for media, (topics, _) in list(self._incoming.items()):
            if not self._owns(*topics.root.split("/")[-2:]):
                del self._incoming[media]

    def _recover(self) -> None:
        lying = self._folder.pieces()  # before the rows are read: a row comes before its file
        rows = self._rows.incoming()
        self._folder.sweep(lying - {row["id"] for row in rows})
        for row in rows:
            if not self._owns(row["site"], row["gateway"]) or not self._rows.is_incoming(row["id"]):
                continue  # or another process has finished it since
            manifest = MediaManifest.model_validate(row["manifest"])
            incoming = self._folder.incoming(manifest)
            incoming.recover()
            incoming.heard_ns = self._clock.mono_ns()
            self._incoming[manifest.id] = (GatewayTopics(row["site"], row["gateway"]), incoming)

    def _take(self, piece: Piece) -> None:
        address = piece.address
        try:
            match address.path:
                case ("media", media, "manifest"):
                    self._manifest(address, media, decode(MediaManifest, piece.payload))
                case ("media", media, "gone"):
                    self._gone(address, media, decode(MediaGone, piece.payload))
                case ("cancel", media):  # by us: topics of gateways that come here begin with media
                    self._cancel(address, media)
                case ("media", media, "chunk", number) if _NUMBER.match(number):
                    self._chunk(address, media, int(number), piece.payload)
                case _:
                    self._counts.rejected("unknown_topic")
        except WireError as error:
            # unanswered, one of a later version rests at its gateway until the centre is newer
            later = later_version(piece.payload) is not None
            self._counts.rejected("later_version" if later else "broken_manifest")
            log.debug("refused a manifest: %s", error)
        except StorageError as error:
            # the gateway keeps the medium until we say it is done, and announces it again: then look anew what is there
            self._incoming.pop(address.path[1], None)
            self._counts.rejected("media_storage")
            log.error("%s", error)  # noqa: TRY400 - one clear line

    def _manifest(self, address: Address, media: str, manifest: MediaManifest) -> None:
        topics = GatewayTopics(address.site, address.gateway)
        document(manifest)
        if manifest.id != media or not is_consistent(manifest):
            self._counts.rejected("broken_manifest")
            return
        if self._is_out_of_time(manifest):
            self._answer(topics, media, "refused", reason="it is of another age: a clock is wrong")
            return
        row = self._rows.get(media)
        if row is not None and (row["site"], row["gateway"]) != (address.site, address.gateway):
            self._counts.rejected("foreign_id")
            self._answer(topics, media, "refused", reason="this id belongs to another gateway")
        elif row is not None and row["state"] == "ready":
            same = row["sha256"] == manifest.sha256
            self._answer(topics, media, "done" if same else "refused", reason="" if same else "this id is taken")
        elif manifest.kind in ASKED_KINDS and self._rows.is_called_off(media):
            self._cancel(address, media)
        elif not manifest.chunks or self._is_last_page_again(manifest):
            self._go_on(address, topics, manifest)
        elif (whole := self._put_together(topics, manifest)) is not None:
            if row is not None and row["sha256"] != manifest.sha256:
                self._folder.remove(Medium.of(row))  # its place stays; in other pieces the same bytes stay good
            self._begin(address, topics, whole)

    def _is_out_of_time(self, told: MediaManifest | MediaGone) -> bool:
        """One of years ahead would never leave, and be its camera's newest picture for ever."""
        try:
            Age(self._clock.wall_ns()).check(day_of(wall_ns(told.start)))
        except Refused as error:
            self._counts.rejected(error.reason)
            return True
        return False

    def _is_last_page_again(self, page: MediaManifest) -> bool:
        held = self._incoming.get(page.id)
        again = page.first > 0 and held is not None and held[1].is_like(page)
        return again and page.first + len(page.chunks) == page.pieces

    def _put_together(self, topics: GatewayTopics, page: MediaManifest) -> MediaManifest | None:
        """The whole manifest once its last hash has come; a page that was lost is sent again with all others."""
        if len(page.chunks) == page.pieces:
            return page
        key = f"{topics.root}/{page.id}"
        if key not in self._pages and len(self._pages) >= _MOST_PAGED:
            del self._pages[_of_the_most(self._pages)]
        whole = self._pages.setdefault(key, Pages(page)).add(page)
        if whole is not None:
            del self._pages[key]
        return whole

    def _go_on(self, address: Address, topics: GatewayTopics, manifest: MediaManifest) -> None:
        """Asked what is missing of a medium that was announced before."""
        held = self._incoming.get(manifest.id)
        if held is None or not held[1].is_like(manifest):
            self._answer(topics, manifest.id, "unknown")
            return
        self._asked(address, topics, held[1])

    def _begin(self, address: Address, topics: GatewayTopics, manifest: MediaManifest) -> None:
        held = self._incoming.get(manifest.id)
        if held is None or not held[1].is_like(manifest):
            if held is None and (why := self._why_not_now(topics, manifest)):
                self._counts.rejected("media_no_room")  # unanswered, it rests at the gateway until there is room
                self._of_room.warning("media of %s/%s wait at their gateway: %s", *address[:2], why)
                return
            self._tell_clips(self._rows.begin(address, manifest))
            held = topics, self._folder.incoming(manifest)
            self._folder.reserve(held[1])
            held[1].recover()
            self._incoming[manifest.id] = held
        self._asked(address, topics, held[1])

    def _gone(self, address: Address, media: str, notice: MediaGone) -> None:
        topics, row = GatewayTopics(address.site, address.gateway), self._rows.get(media)
        document(notice)
        if notice.id != media or (row is not None and (row["site"], row["gateway"]) != address[:2]):
            self._counts.rejected("foreign_id")
            return
        if (row is None or row["state"] != "ready") and not self._is_out_of_time(notice):
            self._drop(media)
            self._tell_clips(self._rows.gone(address, notice))
            if notice.event is not None:
                self._news.tell(Item("event", (notice.event,)))
        self._answer(topics, media, "done")

    def _cancel(self, address: Address, media: str) -> None:
        held = self._incoming.get(media)
        if held is not None and held[0].root == GatewayTopics(address.site, address.gateway).root:
            self._drop(media)
            self._rows.forget(media, "")
        self._answer(
            GatewayTopics(address.site, address.gateway), media, "cancelled", reason="nobody wants it any more"
        )

    def _drop(self, media: str) -> None:
        held = self._incoming.pop(media, None)
        if held is not None:
            held[1].discard()
        self._told_ns.pop(media, None)

    def _why_not_now(self, topics: GatewayTopics, manifest: MediaManifest) -> str:
        """Empty: there is room for it. What is promised to others is the disk's no more."""
        if not self._has_place(topics):
            return f"{len(self._incoming)} are on their way, of which no more may be its"
        if not self._folder.has_room(manifest):
            return "the disk of [central] data would be full; make room on it, or set [media] max_bytes"
        return ""

    def _has_place(self, topics: GatewayTopics) -> bool:
        """Gateways give media up without a word: what nobody spoke of for an hour makes room, else all fills up."""
        several = self._in_the_way(topics)
        if not several:
            return True
        media, (_, oldest) = min(several.items(), key=lambda item: item[1][1].heard_ns)
        if self._clock.mono_ns() - oldest.heard_ns < _FORGOTTEN_NS:
            return False
        self._counts.rejected("media_forgotten")
        self._drop(media)
        self._tell_clips(self._rows.forget(media, "the gateway stopped sending it; ask for it again"))
        return True

    def _in_the_way(self, topics: GatewayTopics) -> dict[str, tuple[GatewayTopics, Incoming]]:
        """Those of which one must go before another comes: all when all is full, one's own beyond an even part."""
        if len(self._incoming) >= self._most:
            return self._incoming
        half = self._most // 2
        if len(self._incoming) < half:
            return {}
        gateways = {held.root for held, _ in self._incoming.values()} | {topics.root}
        mine = {media: held for media, held in self._incoming.items() if held[0].root == topics.root}
        return mine if len(mine) >= max(_ALWAYS_INCOMING, half // len(gateways)) else {}

    def _chunk(self, address: Address, media: str, number: int, data: bytes) -> None:
        topics = GatewayTopics(address.site, address.gateway)
        held = self._incoming.get(media)
        if held is None or held[0].root != topics.root:
            self._unknown(topics, media)
            return
        incoming = held[1]
        incoming.heard_ns = self._clock.mono_ns()
        if not incoming.put(number, data):
            self._counts.rejected("broken_chunk")
            return
        self._tell_progress(media)
        if incoming.is_whole():
            self._finish(address, topics, incoming)
        elif number == len(incoming.manifest.chunks) - 1:
            # pieces come in order: after the last one, what is missing was lost on the way
            self._want(topics, incoming)

    def _unknown(self, topics: GatewayTopics, media: str) -> None:
        """A piece without a manifest: say done when it is, else ask for the manifest."""
        now_ns = self._clock.mono_ns()
        if now_ns - self._asked_unknown.get(media, -_ASK_AGAIN_NS) < _ASK_AGAIN_NS:
            return
        if len(self._asked_unknown) > MOST_INCOMING:
            self._asked_unknown.clear()
        self._asked_unknown[media] = now_ns
        row = self._rows.get(media)
        ours = row is not None and GatewayTopics(row["site"], row["gateway"]).root == topics.root
        if row is not None and ours and row["state"] == "ready":
            self._answer(topics, media, "done")
            return
        self._counts.rejected("chunk_without_manifest")
        self._answer(topics, media, "unknown")

    def _finish(self, address: Address, topics: GatewayTopics, incoming: Incoming) -> None:
        manifest = incoming.manifest
        if not incoming.fits_hash():
            self._counts.rejected("broken_media")
            self._drop(manifest.id)
            self._tell_clips(self._rows.forget(manifest.id, "the clip arrived broken; ask for it again"))
            self._answer(topics, manifest.id, "refused", reason="the pieces fit, the whole does not: cut it anew")
            return
        self._folder.adopt(incoming)
        self._rows.ready(address, manifest)
        self._incoming.pop(manifest.id)
        self._told_ns.pop(manifest.id, None)
        self._answer(topics, manifest.id, "done")
        self._tell_ready(address, manifest)

    def _asked(self, address: Address, topics: GatewayTopics, incoming: Incoming) -> None:
        """Its gateway asks what is missing."""
        incoming.heard_ns = self._clock.mono_ns()
        if incoming.is_whole():
            self._finish(address, topics, incoming)
            return
        if incoming.manifest.kind in ASKED_KINDS:
            self._tell_clips(self._rows.goes_on(incoming.manifest.id))
        self._want(topics, incoming)

    def _want(self, topics: GatewayTopics, incoming: Incoming) -> None:
        self._answer(topics, incoming.manifest.id, "want", missing=incoming.missing())

    def _answer(self, topics: GatewayTopics, media: str, state: Any, **more: Any) -> None:
        ack = MediaAck(id=media, state=state, now=rfc3339(self._clock.wall_ns()), **more)
        self._publish(topics.ack("media"), encode(ack))

    def _tell_clips(self, keys: Iterable[str]) -> None:
        self._news.tell(*(Item("clip", (key,)) for key in keys))

    def _tell_progress(self, media: str) -> None:
        now_ns = self._clock.mono_ns()
        if now_ns - self._told_ns.get(media, 0) >= _NEWS_EVERY_NS:
            self._told_ns[media] = now_ns
            self._news.tell(Item("media", (media,)))

    def _tell_ready(self, address: Address, manifest: MediaManifest) -> None:
        items = [Item("media", (manifest.id,))]
        if manifest.event is not None:
            items.append(Item("event", (manifest.event,)))
        if manifest.kind == "snapshot":
            items.append(Item("camera", (address.site, address.gateway, manifest.camera)))
        self._news.tell(*items)


def _of_the_most(pages: dict[str, Pages]) -> str:
    """The oldest key of the gateway that has the most."""
    owners = Counter(key.rpartition("/")[0] for key in pages)
    return next(key for key in pages if owners[key.rpartition("/")[0]] == max(owners.values()))
