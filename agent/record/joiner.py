"""Access units without a picture, joined to the one before: MP4 refuses two samples with one dts."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from agent.core.media import Packet, StreamInfo
from agent.record.codecs import begins_picture, length_size

_MOST_BEHIND = 100
"""So much audio behind a picture, about two seconds, and nothing more belongs to it."""


class Sample(NamedTuple):
    """One sample of the file, and of how many packets it was made."""

    packet: Packet
    parts: int


class Joiner:
    """Holds one video packet back until it is known that nothing more belongs to it. One per epoch."""

    def __init__(self, info: StreamInfo) -> None:
        self._video, self._codec = info.video_index, info.video.codec
        self._prefix_bytes = length_size(info.video)
        self._held: Sample | None = None
        self._behind: list[Sample] = []

    def push(self, packet: Packet) -> list[Sample]:
        """Samples that are whole now, in order."""
        held = self._held
        if packet.track != self._video:
            if held is None:
                return [Sample(packet, 1)]
            self._behind.append(Sample(packet, 1))
            return self.flush() if len(self._behind) >= _MOST_BEHIND else []
        if held is not None and not begins_picture(self._codec, self._prefix_bytes, packet.data):
            self._held = Sample(replace(held.packet, data=held.packet.data + packet.data), held.parts + 1)
            return []
        whole = self.flush()
        self._held = Sample(packet, 1)
        return whole

    def flush(self) -> list[Sample]:
        """What is held back: a video sample and the audio that came after it."""
        whole = ([] if self._held is None else [self._held]) + self._behind
        self._held, self._behind = None, []
        return whole
