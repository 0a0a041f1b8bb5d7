"""Somebody in a green shirt is found: from the wire to the API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from agent.central.store import schema
from agent.central.store.colours import colours_of, write_colours
from agent.central.store.database import Database
from agent.central.store.finds import Filters, Finds
from agent.central.store.merge import merge_track, track_row
from tests.central.helpers import GATEWAY, SITE, T0_NS, FakeGateway, RunningCentre, event, fresh_id, track, wait_for

GREEN = {"upper": [["green", 0.7], ["black", 0.2]], "lower": [["blue", 0.9]]}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open("sqlite", tmp_path)
    yield opened
    opened.close()


def _put(database: Database, key: str, colours: Any) -> None:
    row = track_row(merge_track(None, track(key, colours=colours)))
    row |= {"site": SITE, "gateway": GATEWAY, "received_ns": T0_NS}
    with database.write() as connection:
        database.upsert(connection, schema.track, [row])
        write_colours(database, connection, "track", [row])


def test_tracks_are_found_by_part_name_and_share(database: Database) -> None:
    finds = Finds(database, lambda _: None)
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
    _put(database, "t", {"upper": [["red", 0.9]]})
    with database.read() as connection:
        assert connection.execute(sa.select(schema.colour.c.name, schema.colour.c.share)).all() == [("red", 0.9)]


@pytest.mark.parametrize(
    "said",
    [None, 5, "green", ["green"], {"upper": "green"}, {"upper": [["green"]]}, {"upper": [[1, 2]]},
     {"hat": [["red", 1]]}, {"upper": [["beige", 0.5]]}, {"upper": [["red", "much"]]}, {"upper": {"red": 1}},
     {"upper": [[["red"], 1]]}],
)  # fmt: skip
def test_what_is_no_colour_is_passed_over(said: Any) -> None:
    assert colours_of("event", {"attributes": {"colours": said}}) == []


def test_shares_stay_shares() -> None:
    rows = colours_of("event", {"attributes": {"colours": {"upper": [["red", 7], ["red", 0.5], ["blue", -1]]}}})
    assert rows == [{"part": "upper", "name": "red", "share": 0.5}, {"part": "upper", "name": "blue", "share": 0.0}]


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
        assert near == {"older": None, "newer": None}
        for wrong in ({"colour": "beige"}, {"colour": "hat:red"}, {"colour": "green", "share": 2}):
            assert api.get("/api/v1/tracks", params=wrong).status_code == 422
