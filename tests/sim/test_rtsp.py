"""The RTSP server's own parts: parsing with limits, Digest, packets, answers, slow clients."""

from __future__ import annotations

import hashlib
import re
import socket
import struct
import time
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.clock import NS, SystemClock
from agent.core.stop import StopToken
from agent.core.supervisor import Supervisor
from agent.sim.rtsp.broadcast import Broadcast
from agent.sim.rtsp.digest import Guard, parsed_authorization
from agent.sim.rtsp.loop import Loop, Unit
from agent.sim.rtsp.request import BadRequest, Block, Reader, Request
from agent.sim.rtsp.rtp import CHUNK_BYTES, packet, payloads, sender_report
from agent.sim.rtsp.server import RtspServer

KEY, DELTA = b"\x65" + bytes(range(256)) * 12, b"\x41" + bytes(300)
LOOP = Loop(
    tuple(Unit((KEY if n % 5 == 0 else DELTA,), n % 5 == 0) for n in range(10)),
    b"\x67\x42\xc0\x1f",
    b"\x68\xce",
    25,
    320,
    180,
)


@given(st.lists(st.binary(max_size=300), max_size=12))
def test_reader_takes_any_bytes_without_any_other_error(pieces):
    reader, found, status = Reader(), [], 400
    try:
        for piece in pieces:
            found += reader.feed(piece)
    except BadRequest as error:
        status = error.status
    assert all(isinstance(message, Request | Block) for message in found)
    assert status in {400, 413, 505}


@given(
    st.sampled_from(["OPTIONS", "SETUP", "PLAY"]),
    st.dictionaries(
        st.from_regex(r"[A-Za-z-]{1,12}", fullmatch=True), st.from_regex(r"[!-~]{0,20}", fullmatch=True), max_size=6
    ),
    st.integers(1, 40),
)
def test_reader_finds_a_request_however_it_is_cut(method, headers, step):
    headers = {name: value for name, value in headers.items() if name.lower() != "content-length"}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    stream = b"$\x01\x00\x03abc" + f"{method} rtsp://h/p RTSP/1.0\r\n{head}Content-Length: 4\r\n\r\nbody".encode()
    reader, found = Reader(), []
    for at in range(0, len(stream), step):
        found += reader.feed(stream[at : at + step])
    assert found[0] == Block(1, b"abc")
    assert (found[1].method, found[1].url, found[1].body) == (method, "rtsp://h/p", b"body")
    assert {name.lower() for name in headers} | {"content-length"} == set(found[1].headers)


def test_reader_holds_no_endless_head_or_body():
    with pytest.raises(BadRequest, match="too long"):
        Reader().feed(b"GET " + b"x" * 9000)
    with pytest.raises(BadRequest, match="too long"):
        Reader().feed(b"PLAY rtsp://h/ RTSP/1.0\r\nContent-Length: 99999\r\n\r\n")
    with pytest.raises(BadRequest, match="too many"):
        Reader().feed(b"PLAY rtsp://h/ RTSP/1.0\r\n" + b"a: b\r\n" * 100 + b"\r\n")


@given(st.text(max_size=400))
def test_any_authorization_is_only_refused(text):
    guard = Guard("root", "pass", b"k" * 16)
    assert not guard.admits("DESCRIBE", text, 1000)
    assert not guard.is_stale(text, 1000)
    assert isinstance(parsed_authorization(f"Digest {text}"), dict)


def _answer(challenge, method, *, qop=True, password="pass"):
    fields = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
    md5 = lambda text: hashlib.md5(text.encode()).hexdigest()  # noqa: E731
    secret, what = md5(f"root:{fields['realm']}:{password}"), md5(f"{method}:rtsp://h/p")
    middle = f"{fields['nonce']}:00000001:abc:auth" if qop else fields["nonce"]
    extra = ', qop=auth, nc=00000001, cnonce="abc"' if qop else ""
    return (
        f'Digest username="root", realm="{fields["realm"]}", nonce="{fields["nonce"]}", uri="rtsp://h/p", '
        f'response="{md5(f"{secret}:{middle}:{what}")}"{extra}'
    )


