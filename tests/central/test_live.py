"""Live pictures: one lease for all who watch, the last group of pictures for who comes late, errors in words."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from agent.central import live as live_hub
from agent.central.api import live_socket
from agent.central.live_viewer import Viewer
from agent.wire import messages as wire
from agent.wire.live import LivePiece
from tests.central.helpers import CAMERA, GATEWAY, SITE, T0_NS, FakeGateway, RunningCentre, wait_for

MIME = 'video/mp4; codecs="avc1.4d401f"'


def _piece(number: int, *, init: bool = False, key: bool = False, size: int = 10) -> LivePiece:
    data = b"init" if init else b"%010d" % number + bytes(size)
    return LivePiece(init, key, number, T0_NS, MIME if init else "", data)


class Camera:
    """Sends pieces while a lease lives."""

    def __init__(self, gateway: FakeGateway) -> None:
        self.gateway, self.leases, self.stopped = gateway, list[str](), list[str]()
        gateway.handlers["live"], gateway.handlers["live_stop"] = self._live, self._stop

    def _live(self, command: wire.Command) -> wire.Reply:
        lease = str(command.args["lease"])
        if lease not in self.leases:
            self.leases.append(lease)
            self.send(_piece(0, init=True), _piece(0, key=True), _piece(1), _piece(2))
        return wire.Reply(id=command.id, ok=True)

    def _stop(self, command: wire.Command) -> wire.Reply:
        self.stopped.append(str(command.args["lease"]))
        return wire.Reply(id=command.id, ok=True)

    def send(self, *parts: LivePiece) -> None:
        for part in parts:
            self.gateway.send(self.gateway.topics.live(self.leases[-1]), part.encode(), qos=0)


@contextmanager
def watching(centre: RunningCentre, api: Any, camera: str = CAMERA, query: str = "") -> Iterator[ClientConnection]:
    """A viewer's WebSocket."""
    address = f"{centre.url.replace('http', 'ws')}/api/v1/live/{SITE}/{GATEWAY}/{camera}{query}"
    headers = {"Cookie": f"lamppost_session={api.cookies['lamppost_session']}"}
    with connect(address, origin=centre.url, additional_headers=headers) as socket:
        yield socket


def _until(socket: ClientConnection, last: bytes) -> list[Any]:
    """Everything up to the piece that begins with `last`; texts as documents."""
    found: list[Any] = []
    while True:
        item = socket.recv(10)
        found.append(json.loads(item) if isinstance(item, str) else item)
        if isinstance(item, bytes) and item.startswith(last):
            return found


def _kinds(items: list[Any]) -> list[Any]:
    return [item["type"] if isinstance(item, dict) else item[:10] for item in items]


def test_viewers_share_a_lease_and_latecomers_get_a_picture_at_once(
    centre: RunningCentre, gateway: FakeGateway
) -> None:
    camera = Camera(gateway)
    gateway.hello()
    with centre.admin() as api:
        wait_for(lambda: any(item["online"] for item in api.get("/api/v1/cameras").json()["items"]))
        with watching(centre, api) as first:
            got = _until(first, b"0000000002")
            texts = [item for item in got if isinstance(item, dict)]
            assert texts[:2] == [{"type": "state", "state": "starting"}, {"type": "init", "mime": MIME}]
            assert got[got.index(texts[1]) + 1] == b"init"
            assert {"type": "key", "time": "2026-05-28T20:26:40.000Z", "number": 0} in texts
            with watching(centre, api, query="?boxes=1") as second:
                assert _kinds(_until(second, b"0000000002")) == [
                    "state", "init", b"init", "key", b"0000000000", b"0000000001", b"0000000002"
                ]  # fmt: skip
                camera.send(_piece(3))
                _until(first, b"0000000003")
                _until(second, b"0000000003")
                box = wire.BoxNow(track="t1", label="person", score=0.5, box=(0, 0, 1, 1))
                frame = wire.FrameBoxes(camera=CAMERA, time="2026-05-28T20:26:40.000Z", boxes=[box])
                gateway.send(gateway.topics.camera(CAMERA, "frame"), frame, qos=0)
                shown = _next_text(second, "boxes")
                assert shown["boxes"][0]["track"] == "t1"
            assert [command.verb for command in gateway.commands] == ["live", "watch"]
            camera.send(_piece(4), _piece(6), _piece(7), _piece(8, key=True))
            assert _kinds(_until(first, b"0000000008"))[-4:] == [b"0000000004", "gap", "key", b"0000000008"]
        wait_for(lambda: camera.stopped == camera.leases)
        assert len(camera.leases) == 1
        actions = [line["action"] for line in api.get("/api/v1/audit").json()["items"]]
        assert actions.count("live.view") == 2


def _next_text(socket: ClientConnection, kind: str) -> Any:
    while True:
        item = socket.recv(10)
        if isinstance(item, str) and json.loads(item)["type"] == kind:
            return json.loads(item)


