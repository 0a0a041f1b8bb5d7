"""Start codes, missing timestamps, and the worker's manners towards its sinks."""

import logging
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.capture.files import FileOpener
from agent.capture.nal import is_annex_b
from agent.capture.rtsp import _with_keyframe
from agent.capture.stamps import Raw, Stamper
from agent.capture.timeline import Arrival
from agent.capture.worker import CaptureState, CaptureWorker
from agent.core.backoff import Backoff
from agent.core.clock import SystemClock
from agent.core.errors import SourceNotVideo, SourceUnreachable
from agent.core.media import Packet, StreamInfo
from agent.core.nal import with_lengths
from agent.core.stop import StopToken

units = st.lists(st.binary(min_size=1, max_size=60), min_size=1, max_size=8).map(
    lambda found: [one.replace(b"\0", b"\1") for one in found]
)


@given(units, st.booleans(), st.integers(0, 3))
def test_units_keep_their_bytes_and_order(found: list[bytes], long_codes: bool, trailing: int) -> None:
    code = b"\0\0\0\1" if long_codes else b"\0\0\1"
    stream = b"".join(code + unit for unit in found) + bytes(trailing)
    assert with_lengths(stream) == b"".join(len(unit).to_bytes(4, "big") + unit for unit in found)


@given(st.binary(max_size=300))
def test_any_bytes_give_well_formed_units(data: bytes) -> None:
    out, at = with_lengths(data), 0
    while at < len(out):
        size = int.from_bytes(out[at : at + 4], "big")
        assert size > 0
        at += 4 + size
    assert at == len(out)


def test_only_start_code_streams_are_rewritten() -> None:
    assert is_annex_b("h264", b"\0\0\0\1g")
    assert is_annex_b("hevc", b"")
    assert not is_annex_b("h264", b"\x01\x64\x00\x29")
    assert not is_annex_b("av1", b"\x81")


def raw(pts: int | None, dts: int | None, duration: int = 10, *, key: bool = False) -> Raw:
    return Raw(0, b"x", pts, dts, duration, key, Arrival(0, 0))


def stamps(packets: list[Raw], usual: int = 10) -> list[tuple[int, int]]:
    return [(stamp.pts, stamp.dts) for _, stamp in Stamper((usual,)).stamped(packets)]


def test_the_first_packets_without_times_are_counted_back() -> None:
    assert stamps([raw(None, None, key=True), raw(10, 10), raw(20, 20)]) == [(0, 0), (10, 10), (20, 20)]


def test_a_declared_rate_that_lies_is_not_counted_back_with() -> None:
    assert stamps([raw(None, None, 40, key=True), raw(100, 100, 40), raw(110, 110, 40)])[0] == (90, 90)


def test_b_frames_get_their_missing_dts_from_the_first_that_has_one() -> None:
    packets = [raw(None, None), raw(40, None), raw(20, None), raw(10, 10), raw(30, 20)]
    assert stamps(packets) == [(0, -20), (40, -10), (20, 0), (10, 10), (30, 20)]


def test_a_bare_stream_is_counted_from_zero_by_its_usual_rate() -> None:
    assert stamps([raw(None, None, 0) for _ in range(50)], usual=40)[-2:] == [(1920, 1920), (1960, 1960)]


def test_sound_does_not_overtake_a_keyframe_that_waits_for_its_stamp() -> None:
    sound = [Raw(1, b"s", at, at, 160, False, Arrival(0, 0)) for at in (0, 160)]
    order = [raw(None, None, key=True), sound[0], raw(10, 10), sound[1]]
    stamped = list(Stamper((10, 160)).stamped(order))
    assert [packet for packet, _ in stamped] == order
    assert [stamp.dts for _, stamp in stamped] == [0, 0, 10, 160]


