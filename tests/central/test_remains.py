"""Days that leave while something of them is held: one suite, run over both databases."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from agent.central.store import postgres_days, remains, schema
from agent.central.store.database import Database
from agent.central.store.filters import Filters
from agent.central.store.hold_schema import remains as remains_table
from agent.central.store.holds import Holds
from agent.central.store.places import Place
from agent.central.store.retention import Retention
from agent.central.store.reviews import Reviews, Wanted
from agent.central.store.rows import DAY_NS
from agent.central.store.sums import Hours, Sums
from agent.core.clock import NS, rfc3339
from agent.core.errors import StorageError
from agent.core.ids import new_id
from agent.wire import messages as wire
from tests.central.helpers import CAMERA, GATEWAY, SITE, T0_NS, event, span, track
from tests.central.stores import DAY, Store
from tests.fixtures.postgres import Postgres

KEEP_DAYS, HOUR_NS = 2, 3600 * NS
OLD = DAY - 5
NOON_NS = OLD * DAY_NS + 12 * HOUR_NS
PATH = [(0.0, 0.1, 0.2, 0.3, 0.4), (0.5, 0.1, 0.2, 0.3, 0.4), (1.0, 0.9, 0.6, 1.0, 1.0)]
SECRET = "the-back-door-of-the-bank"
LOOKS = {"model": "m", "vector": "AAECAw=="}


def _times(first_min: float, last_min: float) -> dict[str, str]:
    return {"start": rfc3339(NOON_NS + int(first_min * 60 * NS)), "end": rfc3339(NOON_NS + int(last_min * 60 * NS))}


def _track(key: str, first_min: float, last_min: float, **more: Any) -> wire.TrackSummary:
    more = {"path": PATH, "plate": "AB12", "appearance": LOOKS, "colours": {"upper": [["red", 0.9]]}} | more
    return track(key, **_times(first_min, last_min), **more)


def _span(key: str, first_min: float, camera: str = CAMERA) -> wire.RecordingSpan:
    first_s = (NOON_NS - T0_NS) // NS + int(first_min * 60)
    made = span(key, first_s, first_s + 60, number=int(first_min) + 1000)
    return made.model_copy(update={"camera": camera})


def _long(key: str, first_min: float, last_min: float | None, **more: Any) -> list[wire.Event]:
    times = _times(first_min, last_min or first_min)
    begun = event(key, start=times["start"], zone="plaza", **more)
    over = {"time": times["end"], "end": times["end"]}
    return [begun] if last_min is None else [begun, event(key, "end", start=times["start"], **more, **over)]


HELD = [
    _track("reaches-in", -20, 5), _track("within", 10, 12), _track("reaches-out", 55, 90, label="vehicle"),
    _track("from-the-day-before", -13 * 60, 1),
    *_long("lasts", -3 * 24 * 60, 30), *_long("goes-on", -60, None), *_long("noted", 20, 21),
    _span("s-within", 30),
]  # fmt: skip
LOST = [
    _track("before", -20, -1), _track("after", 60, 61), _track("elsewhere", 10, 12, camera="vault"),
    *_long("was-before", -60, -30), *_long("elsewhere", 20, None, camera="vault", line=SECRET),
    _span("s-after", 60), _span("s-elsewhere", 1, "vault"),
]  # fmt: skip
TODAY = [track("today"), event("now", start=rfc3339(T0_NS))]


def _fill(store: Store, *records: wire.Message) -> Store:
    for record in (*records, *TODAY):
        store.put(record)
    Reviews(store.database, store.clock).change(
        [Place(SITE, GATEWAY, CAMERA)], {"noted": 0, "was-before": 0}, Wanted({"acknowledged": True}, "a fox"), "bob"
    )
    return store


def _hold(store: Store, *cameras: str, first_min: float = 0, last_min: float = 60) -> str:
    key, times = new_id(T0_NS), _times(first_min, last_min)
    start_ns, end_ns = (NOON_NS + int(at * 60 * NS) for at in (first_min, last_min))
    assert times["start"] == rfc3339(start_ns)
    cameras = cameras or (CAMERA,)
    named = [(SITE, GATEWAY, camera) for camera in cameras]
    assert Holds(store.database, store.clock).make(
        key, named, start_ns, end_ns, reason="case 4711", by="ann", until_ns=None
    )
    return key


def _release(store: Store, key: str) -> None:
    assert Holds(store.database, store.clock).release(key, "ann", "over")


def _sweep(store: Store) -> list[int]:
    return Retention(store.database, store.clock, KEEP_DAYS, lambda _: None).sweep()


def _told(store: Store) -> list[Any]:
    """What people find: pages of two, counts of each, hours, and heat."""
    found: list[Any] = []
    for ask in (store.finds.tracks, store.finds.events):
        cursor = None
        while True:
            page = ask(Filters(limit=2, cursor=cursor), facets=True)
            found.append([{**one, "received": ""} for one in page["items"]])
            cursor = page["next"]
            if cursor is None:
                break
        found.append(page["facets"])
    sums, hours = Sums(store.database), Hours.around((OLD - 4) * DAY_NS, (DAY + 1) * DAY_NS)
    cameras = sums.cameras(Filters())
    return [*found, sums.counts(cameras, hours, [], None), sums.heat(cameras, hours, [])]


def test_of_a_day_that_leaves_there_is_what_is_held_and_counts_of_that_alone(open_one: Callable[[], Store]) -> None:
    store, only = _fill(open_one(), *HELD, *LOST), _fill(open_one(), *HELD)
    _hold(store)
    gone = _sweep(store)
    assert gone == []
    assert {OLD, OLD - 1, OLD - 3} <= set(store.database.days.present())
    assert store.dump() == only.dump()
    told = _told(store)
    assert [one for one in told if "vault" in str(one)] == []
    assert told == _told(only)
    assert store.finds.event("noted")["review"]["notes"][0]["text"] == "a fox"  # type: ignore[index]
    assert _sweep(store) == []
    assert store.dump() == only.dump()


def test_a_day_of_which_nothing_is_held_leaves_whole(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    _fill(store, *HELD, *LOST)
    _hold(store, "cellar")
    _hold(store, first_min=300, last_min=301)
    monkeypatch.setattr(remains, "cut", lambda _, day, *__: cut.append(day))
    cut: list[int] = []
    assert _sweep(store) == [OLD - 1, OLD - 3]
    assert cut == [OLD]  # an event without an end may be going on
    assert {"lasts", "from-the-day-before"}.isdisjoint(_strays(store))
    assert "within" in _strays(store)


def test_what_was_held_leaves_when_no_hold_is_left(open_one: Callable[[], Store]) -> None:
    store = _fill(open_one(), *HELD, *LOST)
    wide, narrow = _hold(store), _hold(store, first_min=10, last_min=13)
    vault = _hold(store, "vault")
    _sweep(store)
    assert store.finds.track("elsewhere") is not None
    for key in (wide, vault):
        _release(store, key)
    assert _sweep(store) == [OLD - 1]
    assert "within" in store.tracks()
    assert store.finds.track("within") is not None
    assert "elsewhere" not in store.tracks()
    _release(store, narrow)
    assert _sweep(store) == [OLD, OLD - 3]
    assert (store.database.days.present(), _strays(store)) == ([DAY], {"today", "now"})
    with store.database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(remains_table)) == 0


def test_a_day_that_was_cut_is_left_alone_until_what_is_held_changes(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fill(store, *HELD, *LOST)
    _hold(store)
    _sweep(store)
    before, cut, times = store.dump(), remains.cut, list[int]()
    monkeypatch.setattr(remains, "cut", lambda _, day, *more: (times.append(day), cut(_, day, *more)))
    _sweep(store)
    assert times == []
    _hold(store, first_min=-120, last_min=120)
    _sweep(store)
    assert sorted(times) == [OLD - 3, OLD - 1, OLD]
    assert store.dump() == before


@pytest.mark.parametrize("held_before", [False, True])
def test_a_hold_that_is_made_while_a_day_is_looked_at_holds(
    open_one: Callable[[], Store], monkeypatch: pytest.MonkeyPatch, *, held_before: bool
) -> None:
    """Whether the day was to leave whole, or to be cut to less than what is held now."""
    store, only = _fill(open_one(), *HELD, *LOST), _fill(open_one(), *HELD)
    if held_before:
        _hold(store, "vault")
    looked, at = remains.Remains._is_held, iter([OLD])

    def slowly(one: remains.Remains, day: int, spans: Any) -> bool:
        found = looked(one, day, spans)
        if day == OLD and next(at, None) is not None:
            _hold(store)
        return found

    monkeypatch.setattr(remains.Remains, "_is_held", slowly)
    _sweep(store)
    _sweep(store)
    held = set(only.tracks())
    assert held <= set(store.tracks())
    if not held_before:
        assert {day for day in store.database.days.present() if day < DAY - KEEP_DAYS} >= {OLD}


def test_what_comes_late_of_a_day_that_was_cut_leaves_with_the_next_round(store: Store) -> None:
    late_ns = (DAY - KEEP_DAYS - 1) * DAY_NS + HOUR_NS
    times = {"start": rfc3339(late_ns), "end": rfc3339(late_ns + NS)}
    store.put(track("held", **times), track("not", camera="vault", **times))
    key = new_id(T0_NS)
    named = [(SITE, GATEWAY, CAMERA)]
    Holds(store.database, store.clock).make(key, named, late_ns, late_ns + NS, reason="x", by="ann", until_ns=None)
    _sweep(store)
    assert store.tracks() == ["held"]
    store.put(track("late", camera="vault", **times), track("late-held", **times))
    _sweep(store)
    assert sorted(store.tracks()) == ["held", "late-held"]


@pytest.mark.parametrize("dies_at", ["_count_again", "_is_all", "digest"])
def test_whoever_dies_while_a_day_is_cut_leaves_it_as_it_was(
    open_one: Callable[[], Store], monkeypatch: pytest.MonkeyPatch, dies_at: str
) -> None:
    store, only = _fill(open_one(), *HELD, *LOST), _fill(open_one(), *HELD)
    _hold(store)
    before = store.dump()

    def dies(*_: Any) -> None:
        raise InterruptedError

    with monkeypatch.context() as patch:
        if dies_at == "digest":  # it was cut, and nobody knows
            patch.setattr(Database, "upsert", dies)
        else:
            patch.setattr(remains, dies_at, dies)
        with pytest.raises(InterruptedError):
            _sweep(store)
    if dies_at != "digest":
        assert store.dump() == before
    _sweep(store)
    assert store.dump() == only.dump()


def test_a_machine_that_dies_in_the_midst_of_it_goes_on_at_the_next_start(open_one: Callable[[], Store]) -> None:
    store, only = _fill(open_one(), *HELD, *LOST), _fill(open_one(), *HELD)
    _hold(store)
    before = store.dump()
    code = (
        "import os, sys; from pathlib import Path; from agent.central.store import remains\n"
        "from agent.central.store.database import Database; from tests.central.stores import Store\n"
        "from tests.central.test_remains import _sweep\n"
        "remains._count_again = lambda *_: os.kill(os.getpid(), 9)\n"
        "_sweep(Store(Database.open(sys.argv[1], Path(sys.argv[2]))))"
    )
    done = subprocess.run([sys.executable, "-c", code, store.address, str(store.folder)], check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert store.dump() == before
    _sweep(store)
    assert store.dump() == only.dump()


@pytest.fixture
def plain_sqlite() -> Iterator[None]:
    """Debian's overwrites what is deleted by itself; others do not."""

    def plainly(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA secure_delete=OFF").close()

    sa.event.listen(sa.Engine, "connect", plainly)
    yield
    sa.event.remove(sa.Engine, "connect", plainly)


@pytest.mark.parametrize("many", [3, 300])
@pytest.mark.usefixtures("plain_sqlite")
def test_what_left_cannot_be_read_from_the_file(tmp_path: Path, many: int) -> None:
    """Neither from pages that are free now, of which few records leave none, nor from those that stay in use."""
    store = Store(Database.open("sqlite", tmp_path), "sqlite", tmp_path)
    secret = (event(f"more-{n}", start=_times(1, 1)["start"], camera="vault", line=SECRET) for n in range(many))
    store.put(HELD[1], *secret)
    _hold(store)
    assert any(SECRET.encode() in text for text in _files(store.folder))
    _sweep(store)
    assert store.tracks() == ["within"]
    assert not any(SECRET.encode() in text for text in _files(store.folder))
    store.database.close()


def test_a_day_whose_leaving_was_cut_short_can_still_be_held(
    tmp_path: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = _fill(Store(Database.open(postgres.fresh(), tmp_path)), *HELD, *LOST)
    steps, detach = iter(range(3)), postgres_days._detach

    def killed(*given: Any) -> None:
        detach(*given)
        if next(steps, None) is None:
            raise StorageError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(postgres_days, "_detach", killed)
        with pytest.raises(StorageError):
            store.database.days.drop(OLD)
    _hold(store)
    _sweep(store)
    assert sorted(store.tracks()) == ["from-the-day-before", "reaches-in", "reaches-out", "today", "within"]
    store.database.close()


def _strays(store: Store) -> set[str]:
    with store.database.read() as connection:
        return set(connection.scalars(sa.select(schema.stray.c.id)))


def _files(folder: Path) -> Iterable[bytes]:
    return (path.read_bytes() for path in (folder / "days").iterdir())
