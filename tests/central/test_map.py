"""What lies under the cameras on the map, from the centre's configuration."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.central.api.guard import SECURITY_HEADERS, _headers_for
from agent.config.central import Map
from agent.config.load import load_central
from agent.core.errors import ConfigError
from agent.sim import town
from tests.central.helpers import RunningCentre, running

POLICY = "Content-Security-Policy"


def test_without_a_table_there_is_nothing_and_it_says_so(centre: RunningCentre) -> None:
    with centre.service() as api:
        told = api.get("/api/v1/map").json()
        assert told == {"streets": False, "plan": False, "plan_corners": None, "tiles": None, "attribution": ""}
        assert api.get("/api/v1/map/streets").status_code == 404
        assert api.get("/api/v1/map/plan").status_code == 404
    with centre.client() as nobody:
        assert nobody.get("/api/v1/map").status_code == 401


def test_streets_and_a_plan_are_given_to_who_is_signed_in(tmp_path: Path) -> None:
    streets, plan = tmp_path / "streets.geojson", tmp_path / "hall.png"
    streets.write_text(town.streets())
    plan.write_bytes(b"\x89PNG")
    ground = Map(streets=streets, plan=plan, plan_corners=((41.0, -72.0), (40.0, -71.0)))
    with running(tmp_path / "data", map=ground) as centre, centre.service() as api:
        told = api.get("/api/v1/map").json()
        assert (told["streets"], told["plan"], told["plan_corners"]) == (True, True, [[41.0, -72.0], [40.0, -71.0]])
        found = api.get("/api/v1/map/streets")
        assert found.headers["content-type"] == "application/geo+json"
        assert found.json()["type"] == "FeatureCollection"
        assert api.get("/api/v1/map/plan").headers["content-type"] == "image/png"
        streets.unlink()
        assert api.get("/api/v1/map").json()["streets"] is False
        with streets.open("wb") as file:
            file.truncate(21 << 20)
        assert api.get("/api/v1/map/streets").status_code == 413


def test_pictures_come_from_a_server_of_tiles_only_where_one_is_named() -> None:
    assert _headers_for(None) == SECURITY_HEADERS
    policy = _headers_for("https://tiles.example:8443/{z}/{x}/{y}.png?key=1")[POLICY]
    assert "img-src 'self' https://tiles.example:8443 blob: data:;" in policy
    assert policy.replace(" https://tiles.example:8443", "") == SECURITY_HEADERS[POLICY]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('tiles = "ftp://x/{z}/{x}/{y}"', "map.tiles: not an address of tiles"),
        ('tiles = "https://x/y.png"', "map.tiles: the address of tiles has {z}, {x} and {y}"),
        ('plan = "/x.png"', "map: plan and plan_corners belong together"),
    ],
)
def test_what_does_not_fit_is_said_with_its_line(tmp_path: Path, lines: str, said: str) -> None:
    path = tmp_path / "central.toml"
    path.write_text(f"[map]\n{lines}\n")
    with pytest.raises(ConfigError) as refused:
        load_central(path)
    assert said in str(refused.value)


def test_the_drawn_town_has_streets_with_names_and_a_place_for_each_camera() -> None:
    document = json.loads(town.streets())
    names = {one["properties"].get("name") for one in document["features"]}
    assert {"Main Street", "City Plaza"} <= names
    place = town.place_of("plaza")
    assert place is not None
    assert set(place) == {"latitude", "longitude", "bearing", "field_of_view"}
    assert town.place_of("elsewhere") is None
