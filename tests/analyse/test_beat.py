"""The sign of life while models load."""

from __future__ import annotations

import time

from agent.analyse.beat import Beat


def test_it_beats_while_the_block_runs_and_not_after():
    beats: list[int] = []
    with Beat(lambda: beats.append(1), every_s=0.01):
        while len(beats) < 3:
            time.sleep(0.005)
    count = len(beats)
    time.sleep(0.05)
    assert len(beats) == count


def test_who_takes_too_long_is_no_longer_covered():
    beats: list[int] = []
    with Beat(lambda: beats.append(1), every_s=0.01, at_most_s=0.05):
        time.sleep(0.3)
    assert len(beats) == 5
