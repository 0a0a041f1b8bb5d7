"""The wheel's check: it must be able to fail."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

CHECK = Path(__file__).parents[2] / "packaging/check_wheel.py"
GOOD = (
    "agent/cli/__main__.py",
    "agent/py.typed",
    "agent/central/static/index.html",
    "agent/central/static/assets/index-1.js",
    "agent/_models/manifest.toml",
    "agent/_models/lamppost-nano.onnx",
    "agent/_models/lamppost-nano-int8.onnx",
)


def check(path: Path) -> tuple[int, str]:
    done = subprocess.run([sys.executable, CHECK, path], capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def wheel(folder: Path, names: tuple[str, ...]) -> Path:
    path = folder / "lamppost-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "")
    return path


def test_a_whole_wheel_passes(tmp_path: Path) -> None:
    assert check(wheel(tmp_path, GOOD)) == (0, "")


@pytest.mark.parametrize("name", GOOD)
def test_a_wheel_that_lacks_something_is_named(tmp_path: Path, name: str) -> None:
    code, said = check(wheel(tmp_path, tuple(other for other in GOOD if other != name)))
    assert code == 1
    assert "missing" in said or "no script" in said


def test_sources_of_the_viewer_do_not_belong_in_it(tmp_path: Path) -> None:
    code, said = check(wheel(tmp_path, (*GOOD, "agent/central/web/package.json")))
    assert code == 1
    assert "does not belong" in said


def test_the_training_code_does_not_belong_in_it(tmp_path: Path) -> None:
    code, said = check(wheel(tmp_path, (*GOOD, "agent/_models/train/fit.py")))
    assert code == 1
    assert "does not belong" in said


def test_what_is_no_wheel_is_said_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "lamppost.whl"
    path.write_bytes(b"no zip")
    code, said = check(path)
    assert code == 1
    assert said.count("\n") == 1
