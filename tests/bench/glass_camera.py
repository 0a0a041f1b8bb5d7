"""A camera of the drawn scene with a clock burnt into the picture: `python -m tests.bench.glass_camera`.

Prints its port; streams `/cam/main` (1280x720) and `/cam/sub` (640x360), 15 pictures a second, GOP 1 s, no B-frames,
each drawn and coded when it is due. The clock is the wall time in ms as 44 squares, black or white, in a band on top.
"""

from __future__ import annotations

import logging
import sys
import time
from fractions import Fraction

import av
import cv2
import numpy as np

from agent.core.clock import SystemClock
from agent.core.stop import StopToken
from agent.sim.rtsp.answers import CONTROL, Find
from agent.sim.rtsp.broadcast import Broadcast
from agent.sim.rtsp.loop import Loop, Unit
from agent.sim.rtsp.rtp import payloads
from agent.sim.rtsp.server import RtspServer, new_guard
from agent.sim.scene.render import Renderer
from agent.sim.scene.scene import Spec, scene_for

FPS, BITS, COLUMNS, ROWS = 15, 44, 22, 2
BAND = 1 / 9
"""Share of the picture's height."""


def burn(picture: np.ndarray, wall_ms: int) -> None:
    """Draw the clock into a BGR picture."""
    height, width = int(picture.shape[0] * BAND), picture.shape[1]
    for bit in range(BITS):
        row, column = divmod(bit, COLUMNS)
        x1, x2 = column * width // COLUMNS, (column + 1) * width // COLUMNS
        y1, y2 = row * height // ROWS, (row + 1) * height // ROWS
        picture[y1:y2, x1:x2] = 255 if wall_ms >> bit & 1 else 0


def read(grey: np.ndarray) -> int:
    """The wall time in ms that a grey picture shows."""
    height, width = grey.shape[0] * BAND, grey.shape[1]
    found = 0
    for bit in range(BITS):
        row, column = divmod(bit, COLUMNS)
        x, y = int((column + 0.5) * width / COLUMNS), int((row + 0.5) * height / ROWS)
        found |= int(grey[y - 1 : y + 2, x - 2 : x + 3].mean() > 128) << bit
    return found


class Live:
    """Stands in for a `Loop`: frame `number` is drawn and coded when it is asked for."""

    def __init__(self, pictures: list[np.ndarray], size: tuple[int, int], bitrate: int) -> None:
        self.fps, (self.width, self.height) = FPS, size
        self._pictures = [cv2.resize(picture, size, interpolation=cv2.INTER_AREA) for picture in pictures]
        self._codec = av.CodecContext.create("libx264", "w")
        self._codec.width, self._codec.height, self._codec.pix_fmt = *size, "yuv420p"
        self._codec.time_base, self._codec.bit_rate = Fraction(1, FPS), bitrate
        self._codec.options = {
            "preset": "ultrafast", "tune": "zerolatency", "x264-params": f"keyint={FPS}:min-keyint={FPS}:scenecut=0",
        }  # fmt: skip
        self._number, self._unit = -1, Unit((), key=False)
        self.sps = self.pps = b""
        self.unit(0)

    def unit(self, number: int) -> Unit:
        """Frame `number`; the one asked for last is kept."""
        if number != self._number:
            picture = self._pictures[number % len(self._pictures)].copy()
            burn(picture, time.time_ns() // 1_000_000)
            frame = av.VideoFrame.from_ndarray(picture, "bgr24")
            frame.pts = self._count = getattr(self, "_count", -1) + 1
            packets = self._codec.encode(frame)
            nals = [nal for packet in packets for nal in _nals(bytes(packet))]
            self.sps = next((nal for nal in nals if nal[0] & 31 == 7), self.sps)
            self.pps = next((nal for nal in nals if nal[0] & 31 == 8), self.pps)
            shown = tuple(nal for nal in nals if nal[0] & 31 in {1, 5})
            self._number, self._unit = number, Unit(shown, key=any(nal[0] & 31 == 5 for nal in shown))
        return self._unit

    def payloads(self, number: int) -> list[bytes]:
        """See `Loop`."""
        unit = self.unit(number)
        return payloads((self.sps, self.pps, *unit.nals) if unit.key else unit.nals)

    def next_key(self, number: int) -> int:
        """See `Loop`."""
        return number

    @property
    def fmtp(self) -> str:
        """See `Loop`."""
        return Loop.fmtp.fget(self)  # type: ignore[attr-defined, no-any-return]


def _nals(data: bytes) -> list[bytes]:
    """NAL units of an Annex B access unit."""
    return [part.rstrip(b"\0") for part in data.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1") if part]


def _finder(casts: dict[str, Broadcast]) -> Find:
    return lambda place: casts.get(place.path.rstrip("/").removesuffix(CONTROL).rstrip("/"))


def main() -> None:
    """Serve until killed."""
    logging.basicConfig(level=logging.ERROR)
    renderer = Renderer(scene_for(Spec(0, 1, 1280, 720, fps=FPS, seconds=60)))
    pictures = [renderer.frame(number)[0] for number in range(300, 330)]
    clock = SystemClock()
    wall_ns, mono_ns = clock.wall_ns(), clock.mono_ns()
    loops = {"/cam/main": Live(pictures, (1280, 720), 2_000_000), "/cam/sub": Live(pictures, (640, 360), 500_000)}
    casts = {path: Broadcast(path, loop, wall_ns, mono_ns, 7) for path, loop in loops.items()}  # type: ignore[arg-type]
    server = RtspServer("127.0.0.1", 0, new_guard(None, None), _finder(casts), clock)
    port = server.bind()
    server.put_on_air(list(casts.values()))
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    server.run(StopToken())


if __name__ == "__main__":
    main()
