"""Framing between the gateway and its analysing child: `length of header u32, length of payload u32, header, payload`.

The header is a JSON object with a `type`; the payload is raw (a packet, a JPEG) or empty.

| parent -> child | header | payload |
|---|---|---|
| `hello` | fps, threads, providers, edgetpu_library, models, careful, timezone, cameras: [config, ...] | - |
| `opened` | camera, stream, epoch, codec, width, height, num, den, opened_wall_ns | extradata |
| `packet` | camera, pts, dts, duration, key, wall_ns, offset_ns, arrived_mono_ns | access unit |
| `closed` | camera, reason | - |
| `watch` | camera, seconds | - |
| `belongs` | camera, event, by | - |
| `configure` | camera, settings: its configuration from now on | - |
| `bye` | - | - |

| child -> parent | header | payload |
|---|---|---|
| `ready` | detector: names of models or "motion", notes: [text, ...]; again when they change | - |
| `event`, `track` | record: the wire's Event or TrackSummary | - |
| `picture` | media: MediaManifest's id, camera, kind, type, event, track, start, end, and more | JPEG or WebP |
| `frame` | boxes: the wire's FrameBoxes | - |
| `motion` | cameras: {id: [[second since 1970, level as in the wire's RecordingSpan], ...]} | - |
| `stats` | cameras: {id: {decoded, analysed, skipped, broken, tracks, events, error, lag_ms}}, shed, level, dropped |
"""

from __future__ import annotations

import json
import struct
from typing import Any, NamedTuple

from agent.core.errors import WireError

_LENGTHS = struct.Struct(">II")
MAX_HEADER_BYTES = 1 << 20
MAX_PAYLOAD_BYTES = 32 << 20


class Frame(NamedTuple):
    """One message between parent and child."""

    header: dict[str, Any]
    payload: bytes


def encode(header: dict[str, Any], payload: bytes = b"") -> bytes:
    """A frame as bytes."""
    head = json.dumps(header, separators=(",", ":")).encode()
    return _LENGTHS.pack(len(head), len(payload)) + head + payload


class Decoder:
    """Puts frames together from whatever pieces the socket gives."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """Add bytes and return the frames that are whole now.

        Raises:
            WireError: a length beyond the limits or a header that is no JSON object; the connection is useless then.
        """
        self._buffer += data
        frames: list[Frame] = []
        while (frame := self._next()) is not None:
            frames.append(frame)
        return frames

    def _next(self) -> Frame | None:
        if len(self._buffer) < _LENGTHS.size:
            return None
        head_bytes, payload_bytes = _LENGTHS.unpack_from(self._buffer)
        if head_bytes > MAX_HEADER_BYTES or payload_bytes > MAX_PAYLOAD_BYTES:
            raise WireError(f"frame of {head_bytes} + {payload_bytes} bytes is beyond the limits")
        whole = _LENGTHS.size + head_bytes + payload_bytes
        if len(self._buffer) < whole:
            return None
        head = bytes(self._buffer[_LENGTHS.size : _LENGTHS.size + head_bytes])
        payload = bytes(self._buffer[_LENGTHS.size + head_bytes : whole])
        del self._buffer[:whole]
        return Frame(_header(head), payload)


def _header(text: bytes) -> dict[str, Any]:
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:  # the latter: nested deeper than Python's stack
        raise WireError("frame whose header is no JSON") from error
    if not isinstance(header, dict) or not isinstance(header.get("type"), str):
        raise WireError("frame whose header has no type")
    return header
