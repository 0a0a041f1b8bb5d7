"""Files as cameras: whole, cut, looped, paced, and no video at all."""

from itertools import pairwise
from pathlib import Path

import av
import pytest

from agent.capture.files import FileOpener, FileSource
from agent.capture.opener import opener_for
from agent.capture.rtsp import RtspOpener
from agent.core.clock import NS, SystemClock
from agent.core.errors import SourceBroken, SourceNotVideo, SourceUnreachable
from agent.core.media import MediaKind, Packet, TimeSource
from agent.core.stop import StopToken
from agent.core.upright import rotation_of
from tests.fixtures.clips import make_clip
from tests.fixtures.clock import FakeClock

START_NS = 1_780_000_000 * NS


def play(path: Path | str, **options: object) -> tuple[FileSource, list[Packet]]:
    settings = {"realtime": False, "loop": False, "start_wall_ns": START_NS, **options}
    source = FileOpener("cam", "main", path, SystemClock(), **settings).open(StopToken())
    try:
        return source, list(source.packets(StopToken()))
    finally:
        source.close()


def test_every_packet_of_a_file_comes_with_its_place_in_time(clip_h264: Path) -> None:
    source, packets = play(clip_h264)
    assert len(packets) == 40
    assert [packet.wall_ns - START_NS for packet in packets] == [number * NS // 10 for number in range(40)]
    assert {packet.time_source for packet in packets} == {TimeSource.FILE}
    assert [packet.key for packet in packets].count(True) == 4
    assert source.info.opened_wall_ns == START_NS


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_how_players_turn_a_file_is_told_and_stays_with_its_packets(tmp_path: Path, suffix: str, rotation: int) -> None:
    source, _ = play(make_clip(tmp_path / f"a.{suffix}", seconds=0.5, rotation=rotation))
    video = source.info.video
    assert (video.rotation, video.width, video.height) == (rotation, *((180, 320) if rotation % 180 else (320, 180)))
    assert rotation_of(source.info.init) == rotation


@pytest.mark.parametrize("name", ["axis/test_h264.mp4", "axis/test_h265.mp4", "axis/signed_vendor_axis.h264"])
def test_init_describes_the_packets_so_that_they_can_be_muxed_elsewhere(data: Path, tmp_path: Path, name: str) -> None:
    source, packets = play(data / name)
    (tmp_path / "made.mp4").write_bytes(source.info.init)
    with av.open(str(tmp_path / "made.mp4")) as container:
        assert container.streams.video[0].codec_context.name == source.info.video.codec
    decoder = av.CodecContext.create(source.info.video.codec, "r")
    decoder.extradata = source.info.video.extradata
    frames = 0
    for packet in packets:
        try:
            frames += len(decoder.decode(av.Packet(packet.data)))
        except av.InvalidDataError:  # an access unit that is nothing but SEI
            continue
    assert frames + len(decoder.decode(None)) >= len(packets) - 2


def test_every_sample_video_plays_in_order_with_times(data: Path) -> None:
    for path in [*(data / "video").iterdir(), *(data / "axis").iterdir()]:
        source, packets = play(path)
        video = [packet for packet in packets if packet.track == source.info.video_index]
        assert len(video) > 30, path
        assert all(later.dts >= earlier.dts for earlier, later in pairwise(video)), path
        assert min(packet.wall_ns for packet in video) == START_NS, path
        assert source.info.video.width > 0, path


def test_aac_is_kept_and_what_mp4_lacks_has_no_init(data: Path) -> None:
    source, _ = play(data / "video" / "gabriel_parking.mp4")
    assert [track.kind for track in source.info.tracks] == [MediaKind.VIDEO, MediaKind.AUDIO]
    source, packets = play(data / "video" / "intel_person-bicycle-car-detection.gif")
    assert source.info.init == b""
    assert source.info.video.codec == "gif"
    assert len(packets) == 41


@pytest.mark.parametrize(
    ("suffix", "options"),
    [
        ("mp4", {"movflags": "faststart"}),
        ("mp4", {"movflags": "empty_moov+default_base_moof", "frag_duration": "500000"}),
        ("mkv", {}),
        ("avi", {}),
    ],
)
def test_a_file_cut_in_the_middle_gives_all_it_has_and_then_says_where_it_broke(
    tmp_path: Path, clip_h264: Path, suffix: str, options: dict[str, str]
) -> None:
    whole = in_container(clip_h264, tmp_path / f"whole.{suffix}", options)
    cut = tmp_path / f"cut.{suffix}"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    packets: list[Packet] = []
    with pytest.raises(SourceBroken, match=rf"{cut}: broke off at \d\.\d s .*; what came before is good") as caught:
        play_into(packets, cut)
    assert "\n" not in str(caught.value)
    assert 5 < len(packets) < 35
    _, everything = play(whole)
    assert [packet.data for packet in packets] == [packet.data for packet in everything[: len(packets)]]


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "avi", "ts"])
def test_a_whole_file_is_never_called_cut(tmp_path: Path, clip_h264: Path, suffix: str) -> None:
    _, packets = play(in_container(clip_h264, tmp_path / f"whole.{suffix}", {}))
    assert len(packets) == 40


