"""Lives and deaths of the recorder, and what must be true of the disk after each."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import IO, NamedTuple, Self

from agent.core.clock import NS
from agent.record.segment import Segment
from tests.crash import site
from tests.crash.plan import FPS, FRAME_NS, Life, Plan, camera_name, read_life

REPOSITORY = Path(__file__).parents[2]
START_NS = 1_780_000_000 * NS
FRAGMENT = round(site.FRAGMENT_S * FPS)
_BOXES_BYTES_S = 350
"""Of a fragment, beside its packets."""
_PATIENCE_S = 60.0


@dataclass(frozen=True)
class Films:
    """A clip per camera: the seconds between its keyframes, where it lies, and the packets in it."""

    gops: tuple[int, ...]
    paths: tuple[Path, ...]
    packets: tuple[tuple[bytes, ...], ...]

    def bytes_of(self, seconds: int) -> int:
        """What the footage of all cameras takes on disk in that time, about."""
        return seconds * sum(sum(map(len, packets)) * FPS // len(packets) + _BOXES_BYTES_S for packets in self.packets)

    def plan(self, root: Path, notes: Path, **named: object) -> Plan:
        values = {"start_ns": START_NS, "max_bytes": self.bytes_of(40), **named}
        return Plan(root=str(root), notes=str(notes), clips=tuple(map(str, self.paths)), **values)  # type: ignore[arg-type]


class Nursery:
    """The worker that forks workers: the imports are paid for once."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.crash.worker"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def begin(self, plan: Plan) -> int:
        """The process id of a new life."""
        _pipe(self._process.stdin).write(plan.line() + "\n")
        _pipe(self._process.stdin).flush()
        return int(_pipe(self._process.stdout).readline())

    def end(self) -> int:
        """Wait for it to end, and how it did: 0, or minus the signal."""
        return os.waitstatus_to_exitcode(int(_pipe(self._process.stdout).readline()))

    def run(self, plan: Plan) -> Life:
        """A life that ends by itself, or as its plan says."""
        self.begin(plan)
        status = self.end()
        assert status in (0, -signal.SIGKILL), f"the worker failed: {status}"
        return read_life(plan)

    def kill_after(self, plan: Plan, seconds: float) -> Life:
        """Kill it so long after its start-up began."""
        child = self.begin(plan)
        limit = time.monotonic() + _PATIENCE_S
        while not Path(plan.notes).exists() or not Path(plan.notes).stat().st_size:
            assert time.monotonic() < limit, "the worker does not begin"
            time.sleep(0.001)
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        assert self.end() == -signal.SIGKILL, "the worker ended before it was killed"
        return read_life(plan)


class Spot(NamedTuple):
    """A packet: camera, epoch, frame."""

    camera: int
    epoch: str
    frame: int


@dataclass
class Footage:
    """What the rows of a folder and the files they name hold."""

    films: Films
    root: Path
    rows: list[Segment] = field(init=False)

    def __post_init__(self) -> None:
        self.rows = site.rows(self.root)

    def of(self, camera: int, life: Life) -> list[Segment]:
        name = camera_name(camera)
        return sorted(
            (row for row in self.rows if (row.camera, row.epoch) == (name, life.epoch)), key=lambda row: row.start_ns
        )

    def reach(self, camera: int, life: Life) -> int:
        """Frames of a life up to the last that is there; 0 when none is."""
        rows = self.of(camera, life)
        return (rows[-1].end_ns - life.start_ns) // FRAME_NS if rows else 0

    def saved(self, camera: int, life: Life) -> int:
        """The same, or up to the last that was deleted as a tombstone states."""
        gone_ns = site.deleted_up_to_ns(self.root, camera_name(camera)) - life.start_ns
        return self.reach(camera, life) or max(0, gone_ns) // FRAME_NS

    def holes(self, life: Life) -> list[str]:
        """Frames that are missing between others, or that no file has although a row counts them."""
        found = []
        for camera in range(len(self.films.paths)):
            rows = self.of(camera, life)
            found += [f"{row.path}: {row.packets} packets, not as long" for row in rows if _length(row) != row.packets]
            found += [
                f"a hole before {later.path}" for earlier, later in pairwise(rows) if earlier.end_ns != later.start_ns
            ]
        return found

    def revenants(self, lives: Iterable[Life]) -> list[str]:
        """Footage that was deleted and is there again."""
        here = {row.path for row in self.rows}
        return [path for life in lives for _, path in life.deleted if path in here]

    def strangers(self, lives: Iterable[Life]) -> list[Spot]:
        """Packets that are not, byte for byte, what was handed over."""
        found = []
        for life in lives:
            for camera, packets in enumerate(self.films.packets):
                for row in self.of(camera, life):
                    first = (row.start_ns - life.start_ns) // FRAME_NS
                    for frame, payload in enumerate(site.payloads(self.root / row.path), first):
                        if payload != packets[frame % len(packets)]:
                            found.append(Spot(camera, life.epoch, frame))
        return found


@dataclass
class Losses:
    """The worst that was missing, in frames: of what was handed over, and of what had left the queue."""

    films: Films
    handed: dict[int, int] = field(default_factory=dict)
    muxed: dict[int, int] = field(default_factory=dict)
    looks: int = 0

    def add(self, footage: Footage, life: Life, most: int) -> None:
        """Measure one life; no camera may miss more than `most` frames of what had left its queue."""
        self.looks += 1
        for camera, gop in enumerate(self.films.gops):
            reach = footage.saved(camera, life)
            missing = life.muxed(camera) - reach
            assert missing <= most, f"{camera_name(camera)}: {missing} frames missing of {life.muxed(camera)}"
            self.muxed[gop] = max(self.muxed.get(gop, 0), missing)
            self.handed[gop] = max(self.handed.get(gop, 0), life.handed - reach)

    def report(self, what: str) -> str:
        parts = [
            f"GOP {gop} s: {_ms(self.handed[gop])} ms of what was given, {_ms(self.muxed[gop])} ms of what was muxed"
            for gop in sorted(self.handed)
        ]
        return f"{what}, {self.looks} looks; worst loss: " + "; ".join(parts)


def sound_after(root: Path) -> None:
    """Start on this folder as the gateway does; then nothing may be wrong or unfinished."""
    site.restart(root)
    problems = site.verify(root) + site.unfinished(root) + site.wrong_totals(root)
    assert problems == []


def restarted_copy(root: Path, place: Path) -> Path:
    """A copy of a killed recorder's folder that was started on; the original keeps its wounds."""
    shutil.rmtree(place, ignore_errors=True)
    if root.exists():
        shutil.copytree(root, place)
    sound_after(place)
    return place


def seed() -> int:
    """Of all that is random here: printed by whoever uses it; LAMPPOST_SEED repeats a run."""
    return int(os.environ.get("LAMPPOST_SEED") or random.SystemRandom().randrange(1 << 32))


def times(name: str, usual: int) -> int:
    """How often a slow test does what it does: LAMPPOST_KILLS, LAMPPOST_CUTS and LAMPPOST_STEPS say it otherwise."""
    return int(os.environ.get(f"LAMPPOST_{name}") or usual)


def _length(row: Segment) -> int:
    return (row.end_ns - row.start_ns) // FRAME_NS


def _ms(frames: int) -> int:
    return frames * 1000 // FPS


def _pipe(file: IO[str] | None) -> IO[str]:
    assert file is not None
    return file
