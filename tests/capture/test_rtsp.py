"""RTSP against GStreamer's server and against things that are no camera."""

import itertools
import logging
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import av
import pytest

from agent.capture.rtsp import OPEN_TIMEOUT_S, READ_TIMEOUT_S, RtspOpener, without_secrets
from agent.capture.worker import CaptureState, CaptureWorker
from agent.core.backoff import Backoff
from agent.core.clock import NS, SystemClock
from agent.core.errors import SourceError, SourceNotVideo, SourceRefused, SourceUnreachable
from agent.core.media import Packet, StreamInfo, TimeSource
from agent.core.stop import StopToken
from agent.edge.gateway import END_WITHIN_S
from tests.fixtures.gst import GstServer

PASSWORD = "p@ss/:#word%"


def opener(url: str, username: str | None = None, password: str | None = None, **limits: float) -> RtspOpener:
    return RtspOpener("cam", "main", url, username, password, SystemClock(), **limits)


def some_packets(source_opener: RtspOpener, count: int) -> tuple[StreamInfo, list[Packet]]:
    stop = StopToken()
    source = source_opener.open(stop)
    packets = []
    try:
        for packet in source.packets(stop):
            packets.append(packet)
            if len(packets) == count:
                stop.set()
    finally:
        source.close()
    return source.info, packets


def test_traffic_over_digest_arrives_as_the_file_has_it(
    gst_server: Callable[..., GstServer], traffic_h264: Path
) -> None:
    server = gst_server({"/traffic": traffic_h264}, "root", PASSWORD)
    info, packets = some_packets(opener(server.url("/traffic"), "root", PASSWORD), 60)
    assert (info.video.codec, info.video.width, info.video.height) == ("h264", 320, 240)
    assert packets[0].key
    with av.open(str(traffic_h264)) as container:
        wanted = [bytes(packet) for packet in container.demux(video=0) if packet.size][:60]
    for packet, original in zip(packets, wanted, strict=True):
        assert packet.data.endswith(original[-200:])  # the server puts delimiters and parameter sets in front
    assert all(later.dts > earlier.dts for earlier, later in itertools.pairwise(packets))
    spacing = [later.wall_ns - earlier.wall_ns for earlier, later in itertools.pairwise(packets)]
    assert min(spacing) > 0.9 * NS / 25
    assert max(spacing) < 1.1 * NS / 25


def test_what_arrives_decodes_with_the_announced_extradata(
    gst_server: Callable[..., GstServer], traffic_h264: Path
) -> None:
    server = gst_server({"/traffic": traffic_h264})
    info, packets = some_packets(opener(server.url("/traffic")), 30)
    decoder = av.CodecContext.create(info.video.codec, "r")
    decoder.extradata = info.video.extradata
    frames = [frame for packet in packets for frame in decoder.decode(av.Packet(packet.data))] + decoder.decode(None)
    assert len(frames) == 30


def test_the_cameras_clock_gives_the_wall_time_when_it_is_near_ours(gst_server: Callable[..., GstServer]) -> None:
    _info, packets = some_packets(opener(gst_server().url("/live")), 50)
    last = packets[-1]
    assert last.time_source is TimeSource.SENDER_REPORT
    assert last.offset_ns is not None
    assert abs(last.offset_ns) < NS
    assert abs(last.wall_ns - last.arrived_wall_ns) < NS
    assert packets[0].wall_ns < packets[0].arrived_wall_ns  # it waited in a buffer while the stream was probed


def test_h265_comes_as_hvc1(gst_server: Callable[..., GstServer], data: Path) -> None:
    server = gst_server({"/h265": data / "axis" / "test_h265.mp4"})
    info, packets = some_packets(opener(server.url("/h265")), 20)
    assert (info.video.codec, info.video.width) == ("hevc", 640)
    assert b"hvc1" in info.init
    assert packets[0].key


@pytest.mark.parametrize(("username", "password"), [("root", "wrong"), (None, None)])
def test_a_wrong_password_is_refused_in_one_line_that_hides_it(
    gst_server: Callable[..., GstServer], username: str | None, password: str | None
) -> None:
    server = gst_server({}, "root", PASSWORD)
    with pytest.raises(SourceRefused, match="refuses the user name or password") as caught:
        opener(server.url("/live"), username, password).open(StopToken())
    assert_one_clear_line(caught.value, "wrong")


def test_a_stream_the_camera_does_not_know_is_not_video(gst_server: Callable[..., GstServer]) -> None:
    with pytest.raises(SourceNotVideo, match="no such stream"):
        opener(gst_server().url("/nothing")).open(StopToken())


@pytest.mark.parametrize("host", ["127.0.0.1:1", "no-such-camera.invalid"])
def test_nobody_there_is_unreachable(host: str) -> None:
    with pytest.raises(SourceUnreachable, match="check") as caught:
        opener(f"rtsp://{host}/x", "root", "s3cret").open(StopToken())
    assert_one_clear_line(caught.value, "s3cret")


