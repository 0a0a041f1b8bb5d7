"""Sheets of small pictures out of real footage: of the right moments, small, masked, and without reading it all."""

from __future__ import annotations

import io
import json
from pathlib import Path

import av
import numpy as np
import pytest

from agent.core.clock import NS
from agent.core.errors import StorageError
from agent.core.stop import StopToken
from agent.record import readers
from agent.record.previews import make_sheet
from agent.record.previews_draw import MOST_BYTES, size_of
from tests.fixtures.clips import make_clip
from tests.fixtures.clock import FakeClock
from tests.record.helpers import START_NS, new_store, record


def said(jpeg: bytes) -> dict:
    """What the sheet says of itself."""
    assert jpeg[:4] == b"\xff\xd8\xff\xfe"
    length = int.from_bytes(jpeg[4:6], "big")
    assert jpeg[6:10] == b"LMPP"
    return json.loads(jpeg[10 : 4 + length])


def tiles(jpeg: bytes) -> list[np.ndarray]:
    """Its pictures, as RGB."""
    about = said(jpeg)
    with av.open(io.BytesIO(jpeg), format="jpeg_pipe") as source:
        sheet = next(source.decode(video=0)).to_ndarray(format="rgb24")
    wide, high, columns = about["width"], about["height"], about["columns"]
    places = [divmod(number, columns) for number in range(len(about["at"]))]
    return [sheet[row * high : (row + 1) * high, column * wide : (column + 1) * wide] for row, column in places]


def square(tile: np.ndarray) -> float:
    """Where the bright square of the film stands, as a share of the way it goes."""
    columns = np.flatnonzero((tile[:, :, 0].astype(int) - tile[:, :, 2]).max(axis=0) > 90)
    return float(columns.min()) / (tile.shape[1] * (1 - 40 / 1280))


@pytest.fixture
def store(tmp_path: Path, clock: FakeClock):
    store = new_store(tmp_path / "store", clock)
    record(store, make_clip(tmp_path / "film.mp4", seconds=30, fps=10, gop=20, size=(1280, 720)))
    yield store
    store.close()


def at(*seconds: float) -> list[int]:
    return [START_NS + int(one * NS) for one in seconds]


def sheet_of(store, folder: Path, moments: list[int], masks=(), **more):
    folder.mkdir(exist_ok=True)
    return make_sheet(store, "cam", moments, masks, folder, StopToken(), **more)


def test_each_picture_is_of_the_keyframe_nearest_to_its_moment(store, tmp_path: Path):
    made = sheet_of(store, tmp_path / "w", at(0.4, 5.2, 14.9, 15.1, 24.6))
    jpeg = made.path.read_bytes()
    seconds = [(one - START_NS) / NS for one in made.moments]
    assert seconds == pytest.approx([0, 6, 14, 16, 24], abs=0.02)  # a keyframe every two seconds
    assert said(jpeg) == {
        "v": 1, "columns": 5, "width": 160, "height": 90, "at": [one // 1_000_000 for one in made.moments],
    }  # fmt: skip
    assert [square(tile) for tile in tiles(jpeg)] == pytest.approx([one / 30 for one in seconds], abs=0.03)


def test_moments_without_footage_are_left_out_and_none_at_all_is_said(store, tmp_path: Path):
    made = sheet_of(store, tmp_path / "w", at(-3600, 2, 2.3, 3600))
    assert [round((one - START_NS) / NS) for one in made.moments] == [2]
    with pytest.raises(StorageError, match="nothing is recorded near"):
        sheet_of(store, tmp_path / "w", at(-3600, 3600))


def test_a_full_sheet_is_small_and_what_must_be_hidden_is(store, tmp_path: Path):
    left = [(0, 0), (0.5, 0), (0.5, 1), (0, 1)]
    made = sheet_of(store, tmp_path / "w", at(*(0.6 * n for n in range(48))), [left])
    jpeg = made.path.read_bytes()
    assert len(made.moments) == 15
    assert len(jpeg) <= MOST_BYTES
    for tile in tiles(jpeg):
        assert tile[:, :72].max() < 40
        assert tile[:, 90:, 0].min() > 60


@pytest.mark.parametrize("rotation", [90, 270])
def test_what_players_turn_stands_upright(tmp_path: Path, clock: FakeClock, rotation: int):
    store = new_store(tmp_path / "store", clock)
    record(store, make_clip(tmp_path / "a.mp4", seconds=3, size=(1280, 720), rotation=rotation))
    made = sheet_of(store, tmp_path / "w", at(0, 1, 2), [[(0, 0), (1, 0), (1, 0.4), (0, 0.4)]])
    store.close()
    first, *_ = found = tiles(made.path.read_bytes())
    assert first.shape == (90, 160, 3)
    assert [square(tile) for tile in found] == pytest.approx([0, 1 / 3, 2 / 3], abs=0.03)
    assert all(tile[:30].max() < 40 and tile[50:].min() > 20 for tile in found)


def test_of_what_lies_between_keyframes_nothing_is_read(tmp_path: Path, clock: FakeClock, monkeypatch):
    store = new_store(tmp_path / "store", clock)
    record(store, noisy(tmp_path / "noise.mp4"))
    whole = sum(segment.bytes for segment in store.catalogue.find("cam", *at(0, 60)))
    read = [0]
    usual = readers.Bounded.read

    def counted(self, size: int = -1) -> bytes:
        data = usual(self, size)
        read[0] += len(data)
        return data

    monkeypatch.setattr(readers.Bounded, "read", counted)
    assert len(sheet_of(store, tmp_path / "w", at(0, 8)).moments) == 2
    store.close()
    assert whole > 5_000_000
    assert read[0] < whole / 2


def noisy(path: Path) -> Path:
    """Every picture is new, and as large as a keyframe; of those there are only two."""
    random = np.random.default_rng(1)
    pictures = [random.integers(0, 255, (360, 640, 3), dtype=np.uint8) for _ in range(7)]
    options = {"g": "80", "keyint_min": "80", "sc_threshold": "0", "preset": "ultrafast"}
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10, options=options)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        for number in range(120):
            frame = av.VideoFrame.from_ndarray(pictures[number % 7], "rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_a_decoder_that_takes_too_long_is_ended(store, tmp_path: Path):
    with pytest.raises(StorageError, match="without a result"):
        sheet_of(store, tmp_path / "w", at(1), limit_s=0.05)


def test_the_size_of_a_picture_keeps_the_shape():
    assert [size_of(1920, 1080), size_of(1080, 1920), size_of(100, 80), size_of(4000, 10)] == [
        (160, 90), (90, 160), (100, 80), (160, 2),
    ]  # fmt: skip
