"""A camera's decoder thread: what is left out, and what happens after a fall."""

from __future__ import annotations

import contextlib
import time
from fractions import Fraction
from pathlib import Path

import pytest

from agent.analyse.intake import Epoch, Intake, Look
from agent.analyse.turns import Turns
from agent.core.stop import StopToken
from tests.analyse.packets import packets_of
from tests.fixtures.clips import make_clip


class NoMarks:
    def at(self, *_: int) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()


class Hurried:
    """A ladder that allows keyframes alone from the question `first` to before `end`; keyframes need not ask."""

    fps = Fraction(0)

    def __init__(self, first: int, end: int) -> None:
        self._hurry, self._asked = range(first, end), -1

    @property
    def keyframes_only(self) -> bool:
        self._asked += 1
        return self._asked in self._hurry


def intake_of(ladder: object, clip_path: Path) -> tuple[Intake, Epoch, list]:
    turns: Turns[Look] = Turns(["cam"], time.monotonic_ns)
    intake = Intake("cam", 0, NoMarks(), turns, ladder)  # type: ignore[arg-type]
    info, packets = packets_of(clip_path)
    third = [number for number, packet in enumerate(packets) if packet.key][2]  # the queue keeps two groups
    return intake, Epoch(info.video.codec, info.video.extradata, info.video.time_base), packets[:third]


@pytest.fixture
def clip_path(tmp_path):
    return make_clip(tmp_path / "c.mp4", seconds=4)


def test_after_a_time_of_keyframes_alone_pictures_come_from_the_next_keyframe_on(clip_path):
    intake, epoch, packets = intake_of(Hurried(3, 4), clip_path)
    keys = [number for number, packet in enumerate(packets) if packet.key]
    assert len(keys) > 1
    assert keys[1] > 6
    play(intake, epoch, packets)
    assert (intake.decoded, intake.thinned, intake.broken) == (len(packets) - keys[1] + 4, keys[1] - 4, 0)


def test_after_a_fall_the_same_session_goes_on_at_a_keyframe(clip_path, monkeypatch):
    intake, epoch, packets = intake_of(Hurried(0, 0), clip_path)
    keys = [number for number, packet in enumerate(packets) if packet.key]
    good = intake._offer
    monkeypatch.setattr(intake, "_offer", lambda *_: (_ for _ in ()).throw(MemoryError("no room")))
    with pytest.raises(MemoryError):
        play(intake, epoch, packets)
    assert intake.error == "decoding fell: MemoryError: no room"
    monkeypatch.setattr(intake, "_offer", good)
    run(intake)
    assert intake.decoded == len(packets) - keys[1]
    assert intake.error == ""


def play(intake: Intake, epoch: Epoch, packets: list) -> None:
    intake.opened(epoch)
    for packet in packets:
        intake.packet(packet)
    intake.closed()
    run(intake)


def run(intake: Intake) -> None:
    class UntilPlayed(StopToken):
        looks = 0

        def is_set(self) -> bool:
            self.looks += 1
            return self.looks > 1 and intake._playing is None

    intake.run(UntilPlayed())
