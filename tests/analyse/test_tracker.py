"""Association: crossing, gaps, low frame rates, what is lost and what is kept."""

from __future__ import annotations

import numpy as np
import pytest

from agent.analyse.track.assign import assign
from agent.analyse.track.tracker import LOST_S, MOST_TRACKS, Step, Tracker
from agent.core.geometry import Box
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

    times = np.arange(0, 11, 0.2)
    short, _ = follow(with_gap(2.0), times)
    long, _ = follow(with_gap(5.0), times)
    assert {track for step in short for track in confirmed(step)} == {"id1"}
    assert {track for step in long for track in confirmed(step)} == {"id1", "id2"}


def test_uneven_frames_do_no_harm():
    times = np.cumsum(np.random.default_rng(2).uniform(0.08, 0.45, 40))
    steps, _ = follow(lambda t: [found(walker(0.05 + 0.05 * t))], times)
    assert {track for step in steps for track in confirmed(step)} == {"id1"}


def test_low_scores_keep_a_track_alive_for_a_while_but_never_begin_one():
    times = np.arange(0, 6, 0.2)

    def steps_of(score):
        return follow(lambda t: [found(walker(0.3 + 0.04 * t), score(t))], times)[0]

    hidden = steps_of(lambda t: 0.2 if 2 <= t < 2.9 else 0.8)
    assert [confirmed(step) for step in hidden[2:]] == [["id1"]] * (len(times) - 2)
    assert [step.tracks[0].id for step in hidden] == ["id1"] * len(times)
    behind_a_wall = steps_of(lambda t: 0.8 if t < 1 else 0.2)  # where the detector has a doubt for ever
    assert [track.id for step in behind_a_wall for track in step.ended] == ["id1"]
    assert behind_a_wall[-1].tracks == ()
    assert all(step.tracks == () for step in steps_of(lambda _: 0.25))


def test_a_low_score_between_two_high_ones_keeps_a_track_where_looks_are_rare():
    times = np.arange(0, 20, 2.0)
    steps, _ = follow(lambda t: [found(walker(0.3 + 0.005 * t), 0.2 if t in {8, 14} else 0.8)], times)
    assert [(track.id, track.hits) for track in steps[-1].tracks] == [("id1", len(times))]


def test_one_false_sight_is_never_confirmed():
    steps, tracker = follow(lambda t: [found(walker(0.5), 0.9)] if t == 0 else [], np.arange(0, 3, 0.2))
    assert [confirmed(step) for step in steps] == [[]] * len(steps)
    assert tracker.tracks == ()


def test_a_track_ends_after_its_time_with_the_time_it_was_last_seen():
    steps, _ = follow(lambda t: [found(walker(0.2 + 0.06 * t))] if t < 3 else [], np.arange(0, 7, 0.2))
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


@pytest.mark.parametrize(("pace", "stands"), [(0.0, True), (0.005, True), (0.03, False), (0.06, False)])
def test_who_walks_across_the_view_does_not_stand(pace, stands):
    """A third of a width a second is 20 cm: a walker across a wide picture moves few hundredths of it a second."""
    steps, _ = follow(lambda t: [found(walker(0.3 + pace * t))], np.arange(0, 3, 0.2))
    assert [track.stands() for track in steps[-1].tracks] == [stands]


def test_what_merely_moves_keeps_its_track_though_its_shape_changes():
    """Without a model a walker is now his legs, now all of him, now he and his shadow."""
    rng = np.random.default_rng(7)

    def script(t: float):
        whole = walker(0.2 + 0.05 * t, 0.5, 0.06, 0.3)
        above, below = rng.uniform(0, 0.6) * whole.height * (np.arange(2) == rng.integers(2))
        return [found(Box(whole.x1, whole.y1 + above, whole.x2, whole.y2 - below), 0.6, "object")]

    steps, _ = follow(script, np.arange(0, 10, 0.2))
    assert {track for step in steps for track in confirmed(step)} == {"id1"}


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


