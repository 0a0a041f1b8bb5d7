"""What it costs to watch: three hundred watches over batches of tracks, beside the making of their rows."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from agent.central.sealing import Sealer
from agent.central.store.database import Database
from agent.central.store.filters import Filters, Range
from agent.central.store.people import People
from agent.central.store.places import Place
from agent.central.store.rows import track_row
from agent.central.store.searches import Searches
from agent.central.store.summary import Summary, summaries
from agent.central.watching import Seen, Watcher
from agent.core.clock import SystemClock
from agent.wire.messages import COLOURS, TrackSummary
from tests.central.helpers import track

_WATCHES, _BATCH, _ROUNDS = 300, 500, 15
_RANDOM = random.Random(1)


def run() -> dict[str, object]:
    """CPU time of a batch: the watches', and what merging the tracks and making their rows takes without them."""
    tracks = [_track(number) for number in range(_BATCH)]
    clock = SystemClock()
    with tempfile.TemporaryDirectory() as folder:
        database = Database.open("sqlite", Path(folder))
        People(database, clock, Sealer([bytes(32)])).add_first("ann", "a long enough password")
        watcher = Watcher(_watched(database, clock), clock)
        seen = [Seen(Place("a", "b", "c"), one, row) for one, row in zip(tracks, _rows(tracks), strict=True)]
        with database.write() as main:
            rounds = [
                (_cpu_ms(lambda: _rows(tracks)), _cpu_ms(lambda: watcher.watches(main) and list(watcher.alarms(seen))))
                for _ in range(_ROUNDS)
            ]
        database.close()
    rows_ms, watches_ms = (median(column) for column in zip(*rounds[1:], strict=True))
    return {
        "watches": _WATCHES,
        "batch": _BATCH,
        "watches_ms": round(watches_ms, 2),
        "rows_ms": round(rows_ms, 2),
        "ratio": round(watches_ms / rows_ms, 3),
        "us_a_track": round(watches_ms * 1000 / _BATCH, 2),
    }


def _cpu_ms(what: Callable[[], Any]) -> float:
    began = time.process_time_ns()
    what()
    return (time.process_time_ns() - began) / 1e6


def _rows(tracks: list[TrackSummary]) -> list[dict[str, Any]]:
    kept = [one for one in summaries(tracks) if isinstance(one, Summary)]
    return [track_row(one.fields, one.tiles) | {"place": _RANDOM.randrange(1400)} for one in kept]


def _track(number: int) -> TrackSummary:
    wears = {part: [[_RANDOM.choice(COLOURS), 0.6]] for part in ("upper", "lower")}
    label, size = _RANDOM.choice(["person", "person", "vehicle"]), _RANDOM.random()
    return track(f"t{number}", label=label, colours=wears, size=size, dwell_s=5.0)


def _watched(database: Database, clock: SystemClock) -> Searches:
    """Of the kinds that people watch for; each fits a few tracks in a thousand at most."""
    searches = Searches(database, clock)
    kinds: list[Callable[[], dict[str, Any]]] = [
        lambda: {"label": ["person"], "colour": [("upper", _RANDOM.choice(COLOURS))], "size": Range(0.99)},
        lambda: {"label": ["vehicle"], "colour": [("vehicle", _RANDOM.choice(COLOURS))], "speed": Range(20)},
        lambda: {"label": ["person"], "dwell_s": Range(600)},
        lambda: {"colour": [(part, _RANDOM.choice(COLOURS)) for part in ("upper", "lower")], "score": Range(0.95)},
    ]
    for number in range(_WATCHES):
        filters = Filters(**kinds[number % len(kinds)]())
        searches.save("ann", str(number), "tracks", "", filters, shared=False, watch=True)
    return searches
