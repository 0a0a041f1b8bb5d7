"""The power goes at any moment of a recorder's lives: what was synced is there, the rest may be, in any part."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent.core.clock import NS
from tests.crash import site
from tests.crash.lab import FRAGMENT, REPOSITORY, START_NS, Films, Footage, Losses, seed, sound_after, times
from tests.crash.plan import FPS, Life, Plan, read_life
from tests.crash.replay import Disk, Keep, Kind, Record, everything, lay_out, nothing, part, read_log, read_tree, up_to

SYNC_INTERVAL_S = 2.0
_LATEST = 300
"""Records: so far may the system be behind with what nobody asked it to sync."""
PROMISED = round(SYNC_INTERVAL_S * FPS)
"""Frames, those of the fragment in the making included."""


@pytest.fixture(scope="session")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """powercut.c, compiled."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("no C compiler: cc, gcc or clang")
    made = tmp_path_factory.mktemp("shim") / "powercut.so"
    source = Path(__file__).with_name("powercut.c")
    command = [
        compiler,
        "-shared",
        "-fPIC",
        "-O1",
        "-Wall",
        "-Werror",
        "-o",
        str(made),
        str(source),
        "-ldl",
        "-pthread",
    ]
    subprocess.run(command, check=True)
    return made


def run_logged(shim: Path, disk: Path, log: Path, *command: str) -> int:
    environment = {**os.environ, "LD_PRELOAD": str(shim), "POWERCUT_ROOT": str(disk), "POWERCUT_LOG": str(log)}
    return subprocess.run([sys.executable, *command], env=environment, cwd=REPOSITORY, check=False).returncode


@dataclass(frozen=True)
class History:
    """Two lives over one folder: the first is killed and leaves files open, the second mends, goes on and deletes."""

    films: Films
    disk: Path
    records: tuple[tuple[Record, ...], ...]
    lives: tuple[Life, ...]

    def __len__(self) -> int:
        return sum(map(len, self.records))

    def cuts(self, positions: set[int]) -> Iterator[tuple[int, int, Disk]]:
        """Position, time and disk of each of these moments."""
        disk, position = Disk(str(self.disk)), 0
        for records in self.records:
            disk.begin_process()
            for record in records:
                disk.play(record)
                position += 1
                if position in positions:
                    yield position, record.mono_ns, disk

    def choose(self, chance: random.Random, cuts: int) -> set[int]:
        """Positions at random, each kind of call as often as any other: what is rare is what matters."""
        places: dict[Kind, list[int]] = {}
        for place, record in enumerate((record for records in self.records for record in records), 1):
            places.setdefault(record.kind, []).append(place)
        found: set[int] = set()
        while len(found) < cuts:
            place = chance.choice(places[chance.choice(sorted(places))])
            found.add(min(len(self), place + chance.randrange(-1, 4)) or 1)
        return found


@pytest.fixture(scope="session")
def history(films: Films, shim: Path, tmp_path_factory: pytest.TempPathFactory) -> History:
    folder = tmp_path_factory.mktemp("powercut").resolve()
    disk = folder / "disk"
    disk.mkdir()  # the mounted disk itself: the store is all of it
    same = {"max_bytes": films.bytes_of(45), "sync_interval_s": SYNC_INTERVAL_S}
    plans = [
        films.plan(disk, folder / "notes0", seconds=60, die_at_s=24.7, **same),
        films.plan(disk, folder / "notes1", seconds=33, start_ns=START_NS + 30 * NS, **same),
    ]
    lives = [_live(shim, disk, folder / f"log{number}", plan) for number, plan in enumerate(plans)]
    assert [life.ended for life in lives] == [False, True]
    assert [life.trouble for life in lives] == [(), ()]
    assert lives[1].deleted
    records = tuple(tuple(read_log(folder / f"log{number}")) for number in range(2))
    return History(films, disk, records, tuple(lives))


def _live(shim: Path, disk: Path, log: Path, plan: Plan) -> Life:
    run_logged(shim, disk, log, "-m", "tests.crash.worker", plan.line())
    return read_life(plan)


CALLS = """
import os, sys
root = sys.argv[1]
os.mkdir(root + "/x")
os.chdir(root)
os.mkdir("relative")
handle = os.open(root + "/x/a", os.O_RDWR | os.O_CREAT, 0o600)
os.write(handle, b"0123456789")
os.pwrite(handle, b"AB", 3)
os.writev(handle, [b"one", b"", b"three"])
os.pwritev(handle, [b"x", b"yz"], 30)
os.posix_fallocate(handle, 0, 50)
os.lseek(handle, 45, os.SEEK_SET)
os.write(handle, b"end")
os.ftruncate(handle, 48)
os.fdatasync(handle)
os.close(handle)
os.link(root + "/x/a", root + "/b")
os.rename(root + "/b", root + "/relative/c")
folder = os.open(root + "/x", os.O_RDONLY)
os.unlink("a", dir_fd=folder)
os.fsync(folder)
os.close(folder)
os.rmdir(root + "/x")
with open("appended", "wb") as file:
    file.write(b"first")
with open("appended", "ab") as file:
    file.write(b" second")
with open("copy", "wb") as target, open("appended", "rb") as source:
    try:
        os.sendfile(target.fileno(), source.fileno(), 0, 5)
    except OSError:
        target.write(source.read())
open("appended", "w").close()
"""