@pytest.mark.parametrize("content", [b"", b"hello world\n" * 400, bytes(range(256)) * 100])
def test_what_is_no_video_says_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "thing.txt"
    path.write_bytes(content)
    with pytest.raises(SourceNotVideo, match=r"thing\.txt: .*video") as caught:
        play(path)
    assert "\n" not in str(caught.value)


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(SourceUnreachable, match="No such file or directory; check the path"):
        play(tmp_path / "nothing.mp4")


def test_a_loop_goes_on_in_time_without_a_seam(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "short.mp4", seconds=1)
    source = FileOpener("cam", "main", path, SystemClock(), realtime=False, loop=True).open(StopToken())
    stop = StopToken()
    packets = []
    for packet in source.packets(stop):
        packets.append(packet)
        if len(packets) == 35:
            stop.set()
    source.close()
    steps = {later.wall_ns - earlier.wall_ns for earlier, later in pairwise(packets)}
    assert steps == {NS // 10}
    assert all(packet.data == packets[number % 10].data for number, packet in enumerate(packets))


def test_real_time_holds_each_packet_back_to_its_moment(tmp_path: Path) -> None:
    clock, stop = FakeClock(), PatientStop()
    stop.clock = clock
    path = make_clip(tmp_path / "short.mp4", seconds=2)
    source = FileOpener("cam", "main", path, clock, realtime=True, loop=False).open(stop)
    arrived = [clock.mono_ns() for _ in source.packets(stop)]
    source.close()
    assert [moment - arrived[0] for moment in arrived] == pytest.approx([n * NS // 10 for n in range(20)], abs=2)


def test_a_file_address_plays_for_ever_and_all_else_is_rtsp(clip_h264: Path) -> None:
    assert isinstance(opener_for("c", "main", "rtsp://h/x", None, None, SystemClock()), RtspOpener)
    opener = opener_for("c", "main", f"file:{clip_h264}", None, None, SystemClock())
    assert isinstance(opener, FileOpener)
    assert opener.place == str(clip_h264)


def play_into(kept: list[Packet], path: Path) -> None:
    source = FileOpener("cam", "main", path, SystemClock(), realtime=False, loop=False).open(StopToken())
    try:
        for packet in source.packets(StopToken()):
            kept.append(packet)  # noqa: PERF402 - what came before the error counts
    finally:
        source.close()


class PatientStop(StopToken):
    """Waiting moves the simulated clock."""

    clock: FakeClock

    def wait(self, timeout_s: float | None = None) -> bool:
        self.clock.advance(timeout_s or 0)
        return False


def in_container(source: Path, target: Path, options: dict[str, str]) -> Path:
    if target.suffix == ".avi":
        return make_clip(target, codec="mpeg4")
    with av.open(str(source)) as given, av.open(str(target), "w", options=options) as out:
        stream = out.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(video=0):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    return target
