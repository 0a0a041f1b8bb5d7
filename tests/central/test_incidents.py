"""Incidents in both databases: what is kept once, what is found, what is near, and what leaves."""

from __future__ import annotations

import math
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from agent.central.store.ground import METRES_A_DEGREE, SEES_M, Around, Spot, View, covers, metres
from agent.central.store.incidents import MOST_A_MINUTE, MOST_CAMERAS, Incidents, Wanted
from agent.central.store.reach import Reach
from agent.central.store.retention import Retention
from agent.central.store.rows import DAY_NS
from agent.central.store.schema import camera
from agent.core.clock import NS
from agent.core.ids import new_id
from tests.central.helpers import T0_NS
from tests.central.stores import Store

CORNER = Spot(41.7637, -72.6851)
WIDE = METRES_A_DEGREE * math.cos(math.radians(CORNER.latitude))


def off(east: float = 0, north: float = 0) -> Spot:
    """So many metres from the corner."""
    return Spot(CORNER.latitude + north / METRES_A_DEGREE, CORNER.longitude + east / WIDE)


def make(incidents: Incidents, at_s: float = 0, spot: Spot = CORNER, by: str = "ann", **more: Any) -> str:
    what = {"kind": "shot", "text": "", "severity": "alarm", "source": by, "external": None, "made_by": by}
    key = new_id(T0_NS)
    assert incidents.make(key, **what | more, **spot._asdict(), time_ns=T0_NS + int(at_s * NS)) == key
    return key


def hang(store: Store, key: str, spot: Spot | None, **info: Any) -> None:
    """A camera there."""
    told = info | ({} if spot is None else spot._asdict())
    row = {"site": key.partition("-")[0], "gateway": "gw-1", "camera": key, "info": told}
    with store.database.write() as connection:
        connection.execute(sa.insert(camera).values(row))


def ids(incidents: Incidents, **wanted: Any) -> list[str]:
    return [one["id"] for one in incidents.page(Wanted(**wanted))["items"]]


@pytest.fixture
def incidents(store: Store) -> Incidents:
    return Incidents(store.database, store.clock)


def test_what_a_source_tells_twice_is_one_incident(incidents: Incidents) -> None:
    what = {"kind": "shot", "text": "one", "severity": "alarm", "time_ns": T0_NS, "made_by": "ann", **CORNER._asdict()}
    assert incidents.make("a", **what, source="sensor 4", external="118") == "a"
    assert incidents.make("b", **what | {"text": "two"}, source="sensor 4", external="118") == "a"
    assert [incidents.make(key, **what, source="sensor 5", external="118") for key in ("c", "d")] == ["c", "c"]
    assert [incidents.make(key, **what, source="sensor 4", external=None) for key in ("e", "f")] == ["e", "f"]
    assert ids(incidents) == ["f", "e", "c", "a"]
    assert incidents.known("sensor 4", "118") == "a"
    assert incidents.known("sensor 4", "119") is None
    kept = incidents.one("a")
    assert kept is not None
    assert kept["text"] == "one"


def test_pages_of_them_follow_each_other_by_their_own_time(incidents: Incidents) -> None:
    made = [make(incidents, at_s) for at_s in (0, 20, 10, 10)]
    same = sorted(made[2:], reverse=True)
    assert ids(incidents) == [made[1], *same, made[0]]
    first = incidents.page(Wanted(limit=2))
    rest = incidents.page(Wanted(limit=2, before=first["next"]))
    assert [one["id"] for one in first["items"] + rest["items"]] == ids(incidents)
    assert rest["next"] is None
    span = {"since_ns": T0_NS + 10 * NS, "until_ns": T0_NS + 20 * NS}
    assert ids(incidents, **span) == same


def test_an_area_finds_those_in_it_though_others_lie_between(incidents: Incidents) -> None:
    far = off(north=5000)
    here = [make(incidents, at_s, CORNER if at_s % 3 == 0 else far) for at_s in range(9)][::3]
    around = [off(-50, -50), off(50, -50), off(50, 50), off(-50, 50)]
    assert ids(incidents, area=around) == here[::-1]
    first = incidents.page(Wanted(area=around, limit=2))
    assert first["next"] is not None
    assert [one["id"] for one in incidents.page(Wanted(area=around, before=first["next"]))["items"]] == here[:1]


def test_it_is_closed_once_and_can_be_opened_again(incidents: Incidents, store: Store) -> None:
    key = make(incidents)
    store.clock.advance(60)
    assert incidents.change(key, "closed", "bob", note="Fireworks.")
    assert not incidents.change(key, "closed", "eve", note="mine")
    shown = incidents.one(key)
    assert shown is not None
    assert (shown["state"], shown["closed_by"], shown["note"]) == ("closed", "bob", "Fireworks.")
    assert shown["closed_at"] > shown["made_at"]
    assert (ids(incidents, state="open"), ids(incidents, state="closed")) == ([], [key])
    assert incidents.change(key, "open", "eve")
    assert not incidents.change(key, "open", "eve")
    assert incidents.change(key, None, "eve", severity="info", **off(north=10)._asdict())
    (again,) = incidents.some([key])
    assert (again["state"], again["closed_by"], again["severity"]) == ("open", None, "info")
    assert again["latitude"] == off(north=10).latitude
    assert ids(incidents, state="open") == [key]


