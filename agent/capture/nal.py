"""H.264 and H.265 byte streams: from start codes (ITU-T H.264 and H.265, annex B) to length prefixes (ISO 14496-15)."""

from __future__ import annotations

_START = b"\0\0\1"
SPLIT_CODECS = frozenset({"h264", "hevc"})


def is_annex_b(codec: str, extradata: bytes) -> bool:
    """Do packets of a stream with this extradata carry start codes? `avcC` and `hvcC` records begin with 1."""
    return codec in SPLIT_CODECS and extradata[:1] != b"\x01"


def with_lengths(data: bytes) -> bytes:
    """The same NAL units in the same order, each behind its length in 4 bytes; empty when there is no start code.

    Zeros before a start code belong to it, not to the unit: a NAL unit never ends in zero (H.264 section 7.4.1).
    """
    parts: list[bytes] = []
    at = data.find(_START)
    while at >= 0:
        begin = at + len(_START)
        at = data.find(_START, begin)
        unit = data[begin : at if at >= 0 else len(data)].rstrip(b"\0")
        if unit:
            parts += (len(unit).to_bytes(4, "big"), unit)
    return b"".join(parts)
