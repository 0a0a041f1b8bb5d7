"""The folders of a demo: whose they are, what may be in their names, and where scenes go without a home."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest

from agent.analyse.models import ModelStore, model_folders
from agent.cli import main
from agent.config.load import load_central
from agent.core.errors import ConfigError, ModelError
from agent.core.stop import StopToken
from agent.sim.demo import DemoOptions, Site, run_demo
from agent.sim.folder import claimed, quoted, user_scenes


def options(folder: Path, *, as_json: bool = False) -> DemoOptions:
    return DemoOptions(0, headless=True, seconds=None, as_json=as_json, folder=folder)


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch) -> None:
    def home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "CACHE_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", home)


def test_one_that_was_stopped_before_the_first_frame_has_no_summary_to_give(tmp_path: Path) -> None:
    stop, said = StopToken(), list[str]()
    stop.set()
    place = tmp_path / "🚦 \x7f"
    assert run_demo(options(place, as_json=True), stop, said.append) == 1
    assert run_demo(options(place), stop, said.append) == 0
    assert said == []
    assert load_central(place / "central.toml").central.data == place / "centre"


def test_a_second_demo_leaves_the_first_ones_files_alone(tmp_path: Path, capsys) -> None:
    with claimed(tmp_path / "demo") as place:
        before = sorted(place.iterdir())
        assert main(["demo", "--headless", "--port", "0", "--folder", str(place)]) == 2
        assert "another demo runs in this folder" in capsys.readouterr().err
        assert sorted(place.iterdir()) == before
    with claimed(tmp_path / "demo"):
        pass


def test_a_name_that_no_configuration_can_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not UTF-8"), claimed(tmp_path / os.fsdecode(b"\xff")):
        pass


@pytest.mark.parametrize("text", ["🚦", 'a"b\\c', "tab\t\x7f\x01", "ä"])
def test_strings_are_read_as_they_were(text: str) -> None:
    assert tomllib.loads(f"x = {quoted(text)}")["x"] == text


def test_without_a_home_scenes_lie_in_the_demos_folder(homeless: None, tmp_path: Path, capsys) -> None:
    assert user_scenes() is None
    assert Site(tmp_path, options(tmp_path)).sim.arguments[-2:] == ["--folder", str(tmp_path / "scenes")]
    assert main(["sim"]) == 2
    assert "name one with --folder" in capsys.readouterr().err


def test_so_they_do_where_the_cache_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert user_scenes() is None
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert user_scenes() == tmp_path / "cache/lamppost/scenes"
    assert "--folder" not in Site(tmp_path, options(tmp_path)).sim.arguments


def test_without_a_home_there_are_the_models_that_came_with_us(homeless: None) -> None:
    folders = model_folders()
    assert folders
    with pytest.raises(ModelError, match="--into"):
        ModelStore(folders).fetch("yolox-nano", "http://127.0.0.1:9/x")
