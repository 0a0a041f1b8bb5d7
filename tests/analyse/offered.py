"""What a camera's intake offers of a clip, packet by packet."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from agent.analyse.intake import Epoch, Intake, Look
from agent.analyse.turns import Turns
from agent.core.media import Packet
from tests.analyse.packets import packets_of

NEVER = range(0)


class NoMarks:
    def at(self, *_: int) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()


class Offered(Turns[Look]):
    """Pictures as they are offered. If the camera `rests`, who looks at them finds nobody, at once."""

    def __init__(self) -> None:
        super().__init__(["cam"], time.monotonic_ns)
        self.looks: list[Look] = []
        self.came: list[int] = []
        """With which packet each of `looks` came."""
        self.packet = 0
        self.rests: Intake | None = None

    def put(self, _: str, item: Look, __: float = 0.0) -> None:
        self.looks.append(item)
        self.came.append(self.packet)
        if self.rests is not None:
            self.rests.idle = True
            self.rests.empty_pts = item.pts if item.glance else self.rests.empty_pts


class Rung:
    """A ladder on one rate, and on its last rung at the packets of `keyframes_only`."""

    def __init__(self, offered: Offered, fps: int, keyframes_only: range) -> None:
        self.fps, self._offered, self._only = Fraction(fps), offered, keyframes_only

    @property
    def keyframes_only(self) -> bool:
        return self._offered.packet in self._only


def offered_of(clip: Path, fps: int, keyframes_only: range = NEVER, *, rests: bool = False) -> tuple[Intake, Offered]:
    offered = Offered()
    info, packets = packets_of(clip)
    intake = Intake("cam", 0, NoMarks(), offered, Rung(offered, fps, keyframes_only))  # type: ignore[arg-type]
    offered.rests = intake if rests else None
    intake.play(Epoch(info.video.codec, info.video.extradata, info.video.time_base), _counted(packets, offered))
    return intake, offered


def _counted(packets: list[Packet], offered: Offered) -> Iterator[Packet]:
    for number, packet in enumerate(packets):
        offered.packet = number
        yield packet
