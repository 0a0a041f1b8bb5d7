"""What the recorder knows of codecs: their MIME names, and whether an access unit begins a picture."""

from __future__ import annotations

from agent.core.media import MediaKind, StreamInfo, TrackInfo

_AUDIO = {"aac": "mp4a.40.2", "mp3": "mp4a.6b", "ac3": "ac-3", "pcm_s16le": "ipcm", "pcm_s16be": "ipcm"}
RECORDABLE = frozenset({"h264", "hevc", "av1"})


def mime_codecs(info: StreamInfo) -> str:
    """The `codecs` parameter of RFC 6381 for the whole stream, such as `avc1.64001f,mp4a.40.2`."""
    return ",".join(filter(None, (_track_codec(track) for track in info.tracks)))


def _track_codec(track: TrackInfo) -> str:
    extra = track.extradata
    if track.kind is MediaKind.AUDIO:
        return f"mp4a.40.{extra[0] >> 3}" if track.codec == "aac" and extra else _AUDIO.get(track.codec, track.codec)
    if track.codec == "h264" and len(extra) >= 4:
        return f"avc1.{extra[1:4].hex()}"
    if track.codec == "hevc" and len(extra) >= 13:
        return _hevc_codec(extra)
    if track.codec == "av1" and len(extra) >= 3:
        return _av1_codec(extra)
    return ""


def _hevc_codec(record: bytes) -> str:
    """From an hvcC record: ISO 14496-15 annex E.3."""
    space = ("", "A", "B", "C")[record[1] >> 6]
    tier = "H" if record[1] & 0x20 else "L"
    compatible = int(f"{int.from_bytes(record[2:6], 'big'):032b}"[::-1], 2)
    constraints = record[6:12].rstrip(b"\0")
    tail = "".join(f".{byte:x}" for byte in constraints)
    return f"hvc1.{space}{record[1] & 0x1F}.{compatible:x}.{tier}{record[12]}{tail}"


def _av1_codec(record: bytes) -> str:
    """From an av1C record: AV1 in ISOBMFF section 5."""
    profile, level = record[1] >> 5, record[1] & 0x1F
    tier = "H" if record[2] & 0x80 else "M"
    depth = 8 if not record[2] & 0x40 else 12 if record[2] & 0x20 else 10
    return f"av01.{profile}.{level:02d}{tier}.{depth:02d}"


def length_size(track: TrackInfo) -> int:
    """Bytes of a NAL unit's length prefix; 0 for codecs without NAL units."""
    at = {"h264": 4, "hevc": 21}.get(track.codec)
    if at is None or len(track.extradata) <= at:
        return 0
    return (track.extradata[at] & 3) + 1


def begins_picture(codec: str, prefix_bytes: int, data: bytes) -> bool:
    """Does this access unit hold the first slice of a picture? True for what we cannot take apart.

    A closing SEI of signed video has none, nor has a second slice that a camera sent as a unit of its own: both
    belong to the picture before (H.264 section 7.3.3 first_mb_in_slice, H.265 section 7.3.6.1).
    """
    if not prefix_bytes:
        return True
    at = 0
    while at + prefix_bytes < len(data):
        size = int.from_bytes(data[at : at + prefix_bytes], "big")
        at += prefix_bytes
        if not size or at + size > len(data):
            return True
        first = _first_slice(codec, data[at : at + 3])
        if first is not None:
            return first
        at += size
    return False


def _first_slice(codec: str, unit: bytes) -> bool | None:
    """True for a picture's first slice, False for another one, None for what is no slice."""
    if codec == "h264":
        return bool(unit[1] & 0x80) if unit[0] & 0x1F in {1, 2, 5} and len(unit) > 1 else None
    return bool(unit[2] & 0x80) if unit[0] >> 1 & 0x3F < 32 and len(unit) > 2 else None
