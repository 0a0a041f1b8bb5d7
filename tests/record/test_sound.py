"""Sound beside the picture: kept where MP4 can, turned into PCM where it must, and never in the picture's way."""

import logging
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import av
import pytest

from agent.capture.files import FileOpener
from agent.capture.rtsp import RtspOpener
from agent.capture.sound import expander
from agent.core.clock import NS, SystemClock
from agent.core.media import MediaKind, Packet, StreamInfo
from agent.record.boxes import read_layout
from agent.record.clip import cut_clip
from agent.record.joiner import Joiner
from tests.fixtures.gst import GstServer
from tests.record.helpers import START_NS, Recording, new_store, read_all, record
from tests.record.readback import all_samples, as_samples, ffmpeg, play, sound_of

FULL = {"pcm_mulaw": 32124, "pcm_alaw": 32256}


def film(path: Path, codec: str, *, rate: int = 8000, channels: int = 1, seconds: int = 24) -> Path:
    """A test picture at 10 fps with a tone of 440 Hz."""
    picture = f"testsrc=size=160x96:rate=10:duration={seconds}"
    tone = f"sine=frequency=440:sample_rate={rate}:duration={seconds}"
    ffmpeg(
        *("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", tone, "-c:v", "libx264", "-preset", "ultrafast"),
        *("-g", "10", "-pix_fmt", "yuv420p", "-c:a", codec, "-ar", str(rate), "-ac", str(channels)),
        *("-strict", "-2", str(path)),
    )
    return path


def decoded(path: Path) -> bytes:
    """The sound of a file as another ffmpeg hears it."""
    return ffmpeg("-i", str(path), "-map", "0:a", "-f", "s16le", "-c:a", "pcm_s16le", "-")


@pytest.mark.parametrize("codec", ["pcm_mulaw", "pcm_alaw"])
@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (16000, 1), (8000, 2)])
def test_g711_is_recorded_as_pcm_that_sounds_the_same(tmp_path: Path, codec: str, rate: int, channels: int) -> None:
    source = film(tmp_path / "film.mkv", codec, rate=rate, channels=channels)
    store = new_store(tmp_path / "store")
    segments, packets, info = record(store, source)
    sound = info.tracks[1]
    assert (sound.kind, sound.codec) == (MediaKind.AUDIO, "pcm_s16le")
    assert (sound.sample_rate, sound.channels, info.left_out) == (rate, channels, "")
    assert [segment.reason for segment in segments] == ["length", "length", "end"]
    assert {segment.codecs.partition(",")[2] for segment in segments} == {"ipcm"}
    assert sound_of(store, segments) == decoded(source)
    assert all_samples(store, segments) == as_samples(info, packets)
    assert b"".join(decoded(store.root / segment.path) for segment in segments) == decoded(source)
    store.close()


@pytest.mark.parametrize(("codec", "full"), FULL.items())
def test_every_code_of_g711_means_what_the_standard_says(codec: str, full: int) -> None:
    samples = memoryview(expander(codec)(bytes(range(256)))).cast("h").tolist()
    assert len(set(map(abs, samples))) == 128  # 7 bits of size and one of sign; two codes of mu-law are zero
    assert (max(samples), min(samples)) == (full, -full)
    assert expander(codec)(b"") == b""


def test_a_clip_of_footage_with_g711_has_its_sound(tmp_path: Path) -> None:
    store = new_store(tmp_path / "store")
    record(store, film(tmp_path / "film.mkv", "pcm_mulaw"))
    clip = cut_clip(store, "cam", START_NS + 8 * NS, START_NS + 14 * NS, tmp_path / "clip.mp4")
    heard = decoded(clip.path)
    assert len(heard) / 16000 == pytest.approx(6, abs=0.5)
    with av.open(str(clip.path)) as container:
        assert container.streams.audio[0].codec_context.name == "pcm_s16le"
    store.close()


