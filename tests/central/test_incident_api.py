"""Incidents over the API: who tells, who sees, what is said of them, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from agent.core.clock import SystemClock, rfc3339
from tests.central.accounts import own_process, program, somebody
from tests.central.helpers import FakeGateway, RunningCentre, camera_info, wait_for

INCIDENTS = "/api/v1/incidents"
PLAZA, CELLAR = "demo/gw-1/plaza", "attic/gw-9/cellar"
HERE, FAR = (41.7637, -72.6851), (41.8037, -72.6851)
NEAR_HERE = {"latitude": 41.76375, "longitude": -72.6851}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCentre]:
    """A centre with two cameras, kilometres apart, and one that nobody has put on the map."""
    folder: Path = tmp_path_factory.mktemp("town")
    with (
        own_process(folder, (("demo", "gw-1"), ("attic", "gw-9"))) as centre,
        FakeGateway(centre) as demo,
        FakeGateway(centre, "attic", "gw-9") as attic,
        centre.admin() as api,
    ):
        for gateway, name, (latitude, longitude) in ((demo, "plaza", HERE), (attic, "cellar", FAR)):
            gateway.hello(name)
            more = {"latitude": latitude, "longitude": longitude, "bearing": 0.0}
            gateway.send(gateway.topics.camera(name, "info"), camera_info(name).model_copy(update=more), retain=True)
        demo.hello("lost")
        cameras = "/api/v1/cameras"
        wait_for(lambda: sum(one["bearing"] == 0 for one in api.get(cameras).json()["items"]) == 2)
        yield centre


def _tell(api: httpx.Client, **more: Any) -> dict[str, Any]:
    answer = api.post(INCIDENTS, json={"kind": "shot", **NEAR_HERE, **more})
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_it_is_told_seen_closed_opened_and_written_down(town: RunningCentre) -> None:
    with town.admin() as api:
        told = _tell(api, text="Two shots", severity="alarm", source="gunshot sensor 4")
        assert (told["state"], told["made_by"], told["severity"]) == ("open", "ann", "alarm")
        seen = api.get(f"{INCIDENTS}/{told['id']}").json()
        assert [(one["camera"], one["covers"]) for one in seen["cameras"]] == [("plaza", True)]
        assert api.get(INCIDENTS, params={"state": "open"}).json()["items"][0] == told
        closed = api.patch(f"{INCIDENTS}/{told['id']}", json={"state": "closed", "note": "Fireworks."}).json()
        assert (closed["state"], closed["closed_by"], closed["note"]) == ("closed", "ann", "Fireworks.")
        again = api.patch(f"{INCIDENTS}/{told['id']}", json={"state": "closed"})
        assert (again.status_code, again.json()["error"]["code"]) == (409, "over")
        assert told["id"] not in api.get(INCIDENTS, params={"state": "open"}).text
        moved = api.patch(f"{INCIDENTS}/{told['id']}", json={"state": "open", "camera": CELLAR, "kind": "crash"}).json()
        assert (moved["state"], moved["kind"], moved["cameras"][0]["camera"]) == ("open", "crash", "cellar")
        assert (moved["closed_by"], moved["latitude"], moved["cameras"][0]["distance_m"]) == (None, FAR[0], 0.0)
        lines = api.get("/api/v1/audit", params={"action": "incident", "text": told["id"]}).json()["items"]
        assert [(one["action"], one["why"]) for one in lines] == [
            ("incident.open", ""),
            ("incident.close", ""),
            ("incident.close", "Fireworks."),
            ("incident.make", ""),
        ]
        assert "shot at 41.763750,-72.685100" in lines[-1]["what"]
        assert "from gunshot sensor 4" in lines[-1]["what"]


def test_a_gateway_of_sensors_tells_with_a_token_and_may_tell_twice(town: RunningCentre) -> None:
    with town.admin() as admin, program(town, admin, name="sensors", scopes=["command"]) as sensors:
        shot = {"kind": "shot", **NEAR_HERE, "source": "sensor 4", "external": "2026-118", "severity": "alarm"}
        first, second = sensors.post(INCIDENTS, json=shot), sensors.post(INCIDENTS, json=shot | {"text": "again"})
        assert (first.status_code, second.status_code) == (201, 200)
        assert first.json() == second.json()
        assert first.json()["made_by"] == "ann/sensors"
        assert sensors.get(INCIDENTS).status_code == 403
    with town.admin() as admin, program(town, admin, scopes=["read"]) as reader:
        assert reader.post(INCIDENTS, json=shot).status_code == 403
        assert first.json()["id"] in reader.get(INCIDENTS).text


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_who_sees_to_events_may_tell_and_others_look_on(town: RunningCentre, role: str) -> None:
    with somebody(town, role, role) as api, town.admin() as admin:
        key = _tell(admin)["id"]
        may = role == "operator"
        answer = api.post(INCIDENTS, json={"kind": "crash", "camera": PLAZA})
        assert answer.status_code == (201 if may else 403)
        assert api.get(f"{INCIDENTS}/{key}").status_code == 200
        assert api.patch(f"{INCIDENTS}/{key}", json={"state": "closed"}).status_code == (200 if may else 403)
        if may:
            assert (answer.json()["source"], answer.json()["latitude"]) == ("operator", HERE[0])


def test_what_happened_far_from_ones_cameras_does_not_exist(town: RunningCentre) -> None:
    far = {"latitude": FAR[0], "longitude": FAR[1]}
    with somebody(town, "lim", "operator", [PLAZA]) as api, town.admin() as admin:
        near, hidden = _tell(admin)["id"], _tell(admin, **far, source="s", external="far")["id"]
        listed = api.get(INCIDENTS, params={"limit": 200}).text
        assert near in listed
        assert hidden not in listed
        assert api.get(f"{INCIDENTS}/{hidden}").status_code == 404
        assert api.patch(f"{INCIDENTS}/{hidden}", json={"state": "closed"}).status_code == 404
        assert api.post(INCIDENTS, json={"kind": "shot", **far}).status_code == 403
        assert api.patch(f"{INCIDENTS}/{near}", json=far).status_code == 403
        assert api.post(INCIDENTS, json={"kind": "shot", "camera": CELLAR}).status_code == 422
        same = api.post(INCIDENTS, json={"kind": "shot", **NEAR_HERE, "source": "s", "external": "far"})
        assert (same.status_code, same.json()["error"]["code"]) == (409, "conflict")
        assert hidden not in same.text


def test_the_stream_tells_of_those_that_one_may_see(town: RunningCentre) -> None:
    with (
        somebody(town, "ear", "viewer", [PLAZA]) as api,
        town.admin() as admin,
        api.stream("GET", "/api/v1/stream") as stream,
    ):
        lines = stream.iter_lines()
        assert next(lines) == "event: hello"
        hidden = _tell(admin, latitude=FAR[0], longitude=FAR[1])["id"]
        seen = _tell(admin, text="Heard live")
        before = ""
        for line in lines:
            assert hidden not in line
            if seen["id"] in line:
                assert before == "event: incident"
                assert json.loads(line.removeprefix("data: ")) == seen
                break
            before = line


def test_areas_and_times_are_asked_for_as_elsewhere(town: RunningCentre) -> None:
    with town.admin() as api:
        told = _tell(api, time="2026-01-31T12:00:00Z", kind="fire", camera=CELLAR, latitude=None, longitude=None)
        day = {"since": "2026-01-31T12:00:00Z", "until": "2026-01-31T12:00:00.001Z"}
        assert [one["id"] for one in api.get(INCIDENTS, params=day).json()["items"]] == [told["id"]]
        around, beside = "41.80,-72.69 41.80,-72.68 41.81,-72.68 41.81,-72.69", "41.7,-72.69 41.7,-72.6 41.71,-72.6"
        assert told["id"] in api.get(INCIDENTS, params=day | {"area": around}).text
        assert api.get(INCIDENTS, params=day | {"area": beside}).json() == {"items": [], "next": None}
        first = api.get(INCIDENTS, params={"limit": 1}).json()
        after = api.get(INCIDENTS, params={"limit": 1, "cursor": first["next"]}).json()
        assert first["items"][0]["time"] >= after["items"][0]["time"]
        assert first["items"] != after["items"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"latitude": None}, "go together"),
        ({"latitude": None, "longitude": None}, "say where"),
        ({"camera": PLAZA}, "not both"),
        ({"latitude": None, "longitude": None, "camera": "demo/gw-1/lost"}, "nobody knows where it hangs"),
        ({"latitude": 91}, "latitude"),
        ({"kind": "Gun shot"}, "kind"),
        ({"text": "x" * 401}, "text"),
        ({"source": ""}, "source"),
        ({"external": "a\x00b"}, "external"),
        ({"severity": "grave"}, "severity"),
        ({"time": rfc3339(SystemClock().wall_ns() + 2 * 3600 * 10**9)}, "time: is yet to come"),
    ],
)
def test_what_is_no_incident_is_refused(town: RunningCentre, change: dict[str, Any], said: str) -> None:
    with town.admin() as api:
        answer = api.post(INCIDENTS, json={"kind": "shot", **NEAR_HERE} | change)
        assert answer.status_code == 422, answer.text
        assert said in answer.json()["error"]["message"]


def test_an_empty_change_and_a_cursor_that_is_none_are_refused(town: RunningCentre) -> None:
    with town.admin() as api:
        key = _tell(api)["id"]
        assert "name what" in api.patch(f"{INCIDENTS}/{key}", json={}).json()["error"]["message"]
        assert api.patch(f"{INCIDENTS}/none", json={"kind": "shot"}).status_code == 404
        assert api.get(INCIDENTS, params={"cursor": "9999999999999999999-" + "0" * 32}).status_code == 422


def test_a_sensor_that_has_gone_mad_is_slowed(town: RunningCentre) -> None:
    with somebody(town, "mad", "operator") as api:
        answers = [api.post(INCIDENTS, json={"kind": "shot", **NEAR_HERE}) for _ in range(61)]
        assert [one.status_code for one in answers] == [201] * 60 + [429]
        assert answers[-1].headers["Retry-After"] == "60"
