"""A disk that fills, refuses or goes away ends no worker; recording comes back by itself."""

import os
import resource
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from agent.core.clock import NS
from agent.core.stop import StopToken
from agent.record import pace
from agent.record.holds import Hold
from agent.record.limits import CameraLimits, TierLimits
from agent.record.pace import Pace
from agent.record.retention import Retention
from agent.record.store import RESERVE, RESERVE_BYTES
from agent.record.verify import Level, Verification
from agent.record.writer import SegmentWriter
from tests.fixtures.clips import make_clip, make_noise
from tests.fixtures.clock import FakeClock
from tests.record.disks import SmallDisk, small_disk
from tests.record.helpers import Recording, new_store, read_all, record, units_of_files, units_of_packets, wait_for


@contextmanager
def no_file_may_grow_beyond(size: int) -> Iterator[None]:
    """The kernel refuses every write beyond, as a quota does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_takes_no_more_costs_only_what_it_did_not_take(tmp_path: Path) -> None:
    clock = FakeClock()
    store = new_store(tmp_path / "store", clock)
    info, packets = read_all(make_clip(tmp_path / "film.mp4", seconds=8, size=(640, 360)))
    size = sum(len(packet.data) for packet in packets)
    with Recording(store, clock) as recording:
        with no_file_may_grow_beyond(size):
            recording.feed(info, packets, reason=None)
        stats = recording.recorder.stats()
        assert not stats.recording
        assert "File too large; look at the disk" in stats.error
        clock.advance(3)
        later = [replace(packet, wall_ns=packet.wall_ns + 60 * NS) for packet in packets]
        recording.feed(replace(info, epoch="second"), later)
        assert recording.recorder.stats().error == ""
    saved, fresh = recording.segments
    assert saved.reason == "recovered"
    assert units_of_files([store.root / saved.path]) == units_of_packets(packets[: saved.packets])
    assert saved.packets > 20
    assert fresh.packets == 80
    stats = recording.recorder.stats()
    assert stats.packets_recorded == saved.packets + 80
    assert stats.packets_recorded + stats.packets_lost == stats.packets_in == 160
    store.close()


def test_a_disk_that_goes_away_is_named_and_comes_back(clip_h264: Path, tmp_path: Path) -> None:
    clock = FakeClock()
    store = new_store(tmp_path / "store", clock)
    info, packets = read_all(clip_h264)
    with Recording(store, clock) as recording:
        store.close()
        (tmp_path / "store").rename(tmp_path / "unplugged")
        (tmp_path / "store").mkdir()  # the bare mount point
        recording.feed(info, packets)
        assert "is the disk mounted?" in recording.recorder.stats().error
        assert list((tmp_path / "store").iterdir()) == []  # nothing is written where our disk is not
        (tmp_path / "store").rmdir()
        (tmp_path / "unplugged").rename(tmp_path / "store")
        clock.advance(3)
        recording.feed(replace(info, epoch="second"), packets)
    assert [segment.packets for segment in recording.segments] == [40]
    assert recording.recorder.stats().packets_lost == 40
    store.close()


def test_a_catalogue_that_fails_loses_no_footage(clip_h264: Path, tmp_path: Path) -> None:
    clock = FakeClock()
    store = new_store(tmp_path / "store", clock)
    info, packets = read_all(clip_h264)
    add, store.catalogue.add = store.catalogue.add, _refuse  # type: ignore[method-assign]
    with Recording(store, clock) as recording:
        recording.feed(info, packets)
        assert "look at the disk" in recording.recorder.stats().error
        store.catalogue.add = add  # type: ignore[method-assign]
        clock.advance(3)
        later = [replace(packet, wall_ns=packet.wall_ns + 60 * NS) for packet in packets]
        recording.feed(replace(info, epoch="second"), later)
    assert [segment.packets for segment in recording.segments] == [40, 40]
    assert recording.recorder.stats().packets_lost == 0
    assert store.catalogue.totals().segments == 2
    store.close()


def _refuse(_: object) -> bool:
    raise OSError(28, "No space left on device")


def test_a_pause_that_fails_costs_what_was_not_written_and_ends_no_thread(
    clip_h264: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info, packets = read_all(clip_h264)
    clock = FakeClock()
    store = new_store(tmp_path / "store", clock)
    with Recording(store, clock) as recording:
        with monkeypatch.context() as patched:
            patched.setattr(SegmentWriter, "pause", _fits_no_file)
            recording.feed(info, packets[:15], reason=None)
            wait_for(lambda: "fits no file" in recording.recorder.stats().error)
        clock.advance(3)
        for packet in packets[15:]:
            recording.recorder.packet(packet)
        recording.recorder.closed("end")
        recording.settle()
        assert recording.recorder.stats().error == ""
    assert recording.segments[-1].packets == 20
    store.close()


def _fits_no_file(_: object) -> None:
    raise struct.error("argument out of range")


def test_on_a_full_disk_the_reserve_lets_deletions_happen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = new_store(tmp_path / "store")
    film = make_clip(tmp_path / "film.mp4")
    segments, _, _ = record(store, film)
    reserve = store.root / RESERVE
    assert reserve.stat().st_blocks * 512 >= RESERVE_BYTES  # really taken, not a hole
    free = [RESERVE_BYTES - 1]
    monkeypatch.setattr(store, "free_bytes", lambda: free[0])
    reserve_at_the_row = []
    bury = store.graveyard.bury
    monkeypatch.setattr(
        store.graveyard,
        "bury",
        lambda *given, **named: (reserve_at_the_row.append(reserve.exists()), bury(*given, **named))[1],
    )
    store.delete(segments, "room")
    assert reserve_at_the_row == [False]
    assert store.catalogue.totals() == (0, 0)
    store.keep_reserve()
    assert not reserve.exists()  # still no room for it
    free[0] = 8 * RESERVE_BYTES
    store.keep_reserve()
    assert reserve.exists()
    store.close()


def test_no_segment_begins_on_a_disk_that_is_nearly_full(
    clip_h264: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FakeClock()
    store = new_store(tmp_path / "store", clock)
    info, packets = read_all(clip_h264)
    with Recording(store, clock) as recording, monkeypatch.context() as patched:
        patched.setattr(store, "free_bytes", lambda: RESERVE_BYTES)
        recording.feed(info, packets)
        assert "the disk is full; free some of it" in recording.recorder.stats().error
    assert recording.segments == []
    assert recording.recorder.stats().packets_lost == 40
    store.close()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    made = small_disk(tmp_path, "20m")
    yield made
    made.remove()


class Two:
    """Two cameras on real threads, fed round after round with their own time going on, and retention beside them."""

    def __init__(self, root: Path, film: Path, clock: FakeClock, limits: TierLimits) -> None:
        self.clock, self.store = clock, new_store(root, clock)
        self.retention = Retention(self.store, clock, [limits], {"low": CameraLimits(priority="low")})
        self._info, self._packets = read_all(film)
        self._stack = ExitStack()
        self.cameras = {
            name: self._stack.enter_context(Recording(self.store, clock, camera=name, allows=self.retention.allows))
            for name in ("low", "high")
        }
        self.rounds = 0

    def feed(self, names: tuple[str, ...] = ("low", "high")) -> None:
        """Four seconds of each camera, as an epoch."""
        self.rounds += 1
        for name in names:
            info = replace(self._info, camera=name, epoch=f"e{self.rounds}")
            later = [replace(one, wall_ns=one.wall_ns + self.rounds * 5 * NS) for one in self._packets]
            self.cameras[name].feed(info, later)
        self.clock.advance(5)

    def errors(self) -> dict[str, str]:
        return {name: camera.recorder.stats().error for name, camera in self.cameras.items()}

    def look(self) -> str:
        """A round of the worker itself, as the supervisor would run it."""
        self.retention.run(OneRound())
        return self.retention.error

    def end(self) -> None:
        self._stack.close()
        for camera in self.cameras.values():
            stats = camera.recorder.stats()
            assert stats.packets_in == stats.packets_recorded + stats.packets_lost
        assert [str(p) for name in self.cameras for p in Verification(self.store, Level.HASHES).run(name)] == []
        self.store.close()


class OneRound(StopToken):
    """Ends a worker after its first round."""

    def wait(self, _: float | None = None) -> bool:
        self.set()
        return True


@pytest.fixture(scope="module")
def big_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """About a megabyte in four seconds."""
    return make_noise(tmp_path_factory.mktemp("films") / "noise.mp4")


@pytest.fixture
def two(disk: SmallDisk, big_film: Path, clock: FakeClock) -> Iterator[Two]:
    made = Two(disk.path / "store", big_film, clock, TierLimits(365, None, 6 << 20))
    yield made
    made.end()


def test_a_small_disk_that_fills_keeps_its_floor_and_what_is_held(two: Two) -> None:
    two.feed()
    first = two.store.catalogue.oldest(2)
    span = Hold(
        id="h", cameras=("low", "high"), start_ns=first[0].start_ns, end_ns=first[0].end_ns, reason="r", owner="o",
        created_ns=0, until_ns=None,
    )  # fmt: skip
    two.store.holds.add(span, two.store.signer)
    for _ in range(30):  # several times what the disk holds
        two.feed()
        assert two.look() == ""
        assert two.store.free_bytes() >= 6 << 20
    assert two.errors() == {"low": "", "high": ""}
    assert [one.id for one in two.store.catalogue.oldest(2)] == [one.id for one in first]
    assert all(camera.recorder.stats().packets_lost == 0 for camera in two.cameras.values())


def test_a_disk_full_of_holds_stops_the_low_camera_then_the_other_and_heals(two: Two) -> None:
    span = Hold(
        id="h", cameras=("low", "high"), start_ns=0, end_ns=1 << 62, reason="r", owner="o", created_ns=0, until_ns=None
    )
    two.store.holds.add(span, two.store.signer)
    stopped: dict[str, int] = {}
    for _ in range(30):
        two.feed()
        two.look()
        for name, error in two.errors().items():
            if error:
                stopped.setdefault(name, two.store.free_bytes())
    assert list(stopped) == ["low", "high"]
    assert stopped["low"] > stopped["high"]
    assert "only holds are left" in two.look()
    assert "low: stopped to leave room (priority low)" in two.errors()["low"]
    held = two.store.catalogue.totals().segments
    assert held == len(list(two.store.root.rglob("*.mp4")))  # no hold was deleted
    two.store.holds.release("h", "o", "closed", two.clock.wall_ns(), two.store.signer)
    assert two.look() == ""
    two.clock.advance(5)
    two.feed()
    assert two.errors() == {"low": "", "high": ""}
    assert two.store.free_bytes() >= 5 << 20


def test_without_retention_a_full_disk_is_named_loses_only_what_it_must_and_heals(two: Two) -> None:
    while not all(two.errors().values()):
        two.feed()
        assert two.rounds < 40
    assert "disk is full" in two.errors()["high"] or "No space left" in two.errors()["high"]
    assert two.look() == ""
    assert two.store.free_bytes() >= 6 << 20
    two.clock.advance(5)
    two.feed()
    assert two.errors() == {"low": "", "high": ""}


def test_a_disk_that_is_read_only_for_a_while(two: Two, disk: SmallDisk) -> None:
    two.feed()
    two.store.catalogue.close()  # the kernel refuses while somebody writes
    disk.set_writable(False)
    two.feed()
    assert all("Read-only file system; look at the disk" in error for error in two.errors().values())
    assert two.look() != ""
    two.store.catalogue.close()
    disk.set_writable(True)
    two.clock.advance(5)
    two.feed()
    assert two.errors() == {"low": "", "high": ""}
    assert two.look() == ""
    assert two.store.catalogue.totals("high").segments == 2


def test_a_disk_that_is_unmounted_in_the_middle_of_a_segment_and_comes_back(two: Two, disk: SmallDisk) -> None:
    two.feed()
    info, packets = two._info, two._packets
    begun = [replace(one, wall_ns=one.wall_ns + 3600 * NS) for one in packets]
    two.cameras["high"].feed(replace(info, camera="high", epoch="begun"), begun, reason=None)
    disk.unmount()
    two.cameras["high"].recorder.closed("lost")
    two.feed()
    assert all("is the disk mounted?" in error for error in two.errors().values())
    assert "is the disk mounted?" in two.look()
    assert list(disk.path.iterdir()) == []  # nothing was written where the disk is not
    disk.mount()
    two.clock.advance(5)
    two.rounds += 1000
    two.feed()
    assert two.errors() == {"low": "", "high": ""}
    assert two.look() == ""
    reasons = [one.reason for one in two.store.catalogue.oldest(9, "high")]
    assert sorted(reasons) == ["end", "end", "recovered"]


def test_a_slow_disk_is_named_and_loses_nothing(
    tmp_path: Path, clip_h264: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = new_store(tmp_path / "store")
    monkeypatch.setattr(pace, "SLOW_S", 0.2)
    gate, real = threading.Event(), os.fdatasync

    def slow(handle: int) -> None:
        gate.wait(20)
        time.sleep(0.25)
        real(handle)

    info, packets = read_all(clip_h264)
    with Recording(store) as recording, monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", slow)
        recording.recorder.opened(info)
        for packet in packets:
            recording.recorder.packet(packet)
        wait_for(lambda: "the disk is slow: a sync took" in store.pace.problem)  # said while it hangs
        gate.set()
        recording.recorder.closed("end")
        recording.settle()
    assert "the disk is slow" in store.pace.problem  # and for a minute after
    assert recording.recorder.stats().packets_recorded == 40
    assert [one.packets for one in recording.segments] == [40]
    store.close()


def test_a_disk_that_was_slow_a_minute_ago_is_forgiven(clock: FakeClock) -> None:
    kept = Pace(clock)
    with kept.timed():
        clock.advance(3)
        assert "a sync took 3.0 s" in kept.problem
    clock.advance(59)
    assert kept.problem != ""
    clock.advance(2)
    assert kept.problem == ""


def test_a_reason_not_to_record_ends_the_segment_at_a_keyframe_and_is_lifted(clip_h264: Path, tmp_path: Path) -> None:
    store = new_store(tmp_path / "store")
    info, packets = read_all(clip_h264)
    said = [""]
    with Recording(store, allows=lambda _: said[0]) as recording:
        recording.feed(info, packets[:15], reason=None)
        said[0] = "no room"
        for packet in packets[15:25]:
            recording.recorder.packet(packet)
        recording.settle()
        assert recording.recorder.stats().error == "no room"
        said[0] = ""
        for packet in packets[25:]:
            recording.recorder.packet(packet)
        recording.recorder.closed("end")
        recording.settle()
        stats = recording.recorder.stats()
    assert [(one.reason, one.packets) for one in recording.segments] == [("room", 20), ("end", 10)]
    assert (stats.packets_recorded, stats.packets_lost) == (30, 10)
    store.close()
