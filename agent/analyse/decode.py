"""Compressed packets into pictures: one decoder per stream, broken packets are counted and passed over."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple, cast

import av
import cv2
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from agent.analyse.detect.port import Image
from agent.analyse.motion import Grey
from agent.core.errors import SourceNotVideo
from agent.core.media import Packet

MOST_PENDING = 64
STEADY = 64
"""So many pictures in a row whose timestamps run forward, more than a decoder reorders, may be believed again."""
MOST_SHAPES = 64
"""Of pictures; as many as a gateway has cameras."""
JUMP_S = 2
"""Timestamps that go back further were set anew by the camera."""
_LUMA_FIRST = ("yuv4", "yuvj4", "nv12", "nv21", "gray")
WIDEST_PX = 1920
"""Wider pictures are made smaller before anybody looks at them: a 4K picture takes 25 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """A picture still in the decoder's format, and the access unit it came from (without its bytes).

    `rotation` is how far the frame must be turned (see `TrackInfo`); what is given out stands upright.
    """

    frame: av.VideoFrame
    pts: int
    wall_ns: int
    offset_ns: int | None
    arrived_mono_ns: int
    rotation: int = 0

    def bgr(self) -> Image:
        """The picture as the detectors take it."""
        width, height = self._lying
        converted = _reformatter(self.frame, width, height).reformat(self.frame, width, height, "bgr24", threads=1)
        return cast("Image", np.ascontiguousarray(_turned(converted.to_ndarray(), self.rotation)))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in px as `bgr` gives them: at most `WIDEST_PX` wide before it is turned."""
        return self._stood(self._lying)

    @property
    def whole_size(self) -> tuple[int, int]:
        """Width and height in px as players show it, however large."""
        return self._stood((self.frame.width, self.frame.height))

    @property
    def _lying(self) -> tuple[int, int]:
        width, height = self.frame.width, self.frame.height
        return (width, height) if width <= WIDEST_PX else (WIDEST_PX, max(2, height * WIDEST_PX // width))

    def _stood(self, size: tuple[int, int]) -> tuple[int, int]:
        return size[::-1] if self.rotation % 180 else size

    def luma(self) -> Grey:
        """The brightness: the decoder's own plane where it has one of 8 bits, else a conversion."""
        frame = self.frame
        if not frame.format.name.startswith(_LUMA_FIRST) or frame.format.components[0].bits != 8:
            return cast("Grey", _turned(frame.to_ndarray(format="gray"), self.rotation))
        plane = frame.planes[0]
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        return cast("Grey", _turned(rows[: frame.height, : frame.width], self.rotation))


_TURNS = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_CLOCKWISE}


def _turned(picture: NDArray[Any], rotation: int) -> NDArray[Any]:
    """By OpenCV: it turns colours several times faster than a copy of NumPy's view."""
    return cv2.rotate(picture, _TURNS[rotation]) if rotation else picture


_DECODERS = {"av1": "libdav1d"}
"""Where FFmpeg's decoder that is called like the codec needs hardware."""


class _Times(NamedTuple):
    """What is known of a picture before it is decoded."""

    wall_ns: int
    offset_ns: int | None
    arrived_mono_ns: int


_kept = threading.local()


def _reformatter(frame: av.VideoFrame, width: int, height: int) -> VideoReformatter:
    """One for each shape of picture and each thread: a new one each time, with threads of its own, costs four times."""
    known: dict[tuple[object, ...], VideoReformatter] = _kept.__dict__.setdefault("known", {})
    shape = frame.format.name, frame.width, frame.height, width, height
    if shape not in known:
        if len(known) >= MOST_SHAPES:
            known.clear()
        known[shape] = VideoReformatter()
    return known[shape]


class FrameDecoder:
    """Decodes one epoch of one stream. `broken` counts packets that gave an error instead of a picture."""

    def __init__(self, codec: str, extradata: bytes, time_base: Fraction, rotation: int = 0) -> None:
        """Open the decoder; `rotation` is that of the `TrackInfo`.

        Raises:
            SourceNotVideo: no decoder of that name.
        """
        try:
            context = av.CodecContext.create(_DECODERS.get(codec, codec), "r")
        except (av.FFmpegError, ValueError) as error:
            raise SourceNotVideo(f"video codec {codec!r} cannot be decoded here") from error
        if not isinstance(context, VideoCodecContext):
            raise SourceNotVideo(f"codec {codec!r} is not video")
        self._context, self._time_base, self._rotation = context, time_base, rotation
        self._context.thread_count = 1  # more threads cost more CPU in all, and add delay
        if extradata:
            self._context.extradata = extradata
        self._pending: dict[int, _Times] = {}
        self._last_pts: int | None = None
        self._own_pts: int | None = None
        self._forward = STEADY
        self._far = round(JUMP_S / time_base) if time_base else 0
        self.broken = 0

    def decode(self, unit: Packet) -> Iterator[Decoded]:
        """The pictures that this access unit completes, in the order of showing."""
        packet = av.Packet(unit.data)
        packet.pts, packet.dts, packet.time_base = unit.pts, unit.dts, self._time_base
        packet.is_keyframe = unit.key
        self._remember(unit)
        return self._pictures(packet)

    def flush(self) -> Iterator[Decoded]:
        """The pictures that the decoder still holds; nothing may be decoded after this."""
        return self._pictures(None)

    def _pictures(self, packet: av.Packet[Any] | None) -> Iterator[Decoded]:
        try:
            frames = self._context.decode(packet)
        except (av.FFmpegError, ValueError):
            self.broken += 1
            return
        for frame in frames:
            if frame.width > 0 and frame.height > 0 and self._pending:
                yield self._decoded(frame)

    def _decoded(self, frame: av.VideoFrame) -> Decoded:
        pts = self._in_order(frame.pts)
        times = self._pending.pop(pts, None) or self._pending[min(self._pending, key=lambda known: abs(known - pts))]
        self._last_pts = pts
        return Decoded(frame, pts, *times, self._rotation)

    def _in_order(self, pts: int | None) -> int:
        """The picture's timestamp, later than the one before it.

        Pictures come in the order of showing, but some containers (AVI with B-frames) give their timestamps in the
        order of decoding. From one that runs backwards on, each picture gets the earliest not used yet, until they have
        run forward for a while: a packet without a picture would make all that follow late for ever.
        """
        last, own, self._own_pts = self._last_pts, self._own_pts, pts
        if pts is not None and last is not None and last - pts > self._far:
            self._forward = STEADY
            fresh = {known: times for known, times in self._pending.items() if known - pts <= self._far}
            self._pending = fresh or self._pending
            return pts
        self._forward = self._forward + 1 if pts is not None and (own is None or pts > own) else 0
        if pts is not None and self._forward >= STEADY and (last is None or pts > last):
            return pts
        waiting = [known for known in self._pending if last is None or known > last]
        return min(waiting) if waiting else (last or 0) + 1

    def _remember(self, unit: Packet) -> None:
        self._pending[unit.pts] = _Times(unit.wall_ns, unit.offset_ns, unit.arrived_mono_ns)
        while len(self._pending) > MOST_PENDING:
            del self._pending[next(iter(self._pending))]
