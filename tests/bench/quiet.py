"""Quiet footage, made once: drawn streets with few people, and real clips whose busy moments lie between long rests.

The real clips at hand are never quiet for long. Each rest between their moments is the clip's own empty picture (the
median over time) under its own noise (what differs from one picture to the next where nothing moves).
"""

from __future__ import annotations

import dataclasses
import os
import tempfile
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from agent.sim.scene.actors import Actor
from agent.sim.scene.paths import Trip
from agent.sim.scene.render import Renderer
from agent.sim.scene.scene import Scene, Spec, scene_for
from agent.sim.scene.story import Cast

DATA = Path(os.environ.get("LAMPPOST_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))
FOLDER = Path(tempfile.gettempdir()) / "lamppost-bench"
FPS, GOP_S = 15, 2
STILL_LEVELS = 14
"""What differs by less from one picture to the next is noise."""

Image = NDArray[np.uint8]
Moments = tuple[tuple[float, float], ...]
REAL: dict[str, tuple[str, Moments, float]] = {
    "station": ("easycampus.mp4", ((20, 30), (86, 98), (160, 170)), 30),
    "square": ("aban3.mp4", ((12, 22), (62, 72), (118, 128)), 30),
}
"""Clip, its moments (from, to in seconds), and how long a rest is."""


def clips() -> dict[str, Path]:
    """Name -> H.264 file as a camera's sub stream would bring it: 15 fps, a keyframe every two seconds."""
    made = {"yard": _made("yard", lambda: _drawn(_yard())), "crossing": _made("crossing", lambda: _drawn(_crossing()))}
    made |= {name: _made(name, lambda name=name: _real(*REAL[name])) for name in REAL}
    return made | {"one-by-one": _made("one-by-one", _one_by_one)}


def _made(name: str, pictures: Callable[[], Iterator[Image]]) -> Path:
    path = FOLDER / f"quiet-{name}.mp4"
    if not path.exists():
        FOLDER.mkdir(exist_ok=True)
        unfinished = path.with_suffix(".part.mp4")
        encode(unfinished, pictures())
        unfinished.rename(path)
    return path


def encode(path: Path, pictures: Iterator[Image], fps: int = FPS, crf: int = 26, gop: int = 0) -> None:
    """Write `pictures` (BGR) as a camera would: no B-frames, a steady group of pictures (0: of `GOP_S`)."""
    with av.open(str(path), "w") as out:
        options = {"g": str(gop or GOP_S * fps), "bf": "0", "preset": "veryfast", "crf": str(crf), "sc_threshold": "0"}
        stream = out.add_stream("libx264", rate=fps, options=options)
        for number, picture in enumerate(pictures):
            if not number:
                stream.height, stream.width, stream.pix_fmt = *picture.shape[:2], "yuv420p"
            frame = av.VideoFrame.from_ndarray(picture, "bgr24")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def _drawn(scene: Scene) -> Iterator[Image]:
    """Three minutes: one with nobody, the one with its few people, and one with nobody."""
    still = dataclasses.replace(scene, actors=tuple(one for one in scene.actors if not _goes(one)))
    renderer, empty = Renderer(scene), Renderer(still)
    frames = scene.spec.frames
    for one in (empty, renderer, empty):
        yield from (one.frame(number)[0] for number in range(frames))


def _goes(actor: Actor) -> bool:
    return isinstance(getattr(actor, "where", None), Trip)


def _yard() -> Scene:
    """Three parked vehicles, one who crosses, one car far away."""
    scene = scene_for(Spec(2, 11, 640, 360, FPS))
    cast = Cast(np.random.default_rng(4))
    cast.parked(8.4, 13.6, 180)
    cast.parked(8.3, 19.2, 0, "van")
    cast.parked(8.4, 24.8, 180)
    cast.walker(12, [(-9.2, 11.6), (-2.0, 13.0), (3.2, 11.6), (9.4, 10.4)])
    cast.vehicle(40, [(-26, 34.8), (26, 34.8)], "car")
    return dataclasses.replace(scene, actors=tuple(cast.actors))


def _crossing() -> Scene:
    """A road with a car, a cyclist and one on foot."""
    scene = scene_for(Spec(1, 12, 640, 360, FPS))
    cast = Cast(np.random.default_rng(5))
    cast.vehicle(8, [(-21, 15.4), (21, 15.4)], "car", 7.5)
    cast.rider(24, [(-14, 13.75), (-4.8, 13.75), (14, 13.9)], 4.6)
    cast.walker(38, [(15.5, 23.6), (-1.0, 24.2)], 1.4)
    cast.parked_bicycle(-10.2, 24.9, 176)
    return dataclasses.replace(scene, actors=tuple(cast.actors))


def _real(clip: str, moments: Moments, rest_s: float) -> Iterator[Image]:
    pictures = list(pictures_of(DATA / "video" / clip))
    empty = np.median(np.stack(pictures[:: len(pictures) // 40]), axis=0).astype(np.int16)
    rng = np.random.default_rng(3)
    for since, until in moments:
        yield from (_rested(empty, pictures, rng) for _ in range(int(rest_s * FPS)))
        yield from pictures[int(since * FPS) : int(until * FPS)]
    yield from (_rested(empty, pictures, rng) for _ in range(int(rest_s * FPS)))


def _rested(empty: NDArray[np.int16], pictures: list[Image], rng: np.random.Generator) -> Image:
    number = int(rng.integers(1, len(pictures)))
    noise = pictures[number].astype(np.int16) - pictures[number - 1]
    noise[np.abs(noise) >= STILL_LEVELS] = 0
    return np.clip(empty + noise * 0.7, 0, 255).astype(np.uint8)


def _one_by_one() -> Iterator[Image]:
    for number, picture in enumerate(pictures_of(DATA / "video" / "intel_one-by-one-person-detection.mp4", (640, 360))):
        yield picture
        if number % 2:  # the clip has 10 frames a second
            yield picture


def pictures_of(path: Path, size: tuple[int, int] | None = None) -> Iterator[Image]:
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            shape = {} if size is None else {"width": size[0], "height": size[1]}
            yield frame.to_ndarray(format="bgr24", **shape)