def test_what_hinders_the_picture_is_said_before_the_socket_closes(centre: RunningCentre, gateway: FakeGateway) -> None:
    gateway.hello()
    gateway.handlers["live"] = lambda asked: wire.Reply(id=asked.id, ok=False, error="camera plaza is not connected")
    with centre.admin() as api:
        wait_for(lambda: any(item["online"] for item in api.get("/api/v1/cameras").json()["items"]))
        with watching(centre, api) as socket:
            error = _next_text(socket, "error")
            assert (error["code"], error["message"]) == ("gateway_error", "camera plaza is not connected")
            assert _close_code(socket) == 4502
        with watching(centre, api, camera="none") as socket:
            assert _next_text(socket, "error")["code"] == "not_found"
            assert _close_code(socket) == 4404
        gateway.send(gateway.topics.status, gateway._status("offline"), retain=True)
        wait_for(lambda: not api.get(f"/api/v1/gateways/{SITE}/{GATEWAY}").json()["online"])
        with watching(centre, api) as socket:
            assert _next_text(socket, "error")["code"] == "gateway_offline"


def _close_code(socket: ClientConnection) -> int | None:
    with pytest.raises(ConnectionClosed) as caught:
        _drain(socket)
    return caught.value.rcvd.code if caught.value.rcvd else None


def _drain(socket: ClientConnection) -> None:
    while True:
        socket.recv(10)


def test_a_lost_init_piece_brings_a_new_lease(centre: RunningCentre, gateway: FakeGateway) -> None:
    gateway.hello()
    leases: list[str] = []

    def live(command: wire.Command) -> wire.Reply:
        lease = str(command.args["lease"])
        leases.append(lease)
        parts = [_piece(0, key=True)] if len(leases) == 1 else [_piece(0, init=True), _piece(0, key=True)]
        threading.Timer(1.1 if len(leases) == 1 else 0, _send, (gateway, lease, parts)).start()
        return wire.Reply(id=command.id, ok=True)

    gateway.handlers["live"] = live
    with centre.admin() as api:
        wait_for(lambda: any(item["online"] for item in api.get("/api/v1/cameras").json()["items"]))
        with watching(centre, api) as socket:
            _until(socket, b"0000000000")
    assert len(set(leases)) == 2


def _send(gateway: FakeGateway, lease: str, parts: list[LivePiece]) -> None:
    for part in parts:
        gateway.send(gateway.topics.live(lease), part.encode(), qos=0)


def test_signing_out_ends_what_is_watched_even_while_pictures_flow(
    centre: RunningCentre, gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_socket, "_CHECK_EVERY_S", 0.5)
    camera = Camera(gateway)
    gateway.hello()
    with centre.admin() as api:
        wait_for(lambda: any(item["online"] for item in api.get("/api/v1/cameras").json()["items"]))
        with watching(centre, api) as socket:
            _until(socket, b"0000000002")
            api.post("/api/v1/sign-out").raise_for_status()
            code = _code_while_flowing(socket, camera)
            assert code == 4401


def _code_while_flowing(socket: ClientConnection, camera: Camera) -> int | None:
    """A piece and its receipt, over and over: the socket never has a quiet moment."""
    try:
        for number in range(3, 3000):
            camera.send(_piece(number))
            _until(socket, b"%010d" % number)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None
    return None


def test_when_the_centre_stops_what_is_watched_ends(centre: RunningCentre, gateway: FakeGateway) -> None:
    Camera(gateway)
    gateway.hello()
    with centre.admin() as api:
        wait_for(lambda: any(item["online"] for item in api.get("/api/v1/cameras").json()["items"]))
        with watching(centre, api) as socket:
            _until(socket, b"0000000002")
            centre.stop.set()
            assert _close_code(socket) == 1012


def test_a_slow_viewer_skips_to_the_next_keyframe_and_stays_bounded() -> None:
    viewer = Viewer(lambda: None, boxes=False)
    viewer.init(_piece(0, init=True))
    for number in range(25):
        viewer.media(_piece(number, key=number % 20 == 0, size=1 << 20))
    items = viewer.take()
    assert sum(len(item) for item in items if isinstance(item, bytes)) <= 9 << 20
    kinds = _kinds([json.loads(item) if isinstance(item, str) else item for item in items])
    assert kinds[:3] == ["init", b"init", "gap"]
    assert kinds[3:5] == ["key", b"0000000020"]
    assert viewer.dropped > 0


def test_that_the_link_bears_less_is_said_and_taken_back(
    centre: RunningCentre, gateway: FakeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_hub, "_RENEW_NS", 10**8)
    camera, sent = Camera(gateway), {"stream": "sub", "keys": True}
    gateway.hello()

    def live(command: wire.Command) -> wire.Reply:
        return camera._live(command).model_copy(update={"result": dict(sent)})

    gateway.handlers["live"] = live
    with centre.admin() as api:
        wait_for(lambda: any(item["online"] for item in api.get("/api/v1/cameras").json()["items"]))
        with watching(centre, api) as first:
            assert _next_text(first, "sent") == {"type": "sent", "stream": "sub", "keys": True}
            with watching(centre, api) as second:
                assert _next_text(second, "sent") == {"type": "sent", "stream": "sub", "keys": True}
            sent["keys"] = False
            camera.send(_piece(3, key=True))
            assert _next_text(first, "sent")["keys"] is False