@pytest.mark.parametrize("fps", [2, 3, 5, 10])
def test_who_passes_behind_somebody_keeps_his_id(fps):
    def script(t: float):
        near, far = walker(0.5, 0.6, 0.1, 0.4), walker(0.2 + 0.05 * t, 0.5, 0.05, 0.2)
        return [found(near)] if abs(far.centre[0] - 0.5) < 0.045 else [found(near), found(far)]

    steps, _ = follow(script, np.arange(0, 11, 1 / fps))
    assert {track for step in steps for track in confirmed(step)} == {"id1", "id2"}
    assert {track.id: track.box.centre[0] > 0.6 for track in steps[-1].tracks} == {"id1": False, "id2": True}


def test_walkers_at_two_pictures_a_second_whose_boxes_do_not_overlap():
    def script(t: float):
        return [found(walker(0.1 + 0.09 * t, 0.4)), found(walker(0.9 - 0.09 * t, 0.75))]

    times = np.arange(0, 8, 0.5)
    assert walker(0.1).x2 < walker(0.1 + 0.045).x1 + 0.001
    steps, _ = follow(script, times)
    assert {track for step in steps for track in confirmed(step)} == {"id1", "id2"}


@pytest.mark.parametrize(("label", "pace"), [("vehicle", 0.35), ("two_wheeler", 0.2)])
def test_fast_things_are_followed_from_the_first_look(label, pace):
    steps, _ = follow(
        lambda t: [found(walker(0.05 + pace * t, 0.5, 0.12, 0.1), 0.8, label)], np.arange(0, 0.9 / pace, 0.2)
    )
    assert {track for step in steps for track in confirmed(step)} == {"id1"}


def test_a_label_that_flips_now_and_then_changes_neither_track_nor_label():
    def script(t: float):
        label = "two_wheeler" if round(t * 5) % 4 == 3 else "person"
        return [found(walker(0.1 + 0.06 * t), 0.8, label)]

    steps, _ = follow(script, np.arange(0, 10, 0.2))
    assert {(track.id, track.label) for step in steps for track in step.tracks} == {("id1", "person")}


def test_the_same_moment_twice_is_no_further_evidence():
    steps, _ = follow(lambda _: [found(walker(0.5), 0.5)], [0, 0, 0, 0])
    assert [confirmed(step) for step in steps] == [[]] * 4
    assert [(track.hits, track.age_s) for track in steps[-1].tracks] == [(1, 0.0)]


def test_times_that_tremble_backwards_do_no_harm():
    times = np.arange(0, 6, 0.2) + np.tile([0.0, -0.3, 0.1], 10)
    steps, _ = follow(lambda t: [found(walker(0.2 + 0.02 * t))], times)
    assert {track for step in steps for track in confirmed(step)} == {"id1"}
    assert all(np.isfinite(track.box).all() for step in steps for track in step.tracks)


def test_a_clock_that_was_set_back_ends_what_was_known():
    steps, _ = follow(lambda _: [found(walker(0.5))], [0, 0.2, 0.4, 0.6, -3600, -3599.8, -3599.6])
    assert [track.id for track in steps[4].ended] == ["id1"]
    assert confirmed(steps[-1]) == ["id2"]


def test_a_hole_in_the_stream_ends_who_moved_and_not_what_stood():
    def script(t: float):
        return [found(walker(0.2)), found(walker(0.5 + 0.05 * t if t < 2 else 0.62))]

    steps, _ = follow(script, [*np.arange(0, 2, 0.2), *np.arange(12, 14, 0.2)])
    assert [[track.id for track in step.ended] for step in steps if step.ended] == [["id2"]]
    assert confirmed(steps[-1]) == ["id1", "id3"]


def test_nothing_of_an_hour_ago_is_continued():
    steps, _ = follow(lambda _: [found(walker(0.5))], [0, 0.2, 0.4, 3600, 3600.2, 3600.4])
    assert [track.id for track in steps[3].ended] == ["id1"]
    assert confirmed(steps[-1]) == ["id2"]


