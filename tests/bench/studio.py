"""Virtual cameras for the benches: a process of its own that plays one encoded clip to all, so its cost is not ours.

`python -m tests.bench.studio CLIP CAMERAS` serves until its standard input ends.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from urllib.parse import SplitResult

from agent.core.clock import NS, SystemClock
from agent.core.stop import StopToken
from agent.sim.rtsp.broadcast import Broadcast
from agent.sim.rtsp.loop import load_loop
from agent.sim.rtsp.server import RtspServer, new_guard

ROOT = Path(__file__).parents[2]
FPS = 15
_SECONDS = 20
_PHASES = 8
"""Cameras do not expose in step; so many groups of them do not either."""


@dataclass(frozen=True, slots=True)
class Picture:
    """How a clip is encoded."""

    name: str
    size: str
    rate: str


FULL_HD = Picture("1080p15", "1920x1080", "3M")
SMALL = Picture("360p15", "640x360", "500k")


@dataclass(frozen=True, slots=True)
class Studio:
    """The running server as its clients see it: frame n of a camera leaves at `first_mono_ns[camera]` + n / fps."""

    clip: Path
    urls: tuple[str, ...]
    first_mono_ns: tuple[int, ...]

    def frame_at(self, camera: int, mono_ns: int) -> int:
        """The number of the frame that was sent last."""
        return (mono_ns - self.first_mono_ns[camera]) * FPS // NS


@contextlib.contextmanager
def studio(picture: Picture, cameras: int) -> Iterator[Studio]:
    """A server process with so many cameras, for as long as the context lasts."""
    clip = encoded(picture)
    command = [sys.executable, "-m", "tests.bench.studio", str(clip), str(cameras)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        said = json.loads(server.stdout.readline())
        try:
            yield Studio(clip, tuple(said["urls"]), tuple(said["first_mono_ns"]))
        finally:
            server.stdin.close()


def encoded(picture: Picture) -> Path:
    """A moving test card under noise, a keyframe every two seconds; made once."""
    path = Path(tempfile.gettempdir()) / "lamppost-bench" / f"{picture.name}.mp4"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        source = f"testsrc2=size={picture.size}:rate={FPS},noise=alls=12:allf=t:all_seed=7,format=yuv420p"
        coding = f"-c:v libx264 -preset veryfast -profile:v high -bf 0 -g {2 * FPS} -sc_threshold 0"
        rate = f"-b:v {picture.rate} -maxrate {picture.rate} -bufsize {picture.rate}"
        unfinished = path.with_suffix(".part.mp4")
        command = f"ffmpeg -nostdin -v error -y -f lavfi -t {_SECONDS} -i {source} {coding} {rate} {unfinished}"
        subprocess.run(command.split(), check=True)
        unfinished.rename(path)
    return path


def _serve(clip: Path, cameras: int) -> None:
    clock, stop = SystemClock(), StopToken()
    loop, wall_ns, mono_ns = load_loop(clip), clock.wall_ns(), clock.mono_ns()
    step_ns = int(Fraction(NS, FPS * _PHASES))
    phases = [Broadcast("", loop, wall_ns + n * step_ns, mono_ns + n * step_ns, n << 20) for n in range(_PHASES)]

    def find(place: SplitResult) -> Broadcast:
        return phases[int(place.path.strip("/").split("/")[0]) % _PHASES]

    server = RtspServer("127.0.0.1", 0, new_guard(None, None), find, clock)
    port = server.bind()
    server.put_on_air(phases)
    thread = threading.Thread(target=server.run, args=(stop,))
    thread.start()
    urls = [f"rtsp://127.0.0.1:{port}/{number}" for number in range(cameras)]
    firsts = [phases[number % _PHASES].first_mono_ns for number in range(cameras)]
    print(json.dumps({"urls": urls, "first_mono_ns": firsts}), flush=True)
    sys.stdin.read()
    stop.set()
    thread.join()
    server.close()


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), int(sys.argv[2]))
