"""Fragments made here, read back by FFmpeg: what goes in comes out, whatever the timestamps."""

import io
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.core.media import Packet, StreamInfo
from agent.record.fragment import FragmentMaker
from tests.fixtures.clips import make_clip
from tests.record.helpers import read_all


def written(info: StreamInfo, packets: Iterable[Packet]) -> tuple[bytes, FragmentMaker, int]:
    """A whole file, its maker, and of how many fragments it is made."""
    packets = list(packets)
    maker, parts, count = FragmentMaker(info, packets[0].dts), [info.init], 0
    for packet in packets:
        if maker.full(packet):
            fragment = maker.cut()
            parts += [fragment.front, *fragment.samples]
            count += 1
        maker.add(packet)
    fragment = maker.cut()
    return b"".join([*parts, fragment.front, *fragment.samples]), maker, count + 1


def read_back(content: bytes) -> list[av.Packet]:
    with av.open(io.BytesIO(content), "r", format="mp4") as container:
        return [packet for packet in container.demux() if packet.size]


@pytest.mark.parametrize(
    "options",
    [{}, {"codec": "libx265"}, {"b_frames": 2, "gop": 25}, {"fps": 25, "gop": 200}, {"fps": 1, "seconds": 6}],
    ids=["h264", "hevc", "b-frames", "long-gop", "one-a-second"],
)
def test_what_goes_in_comes_out(tmp_path: Path, options: dict[str, object]) -> None:
    info, packets = read_all(make_clip(tmp_path / "film.mp4", **options))
    content, maker, fragments = written(info, packets)
    base, tick = packets[0].dts, info.video.time_base
    found = [(p.dts * p.time_base, p.pts * p.time_base, p.is_keyframe, bytes(p)) for p in read_back(content)]
    assert found == [((p.dts - base) * tick, (p.pts - base) * tick, p.key, p.data) for p in packets]
    assert fragments == pytest.approx(packets[-1].wall_ns / 1e9 - packets[0].wall_ns / 1e9, abs=1.1)
    assert maker.mended == 0


def test_rates_that_are_a_lie_leave_no_holes(clip_h264: Path) -> None:
    info, packets = read_all(clip_h264)
    liars = [replace(packet, duration=packet.duration // 3) for packet in packets]
    found = read_back(written(info, liars)[0])
    step = found[1].dts - found[0].dts
    assert {packet.duration for packet in found} == {step}


def test_more_samples_than_the_kernel_takes_at_once(clip_h264: Path) -> None:
    info, packets = read_all(clip_h264)
    many = [replace(packets[0], dts=packets[0].dts + n, pts=packets[0].dts + n, key=not n) for n in range(3000)]
    found = read_back(written(info, many)[0])
    assert [packet.dts for packet in found] == list(range(3000))


def test_a_fragment_ends_by_its_bytes_too(clip_h264: Path) -> None:
    info, packets = read_all(clip_h264)
    big = [replace(packet, data=packet.data + bytes(5 << 20)) for packet in packets[:8]]
    maker = FragmentMaker(info, big[0].dts)
    maker.add(big[0])
    assert not maker.full(big[1])
    maker.add(big[1])
    assert maker.full(big[2])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(-(1 << 40), 1 << 40), st.integers(-(1 << 33), 1 << 33)), min_size=1, max_size=40))
def test_any_timestamps_give_a_file_whose_time_runs_forwards(clip_h264: Path, times: list[tuple[int, int]]) -> None:
    info, packets = read_all(clip_h264)
    tick = Fraction(1, 90_000)
    odd = [
        replace(packets[n % len(packets)], dts=dts, pts=dts + late, duration=abs(late))
        for n, (dts, late) in enumerate(times)
    ]
    content, _, _ = written(replace(info, tracks=(replace(info.tracks[0], time_base=tick),)), odd)
    found = read_back(content)
    assert [bytes(packet) for packet in found] == [packet.data for packet in odd]
    assert all(b.dts >= a.dts for a, b in pairwise(found))
    assert all(packet.pts >= packet.dts for packet in found)
