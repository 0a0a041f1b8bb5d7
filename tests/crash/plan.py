"""What a run of the worker is to do, and the notes it leaves about what it did."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

FPS = 10
FRAME_NS = 1_000_000_000 // FPS


@dataclass(frozen=True)
class Plan:
    """One life of the recorder.

    `clips` has a film per camera. `speed` 0 gives the next frame when all recorders have taken the last, with a clock
    that moves with the frames; else it is how many times faster than the clock on the wall. `die_at_step` and
    `die_at_s` end it by SIGKILL: before a step on the disk, or between two frames when all threads are idle.
    """

    root: str
    notes: str
    clips: tuple[str, ...]
    start_ns: int
    seconds: int
    max_bytes: int
    sync_interval_s: float = 2.0
    speed: float = 0.0
    die_at_step: int = 0
    die_at_s: float = 0.0
    count_steps: bool = False

    def line(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def parse(cls, line: str) -> Plan:
        found = json.loads(line)
        return cls(**{**found, "clips": tuple(found["clips"])})


@dataclass(frozen=True)
class Moment:
    """Just before a frame was handed over: its number, the time, and how many packets of each camera were muxed."""

    frame: int
    mono_ns: int
    muxed: tuple[int, ...]


@dataclass(frozen=True)
class Life:
    """What the notes of one run say."""

    start_ns: int
    epoch: str = ""
    moments: tuple[Moment, ...] = ()
    deleted: tuple[tuple[int, str], ...] = ()
    steps: int = 0
    died_before: str = ""
    trouble: tuple[str, ...] = ()
    ended: bool = False

    def until(self, mono_ns: int) -> Life:
        """The same life, cut short."""
        return replace(
            self,
            moments=tuple(moment for moment in self.moments if moment.mono_ns <= mono_ns),
            deleted=tuple(one for one in self.deleted if one[0] <= mono_ns),
        )

    @property
    def handed(self) -> int:
        """Frames given to each recorder; the last may have been on its way."""
        return self.moments[-1].frame + 1 if self.moments else 0

    def muxed(self, camera: int) -> int:
        """Packets of a camera that are known to have left the queue."""
        return self.moments[-1].muxed[camera] if self.moments else 0


def camera_name(number: int) -> str:
    return f"cam{number}"


def read_life(plan: Plan) -> Life:
    """Read the notes; the last line may be cut off."""
    life = Life(plan.start_ns)
    path = Path(plan.notes)
    lines = path.read_text().split("\n")[:-1] if path.exists() else []
    moments, deleted, trouble = [], [], []
    for line in lines:
        word, *rest = line.split(" ")
        match word:
            case "epoch":
                life = replace(life, epoch=rest[0])
            case "frame":
                number, mono_ns, *counts = map(int, rest)
                moments.append(Moment(number, mono_ns, tuple(counts)))
            case "deleted":
                deleted.append((int(rest[0]), rest[1]))
            case "died":
                life = replace(life, died_before=" ".join(rest))
            case "trouble":
                trouble.append(" ".join(rest))
            case "end":
                life = replace(life, ended=True, steps=int(rest[0]))
            case _:
                assert word == "begin", line
    return replace(life, moments=tuple(moments), deleted=tuple(deleted), trouble=tuple(trouble))
