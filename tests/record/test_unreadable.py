"""A file that the disk does not give back costs that file, and nothing else."""

import errno
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import pytest

from agent.core.clock import NS
from agent.core.errors import StorageError
from agent.core.stop import StopToken
from agent.record import recovery
from agent.record.boxes import Layout
from agent.record.segment import OPEN_SUFFIX, UNREADABLE_SUFFIX, Segment
from agent.record.store import SegmentStore
from agent.record.sweep import Sweep
from agent.record.verify import Level, Verification
from tests.fixtures.clock import FakeClock
from tests.record.helpers import Recording, new_store, read_all


@pytest.fixture
def made(tmp_path: Path, clock: FakeClock, clip_h264: Path) -> tuple[SegmentStore, dict[str, Segment]]:
    """Two segments of each of two cameras; the second of each has no row, as after a power cut."""
    store = new_store(tmp_path / "store", clock)
    info, packets = read_all(clip_h264)
    newest = {}
    for camera in ("cam", "yard"):
        with Recording(store, clock, camera=camera) as recording:
            for number in range(2):
                later = [replace(packet, wall_ns=packet.wall_ns + number * 60 * NS) for packet in packets]
                recording.feed(replace(info, camera=camera, epoch=f"e{number}"), later)
        newest[camera] = recording.segments[-1]
    for camera, one in newest.items():
        with store.catalogue.transaction() as db:
            db.execute("DELETE FROM segment WHERE id = ?", (one.id,))
            db.execute("UPDATE chain SET number = 1, link = ? WHERE camera = ?", (one.previous, camera))
    store.close()
    return store, newest


def left_open(store: SegmentStore, one: Segment) -> Path:
    path = store.path_of(one)
    return path.rename(path.with_name(path.name + OPEN_SUFFIX))


def failing(code: int, bad: Path) -> Callable[[BinaryIO], Layout]:
    real = recovery.read_layout

    def read(file: BinaryIO) -> Layout:
        if Path(file.name).name.startswith(bad.name):
            raise OSError(code, os.strerror(code))
        return real(file)

    return read


def can_be_recorded(store: SegmentStore, clock: FakeClock, film: Path, camera: str, number: int) -> None:
    info, packets = read_all(film)
    later = [replace(packet, wall_ns=packet.wall_ns + 900 * NS) for packet in packets]
    with Recording(store, clock, camera=camera) as recording:
        recording.feed(replace(info, camera=camera, epoch="later"), later)
    assert [one.number for one in recording.segments] == [number]
    faults = [str(fault) for fault in Verification(store, Level.SIZES).run(camera)]
    assert faults == []


def told(store: SegmentStore, clock: FakeClock) -> str:
    work = Sweep(store, clock)
    for _ in work.steps(StopToken()):
        pass
    return work.problem


def test_an_open_file_that_cannot_be_read_keeps_no_camera_from_recording(
    made: tuple[SegmentStore, dict[str, Segment]], clock: FakeClock, clip_h264: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, newest = made
    bad, good = left_open(store, newest["cam"]), left_open(store, newest["yard"])
    monkeypatch.setattr(recovery, "read_layout", failing(errno.EIO, bad))
    [adopted] = store.prepare()
    assert (adopted.camera, good.exists(), bad.exists()) == ("yard", False, False)
    aside = bad.with_name(bad.name + UNREADABLE_SUFFIX)
    assert aside.exists()
    can_be_recorded(store, clock, clip_h264, "cam", 2)
    can_be_recorded(store, clock, clip_h264, "yard", 3)
    assert f"{aside}: could not be read" in told(store, clock)
    store.close()


def test_where_it_cannot_be_renamed_either_it_is_passed_over(
    made: tuple[SegmentStore, dict[str, Segment]], clock: FakeClock, clip_h264: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, newest = made
    bad = left_open(store, newest["cam"])
    monkeypatch.setattr(recovery, "read_layout", failing(errno.EIO, bad))
    real = Path.rename

    def rename(path: Path, target: Path) -> Path:
        if path == bad:
            raise OSError(errno.EIO, "Input/output error")
        return real(path, target)

    monkeypatch.setattr(Path, "rename", rename)
    [adopted] = store.prepare()
    assert (adopted.camera, bad.exists()) == ("yard", True)
    can_be_recorded(store, clock, clip_h264, "cam", 2)
    store.close()


def test_a_closed_file_that_cannot_be_read_keeps_no_camera_from_recording(
    made: tuple[SegmentStore, dict[str, Segment]], clock: FakeClock, clip_h264: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, newest = made
    bad = store.path_of(newest["cam"])
    monkeypatch.setattr(recovery, "read_layout", failing(errno.EIO, bad))
    assert [one.camera for one in store.prepare()] == ["yard"]
    assert bad.exists()
    assert f"{bad}: cannot be read (Input/output error)" in told(store, clock)
    can_be_recorded(store, clock, clip_h264, "yard", 3)
    store.close()


def test_a_lost_catalogue_is_made_again_without_a_file_that_cannot_be_read(
    made: tuple[SegmentStore, dict[str, Segment]], clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, newest = made
    store.set_aside()
    bad = store.path_of(newest["cam"])
    monkeypatch.setattr(recovery, "read_layout", failing(errno.EIO, bad))
    store.prepare()
    assert [store.catalogue.head(camera).number for camera in ("cam", "yard")] == [1, 2]
    assert "cannot be read" in told(store, clock)
    assert not store.is_partial
    store.close()


def test_a_full_disk_is_no_reason_to_leave_a_file_behind(
    made: tuple[SegmentStore, dict[str, Segment]], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, newest = made
    left = left_open(store, newest["cam"])
    with monkeypatch.context() as patched:
        patched.setattr(recovery, "read_layout", failing(errno.ENOSPC, left))
        with pytest.raises(StorageError, match="No space left on device"):
            store.prepare()
    assert [one.camera for one in store.prepare()] == ["cam", "yard"]
    store.close()


def test_a_recorder_goes_on_although_what_it_left_cannot_be_read(
    made: tuple[SegmentStore, dict[str, Segment]], clock: FakeClock, clip_h264: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, _ = made
    store.prepare()
    info, packets = read_all(clip_h264)
    with Recording(store, clock) as recording:
        recording.feed(replace(info, epoch="first"), [replace(p, wall_ns=p.wall_ns + 600 * NS) for p in packets], None)
        [bad] = store.open_files("cam")
        monkeypatch.setattr(recovery, "read_layout", failing(errno.EIO, bad))
        with monkeypatch.context() as patched:
            patched.setattr("agent.record.writer.SegmentWriter.close", _fails)
            recording.recorder.closed("end")
            recording.settle()
        assert recording.recorder.stats().error
        clock.advance(3)
        recording.feed(replace(info, epoch="second"), [replace(p, wall_ns=p.wall_ns + 900 * NS) for p in packets])
        assert recording.recorder.stats().error == ""
    assert [one.number for one in recording.segments] == [3]
    assert bad.with_name(bad.name + UNREADABLE_SUFFIX).exists()
    store.close()


def _fails(*_: object) -> None:
    raise OSError(errno.EIO, "Input/output error")
