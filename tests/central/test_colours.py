"""Somebody in a green shirt is found: from the wire to the API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from agent.central.store.database import Database
from agent.central.store.day_schema import track as tracks
from agent.central.store.filters import Filters
from agent.central.store.finds import Finds
from agent.central.store.keeper import Age, Keeper
from agent.central.store.looks import bit_of, bits_in, look_columns, named
from agent.central.store.places import Place
from agent.central.store.rows import day_of
from agent.core.clock import SystemClock
from tests.central.helpers import (
    CAMERA,
    GATEWAY,
    SITE,
    T0_NS,
    FakeGateway,
    RunningCentre,
    event,
    fresh_id,
    track,
    wait_for,
)

GREEN = {"upper": [["green", 0.7], ["black", 0.2]], "lower": [["blue", 0.9]]}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open("sqlite", tmp_path)
    yield opened
    opened.close()


def _put(database: Database, key: str, colours: Any) -> None:
    with database.change() as change:
        keeper = Keeper(change, database.upsert, Age(T0_NS), pytest.fail)
        keeper.put(Place(SITE, GATEWAY, CAMERA), track(key, at_s=len(str(colours)), colours=colours))
        keeper.write()


def test_tracks_are_found_by_part_name_and_share(database: Database) -> None:
    finds = Finds(database, SystemClock(), lambda _: None)
    _put(database, "green", GREEN)
    _put(database, "red", {"upper": [["red", 0.6], ["green", 0.3]], "lower": [["black", 0.8]]})
    _put(database, "dark", {"upper": [["unknown", 1.0]], "lower": [["unknown", 1.0]]})
    _put(database, "van", {"vehicle": [["green", 0.9]]})

    def found(*colour: tuple[str | None, str], share: float = 0.25) -> set[str]:
        return {item["id"] for item in finds.tracks(Filters(colour=colour, share=share))["items"]}

    assert found() == {"green", "red", "dark", "van"}
    assert found((None, "green")) == {"green", "red", "van"}
    assert found(("upper", "green")) == {"green", "red"}
    assert found(("upper", "green"), share=0.5) == {"green"}
    assert found(("upper", "green"), ("lower", "blue")) == {"green"}
    assert found(("upper", "green"), ("upper", "red"), share=0.5) == {"green", "red"}
    assert found(("upper", "green"), ("vehicle", "green")) == set()
    assert found((None, "pink")) == set()


def test_a_later_summary_takes_the_place_of_the_first(database: Database) -> None:
    _put(database, "t", {"upper": [["brown", 0.8]]})
    _put(database, "t", {"upper": [["red", 0.9]], "lower": [["blue", 0.3]]})
    with database.days.read(day_of(T0_NS)) as connection:
        assert connection is not None
        (row,) = connection.execute(sa.select(tracks.c.upper, tracks.c.colours))
    assert (row.upper, [named(bit) for bit in bits_in(row.colours)]) == (
        "000\x8a0000000", [("upper", "red"), ("lower", "blue")]
    )  # fmt: skip


@pytest.mark.parametrize(
    "said",
    [None, 5, "green", ["green"], {"upper": "green"}, {"upper": [["green"]]}, {"upper": [[1, 2]]},
     {"hat": [["red", 1]]}, {"upper": [["beige", 0.5]]}, {"upper": [["red", "much"]]}, {"upper": {"red": 1}},
     {"upper": [[["red"], 1]]}],
)  # fmt: skip
def test_what_is_no_colour_is_passed_over(said: Any) -> None:
    assert look_columns(said) == {"colours": 0, "upper": None, "lower": None, "vehicle": None}


def test_shares_stay_shares() -> None:
    found = look_columns({"upper": [["red", 7], ["blue", -1], ["green", 0.249], ["grey", 0.244]]})
    assert found["upper"] == "00" + chr(48 + 24) + chr(48 + 100) + "00" + chr(48 + 25) + "0000"
    assert bits_in(found["colours"]) == [bit_of("upper", "red"), bit_of("upper", "green")]


def test_the_api_finds_the_event_and_the_track_of_a_green_shirt(centre: RunningCentre, gateway: FakeGateway) -> None:
    gateway.hello()
    wanted, other, walked = fresh_id(), fresh_id(), fresh_id()
    gateway.envelope("event", 1, event(wanted), event(other, attributes={"colours": {"upper": [["red", 0.9]]}}))
    gateway.envelope("event", 2, event(wanted, "end", 5, attributes={"colours": GREEN}))
    gateway.envelope("track", 1, track(walked, colours=GREEN, final=True))
    wait_for(lambda: gateway.acked("event") == {1, 2} and gateway.acked("track"))
    with centre.service() as api:

        def found(what: str, **query: Any) -> list[str]:
            return [item["id"] for item in api.get(f"/api/v1/{what}", params=query).json()["items"]]

        assert found("events", colour="upper:green") == found("events", colour="green") == [wanted]
        assert found("events", colour=["upper:green", "lower:blue"], label="person") == []
        assert found("events", colour=["upper:green", "upper:red"]) == sorted([wanted, other], reverse=True)
        assert found("tracks", colour="lower:blue", share=0.8) == [walked]
        assert found("tracks", colour="lower:blue", share=0.95) == []
        near = api.get(f"/api/v1/events/{wanted}/neighbours", params={"colour": "upper:green"}).json()
        assert near == {"older": None, "newer": None, "complete": True}
        for wrong in ({"colour": "beige"}, {"colour": "hat:red"}, {"colour": "green", "share": 2}):
            assert api.get("/api/v1/tracks", params=wrong).status_code == 422