def test_the_log_has_every_call(shim: Path, tmp_path: Path) -> None:
    disk, log = tmp_path.resolve() / "disk", tmp_path / "log"
    disk.mkdir()
    assert run_logged(shim, disk, log, "-c", CALLS, str(disk)) == 0
    replayed = Disk(str(disk))
    for record in read_log(log):
        replayed.play(record)
    assert read_tree(disk) == replayed.tree(everything) != {}
    assert replayed.tree(nothing) == {}


def test_all_that_was_logged_is_all_that_happened(history: History) -> None:
    """What lies on the disk in the end comes out of the log, SQLite's part included."""
    [(_, _, disk)] = history.cuts({len(history)})
    assert disk.tree(everything) == read_tree(history.disk)
    paths = {record.fd: record.path for record in history.records[1] if record.kind is Kind.OPEN}
    synced = {paths[record.fd] for record in history.records[1] if record.kind is Kind.SYNC}
    assert any(path.endswith("-wal") for path in synced)
    assert {Kind.RENAME, Kind.UNLINK, Kind.SIZE} <= {record.kind for record in history.records[1]}


def test_a_folder_made_by_the_first_start_outlives_a_power_cut(films: Films, shim: Path, tmp_path: Path) -> None:
    disk, log = tmp_path.resolve() / "disk", tmp_path / "log"
    disk.mkdir()
    life = _live(shim, disk, log, films.plan(disk / "new" / "store", tmp_path / "notes", seconds=3))
    assert life.ended
    replayed = Disk(str(disk))
    for record in read_log(log):
        replayed.play(record)
    lay_out(replayed.tree(nothing), tmp_path / "after")
    assert Footage(films, tmp_path / "after" / "new" / "store").reach(0, life) == life.handed


@dataclass
class Blackouts:
    """Cuts, and what was lost by them."""

    history: History
    folder: Path
    losses: Losses

    def cut(self, position: int, mono_ns: int, disk: Disk, keep: Keep, piece_bytes: int, most: int) -> None:
        """The power goes, the disk is as `keep` says, the gateway starts."""
        place = self.folder / "disk"
        shutil.rmtree(place, ignore_errors=True)
        lay_out(disk.tree(keep, piece_bytes), place)
        assert site.verify(place) == [], f"after record {position}"
        sound_after(place)
        footage = Footage(self.history.films, place)
        lives = [life.until(mono_ns) for life in self.history.lives]
        assert footage.revenants(lives) == []
        for life in lives:
            assert footage.holes(life) == []
            if life.moments:
                self.losses.add(footage, life, most)
        self._check_payloads(footage, lives)

    def _check_payloads(self, footage: Footage, lives: list[Life]) -> None:
        """What recovery keeps is what was handed over, whatever the disk pretends to hold."""
        assert footage.strangers(life for life in lives if life.epoch) == []


def cut_at_random_moments(history: History, folder: Path, cuts: int) -> list[Blackouts]:
    number = seed()
    print(f"LAMPPOST_SEED={number}, {len(history)} records")  # noqa: T201 - shown when the test fails
    chance = random.Random(number)
    least, most, late, mixed = (Blackouts(history, folder, Losses(history.films)) for _ in range(4))
    for position, mono_ns, disk in history.cuts(history.choose(chance, cuts)):
        least.cut(position, mono_ns, disk, nothing, 512, PROMISED)
        most.cut(position, mono_ns, disk, everything, 512, FRAGMENT)
        late.cut(position, mono_ns, disk, up_to(position - chance.randrange(_LATEST)), 512, PROMISED)
        keep = part(chance.randrange(1 << 32), share=chance.choice([0.1, 0.5, 0.9]))
        mixed.cut(position, mono_ns, disk, keep, chance.choice([512, 4096]), PROMISED)
    return [least, most, late, mixed]


def report(blackouts: list[Blackouts]) -> str:
    names = ("only what was synced", "all that was written", "all up to a moment", "any part")
    return "\n".join(cuts.losses.report(name) for name, cuts in zip(names, blackouts, strict=True))


def test_a_power_cut_costs_at_most_the_sync_interval(history: History, tmp_path: Path) -> None:
    print(report(cut_at_random_moments(history, tmp_path, 25)))  # noqa: T201


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_300_power_cuts_cost_at_most_the_sync_interval(
    history: History, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    tell(report(cut_at_random_moments(history, tmp_path, times("CUTS", 300))))
