"""A sketch as a video file, for whatever takes video: `lamppost analyse`, a gateway's `file:` camera."""

from __future__ import annotations

from pathlib import Path

import av

from agent.sim.sketch.drawing import HEIGHT, WIDTH
from agent.sim.sketch.stage import Scene

FPS = 15


def write_film(scene: Scene, path: Path, fps: int = FPS, kbit: int = 2000) -> None:
    """Write `scene` to `path` (MP4, H.264), a keyframe every two seconds."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=fps)
        stream.width, stream.height = WIDTH, HEIGHT
        stream.pix_fmt, stream.bit_rate, stream.gop_size = "yuv420p", kbit * 1000, 2 * fps
        stream.options = {"preset": "veryfast", "bf": "0"}
        for _, picture, _ in scene.play(fps):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        out.mux(stream.encode())
