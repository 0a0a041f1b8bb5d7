"""A camera's decoder thread: what is left out, and what happens after a fall."""

from __future__ import annotations

import time
from fractions import Fraction
from pathlib import Path

import pytest

from agent.analyse.intake import Epoch, Intake, Look
from agent.analyse.rest import Rest
from agent.analyse.turns import Turns
from agent.core.stop import StopToken
from tests.analyse.offered import NoMarks, Offered, offered_of
from tests.analyse.packets import packets_of
from tests.fixtures.clips import make_clip


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


@pytest.mark.parametrize(("codec", "gop"), [("mjpeg", 1), ("libx264", 1), ("libx264", 3)])
@pytest.mark.parametrize("fps", [5, 2])
def test_a_camera_at_rest_is_glanced_at_no_more_often_than_it_is_looked_at(tmp_path, codec, gop, fps):
    path = make_clip(tmp_path / "c.mkv", codec=codec, seconds=10, fps=25, gop=gop)
    (_, awake), (_, turns) = offered_of(path, fps), offered_of(path, fps, rests=True)
    glances = [look for look in turns.looks if look.glance]
    assert len(glances) > 8 * fps
    shown = {look.pts for look in turns.looks}  # the last of all is shown again when the stream is over
    assert len(shown) <= len(awake.looks) == 10 * fps
    assert len(turns.looks) <= len(shown) + 1


def test_what_was_passed_over_at_rest_is_kept_until_a_later_glance_finds_nobody(tmp_path):
    path = make_clip(tmp_path / "c.mkv", codec="mjpeg", seconds=4, fps=25)
    rest = Rest(Fraction(1, 1000))
    packets = packets_of(path)[1]
    given = [rest.take(packet, idle=number > 1) for number, packet in enumerate(packets[:20])]
    assert given[2:] == [None] * 18
    assert rest.empty_until(packets[7].pts) == 5
    assert rest.wake() == packets[7:20]


def keyed(path: Path, turns: Offered) -> list[tuple[int, int]]:
    """Which packet each picture shows, and with which it came."""
    number = {packet.pts: index for index, packet in enumerate(packets_of(path)[1])}
    return [(number[look.pts], came) for look, came in zip(turns.looks, turns.came, strict=True)]


@pytest.fixture
def reordered(tmp_path) -> Path:
    """Keyframes at 0, 4, 8, 12 and 16 s; between them pictures that come in another order than they are shown in."""
    return make_clip(tmp_path / "b.mp4", seconds=20, fps=10, gop=40, b_frames=2)


def test_keyframes_alone_are_shown_when_they_come_though_the_stream_reorders_pictures(reordered):
    intake, turns = offered_of(reordered, 2, range(1000))
    keys = [index for index, packet in enumerate(packets_of(reordered)[1]) if packet.key]
    assert len(keys) == 5
    shown = keyed(reordered, turns)
    assert [index for index, _ in shown] == keys
    assert max(came - index for index, came in shown) <= 1
    assert (intake.decoded, intake.broken, intake.decodes) == (5, 0, 5)


def test_when_more_than_keyframes_fit_again_every_picture_comes_from_the_next_keyframe_on(reordered):
    intake, turns = offered_of(reordered, 10, range(50, 90))
    packets = packets_of(reordered)[1]
    before, after = packets[:50], packets[120:]
    assert packets[80].key
    assert packets[120].key
    shown = [look.pts for look in turns.looks]
    assert shown == sorted(shown)
    assert shown == sorted(packet.pts for packet in [*before, packets[80], *after])
    assert intake.broken == 0


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
