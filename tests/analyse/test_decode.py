"""Packets into pictures: every frame, its time, and no fall on broken bytes."""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.analyse.decode import Decoded, FrameDecoder
from agent.analyse.frames import Sampler
from agent.core.errors import SourceNotVideo
from agent.core.media import Packet, StreamInfo, TimeSource
from tests.analyse.packets import packets_of
from tests.fixtures.clips import make_clip


def decoded(info: StreamInfo, packets: list[Packet]) -> tuple[list[int], FrameDecoder]:
    decoder = FrameDecoder(info.video.codec, info.video.extradata, info.video.time_base)
    stamps = [picture.pts for packet in packets for picture in decoder.decode(packet)]
    return stamps + [picture.pts for picture in decoder.flush()], decoder


@pytest.mark.parametrize(("codec", "b_frames"), [("libx264", 0), ("libx264", 2), ("libx265", 2), ("libsvtav1", 0)])
def test_every_frame_comes_out_in_order_with_the_time_of_its_own_packet(tmp_path, codec, b_frames):
    info, packets = packets_of(make_clip(tmp_path / "c.mp4", codec=codec, b_frames=b_frames))
    decoder = FrameDecoder(info.video.codec, info.video.extradata, info.video.time_base)
    pictures = [picture for packet in packets for picture in decoder.decode(packet)] + list(decoder.flush())
    assert [picture.pts for picture in pictures] == sorted(packet.pts for packet in packets)
    times = {packet.pts: packet.wall_ns for packet in packets}
    assert all(times[picture.pts] == picture.wall_ns for picture in pictures)
    assert pictures[0].bgr().shape == (180, 320, 3)
    assert decoder.broken == 0


def test_timestamps_in_the_order_of_decoding_are_put_in_order(tmp_path):
    info, packets = packets_of(make_clip(tmp_path / "c.mp4", b_frames=2))
    wrong = [replace(packet, pts=packet.dts) for packet in packets]
    stamps, _ = decoded(info, wrong)
    assert stamps == sorted(set(stamps))
    assert len(stamps) == len(packets)


def long_clip(folder: Path) -> tuple[StreamInfo, list[Packet]]:
    """Of keyframes alone: one that is broken takes no other with it."""
    return packets_of(make_clip(folder / "long.mp4", seconds=30, gop=1, size=(64, 64)))


def test_timestamps_set_anew_after_one_that_was_repeated_are_taken_as_they_are(tmp_path):
    info, packets = long_clip(tmp_path)
    hour = round(3600 / info.video.time_base)
    stamps = [packet.pts + (hour if number < 100 else 0) for number, packet in enumerate(packets)]
    stamps[50] = stamps[49]
    sent = [replace(packet, pts=pts) for packet, pts in zip(packets, stamps, strict=True)]
    decoder = FrameDecoder(info.video.codec, info.video.extradata, info.video.time_base)
    pictures = [picture for packet in sent for picture in decoder.decode(packet)] + list(decoder.flush())
    assert [(one.pts, one.wall_ns) for one in pictures[100:]] == [(one.pts, one.wall_ns) for one in sent[100:]]
    sampler = Sampler(Fraction(5), info.video.time_base)
    assert sum([sampler.takes(one.pts) for one in pictures][100:]) == 100


def test_after_a_repeated_timestamp_a_packet_without_a_picture_makes_no_later_one_late_for_ever(tmp_path):
    info, packets = long_clip(tmp_path)
    sent = list(packets)
    sent[50] = replace(sent[50], pts=sent[49].pts)
    sent[60] = replace(sent[60], data=b"\0\0\1")
    stamps, _ = decoded(info, sent)
    assert len(stamps) == len(sent) - 1
    assert stamps[-100:] == [packet.pts for packet in sent[-100:]]


def test_timestamps_set_anew_where_pictures_are_shown_in_another_order_keep_their_own_times(tmp_path):
    info, packets = packets_of(make_clip(tmp_path / "c.mp4", b_frames=2))
    hour, keys = round(3600 / info.video.time_base), [number for number, one in enumerate(packets) if one.key]
    sent = [replace(one, pts=one.pts + (hour if number < keys[2] else 0)) for number, one in enumerate(packets)]
    decoder = FrameDecoder(info.video.codec, info.video.extradata, info.video.time_base)
    pictures = [picture for packet in sent for picture in decoder.decode(packet)] + list(decoder.flush())
    times = {packet.pts: packet.wall_ns for packet in sent}
    assert [one.pts for one in pictures] == sorted(times, key=times.__getitem__)
    assert all(times[one.pts] == one.wall_ns for one in pictures)


