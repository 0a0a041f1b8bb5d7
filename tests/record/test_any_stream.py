"""Whatever a camera sends: nothing falls, nothing is lost uncounted, and every closed file is what its row says."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from agent.core.clock import NS
from agent.core.media import Packet, StreamInfo, TimeSource
from agent.core.stop import StopToken
from agent.record.recorder import Recorder
from agent.record.segment import Segment
from tests.fixtures.clock import FakeClock
from tests.record.helpers import START_NS, new_store, read_all
from tests.record.readback import samples_of
from tests.record.test_sound import film

FAR = 2**62


class Step(NamedTuple):
    """How the next packet lies to the one before, in its track's ticks; `epoch` begins another session first."""

    epoch: bool
    track: int
    key: bool
    size: int
    dts: int
    late: int
    duration: int
    wall_ns: int


small = st.integers(-300, 900)
ticks = st.one_of(small, small, small, st.integers(-(2**33), 2**33), st.sampled_from([0, -FAR, FAR]))
steps = st.builds(
    Step,
    epoch=st.integers(0, 19).map(lambda n: n == 0),
    track=st.integers(0, 3).map(lambda n: n == 0).map(int),
    key=st.integers(0, 4).map(lambda n: n == 0),
    size=st.one_of(st.just(0), st.integers(1, 40), st.integers(40, 70_000)),
    dts=ticks,
    late=st.one_of(st.just(0), st.integers(0, 900), ticks),
    duration=st.one_of(st.just(100), st.integers(0, 900), ticks),
    wall_ns=st.one_of(
        st.just(NS // 10), st.just(NS), st.integers(-NS, 3 * NS), st.integers(-(10**13), 10**13), st.just(-START_NS)
    ),
)


@pytest.fixture(scope="module")
def shape(tmp_path_factory: pytest.TempPathFactory) -> StreamInfo:
    """A stream of H.264 with G.711 beside it, in milliseconds."""
    info, _ = read_all(film(tmp_path_factory.mktemp("shape") / "film.mkv", "pcm_mulaw", seconds=1))
    return info


def body(step: Step) -> bytes:
    """A slice that begins a picture, or (size below 3) an access unit without one; sound is any bytes."""
    if step.track:
        return bytes(step.size // 2 * 2)
    kind = b"\x06\x05" if step.size < 3 else b"\x65\x88" if step.key else b"\x41\x9a"
    unit = kind + b"\xaa" * (step.size - 2)
    return len(unit).to_bytes(4, "big") + unit if step.size else b""


def stream(shape: StreamInfo, script: list[Step]) -> list[StreamInfo | Packet]:
    found: list[StreamInfo | Packet] = []
    dts, wall_ns, epochs = [0, 0], START_NS, 0
    for number, step in enumerate(script):
        if step.epoch or not number:
            epochs += 1
            found.append(replace(shape, epoch=f"e{epochs}"))
        dts[step.track] = max(-(2**63) + 1, min(2**63 - 1, dts[step.track] + step.dts))
        wall_ns += step.wall_ns
        key = step.key or not number
        pts = max(-(2**63) + 1, min(2**63 - 1, dts[step.track] + step.late))
        found.append(
            Packet(
                step.track,
                body(step._replace(key=key)),
                pts,
                dts[step.track],
                step.duration,
                key,
                wall_ns,
                TimeSource.ARRIVAL,
                wall_ns,
                number,
            )
        )
    return found


@settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(script=st.lists(steps, min_size=10, max_size=80))
@example(script=[Step(epoch=True, track=0, key=True, size=9, dts=100, late=0, duration=100, wall_ns=-START_NS - 1)] * 3)
def test_any_packets_are_recorded_or_counted_and_every_file_is_whole(shape: StreamInfo, script: list[Step]) -> None:
    with TemporaryDirectory() as folder:
        segments: list[Segment] = []
        clock, stop = FakeClock(), StopToken()
        store = new_store(Path(folder) / "store", clock)
        try:
            recorder = Recorder("cam", store, clock, sync_interval_s=2, on_segment=segments.append)
            items = stream(shape, script)
            for item in items:
                recorder.opened(item) if isinstance(item, StreamInfo) else recorder.packet(item)
            recorder.closed("end")
            stop.set()
            recorder.run(stop)  # in this thread: what it raises is seen
            stats = recorder.stats()
            packets = [item for item in items if isinstance(item, Packet)]
            assert stats.packets_in == len(packets) == stats.packets_recorded + stats.packets_lost
            assert not stats.recording
            assert len({one.path for one in segments}) == len(segments) == store.catalogue.totals().segments
            for segment in segments:
                assert len(samples_of(store, segment)) == segment.packets
                assert 0 <= segment.end_ns - segment.start_ns < 90 * NS
                assert segment.media_ns < 90 * NS
            assert sum(segment.packets for segment in segments) <= stats.packets_recorded
            assert not list((store.root / "cam").rglob("*.open"))
        finally:
            store.close()
