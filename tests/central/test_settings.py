"""What cameras see, set at the centre: kept, sent when the gateway is there, refused when it does not fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from agent.central.store.database import Database
from agent.central.store.overlays import MOST_KEPT, Overlays, Version
from agent.wire import messages as wire
from tests.central.helpers import CAMERA, GATEWAY, SITE, FakeGateway, RunningCentre, camera_info, health, wait_for

LINE = {"name": "gate", "points": [[0.2, 0.6], [0.8, 0.6]]}
RULE = {"kind": "line_crossed", "line": "gate"}
CROSSED = {"line": [LINE], "rule": [RULE]}


def path(camera: str = CAMERA) -> str:
    return f"/api/v1/cameras/{SITE}/{GATEWAY}/{camera}/settings"


def put(api: httpx.Client, settings: dict[str, Any], version: int, camera: str = CAMERA) -> httpx.Response:
    return api.put(path(camera), json={"settings": settings, "version": version})


def overlays(gateway: FakeGateway) -> list[wire.Overlay]:
    """What came over, each checked against the centre's key."""
    found = [wire.validate(wire.ConfigureArgs, one.args).overlay for one in gateway.commands if one.verb == "configure"]
    assert all(gateway.verifier.verify(one.signed_part(), one.signature) for one in found)
    return found


def say_in_force(gateway: FakeGateway, version: int) -> None:
    now = health().model_copy(update={"overlay": wire.OverlayState(version=version)})
    gateway.send(gateway.topics.health, now, retain=True)


@pytest.fixture
def ready(centre: RunningCentre, gateway: FakeGateway) -> FakeGateway:
    gateway.hello()
    with centre.service() as api:
        wait_for(lambda: api.get(path()).status_code == 200)
        wait_for(lambda: api.get("/api/v1/gateways").json()["items"][0]["online"])
    return gateway


def test_it_goes_to_the_gateway_and_is_in_force_when_that_says_so(centre: RunningCentre, ready: FakeGateway) -> None:
    with centre.admin() as api:
        assert api.get(path()).json()["state"] == "never_set"
        ready.handlers["configure"] = lambda _: None
        answer = put(api, CROSSED, 0).json()
        assert (answer["state"], answer["version"], answer["by"]) == ("waiting", 1, "ann")
        overlay = wait_for(lambda: overlays(ready))[0]  # unanswered, it may have come twice by now
        assert (overlay.version, overlay.by, overlay.cameras) == (1, "ann", {CAMERA: CROSSED})
        say_in_force(ready, 1)
        wait_for(lambda: api.get(path()).json()["state"] == "in_force")
        assert api.get(path()).json()["set_here"] == CROSSED
        line = api.get("/api/v1/audit").json()["items"][0]
        what = f"{SITE}/{GATEWAY}/{CAMERA} after version 0: line, rule"
        assert (line["who"], line["action"], line["what"]) == ("ann", "camera.settings", what)


def test_the_gateways_answer_is_enough_to_know_that_it_has_them(centre: RunningCentre, ready: FakeGateway) -> None:
    with centre.admin() as api:
        put(api, CROSSED, 0).raise_for_status()
        wait_for(lambda: api.get(path()).json()["state"] == "in_force")
        assert api.get(path()).json()["set_here"] == CROSSED


