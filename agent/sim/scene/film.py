"""Frames -> H.264: the encoder's settings, one part of a loop, and the joining of parts."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import cv2
import numpy as np
from av.video.stream import VideoStream

from agent.sim.scene.paint import Image
from agent.sim.scene.scene import Spec

MAIN_GOP_S = 2
SUB_GOP_S = 1
STREAMS = ("main", "sub")


class Film:
    """Encodes frames into MP4. No B-frames, closed groups of fixed length, one thread: always the same bytes."""

    def __init__(self, path: Path, spec: Spec, stream: str) -> None:
        self._half = 1 if stream == "main" else 2
        self._size = (spec.width // self._half, spec.height // self._half)
        gop = spec.fps * (MAIN_GOP_S if stream == "main" else SUB_GOP_S)
        self._count = 0
        self._file = av.open(str(path), "w", format="mp4", options={"fflags": "+bitexact"})
        self._stream: VideoStream = self._file.add_stream("libx264", rate=spec.fps, options=_options(gop, stream))
        self._stream.width, self._stream.height = self._size
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.time_base = Fraction(1, spec.fps)
        self._stream.codec_context.thread_count = 1

    def add(self, picture: Image) -> None:
        """Encode one frame (BGR, main size)."""
        if self._half != 1:
            picture = cv2.resize(picture, self._size, interpolation=cv2.INTER_AREA)
        frame = av.VideoFrame.from_ndarray(
            np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420), np.uint8), "yuv420p"
        )
        frame.pts = self._count
        frame.time_base = Fraction(1, self._stream.codec_context.time_base.denominator)
        self._count += 1
        self._file.mux(self._stream.encode(frame))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._file.mux(self._stream.encode(None))
        self._file.close()


def _options(gop: int, stream: str) -> dict[str, str]:
    rate = {"main": "2600k", "sub": "520k"}[stream]
    preset, quality = {"main": ("superfast", "24"), "sub": ("veryfast", "25")}[stream]
    settings = (
        f"keyint={gop}:min-keyint={gop}:scenecut=0:bframes=0:open-gop=0:rc-lookahead=10:"
        "colorprim=smpte170m:transfer=smpte170m:colormatrix=smpte170m"
    )
    return {"preset": preset, "crf": quality, "maxrate": rate, "bufsize": rate, "x264-params": settings}


def joined(parts: Sequence[Path], target: Path, fps: int) -> None:
    """Put parts, each of which begins with a keyframe, one after another without touching their bytes."""
    count = 0
    with av.open(str(target), "w", format="mp4", options={"fflags": "+bitexact", "movflags": "+faststart"}) as out:
        stream = None
        for part in parts:
            with av.open(str(part)) as source:
                stream = stream or out.add_stream_from_template(source.streams.video[0])
                for packet in source.demux(video=0):
                    if packet.size:
                        packet.stream, packet.time_base = stream, Fraction(1, fps)
                        packet.pts = packet.dts = count
                        packet.duration = 1
                        count += 1
                        out.mux(packet)
