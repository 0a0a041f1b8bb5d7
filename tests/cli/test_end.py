"""How a command ends: what it returns when its reader has gone, what it says of a system that refuses."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agent.cli import main
from agent.core.clock import SystemClock
from agent.record.store import SegmentStore


def started(*arguments: str, stdout: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "agent.cli", *arguments]
    return subprocess.Popen(command, stdout=stdout, stderr=subprocess.PIPE, text=True)


def to_nobody(*arguments: str) -> tuple[int, str]:
    """Its output is a pipe whose reader has gone."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        with started(*arguments, stdout=writing) as process:
            return process.wait(60), process.stderr.read() if process.stderr else ""
    finally:
        os.close(writing)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "gateway.toml"
    path.write_text(
        f'[gateway]\nid = "g"\nsite = "s"\n[storage]\npath = "{tmp_path}"\n'
        '[[camera]]\nid = "cam"\nurl = "file:/c.mp4"\n'
    )
    store = SegmentStore(tmp_path / "recordings", SystemClock())
    store.prepare()
    store.close()
    return path


@pytest.mark.parametrize(
    "words", [["archive", "verify"], ["archive", "list", "--at", "2026-05-28T20:00:00Z"], ["config", "show"]]
)
def test_what_nobody_reads_is_no_success(config: Path, words: list[str]) -> None:
    named = [str(config)] if words[0] == "config" else ["--config", str(config)]
    assert to_nobody(*words, *named) == (141, "")


def test_a_disk_that_does_not_take_the_output_is_one_line(config: Path) -> None:
    with Path("/dev/full").open("w") as full, started("config", "show", str(config), stdout=full.fileno()) as process:
        assert process.wait(60) == 1
        assert process.stderr is not None
        assert process.stderr.read() == "No space left on device\n"


def test_whoever_has_no_output_at_all_is_served(config: Path) -> None:
    command = f"exec {sys.executable} -m agent.cli config check {config} >&-"
    assert subprocess.run(["sh", "-c", command], capture_output=True, check=False, text=True).stderr == ""
    assert subprocess.run(["sh", "-c", command], capture_output=True, check=False).returncode == 0


def test_what_was_said_before_another_file_failed_is_kept(monkeypatch, capfd) -> None:
    def fail(_: object) -> int:
        sys.stdout.write("said\n")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("agent.cli.config._config_check", fail)
    assert main(["config", "check", "x"]) == 1
    assert capfd.readouterr() == ("said\n", "No space left on device\n")


def test_what_the_system_refuses_is_one_line(config: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(tmp_path / "recordings"))

    monkeypatch.setattr("agent.edge.archive.SegmentStore", refuse)
    assert main(["archive", "verify", "--config", str(config)]) == 1
    assert capsys.readouterr().err == f"{tmp_path}/recordings: Permission denied; run it as a user who may\n"
