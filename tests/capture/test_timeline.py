"""Wall time from timestamps: steady spacing, trusted cameras, late packets, stepping clocks."""

from fractions import Fraction
from itertools import pairwise

import pytest

from agent.capture.timeline import Arrival, Timeline, ticks_ns
from agent.core.clock import NS
from agent.core.media import TimeSource

WALL, MONO, FRAME = 1_780_000_000 * NS, 50 * NS, NS // 10


def arrival(at_ns: int, *, late_ns: int = 0, camera_off_ns: int | None = None, step_ns: int = 0) -> Arrival:
    """What a packet of stream time `at_ns` looks like when it is read."""
    camera_ns = None if camera_off_ns is None else WALL + at_ns + camera_off_ns
    return Arrival(WALL + at_ns + late_ns + step_ns, MONO + at_ns + late_ns, camera_ns)


def test_late_packets_do_not_bend_the_spacing() -> None:
    timeline = Timeline(0, arrival(0))
    jitter = [0, 90_000_000, 30_000_000, 400_000_000, 10_000_000]
    walls = [timeline.place(n * FRAME, arrival(n * FRAME, late_ns=jitter[n % 5])).wall_ns for n in range(40)]
    assert {later - earlier for earlier, later in pairwise(walls)} == {FRAME}
    assert walls[0] == WALL


def test_an_anchor_that_was_late_is_slewed_away_without_running_backwards() -> None:
    timeline = Timeline(0, arrival(0, late_ns=500_000_000))
    walls = [timeline.place(n * FRAME, arrival(n * FRAME)).wall_ns for n in range(400)]
    assert all(later > earlier for earlier, later in pairwise(walls))
    assert walls[0] - WALL == 500_000_000
    assert abs(walls[-1] - (WALL + 399 * FRAME)) < 5_000_000


def test_a_camera_near_our_clock_is_believed_and_its_offset_kept() -> None:
    timeline = Timeline(0, arrival(0, late_ns=80_000_000, camera_off_ns=20_000_000))
    placed = timeline.place(0, arrival(0, late_ns=80_000_000, camera_off_ns=20_000_000))
    assert placed.source is TimeSource.SENDER_REPORT
    assert placed.wall_ns == WALL + 20_000_000
    assert placed.offset_ns == -60_000_000


def test_a_camera_far_off_gives_spacing_only_and_its_offset_is_kept_all_the_same() -> None:
    timeline = Timeline(0, arrival(0))
    placed = timeline.place(FRAME, arrival(FRAME, camera_off_ns=3600 * NS))
    assert placed.source is TimeSource.ARRIVAL
    assert placed.wall_ns == WALL + FRAME
    assert placed.offset_ns == 3600 * NS


def test_the_first_sender_report_moves_time_gently() -> None:
    timeline = Timeline(0, arrival(0, late_ns=300_000_000))
    walls = []
    for n in range(200):
        known = None if n < 10 else 0
        walls.append(timeline.place(n * FRAME, arrival(n * FRAME, camera_off_ns=known)).wall_ns)
    assert all(later > earlier for earlier, later in pairwise(walls))
    assert walls[-1] == WALL + 199 * FRAME


def test_packets_read_from_a_buffer_lie_before_the_one_that_was_waited_for() -> None:
    timeline = Timeline(9 * FRAME, arrival(9 * FRAME))
    assert timeline.place(0, Arrival(WALL + 9 * FRAME, MONO + 9 * FRAME)).wall_ns == WALL


@pytest.mark.parametrize("step_s", [-3600, 5, 1_700_000_000])
def test_a_step_of_the_gateways_clock_is_told_and_bends_no_time(step_s: int) -> None:
    timeline = Timeline(0, arrival(0))
    walls = []
    for n in range(300):
        now = arrival(n * FRAME, step_ns=step_s * NS * (n >= 100))
        assert timeline.stepped(now) == (n >= 100)
        walls.append(timeline.place(n * FRAME, now).wall_ns)
    assert walls == [WALL + n * FRAME for n in range(300)]  # the caller begins a new epoch when it can


