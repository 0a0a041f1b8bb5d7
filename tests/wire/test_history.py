"""Several spans as one: what is added up, what is at its worst, what is in the middle."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agent.wire.messages import CameraSample, HealthSample, camera_over, gateway_over, sample_over

T = "2026-01-01T00:00:00.000Z"


def sample(span_s: float = 60.0, **more: object) -> HealthSample:
    return HealthSample.model_validate({"time": T, "span_s": span_s} | more)


def test_a_gateway_over_two_spans() -> None:
    first = sample(60, temperature_c=50, load=1.0, disk_free=900, disk_total=1000, outbox_messages=7, uplink_bytes=10)
    second = sample(180, temperature_c=70, load=3.0, disk_free=950, disk_total=1000, uplink_bytes=30)
    found = gateway_over([first, second])
    assert (found.time, found.span_s, found.uplink_bytes, found.outbox_messages) == (T, 240, 40, 7)
    assert (found.temperature_c, found.disk_free, found.load) == (70, 900, 2.5)


def test_the_lowest_step_keeps_its_name_and_a_clock_is_known_at_its_worst() -> None:
    spans = [sample(shed="none"), sample(shed="keyframes only", shed_level=3, clock_offset_ms=-80), sample()]
    spans.append(sample(clock_offset_ms=20))
    found = gateway_over(spans)
    assert (found.shed, found.shed_level, found.clock_offset_ms) == ("keyframes only", 3, -80)


def test_what_nobody_measured_stays_unknown() -> None:
    found = gateway_over([sample(), sample()])
    assert (found.temperature_c, found.load, found.disk_free, found.clock_offset_ms) == (None, None, None, None)


def test_a_camera_counts_the_time_it_was_there() -> None:
    here, gone = CameraSample(id="a", online=1, fps=15, recorded=900), CameraSample(id="a", online=0, reconnects=2)
    found = camera_over([(180.0, here), (60.0, gone)])
    assert (found.online, found.fps, found.recorded, found.reconnects) == (0.75, 15, 900, 2)


def test_cameras_that_come_and_go_are_each_told_of() -> None:
    spans = [sample(cameras=[{"id": "a", "online": 1}]), sample(cameras=[{"id": "b", "online": 1, "lost": 3}])]
    assert [(one.id, one.lost) for one in sample_over(spans).cameras] == [("a", 0), ("b", 3)]


COUNTS = st.integers(0, (1 << 53) - 1)
SAMPLES = st.builds(
    sample,
    st.floats(0.001, 7 * 86_400),
    temperature_c=st.none() | st.floats(-300, 3000),
    load=st.none() | st.floats(0, 1e6),
    uplink_bytes=COUNTS,
    cameras=st.lists(st.fixed_dictionaries({"id": st.sampled_from("abc"), "online": st.floats(0, 1)}), max_size=3),
)


@given(st.lists(SAMPLES, min_size=1, max_size=8))
def test_whatever_was_taken_in_can_be_put_together(samples: list[HealthSample]) -> None:
    """Hours are made of what gateways said, however odd: one that could not be made would stop all thinning."""
    whole = sample_over(samples)
    assert HealthSample.model_validate(whole.model_dump()) == whole
    assert sample_over([whole, *samples])
