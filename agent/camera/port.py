"""What we ask of an ONVIF device, said without any library's words: the one seam to swap the library behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the device says it is (GetDeviceInformation)."""

    manufacturer: str
    model: str
    firmware: str
    serial: str
    hardware: str


@dataclass(frozen=True, slots=True)
class Profile:
    """One way the device offers video. `codec` is FFmpeg's name, sizes in px; 0 and "" where it does not say."""

    token: str
    name: str
    codec: str
    width: int
    height: int
    fps: float


class OnvifPort(Protocol):
    """One device. Every call blocks within the time limits; addresses it returns are on the host that was dialled.

    Every call raises SourceUnreachable (nobody answers), SourceRefused (user name, password or clock) or CameraError.
    """

    @property
    def place(self) -> str:
        """The dialled address, without secrets, for messages."""

    def clock_offset_ns(self) -> int | None:
        """Camera clock minus gateway clock, to about a second; None when the device does not tell."""

    def identity(self) -> Identity:
        """Who it is."""

    def profiles(self) -> tuple[Profile, ...]:
        """What it offers, at most 64."""

    def stream_url(self, profile: str) -> str:
        """Where RTSP of that profile (its token) is served."""

    def snapshot_url(self, profile: str) -> str | None:
        """Where a JPEG of that profile is served; None without."""

    def has_ptz(self) -> bool:
        """Does the device turn, tilt or zoom?"""

    def close(self) -> None:
        """Let go of the connection; safe to call twice."""