def test_a_server_that_talks_garbage_is_not_video() -> None:
    with garbage_server(b"220 mail.example ESMTP\r\n" * 50) as port, pytest.raises(SourceError) as caught:
        opener(f"rtsp://127.0.0.1:{port}/x", "root", "s3cret", open_timeout_s=2).open(StopToken())
    assert isinstance(caught.value, SourceNotVideo)
    assert_one_clear_line(caught.value, "s3cret")


def test_a_server_that_says_nothing_ends_at_the_open_limit() -> None:
    with garbage_server(b"") as port, pytest.raises(SourceUnreachable, match="nobody answers"):
        opener(f"rtsp://127.0.0.1:{port}/x", open_timeout_s=0.5).open(StopToken())


def test_the_place_carries_no_secret() -> None:
    assert without_secrets("rtsp://user:pw@h:554/a?b=c") == "rtsp://h:554/a?b=c"
    made = opener("rtsp://user@h/a", "root", "s3cret")
    assert "s3cret" not in repr(made) + made.place
    assert "user" not in made.place


def test_a_camera_that_dies_and_comes_back_is_recorded_again(
    gst_server: Callable[..., GstServer], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    server = gst_server({}, "root", PASSWORD)
    sink, states, stop = Collected(), [], StopToken()
    source = opener(server.url("/live"), "root", PASSWORD, open_timeout_s=3, read_timeout_s=2)
    worker = CaptureWorker("capture-cam", source, [sink], SystemClock(), states.append, Backoff(0.1, 0.3))
    thread = threading.Thread(target=worker.run, args=(stop,))
    thread.start()
    try:
        wait_for(lambda: any(state.fps for state in states))
        server.kill()
        wait_for(lambda: not worker.state.online)
        wait_for(lambda: "nobody answers" in worker.state.error)
        before = len(sink.packets)
        server.start()
        wait_for(lambda: len(sink.packets) > before + 20)
    finally:
        stop.set()
        thread.join(10)
    assert [kind for kind, _ in sink.calls] == ["opened", "closed", "opened", "closed"]
    assert [reason for kind, reason in sink.calls if kind == "closed"] == ["lost", "stop"]
    assert len(set(sink.epochs)) == 2
    assert sink.packets[before].key
    assert worker.state.reconnects == 1
    assert_state_story(states)
    assert PASSWORD not in caplog.text
    refusals = [record for record in caplog.records if "nobody answers" in record.getMessage()]
    assert len(refusals) == 1  # however many attempts there were


def assert_state_story(states: list[CaptureState]) -> None:
    online = [state.online for state in states]
    changes = [online[0], *(b for a, b in itertools.pairwise(online) if a != b)]
    assert changes == [True, False, True, False]
    assert next(state.fps for state in states if state.fps) == pytest.approx(15, abs=0.5)


def assert_one_clear_line(error: Exception, secret: str) -> None:
    text = str(error)
    assert "\n" not in text
    assert "rtsp://" in text
    assert f":{secret}" not in text
    assert PASSWORD not in text
    assert error.__suppress_context__  # the foreign error has the whole address in it


class Collected:
    """A sink that keeps what it gets."""

    hurried = True

    def __init__(self) -> None:
        self.packets: list[Packet] = []
        self.calls: list[tuple[str, str]] = []
        self.epochs: list[str] = []

    def opened(self, info: StreamInfo) -> None:
        self.calls.append(("opened", ""))
        self.epochs.append(info.epoch)

    def packet(self, packet: Packet) -> None:
        self.packets.append(packet)

    def closed(self, reason: str) -> None:
        self.calls.append(("closed", reason))


def wait_for(condition: Callable[[], bool], limit_s: float = 20) -> None:
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


class garbage_server:  # noqa: N801 - used as a context manager function
    """Says `words` to everyone who connects, and holds the line."""

    def __init__(self, words: bytes) -> None:
        self._words, self._done = words, threading.Event()

    def __enter__(self) -> int:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return int(self._listening.getsockname()[1])

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        self._listening.close()

    def _serve(self) -> None:
        self._listening.settimeout(0.05)
        talks = []
        while not self._done.is_set():
            try:
                talks.append(self._listening.accept()[0])
                talks[-1].sendall(self._words)
            except TimeoutError:
                continue
        for talk in talks:
            talk.close()


def test_an_end_that_is_asked_for_during_the_opening_is_not_delayed_by_more_questions() -> None:
    stop = StopToken()
    stop.set()
    with garbage_server(b"") as port, pytest.raises(SourceNotVideo):  # nobody asked whether it says anything at all
        opener(f"rtsp://127.0.0.1:{port}/x", open_timeout_s=0.5).open(stop)


def test_opening_and_reading_together_leave_time_for_an_orderly_end() -> None:
    assert OPEN_TIMEOUT_S + READ_TIMEOUT_S < END_WITHIN_S