def test_who_leaves_the_picture_is_over_soon_and_the_next_is_somebody_else():
    def script(t: float):
        leaving = 0.7 + 0.1 * t
        return [found(walker(leaving))] if leaving < 1 else [found(walker(1.3 - 0.1 * t))] if t > 4 else []

    steps, _ = follow(script, np.arange(0, 7, 0.2))
    assert {track for step in steps for track in confirmed(step)} == {"id1", "id2"}
    over = next(index for index, step in enumerate(steps) if step.ended)
    assert over * 0.2 < 4


def test_boxes_that_are_none_are_passed_over():
    nan, inf = float("nan"), float("inf")
    bad = [
        Box(nan, 0, 1, 1),
        Box(0, 0, inf, 1),
        Box(0.5, 0.5, 0.5, 0.9),
        Box(0.9, 0.2, 0.1, 0.4),
        Box(-inf, -inf, inf, inf),
    ]
    steps, _ = follow(
        lambda t: [found(walker(0.2 + 0.06 * t)), *(found(box) for box in bad), found(walker(0.9), nan)],
        np.arange(0, 3, 0.2),
    )
    assert {track.id for step in steps for track in step.tracks} == {"id1"}


def test_pictures_with_nothing_in_them():
    steps, tracker = follow(lambda _: [], np.arange(0, 3, 0.2))
    assert all(step == Step((), ()) for step in steps)
    assert tracker.finish() == Step((), ())


def test_hundreds_of_boxes_stay_within_bounds():
    rng = np.random.default_rng(3)

    def script(_: float):
        return [found(walker(*rng.uniform(0.05, 0.95, 2)), float(rng.uniform(0.1, 1))) for _ in range(900)]

    steps, _ = follow(script, np.arange(0, 4, 0.2))
    assert max(len(step.tracks) for step in steps) == MOST_TRACKS
    assert all(len({track.id for track in step.tracks}) == len(step.tracks) for step in steps)


def test_another_resolution_and_shape_of_the_picture_changes_no_track():
    tracker = Tracker(ids())
    for number, time in enumerate(np.arange(0, 6, 0.2)):
        tracker.aspect = 16 / 9 if number < 15 else 4 / 3
        step = tracker.update([found(walker(0.1 + 0.06 * time))], at(time), never_still)
    assert confirmed(step) == ["id1"]


def test_who_walks_on_while_nobody_looks_is_found_again():
    tracker = Tracker(ids())
    for number in range(30):
        time = number * 0.2
        if number % 3:  # the gate lets two of three pictures pass unseen, though he goes on
            step = tracker.hold(at(time))
        else:
            step = tracker.update([found(walker(0.2 + 0.03 * time))], at(time), never_still)
    assert confirmed(step) == ["id1"]
    assert step.tracks[0].seen_ns == at(29 * 0.2)


def test_four_hours_of_standing_cost_no_memory():
    tracker = Tracker(ids())
    for number in range(6_000):
        step = tracker.update([found(walker(0.5))], at(number * 2.4), always_still)
    (track,) = step.tracks
    assert track.age_s == pytest.approx(5_999 * 2.4)
    assert len(track._votes) + sum(map(len, track._kinds.values())) <= 2  # and nothing else in it grows
    assert len(track.state) == 12


def test_expectation_follows_the_speed_and_slows_down():
    steps, _ = follow(lambda t: [found(walker(0.2 + 0.05 * t))], np.arange(0, 4, 0.2))
    (track,) = steps[-1].tracks
    assert track.speed[0] == pytest.approx(0.05, rel=0.1)
    soon, late = (track.expected(track.seen_ns + round(s * 1e9)).centre[0] - track.box.centre[0] for s in (0.2, 60))
    assert soon == pytest.approx(0.01, rel=0.15)
    assert late < 0.3
