"""How RTP reaches one client: inside its RTSP connection, or over a pair of UDP ports."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from agent.sim.rtsp.broadcast import Broadcast
from agent.sim.rtsp.rtp import goodbye, packet, sender_report

REPORT_S = 4


class Channel(Protocol):
    """Carries RTP and RTCP. Never blocks; what cannot go at once is the carrier's business."""

    def rtp(self, data: bytes) -> None:
        """Send one RTP packet."""

    def rtcp(self, data: bytes) -> None:
        """Send one RTCP packet."""

    def close(self) -> None:
        """Let go of what it opened."""


@dataclass
class Interleaved:
    """RFC 2326 section 10.12: `$`, channel, length, data."""

    send: Callable[[bytes], None]
    numbers: tuple[int, int]

    def rtp(self, data: bytes) -> None:
        """See `Channel`."""
        self.send(struct.pack("!BBH", 0x24, self.numbers[0], len(data)) + data)

    def rtcp(self, data: bytes) -> None:
        """See `Channel`."""
        self.send(struct.pack("!BBH", 0x24, self.numbers[1], len(data)) + data)

    def close(self) -> None:
        """Nothing of its own."""


@dataclass
class Datagrams:
    """A pair of UDP sockets: RTP on the even port, RTCP on the next."""

    sockets: tuple[socket.socket, socket.socket]
    peer: str
    ports: tuple[int, int]

    def rtp(self, data: bytes) -> None:
        """See `Channel`."""
        self._send(0, data)

    def rtcp(self, data: bytes) -> None:
        """See `Channel`."""
        self._send(1, data)

    def _send(self, which: int, data: bytes) -> None:
        try:
            self.sockets[which].sendto(data, (self.peer, self.ports[which]))
        except OSError:
            return  # full or refused: UDP loses, that is its nature

    def close(self) -> None:
        """Close both ports."""
        for one in self.sockets:
            one.close()


def open_datagrams(host: str, peer: str, ports: tuple[int, int]) -> Datagrams:
    """Bind an even port and the one above it.

    Raises:
        OSError: no such pair was free in 40 tries.
    """
    for _ in range(40):
        first = _bound(host, 0)
        number = first.getsockname()[1]
        if number % 2 == 0:
            try:
                second = _bound(host, number + 1)
            except OSError:
                first.close()
                continue
            return Datagrams((first, second), peer, ports)
        first.close()
    raise OSError("no pair of UDP ports is free")


def _bound(host: str, port: int) -> socket.socket:
    one = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        one.setblocking(False)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        one.bind((host, port))
    except OSError:
        one.close()
        raise
    return one


@dataclass
class Session:
    """One client's play of one broadcast."""

    id: str
    broadcast: Broadcast
    channel: Channel
    ssrc: int
    sequence: int
    playing: bool = False
    waits_for_key: bool = True
    packets: int = 0
    octets: int = 0
    next_report_ns: int = field(default=0)

    def send(self, number: int, payloads: list[bytes], *, key: bool, mono_ns: int) -> None:
        """Send a frame; the first must be a keyframe. A sender report goes out before the first and then regularly."""
        if not self.playing or (self.waits_for_key and not key):
            return
        self.waits_for_key = False
        timestamp = self.broadcast.timestamp(number)
        if mono_ns >= self.next_report_ns:
            self.next_report_ns = mono_ns + REPORT_S * 1_000_000_000
            wall_ns = self.broadcast.wall_ns(number)
            self.channel.rtcp(sender_report(self.ssrc, wall_ns, timestamp, self.packets, self.octets, "lamppost-sim"))
        for index, payload in enumerate(payloads):
            last = index == len(payloads) - 1
            self.channel.rtp(packet(payload, self.sequence, timestamp, self.ssrc, last=last))
            self.sequence += 1
            self.packets += 1
            self.octets += len(payload)

    def end(self) -> None:
        """Say goodbye and let go."""
        if self.playing:
            self.channel.rtcp(goodbye(self.ssrc))
        self.channel.close()