def test_a_step_that_is_taken_back_was_none() -> None:
    timeline = Timeline(0, arrival(0))
    assert timeline.stepped(arrival(FRAME, step_ns=60 * NS))
    assert not timeline.stepped(arrival(2 * FRAME))


def test_a_small_step_of_the_gateways_clock_is_slewed() -> None:
    timeline = Timeline(0, arrival(0))
    walls = [timeline.place(n * FRAME, arrival(n * FRAME, step_ns=-NS * (n >= 100))).wall_ns for n in range(600)]
    assert all(later > earlier for earlier, later in pairwise(walls))
    assert abs(walls[-1] - (WALL + 599 * FRAME - NS)) < 5_000_000


@pytest.mark.parametrize("jump_s", [3600, -3600, 7, -7])
def test_timestamps_that_are_set_anew_leave_wall_time_where_it_is(jump_s: int) -> None:
    timeline = Timeline(0, arrival(0))
    walls = [timeline.place(n * FRAME + jump_s * NS * (n >= 50), arrival(n * FRAME)).wall_ns for n in range(400)]
    assert walls == [WALL + n * FRAME for n in range(400)]


def test_timestamps_that_run_backwards_for_a_while_stay_within_seconds_of_the_truth() -> None:
    timeline = Timeline(0, arrival(0))
    there = [n * FRAME for n in range(300)]
    media = [*there, *reversed(there), *there]
    walls = [timeline.place(at, arrival(n * FRAME)).wall_ns for n, at in enumerate(media)]
    assert max(abs(wall - (WALL + n * FRAME)) for n, wall in enumerate(walls)) < 11 * NS


def test_a_stall_that_is_made_up_for_bends_no_time() -> None:
    timeline = Timeline(0, arrival(0))
    late = [max(0, 150 - n) * FRAME * (n >= 50) for n in range(400)]  # ten seconds of silence, then all at once
    walls = [timeline.place(n * FRAME, arrival(n * FRAME, late_ns=late[n])).wall_ns for n in range(400)]
    assert max(abs(wall - (WALL + n * FRAME)) for n, wall in enumerate(walls)) < NS


def test_sound_with_a_clock_of_its_own_moves_nothing() -> None:
    timeline = Timeline(0, arrival(0))
    for n in range(200):
        sound = timeline.place(n * FRAME + 3600 * NS, arrival(n * FRAME), leads=False)
        assert sound.wall_ns == WALL + n * FRAME
        assert timeline.place(n * FRAME, arrival(n * FRAME)).wall_ns == WALL + n * FRAME


def test_b_frames_take_their_own_place() -> None:
    timeline = Timeline(0, arrival(0))
    order = [0, 3, 1, 2, 6, 4, 5]
    walls = [timeline.place(n * FRAME, arrival(place * FRAME)).wall_ns for place, n in enumerate(order)]
    assert walls == [WALL + n * FRAME for n in order]


def test_ticks_are_exact_after_years() -> None:
    assert ticks_ns(90_000 * 86_400 * 3650 + 1, Fraction(1, 90_000)) == 86_400 * 3650 * NS + 11_111


def test_packets_that_lay_in_the_socket_do_not_move_the_offset() -> None:
    timeline = Timeline(0, arrival(0, camera_off_ns=0))
    found = []
    for n in range(100):
        late_ns = 600_000_000 - n % 6 * FRAME  # six at a time, the last of them just as it comes
        late_ns -= FRAME
        found.append(timeline.place(n * FRAME, arrival(n * FRAME, late_ns=late_ns, camera_off_ns=0)).offset_ns)
    assert all(abs(offset) < 10_000_000 for offset in found[6:] if offset is not None)


def test_a_camera_whose_clock_is_set_back_is_believed() -> None:
    timeline = Timeline(0, arrival(0, camera_off_ns=0))
    assert timeline.place(0, arrival(0, camera_off_ns=0)).offset_ns == 0
    assert timeline.place(FRAME, arrival(FRAME, camera_off_ns=-3 * NS)).offset_ns == -3 * NS
