"""A small centre for tests: stores envelopes and media over a real broker, asks for what is missing."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from agent.core.clock import rfc3339
from agent.publish.gaps import ranges
from agent.wire.messages import (
    CLASSES_OF_LEAF,
    Ack,
    Envelope,
    MediaAck,
    MediaGone,
    MediaManifest,
    decode,
    encode,
)


def _hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _cut_finer(pieces: dict[int, bytes], old: int, new: int) -> dict[int, bytes]:
    return {
        (number * old + at) // new: body[at : at + new]
        for number, body in pieces.items()
        for at in range(0, len(body), new)
    }


def wait_for(condition: Callable[[], Any], timeout_s: float = 20) -> Any:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"did not come true in {timeout_s} s")


class Centre:
    def __init__(self, url: str, *, user: str | None = None, password: str | None = None) -> None:
        self.host, port = url.removeprefix("mqtt://").rsplit(":", 1)
        self.port = int(port)
        self.acking = True
        self.heard: set[tuple[str, int]] = set()
        self.arrivals: Counter[tuple[str, int]] = Counter()
        self.envelopes = self.compressed = 0
        self.lose: Callable[[str, int], bool] = lambda _media, _number: False
        self.stored: defaultdict[str, set[int]] = defaultdict(set)
        self.copies: Counter[tuple[str, int]] = Counter()
        self.records: list[dict[str, Any]] = []
        self.gaps: defaultdict[str, set[tuple[int, int]]] = defaultdict(set)
        self.manifests: dict[str, MediaManifest] = {}
        self.pieces: defaultdict[str, dict[int, bytes]] = defaultdict(dict)
        self.piece_copies: Counter[tuple[str, int]] = Counter()
        self.media: dict[str, bytes] = {}
        self.pages: Counter[str] = Counter()
        self.gone: dict[str, MediaGone] = {}
        self.other: list[tuple[str, bytes, bool]] = []
        self.up = threading.Event()
        self.client = paho.Client(
            CallbackAPIVersion.VERSION2, "centre", clean_session=False, protocol=MQTTProtocolVersion.MQTTv311
        )
        self.client.username_pw_set(user, password) if user else None
        self.client.reconnect_delay_set(1, 1)
        self.client.on_connect = lambda client, *_: client.subscribe("lamppost/v1/#", 1)
        self.client.on_subscribe = lambda *_: self.up.set()
        self.client.on_message = lambda _c, _d, message: self._message(message)

    def __enter__(self) -> Self:
        self.client.connect(self.host, self.port)
        self.client.loop_start()
        assert self.up.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()
        with suppress(AttributeError):
            self.client._reset_sockets()

    def lost(self, kind: str, last: int) -> set[int]:
        announced = {n for first, end in self.gaps[kind] for n in range(first, end + 1)}
        return set(range(1, last + 1)) - self.stored[kind] - announced

    def _message(self, message: paho.MQTTMessage) -> None:
        levels = message.topic.split("/")[4:]
        root = "/".join(message.topic.split("/")[:4])
        match levels:
            case ["camera", _, leaf] if leaf in CLASSES_OF_LEAF:
                self.compressed += message.payload[:1] == b"x"
                self._envelope(root, decode(Envelope, message.payload))
            case ["health", "history"]:
                self._envelope(root, decode(Envelope, message.payload))
            case ["media", media, "manifest"]:
                self._manifest(root, media, decode(MediaManifest, message.payload))
            case ["media", media, "gone"]:
                self.gone[media] = decode(MediaGone, message.payload)
                self._say(root, MediaAck(id=media, state="done", now=rfc3339(time.time_ns())))
            case ["media", media, "chunk", number]:
                self._piece(root, media, int(number), message.payload)
            case ["ack" | "command", *_]:
                pass
            case _:
                self.other.append((message.topic, message.payload, message.retain))

    def _envelope(self, root: str, envelope: Envelope) -> None:
        numbers = [(envelope.kind, seq) for seq in envelope.numbers]
        self.heard.update(numbers)
        self.arrivals.update(numbers)
        self.envelopes += 1
        if not self.acking:
            return
        for seq, record in zip(envelope.numbers, envelope.records, strict=True):
            if seq not in self.stored[envelope.kind]:
                self.records.append(record)
            self.stored[envelope.kind].add(seq)
            self.copies[envelope.kind, seq] += 1
        self.gaps[envelope.kind].update(envelope.dropped)
        ack = Ack(outbox=envelope.outbox, seqs=envelope.numbers, now=rfc3339(time.time_ns()))
        self.client.publish(f"{root}/ack/{envelope.kind}", encode(ack), 1)

    def _manifest(self, root: str, media: str, page: MediaManifest) -> None:
        self.pages[media] += 1
        held = self.manifests.get(media)
        if page.chunks and (held is None or held.chunk_bytes != page.chunk_bytes):
            if held is not None and held.chunk_bytes > page.chunk_bytes:
                self.pieces[media] = _cut_finer(self.pieces[media], held.chunk_bytes, page.chunk_bytes)
            held = page.model_copy(update={"chunks": []})
        if page.chunks and held is not None and len(held.chunks) < held.pieces:
            held = held.model_copy(update={"chunks": held.chunks[: page.first] + page.chunks})
        elif page.chunks and page.first + len(page.chunks) < page.pieces:
            return
        if held is None or held.chunk_bytes != page.chunk_bytes:
            self._say(root, MediaAck(id=media, state="unknown", now=rfc3339(time.time_ns())))
            return
        self.manifests[media] = held
        if len(held.chunks) == held.pieces:
            self._answer(root, media)

    def _piece(self, root: str, media: str, number: int, body: bytes) -> None:
        self.piece_copies[media, number] += 1
        if self.lose(media, number) or media not in self.manifests:
            return
        assert _hash(body) == self.manifests[media].chunks[number]
        self.pieces[media][number] = body
        if len(self.pieces[media]) == self.manifests[media].pieces or number == self.manifests[media].pieces - 1:
            self._answer(root, media)

    def _answer(self, root: str, media: str) -> None:
        manifest, have = self.manifests[media], self.pieces[media]
        missing = ranges(n for n in range(len(manifest.chunks)) if n not in have)
        if not missing:
            self.media[media] = b"".join(have[n] for n in sorted(have))
            assert hashlib.sha256(self.media[media]).hexdigest() == manifest.sha256
        self._say(
            root, MediaAck(id=media, state="want" if missing else "done", missing=missing, now=rfc3339(time.time_ns()))
        )

    def _say(self, root: str, ack: MediaAck) -> None:
        self.client.publish(f"{root}/ack/media", encode(ack), 1)

    def statuses(self) -> list[str]:
        return [json.loads(body)["state"] for topic, body, _ in self.other if topic.endswith("/status")]
