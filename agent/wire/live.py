"""The small header of a live piece (topic `live/<lease>`): an fMP4 init segment, or one moof+mdat."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from agent.core.errors import WireError

_HEAD = struct.Struct(">4sBBIQ")
_MAGIC = b"LPL1"
_INIT, _KEY = 1, 2


@dataclass(frozen=True, slots=True)
class LivePiece:
    """`init` pieces carry `mime` (for MSE's `addSourceBuffer`); media pieces count `number` from 0 after each init.

    Layout, big-endian: `LPL1`, flags (1 init, 2 keyframe), length of mime, number u32, wall_ns u64, mime, data.
    """

    init: bool
    key: bool
    number: int
    wall_ns: int
    mime: str
    data: bytes

    def encode(self) -> bytes:
        """The piece as it travels."""
        mime = self.mime.encode("ascii")
        flags = _INIT * self.init | _KEY * self.key
        return _HEAD.pack(_MAGIC, flags, len(mime), self.number, self.wall_ns) + mime + self.data

    @classmethod
    def decode(cls, payload: bytes) -> LivePiece:
        """Take a piece apart.

        Raises:
            WireError: not a live piece.
        """
        if len(payload) < _HEAD.size or not payload.startswith(_MAGIC):
            raise WireError("not a live piece")
        _, flags, mime_bytes, number, wall_ns = _HEAD.unpack_from(payload)
        body = payload[_HEAD.size :]
        try:
            mime = body[:mime_bytes].decode("ascii")
        except UnicodeDecodeError as error:
            raise WireError("live piece with a broken mime type") from error
        return cls(bool(flags & _INIT), bool(flags & _KEY), number, wall_ns, mime, body[mime_bytes:])
