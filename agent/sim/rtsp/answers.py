"""What the server answers to each method (RFC 2326 section 10). No sockets here but those that SETUP opens."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import SplitResult

from agent.sim.rtsp.broadcast import Broadcast
from agent.sim.rtsp.channel import Channel, Datagrams, Interleaved, Session, open_datagrams
from agent.sim.rtsp.digest import Guard
from agent.sim.rtsp.request import METHODS, Request
from agent.sim.rtsp.rtp import CLOCK_HZ, PAYLOAD_TYPE

SESSION_S = 60
CONTROL = "/trackID=1"
_REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    413: "Request Entity Too Large",
    454: "Session Not Found",
    455: "Method Not Valid in This State",
    459: "Aggregate Operation Not Allowed",
    461: "Unsupported Transport",
    501: "Not Implemented",
    503: "Service Unavailable",
    505: "RTSP Version Not Supported",
}

Find = Callable[[SplitResult], Broadcast | None]


@dataclass(frozen=True)
class Answer:
    """A response without its CSeq."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def bytes_for(self, sequence: str) -> bytes:
        """As it goes out."""
        lines = [f"RTSP/1.0 {self.status} {_REASONS[self.status]}", f"CSeq: {_clean(sequence)}", "Server: lamppost-sim"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if self.body:
            lines.append(f"Content-Length: {len(self.body)}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + self.body


@dataclass
class Desk:
    """Answers the requests of one connection and keeps its session."""

    find: Find
    guard: Guard
    host: str
    peer: str
    send: Callable[[bytes], None]
    opened: Callable[[Channel], None]
    session: Session | None = None
    over: bool = False

    def answer(self, request: Request, now_s: int, mono_ns: int) -> Answer:
        """The response to `request`; `now_s` is for nonces, `mono_ns` for the reports."""
        if request.method == "OPTIONS":
            return Answer(200, {"Public": ", ".join(METHODS), **self._session_header()})
        if request.method not in METHODS:
            return Answer(501, {"Allow": ", ".join(METHODS)})
        proof = request.headers.get("authorization", "")
        if not self.guard.admits(request.method, proof, now_s):
            challenge = self.guard.challenge(now_s, stale=self.guard.is_stale(proof, now_s))
            return Answer(401, {"WWW-Authenticate": challenge})
        if request.method in {"DESCRIBE", "SETUP"}:
            return self._describe(request) if request.method == "DESCRIBE" else self._setup(request)
        return self._in_session(request, mono_ns)

    def close(self) -> None:
        """End the session, if there is one."""
        if self.session is not None:
            self.session.end()
            self.session = None

    def _in_session(self, request: Request, mono_ns: int) -> Answer:
        if self.session is None or not self._is_mine(request):
            if request.method == "GET_PARAMETER" and "session" not in request.headers:
                return Answer(200)  # a sign of life before SETUP
            return Answer(454)
        if request.method == "PLAY":
            return self._play(self.session, request, mono_ns)
        self.over = request.method == "TEARDOWN"  # the server ends the session once this answer is out
        return Answer(200, self._session_header())

    def _session_header(self) -> dict[str, str]:
        return {"Session": f"{self.session.id};timeout={SESSION_S}"} if self.session else {}

    def _is_mine(self, request: Request) -> bool:
        named = request.headers.get("session", "").partition(";")[0].strip()
        return self.session is not None and named == self.session.id

    def _describe(self, request: Request) -> Answer:
        broadcast = self.find(request.place)
        if broadcast is None:
            return Answer(404)
        body = description(broadcast, request.place, self.host).encode()
        base = request.url.partition("?")[0].rstrip("/") + "/"
        return Answer(200, {"Content-Type": "application/sdp", "Content-Base": _clean(base)}, body)

    def _setup(self, request: Request) -> Answer:
        broadcast = self.find(request.place)
        if broadcast is None:
            return Answer(404)
        if self.session is not None:
            return Answer(459 if self._is_mine(request) else 455)
        picked = self._channel(request.headers.get("transport", ""))
        if picked is None:
            return Answer(461)
        channel, transport = picked
        ssrc = secrets.randbits(32)
        self.session = Session(secrets.token_hex(8), broadcast, channel, ssrc, secrets.randbits(15))
        self.opened(channel)
        return Answer(200, {**self._session_header(), "Transport": f'{transport};ssrc={ssrc:08X};mode="PLAY"'})

    def _channel(self, wanted: str) -> tuple[Channel, str] | None:
        """The first transport of the client's list that we speak."""
        for offer in wanted.split(",")[:8]:
            parts = [part.strip() for part in offer.split(";")]
            if "multicast" in parts:
                continue
            if parts[0].upper() == "RTP/AVP/TCP":
                numbers = _numbers(offer, "interleaved", 255) or (0, 1)
                return Interleaved(self.send, numbers), f"RTP/AVP/TCP;unicast;interleaved={numbers[0]}-{numbers[1]}"
            ports = _numbers(offer, "client_port", 65535)
            if parts[0].upper() in {"RTP/AVP", "RTP/AVP/UDP"} and ports:
                return self._datagrams(ports)
        return None

    def _datagrams(self, ports: tuple[int, int]) -> tuple[Datagrams, str] | None:
        try:
            channel = open_datagrams(self.host, self.peer, ports)
        except OSError:
            return None
        ours = [one.getsockname()[1] for one in channel.sockets]
        where = f"client_port={ports[0]}-{ports[1]};server_port={ours[0]}-{ours[1]}"
        return channel, f"RTP/AVP;unicast;{where}"

    def _play(self, session: Session, request: Request, mono_ns: int) -> Answer:
        if not session.playing:
            session.playing, session.waits_for_key, session.next_report_ns = True, True, mono_ns
        number = session.broadcast.loop.next_key(session.broadcast.next_number)
        where = (
            f"url={_clean(request.url)};seq={session.sequence & 0xFFFF};rtptime={session.broadcast.timestamp(number)}"
        )
        return Answer(200, {**self._session_header(), "Range": "npt=now-", "RTP-Info": where})


def description(broadcast: Broadcast, place: SplitResult, host: str) -> str:
    """The SDP (RFC 4566) of a broadcast; its control address is the one the client used."""
    loop, query = broadcast.loop, f"?{place.query}" if place.query else ""
    path = place.path.rstrip("/").removesuffix(CONTROL)
    family = "IP6" if ":" in host else "IP4"
    lines = (
        "v=0",
        f"o=- {broadcast.first_wall_ns} 1 IN {family} {host}",
        "s=Lamppost virtual camera",
        f"c=IN {family} {'::' if family == 'IP6' else '0.0.0.0'}",
        "t=0 0",
        "a=control:*",
        "a=range:npt=now-",
        f"m=video 0 RTP/AVP {PAYLOAD_TYPE}",
        f"a=rtpmap:{PAYLOAD_TYPE} H264/{CLOCK_HZ}",
        f"a=fmtp:{PAYLOAD_TYPE} {loop.fmtp}",
        f"a=framerate:{loop.fps}",
        f"a=x-dimensions:{loop.width},{loop.height}",
        f"a=control:rtsp://{place.netloc.rpartition('@')[2]}{path}{CONTROL}{query}",
    )
    return "\r\n".join(lines) + "\r\n"


def _numbers(offer: str, name: str, most: int) -> tuple[int, int] | None:
    found = re.search(rf"(?:^|;)\s*{name}=(\d{{1,5}})(?:-(\d{{1,5}}))?\s*(?:;|$)", offer, re.ASCII)
    if not found:
        return None
    first = int(found[1])
    second = int(found[2]) if found[2] else first + 1
    return (first, second) if first != second and max(first, second) <= most and min(first, second) >= 0 else None


def _clean(text: str) -> str:
    """No line break of a client's gets into an answer."""
    return "".join(letter for letter in text if letter.isprintable())[:2048]