@pytest.mark.parametrize("step_ms", [0, 20, 100, 1000])
def test_sound_without_times_that_falls_silent_lets_the_picture_go_on(step_ms: int) -> None:
    """As FFmpeg gives AAC over RTSP that begins later: no dts until several packets have come."""
    pictures = [Raw(0, b"p", at, at, 10, at == 0, Arrival(0, at * step_ms * 100_000)) for at in range(0, 3000, 10)]
    sounds = [Raw(1, b"s", None, None, 0, False, pictures[20].arrival) for _ in range(3)]
    order = [*pictures[:20], *sounds, *pictures[20:]]
    taken: list[Raw] = []
    late = [0]

    def came() -> Iterator[Raw]:
        for packet in order:
            yield packet
            taken.append(packet)

    for number, (packet, stamp) in enumerate(Stamper((10, 1024)).stamped(came())):
        assert packet is order[number]
        assert packet.track == 0 or stamp.dts == 1024 * (number - 20)
        late.append(len(taken) - number)
    assert max(late) <= (100 if step_ms < 20 else 2000 // step_ms + 5)
    assert late[-1] <= 1


class Refusing:
    """A sink that breaks the rule never to raise."""

    hurried = True

    def opened(self, _: object) -> None:
        raise RuntimeError("sink fell")

    packet = closed = opened


class Counting:
    hurried = True

    def __init__(self) -> None:
        self.packets, self.calls = 0, []

    def opened(self, _: StreamInfo) -> None:
        self.calls.append("opened")

    def packet(self, _: Packet) -> None:
        self.packets += 1

    def closed(self, reason: str) -> None:
        self.calls.append(reason)


def test_a_sink_that_fails_harms_only_itself(clip_h264: object, caplog: pytest.LogCaptureFixture) -> None:
    opener = FileOpener("cam", "main", clip_h264, SystemClock(), realtime=False, loop=False)
    good, stop = Counting(), StopToken()
    worker = CaptureWorker("capture-cam", opener, [Refusing(), good], SystemClock(), lambda _: None)
    thread = threading.Thread(target=worker.run, args=(stop,))
    thread.start()
    while good.calls[-1:] != ["end"]:
        stop.wait(0.01)
    stop.set()
    thread.join()
    assert (good.packets, good.calls) == (40, ["opened", "end"])
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == [
        "capture-cam: Refusing failed; the others go on"
    ]


class Absent:
    """An opener of a camera that is not there; after some attempts it asks for the stop."""

    place = "rtsp://nowhere/"

    def __init__(self, stop: StopToken, attempts: int) -> None:
        self._stop, self._attempts = stop, attempts

    def open(self, _: StopToken) -> Iterator[Packet]:
        self._attempts -= 1
        if not self._attempts:
            self._stop.set()
        raise SourceUnreachable("rtsp://nowhere/: nobody answers; check address, port and network")


def test_trouble_that_lasts_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    stop, states = StopToken(), []
    worker = CaptureWorker("capture-cam", Absent(stop, 5), [], SystemClock(), states.append, Backoff(0.001, 0.002))
    worker.run(stop)
    assert len([record for record in caplog.records if "nobody answers" in record.getMessage()]) == 1
    assert [state.error.endswith("network") for state in states] == [True, False]
    assert all(isinstance(state, CaptureState) and not state.online for state in states)


class Odd(Absent):
    """An opener that fails as nobody foresaw."""

    def open(self, _: StopToken) -> Iterator[Packet]:
        raise MemoryError("no room for it")


def test_a_fall_that_nobody_foresaw_is_in_the_state_too() -> None:
    stop, states = StopToken(), []
    worker = CaptureWorker("capture-cam", Odd(stop, 1), [], SystemClock(), states.append)
    with pytest.raises(MemoryError):
        worker.run(stop)
    assert [(state.online, state.error) for state in states] == [
        (False, "rtsp://nowhere/: MemoryError: no room for it")
    ]


def test_a_stream_without_keyframes_is_given_up() -> None:
    stamps = [Raw(0, b"x", 0, 0, 1, False, Arrival(0, second * 10**9)) for second in range(100)]
    with pytest.raises(SourceNotVideo, match="set a shorter GOP"):
        list(_with_keyframe(iter(stamps), 60 * 10**9, "rtsp://cam/"))
    stamps[5] = Raw(0, b"x", 0, 0, 1, True, Arrival(0, 5 * 10**9))
    assert len(list(_with_keyframe(iter(stamps), 60 * 10**9, "rtsp://cam/"))) == 100
