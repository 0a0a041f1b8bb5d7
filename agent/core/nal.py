"""NAL units of H.264 and H.265: from start codes (ITU-T H.264 and H.265, annex B) to lengths (ISO 14496-15)."""

from __future__ import annotations

_START = b"\0\0\1"


def split(data: bytes) -> list[bytes]:
    """The NAL units between start codes.

    Zeros before a start code belong to it, not to the unit: a NAL unit never ends in zero (H.264 section 7.4.1).
    """
    units: list[bytes] = []
    at = data.find(_START)
    while at >= 0:
        begin = at + len(_START)
        at = data.find(_START, begin)
        unit = data[begin : at if at >= 0 else len(data)].rstrip(b"\0")
        if unit:
            units.append(unit)
    return units


def with_lengths(data: bytes) -> bytes:
    """The same NAL units in the same order, each behind its length in 4 bytes; empty when there is no start code."""
    return b"".join(part for unit in split(data) for part in (len(unit).to_bytes(4, "big"), unit))