def test_a_wide_picture_is_made_smaller(tmp_path):
    info, packets = packets_of(make_clip(tmp_path / "c.mp4", size=(2560, 1440), seconds=0.2))
    decoder = FrameDecoder(info.video.codec, info.video.extradata, info.video.time_base)
    (first, *_) = [picture for packet in packets for picture in decoder.decode(packet)] + list(decoder.flush())
    assert first.bgr().shape == (1080, 1920, 3)


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_what_lies_in_its_file_is_given_out_upright(tmp_path, rotation):
    """The square begins at the left, in the lower half."""
    upright, turned = (first_of(tmp_path / f"{angle}.mp4", angle) for angle in (0, rotation))
    assert turned.size == turned.whole_size == upright.size == (320, 180)
    assert turned.frame.width == (180 if rotation % 180 else 320)
    for one, other in ((turned.bgr(), upright.bgr()), (turned.luma(), upright.luma())):
        assert one.shape == other.shape
        assert one.flags.c_contiguous
        assert np.abs(one.astype(int) - other).mean() < 2
    square = upright.luma().astype(int) > 150
    assert square[92:118, 4:36].all()
    assert (turned.luma() > 150)[92:118, 4:36].all()


def first_of(path: Path, rotation: int) -> Decoded:
    info, packets = packets_of(make_clip(path, seconds=0.2, rotation=rotation))
    video = info.video
    decoder = FrameDecoder(video.codec, video.extradata, video.time_base, video.rotation)
    return next(itertools.chain(*map(decoder.decode, packets), decoder.flush()))


@pytest.mark.parametrize(
    ("rotation", "size", "whole"), [(0, (1920, 1080), (3840, 2160)), (90, (1080, 1920), (2160, 3840))]
)
def test_a_wide_picture_that_is_turned_is_made_as_small(rotation, size, whole):
    decoded = Decoded(av.VideoFrame(3840, 2160, "yuv420p"), 0, 0, None, 0, rotation)
    assert (decoded.size, decoded.whole_size) == (size, whole)
    assert decoded.bgr().shape == (size[1], size[0], 3)
    assert decoded.luma().shape == (whole[1], whole[0])


def test_an_unknown_codec_is_refused():
    for codec in ("nonsense", "aac"):
        with pytest.raises(SourceNotVideo):
            FrameDecoder(codec, b"", Fraction(1, 90_000))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_broken_packets_are_counted_and_the_next_keyframe_decodes(clip_h264, data):
    info, packets = packets_of(clip_h264)
    hurt = data.draw(st.sets(st.integers(0, 29), min_size=1))
    junk = data.draw(st.binary(max_size=60))
    broken = [
        replace(packet, data=packet.data[: len(packet.data) // 2] + junk) if number in hurt else packet
        for number, packet in enumerate(packets)
    ]
    stamps, _ = decoded(info, broken)
    last_group = [packet.pts for packet in packets[30:]]
    assert [pts for pts in stamps if pts in last_group] == last_group


@settings(max_examples=60, deadline=None)
@given(
    codec=st.sampled_from(["h264", "hevc", "av1"]),
    extradata=st.binary(max_size=80),
    data=st.lists(st.binary(max_size=200)),
)
def test_any_bytes_are_survived(codec, extradata, data):
    decoder = FrameDecoder(codec, extradata, Fraction(1, 90_000))
    template = packets_template()
    for number, junk in enumerate(data):
        list(decoder.decode(replace(template, data=junk, pts=number, dts=number)))
    list(decoder.flush())


def packets_template() -> Packet:
    return Packet(0, b"", 0, 0, 1, True, 0, TimeSource.FILE, 0, 0)


@pytest.mark.parametrize(
    "pixels", ["yuv420p", "yuvj420p", "yuv422p", "yuv444p", "nv12", "gray", "yuv420p10le", "rgb24", "bgra"]
)
@pytest.mark.parametrize("size", [(320, 180), (322, 182), (2, 2)])
def test_brightness_is_read_in_place_or_converted(pixels, size):
    ramp = np.linspace(30, 220, size[0]).astype(np.uint8)
    picture = np.ascontiguousarray(np.broadcast_to(ramp[None, :, None], (size[1], size[0], 3)))
    # one thread: several write into each other at odd widths
    frame = av.VideoFrame.from_ndarray(picture, "bgr24").reformat(format=pixels, threads=1)
    decoded = Decoded(frame, 0, 0, None, 0)
    luma = decoded.luma()
    assert (luma.shape, luma.dtype) == ((size[1], size[0]), np.uint8)
    assert np.abs(luma.astype(int) - ramp).max() < 20  # 16..235 or 0..255
    assert decoded.size == size
    assert decoded.bgr().shape == (size[1], size[0], 3)


def test_pictures_of_many_shapes_are_converted_rightly_one_after_the_other():
    rng = np.random.default_rng(4)
    for number in range(200):
        width, height = (int(value) * 2 for value in rng.integers(8, 60, 2))
        colour = rng.integers(0, 256, 3)
        frame = av.VideoFrame.from_ndarray(np.full((height, width, 3), colour, np.uint8), "bgr24")
        assert (Decoded(frame, number, 0, None, 0).bgr() == colour).all()
