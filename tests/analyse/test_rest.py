"""Keyframes alone while nobody is there: what is decoded, what wakes a camera, and that nothing is lost."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from agent.analyse.rest import Rest, Sizes
from agent.core.media import Packet, TimeSource
from tests.analyse.scene import BlockDetector, street, walker, with_block
from tests.bench.quiet import encode
from tests.fixtures.instep import Everywhere, lost, play

TEN = Fraction(1, 10)


def packet(number: int, *, gop: int = 20, size: int = 400) -> Packet:
    key = number % gop == 0
    return Packet(0, b"x" * (5000 if key else size), number, number, 1, key, number, TimeSource.ARRIVAL, number, number)


def feed(rest: Rest, numbers, *, idle: bool = True, **more) -> list[list[int] | None]:
    given = [rest.take(packet(number, **more), idle=idle) for number in numbers]
    return [None if one is None else [packet.pts for packet in one] for one in given]


def resting(gop: int = 20) -> Rest:
    rest = Rest(TEN)
    feed(rest, range(2 * gop), idle=False, gop=gop)
    feed(rest, range(2 * gop, 4 * gop), gop=gop)
    assert rest.resting
    return rest


def test_what_is_not_idle_is_decoded_packet_by_packet():
    assert feed(Rest(TEN), range(60), idle=False) == [[number] for number in range(60)]


def test_a_rest_begins_at_a_keyframe_and_gives_back_all_it_kept_when_woken():
    rest = Rest(TEN)
    assert feed(rest, range(30), idle=False)[-1] == [29]
    assert feed(rest, range(30, 40)) == [[number] for number in range(30, 40)]
    assert feed(rest, range(40, 75)) == [None] * 35
    assert feed(rest, [75], idle=False) == [list(range(40, 76))]
    assert feed(rest, [76]) == [[76]]


def test_what_was_certainly_empty_is_not_kept():
    rest = resting()
    assert rest.empty_until(60) == 20
    assert rest.empty_until(7) == 0
    assert [one.pts for one in rest.wake()] == list(range(60, 80))


@pytest.mark.parametrize(("numbers", "size"), [(range(80, 83), 900), (range(80, 81), 4000)])
def test_packets_that_grow_wake(numbers, size):
    rest = resting()
    feed(rest, range(80, 90))
    woken = feed(rest, [number + 11 for number in numbers], size=size)
    assert woken[:-1] == [None] * (len(woken) - 1)
    assert woken[-1][-1] == numbers[-1] + 11


def test_noise_in_sizes_wakes_nobody():
    rng, sizes = np.random.default_rng(1), Sizes()
    assert not any(sizes.grew(int(rng.lognormal(6, 0.35))) for _ in range(3000))


def test_packets_that_grew_for_good_are_usual_in_the_end():
    rng, rest = np.random.default_rng(1), resting()
    number = 80
    for size, pictures in ((400, 400), (900, 2000)):
        for _ in range(pictures):
            rest.take(packet(number, size=int(size * rng.uniform(0.8, 1.25))), idle=True)
            number += 1
    assert feed(rest, range(number, number + 200), size=900)[20:] == [None] * 180


def test_who_comes_again_and_again_wakes_each_time():
    rest, number = resting(), 80
    for _ in range(40):
        feed(rest, range(number, number + 100))
        assert rest.resting
        woken = feed(rest, range(number + 101, number + 104), size=800)
        assert woken[2] is not None
        assert woken[2][-1] == number + 103
        feed(rest, range(number + 104, number + 200), size=800, idle=False)
        number += 200


def test_long_groups_of_pictures_never_rest():
    rest = Rest(TEN)
    feed(rest, range(100), idle=False, gop=50)
    assert feed(rest, range(100, 200), gop=50) == [[number] for number in range(100, 200)]


def test_a_group_that_becomes_long_ends_the_rest():
    rest = resting()
    woken = [one for one in feed(rest, range(81, 160), gop=1000) if one is not None]
    assert woken[0][0] == 40
    assert not rest.resting


def test_timestamps_set_anew_end_the_rest():
    rest = resting()
    assert feed(rest, [5])[0][-1] == 5


def clip(path: Path, visits: dict[int, float], seconds: int = 60, gop: int = 0) -> Path:
    """A quiet street; from each second of `visits` on somebody crosses it for four seconds, so high."""
    rng, picture = np.random.default_rng(3), street(320, 180)
    noise = [rng.integers(-3, 4, picture.shape, np.int16) for _ in range(7)]

    def pictures():
        for number in range(seconds * 10):
            shown = picture
            for second, height in visits.items():
                if 0 <= number - second * 10 < 40:
                    shown = with_block(shown, walker(0.1 + 0.02 * (number - second * 10), 0.5, height / 4, height))
            yield np.clip(shown + noise[number % 7], 0, 255).astype(np.uint8)

    encode(path, pictures(), fps=10, gop=gop)
    return path


def test_a_resting_camera_loses_nobody_and_decodes_little(tmp_path):
    """Who crosses begins right behind a keyframe, between two, and just before one."""
    path = clip(tmp_path / "quiet.mp4", {20: 0.4, 45: 0.3, 77: 0.25}, 100)
    every = play(path, BlockDetector(), attention=Everywhere, rest=False)
    rested = play(path, BlockDetector())
    assert len([track for track in every.boxes.values() if len(track) > 5]) == 3
    assert lost(every.boxes, rested.boxes) == []
    for whole in every.boxes.values():
        part = max(rested.boxes.values(), key=lambda other: len(other.keys() & whole.keys()))
        assert min(part) - min(whole) <= 400
    assert rested.decoded < 0.75 * every.decoded
    assert rested.looks < 0.35 * every.looks
    assert rested.blind == 0


def test_who_appears_behind_a_keyframe_is_seen_from_there_on_though_sizes_tell_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(Sizes, "grew", lambda *_: False)
    path = clip(tmp_path / "quiet.mp4", {25: 0.2}, 40)
    every = play(path, BlockDetector(), attention=Everywhere, rest=False)
    rested = play(path, BlockDetector())
    assert rested.glances > 3
    (whole,), (part,) = every.boxes.values(), rested.boxes.values()
    assert min(part) - min(whole) <= 400


def test_a_stream_of_keyframes_alone_loses_nobody_at_rest_and_is_glanced_at_as_often_as_it_is_looked_at(tmp_path):
    path = clip(tmp_path / "quiet.mp4", {25: 0.2}, 40, gop=1)
    every = play(path, BlockDetector(), attention=Everywhere, rest=False)
    rested = play(path, BlockDetector())
    assert lost(every.boxes, rested.boxes) == []
    assert rested.glances > 50
    assert every.pictures == 200
    assert rested.pictures <= 200 + 1, "the last one comes again when the stream is over"
    assert rested.blind == 0


def test_without_a_model_a_camera_rests_too_and_wakes(tmp_path):
    path = clip(tmp_path / "quiet.mp4", {25: 0.3}, 40)
    rested = play(path, None)
    assert rested.glances > 3
    assert len(rested.boxes) == 1
    levels = dict(rested.moved)
    assert sorted(levels) == list(range(40)), "a camera at rest is looked at in every second"
    moved = {second for second, level in levels.items() if level}
    assert set(range(25, 29)) <= moved <= set(range(24, 31))
    assert min(levels[second] for second in range(25, 29)) > 10
