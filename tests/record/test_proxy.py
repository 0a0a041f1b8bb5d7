"""A clip made small: it plays, is small, shows the same span, and hides what must be hidden."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from agent.core.errors import StorageError
from agent.core.stop import StopToken
from agent.record.proxy import make_proxy
from agent.record.proxy_encode import MOST_FPS, codecs_of, size_of, spans_of
from tests.fixtures.clips import make_clip


def shown(path: Path):
    with av.open(str(path)) as video:
        return list(video.decode(video=0))


@pytest.mark.parametrize(("codec", "b_frames"), [("libx264", 2), ("libx265", 0)])
def test_it_plays_is_small_and_shows_the_same_span(tmp_path: Path, codec: str, b_frames: int):
    source = make_clip(tmp_path / "a.mp4", codec=codec, b_frames=b_frames, seconds=4, size=(1280, 720), fps=15)
    codecs = make_proxy(source, tmp_path / "p.mp4", 25_000, [], StopToken())
    frames = shown(tmp_path / "p.mp4")
    assert codecs.startswith("avc1.")
    assert len(codecs) == 11
    assert (frames[0].width, frames[0].height) == (640, 360)
    assert len(frames) == 4 * MOST_FPS
    assert float(frames[-1].time) == pytest.approx(4, abs=0.2)
    assert (tmp_path / "p.mp4").stat().st_size < 4 * 25_000 * 1.3
    with av.open(str(tmp_path / "p.mp4")) as video:
        assert [stream.type for stream in video.streams] == ["video"]


def test_what_is_hidden_is_hidden_here_too(tmp_path: Path):
    source = make_clip(tmp_path / "a.mp4", size=(320, 240))
    make_proxy(source, tmp_path / "p.mp4", 25_000, [[(0, 0), (0.5, 0), (0.5, 1), (0, 1)]], StopToken())
    for frame in shown(tmp_path / "p.mp4"):
        grey = frame.to_ndarray(format="gray")
        assert grey[:, :150].max() < 40
        assert 80 < grey[0, 170:].mean() < 100


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_it_stands_as_its_source_is_shown_and_what_is_hidden_is_what_was_seen_there(tmp_path: Path, rotation: int):
    source = make_clip(tmp_path / "a.mp4", size=(320, 240), rotation=rotation)
    make_proxy(source, tmp_path / "p.mp4", 25_000, [[(0, 0), (0.5, 0), (0.5, 1), (0, 1)]], StopToken())
    frames = shown(tmp_path / "p.mp4")
    assert {(frame.width, frame.height, frame.rotation) for frame in frames} == {(320, 240, 0)}
    for frame in frames:
        assert frame.to_ndarray(format="gray")[:, :150].max() < 40
    rgb = frames[-1].to_ndarray(format="rgb24").astype(int)
    yellow = rgb[:, :, 0] - rgb[:, :, 2] > 90
    assert yellow[125:145, 280:300].all()
    assert not yellow[:110].any()


def test_what_cannot_be_made_small_is_one_clear_line(tmp_path: Path):
    broken = tmp_path / "b.mp4"
    broken.write_bytes(b"no video" * 100)
    with pytest.raises(StorageError, match="could not be made smaller"):
        make_proxy(broken, tmp_path / "p.mp4", 25_000, [], StopToken())
    stopped = StopToken()
    stopped.set()
    with pytest.raises(StorageError, match="ended without a result"):
        make_proxy(broken, tmp_path / "p.mp4", 25_000, [], stopped)
    with pytest.raises(StorageError, match="ended without a result"):
        make_proxy(broken, tmp_path / "p.mp4", 25_000, [], StopToken(), limit_s=0)


def test_sizes_are_even_and_never_larger():
    class Codec:
        width, height = 1919, 1079

    assert size_of(Codec()) == (640, 358)
    Codec.width, Codec.height = 321, 241
    assert size_of(Codec()) == (320, 240)
    assert codecs_of(b"") == "avc1"


def test_spans_of_a_polygon():
    triangle = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)]
    assert spans_of(triangle, 4, 4) == [(0, 0, 4), (1, 0, 3), (2, 0, 2), (3, 0, 1)]
    assert spans_of([(0, 0), (1, 0), (1, 1), (0, 1)], 3, 2) == [(0, 0, 3), (1, 0, 3)]
    assert spans_of([(0.5, 0.5)] * 3, 8, 8) == []
