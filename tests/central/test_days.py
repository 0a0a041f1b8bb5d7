"""What holds of the store in both databases: one suite, run over each."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from agent.central.batch import Batch
from agent.central.store import day_schema, heat, schema
from agent.central.store.filters import Filters
from agent.central.store.looks import bit_of
from agent.central.store.places import Place, number_of
from agent.central.store.retention import Retention
from agent.central.store.rows import DAY_NS
from agent.central.store.sqlite_days import SqliteDays
from agent.central.store.views import Views
from agent.core.clock import NS, rfc3339
from agent.core.ids import new_id
from agent.wire import messages as wire
from agent.wire.topics import Address
from tests.central.helpers import CAMERA, GATEWAY, SITE, T0_NS, event, span, track
from tests.central.stores import DAY, Store

GREEN = {"upper": [["green", 0.7], ["black", 0.2]], "lower": [["blue", 0.9]]}
PATH = [(0.0, 0.1, 0.2, 0.3, 0.4), (0.5, 0.4, 0.2, 0.6, 0.4), (1.0, 0.9, 0.6, 1.0, 1.0)]


def test_the_migrations_make_exactly_the_schema(store: Store) -> None:
    store.put(track("t1"))
    kinds = (
        ("", schema.metadata, store.database.read()),
        ("_day", day_schema.day_metadata, store.database.days.read(DAY)),
    )
    for suffix, metadata, reading in kinds:
        options = {"version_table": f"alembic_version{suffix}", "include_object": _is_in(metadata)}
        with reading as connection:
            assert connection is not None
            assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []


def _is_in(metadata: sa.MetaData) -> Callable[..., bool]:
    def check(thing: Any, name: str, kind: str, reflected: bool, _: Any) -> bool:
        if kind == "table":
            return name in metadata.tables
        return not (kind == "index" and name.startswith("br_"))  # of PostgreSQL alone

    return check


def test_any_order_and_repetition_gives_the_same_rows(open_one: Callable[[], Store]) -> None:
    records = [
        event("e1", "start", 0, label="person", zone="plaza"),
        event("e1", "update", 3, attributes={"colours": GREEN}),
        event("e1", "end", 9),
        track("t1", at_s=30, path=PATH[:2], colours={"upper": [["red", 0.9]]}, plate="HR 26 BK 8337"),
        track("t1", at_s=60, path=PATH, colours=GREEN),
        track("t1", at_s=70, path=PATH, colours=GREEN, final=True, zones=["plaza", "gate"]),
        track("t2", at_s=10, path=PATH, final=True, label="vehicle", plate="HR-26 8K 8337"),
        span("s1", 0, 10), span("s1", 86_400, 86_410, number=1, shift_ms=86_400_000), span("s2", 10, 20, number=2),
        span("s2", 10, 20, number=2, motion=wire.pack_motion(bytes([1, 9, wire.UNSEEN]))),
        span("s1", 0, 10, motion=wire.pack_motion(bytes([wire.UNSEEN, 4, 2]))),
        span("s2", 10, 20, number=2, motion=wire.pack_motion(bytes([3, 0, wire.UNSEEN, 5]))),
    ]  # fmt: skip
    stores = [open_one() for _ in range(3)]
    stores[0].put(*records)
    for record in reversed(records):
        stores[1].put(record)
    many = [*records, *records, *records]
    random.Random(3).shuffle(many)
    for first in range(0, len(many), 4):
        stores[2].put(*many[first : first + 4])
    first = stores[0].dump()
    assert {name: len(rows) for name, rows in first.items() if name != "tally"} == {
        "event": 1, "event_body": 1, "track": 2, "track_body": 2, "track_plate": 1, "track_looks": 0, "heat": 2,
        "event_review": 0, "recording": 2,
    }  # fmt: skip
    assert stores[1].dump() == first
    assert stores[2].dump() == first


def test_what_was_sent_comes_back_as_it_was(store: Store) -> None:
    sent = track(
        "t1", final=True, path=PATH, contour=[(0.1, 0.2), (0.3, 0.4), (0.2, 0.5)], colours=GREEN, zones=["a", "b|c"],
        plate="hr 26", position="41.763700,-72.685100", speed=1.25, speed_unit="m/s", size_m=(0.5, 1.8),
        attributes={"carries_bag": True, "odd": [1, "ä\u2028"]},
    )  # fmt: skip
    store.put(sent)
    found = store.finds.track("t1")
    assert wire.TrackSummary.model_validate(found) == sent
    store.put(event("e1", "start", box=(0.1, 0.2, 0.3, 0.4), attributes={"speed": 3}))
    store.put(event("e1", "end", 5, score=0.5))
    again = store.finds.event("e1")
    assert again is not None
    assert (again["phase"], again["score"], again["box"], again["attributes"]) == (
        "end",
        0.5,
        [0.1, 0.2, 0.3, 0.4],
        {"speed": 3},
    )


def test_counts_and_heat_follow_what_a_track_became(store: Store) -> None:
    place, hour = number_of(Place(SITE, GATEWAY, CAMERA)), T0_NS % DAY_NS // (3600 * NS)
    red, green = 1 + bit_of("upper", "red"), 1 + bit_of("upper", "green")
    store.put(track("t1", at_s=30, path=PATH[:1], colours={"upper": [["red", 0.9]]}), track("t2", path=PATH[:1]))
    assert [store.counted(), store.counted(place=place, hour=hour), store.counted(colour=red)] == [2, 2, 1]
    store.put(track("t1", at_s=60, path=PATH, colours=GREEN), track("t2", label="vehicle", at_s=60, path=PATH[:1]))
    assert [store.counted(colour=red), store.counted(colour=green), store.counted(label="person")] == [0, 1, 1]
    with store.database.days.read(DAY) as connection:
        assert connection is not None
        rows = {row.label: heat.read_counts(row.cells) for row in connection.execute(sa.select(day_schema.heat))}
    assert {label: sum(counts.values()) for label, counts in rows.items()} == {"person": 3, "vehicle": 1}
    foot = int(0.4 * heat.ROWS) * heat.COLUMNS + int(0.2 * heat.COLUMNS)
    assert (rows["person"][foot], rows["vehicle"][foot], rows["person"][_LAST - 1]) == (1, 1, 1)
    assert _LAST not in rows["person"]


def test_who_stands_counts_once_in_a_cell_however_often_it_is_told(store: Store) -> None:
    stands = [(n / 2, *PATH[0][1:]) for n in range(9)]
    for at_s in (30, 60, 90):
        store.put(track("t1", at_s=at_s, path=stands), track("t2", path=stands))
    with store.database.days.read(DAY) as connection:
        assert connection is not None
        (row,) = connection.execute(sa.select(day_schema.heat))
    assert list(heat.read_counts(row.cells).values()) == [2]


def test_a_track_whose_start_moves_over_midnight_has_one_row_in_its_new_day(store: Store) -> None:
    midnight = (DAY + 1) * DAY_NS
    for key in ("plain", new_id(midnight - NS), new_id(T0_NS)):
        moved = {"start": rfc3339(midnight + NS), "end": rfc3339(midnight + 90 * NS), "path": PATH}
        store.clock._wall_ns = midnight
        before = {"start": rfc3339(midnight - NS), "end": rfc3339(midnight + 20 * NS), "path": PATH}
        store.put(track(key, plate="AB12", **before))
        store.put(track(key, final=True, **moved))
        store.put(track(key, plate="AB12", **before))
        found = store.finds.track(key)
        assert found is not None
        assert found["start"] == rfc3339(midnight + NS)
    dump = store.dump()
    kept = [(day_schema.day_metadata.tables[name], rows) for name, rows in dump.items()]
    assert {row[list(table.c.keys()).index("day")] for table, rows in kept for row in rows} == {DAY + 1}
    assert (len(dump["track"]), dump["track_plate"]) == (3, [])
    assert store.counted(day=DAY) == 0


def test_an_id_has_one_row_however_far_its_messages_are_apart(store: Store) -> None:
    store.put(track("t1"))
    old = {"start": rfc3339(T0_NS - 40 * DAY_NS), "end": rfc3339(T0_NS - 40 * DAY_NS + NS)}
    store.put(track("t1", **old))
    store.put(track("t1", **old), gateway="gw-2")
    store.put(track(new_id(T0_NS), **old), track("t2"))
    assert len(store.tracks()) == 3
    assert store.counts.reasons() == {"foreign_id": 1}
    assert store.finds.track("t1") is not None


@pytest.mark.parametrize("days", [-4000, 3])
def test_records_of_another_age_are_counted_and_make_no_day(store: Store, days: int) -> None:
    moment = T0_NS + days * DAY_NS
    store.put(track("t1", start=rfc3339(moment), end=rfc3339(moment + NS)))
    assert store.counts.reasons() == {"out_of_time": 1}
    assert store.database.days.present() == []


def test_pages_go_over_days_without_holes_or_doubles(store: Store) -> None:
    every = 5 * 3600 * NS
    keys = [f"t{number:02}" for number in range(40)]
    starts = {key: T0_NS - number // 2 * every for number, key in enumerate(keys)}  # two of each moment
    store.put(*(track(key, start=rfc3339(at), end=rfc3339(at + NS)) for key, at in starts.items()))
    expected = sorted(keys, key=lambda key: (-starts[key], [-ord(letter) for letter in key]))
    for limit in (1, 7, 40):
        seen: list[str] = []
        cursor = None
        while True:
            page = store.finds.tracks(Filters(limit=limit, cursor=cursor))
            seen += [item["id"] for item in page["items"]]
            cursor = page["next"]
            if cursor is None:
                break
        assert seen == expected
    low, high = starts["t30"], starts["t10"]
    assert store.tracks(since_ns=low, until_ns=high) == [key for key in expected if low <= starts[key] < high]


def test_a_day_that_is_dropped_takes_all_it_had_and_nothing_else(store: Store) -> None:
    yesterday = {"start": rfc3339(T0_NS - DAY_NS), "end": rfc3339(T0_NS - DAY_NS + NS)}
    store.put(track("old", plate="AB12", path=PATH, **yesterday), event("gone", start=yesterday["start"]))
    store.put(track("new"), event("here"))
    assert store.database.days.present() == [DAY, DAY - 1]
    with store.database.days.read(DAY - 1) as running:
        assert running is not None
    store.database.days.drop(DAY - 1)
    store.database.days.drop(DAY - 1)
    assert store.database.days.present() == [DAY]
    assert (store.tracks(), store.finds.track("old"), store.finds.event("gone")) == (["new"], None, None)
    assert Views(store.database, store.clock).stored()["stored"]["track"] == 1
    store.put(track("old", **yesterday))
    assert store.tracks() == ["new", "old"]


def test_nobody_waits_while_a_large_file_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To free a gigabyte takes half a second; and one that was left is gone at the next start."""
    days, going, may_go, plain = SqliteDays(tmp_path / "days"), threading.Event(), threading.Event(), Path.unlink
    for day in (DAY, DAY - 1):
        days.connect(day, make=True).close()  # type: ignore[union-attr]

    def slowly(path: Path, *, missing_ok: bool = False) -> None:
        if path.name.endswith(".gone"):
            going.set()
            assert may_go.wait(20)
        plain(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", slowly)
    dropping = threading.Thread(target=days.drop, args=(DAY - 1,))
    dropping.start()
    assert going.wait(20)
    try:
        assert days.present() == [DAY]
        with days.read(DAY) as here, days.read(DAY - 1) as dropped:
            assert (here is not None, dropped) == (True, None)
    finally:
        may_go.set()
        dropping.join(20)
    days.close()
    (tmp_path / "days" / "2026-01-01.db.gone").touch()
    SqliteDays(tmp_path / "days").close()
    assert list((tmp_path / "days").glob("*.gone")) == []


def test_a_change_that_fails_leaves_nothing_behind(store: Store) -> None:
    store.put(track("t1"))
    before = store.dump()
    with pytest.raises(RuntimeError), store.database.change() as change:  # noqa: PT012
        batch = Batch(store.database, change, store.clock, store.counts)
        for record in (track("t1", at_s=90, label="vehicle"), track("t2"), event("e1", start=rfc3339(T0_NS - DAY_NS))):
            kind = "event" if isinstance(record, wire.Event) else "track"
            batch.take(
                Address(SITE, GATEWAY, ("camera", CAMERA, kind)), wire.encode(store._envelope(GATEWAY, kind, record))
            )
        batch.write()
        raise RuntimeError
    assert store.dump() == before
    store.put(track("t2"))
    assert store.tracks() == ["t2", "t1"]


def test_days_that_are_over_leave_and_so_does_what_points_there(store: Store) -> None:
    gone: list[str] = []
    for back in (0, 1, 2, 3):
        moment = T0_NS - back * DAY_NS
        store.put(track(f"t{back}", start=rfc3339(moment), end=rfc3339(moment + NS)))
    assert Retention(store.database, store.clock, 2, lambda medium: gone.append(medium.id)).sweep() == [DAY - 3]
    assert Retention(store.database, store.clock, 2, lambda medium: gone.append(medium.id)).sweep() == []
    assert store.tracks() == ["t0", "t1", "t2"]
    with store.database.read() as connection:
        assert set(connection.scalars(sa.select(schema.stray.c.id))) == {"t0", "t1", "t2"}


def test_pictures_and_clips_leave_with_their_time_and_what_was_asked_for_later_stays(store: Store) -> None:
    old, now, gone = T0_NS - 9 * DAY_NS, T0_NS, list[str]()
    cases = {
        "old-picture": ("snapshot", old, now, "ready"), "new-picture": ("snapshot", now, now, "ready"),
        "old-clip": ("clip", old, old, "ready"), "late-clip": ("clip", old, now, "ready"),
        "coming": ("snapshot", old, now, "incoming"), "never-came": ("sprite", old, old, "incoming"),
    }  # fmt: skip
    where = {"site": SITE, "gateway": GATEWAY, "camera": CAMERA}
    with store.database.write() as connection:
        for key, (kind, start_ns, created_ns, state) in cases.items():
            times = {"start_ns": start_ns, "end_ns": start_ns + NS, "created_ns": created_ns}
            row = {"id": key, "kind": kind, "type": "", "bytes": 1, "sha256": "", "codecs": "", "state": state}
            store.database.upsert(connection, schema.media, [{**where, **times, **row, "reason": ""}])
            clip = {"id": key, "command": key, "state": "ready", "error": "", "media": key, "quality": "full"}
            store.database.upsert(connection, schema.clip, [{**where, **times, **clip, "deadline_ns": 0}])
        shown = {"snapshot": "old-picture", "snapshot_ns": old}
        store.database.upsert(connection, schema.camera, [{**where, **shown}])
    Retention(store.database, store.clock, 2, lambda medium: gone.append(medium.id)).sweep()
    assert sorted(gone) == ["never-came", "old-clip", "old-picture"]
    with store.database.read() as connection:
        assert set(connection.scalars(sa.select(schema.media.c.id))) == {"coming", "late-clip", "new-picture"}
        assert set(connection.scalars(sa.select(schema.clip.c.id))) == cases.keys() - {"old-clip", "never-came"}
        assert connection.scalar(sa.select(schema.camera.c.snapshot)) is None


@pytest.mark.parametrize("after_days", [0, 1, 2])
def test_footage_is_told_from_its_days_and_leaves_with_them(store: Store, after_days: int) -> None:
    midnight = (DAY + 1) * DAY_NS
    before_s = (midnight - T0_NS) / NS
    store.put(span("late", before_s - 5, before_s + 5, number=2), span("next", before_s + 5, before_s + 15, number=3))
    store.put(span("first", 0, 10, number=1))
    views = Views(store.database, store.clock)
    found = views.recordings((SITE, GATEWAY, CAMERA), midnight, midnight + 60 * NS)
    assert found is not None
    assert [one["id"] for one in found["segments"]] == ["late", "next"]
    assert [span["segments"] for span in found["spans"]] == [2]
    store.clock.advance((after_days + 2) * DAY_NS / NS)
    Retention(store.database, store.clock, 2, lambda _: None).sweep()
    left = views.recordings((SITE, GATEWAY, CAMERA), 0, 1 << 62)
    assert left is not None
    assert len(left["segments"]) == (3, 1, 0)[after_days]
    assert store.footage_breaks() == 0


def test_how_much_moved_is_told_over_days_and_goes_along_when_times_are_put_right(store: Store) -> None:
    midnight = (DAY + 1) * DAY_NS
    before_s = (midnight - T0_NS) / NS
    store.put(span("late", before_s - 2, before_s + 2, number=2, motion=wire.pack_motion(bytes([1, 2, 3, 4]))))
    store.put(span("next", before_s + 2, before_s + 12, number=3))
    store.put(span("wrong", 0, 3, number=1, motion=wire.pack_motion(bytes([7, 0, 9]))))
    store.put(span("wrong", before_s + 20, before_s + 23, number=1, shift_ms=round(before_s * 1000) + 20_000))
    views, here = Views(store.database, store.clock), (SITE, GATEWAY, CAMERA)
    told = views.recordings(here, midnight - 60 * NS, midnight + 60 * NS, segments=False, points=600)
    assert told is not None
    assert told["motion"] == {
        "start": rfc3339(midnight - 2 * NS), "step_s": 1, "levels": [1, 2, 3, 4, *[None] * 18, 7, 0, 9],
    }  # fmt: skip
    few = views.recordings(here, midnight - 60 * NS, midnight + 60 * NS, points=3)
    assert few is not None
    assert few["motion"] == {"start": rfc3339(midnight - 60 * NS), "step_s": 60, "levels": [2, 9]}
    assert len(few["segments"]) == 3
    unasked = views.recordings(here, midnight - 60 * NS, midnight + 60 * NS)
    assert unasked is not None
    assert unasked["motion"] is None


@pytest.mark.parametrize("count", [0, 1, 200, 400, heat.COLUMNS * heat.ROWS])
def test_heat_is_read_as_it_was_written(count: int) -> None:
    counts = {cell: cell + 1 for cell in range(count)}
    assert heat.read_counts(heat.write_counts(counts)) == counts
    assert len(heat.write_counts(counts)) == min(4 * count, 2 * heat.COLUMNS * heat.ROWS)


def test_a_camera_that_never_announced_itself_is_there_with_what_it_saw(store: Store) -> None:
    """As after an outbox came on a stick."""
    store.put(event("e1"), track("t1"))
    views = Views(store.database, store.clock)
    assert [(one["camera"], one["name"], one["online"]) for one in views.cameras()] == [(CAMERA, CAMERA, False)]
    with store.database.change() as change:
        batch = Batch(store.database, change, store.clock, store.counts)
        info = wire.CameraInfo(camera=CAMERA, name="The plaza")
        batch.take(Address(SITE, GATEWAY, ("camera", CAMERA, "info")), wire.encode(info))
        batch.take(
            Address(SITE, GATEWAY, ("camera", CAMERA, "event")),
            wire.encode(store._envelope(GATEWAY, "event", event("e2"))),
        )
        batch.write()
    assert [one["name"] for one in views.cameras()] == ["The plaza"]


_LAST = heat.COLUMNS * heat.ROWS - 1
