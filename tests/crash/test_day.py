"""A day in minutes: what happens to gateways and cameras, and in the evening every promise is looked at."""

from __future__ import annotations

import json
import os
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.core.clock import NS
from agent.edge.archive_list import Wanted, list_gaps
from agent.record.store import SegmentStore
from agent.record.verify import Level, Verification
from agent.record.verify_journal import JournalVerification
from tests.crash.day import FPS, FRAME_NS, Camera, Gateway
from tests.crash.lab import seed
from tests.fixtures.clips import make_clip
from tests.fixtures.clock import FakeClock
from tests.record.helpers import read_all

MORNING_NS = 1_780_030_800 * NS
HOUR = 3600
FAULTS = ("drop", "stall", "jump", "back", "step", "step_back", "restart", "kill", "reboot", "reboot_1970", "full")


@pytest.fixture
def root() -> Iterator[Path]:
    """In memory where there is such a place: a day has a hundred thousand syncs."""
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=place) as folder:
        yield Path(folder) / "store"


class Day:
    """Plays pictures and faults by the second. `missing_s` is how long each camera could not be recorded."""

    def __init__(self, root: Path, film: Path, *, keep_hours: float) -> None:
        self._root, self._keep_hours = root, keep_hours
        self.clock = FakeClock(MORNING_NS)
        info, packets = read_all(film)
        self.cameras = [Camera(name, info, packets) for name in ("gate", "yard")]
        self.boots = 1
        self.done: Counter[str] = Counter()
        self.gateway = self._start()

    def play(self, seconds: int) -> None:
        """All is well for a while."""
        for second in range(seconds):
            for _ in range(FPS):
                for camera in self.cameras:
                    if camera.online:
                        self.gateway.packet(camera)
                self.clock.advance(FRAME_NS / NS)
            self.gateway.look()
            if second % 60 == 0:
                self.gateway.sweep()

    def fault(self, kind: str, chance: random.Random) -> None:
        """Something happens, and is over when this returns."""
        self.done[kind] += 1
        getattr(self, kind)(chance.choice(self.cameras), chance.randrange(20, 300))

    def drop(self, camera: Camera, seconds: int) -> None:
        self.gateway.closed(camera, "lost", "the camera ended the stream; trying again")
        self.play(seconds)
        self.gateway.opened(camera)

    def stall(self, camera: Camera, seconds: int) -> None:
        online, camera.online = camera.online, False
        for _ in range(seconds * FPS):
            camera.skip()
        # it is silent, and nobody has noticed: only packets are missing
        self.cameras.remove(camera)
        self.play(seconds)
        self.cameras.append(camera)
        camera.online = online
        self.cameras.sort(key=lambda one: one.name)

    def jump(self, camera: Camera, seconds: int) -> None:
        camera.offset += seconds * 90_000

    def back(self, camera: Camera, seconds: int) -> None:
        camera.offset -= seconds * 90_000

    def step(self, _: Camera, seconds: int) -> None:
        self._new_epochs(seconds)

    def step_back(self, _: Camera, seconds: int) -> None:
        self._new_epochs(-seconds)

    def restart(self, _: Camera, seconds: int) -> None:
        self.gateway.stop()
        self.clock.advance(seconds)
        self.gateway = self._start()

    def kill(self, _: Camera, seconds: int) -> None:
        self.gateway.die()
        self.clock.advance(seconds)
        self.gateway = self._start()

    def reboot(self, _: Camera, seconds: int) -> None:
        self.gateway.die()
        self._boot(seconds)
        self.gateway = self._start()

    def reboot_1970(self, _: Camera, seconds: int) -> None:
        """A gateway without a battery: it believes in 1970 until a time server is reached."""
        self.gateway.die()
        self._boot(seconds)
        right_ns, self.clock.is_synced = self.clock.wall_ns(), False
        self.clock.step_wall(-right_ns / NS + 100)
        wrong_ns = self.clock.wall_ns()
        self.gateway = self._start()
        self.play(seconds)
        self.clock.is_synced = True
        self._new_epochs((right_ns - wrong_ns) / NS)

    def full(self, _: Camera, seconds: int) -> None:
        store = self.gateway.store
        store.free_bytes = lambda: 0  # type: ignore[method-assign]
        self.play(seconds)
        del store.free_bytes
        self.play(15)

    def _new_epochs(self, seconds: float) -> None:
        """The wall clock steps: capture begins new epochs at once."""
        self.clock.step_wall(seconds)
        for camera in self.cameras:
            self.gateway.recorders[camera.name]._take(camera.session(self.clock.wall_ns()))
        self.gateway.look()

    def _boot(self, seconds: int) -> None:
        self.clock.advance(seconds)
        self.boots += 1
        self.clock.boot = f"{self.boots:032x}"
        self.clock._mono_ns = 20 * NS

    def _start(self) -> Gateway:
        gateway = Gateway(self._root, self.clock, self.cameras, keep_hours=self._keep_hours)
        for camera in self.cameras:
            gateway.opened(camera)
        return gateway


def live(root: Path, folder: Path, hours: float, *, faults: int, keep_hours: float) -> tuple[Day, SegmentStore]:
    """A day, or so much of it; the store is closed and opened for reading when it is over."""
    number = seed()
    print(f"LAMPPOST_SEED={number}")  # noqa: T201 - shown when the test fails
    chance = random.Random(number)
    film = make_clip(folder / "film.mp4", seconds=20, fps=FPS, gop=10, size=(64, 48))
    day = Day(root, film, keep_hours=keep_hours)
    script = [*FAULTS, *(chance.choice(FAULTS) for _ in range(faults - len(FAULTS)))]
    chance.shuffle(script)
    for kind in script:
        day.play(int(hours * HOUR / (faults + 1)))
        day.fault(kind, chance)
    day.play(int(hours * HOUR / (faults + 1)))
    day.gateway.stop()
    return day, SegmentStore(root, day.clock, read_only=True)


def check(day: Day, store: SegmentStore) -> dict[str, Counter[str]]:
    """Every promise; the reasons of all gaps."""
    reasons: dict[str, Counter[str]] = {}
    journal = JournalVerification(store)
    assert [str(fault) for fault in journal.run()] == []
    assert journal.entries > 2 * day.done.total() // 3
    for camera in day.cameras:
        assert [str(fault) for fault in Verification(store, Level.HASHES).run(camera.name)] == []
        lines: list[str] = []
        list_gaps(store, camera.name, Wanted(since_ns=MORNING_NS), lines.append, as_json=True)
        found = [json.loads(line) for line in lines]
        unexplained = [gap for gap in found if gap["why"] in {"unknown", ""}]
        assert unexplained == []
        reasons[camera.name] = Counter(gap["why"] for gap in found)
        for segment in store.catalogue.oldest(1 << 20, camera.name):
            assert segment.reason
            assert segment.end_ns > segment.start_ns
    return reasons


def test_an_hour_with_one_of_each(root: Path, tmp_path: Path) -> None:
    day, store = live(root, tmp_path, 0.7, faults=len(FAULTS), keep_hours=24)
    print(check(day, store))  # noqa: T201
    store.close()


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_24_hours_keep_every_promise_and_every_gap_has_a_reason(
    root: Path, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    day, store = live(root, tmp_path, 24, faults=120, keep_hours=12)
    reasons = check(day, store)
    store.close()
    assert store.root.exists()
    tell(f"{dict(day.done)}; gaps: {reasons}")
    shutil.rmtree(root)