def test_cameras_of_one_gateway_are_set_each_for_itself(centre: RunningCentre, ready: FakeGateway) -> None:
    ready.send(ready.topics.camera("yard", "info"), camera_info("yard"), retain=True)
    with centre.admin() as api:
        wait_for(lambda: api.get(path("yard")).status_code == 200)
        yard = {"name": "The yard"}
        steps: list[tuple[Any, str, Any]] = [
            (CROSSED, CAMERA, {CAMERA: CROSSED}),
            (yard, "yard", {CAMERA: CROSSED, "yard": yard}),
            ({}, CAMERA, {"yard": yard}),
        ]
        for version, (settings, camera, all_of_it) in enumerate(steps):
            put(api, settings, version, camera).raise_for_status()
            wait_for(lambda: [one.version for one in overlays(ready)][-1:] == [version + 1])  # noqa: B023 - at once
            assert overlays(ready)[-1].cameras == all_of_it


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"rule": [RULE]}, "rule[0].line: names the line 'gate', which this camera does not have"),
        ({"url": "rtsp://evil/"}, "url: cannot be set from the centre"),
        ({"zone": [{"name": "z", "polygon": [[0, 0], [7, 0], [1, 1]]}]}, "zone[0].polygon[1][0]"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(
    centre: RunningCentre, ready: FakeGateway, settings: dict[str, Any], said: str
) -> None:
    with centre.admin() as api:
        refused = put(api, settings, 0)
        assert refused.status_code == 422
        assert said in refused.json()["error"]["message"]
        assert api.get(path()).json()["version"] == 0
    assert overlays(ready) == []


def test_rules_may_name_what_the_gateways_own_file_has(centre: RunningCentre, ready: FakeGateway) -> None:
    info = camera_info().model_copy(update={"settings": {"line": [LINE]}})
    ready.send(ready.topics.camera(CAMERA, "info"), info, retain=True)
    with centre.admin() as api:
        wait_for(lambda: api.get(path()).json()["in_force"])
        assert put(api, {"rule": [RULE]}, 0).status_code == 200


def test_who_has_not_seen_the_newest_is_told(centre: RunningCentre, ready: FakeGateway) -> None:
    with centre.admin() as api:
        put(api, CROSSED, 0).raise_for_status()
        late = put(api, {}, 0)
        assert (late.status_code, late.json()["error"]["code"]) == (409, "conflict")
        assert api.get(path()).json()["set_here"] == CROSSED


def test_a_gateway_that_is_away_gets_it_when_it_comes(centre: RunningCentre) -> None:
    with FakeGateway(centre) as gone, centre.admin() as api:
        gone.hello()
        wait_for(lambda: api.get(path()).status_code == 200)
        gone.send(gone.topics.status, gone._status("offline"), retain=True)
        wait_for(lambda: not api.get("/api/v1/gateways").json()["items"][0]["online"])
        assert put(api, CROSSED, 0).json()["state"] == "waiting"
        assert overlays(gone) == []
        gone.hello()
        assert wait_for(lambda: overlays(gone))[0].cameras == {CAMERA: CROSSED}


def test_what_the_gateway_refuses_is_said_and_the_next_change_goes_by_the_last_good_one(
    centre: RunningCentre, ready: FakeGateway
) -> None:
    ready.send(ready.topics.camera("yard", "info"), camera_info("yard"), retain=True)
    with centre.admin() as api:
        wait_for(lambda: api.get(path("yard")).status_code == 200)
        put(api, {"name": "The yard"}, 0, "yard").raise_for_status()
        wait_for(lambda: len(overlays(ready)) == 1)
        ready.handlers["configure"] = lambda asked: wire.Reply(
            id=asked.id, ok=False, error="plaza: ring_s is too short"
        )
        put(api, CROSSED, 1).raise_for_status()
        wait_for(lambda: api.get(path()).json()["state"] == "refused")
        assert api.get(path()).json()["error"] == "plaza: ring_s is too short"
        del ready.handlers["configure"]
        put(api, {"name": "Plaza"}, 2).raise_for_status()
        wait_for(lambda: overlays(ready)[-1].version == 3)
        assert overlays(ready)[-1].cameras == {"yard": {"name": "The yard"}, CAMERA: {"name": "Plaza"}}


def test_a_gateway_ahead_of_a_centre_that_was_set_back_gets_a_newer_number(
    centre: RunningCentre, ready: FakeGateway
) -> None:
    say_in_force(ready, 7)
    with centre.admin() as api:
        wait_for(lambda: api.get(path()).json()["version"] == 7)
        assert put(api, CROSSED, 7).json()["version"] == 8


def test_only_who_may_sets_anything(centre: RunningCentre, ready: FakeGateway) -> None:
    with centre.service() as operator, centre.client() as nobody:
        assert operator.get(path()).status_code == 200
        assert put(operator, CROSSED, 0).status_code == 403
        assert put(nobody, CROSSED, 0).status_code == 401
        assert operator.get(path("nowhere")).status_code == 404
    assert overlays(ready) == []


def test_versions_are_kept_and_the_oldest_go(tmp_path: Path) -> None:
    database = Database.open("sqlite", tmp_path)
    try:
        kept = Overlays(database)
        for number in range(1, MOST_KEPT + 3):
            assert kept.add(Version("s", "g", number, {"c": {"name": str(number)}}, "ann", 1))
        assert not kept.add(Version("s", "g", MOST_KEPT, {}, "bob", 1))
        assert kept.add(Version("s", "g", 1, {}, "bob", 1)), "the first is gone"
        newest = kept.newest("s", "g")
        assert newest is not None
        assert newest.cameras == {"c": {"name": str(MOST_KEPT + 2)}}
        kept.refuse("s", "g", newest.version, "no")
        assert kept.wanted() == []
        before = kept.newest("s", "g", refused=False)
        assert before is not None
        assert before.version == MOST_KEPT + 1
        assert kept.newest("s", "h") is None
    finally:
        database.close()
