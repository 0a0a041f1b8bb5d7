"""What the camera itself does to a picture: it shakes, turns, and codes."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import av
import cv2
import numpy as np

from agent.sim.sketch.drawing import HEIGHT, WIDTH, Picture
from agent.sim.sketch.stage import FPS, Effect


def shake(px: float) -> Effect:
    """The mast sways: each picture is off by so many px, as a standard deviation."""

    def apply(picture: Picture, _: float, noise: np.random.Generator) -> Picture:
        dx, dy = noise.normal(0, px, 2)
        matrix = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
        return np.asarray(cv2.warpAffine(picture, matrix, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE))

    return apply


def turn(at_s: float, shift: int = 110) -> Effect:
    """The camera turns to another view and stays there."""

    def apply(picture: Picture, second: float, _: np.random.Generator) -> Picture:
        share = min(1.0, max(0.0, (second - at_s) / 1.5))
        return np.roll(picture[:, ::-1] if share >= 1 else picture, int(shift * share), axis=1)

    return apply


def looking(first_s: float, stay_s: float, away_s: float, move_s: float = 1.5) -> Callable[[float], float]:
    """Where a camera on tour looks: 0 at the stage, 1 elsewhere, between while it turns; `first_s` before it leaves."""

    def place(second: float) -> float:
        since = (second - first_s) % (away_s + stay_s + 2 * move_s) if second >= first_s else -1.0
        if since < 0:
            return 0.0
        if since < move_s + away_s:
            return min(1.0, since / move_s)
        return max(0.0, 1 - (since - move_s - away_s) / move_s)

    return place


def tour(other: Picture, place: Callable[[float], float], slack_px: float = 1.0) -> Effect:
    """The camera turns between the stage and `other` as `place` says; it comes back as exactly as `slack_px`."""
    slack = np.zeros(2)

    def apply(picture: Picture, second: float, noise: np.random.Generator) -> Picture:
        at = place(second)
        if 0 < at < 1:
            slack[:] = noise.uniform(-slack_px, slack_px, 2)
        shift = round(at * WIDTH)
        seen = np.concatenate((picture, other), axis=1)[:, shift : shift + WIDTH]
        if 0 < at < 1:
            seen = np.asarray(cv2.blur(seen, (9, 1)), np.float32)
        matrix = np.array([[1, 0, slack[0]], [0, 1, slack[1]]], np.float32)
        return np.asarray(cv2.warpAffine(seen, matrix, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE))

    return apply


def jpeg(quality: int) -> Effect:
    """Each picture is coded poorly for itself."""

    def apply(picture: Picture, _: float, __: np.random.Generator) -> Picture:
        _, coded = cv2.imencode(".jpg", picture.clip(0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, quality])
        return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.float32)

    return apply


def pumping(kbit: int, gop_s: float = 2.0) -> Effect:
    """H.264 with too few bits: detail fades and comes back with every keyframe. To be played from the start."""
    coder = _Coder(kbit, gop_s)
    return lambda picture, _, __: coder.through(picture)


class _Coder:
    """A real coder and decoder, one picture in, one out."""

    def __init__(self, kbit: int, gop_s: float) -> None:
        self._writer = av.CodecContext.create("libx264", "w")
        self._writer.width, self._writer.height, self._writer.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        self._writer.time_base, self._writer.framerate = Fraction(1, int(FPS)), Fraction(int(FPS))
        self._writer.bit_rate, self._writer.gop_size = kbit * 1000, max(1, round(gop_s * FPS))
        self._writer.options = {"preset": "ultrafast", "tune": "zerolatency", "threads": "1"}
        self._reader = av.CodecContext.create("h264", "r")
        self._reader.thread_count = 1
        self._count = 0
        self._last: Picture | None = None

    def through(self, picture: Picture) -> Picture:
        frame = av.VideoFrame.from_ndarray(picture.clip(0, 255).astype(np.uint8), format="bgr24").reformat(
            format="yuv420p"
        )
        frame.pts, self._count = self._count, self._count + 1
        for packet in self._writer.encode(frame):
            for decoded in self._reader.decode(packet):
                self._last = decoded.to_ndarray(format="bgr24").astype(np.float32)
        return picture if self._last is None else self._last.copy()
