"""Holds over the API: who may make and end them, what of them is seen, and what is written down."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from agent.core.clock import rfc3339
from agent.wire import messages as wire
from tests.central.accounts import own_process, somebody
from tests.central.helpers import T0_NS, FakeGateway, RunningCentre, event, manifest, wait_for

PLAZA, VAULT, CELLAR = "demo/gw-1/plaza", "demo/gw-1/vault", "attic/gw-9/cellar"
HOLDS = "/api/v1/holds"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCentre]:
    """A centre with three cameras at two gateways, one of which is away; of each camera there is a picture."""
    folder: Path = tmp_path_factory.mktemp("town")
    with (
        own_process(folder, (("demo", "gw-1"), ("attic", "gw-9"))) as centre,
        FakeGateway(centre) as demo,
        FakeGateway(centre, "attic", "gw-9") as attic,
    ):
        for gateway, camera in ((demo, "plaza"), (demo, "vault"), (attic, "cellar")):
            gateway.hello(camera)
            gateway.send_medium(manifest(f"m-{camera}", b"x" * 100, camera=camera), b"x" * 100)
            wait_for(lambda: any(ack["state"] == "done" for ack in gateway.media_acks(f"m-{camera}")))  # noqa: B023
        demo.handlers["hold"] = lambda asked: wire.Reply(id=asked.id, ok=True, result={"bytes": 4711})
        snapshot = {"id": "m-plaza", "kind": "snapshot", "type": "image/jpeg", "bytes": 100}
        demo.envelope("event", 1, event("e1", media=[snapshot]))
        wait_for(lambda: demo.acked("event"))
        yield centre


def _body(*cameras: str, **more: Any) -> dict[str, Any]:
    times = {"start": rfc3339(T0_NS - 10**9), "end": rfc3339(T0_NS + 10**9)}
    return {"cameras": list(cameras), **times, "reason": "case 4711", **more}


def _make(api: httpx.Client, *cameras: str, **more: Any) -> dict[str, Any]:
    answer = api.post(HOLDS, json=_body(*cameras, **more))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_a_hold_is_made_seen_released_and_written_down(town: RunningCentre) -> None:
    with town.admin() as api:
        made = _make(api, PLAZA, CELLAR)
        assert (made["cameras"], made["state"], made["made_by"]) == ([CELLAR, PLAZA], "active", "ann")
        assert (made["media"], made["bytes"]) == (2, 200)
        assert [(one["site"], one["cameras"]) for one in made["gateways"]] == [
            ("attic", ["cellar"]),
            ("demo", ["plaza"]),
        ]
        assert api.get(HOLDS, params={"state": "active"}).json()["items"][0]["id"] == made["id"]
        assert api.get("/api/v1/events/e1").json()["media"][0]["held"] is True
        over = api.post(f"{HOLDS}/{made['id']}/release", json={"reason": "handed over"}).json()
        assert (over["state"], over["released_by"], over["release_reason"]) == ("over", "ann", "handed over")
        assert (over["media"], over["bytes"]) == (0, 0)
        assert api.get("/api/v1/events/e1").json()["media"][0]["held"] is False
        again = api.post(f"{HOLDS}/{made['id']}/release", json={"reason": "again"})
        assert (again.status_code, again.json()["error"]["code"]) == (409, "over")
        assert api.get(HOLDS, params={"state": "active", "camera": CELLAR}).json()["items"] == []
        lines = api.get("/api/v1/audit", params={"action": "hold", "text": made["id"]}).json()["items"]
        told = [(line["who"], line["action"], line["why"]) for line in lines if line["who"] == "ann"]
        assert told[-2:] == [("ann", "hold.release", "handed over"), ("ann", "hold.make", "case 4711")]
        assert PLAZA in lines[-1]["what"]


def test_pages_of_holds_follow_each_other(town: RunningCentre) -> None:
    with town.admin() as api:
        made = [_make(api, VAULT, reason=f"n {n}")["id"] for n in range(3)]
        first = api.get(HOLDS, params={"limit": 2, "camera": VAULT}).json()
        rest = api.get(HOLDS, params={"limit": 2, "camera": VAULT, "cursor": first["next"]}).json()
        assert [one["id"] for one in first["items"] + rest["items"]][:3] == made[::-1]


@pytest.mark.parametrize("role", ["viewer", "operator", "investigator"])
def test_who_investigates_may_and_others_look_on(town: RunningCentre, role: str) -> None:
    may = role == "investigator"
    with somebody(town, role, role) as api, town.admin() as admin:
        key = _make(admin, PLAZA)["id"]
        assert api.post(HOLDS, json=_body(PLAZA)).status_code == (201 if may else 403)
        assert api.get(f"{HOLDS}/{key}").status_code == 200
        assert api.post(f"{HOLDS}/{key}/release", json={"reason": "no"}).status_code == (200 if may else 403)


def test_who_sees_some_cameras_sees_those_and_cannot_end_it(town: RunningCentre) -> None:
    with somebody(town, "lim", "investigator", [PLAZA]) as api, town.admin() as admin:
        mixed, hidden = _make(admin, PLAZA, VAULT, CELLAR)["id"], _make(admin, VAULT)["id"]
        wait_for(lambda: admin.get(f"{HOLDS}/{mixed}").json()["gateways"][1]["bytes"] == 4711)
        seen = api.get(f"{HOLDS}/{mixed}")
        assert not {"vault", "attic", "cellar"} & set(seen.text.replace('"', "/").split("/"))
        assert (seen.json()["cameras"], seen.json()["media"]) == ([PLAZA], 1)
        (gateway,) = seen.json()["gateways"]
        assert (gateway["cameras"], gateway["state"], gateway["bytes"]) == (["plaza"], "held", None)
        assert api.post(f"{HOLDS}/{mixed}/release", json={"reason": "x"}).status_code == 403
        assert api.get(f"{HOLDS}/{hidden}").status_code == 404
        assert api.post(f"{HOLDS}/{hidden}/release", json={"reason": "x"}).status_code == 404
        assert api.post(HOLDS, json=_body(PLAZA, VAULT)).status_code == 404
        assert hidden not in api.get(HOLDS).text
        mine = _make(api, PLAZA)["id"]
        assert api.post(f"{HOLDS}/{mine}/release", json={"reason": "x"}).status_code == 200


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"end": rfc3339(T0_NS - 2 * 10**9)}, "end: must be after start"),
        ({"until": rfc3339(T0_NS)}, "until: is over already"),
        ({"reason": ""}, "reason"),
        ({"reason": " \n "}, "say why"),
        ({"cameras": ["plaza"]}, "is no camera"),
        ({"cameras": []}, "cameras"),
        ({"cameras": [f"demo/gw-1/cam-{n}" for n in range(65)]}, "cameras: at most 64 of one gateway"),
        ({"cameras": [f"demo/gw-{n}/plaza" for n in range(101)]}, "cameras"),
    ],
)
def test_what_cannot_be_held_is_refused(town: RunningCentre, more: dict[str, Any], said: str) -> None:
    with town.admin() as api:
        answer = api.post(HOLDS, json=_body(PLAZA) | more)
        assert answer.status_code == 422
        assert said in answer.json()["error"]["message"]


def test_the_stream_tells_of_holds(town: RunningCentre) -> None:
    with (
        somebody(town, "ear", "viewer", [PLAZA]) as api,
        town.admin() as admin,
        api.stream("GET", "/api/v1/stream") as stream,
    ):
        lines = stream.iter_lines()
        assert next(lines) == "event: hello"
        hidden, seen = _make(admin, CELLAR)["id"], _make(admin, PLAZA)["id"]
        for line in lines:
            assert hidden not in line
            if seen in line:
                break
