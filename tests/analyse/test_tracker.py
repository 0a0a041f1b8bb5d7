"""Association: crossing, gaps, low frame rates, what is lost and what is kept."""

from __future__ import annotations

import numpy as np
import pytest

from agent.analyse.track.assign import assign
from agent.analyse.track.tracker import LOST_S, Step, Tracker
from tests.analyse.scene import at, found, ids, walker


def never_still(_: object) -> bool:
    return False


def always_still(_: object) -> bool:
    return True


def follow(script, times, still=never_still) -> tuple[list[Step], Tracker]:
    tracker = Tracker(ids())
    return [tracker.update(script(time), at(time), still) for time in times], tracker


def confirmed(step: Step) -> list[str]:
    return [track.id for track in step.tracks if track.confirmed]


@pytest.mark.parametrize("fps", [2, 3, 5, 10, 25])
def test_a_walker_keeps_his_id_at_any_frame_rate(fps):
    steps, _ = follow(lambda t: [found(walker(0.1 + 0.06 * t))], np.arange(0, 10, 1 / fps))
    assert {track for step in steps for track in confirmed(step)} == {"id1"}


@pytest.mark.parametrize("fps", [3, 5, 10])
def test_two_who_cross_keep_their_ids(fps):
    def script(t: float):
        return [found(walker(0.2 + 0.06 * t, 0.50)), found(walker(0.8 - 0.06 * t, 0.54))]

    steps, _ = follow(script, np.arange(0, 10, 1 / fps))
    assert {track for step in steps for track in confirmed(step)} == {"id1", "id2"}
    places = {track.id: track.box.centre[0] for track in steps[-1].tracks}
    assert places["id1"] > 0.7
    assert places["id2"] < 0.3


def test_a_short_gap_is_bridged_and_a_long_one_is_not():
    def with_gap(length: float):
        return lambda t: [] if 3 <= t < 3 + length else [found(walker(0.1 + 0.06 * t))]

    times = np.arange(0, 9, 0.2)
    short, _ = follow(with_gap(1.0), times)
    long, _ = follow(with_gap(3.0), times)
    assert {track for step in short for track in confirmed(step)} == {"id1"}
    assert {track for step in long for track in confirmed(step)} == {"id1", "id2"}


def test_uneven_frames_do_no_harm():
    times = np.cumsum(np.random.default_rng(2).uniform(0.08, 0.45, 40))
    steps, _ = follow(lambda t: [found(walker(0.05 + 0.05 * t))], times)
    assert {track for step in steps for track in confirmed(step)} == {"id1"}


def test_low_scores_keep_a_track_alive_but_never_begin_one():
    steps, _ = follow(lambda t: [found(walker(0.3 + 0.04 * t), 0.8 if t < 1 else 0.2)], np.arange(0, 6, 0.2))
    assert confirmed(steps[-1]) == ["id1"]
    steps, _ = follow(lambda t: [found(walker(0.3 + 0.04 * t), 0.3)], np.arange(0, 6, 0.2))
    assert all(step.tracks == () for step in steps)


def test_one_false_sight_is_never_confirmed():
    steps, tracker = follow(lambda t: [found(walker(0.5), 0.9)] if t == 0 else [], np.arange(0, 3, 0.2))
    assert [confirmed(step) for step in steps] == [[]] * len(steps)
    assert tracker.tracks == ()


def test_a_track_ends_after_its_time_with_the_time_it_was_last_seen():
    steps, _ = follow(lambda t: [found(walker(0.2 + 0.06 * t))] if t < 3 else [], np.arange(0, 6, 0.2))
    ended = [(track.id, track.seen_ns) for step in steps for track in step.ended]
    assert ended == [("id1", at(2.8))]
    lived = [step for step in steps if step.tracks]
    assert len(lived) == round((2.8 + LOST_S) / 0.2) + 1


def test_who_stands_still_outlives_a_detector_that_misses_him():
    def script(t: float):
        return [found(walker(0.5))] if t < 2 or t > 7 else []

    still, _ = follow(script, np.arange(0, 9, 0.2), always_still)
    assert {track for step in still for track in confirmed(step)} == {"id1"}
    moved, _ = follow(script, np.arange(0, 9, 0.2), never_still)
    assert {track for step in moved for track in confirmed(step)} == {"id1", "id2"}


def test_a_hold_keeps_what_was_found_and_lets_the_lost_go():
    tracker = Tracker(ids())
    for number in range(5):
        tracker.update([found(walker(0.3)), found(walker(0.7))], at(number * 0.2), never_still)
    tracker.update([found(walker(0.3))], at(1.0), never_still)
    steps = [tracker.hold(at(1.2 + number * 0.2)) for number in range(20)]
    assert [track.id for track in steps[-1].tracks] == ["id1"]
    assert steps[-1].tracks[0].seen_ns == at(1.2 + 19 * 0.2)
    assert [track.id for step in steps for track in step.ended] == ["id2"]


def test_the_label_is_what_most_of_the_evidence_says():
    labels = ["vehicle", "person", "person", "vehicle", "person", "person"]
    tracker = Tracker(ids())
    for number, label in enumerate(labels):
        kind = "car" if label == "vehicle" else "person"
        step = tracker.update([found(walker(0.5), 0.8, label, kind)], at(number * 0.2), never_still)
    assert [(track.label, track.kind) for track in step.tracks] == [("person", "person")]


def test_a_rider_and_his_bicycle_stay_two_tracks():
    def script(t: float):
        box = walker(0.1 + 0.08 * t)
        return [found(box, 0.8), found(box.grown(0.1), 0.7, "two_wheeler")]

    steps, _ = follow(script, np.arange(0, 5, 0.2))
    assert sorted(track.label for track in steps[-1].tracks) == ["person", "two_wheeler"]


def test_finish_ends_everything():
    _, tracker = follow(lambda _: [found(walker(0.5))], [0, 0.2, 0.4])
    assert [track.id for track in tracker.finish().ended] == ["id1"]
    assert tracker.tracks == ()


def test_assignment_takes_the_least_total_cost_under_the_limit():
    cost = np.array([[0.1, 0.2], [0.15, 0.9]], np.float32)
    assert sorted(assign(cost, 0.5)) == [(0, 1), (1, 0)]
    assert assign(np.array([[0.6]], np.float32), 0.5) == []
    assert assign(np.zeros((0, 3), np.float32), 0.5) == []
    assert len(assign(np.array([[0.1, 0.1, 0.1]], np.float32), 0.5)) == 1
