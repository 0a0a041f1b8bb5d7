"""A centre that runs in this process, and a gateway that is only its wire: what the tests here drive."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from agent.central.app import run_central
from agent.config.central import Central, CentralConfig, KnownGateway
from agent.core.clock import SystemClock, rfc3339
from agent.core.ids import new_id
from agent.core.signing import Verifier
from agent.core.stop import StopToken
from agent.wire import messages as wire
from agent.wire.topics import GatewayTopics

SITE, GATEWAY, CAMERA = "demo", "gw-1", "plaza"
PASSWORD = "a long enough password"
T0_NS = 1_780_000_000 * 10**9


def wait_for(what: Callable[[], Any], seconds: float = 15) -> Any:
    """The first true value of `what`; fails the test when none comes."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := what():
            return value
        time.sleep(0.02)
    raise AssertionError(f"still not so after {seconds} s: {what}")


class RunningCentre:
    """`url`, `mqtt_url` and clients of a centre in a thread; `ports` (web, MQTT) are free ones where they are 0."""

    def __init__(
        self,
        data: Path,
        broker: str = "embedded",
        gateways: tuple[tuple[str, str], ...] = (),
        database: str = "sqlite",
        ports: tuple[int, int] = (0, 0),
        **sections: Any,
    ) -> None:
        self.data, self.stop = data, StopToken()
        known = tuple(KnownGateway(site=site, id=name) for site, name in (gateways or ((SITE, GATEWAY),)))
        self.config = CentralConfig(
            central=Central(
                listen=f"127.0.0.1:{ports[0]}",
                mqtt_listen=f"127.0.0.1:{ports[1]}",
                data=data,
                broker=broker,
                service_token_file=data / "service-token",
                database=database,
                keep_days=3650,
            ),
            gateway=known,
            **sections,
        )
        self.ready = data.parent / "ready.json"
        self.said: list[str] = []
        self.result: list[int] = []
        self._thread = threading.Thread(target=self._run, name="centre")

    def _run(self) -> None:
        self.result.append(run_central(self.config, self.stop, ready_file=self.ready, say=self.said.append))

    def start(self) -> RunningCentre:
        self._thread.start()
        wait_for(lambda: self.ready.exists() or not self._thread.is_alive())
        document = json.loads(self.ready.read_text())
        self.url, self.mqtt_url, self.sign_in_url = document["url"], document["mqtt_url"], document["sign_in_url"]
        return self

    def end(self) -> None:
        self.stop.set()
        self._thread.join(30)
        assert not self._thread.is_alive()

    def client(self) -> httpx.Client:
        """Nobody in particular."""
        return httpx.Client(base_url=self.url, headers={"X-Lamppost": "1"}, timeout=15)

    def service(self) -> httpx.Client:
        """A program with the service token."""
        token = (self.data / "service-token").read_text().strip()
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {token}"}, timeout=15)

    @contextmanager
    def admin(self) -> Iterator[httpx.Client]:
        """The first person, signed in."""
        with self.client() as client:
            self._sign_in(client)
            yield client

    def _sign_in(self, client: httpx.Client) -> None:
        if self.sign_in_url is not None:
            token = self.sign_in_url.partition("token=")[2]
            body = {"token": token, "username": "ann", "password": PASSWORD}
            client.post("/api/v1/first", json=body).raise_for_status()
            self.sign_in_url = None
        else:
            client.post("/api/v1/sign-in", json={"username": "ann", "password": PASSWORD}).raise_for_status()


@contextmanager
def running(data: Path, **options: Any) -> Iterator[RunningCentre]:
    """A centre for the length of a block."""
    centre = RunningCentre(data, **options).start()
    try:
        yield centre
    finally:
        centre.end()


