"""The centre at city size: how fast it takes in, how fast it finds, and how that grows with what is stored.

LAMPPOST_TRACKS (500,000) says how many tracks lie in store, over 30 days; LAMPPOST_STORES which databases
(`sqlite,postgresql`). Everything lies in a folder of its own outside the repository that is removed at the end.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from agent.central.batch import Batch
from agent.central.counts import Counts
from agent.central.store.database import Database
from agent.central.store.filters import Filters
from agent.central.store.finds import Finds
from agent.central.store.plates import Plate
from agent.central.store.rows import DAY_NS, HOUR_NS, day_of
from agent.core.clock import NS, SystemClock
from agent.wire.topics import Address
from tests.bench import sized
from tests.bench.city import SITE, City
from tests.fixtures.postgres import Postgres, binaries

DAYS = 30
ROUNDS = 40
RATE = 500
_WARM_S = 2.0

Question = Callable[[], Filters]


def run() -> dict[str, object]:
    """Searches over a full store, on each database."""
    count = int(os.environ.get("LAMPPOST_TRACKS", "500_000"))
    found: dict[str, object] = {"tracks": count, "days": DAYS, "cameras": 1400, "tracks_a_second_meanwhile": RATE}
    for kind in os.environ.get("LAMPPOST_STORES", "sqlite,postgresql").split(","):
        with fresh_store(kind) as (database, url, folder):
            found[kind] = _measure(database, url, folder, count)
    return found


def sized_run() -> dict[str, object]:
    """The same over the large stores of LAMPPOST_SIZES (5_000_000), which `sized` keeps between runs."""
    found: dict[str, object] = {"days": DAYS, "cameras": 1400, "tracks_a_second_meanwhile": RATE}
    for kind in os.environ.get("LAMPPOST_STORES", "sqlite,postgresql").split(","):
        for size in os.environ.get("LAMPPOST_SIZES", "5_000_000").split(","):
            with sized.opened(kind, building=True) as store:
                sized.grow(store, int(size))
            with sized.opened(kind) as store:
                found[f"{kind} {int(size):,}"] = _searches(store.database, store.url, store.folder, store.last_day)
    return found


def _measure(database: Database, url: str, folder: Path, count: int) -> dict[str, object]:
    city, today = City(), day_of(time.time_ns())
    city.name(database)
    began = time.monotonic()
    for day in range(today - DAYS + 1, today + 1):
        city.fill(database, day, count // DAYS)
    filled_s = time.monotonic() - began
    return {"fill_s": round(filled_s, 1)} | _searches(database, url, folder, today)


def _searches(database: Database, url: str, folder: Path, last_day: int) -> dict[str, object]:
    finds = Finds(database, SystemClock(), lambda _: None)
    questions = _questions(City(), (last_day + 1) * DAY_NS)
    gc.collect()
    gc.freeze()  # as `lamppost central` does: what lives as long as the process is not looked through for garbage
    quiet = {name: _times(finds, ask, facets=name.startswith("facets")) for name, ask in questions.items()}
    with _feeding(url, folder):
        time.sleep(_WARM_S)
        busy = {name: _times(finds, ask, facets=name.startswith("facets")) for name, ask in questions.items()}
        dropped = _drop(database, finds, questions["festival"], min(database.days.present()))
    return {"quiet": quiet, "while_500_a_second_come": busy, "drop_a_day": dropped}


def _questions(city: City, end_ns: int) -> dict[str, Question]:
    rng = city.rng
    names = [f"{SITE}/{one.gateway}/{one.name}" for one in city.cameras]

    def festival() -> Filters:
        first_ns = end_ns - rng.randrange(2, DAYS) * DAY_NS + rng.randrange(0, 12) * HOUR_NS
        span = {"since_ns": first_ns, "until_ns": first_ns + 10 * HOUR_NS}
        return Filters(label=("person",), colour=(("upper", "green"),), camera=rng.sample(names, 30), **span)

    def festival_now() -> Filters:
        """The hours into which tracks come meanwhile."""
        first_ns = time.time_ns() - 10 * HOUR_NS
        return Filters(label=("person",), colour=(("upper", "green"),), camera=rng.sample(names, 30), since_ns=first_ns)

    def everywhere_now() -> Filters:
        return Filters(label=("person",), colour=(("upper", "green"),), since_ns=time.time_ns() - DAY_NS)

    def everywhere() -> Filters:
        last_ns = end_ns - rng.randrange(1, DAYS - 1) * DAY_NS - rng.randrange(24) * HOUR_NS
        return Filters(label=("person",), colour=(("upper", "green"),), since_ns=last_ns - DAY_NS, until_ns=last_ns)

    def rare() -> Filters:
        first_ns = end_ns - rng.randrange(2, DAYS) * DAY_NS
        return Filters(kind=("bus",), colour=(("vehicle", "pink"),), since_ns=first_ns, until_ns=first_ns + DAY_NS)

    def plate() -> Filters:
        return Filters(plate=Plate(city._plate(), "fuzzy"))

    return {
        "festival": festival, "festival_now": festival_now,
        "all_cameras_24_h": everywhere, "all_cameras_24_h_now": everywhere_now,
        "rare_24_h": rare, "fuzzy_plate_30_days": plate,
        "facets_24_h": everywhere, "facets_24_h_now": everywhere_now, "facets_festival": festival,
    }  # fmt: skip


def _times(finds: Finds, ask: Question, *, facets: bool) -> dict[str, float]:
    """Milliseconds, of the whole answer as the API has it."""
    took: list[float] = []
    for _ in range(ROUNDS):
        filters = ask()
        began = time.perf_counter()
        page = finds.tracks(filters, 10_000, facets=facets)
        took.append(1000 * (time.perf_counter() - began))
        assert page["complete"]
    took.sort()
    return {"p50_ms": round(statistics.median(took), 1), "p95_ms": round(took[int(0.95 * len(took))], 1)}


def _drop(database: Database, finds: Finds, ask: Question, day: int) -> dict[str, object]:
    """How long it takes while tracks come in, and the searches of another thread that it met: a slow one would show."""
    before, took, done = _times(finds, ask, facets=False), list[float](), threading.Event()

    def search() -> None:
        while not done.is_set():
            began = time.perf_counter()
            finds.tracks(ask(), 10_000)
            took.append(1000 * (time.perf_counter() - began))

    searching = threading.Thread(target=search)
    searching.start()
    time.sleep(0.5)
    took.clear()
    began = time.monotonic()
    database.days.drop(day)
    seconds = time.monotonic() - began
    done.set()
    searching.join()
    took.sort()
    middle = statistics.median(took)
    return {
        "seconds": round(seconds, 3),
        "search_before": before,
        "search_beside": {"p50_ms": round(middle, 1), "slowest_ms": round(took[-1], 1), "of": len(took)},
        "beside_over_before_p50": round(middle / before["p50_ms"], 2),
        "slowest_beside_over_before_p95": round(took[-1] / before["p95_ms"], 2),
    }


@contextmanager
def fresh_store(kind: str) -> Iterator[tuple[Database, str, Path]]:
    """An empty store, its address and its folder; gone in the end."""
    folder = Path(tempfile.mkdtemp(prefix="lamppost-bench-", dir="/var/tmp"))
    tools = binaries()
    cluster = None
    if kind == "postgresql":
        assert tools is not None, "PostgreSQL is not installed"
        cluster = Postgres(tools, fast=False, settings=sized.TUNED).start()
    database = None
    try:
        url = cluster.fresh() if cluster else "sqlite"
        database = Database.open(url, folder)
        yield database, url, folder
    finally:
        if database is not None:
            database.close()
        if cluster is not None:
            cluster.remove()
        shutil.rmtree(folder)


@contextmanager
def _feeding(url: str, folder: Path) -> Iterator[None]:
    """Another process that takes tracks in at the rate of a city and a half."""
    command = [sys.executable, "-m", "tests.bench.centre", url, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as feeder:
        try:
            yield
        finally:
            feeder.terminate()


def feed(url: str, folder: Path) -> None:
    """Take in RATE tracks a second, from now on."""
    database, clock, counts = Database.open(url, folder), SystemClock(), Counts()
    city, seq, began = City(2), 0, time.monotonic()
    records = city.records(clock.wall_ns() - 60 * NS)
    while True:
        with database.change() as change:
            batch = Batch(database, change, clock, counts)
            for _ in range(RATE // 4):
                camera, record = next(records)
                seq += 1
                head = {"site": SITE, "gateway": camera.gateway, "outbox": "bench", "class": "track", "seq": seq}
                payload = json.dumps(head | {"records": [record]}).encode()
                batch.take(Address(SITE, camera.gateway, ("camera", camera.name, "track")), payload)
            batch.write()
        time.sleep(max(0.0, began + seq / RATE - time.monotonic()))


if __name__ == "__main__":
    feed(sys.argv[1], Path(sys.argv[2]))
