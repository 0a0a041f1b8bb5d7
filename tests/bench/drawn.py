"""Searches for what is drawn on a camera's picture, at a city's density: 5,000 tracks a camera and day.

60 cameras for one day on each database of LAMPPOST_STORES. Each question goes through all tracks of its cameras in ten
hours, as it finds fewer than a page holds; beside it the same without the tiles, so that every path is looked at.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import median
from typing import Any
from unittest import mock

from agent.central.store import filters as conditions
from agent.central.store.drawn import Drawn
from agent.central.store.filters import Filters
from agent.central.store.finds import Finds
from agent.central.store.rows import DAY_NS, HOUR_NS, day_of
from agent.core.clock import SystemClock
from tests.bench.centre import fresh_store
from tests.bench.city import SITE, City

CAMERAS, A_DAY, ROUNDS = 60, 5000, 12
REGION = Drawn(region=((0.82, 0.2), (0.9, 0.2), (0.9, 0.3), (0.82, 0.3)))
LINE = Drawn(line=((0.5, 0.0), (0.5, 0.35)), way="right_to_left")
PATH = Drawn(path=((0.1, 0.5), (0.25, 0.5)), near=0.05)


def run() -> dict[str, object]:
    """Milliseconds of the first page and its counts, by question."""
    found: dict[str, object] = {"cameras": CAMERAS, "tracks_a_camera_and_day": A_DAY}
    for kind in os.environ.get("LAMPPOST_STORES", "sqlite,postgresql").split(","):
        city, day = City(), day_of(time.time_ns()) - 1
        city.busy[CAMERAS:] = 0
        city.busy[:CAMERAS] = 1 / CAMERAS
        with fresh_store(kind) as (database, _, _):
            city.name(database)
            city.fill(database, day, CAMERAS * A_DAY)
            finds = Finds(database, SystemClock(), lambda _: None)
            found[kind] = dict(_questions(finds, city, day * DAY_NS))
    return found


def _questions(finds: Finds, city: City, first_ns: int) -> Iterator[tuple[str, object]]:
    names = [f"{SITE}/{one.gateway}/{one.name}" for one in city.cameras[:CAMERAS]]
    for count in (1, 30):
        for name, drawn in (("nothing drawn", None), ("region", REGION), ("line", LINE), ("path", PATH)):
            asked = [
                Filters(
                    camera=city.rng.sample(names, count), drawn=drawn, since_ns=first_ns + 8 * HOUR_NS,
                    until_ns=first_ns + 18 * HOUR_NS, limit=200,
                ) for _ in range(ROUNDS)
            ]  # fmt: skip
            told = _times(finds, asked)
            with _without_tiles():
                all_paths = _times(finds, asked[:3]) if drawn else {}
            yield f"{name}, {count} cameras, 10 h", told | {f"every path: {key}": one for key, one in all_paths.items()}


@contextmanager
def _without_tiles() -> Iterator[None]:
    with mock.patch.object(conditions, "near_tiles", return_value=[]):
        yield


def _times(finds: Finds, asked: Sequence[Filters]) -> dict[str, Any]:
    took, counted, fit, complete = list[float](), list[float](), list[int](), True
    for filters in asked:
        began = time.perf_counter()
        page = finds.tracks(filters, 10_000)
        took.append(1000 * (time.perf_counter() - began))
        complete &= page["complete"]
        fit.append(len(page["items"]))
        began = time.perf_counter()
        finds.tracks(filters, 10_000, facets=True)
        counted.append(1000 * (time.perf_counter() - began) - took[-1])
    worst = sorted(took)[int(0.95 * len(took))]
    return {
        "p50_ms": round(median(took), 1), "p95_ms": round(worst, 1), "counts_p50_ms": round(median(counted), 1),
        "tracks_found": median(fit), "complete": complete,
    }  # fmt: skip