@pytest.mark.parametrize("codec", ["aac", "libopus", "libmp3lame"])
def test_what_mp4_carries_is_kept_byte_for_byte(tmp_path: Path, codec: str) -> None:
    store = new_store(tmp_path / "store")
    segments, packets, info = record(store, film(tmp_path / "film.mkv", codec, rate=48000))
    assert [one.data for one in all_samples(store, segments, 1)] == [one.data for one in packets if one.track == 1]
    assert len([one for one in packets if one.track == 1]) > 900
    assert all_samples(store, segments) == as_samples(info, packets)
    store.close()


@pytest.mark.parametrize(
    ("codec", "suffix", "said"),
    [
        ("g726", "avi", "audio g726 is left out: MP4 cannot carry it; set the camera to AAC or G.711"),
        ("wmav2", "mkv", "audio wmav2 is left out: MP4 cannot carry it; set the camera to AAC or G.711"),
    ],
)
def test_what_mp4_cannot_carry_is_left_out_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, codec: str, suffix: str, said: str
) -> None:
    caplog.set_level(logging.INFO)
    source = film(tmp_path / f"film.{suffix}", codec, rate=8000 if codec == "g726" else 48000)
    store, clock = new_store(tmp_path / "store"), SystemClock()
    opener = FileOpener("cam", "main", source, clock, realtime=False, loop=False, start_wall_ns=START_NS)
    played = play(store, opener, clock, packets=10_000)
    assert [record.getMessage() for record in caplog.records if "left out" in record.getMessage()] == [
        f"{source}: {said}"
    ]
    assert {state.info.left_out for state in played.states if state.info} == {said}
    assert sum(segment.packets for segment in played.segments) == 240
    assert {segment.codecs.count(",") for segment in played.segments} == {0}
    store.close()


def test_a_second_sound_is_left_out_and_said(tmp_path: Path) -> None:
    one = film(tmp_path / "one.mkv", "pcm_alaw", seconds=2)
    both = tmp_path / "two.mkv"
    ffmpeg("-i", str(one), "-map", "0:v", "-map", "0:a", "-map", "0:a", "-c", "copy", str(both))
    info, _ = read_all(both)
    assert len(info.tracks) == 2
    assert info.left_out == "audio pcm_alaw is left out: only one audio track is kept"


SILENCES: dict[str, Callable[[float], bool]] = {
    "late": lambda at_s: at_s < 13,
    "stops": lambda at_s: at_s > 7,
    "pauses": lambda at_s: 5 < at_s < 19,
    "never": lambda _: True,
}


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> tuple[StreamInfo, list[Packet]]:
    return read_all(film(tmp_path_factory.mktemp("talk") / "film.mkv", "pcm_mulaw"))


@pytest.mark.parametrize("silence", SILENCES)
def test_sound_that_is_missing_costs_no_picture(
    tmp_path: Path, talk: tuple[StreamInfo, list[Packet]], silence: str
) -> None:
    info, packets = talk
    silent = SILENCES[silence]
    heard = [one for one in packets if one.track == 0 or not silent((one.wall_ns - START_NS) / NS)]
    store = new_store(tmp_path / "store")
    with Recording(store) as recording:
        recording.feed(info, heard)
    segments = recording.segments
    stats = recording.recorder.stats()
    assert (stats.packets_recorded, stats.packets_lost) == (len(heard), 0)
    assert [segment.reason for segment in segments] == ["length", "length", "end"]
    assert all_samples(store, segments) == as_samples(info, heard)
    assert sound_of(store, segments) == b"".join(one.data for one in heard if one.track == 1)
    assert sum(segment.packets for segment in segments) == len(heard)
    store.close()


