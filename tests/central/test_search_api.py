"""Searching over HTTP: what comes back, what is refused, and what people try."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from agent.central.api.build import make_routes
from agent.central.store.deadline import Deadline
from tests.central.helpers import CAMERA, GATEWAY, SITE, FakeGateway, event, running, track, wait_for

GREEN = {"upper": [["green", 0.7]], "lower": [["blue", 0.9]]}
WALK = [(k / 2, x - 0.01, 0.4, x + 0.01, 0.6) for k in range(11) for x in (0.1 + 0.08 * k,)]
BAD = [
    "' OR 1=1 --",
    "x'; DROP TABLE track; --",
    "%",
    "_%_",
    "\\",
    "\x7f",
    "ä" * 300,
    "../../etc/passwd",
    "${jndi:x}",
    "1e999",
]


@pytest.fixture
def api(tmp_path: Path) -> Iterator[httpx.Client]:
    with running(tmp_path / "data") as centre, FakeGateway(centre) as gateway:
        gateway.hello()
        gateway.envelope(
            "track", 1,
            track("t1", path=WALK, colours=GREEN, final=True, zones=["plaza"], size=0.1, speed=2, speed_unit="m/s"),
            track("t2", label="vehicle", kind="bus", plate="AB12CDE", at_s=90), track("t3", score=0.2, colours=GREEN),
        )  # fmt: skip
        together = event("e2", kind="loitering", tracks=["t3", "walks-still", "t1"])
        gateway.envelope("event", 1, event("e1", zone="plaza", severity="alarm"), together)
        wait_for(lambda: gateway.acked("track") and gateway.acked("event"))
        with centre.service() as client:
            wait_for(lambda: client.get("/api/v1/tracks").json()["items"])
            yield client


def found(api: httpx.Client, **query: Any) -> list[str]:
    answer = api.get("/api/v1/tracks", params=query)
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


def test_each_parameter_narrows(api: httpx.Client) -> None:
    assert found(api) == ["t3", "t2", "t1"]
    assert found(api, label="person", colour="upper:green", share=0.5) == ["t3", "t1"]
    assert found(api, colour="upper:green", sort="fit") == ["t1", "t3"]
    assert found(api, sort="oldest") == ["t1", "t2", "t3"]
    assert found(api, camera=f"{SITE}/{GATEWAY}/{CAMERA}", kind="bus") == ["t2"]
    assert found(api, plate="a812cde", plate_match="fuzzy") == found(api, plate="AB?2*") == ["t2"]
    assert found(api, plate="AB12CD") == []
    assert found(api, zone="plaza", max_size=0.2, min_speed=1, min_score=0.5) == ["t1"]
    assert found(api, min_dwell_s=1) == found(api, area="0,0 0,1 1,1") == found(api, near="41.76,-72.68,50") == []


def test_what_is_drawn_narrows_and_pages_and_counts_go_along(api: httpx.Client) -> None:
    assert found(api, region="0.4,0.5 0.6,0.5 0.5,0.7") == found(api, crossed="0.5,0 0.5,1") == ["t1"]
    assert found(api, crossed="0.5,0 0.5,1", crossed_way="right_to_left") == ["t1"]
    assert found(api, crossed="0.5,0 0.5,1", crossed_way="left_to_right") == found(api, region="0,0 1,0 1,0.5") == []
    assert found(api, along="0.1,0.6 0.9,0.65", along_within=0.1, label="person") == ["t1"]
    assert found(api, along="0.9,0.6 0.1,0.6") == found(api, along="0.1,0.6 0.9,0.6", region="0,0 1,0 1,0.5") == []
    answer = api.get("/api/v1/tracks", params={"region": "0,0 1,0 1,1 0,1", "facets": True}).json()
    assert answer["facets"]["exact"]
    assert [hour["count"] for hour in answer["facets"]["hours"]] == [1]


def test_counts_come_with_the_page_that_asks_for_them(api: httpx.Client) -> None:
    assert api.get("/api/v1/tracks").json()["facets"] is None
    facets = api.get("/api/v1/tracks", params={"facets": True, "limit": 1, "label": "person"}).json()["facets"]
    assert facets["exact"]
    assert facets["labels"] == [{"value": "person", "count": 2}, {"value": "vehicle", "count": 1}]
    assert facets["cameras"] == [{"site": SITE, "gateway": GATEWAY, "camera": CAMERA, "count": 2}]
    assert facets["upper"] == [{"value": "green", "count": 2}]
    assert [hour["count"] for hour in facets["hours"]] == [2]
    assert sum(minute["count"] for minute in facets["minutes"]) == 2
    events = api.get("/api/v1/events", params={"facets": True}).json()["facets"]
    assert events["severities"] == [{"value": "alarm", "count": 1}, {"value": "info", "count": 1}]


@pytest.mark.parametrize("what", ["events", "tracks"])
def test_what_people_try_is_answered_or_refused_and_never_breaks(api: httpx.Client, what: str) -> None:
    operation = make_routes().openapi()["paths"][f"/api/v1/{what}"]["get"]
    before = found(api)
    for number, name in enumerate(parameter["name"] for parameter in operation["parameters"]):
        for bad in (BAD[number % len(BAD)], BAD[(3 * number + 1) % len(BAD)]):
            answer = api.get(f"/api/v1/{what}", params={name: bad})
            assert answer.status_code in {200, 422}, (name, bad, answer.text)
            assert answer.status_code == 422 or answer.json()["items"] is not None
    assert found(api) == before


def test_the_tracks_of_an_event_are_those_that_are_known(api: httpx.Client) -> None:
    def tracks(key: str) -> list[str]:
        return [item["id"] for item in api.get(f"/api/v1/events/{key}/tracks").raise_for_status().json()["items"]]

    assert tracks("e2") == ["t1", "t3"]
    assert tracks("e1") == []
    assert api.get("/api/v1/events/none/tracks").status_code == 404


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"camera": "a/b"}, "camera"), ({"camera": ["x"] * 2001}, "camera"), ({"limit": 201}, "limit"),
    ({"area": "1,2 3,4"}, "area"), ({"area": "1,2 3,4 5"}, "area"), ({"area": " ".join(["1,2"] * 101)}, "area"),
    ({"near": "1,2"}, "near"), ({"near": "1,200,5"}, "near"), ({"near": "1,2,nan"}, "near"),
    ({"near": "1,2,90000"}, "near"), ({"plate": "***"}, "plate"), ({"plate": "A*B*C*D*E*F"}, "plate"),
    ({"plate": "A", "plate_match": "regex"}, "plate_match"), ({"min_size": 2}, "min_size"),
    ({"min_speed": "nan"}, "min_speed"), ({"sort": "id"}, "sort"), ({"cursor": "x"}, "cursor"),
    ({"region": "0,0 1,1"}, "region"), ({"region": "0,0 1,1 0,nan"}, "region"), ({"region": "0,0 1,1 2,1"}, "region"),
    ({"region": "0,0 0,0 1,1 1,1"}, "region"), ({"region": " ".join(["0,1"] * 33)}, "region"),
    ({"crossed": "1"}, "crossed"),
    ({"crossed": "0,0 1,1", "crossed_way": "up"}, "crossed_way"), ({"along": "0.5,0.5 0.5,0.5"}, "along"),
    ({"along": "0,0 1,1", "along_within": 0}, "along_within"), ({"along": "0,0 " * 500}, "along"),
    ({"limit_ms": 5}, "limit_ms"), ({"since": "yesterday"}, "since"), ({"label": ["x"] * 101}, "label"),
]  # fmt: skip


def test_what_cannot_be_asked_is_refused_in_one_line(api: httpx.Client) -> None:
    for query, said in REFUSED:
        answer = api.get("/api/v1/tracks", params=query)
        assert answer.status_code == 422, answer.text
        error = answer.json()["error"]
        assert error["code"] == "invalid"
        assert error["message"].startswith(said)
        assert len(error["message"].splitlines()) == 1


def test_the_parameters_have_examples() -> None:
    operation = make_routes().openapi()["paths"]["/api/v1/tracks"]["get"]
    schemas = {parameter["name"]: parameter for parameter in operation["parameters"]}
    for name in ("camera", "area", "near", "colour", "plate", "since", "region", "crossed", "along"):
        assert "example" in str(schemas[name]), name


@pytest.mark.parametrize("of", ["tracks?min_speed=99", "events?line=nowhere"])
def test_a_search_that_was_left_ends(api: httpx.Client, of: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[bool] = []

    def asked(deadline: Deadline) -> bool:
        time.sleep(0.3)
        said.append(real(deadline))
        return said[-1]

    real = Deadline.__call__
    monkeypatch.setattr(Deadline, "__call__", asked)
    assert api.get(f"/api/v1/{of}").json()["complete"]
    whole = len(said)
    assert whole > 2
    assert not any(said)
    said.clear()
    with pytest.raises(httpx.ReadTimeout):
        api.get(f"/api/v1/{of}", timeout=0.2)
    wait_for(lambda: any(said))
    assert len(said) < whole