@pytest.mark.parametrize("qop", [True, False])
def test_digest_proves_the_password_for_one_method_and_a_limited_time(qop):
    guard = Guard("root", "pass", b"k" * 16)
    proof = _answer(guard.challenge(1000), "PLAY", qop=qop)
    assert guard.admits("PLAY", proof, 1001)
    assert not guard.admits("TEARDOWN", proof, 1001)
    assert not guard.admits("PLAY", proof, 1000 + 3601)
    assert guard.is_stale(proof, 1000 + 3601)
    assert not guard.admits("PLAY", _answer(guard.challenge(1000), "PLAY", qop=qop, password="other"), 1001)
    assert not Guard("root", "pass", b"x" * 16).admits("PLAY", proof, 1001)  # a nonce of somebody else's


@given(st.lists(st.binary(min_size=1, max_size=5000), min_size=1, max_size=4))
def test_payloads_put_together_are_the_nal_units_again(nals):
    rebuilt, parts = [], bytearray()
    for payload in payloads(nals):
        assert len(payload) <= CHUNK_BYTES
        if payload[0] & 0x1F == 28 and len(nals[len(rebuilt)]) > CHUNK_BYTES:
            if payload[1] & 0x80:
                parts = bytearray([payload[0] & 0xE0 | payload[1] & 0x1F])
            parts += payload[2:]
            if payload[1] & 0x40:
                rebuilt.append(bytes(parts))
        else:
            rebuilt.append(payload)
    assert rebuilt == nals


