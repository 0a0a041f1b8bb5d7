"""Audio that MP4 lacks, in a form that it has: G.711 (ITU-T G.711), which most cameras send, becomes 16-bit PCM."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import cast

import av
from av.audio.codeccontext import AudioCodecContext

G711 = frozenset({"pcm_mulaw", "pcm_alaw"})
PCM = "pcm_s16le"


@cache
def expander(codec: str) -> Callable[[bytes | memoryview], bytes]:
    """Turns samples of a G.711 codec into PCM: each of its 256 codes always means the same."""
    low, high = _tables(codec)

    def expand(data: bytes | memoryview) -> bytes:
        codes, out = bytes(data), bytearray(2 * len(data))
        out[::2], out[1::2] = codes.translate(low), codes.translate(high)
        return bytes(out)

    return expand


def _tables(codec: str) -> tuple[bytes, bytes]:
    """Low and high byte of what FFmpeg's decoder makes of each code."""
    decoder = cast("AudioCodecContext", av.CodecContext.create(codec, "r"))
    decoder.sample_rate, decoder.layout = 8000, "mono"
    [frame] = decoder.decode(av.Packet(bytes(range(256))))
    samples = bytes(frame.planes[0])[:512]
    return samples[::2], samples[1::2]