class FakeGateway:
    """Speaks the wire with plain paho; keeps acks and answers commands as told by `handlers`."""

    def __init__(self, centre: RunningCentre, site: str = SITE, gateway: str = GATEWAY, protocol: int = 4) -> None:
        self.site, self.gateway, self.topics = site, gateway, GatewayTopics(site, gateway)
        place = centre.data / "gateways" / site / gateway
        self.verifier = Verifier.from_pem((place / "command_key.pem").read_bytes(), "test")
        self.acks: list[tuple[str, dict[str, Any]]] = []
        self.commands: list[wire.Command] = []
        self.handlers: dict[str, Callable[[wire.Command], wire.Reply | None]] = {}
        self.session, self.outbox = new_id(T0_NS), new_id(T0_NS)
        self.client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"{site}-{gateway}", protocol=protocol)
        self.client.username_pw_set(gateway, (place / "password").read_text().strip())
        self.client.will_set(self.topics.status, wire.encode(self._status("offline")), qos=1, retain=True)
        self.client.on_message = self._on_message
        self._subscribed = threading.Event()
        self.client.on_connect = lambda client, *_: client.subscribe(
            [(self.topics.commands, 1), (self.topics.ack("+"), 1)]
        )
        self.client.on_subscribe = lambda *_: self._subscribed.set()
        self.client.reconnect_delay_set(1, 1)
        where = urlsplit(centre.mqtt_url)
        self.client.connect(str(where.hostname), int(where.port or 0), 20)
        self.client.loop_start()
        assert self._subscribed.wait(10)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()
        self.client._reset_sockets()  # paho closes its socket pair only when it is collected

    def vanish(self) -> None:
        """The connection ends without a word, as when the mast loses its power: the broker sends the Will."""
        self.client.loop_stop()
        self.client.socket().close()
        self.client._reset_sockets()

    def come_back(self) -> None:
        """After `vanish`."""
        self._subscribed.clear()
        self.client.reconnect()
        self.client.loop_start()
        assert self._subscribed.wait(10)
        self.hello()

    def _status(self, state: Any) -> wire.Status:
        return wire.Status(state=state, session=self.session, since=rfc3339(T0_NS), version="0.1.0")

    def _on_message(self, _client: Any, _data: Any, message: Any) -> None:
        kind = message.topic.rsplit("/", 1)[1]
        if "/ack/" in message.topic:
            self.acks.append((kind, json.loads(message.payload)))
            return
        command = wire.decode(wire.Command, message.payload)
        assert self.verifier.verify(command.signed_part(), command.signature)
        self.commands.append(command)
        reply = self.handlers.get(command.verb, lambda asked: wire.Reply(id=asked.id, ok=True))(command)
        if reply is not None:
            self.send(self.topics.reply(command.id), reply)

    def send(self, topic: str, message: wire.Message | bytes, *, qos: int = 1, retain: bool = False) -> None:
        payload = message if isinstance(message, bytes) else wire.encode(message)
        self.client.publish(topic, payload, qos=qos, retain=retain)

    def hello(self, camera: str = CAMERA) -> None:
        """What a gateway says at every connect."""
        self.send(self.topics.status, self._status("online"), retain=True)
        self.send(self.topics.health, health(), retain=True)
        self.send(self.topics.camera(camera, "info"), camera_info(camera), retain=True)
        state = wire.CameraState(camera=camera, online=True, recording=True, analysing=True, since=rfc3339(T0_NS))
        self.send(self.topics.camera(camera, "state"), state, retain=True)

    def envelope(self, kind: str, seq: int, *records: wire.Message, dropped: Any = (), camera: str = CAMERA) -> None:
        """One durable message."""
        self.send(self.topics.camera(camera, kind), self.packed(kind, seq, *records, dropped=dropped))

    def packed(self, kind: str, seq: int, *records: wire.Message, dropped: Any = ()) -> wire.Envelope:
        documents = [record.model_dump(mode="json") for record in records]
        return wire.Envelope.model_validate(
            {"site": self.site, "gateway": self.gateway, "outbox": self.outbox, "class": kind, "seq": seq}
            | {"dropped": list(dropped), "records": documents}
        )

    def acked(self, kind: str) -> set[int]:
        """Sequence numbers that the centre acknowledged."""
        return {seq for name, ack in self.acks if name == kind for seq in ack["seqs"]}

    def media_acks(self, media: str) -> list[dict[str, Any]]:
        """What the centre said of a medium."""
        return [ack for name, ack in self.acks if name == "media" and ack["id"] == media]

    def send_medium(self, manifest: wire.MediaManifest, body: bytes) -> None:
        """Announce, wait to be wanted, send all pieces."""
        self.send(self.topics.manifest(manifest.id), manifest)
        wait_for(lambda: self.media_acks(manifest.id))
        for number, piece in enumerate(pieces(body)):
            self.send(self.topics.chunk(manifest.id, number), piece)