def test_packets_and_reports_have_the_form_of_the_standard():
    assert packet(b"x", 70000, 1 << 33, 7, last=True) == struct.pack("!BBHII", 0x80, 0xE0, 70000 & 0xFFFF, 0, 7) + b"x"
    report = sender_report(7, 1_500_000_000 * NS + NS // 2, 99, 3, 400, "name")
    _, kind, length, ssrc, seconds, fraction, stamp, packets, octets = struct.unpack("!BBHIIIIII", report[:28])
    assert (kind, length, ssrc, stamp, packets, octets) == (200, 6, 7, 99, 3, 400)
    assert (seconds, fraction) == (1_500_000_000 + 2_208_988_800, 1 << 31)
    assert len(report) % 4 == 0


def test_broadcast_goes_by_the_wall_clock_and_never_twice():
    broadcast = Broadcast("/a/main", LOOP, 1000 * NS, 50 * NS, 0xFFFFFF00)
    assert list(broadcast.due(50 * NS)) == [0]
    assert list(broadcast.due(50 * NS)) == []
    assert broadcast.wait_ns(50 * NS) == NS // 25
    assert list(broadcast.due(50 * NS + NS // 5)) == [1, 2, 3, 4, 5]
    assert broadcast.wall_ns(25) == 1001 * NS
    assert broadcast.timestamp(1) == (0xFFFFFF00 + 3600) & 0xFFFFFFFF
    assert LOOP.next_key(6) == 10


@pytest.fixture
def server():
    clock, stop = SystemClock(), StopToken()
    broadcast = Broadcast("/a/main", LOOP, clock.wall_ns(), clock.mono_ns(), 0)
    worker = RtspServer(
        "127.0.0.1", 0, Guard(None, None, b""), lambda place: broadcast if place.path.startswith("/a") else None, clock
    )
    port = worker.bind()
    worker.put_on_air([broadcast])
    supervisor = Supervisor(clock, stop)
    supervisor.start(worker)
    yield SimpleNamespace(port=port, worker=worker)
    stop.set()
    assert supervisor.join(5) == []
    worker.close()


class Client:
    """A raw RTSP client."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        self.file = self.socket.makefile("rb")
        self.count = 0

    def ask(self, method, path="/a/main", **headers):
        self.count += 1
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.socket.sendall(f"{method} rtsp://127.0.0.1{path} RTSP/1.0\r\nCSeq: {self.count}\r\n{lines}\r\n".encode())
        return self.answer()

    def answer(self):
        line = self.file.readline()
        while line[:1] == b"$":
            self.file.read(int.from_bytes((line + self.file.read(max(0, 4 - len(line))))[2:4], "big"))
            line = self.file.readline()
        found = {}
        while header := self.file.readline().strip():
            name, _, value = header.decode().partition(": ")
            found[name.lower()] = value
        body = self.file.read(int(found.get("content-length", 0)))
        return int(line.split()[1]), found, body

    def close(self):
        self.file.close()
        self.socket.close()


@pytest.fixture
def client(server):
    client = Client(server.port)
    yield client
    client.close()


def test_each_mistake_has_its_own_answer(client):
    assert client.ask("OPTIONS")[0] == 200
    assert client.ask("DESCRIBE", "/b")[0] == 404
    assert client.ask("RECORD")[0] == 501
    assert client.ask("PLAY")[0] == 454
    assert client.ask("SETUP", Transport="RTP/AVP;multicast")[0] == 461
    assert client.ask("SETUP", Transport="RTP/AVP;unicast;client_port=99999-5")[0] == 461
    status, headers, _ = client.ask("SETUP", Transport="RTP/AVP/TCP;unicast;interleaved=2-3")
    assert status == 200
    assert "interleaved=2-3" in headers["transport"]
    session = headers["session"].split(";")[0]
    assert client.ask("PLAY", Session="0")[0] == 454
    assert client.ask("SETUP", Transport="RTP/AVP/TCP", Session=session)[0] == 459
    assert client.ask("GET_PARAMETER", Session=session)[0] == 200
    assert client.ask("TEARDOWN", Session=session)[0] == 200
    assert client.socket.recv(1) == b""


def test_description_names_codec_parameter_sets_and_control(client):
    status, headers, body = client.ask("DESCRIBE", "/a/main?camera=1&resolution=640x360")
    text = body.decode()
    assert status == 200
    assert headers["content-base"].endswith("/a/main/")
    assert "a=rtpmap:96 H264/90000" in text
    assert "profile-level-id=42C01F; sprop-parameter-sets=Z0LAHw==,aM4=" in text
    assert "/a/main/trackID=1?camera=1&resolution=640x360" in text


def test_the_sender_report_comes_before_the_first_packet(client):
    session = client.ask("SETUP", Transport="RTP/AVP/TCP;interleaved=0-1")[1]["session"].split(";")[0]
    assert client.ask("PLAY", Session=session)[0] == 200
    blocks = []
    while len(blocks) < 4:
        head = client.file.read(4)
        blocks.append((head[1], client.file.read(int.from_bytes(head[2:4], "big"))))
    assert [channel for channel, _ in blocks] == [1, 0, 0, 0]
    assert blocks[0][1][16:20] == blocks[1][1][4:8]  # the same RTP time
    assert [block[12] & 0x1F for _, block in blocks[1:]] == [7, 8, 28]  # SPS, PPS, then the picture


def test_a_client_that_sends_rubbish_is_let_go_and_disturbs_nobody(server, client):
    rude = socket.create_connection(("127.0.0.1", server.port), timeout=5)
    rude.sendall(b"\x16\x03\x01 hello?\r\n\r\n")
    assert rude.recv(100).startswith(b"RTSP/1.0 400")
    assert rude.recv(100) == b""
    rude.close()
    assert client.ask("OPTIONS")[0] == 200


def test_a_client_that_does_not_read_is_dropped_and_others_go_on(server, client, monkeypatch):
    monkeypatch.setattr(Loop, "payloads", lambda *_: [b"\x65" + bytes(1300)] * 800)
    lazy = Client(server.port)
    session = lazy.ask("SETUP", Transport="RTP/AVP/TCP;interleaved=0-1")[1]["session"].split(";")[0]
    lazy.socket.sendall(f"PLAY rtsp://127.0.0.1/a/main RTSP/1.0\r\nCSeq: 9\r\nSession: {session}\r\n\r\n".encode())
    deadline = time.monotonic() + 20
    while len(server.worker._connections) > 1 and time.monotonic() < deadline:
        assert client.ask("OPTIONS")[0] == 200
    assert len(server.worker._connections) == 1
    assert client.ask("DESCRIBE")[0] == 200
    lazy.close()
