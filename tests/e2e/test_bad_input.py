"""What a person sees who makes a mistake: one clear line, the right exit code, no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


def lamppost(*arguments: str, models: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "LAMPPOST_MODELS": str(models)} if models else {**os.environ}
    return subprocess.run(
        [sys.executable, "-m", "agent.cli", "--log-level", "error", *arguments],
        capture_output=True, text=True, check=False, env=environment, timeout=120,
    )  # fmt: skip


def one_line(done: subprocess.CompletedProcess[str], code: int) -> str:
    assert done.returncode == code, done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr.strip()


def test_a_missing_video_is_named(tmp_path) -> None:
    assert "nowhere.mp4" in one_line(lamppost("analyse", str(tmp_path / "nowhere.mp4")), 3)


def test_a_file_that_is_no_video_is_named(tmp_path) -> None:
    text = tmp_path / "notes.mp4"
    text.write_text("not a video " * 1000)
    assert "notes.mp4" in one_line(lamppost("analyse", str(text)), 3)


def test_a_file_cut_in_the_middle_gives_what_is_whole_and_then_says_so(tmp_path, data) -> None:
    cut = tmp_path / "cut.avi"
    cut.write_bytes((data / "video" / "bgs_video02.avi").read_bytes()[:500_000])
    done = lamppost("analyse", str(cut), "--mot", str(tmp_path / "rows.txt"), models=tmp_path)
    assert "cut.avi" in one_line(done, 3)
    assert (tmp_path / "rows.txt").exists()


def test_a_model_with_the_wrong_hash_is_refused_by_name(tmp_path, clip_h264) -> None:
    (tmp_path / "yolox_nano_416.onnx").write_bytes(b"not the model")
    line = one_line(lamppost("analyse", str(clip_h264), "--model", "yolox-nano", models=tmp_path), 2)
    assert "yolox_nano_416.onnx" in line
    assert "models fetch" in line


def test_an_unknown_model_lists_the_known_ones(clip_h264) -> None:
    line = one_line(lamppost("analyse", str(clip_h264), "--model", "yolo-giant"), 2)
    assert "yolo-giant" in line
    assert "yolox-nano" in line


def test_nobody_at_the_cameras_address() -> None:
    assert "127.0.0.1:9" in one_line(lamppost("probe", "rtsp://127.0.0.1:9/axis-media/media.amp"), 3)


@pytest.mark.parametrize(
    "arguments",
    [
        ["run"], ["analyse"], ["no-such-verb"], ["analyse", "x.mp4", "--fps", "-1"], ["demo", "--for", "inf"],
        ["sim", "--listen", "nowhere"], ["sim", "--listen", "127.0.0.1:http"], ["sim", "--cameras", "0"],
    ],
)  # fmt: skip
def test_wrong_arguments_exit_with_2(arguments: list[str]) -> None:
    done = lamppost(*arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_no_gateway_to_ask_for_its_status() -> None:
    assert "lamppost run" in one_line(lamppost("status", "--address", "127.0.0.1:9"), 1)


def test_the_video_that_is_read_stays_as_it_is(tmp_path, clip_h264) -> None:
    video = tmp_path / "v.mp4"
    video.write_bytes(clip_h264.read_bytes())
    assert "which is read" in one_line(lamppost("analyse", str(video), "--tracks", str(video), models=tmp_path), 2)
    assert video.read_bytes() == clip_h264.read_bytes()


def test_a_camera_without_its_configuration_is_a_mistake(clip_h264) -> None:
    assert "--config" in one_line(lamppost("analyse", str(clip_h264), "--camera", "nope"), 2)