def health() -> wire.Health:
    """A well gateway."""
    return wire.Health(
        time=rfc3339(T0_NS), uptime_s=5, cameras=[], outbox=wire.OutboxDepth(messages=0, media=0, media_bytes=0)
    )


def camera_info(camera: str = CAMERA) -> wire.CameraInfo:
    """What the camera is."""
    sub = wire.StreamState(stream="sub", codec="h264", width=640, height=360, fps=15)
    return wire.CameraInfo(camera=camera, name="The plaza", streams=[sub])


def event(key: str, phase: Any = "start", at_s: float = 0, **more: Any) -> wire.Event:
    """An event that starts at T0; `at_s` is when this phase was said."""
    start = more.pop("start", rfc3339(T0_NS))
    now = rfc3339(T0_NS + int(at_s * 1e9))
    document = {"id": key, "camera": CAMERA, "kind": "zone_entered", "phase": phase, "time": now, "start": start}
    return wire.Event.model_validate(document | ({"end": now} if phase == "end" else {}) | more)


def track(key: str, *, final: bool = False, at_s: float = 30, **more: Any) -> wire.TrackSummary:
    """A person seen from T0 to `at_s`."""
    end = rfc3339(T0_NS + int(at_s * 1e9))
    document = {"id": key, "camera": CAMERA, "final": final, "label": "person", "score": 0.9}
    return wire.TrackSummary.model_validate(document | {"start": rfc3339(T0_NS), "end": end} | more)


def span(key: str, first_s: float, last_s: float, **more: Any) -> wire.RecordingSpan:
    """A recorded segment."""
    more = {"number": int(first_s) + 1, "link": hashlib.sha256(key.encode()).hexdigest()} | more
    return wire.RecordingSpan(
        id=key, camera=CAMERA, epoch="e1", start=rfc3339(T0_NS + int(first_s * 1e9)),
        end=rfc3339(T0_NS + int(last_s * 1e9)), bytes=1000, packets=10, reason="time", sha256="0" * 64,
        **more,
    )  # fmt: skip


CHUNK = 1024


def pieces(body: bytes) -> list[bytes]:
    """The chunks of a medium."""
    return [body[at : at + CHUNK] for at in range(0, len(body), CHUNK)]


def manifest(key: str, body: bytes, **more: Any) -> wire.MediaManifest:
    """What announces `body`."""
    document = {
        "id": key, "camera": CAMERA, "kind": "snapshot", "type": "image/jpeg", "bytes": len(body), "chunk_bytes": CHUNK,
        "sha256": hashlib.sha256(body).hexdigest(),
        "chunks": [hashlib.sha256(part).hexdigest() for part in pieces(body)],
        "start": rfc3339(T0_NS), "end": rfc3339(T0_NS),
    }  # fmt: skip
    return wire.MediaManifest.model_validate(document | more)


def gone(key: str, reason: str = "the outbox is full", **more: Any) -> wire.MediaGone:
    """What says that a medium will never come."""
    document = {"id": key, "camera": CAMERA, "kind": "snapshot", "reason": reason}
    return wire.MediaGone.model_validate(document | {"start": rfc3339(T0_NS), "end": rfc3339(T0_NS)} | more)


def fresh_id() -> str:
    """An id."""
    return new_id(SystemClock().wall_ns())
