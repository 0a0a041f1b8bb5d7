"""Eight cameras at 5 fps on this machine while all are recorded; then eight heavy ones more; then eight again.

The first eight bring 640x360 at 15 fps: four quiet streets, four squares full of people. The others bring 1080p of the
same squares and no sub stream. What must show: no recorded packet is lost, ever; the ladder sheds pictures when the
others come and goes up again when they go; nobody starves: who sees somebody keeps the rate, a quiet street may rest
and is looked at less often. `python -m tests.bench.cameras PORT CLIP...` is the server.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from urllib.parse import SplitResult

import numpy as np

from agent.core.clock import NS, SystemClock
from agent.core.errors import LinkError
from agent.core.stop import StopToken
from agent.sim.rtsp.broadcast import Broadcast
from agent.sim.rtsp.loop import load_loop
from agent.sim.rtsp.server import RtspServer, new_guard
from agent.wire.messages import Health
from tests.bench.continuity import Order
from tests.bench.parties import Party, running_gateway
from tests.bench.quiet import DATA, FOLDER, FPS, Image, clips, encode, pictures_of
from tests.bench.studio import ROOT

CAMERAS = 8
ALONE_S, TOGETHER_S, AFTER_S = 45.0, 90.0, 60.0
SETTLED_S = 15.0
"""Of each part, what comes before is not counted in its rates."""
MODEL = os.environ.get("LAMPPOST_BENCH_MODEL", "lamppost-nano")


@dataclass
class Part:
    """A stretch of the run: when it began, and what the gateway said each second of it."""

    name: str
    seconds: float
    said: list[tuple[float, Health]] = field(default_factory=list)


def run() -> dict[str, object]:
    """The three parts, and what the finished files hold."""
    os.environ.setdefault("LAMPPOST_MODELS", str(DATA / "models"))
    light, heavy = _light(), [crowd("1920x1080", (1920, 1080))] * CAMERAS
    port, later = _free_port(), _free_port()
    urls = [f"rtsp://127.0.0.1:{at}/{number}" for at in (port, later) for number in range(CAMERAS)]
    orders = {clip: Order(clip) for clip in (*light, *heavy)}
    parts = [Part("eight", ALONE_S), Part("sixteen", TOGETHER_S), Part("eight again", AFTER_S)]
    with tempfile.TemporaryDirectory(prefix="lamppost-bench-") as name, server(port, light):
        with running_gateway(urls, Path(name), "[analysis]\nfps = 5\n", f'model = "{MODEL}"\n') as party:
            _watch(party, parts[0])
            with server(later, heavy):
                _watch(party, parts[1])
            _watch(party, parts[2])
        kept = [orders[clip].kept(party.files(camera)) for camera, clip in enumerate([*light, *heavy])]
    last = parts[-1].said[-1][1]
    return {
        "model": MODEL,
        "cores": len(os.sched_getaffinity(0)),
        "packets_recorded": sum(camera.packets_recorded for camera in last.cameras),
        "packets_lost": sum(camera.packets_lost for camera in last.cameras),
        "frames_in_files": sum(one.frames for one in kept),
        "holes_in_files": sum(one.missing for one in kept),
        "parts": {part.name: _summary(part) for part in parts},
    }


def _watch(party: Party, part: Part) -> None:
    began = time.monotonic()
    while (at := time.monotonic() - began) < part.seconds:
        with contextlib.suppress(LinkError):  # it has just been started
            health = party.says()
            if health is not None:
                part.said.append((at, health))
        time.sleep(1.0)


def _summary(part: Part) -> dict[str, object]:
    settled = [(at, health) for at, health in part.said if at >= SETTLED_S]
    (since, first), (until, last) = settled[0], settled[-1]
    rates = [
        (after.frames_analysed - before.frames_analysed) / (until - since)
        for before, after in zip(first.cameras, last.cameras, strict=True)
        if after.online and after.frames_analysed > before.frames_analysed
    ]
    lags = [camera.analysis_lag_ms for _, health in settled for camera in health.cameras if camera.analysing]
    return {
        "analysing": len(rates),
        "fps": [round(rate, 2) for rate in rates],
        "fps_median": round(statistics.median(rates), 2) if rates else 0,
        "lag_ms_median": round(statistics.median(lags), 1) if lags else 0,
        "lag_ms_most": round(max(lags, default=0), 1),
        "shed": _steps(part),
        "shed_at_end": last.shed,
    }


def _steps(part: Part) -> list[tuple[int, str]]:
    """When the shed level changed, in seconds of the part."""
    return [
        (round(next(group)[0]), shed) for shed, group in itertools.groupby(part.said, key=lambda said: said[1].shed)
    ]


def _light() -> list[Path]:
    made = clips()
    quiet = [_short(made["yard"]), _short(made["crossing"])] * 2
    return [*quiet, *[crowd("640x360", (640, 360))] * (CAMERAS - len(quiet))]


def _short(clip: Path) -> Path:
    """The first two minutes: the third is the first again, and frames must be told from each other."""
    return _made(f"{clip.stem}-short", clip, None, 120)


def crowd(name: str, size: tuple[int, int]) -> Path:
    """Twenty seconds of a square full of people, with a sensor's noise, as a file of that size."""
    return _made(f"crowd-{name}", DATA / "video" / "vtest_lamm.avi", size, 20)


def _made(name: str, source: Path, size: tuple[int, int] | None, seconds: int) -> Path:
    path = FOLDER / f"{name}.mp4"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part.mp4")
        encode(unfinished, _grainy(itertools.islice(pictures_of(source, size), seconds * FPS)))
        unfinished.rename(path)
    return path


def _grainy(pictures: Iterator[Image]) -> Iterator[Image]:
    """With a sensor's noise, so that no two frames are coded alike."""
    rng = np.random.default_rng(1)
    for picture in pictures:
        grain = rng.normal(0, 3, picture.shape[:2]).astype(np.int16)[..., None]
        yield np.clip(picture + grain, 0, 255).astype(np.uint8)


@contextlib.contextmanager
def server(port: int, played: list[Path]) -> Iterator[int]:
    """Cameras in a process of their own, at `rtsp://127.0.0.1:PORT/N`, each with its clip in a loop; gives its id."""
    command = [sys.executable, "-m", "tests.bench.cameras", str(port), *map(str, played)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        json.loads(process.stdout.readline())
        try:
            yield process.pid
        finally:
            process.stdin.close()


def _serve(port: int, played: list[Path]) -> None:
    clock, stop = SystemClock(), StopToken()
    loops = {path: load_loop(path) for path in dict.fromkeys(played)}
    wall_ns, mono_ns = clock.wall_ns(), clock.mono_ns()
    step_ns = int(Fraction(NS, FPS * len(played)))
    casts = [
        Broadcast("", loops[path], wall_ns + n * step_ns, mono_ns + n * step_ns, n << 20)
        for n, path in enumerate(played)
    ]

    def find(place: SplitResult) -> Broadcast:
        return casts[int(place.path.strip("/").split("/")[0])]

    server = RtspServer("127.0.0.1", port, new_guard(None, None), find, clock)
    server.bind()
    server.put_on_air(casts)
    thread = threading.Thread(target=server.run, args=(stop,))
    thread.start()
    print(json.dumps({"port": port}), flush=True)
    sys.stdin.read()
    stop.set()
    thread.join()
    server.close()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


if __name__ == "__main__":
    _serve(int(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
