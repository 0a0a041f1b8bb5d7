"""The power goes at any moment of an outbox's life: alarms are there, of the rest all but the last second."""

from __future__ import annotations

import random
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent.core.clock import NS, SystemClock
from agent.publish.database import SYNC_INTERVAL_S
from agent.publish.outbox import Outbox
from agent.wire.messages import DurableClass, Event
from tests.crash.lab import seed
from tests.crash.replay import Disk, Keep, Record, everything, lay_out, nothing, part, read_log
from tests.crash.test_powercut import run_logged, shim

__all__ = ["shim"]

LIFE = """
import sys, time
from pathlib import Path
from agent.core.clock import SystemClock
from agent.publish.outbox import Outbox
from agent.wire.messages import Event
outbox, now = Outbox(Path(sys.argv[1]) / "outbox.db", SystemClock()), "2026-01-01T00:00:00Z"
with open(sys.argv[2], "w") as notes:
    for number in range(240):
        severity = "alarm" if number % 50 == 25 else "info"
        event = Event(id=f"e{number}", camera="c", kind="motion", phase="start", time=now, start=now, severity=severity)
        seq = outbox.put("event", "c", event)
        notes.write(f"{time.monotonic_ns()} {severity == 'alarm':d} {seq}\\n")
        if number % 3 == 2:
            outbox.acknowledge("event", [max(1, seq - 40)])
        time.sleep(0.01)
"""


@dataclass(frozen=True)
class Put:
    """A record that the outbox said it has, and when."""

    mono_ns: int
    kind: DurableClass
    seq: int


@dataclass(frozen=True)
class Life:
    """What an outbox did to its disk, and what it promised meanwhile."""

    disk: Path
    records: list[Record]
    puts: list[Put]


@pytest.fixture(scope="module")
def life(shim: Path, tmp_path_factory: pytest.TempPathFactory) -> Life:
    folder = tmp_path_factory.mktemp("outbox").resolve()
    disk, notes = folder / "disk", folder / "notes"
    disk.mkdir()
    assert run_logged(shim, disk, folder / "log", "-c", LIFE, str(disk), str(notes)) == 0
    rows = [line.split() for line in notes.read_text().splitlines()]
    puts = [Put(int(at), "alarm" if alarm == "1" else "event", int(seq)) for at, alarm, seq in rows]
    return Life(disk, list(read_log(folder / "log")), puts)


def _cut(life: Life, mono_ns: int, disk: Disk, keep: Keep, place: Path) -> int:
    """Returns how many records that were promised are gone."""
    shutil.rmtree(place, ignore_errors=True)
    lay_out(disk.tree(keep), place)
    outbox = Outbox(place / "outbox.db", SystemClock())
    try:
        last = {kind: outbox.put("event", "c", _event(kind)) - 1 for kind in ("alarm", "event")}
        assert outbox.problem == ""
    finally:
        outbox.close()
    promised = [put for put in life.puts if put.mono_ns < mono_ns]
    gone = [put for put in promised if put.seq > last[put.kind]]
    assert not [put for put in gone if put.kind == "alarm"]
    assert all(put.mono_ns > mono_ns - (SYNC_INTERVAL_S + 0.5) * NS for put in gone)
    return len(gone)


def _event(severity: str) -> Event:
    now = "2026-01-01T00:00:00Z"
    document = {"id": "after", "camera": "c", "kind": "motion", "phase": "start", "time": now, "start": now}
    return Event.model_validate(document | {"severity": "alarm" if severity == "alarm" else "info"})


def _cuts(life: Life, folder: Path, count: int) -> dict[str, int]:
    chance = random.Random(seed())
    positions = set(chance.sample(range(40, len(life.records)), count))
    disk, worst = Disk(str(life.disk)), {"only what was synced": 0, "any part": 0, "all that was written": 0}
    for position, record in enumerate(life.records):
        disk.play(record)
        if position not in positions:
            continue
        ways = nothing, part(chance.randrange(1 << 32), chance.choice([0.1, 0.5, 0.9])), everything
        for name, keep in zip(worst, ways, strict=True):
            worst[name] = max(worst[name], _cut(life, record.mono_ns, disk, keep, folder / "after"))
    return worst


def test_a_power_cut_costs_an_outbox_at_most_its_last_second(life: Life, tmp_path: Path) -> None:
    worst = _cuts(life, tmp_path, 8)
    assert worst["all that was written"] == 0


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_200_power_cuts_cost_an_outbox_at_most_its_last_second(life: Life, tmp_path: Path, tell) -> None:
    tell(f"records promised and gone, at worst: {_cuts(life, tmp_path, 200)}")
