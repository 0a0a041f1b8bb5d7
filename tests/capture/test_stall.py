"""A camera whose picture hangs while its sound goes on: a broken stream, but a picture that comes seldom is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import pytest

from agent.capture.rtsp import RtspOpener
from agent.capture.stall import with_pictures
from agent.capture.stamps import Raw
from agent.capture.timeline import Arrival
from agent.core.clock import NS, SystemClock
from agent.core.errors import SourceBroken
from agent.core.media import Packet
from agent.core.stop import StopToken
from tests.fixtures.clock import FakeClock
from tests.fixtures.gst import GstServer
from tests.record.readback import ffmpeg

HANGS_AT_S = 3


def raw(track: int, at_s: float) -> Raw:
    return Raw(track, b"x", 0, 0, 1, track == 0, Arrival(0, int(at_s * NS)))


def stream(pictures: list[float], sound: range) -> list[Raw]:
    return sorted(
        [raw(0, at) for at in pictures] + [raw(1, at + 0.5) for at in sound], key=lambda one: one.arrival.mono_ns
    )


def broken_at(packets: list[Raw]) -> float | None:
    """When the stream is called broken, if it is."""
    taken = iter(packets)
    try:
        for _ in with_pictures(taken, "rtsp://cam/"):
            pass
    except SourceBroken:
        after = next(taken, None)
        return None if after is None else after.arrival.mono_ns / NS
    return None


def test_a_picture_that_stops_while_sound_comes_is_a_broken_stream() -> None:
    seen: list[Raw] = []
    with pytest.raises(SourceBroken, match="rtsp://cam/: no picture for 20 s though sound comes; trying again"):
        seen.extend(with_pictures(stream([0, 1, 2, 3], range(100)), "rtsp://cam/"))
    assert seen[-1].arrival.mono_ns == 22.5 * NS


@pytest.mark.parametrize("spacing_s", [1, 15, 30, 50])
def test_pictures_that_come_seldom_are_waited_for(spacing_s: int) -> None:
    pictures = [float(spacing_s * n) for n in range(12)]
    packets = stream(pictures, range(12 * spacing_s))
    assert len(list(with_pictures(packets, "rtsp://cam/"))) == len(packets)
    hangs = stream(pictures, range(100 * spacing_s + 200))
    bound_s = max(20, 5 * spacing_s)
    assert broken_at(hangs) == pytest.approx(pictures[-1] + bound_s, abs=3)


def test_a_stream_of_pictures_alone_is_left_to_the_read_limit() -> None:
    packets = [raw(0, at) for at in (0, 1, 500, 501)]
    assert list(with_pictures(packets, "rtsp://cam/")) == packets


def test_a_gateway_that_stood_still_blames_no_camera() -> None:
    packets = [raw(0, 0), raw(0, 1), raw(1, 2), raw(1, 500), raw(0, 501), raw(1, 502)]
    assert list(with_pictures(packets, "rtsp://cam/")) == packets
    assert broken_at([*packets, *(raw(1, at) for at in range(503, 600))]) == pytest.approx(550, abs=10)


class Hanging:
    """A container that comes in its own time, whose video ends after some seconds."""

    def __init__(self, container: av.container.InputContainer, clock: FakeClock) -> None:
        self.streams, self.close = container.streams, container.close
        self._container, self._clock = container, clock
        self._at_s = 0.0

    def demux(self, streams: Any) -> Iterator[Any]:
        for packet in self._container.demux(streams):
            at_s = float((packet.dts or 0) * packet.time_base)
            if packet.stream_index and at_s > self._at_s:
                self._clock.advance(at_s - self._at_s)
                self._at_s = at_s
            if packet.stream_index or at_s < HANGS_AT_S:
                yield packet


def test_the_session_ends_when_its_picture_hangs(
    tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    film, real = tmp_path / "film.mkv", av.open
    sources = ("testsrc=size=160x96:rate=10:duration=40", "sine=sample_rate=8000:duration=40")
    inputs = [word for source in sources for word in ("-f", "lavfi", "-i", source)]
    ffmpeg(*inputs, "-c:v", "libx264", "-bf", "0", "-g", "10", "-pix_fmt", "yuv420p", "-c:a", "pcm_mulaw", str(film))

    def opened(place: Any, *given: Any, **named: Any) -> Any:
        found = real(place, *given, **named)
        return Hanging(found, clock) if place == str(film) else found

    monkeypatch.setattr("av.open", opened)
    source = RtspOpener("cam", "main", str(film), None, None, clock).open(StopToken())
    packets: list[Packet] = []
    with pytest.raises(SourceBroken, match="no picture for 20 s though sound comes"):
        packets.extend(source.packets(StopToken()))
    source.close()
    pictures = [packet for packet in packets if packet.track == 0]
    assert len(pictures) == 10 * HANGS_AT_S
    assert 19 < (packets[-1].arrived_mono_ns - pictures[-1].arrived_mono_ns) / NS < 21


def test_a_camera_whose_encoder_hangs_is_left_for_a_new_session(
    gst_server: Callable[..., GstServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.capture.stall._SILENT_NS", 2 * NS)
    opener = RtspOpener("cam", "main", gst_server().url("/live-hangs"), None, None, SystemClock())
    source = opener.open(StopToken())
    tracks: list[int] = []
    with pytest.raises(SourceBroken, match="/live-hangs: no picture for 2 s though sound comes; trying again"):
        tracks.extend(packet.track for packet in source.packets(StopToken()))
    source.close()
    assert set(tracks) == {0, 1}
    assert set(tracks[-10:]) == {1}
