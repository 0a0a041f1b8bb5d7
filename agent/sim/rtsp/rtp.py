"""RTP for H.264 (RFC 6184: single NAL units and FU-A) and RTCP sender reports (RFC 3550 section 6.4.1)."""

from __future__ import annotations

import struct
from collections.abc import Iterable

PAYLOAD_TYPE = 96
CLOCK_HZ = 90_000
CHUNK_BYTES = 1400
_NTP_1900_S = 2_208_988_800


def payloads(nals: Iterable[bytes]) -> list[bytes]:
    """The RTP payloads of one access unit, none longer than `CHUNK_BYTES`."""
    found: list[bytes] = []
    for nal in nals:
        if len(nal) <= CHUNK_BYTES:
            found.append(nal)
        else:
            found.extend(_fragments(nal))
    return found


def _fragments(nal: bytes) -> Iterable[bytes]:
    indicator, kind = nal[0] & 0xE0 | 28, nal[0] & 0x1F
    step = CHUNK_BYTES - 2
    for begin in range(1, len(nal), step):
        first, last = begin == 1, begin + step >= len(nal)
        yield bytes((indicator, first << 7 | last << 6 | kind)) + nal[begin : begin + step]


def packet(payload: bytes, sequence: int, timestamp: int, ssrc: int, *, last: bool) -> bytes:
    """One RTP packet; `last` marks the end of the access unit."""
    head = struct.pack("!BBHII", 0x80, last << 7 | PAYLOAD_TYPE, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc)
    return head + payload


def sender_report(ssrc: int, wall_ns: int, timestamp: int, packets: int, octets: int, name: str) -> bytes:
    """A sender report that pairs `wall_ns` with `timestamp`, and the source's name (SDES CNAME)."""
    seconds, rest_ns = divmod(wall_ns, 1_000_000_000)
    fraction = (rest_ns << 32) // 1_000_000_000
    report = struct.pack(
        "!BBHIIIIII",
        0x80, 200, 6, ssrc, (seconds + _NTP_1900_S) & 0xFFFFFFFF, fraction,
        timestamp & 0xFFFFFFFF, packets & 0xFFFFFFFF, octets & 0xFFFFFFFF,
    )  # fmt: skip
    text = name.encode()[:255]
    chunk = struct.pack("!IBB", ssrc, 1, len(text)) + text
    chunk += bytes(4 - len(chunk) % 4)
    return report + struct.pack("!BBH", 0x81, 202, len(chunk) // 4) + chunk


def goodbye(ssrc: int) -> bytes:
    """RTCP BYE."""
    return struct.pack("!BBHI", 0x81, 203, 1, ssrc)