@pytest.mark.parametrize("silence", ["none", *SILENCES])
def test_sound_that_is_missing_holds_no_picture_back(
    tmp_path: Path, talk: tuple[StreamInfo, list[Packet]], silence: str
) -> None:
    info, packets = talk
    silent = SILENCES.get(silence, lambda _: False)
    heard = [one for one in packets if one.track == 0 or not silent((one.wall_ns - START_NS) / NS)]
    heard = [one for one in heard if one.wall_ns < START_NS + 9 * NS]
    store = new_store(tmp_path / "store")
    with Recording(store) as recording:
        recording.feed(info, heard, reason=None)
        [path] = (store.root / "cam").rglob("*.open")
        with path.open("rb") as file:
            whole = read_layout(file).whole_bytes
            file.seek(0)
            (tmp_path / "cut.mp4").write_bytes(file.read(whole))  # what a kill would leave
    with av.open(str(tmp_path / "cut.mp4")) as container:
        pictures = sum(1 for packet in container.demux(video=0) if packet.size)
    assert pictures >= 90 - 10 - 3  # the fragment that is being filled, and what waits for its neighbours
    store.close()


def test_sound_with_a_time_of_its_own_is_laid_beside_the_picture(
    tmp_path: Path, talk: tuple[StreamInfo, list[Packet]]
) -> None:
    info, packets = talk
    hour = round(3600 / info.tracks[1].time_base)
    odd = [replace(one, pts=one.pts + hour, dts=one.dts + hour) if one.track else one for one in packets]
    store = new_store(tmp_path / "store")
    with Recording(store) as recording:
        recording.feed(info, odd)
    assert sound_of(store, recording.segments) == b"".join(one.data for one in packets if one.track)
    for segment in recording.segments:
        with av.open(str(store.root / segment.path)) as container:
            ends = [float((one.pts + one.duration) * one.time_base) for one in container.demux() if one.size]
        assert max(ends) < segment.media_ns / NS + 0.5
    store.close()


def test_a_picture_that_stops_ends_the_segment_though_the_sound_goes_on(
    tmp_path: Path, talk: tuple[StreamInfo, list[Packet]]
) -> None:
    info, packets = talk
    seen = [one for one in packets if one.track or one.wall_ns < START_NS + 5 * NS]
    store = new_store(tmp_path / "store")
    with Recording(store) as recording:
        recording.feed(info, seen)
    [segment] = recording.segments
    assert (segment.reason, segment.media_ns) == ("no_video", 5 * NS)
    stats = recording.recorder.stats()
    assert stats.packets_in == stats.packets_recorded + stats.packets_lost
    assert stats.packets_recorded == segment.packets
    assert stats.packets_lost > 60  # sound without a picture
    store.close()


def test_sound_without_a_picture_does_not_pile_up(talk: tuple[StreamInfo, list[Packet]]) -> None:
    info, packets = talk
    picture = packets[0]
    sound = [one for one in packets if one.track] * 10
    joiner = Joiner(info)
    assert joiner.push(picture) == []
    given = [sample.packet for one in sound for sample in joiner.push(one)]
    assert given == [picture, *sound]


def test_g711_over_rtsp_is_recorded(gst_server: Callable[..., GstServer], tmp_path: Path) -> None:
    server = gst_server()
    store, clock = new_store(tmp_path / "store"), SystemClock()
    opener = RtspOpener("cam", "main", server.url("/live-mulaw"), None, None, clock)
    played = play(store, opener, clock, packets=200)
    [info] = played.kept.infos
    assert [track.codec for track in info.tracks] == ["h264", "pcm_s16le"]
    assert (info.tracks[1].sample_rate, info.tracks[1].channels) == (8000, 1)
    assert sound_of(store, played.segments) == b"".join(one.data for one in played.kept.packets if one.track)
    samples = memoryview(b"".join(one.data for one in played.kept.packets if one.track)).cast("h").tolist()
    assert max(samples) > 10_000  # a tone, loud and clear
    crossings = sum(1 for a, b in pairwise(samples) if a < 0 <= b)
    assert crossings / (len(samples) / 8000) == pytest.approx(440, rel=0.05)
    store.close()
