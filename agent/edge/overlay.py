"""The cameras as they are in force: the file's, with what the centre has laid over them.

The overlay rests beside the store as the signed document it came as, so that a file somebody else wrote there counts
for nothing. One that cannot be read, or no longer fits the file, leaves the file's own settings in force and says so;
what it hides stays hidden.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from agent.config.gateway import Camera
from agent.config.overlay import laid_over
from agent.core.durable import replace_file
from agent.core.errors import ConfigError, LamppostError, StorageError, WireError
from agent.core.signing import Verifier
from agent.wire.messages import Overlay, OverlayState, decode, encode

log = logging.getLogger(__name__)

FILE = "overlay.json"
MOST_BYTES = 256 << 10
"""What every broker lets through, with room for the command around it."""

OnChange = Callable[[Camera], None]


class Overlaid:
    """Of one gateway. `take` may be called on any thread; `cameras` are whole at every moment."""

    def __init__(
        self, cameras: Sequence[Camera], folder: Path, verifier: Verifier | None, place: tuple[str, str]
    ) -> None:
        """`folder` is where the overlay rests; `place` are the site and the id of this gateway."""
        self._own, self._path = tuple(cameras), folder / FILE
        self._verifier, self._place = verifier, place
        self._lock = threading.Lock()
        self._overlay: Overlay | None = None
        self._problems: list[str] = []
        self.cameras = self._own
        self._read()

    def take(self, overlay: Overlay, on_change: OnChange) -> OverlayState:
        """Have it in force, and `on_change` told of every camera that is another now. The same again changes nothing.

        Raises:
            LamppostError: it is not the centre's, not newer, or does not fit; nothing has changed then.
        """
        with self._lock:
            self._check(overlay)
            if self._overlay is not None and overlay.version <= self._overlay.version:
                if overlay == self._overlay:
                    return self.state()
                raise LamppostError(f"version {self._overlay.version} is in force already")
            cameras = self._laid(overlay)
            try:
                replace_file(self._path, encode(overlay))
            except OSError as error:
                raise StorageError(f"{self._path}: cannot be written: {error.strerror}") from error
            before, self.cameras = self.cameras, cameras
            self._overlay, self._problems = overlay, []
        log.info("settings version %d by %s are in force", overlay.version, overlay.by)
        for old, new in zip(before, cameras, strict=True):
            if old != new:
                on_change(new)
        return self.state()

    def state(self) -> OverlayState:
        """Which version is in force."""
        problem, overlay = "; ".join(self._problems)[:400], self._overlay
        if overlay is None:
            return OverlayState(problem=problem)
        return OverlayState(version=overlay.version, by=overlay.by, time=overlay.time, problem=problem)

    def set_by_centre(self, camera: str) -> Mapping[str, Any]:
        """What the overlay says of a camera."""
        return {} if self._overlay is None else self._overlay.cameras.get(camera, {})

    def _check(self, overlay: Overlay) -> None:
        if (overlay.site, overlay.gateway) != self._place:
            raise LamppostError("these settings are for another gateway")
        if self._verifier is None:
            raise LamppostError("there is no command key: settings of the centre are refused")
        if not self._verifier.verify(overlay.signed_part(), overlay.signature):
            raise LamppostError("the signature of these settings does not fit")
        if len(encode(overlay)) > MOST_BYTES:
            raise LamppostError(f"these settings have more than {MOST_BYTES} bytes")

    def _laid(self, overlay: Overlay) -> tuple[Camera, ...]:
        unknown = sorted(set(overlay.cameras) - {camera.id for camera in self._own})
        problems = [f"{camera}: this gateway has no such camera" for camera in unknown]
        cameras: list[Camera] = []
        for camera in self._own:
            try:
                cameras.append(laid_over(camera, overlay.cameras.get(camera.id, {})))
            except ConfigError as error:
                problems += error.problems
        if problems:
            raise ConfigError(*problems)
        return tuple(cameras)

    def _read(self) -> None:
        """At the start: what fits is in force, camera by camera."""
        try:
            payload = self._path.read_bytes()
        except FileNotFoundError:
            return
        except OSError as error:
            self._give_up(f"cannot be read: {error.strerror}")
            return
        try:
            overlay = decode(Overlay, payload)
            self._check(overlay)
        except (WireError, LamppostError) as error:
            self._give_up(str(error))
            return
        self._overlay = overlay
        self.cameras = tuple(self._as_fits(camera, overlay) for camera in self._own)

    def _as_fits(self, camera: Camera, overlay: Overlay) -> Camera:
        settings = overlay.cameras.get(camera.id, {})
        try:
            return laid_over(camera, settings)
        except ConfigError as error:
            self._give_up("; ".join(error.problems))
        try:
            return laid_over(camera, {"mask": settings["mask"]}) if "mask" in settings else camera
        except ConfigError:
            return camera

    def _give_up(self, why: str) -> None:
        self._problems.append(f"{self._path.name}: {why}: the file's own settings are in force")
        log.warning("%s", self._problems[-1])
