"""H.264 and H.265 byte streams (ITU-T H.264 and H.265, annex B), and their parameter sets."""

from __future__ import annotations

from agent.core.nal import split

_LONG_START = b"\0\0\0\1"
_SETS = {"h264": frozenset({7, 8}), "hevc": frozenset({32, 33, 34})}
SPLIT_CODECS = frozenset(_SETS)


def is_annex_b(codec: str, extradata: bytes) -> bool:
    """Do packets of a stream with this extradata carry start codes? `avcC` and `hvcC` records begin with 1."""
    return codec in SPLIT_CODECS and extradata[:1] != b"\x01"


class ParameterSets:
    """The parameter sets that are in force in a stream with start codes: what its SDP announced, and what came since.

    A camera may send only some of them with a keyframe; those of a kind that is not sent stay in force.
    """

    def __init__(self, codec: str, announced: bytes) -> None:
        self._codec = codec
        self._known: dict[int, list[bytes]] = {}
        self.learn(announced)

    def learn(self, data: bytes | memoryview) -> bool:
        """Take the sets in an access unit; true when one of them was not in force before."""
        found: dict[int, list[bytes]] = {}
        for unit in split(data):
            kind = unit[0] & 0x1F if self._codec == "h264" else unit[0] >> 1 & 0x3F
            if kind in _SETS[self._codec]:
                found.setdefault(kind, []).append(unit)
        fresh = {kind: units for kind, units in found.items() if not set(units) <= set(self._known.get(kind, ()))}
        self._known |= fresh
        return bool(fresh)

    def stream(self) -> bytes:
        """All of them as a byte stream, in the order in which a decoder needs them."""
        return b"".join(_LONG_START + unit for kind in sorted(self._known) for unit in self._known[kind])
