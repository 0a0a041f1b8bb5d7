"""A virtual site: cameras whose scenes are drawn once and then served as real cameras would."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import SplitResult, parse_qs

from agent.core.clock import Clock, SystemClock
from agent.core.errors import ConfigError
from agent.core.stop import StopToken
from agent.core.supervisor import Supervisor
from agent.sim.rtsp.answers import CONTROL
from agent.sim.rtsp.broadcast import Broadcast
from agent.sim.rtsp.loop import Loop, load_loop
from agent.sim.rtsp.server import RtspServer, new_guard
from agent.sim.scene.cache import Reel, prepare, reel_for
from agent.sim.scene.scene import Spec, scene_for
from agent.sim.scene.truth import Truth, load

AXIS_PATH = "/axis-media/media.amp"


@dataclass(frozen=True)
class VirtualCamera:
    """One camera of the site, as a gateway's configuration needs it."""

    id: str
    name: str
    main_url: str
    sub_url: str
    truth_path: Path
    zones: dict[str, tuple[tuple[float, float], ...]]
    """Name -> polygon, 0..1."""

    @cached_property
    def truth(self) -> Truth:
        """What really happens in its loop."""
        return load(self.truth_path)


class VirtualSite:
    """`prepare`, `start`, use `cameras`, `close`. Loops lie below `folder`, drawn again when the code changes."""

    def __init__(
        self,
        folder: Path,
        *,
        cameras: int = 3,
        seed: int = 1,
        host: str = "127.0.0.1",
        port: int = 0,
        username: str | None = None,
        password: str | None = None,
        size: tuple[int, int] = (1280, 720),
        fps: int = 15,
        seconds: int = 60,
        clock: Clock | None = None,
    ) -> None:
        self._folder, self._host, self._port = folder, host, port
        self._user, self._clock = (username, password), clock or SystemClock()
        self._specs = [Spec(number, seed, *size, fps=fps, seconds=seconds) for number in range(cameras)]
        self._reels: list[Reel] = []
        self._stop = StopToken()
        self._supervisor = Supervisor(self._clock, self._stop)
        self.cameras: tuple[VirtualCamera, ...] = ()
        self.first_frame_wall_ns = 0
        self._server: RtspServer | None = None
        self._by_path: dict[str, Broadcast] = {}

    def prepare(self, progress: Callable[[float], None], stop: StopToken | None = None) -> bool:
        """Draw what is not drawn yet (about a minute for three cameras); false when `stop` ended it early.

        Raises:
            LamppostError: a drawing process failed.
            OSError: the folder cannot be written.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        self._reels = [reel_for(self._folder, spec) for spec in self._specs]
        return prepare(self._reels, progress, stop)

    def start(self) -> None:
        """Go on air. `prepare` must have been done.

        Raises:
            ConfigError: the address is not free.
        """
        loops = [(load_loop(reel.main), load_loop(reel.sub)) for reel in self._reels]
        self._server = RtspServer(self._host, self._port, new_guard(*self._user), self._find, self._clock)
        try:
            port = self._server.bind()
        except OSError as error:
            raise ConfigError(
                f"cannot serve on {self._host}:{self._port}: {error.strerror}; choose another port"
            ) from error
        self.cameras = tuple(self._camera(reel, port) for reel in self._reels)
        self._server.put_on_air(self._broadcasts(loops))
        self._supervisor.start(self._server)

    def close(self) -> None:
        """Go off air; safe to call twice, and before `start`."""
        self._stop.set()
        self._supervisor.join(5.0)
        if self._server is not None:
            self._server.close()

    def _broadcasts(self, loops: list[tuple[Loop, Loop]]) -> list[Broadcast]:
        self.first_frame_wall_ns, mono_ns = self._clock.wall_ns(), self._clock.mono_ns()
        self._by_path = {
            f"/{camera.id}/{stream}": Broadcast(
                f"/{camera.id}/{stream}", loop, self.first_frame_wall_ns, mono_ns, secrets.randbits(32)
            )
            for camera, pair in zip(self.cameras, loops, strict=True)
            for stream, loop in zip(("main", "sub"), pair, strict=True)
        }
        return list(self._by_path.values())

    def _camera(self, reel: Reel, port: int) -> VirtualCamera:
        scene = scene_for(reel.spec)
        host = f"[{self._host}]" if ":" in self._host else self._host
        base = f"rtsp://{host}:{port}/{scene.id}"
        return VirtualCamera(scene.id, scene.title, f"{base}/main", f"{base}/sub", reel.truth, scene.zones)

    def _find(self, place: SplitResult) -> Broadcast | None:
        """The stream that is meant: `/<camera>/main|sub`, or an Axis address with `camera=` and `resolution=`."""
        path = place.path.rstrip("/").removesuffix(CONTROL).rstrip("/")
        if path != AXIS_PATH:
            return self._by_path.get(path)
        wishes = parse_qs(place.query[:1024], max_num_fields=32) if place.query.count("&") < 32 else {}
        number = wishes.get("camera", ["1"])[0]
        if not (number.isascii() and number.isdigit()) or not 1 <= int(number[:6]) <= len(self.cameras):
            return None
        sub = wishes.get("resolution", [""])[0] == "640x360" or wishes.get("streamprofile", [""])[0] == "sub"
        return self._by_path.get(f"/{self.cameras[int(number) - 1].id}/{'sub' if sub else 'main'}")


def serve(
    folder: Path,
    cameras: int,
    seed: int,
    host: str,
    port: int,
    stop: StopToken,
    say: Callable[[str], None],
    progress: Callable[[float], None],
    ready_file: Path | None = None,
    username: str | None = None,
    password: str | None = None,
) -> int:
    """`lamppost sim`: draw and serve a site until `stop`. Returns the exit code; see `run_site`."""
    site = VirtualSite(folder, cameras=cameras, seed=seed, host=host, port=port, username=username, password=password)
    return run_site(site, stop, say, progress, ready_file)


def run_site(
    site: VirtualSite,
    stop: StopToken,
    say: Callable[[str], None],
    progress: Callable[[float], None],
    ready_file: Path | None = None,
) -> int:
    """Serve `site` until `stop`; says one line per camera: its id and its two addresses.

    `ready_file` gets `{first_frame_wall_ns, cameras: [...]}` in one step once streams can be read.
    """
    if not site.prepare(progress, stop):
        return 0
    try:
        site.start()
        for camera in site.cameras:
            say(f"{camera.id}: {camera.main_url} {camera.sub_url}")
        if ready_file is not None:
            _write_ready(ready_file, site)
        while not stop.wait(1.0):
            pass
    finally:
        site.close()
    return 0


def _write_ready(path: Path, site: VirtualSite) -> None:
    cameras = [
        {
            "id": camera.id,
            "name": camera.name,
            "main_url": camera.main_url,
            "sub_url": camera.sub_url,
            "zones": [{"name": name, "polygon": area} for name, area in camera.zones.items()],
            "truth_path": str(camera.truth_path),
        }
        for camera in site.cameras
    ]
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_text(json.dumps({"first_frame_wall_ns": site.first_frame_wall_ns, "cameras": cameras}) + "\n")
    draft.replace(path)
