"""Parameter sets that change in the middle of a session: a new epoch with a new init segment, and nothing is lost."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import av
import pytest

from agent.capture.files import FileOpener
from agent.capture.nal import ParameterSets
from agent.capture.rtsp import RtspOpener
from agent.core.clock import NS, SystemClock
from agent.core.nal import split
from agent.record.segment import Segment
from agent.record.store import SegmentStore
from agent.sim.rtsp.loop import Loop, Unit
from agent.sim.rtsp.rtp import payloads
from tests.fixtures.clips import make_clip
from tests.record.helpers import START_NS, new_store, units_of_files, units_of_packets
from tests.record.onair import on_air
from tests.record.readback import ffmpeg, pictures_of, play

START = b"\0\0\0\1"


def joined(folder: Path, *clips: Path) -> Path:
    """Clips one after another in one MPEG-TS, their times running on: a camera whose settings change."""
    (folder / "list.txt").write_text("".join(f"file '{clip}'\n" for clip in clips))
    target = folder / "joined.ts"
    ffmpeg("-f", "concat", "-safe", "0", "-i", str(folder / "list.txt"), "-c", "copy", str(target))
    return target


def sets_in_init(store: SegmentStore, segment: Segment) -> bytes:
    with av.open(str(store.root / segment.path)) as container:
        return bytes(container.streams.video[0].codec_context.extradata)


def first_sets(clip: Path, codec: str) -> list[bytes]:
    """The parameter sets before the first picture of a clip."""
    with av.open(str(clip)) as container:
        units = split(bytes(next(packet for packet in container.demux(video=0) if packet.is_keyframe)))
    kinds = {7, 8} if codec == "h264" else {32, 33, 34}
    return [unit for unit in units if (unit[0] & 0x1F if codec == "h264" else unit[0] >> 1 & 0x3F) in kinds]


@pytest.mark.parametrize(("codec", "encoder"), [("h264", "libx264"), ("hevc", "libx265")])
@pytest.mark.parametrize("b_frames", [0, 2])
def test_another_resolution_begins_another_segment(tmp_path: Path, codec: str, encoder: str, b_frames: int) -> None:
    shape = {"codec": encoder, "b_frames": b_frames}
    small = make_clip(tmp_path / "small.ts", seconds=12, size=(160, 96), **shape)
    large = make_clip(tmp_path / "large.ts", seconds=4, size=(320, 192), **shape)
    store, clock = new_store(tmp_path / "store"), SystemClock()
    source = joined(tmp_path, small, large, small)
    opener = FileOpener("cam", "main", source, clock, realtime=False, loop=False, start_wall_ns=START_NS)
    played = play(store, opener, clock, packets=10_000)
    segments = played.segments
    assert [segment.reason for segment in segments] == ["length", "changed", "changed", "length", "end"]
    if codec == "h264" or not b_frames:
        assert [segment.packets for segment in segments] == [100, 20, 40, 100, 20]
    assert len({segment.epoch for segment in segments}) == 3
    assert [info.after for info in played.kept.infos] == ["", "changed", "changed"]
    assert played.states[-1].reconnects == 0
    sizes = [(160, 96), (160, 96), (320, 192), (160, 96), (160, 96)]
    for segment, size, clip in zip(segments, sizes, [small, small, large, small, small], strict=True):
        assert segment.key
        shown = pictures_of(store, segment)
        assert {(picture.width, picture.height) for picture in shown} == {size}
        assert all(one in sets_in_init(store, segment) for one in first_sets(clip, codec))
        if codec == "h264" or not b_frames:  # x265 opens its groups: a picture may lean on the segment before
            assert len(shown) == segment.packets
    assert units_of_files(store.root / one.path for one in segments) == units_of_packets(played.kept.packets)
    walls = [segment.start_ns for segment in segments]
    assert [(wall - START_NS) / NS for wall in walls] == pytest.approx([0, 10, 12, 16, 26], abs=0.11)
    store.close()


def test_the_same_size_with_other_parameters_counts_too(tmp_path: Path) -> None:
    one = make_clip(tmp_path / "one.ts", seconds=2)
    other = make_clip(tmp_path / "other.ts", seconds=2, b_frames=2)
    store, clock = new_store(tmp_path / "store"), SystemClock()
    opener = FileOpener("cam", "main", joined(tmp_path, one, one, other), clock, realtime=False, loop=False)
    played = play(store, opener, clock, packets=10_000)
    assert [(one.reason, one.packets) for one in played.segments] == [("changed", 40), ("end", 20)]
    assert [len(pictures_of(store, one)) for one in played.segments] == [40, 20]
    store.close()


def test_a_looped_file_that_changes_changes_back(tmp_path: Path) -> None:
    one, other = (make_clip(tmp_path / f"{n}.ts", seconds=1, size=(160, 96 * n)) for n in (1, 2))
    store, clock = new_store(tmp_path / "store"), SystemClock()
    opener = FileOpener("cam", "main", joined(tmp_path, one, other), clock, realtime=False, loop=True)
    played = play(store, opener, clock, packets=45)
    assert [one.reason for one in played.segments[:4]] == ["changed"] * 4
    heights = [{picture.height for picture in pictures_of(store, one)} for one in played.segments[:4]]
    assert heights == [{96}, {192}, {96}, {192}]
    store.close()


class InBand(Loop):
    """A loop whose units carry their own parameter sets; SDP tells those of the first."""

    def payloads(self, number: int) -> list[bytes]:
        return payloads(self.unit(number).nals)


def in_band(*clips: Path, announced: Path | None = None, fps: int = 60) -> InBand:
    units: list[Unit] = []
    for clip in clips:
        with av.open(str(clip)) as container:
            found = [packet for packet in container.demux(video=0) if packet.size]
            units += [Unit(tuple(split(bytes(packet))), packet.is_keyframe) for packet in found]
    sps, pps = first_sets(announced or clips[0], "h264")
    return InBand(tuple(units), sps, pps, fps, 160, 96)


def test_a_camera_that_changes_in_one_session_without_a_new_sdp(tmp_path: Path) -> None:
    small = make_clip(tmp_path / "small.ts", seconds=6, size=(160, 96))
    large = make_clip(tmp_path / "large.ts", seconds=6, size=(320, 192))
    store, clock = new_store(tmp_path / "store"), SystemClock()
    with on_air(in_band(small, large)) as url:
        played = play(store, RtspOpener("cam", "main", url, None, None, clock), clock, packets=150)
    segments = played.segments
    assert [segment.reason for segment in segments] == ["changed", "changed", "stop"]
    for segment, clip, size in zip(segments, [small, large, small], [96, 192, 96], strict=True):
        shown = pictures_of(store, segment)
        assert {picture.height for picture in shown} == {size}
        assert len(shown) == segment.packets
        assert all(one in sets_in_init(store, segment) for one in first_sets(clip, "h264"))
    assert units_of_files(store.root / one.path for one in segments) == units_of_packets(played.kept.packets)
    assert played.states[-1].reconnects == 0
    dts = [packet.dts for packet in played.kept.packets]
    assert {later - earlier for earlier, later in pairwise(dts)} == {1500}  # the session went on
    store.close()


def test_an_sdp_that_lies_is_not_believed(tmp_path: Path) -> None:
    small = make_clip(tmp_path / "small.ts", seconds=1, size=(160, 96))
    large = make_clip(tmp_path / "large.ts", seconds=2, size=(320, 192))
    store, clock = new_store(tmp_path / "store"), SystemClock()
    with on_air(in_band(large, announced=small)) as url:
        played = play(store, RtspOpener("cam", "main", url, None, None, clock), clock, packets=40)
    [segment] = played.segments
    assert (played.kept.infos[0].video.width, played.kept.infos[0].video.height) == (320, 192)
    assert all(one in sets_in_init(store, segment) for one in first_sets(large, "h264"))
    assert {picture.height for picture in pictures_of(store, segment)} == {192}
    store.close()


def test_sets_that_nobody_understands_stay_in_the_stream(tmp_path: Path) -> None:
    loop = in_band(make_clip(tmp_path / "one.ts", seconds=2, size=(160, 96)))
    keys = [number for number, unit in enumerate(loop.units) if unit.key]
    odd = [*loop.units]
    odd[keys[1]] = Unit((b"\x67\xff", *odd[keys[1]].nals), True)
    store, clock = new_store(tmp_path / "store"), SystemClock()
    with on_air(replace(loop, units=tuple(odd))) as url:
        played = play(store, RtspOpener("cam", "main", url, None, None, clock), clock, packets=60)
    found = units_of_files(store.root / one.path for one in played.segments)
    assert found == units_of_packets(played.kept.packets)
    assert b"\x67\xff" in found
    store.close()


def nal(*units: bytes) -> bytes:
    return b"".join(START + unit for unit in units)


def test_sets_are_new_only_where_one_of_them_was_not_in_force() -> None:
    sets = ParameterSets("h264", nal(b"\x67A", b"\x68a", b"\x68b"))
    assert not sets.learn(nal(b"\x67A", b"\x68a", b"\x65picture"))  # a part of what is known
    assert not sets.learn(nal(b"\x41picture"))
    assert sets.learn(nal(b"\x68c"))
    assert sets.stream() == nal(b"\x67A", b"\x68c")  # the kind that was not sent stays
    assert sets.learn(nal(b"\x67B", b"\x68c"))
    assert sets.learn(nal(b"\x67A", b"\x68c"))  # and back again
    assert ParameterSets("hevc", b"").learn(nal(b"\x40\x01v", b"\x42\x01s", b"\x44\x01p"))
