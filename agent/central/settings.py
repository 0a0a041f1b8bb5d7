"""Sets what cameras see, at their gateways: kept here first, sent when the gateway is there, again until it has it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from agent.central.commands import Commander, CommandFailed
from agent.central.store.overlays import Overlays, Version
from agent.central.store.views import Views
from agent.config.gateway import Camera
from agent.config.overlay import laid_over
from agent.core.clock import NS, Clock, rfc3339
from agent.core.errors import LamppostError, StorageError
from agent.core.signing import Signer
from agent.core.stop import StopToken
from agent.wire.messages import CameraInfo, ConfigureArgs, Overlay, Reply

log = logging.getLogger(__name__)

State = Literal["in_force", "waiting", "refused", "never_set"]

_LOOK_S = 1.0
_AGAIN_NS, _SETTLED_NS = 20 * NS, 60 * NS
"""So long a gateway has to say in its health that it took them, before they are sent again; and so long one that has
them is not looked at (its card may have been changed since)."""


class Changed(LamppostError):
    """Somebody else has set them meanwhile."""


class Standing(NamedTuple):
    """How a camera is set. `in_force` is what the gateway goes by, its file's share included; `set_here` what we want.

    `version` is the gateway's newest; whoever changes it names the one that was seen. `error`: why it was refused.
    """

    in_force: dict[str, Any]
    set_here: dict[str, Any]
    version: int
    state: State
    error: str = ""
    by: str = ""
    time: str | None = None


class Settings:
    """A worker, and the desk at which settings are changed."""

    name = "settings"

    def __init__(self, overlays: Overlays, views: Views, commander: Commander, signer: Signer, clock: Clock) -> None:
        self._overlays, self._views, self._commander = overlays, views, commander
        self._signer, self._clock = signer, clock
        self._due_ns: dict[tuple[str, str, int], int] = {}
        self._taken: dict[tuple[str, str], int] = {}
        """Versions that gateways have just confirmed: their health says so only seconds later."""

    def of(self, info: CameraInfo, site: str, gateway: str) -> Standing:
        """How that camera is set."""
        newest = self._overlays.newest(site, gateway)
        if newest is None:
            return Standing(info.settings, {}, self._reported(site, gateway), "never_set")
        reported = max(self._reported(site, gateway), self._taken.get((site, gateway), 0))
        state: State = "refused" if newest.error else "in_force" if reported >= newest.version else "waiting"
        set_here = newest.cameras.get(info.camera, {})
        time = rfc3339(newest.time_ns)
        return Standing(info.settings, set_here, newest.version, state, newest.error, newest.by, time)

    def change(
        self, info: CameraInfo, site: str, gateway: str, settings: Mapping[str, Any], seen: int, by: str
    ) -> Standing:
        """Have exactly `settings` laid over the file of that camera; what is left out goes back to the file.

        Raises:
            ConfigError: they do not fit.
            Changed: the version `seen` is not the newest any more.
        """
        before = self.of(info, site, gateway)
        if seen != before.version:
            raise Changed(f"version {before.version} is the newest, not {seen}: look at it and change it again")
        laid_over(_as_known(info), settings)
        base = self._overlays.newest(site, gateway, refused=False)
        cameras = {} if base is None else {name: one for name, one in base.cameras.items() if name != info.camera}
        cameras |= {info.camera: dict(settings)} if settings else {}
        version = max(before.version, self._reported(site, gateway)) + 1
        if not self._overlays.add(Version(site, gateway, version, cameras, by, self._clock.wall_ns())):
            raise Changed(f"version {version} was made by somebody else just now: look at it and change it again")
        self._send_now(site, gateway)
        return self.of(info, site, gateway)

    def run(self, stop: StopToken) -> None:
        """Send what gateways do not have yet."""
        while not stop.wait(_LOOK_S):
            try:
                self._send_wanted()
            except StorageError as error:
                log.warning("settings cannot be looked up, will try again: %s", error)

    def _send_wanted(self) -> None:
        due_ns, now_ns = self._due_ns, self._clock.mono_ns()
        wanted = {(one.site, one.gateway, one.version): one for one in self._overlays.wanted()}
        self._due_ns = {key: due_ns.get(key, now_ns) for key in wanted}
        for key, version in wanted.items():
            if self._due_ns[key] <= now_ns:
                self._due_ns[key] = now_ns + self._see_to(version)

    def _send_now(self, site: str, gateway: str) -> None:
        """What was just changed; should it be lost, whoever looks after all of them sends it again."""
        newest = self._overlays.newest(site, gateway, refused=False)
        if newest is not None:
            self._see_to(newest)

    def _see_to(self, wanted: Version) -> int:
        """Send it where it is not in force yet; returns after how long to look again."""
        if self._reported(wanted.site, wanted.gateway) >= wanted.version:
            return _SETTLED_NS
        return _AGAIN_NS if self._views.is_online(wanted.site, wanted.gateway) and self._send(wanted) else 0

    def _send(self, wanted: Version) -> bool:
        overlay = Overlay(
            site=wanted.site, gateway=wanted.gateway, version=wanted.version, time=rfc3339(wanted.time_ns),
            by=wanted.by, cameras=wanted.cameras,
        )  # fmt: skip
        signed = overlay.model_copy(update={"signature": self._signer.sign(overlay.signed_part())})
        args = ConfigureArgs(overlay=signed)
        try:
            self._commander.send(wanted.site, wanted.gateway, "configure", args, self._answered(wanted))
        except CommandFailed:
            return False  # the broker or the gateway went away: it waits
        return True

    def _answered(self, wanted: Version) -> Callable[[Reply | None], None]:
        def answered(reply: Reply | None) -> None:
            if reply is not None and reply.ok:
                self._taken[wanted.site, wanted.gateway] = wanted.version
            elif reply is not None:
                log.warning("gateway %s at %s refuses settings: %s", wanted.gateway, wanted.site, reply.error)
                self._overlays.refuse(wanted.site, wanted.gateway, wanted.version, reply.error or "refused")

        return answered

    def _reported(self, site: str, gateway: str) -> int:
        return self._views.settings_version(site, gateway)


def _as_known(info: CameraInfo) -> Camera:
    """The camera as far as the centre knows it: the gateway, which has its file, judges in the end."""
    return laid_over(Camera(id=info.camera, url="rtsp://camera/"), info.settings)
