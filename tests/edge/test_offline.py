"""`lamppost analyse`: the pipeline over a file."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path

import av
import pytest

from agent.analyse.frames import Frame
from agent.analyse.pipeline import Outcome, Pipeline
from agent.config.gateway import GatewayConfig
from agent.core.clock import NS, parse_rfc3339
from agent.core.errors import ConfigError, ModelError, SourceError
from agent.edge.offline import analyse_file
from tests.fixtures.clips import make_clip
from tests.fixtures.models import without_models

CONFIG = GatewayConfig.model_validate(
    {
        "gateway": {"id": "g", "site": "s"},
        "camera": [
            {
                "id": "cam", "url": "file:/x.mp4",
                "zone": [{"name": "right", "polygon": [[0.5, 0.0], [1.0, 0.0], [1.0, 1.0], [0.5, 1.0]]}],
                "line": [{"name": "middle", "points": [[0.5, 0.0], [0.5, 1.0]]}],
                "rule": [{"kind": "zone_entered", "zone": "right"}, {"kind": "line_crossed", "line": "middle"}],
            },
        ],
    }
)  # fmt: skip


@pytest.fixture(autouse=True)
def no_model(monkeypatch, tmp_path):
    """Motion alone: nothing to find in any folder."""
    monkeypatch.setenv("LAMPPOST_MODELS", str(without_models(tmp_path / "models")))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", seconds=6)


def analyse(video: Path, folder: Path, **more):
    events, tracks, mot = io.StringIO(), folder / "tracks.jsonl", folder / "mot.txt"
    given = {"config": CONFIG, "camera": None, "model": None, "fps": 5.0, "start_wall_ns": None, "progress": None}
    try:
        analyse_file(video, tracks=tracks, mot=mot, events_out=events, **(given | more))
    finally:
        told = [json.loads(line) for line in events.getvalue().splitlines()]
        trailing = [json.loads(line) for line in tracks.read_text().splitlines()] if tracks.exists() else []
        rows = [line.split(",") for line in mot.read_text().splitlines()] if mot.exists() else []
    return told, trailing, rows


def test_events_tracks_and_rows_of_what_crosses_the_picture(clip, tmp_path):
    events, tracks, rows = analyse(clip, tmp_path)
    assert sorted((event["kind"], event["phase"]) for event in events) == [
        ("line_crossed", "end"), ("line_crossed", "start"), ("zone_entered", "end"), ("zone_entered", "start"),
    ]  # fmt: skip
    crossing = next(event for event in events if event["kind"] == "line_crossed")
    assert crossing["direction"] == "right_to_left"  # the line points down; its right hand is at the picture's left
    assert crossing["video_s"] == pytest.approx(3.0, abs=0.6)
    assert all("media" not in event or event["media"] == [] for event in events)
    (track,) = tracks
    assert (track["final"], track["label"], track["direction"]) == (True, "object", "right")
    assert track["start_s"] < 1
    assert track["end_s"] == pytest.approx(5.8, abs=0.3)
    assert {row[1] for row in rows if int(row[0]) > 10} == {"1"}  # at first its two ends are all that changes
    frames = [int(row[0]) for row in rows]
    assert frames == sorted(frames)
    assert {frame % 2 for frame in frames} == {1}
    for row in (row for row in rows if int(row[0]) > 16):
        x, y, width, height = (float(value) for value in row[2:6])
        truth = 280 * (int(row[0]) - 1) / 60
        assert x + width / 2 == pytest.approx(truth + 20, abs=10)
        assert y + height / 2 == pytest.approx(105, abs=12)
        assert row[7:] == ["-1", "-1", "-1"]


def test_the_same_file_gives_the_same_output(clip, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert analyse(clip, tmp_path / "a") == analyse(clip, tmp_path / "b")


def test_every_frame_is_analysed_at_rate_zero(clip, tmp_path):
    _, _, rows = analyse(clip, tmp_path, fps=0)
    frames = [int(row[0]) for row in rows]
    assert {1 + frame - min(frames) for frame in frames} == set(range(1, 2 + max(frames) - min(frames)))


def test_start_sets_the_time_of_the_first_frame(clip, tmp_path):
    start_ns = parse_rfc3339("2026-05-04T10:00:00Z")
    _, (track,), _ = analyse(clip, tmp_path, start_wall_ns=start_ns)
    assert track["start"].startswith("2026-05-04T10:00:0")
    assert (parse_rfc3339(track["start"]) - start_ns) / 1e9 == pytest.approx(track["start_s"], abs=0.002)


def test_times_rise_to_the_end_where_pictures_wait_in_the_decoder(tmp_path, monkeypatch):
    times: list[int] = []
    process = Pipeline.process

    def watched(pipeline: Pipeline, frame: Frame) -> Outcome:
        times.append(frame.wall_ns)
        return process(pipeline, frame)

    monkeypatch.setattr(Pipeline, "process", watched)
    _, (track,), _ = analyse(make_clip(tmp_path / "b.mp4", b_frames=2, seconds=6), tmp_path, fps=0)
    assert times == sorted(set(times))
    assert times[-1] / NS == pytest.approx(5.9, abs=0.01)
    assert track["end_s"] == pytest.approx(5.8, abs=0.3)


@pytest.mark.parametrize("rotation", [90, 270])
def test_a_file_that_players_turn_tells_what_they_show(tmp_path, rotation):
    """As the same film tells that stands upright in its file: zones, lines and rows fit what is seen."""
    upright, turned = (
        analyse(make_clip(tmp_path / f"{angle}.mp4", seconds=6, rotation=angle), tmp_path) for angle in (0, rotation)
    )
    told = [[(event["kind"], event["phase"], event.get("direction")) for event in one[0]] for one in (upright, turned)]
    assert told[0] == told[1] != []
    assert turned[0][0]["video_s"] == pytest.approx(upright[0][0]["video_s"], abs=0.3)
    rows = [{int(row[0]): [float(value) for value in row[2:6]] for row in one[2][5:]} for one in (upright, turned)]
    assert len(rows[0]) > 15
    for frame, row in rows[0].items():
        assert rows[1][frame] == pytest.approx(row, abs=8)


def test_without_a_configuration_there_are_tracks_and_no_events(clip, tmp_path):
    events, tracks, _ = analyse(clip, tmp_path, config=None)
    assert events == []
    assert len(tracks) == 1


def test_progress_comes_to_its_end(clip, tmp_path):
    shares: list[float] = []
    analyse(clip, tmp_path, progress=shares.append)
    assert shares == sorted(shares)
    assert 0.5 < shares[-1] <= 1


def test_which_camera_is_meant_must_be_clear(clip, tmp_path):
    first = CONFIG.camera[0]
    two = CONFIG.model_copy(update={"camera": (first, first.model_copy(update={"id": "other"}))})
    with pytest.raises(ConfigError, match="several cameras"):
        analyse(clip, tmp_path, config=two)
    with pytest.raises(ConfigError, match="no camera 'third'"):
        analyse(clip, tmp_path, config=two, camera="third")
    assert len(analyse(clip, tmp_path, config=two, camera="cam")[1]) == 1


def test_a_model_that_is_not_there_is_an_error(clip, tmp_path):
    with pytest.raises(ModelError, match="yolox-nano"):
        analyse(clip, tmp_path, model="yolox-nano")


def test_a_file_that_is_no_video_is_an_error(tmp_path):
    (tmp_path / "x.mp4").write_bytes(b"no video" * 100)
    with pytest.raises(SourceError):
        analyse(tmp_path / "x.mp4", tmp_path)


def test_a_file_that_breaks_off_tells_what_was_in_it(clip, tmp_path):
    cut = tmp_path / "cut.ts"
    with av.open(str(clip)) as source, av.open(str(cut), "w") as target:
        out = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = out
                target.mux(packet)
    data = cut.read_bytes()
    cut.write_bytes(data[: len(data) * 2 // 3])
    with contextlib.suppress(SourceError):  # whether a cut is noticed depends on where it fell
        analyse(cut, tmp_path)
    assert len((tmp_path / "tracks.jsonl").read_text().splitlines()) == 1


def test_people_on_real_footage_are_followed_with_one_id_each(data, tmp_path, monkeypatch):
    monkeypatch.setenv("LAMPPOST_MODELS", str(data / "models"))
    video = data / "video" / "intel_one-by-one-person-detection.mp4"
    short = tmp_path / "short.mp4"
    _first_seconds(video, short, 46)
    _, tracks, _ = analyse(short, tmp_path, config=None, fps=2)
    people = [track for track in tracks if track["final"] and track["label"] == "person"]
    assert [(round(one["start_s"]), round(one["end_s"])) for one in people] == [
        (pytest.approx(6, abs=1), pytest.approx(19, abs=1)),
        (pytest.approx(23, abs=1), pytest.approx(44, abs=1)),
    ]


def _first_seconds(video: Path, target: Path, seconds: float) -> None:
    with av.open(str(video)) as source, av.open(str(target), "w") as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is None or packet.pts * packet.time_base > seconds:
                continue
            packet.stream = stream
            out.mux(packet)