def test_who_tells_of_too_many_holds_nobody_else_up(incidents: Incidents, store: Store) -> None:
    for at in range(MOST_A_MINUTE):
        make(incidents, at, by="mad")
    what = {"kind": "shot", "text": "", "severity": "info", "source": "s", "external": None, **CORNER._asdict()}
    assert incidents.make("a", **what, time_ns=T0_NS, made_by="mad") is None
    assert incidents.make("b", **what, time_ns=T0_NS, made_by="ann") == "b"
    store.clock.advance(61)
    assert incidents.make("a", **what, time_ns=T0_NS, made_by="mad") == "a"


def test_cameras_that_see_the_place_come_before_nearer_ones(incidents: Incidents, store: Store) -> None:
    hang(store, "demo-behind", off(north=-10), bearing=180.0, field_of_view=60.0)
    hang(store, "demo-looks", off(north=-40), bearing=10.0, field_of_view=62.0, name="Looks north")
    hang(store, "demo-beside", off(east=-30), bearing=0.0)
    hang(store, "demo-unknown", off(east=20))
    hang(store, "demo-dome", off(east=60), field_of_view=360.0)
    hang(store, "demo-late", off(north=-SEES_M - 5), bearing=0.0)
    hang(store, "demo-town", off(north=1200), bearing=180.0)
    hang(store, "demo-nowhere", None)
    shown = incidents.one(make(incidents))
    assert shown is not None
    told = [(one["camera"].removeprefix("demo-"), one["covers"]) for one in shown["cameras"]]
    assert told == [
        ("looks", True), ("dome", True), ("behind", False), ("unknown", False), ("beside", False), ("late", False),
    ]  # fmt: skip
    assert shown["cameras"][0]["name"] == "Looks north"
    assert shown["cameras"][0]["distance_m"] == pytest.approx(40, abs=0.2)
    assert incidents.place_of(("demo", "gw-1", "demo-nowhere")) is None
    assert incidents.place_of(("demo", "gw-1", "demo-dome")) == off(east=60)


def test_no_more_cameras_than_can_be_looked_at(incidents: Incidents, store: Store) -> None:
    for number in range(MOST_CAMERAS + 5):
        hang(store, f"demo-{number}", off(east=number))
    shown = incidents.one(make(incidents, spot=off(east=-5)))
    assert shown is not None
    assert [one["camera"] for one in shown["cameras"]] == [f"demo-{number}" for number in range(MOST_CAMERAS)]


def test_who_sees_some_cameras_sees_what_happened_near_them(incidents: Incidents, store: Store) -> None:
    hang(store, "demo-plaza", CORNER, bearing=0.0)
    hang(store, "attic-roof", off(north=3000))
    near, far = make(incidents, spot=off(east=900)), make(incidents, 5, off(north=2500))
    mine = incidents.limited(Reach.of(["demo"]))
    assert ids(mine) == [near]
    assert [one["id"] for one in mine.some([near, far])] == [near]
    assert mine.one(far) is None
    seen, all_of_it = mine.one(near), incidents.one(far)
    assert seen is not None
    assert all_of_it is not None
    assert [one["camera"] for one in seen["cameras"]] == ["demo-plaza"]
    assert [one["camera"] for one in all_of_it["cameras"]] == ["attic-roof"]
    assert mine.has_place(off(east=990))
    assert not mine.has_place(off(east=1010))
    assert mine.place_of(("attic", "gw-1", "attic-roof")) is None
    assert ids(incidents.limited(Reach.of([]))) == []


def test_they_leave_with_their_day_and_what_was_told_of_later_stays(incidents: Incidents, store: Store) -> None:
    old, late = make(incidents), make(incidents, -20 * DAY_NS / NS)
    store.clock.advance(2 * DAY_NS / NS)
    young = make(incidents, 2 * DAY_NS / NS)
    Retention(store.database, store.clock, 2, lambda _: None).sweep()
    assert ids(incidents) == [young, old, late]
    store.clock.advance(DAY_NS / NS)
    Retention(store.database, store.clock, 2, lambda _: None).sweep()
    assert ids(incidents) == [young]


DEGREES = st.tuples(st.floats(-80, 80), st.floats(-180, 180)).map(lambda pair: Spot(*pair))


@given(DEGREES, st.floats(0, 359), st.floats(5, 90))
def test_what_a_camera_looks_at_is_seen_and_what_lies_behind_it_is_not(spot: Spot, bearing: float, away: float) -> None:
    angle = math.radians(bearing)
    wide = METRES_A_DEGREE * math.cos(math.radians(spot.latitude))
    east, north = math.sin(angle) * away, math.cos(angle) * away
    ahead = Spot(spot.latitude + north / METRES_A_DEGREE, (spot.longitude + east / wide + 180) % 360 - 180)
    assert metres(spot, ahead) == pytest.approx(away, rel=0.01)
    assert covers(View(spot, bearing, 20), ahead)
    assert not covers(View(spot, (bearing + 180) % 360, 120), ahead)
    assert not covers(View(spot, None, 120), ahead)
    assert Around([spot], away * 1.02).has(ahead)
    assert not Around([spot], away * 0.98).has(ahead)


def test_the_shortest_way_goes_over_the_date_line() -> None:
    east, west = Spot(-17.0, 179.9998), Spot(-17.0, -179.9998)
    assert metres(east, west) == pytest.approx(42.5, abs=0.1)
    assert covers(View(east, 90.0, 60), west)
    assert covers(View(west, 270.0, 60), east)
