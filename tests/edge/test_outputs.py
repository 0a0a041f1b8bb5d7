"""What `lamppost analyse` writes lands where it was asked to, whole, and on nothing else."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from agent.core.errors import ConfigError, SourceError, StorageError
from agent.edge.outputs import must_differ, put, written


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "v.mp4"
    path.write_bytes(b"film")
    (tmp_path / "soft").symlink_to(path)
    (tmp_path / "hard").hardlink_to(path)
    return path


@pytest.mark.parametrize("name", ["v.mp4", "soft", "hard", "../{here}/v.mp4"])
def test_the_video_is_never_written_over(video: Path, name: str) -> None:
    path = video.parent / name.format(here=video.parent.name)
    with pytest.raises(ConfigError, match="which is read; name another"):
        must_differ(video, [video.with_name("tracks"), path], sys.stdout)


def test_each_output_has_a_file_of_its_own(video: Path) -> None:
    one, same = video.with_name("one"), video.parent / ".." / video.parent.name / "one"
    with pytest.raises(ConfigError, match="is the same file as"):
        must_differ(video, [one, same], sys.stdout)
    with one.open("w") as printed, pytest.raises(ConfigError, match="stdout"):
        must_differ(video, [one], printed)
    must_differ(video, [one, video.with_name("two")], sys.stdout)
    must_differ(video, [Path(os.devnull), Path(os.devnull)], sys.stdout)


def test_a_file_stands_under_its_name_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    path.write_text("before")
    (tmp_path / "link").symlink_to(path)
    with written(tmp_path / "link") as file:
        file.write("after")
        file.flush()
        assert path.read_text() == "before"
    assert (path.read_text(), (tmp_path / "link").is_symlink()) == ("after", True)
    assert len(list(tmp_path.iterdir())) == 2


def broken_off(path: Path, error: type[BaseException]) -> None:
    with written(path) as file:
        file.write("after")
        raise error


@pytest.mark.parametrize(("error", "left"), [(SourceError, "after"), (KeyboardInterrupt, "after"), (OSError, "before")])
def test_what_a_broken_video_told_is_kept(tmp_path: Path, error: type[BaseException], left: str) -> None:
    path = tmp_path / "rows"
    path.write_text("before")
    with pytest.raises(error):
        broken_off(path, error)
    assert path.read_text() == left
    assert list(tmp_path.iterdir()) == [path]


def test_a_fifo_stays_one(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with subprocess.Popen(["cat", str(fifo)], stdout=subprocess.PIPE) as reader:
        with written(fifo) as file:
            file.write("rows")
        assert reader.communicate(timeout=10)[0] == b"rows"
    assert fifo.is_fifo()


def test_a_pipe_of_the_shell_is_written_as_it_is() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading) as pipe:
        with written(Path(f"/dev/fd/{writing}")) as file:
            file.write("rows")
        os.close(writing)
        assert pipe.read() == "rows"


def test_a_disk_that_is_full_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = Path("/dev/full").open("w", buffering=1)  # noqa: SIM115 - to close it fails, too
    with pytest.raises(OSError, match="/dev/full"):
        put(full, "a line\n")
    with suppress(OSError):
        full.close()
    path = tmp_path / "rows"
    path.write_text("before")
    full = Path("/dev/full").open("w")  # noqa: SIM115 - what is tested closes it
    monkeypatch.setattr("agent.edge.outputs._opened", lambda *_: full)
    with pytest.raises(StorageError, match=f"{path}: cannot be written: No space left"), written(path) as file:
        file.write("kept back until the end")
    assert path.read_text() == "before"


def test_a_file_that_is_a_mount_of_its_own_is_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "rows"
    path.write_text("before")

    def busy(*_: object) -> None:
        raise OSError(errno.EBUSY, "Device or resource busy")

    monkeypatch.setattr(Path, "replace", busy)
    with written(path) as file:
        file.write("after")
    assert path.read_text() == "after"
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none" / "rows", tmp_path):
        with pytest.raises(ConfigError, match=f"{path}: cannot be written"), written(path):
            pass
