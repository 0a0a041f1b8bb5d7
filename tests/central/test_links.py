"""Links to media for people without an account: what they open, for how long, and how they end."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from agent.central.sealing import Sealer
from agent.central.store.links import Links
from tests.central.accounts import program, somebody
from tests.central.helpers import CAMERA, GATEWAY, SITE, FakeGateway, manifest, running, wait_for
from tests.central.stores import SEALER, Store

BODY = os.urandom(4000)
DAY_S = 86_400


def test_a_link_is_ours_whole_and_in_time_or_it_is_none(open_one: Callable[[], Store]) -> None:
    store = open_one()
    links = Links(store.database, store.clock, SEALER)
    made = links.make("ann", "m1", 2, "Case 4711")
    assert made
    token, kept = made
    found = links.find(token)
    assert found is not None
    assert (found["media"], kept["note"], kept["uses"]) == ("m1", "Case 4711", 0)
    other = links.make("ann", "m2", 2, "")
    assert other
    mixed = other[0].partition(".")[0] + "." + token.partition(".")[2]
    for wrong in (token[:-1], token + "A", mixed, kept["id"], "", ".", "x." + token.partition(".")[2]):
        assert links.find(wrong) is None
    assert Links(store.database, store.clock, Sealer([b"x" * 32])).find(token) is None
    links.used(kept["id"])
    assert [one["uses"] for one in links.all("ann")] in ([1, 0], [0, 1])
    store.clock.advance(2 * DAY_S)
    assert links.find(token) is None
    assert len(links.all()) == 2
    store.clock.advance(2 * DAY_S)
    assert links.make("bob", "m3", 1, "")
    assert [one["media"] for one in links.all()] == ["m3"]
    assert links.all("ann") == []
    assert links.one(kept["id"]) is None


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Any]:
    with running(tmp_path / "data") as started, FakeGateway(started) as gateway:
        gateway.hello()
        gateway.send_medium(manifest("m1", BODY), BODY)
        wait_for(lambda: any(ack["state"] == "done" for ack in gateway.media_acks("m1")))
        yield started


def make(api: httpx.Client, **wanted: Any) -> Any:
    answer = api.post("/api/v1/media/m1/links", json=wanted)
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_whoever_has_a_link_sees_that_medium_and_nothing_else_until_it_is_taken_back(centre: Any) -> None:
    with centre.admin() as admin, httpx.Client(base_url=centre.url) as nobody:
        made = make(admin, days=3, note="Case 4711")
        whole = nobody.get(made["link"])
        assert (whole.status_code, whole.content, whole.headers["content-type"]) == (200, BODY, "image/jpeg")
        assert whole.headers["cache-control"] == "no-store"
        assert whole.headers["content-security-policy"].startswith("default-src 'none'; img-src 'self'; ")
        part = nobody.get(made["link"], headers={"Range": "bytes=5-9"})
        assert (part.status_code, part.content) == (206, BODY[5:10])
        player = nobody.get(made["link"], headers={"Range": "bytes=0-"})
        assert (player.status_code, player.content) == (206, BODY)
        assert "attachment" in nobody.get(made["link"], params={"download": 1}).headers["content-disposition"]
        for path in ("/api/v1/media/m1", "/api/v1/links", "/api/v1/shared", "/api/v1/shared/../media/m1"):
            assert nobody.get(path).status_code in {401, 404}, path
        for wrong in (made["link"][:-1] + "_", "/api/v1/shared/x." + "A" * 43):
            assert nobody.get(wrong).status_code == 404
        assert nobody.get("/api/v1/shared/x").status_code == 422
        (listed,) = admin.get("/api/v1/links").json()["items"]
        assert (listed["uses"], listed["note"], "link" in listed) == (2, "Case 4711", False)
        looks = admin.get("/api/v1/audit", params={"action": "media.shared"}).json()["items"]
        assert {one["who"] for one in looks} == {f"ann/link {made['id']}"}
        assert len(looks) == 2
        other = make(admin, days=3)
        for part in ("bytes=1-", "bytes=3000-"):
            assert nobody.get(other["link"], headers={"Range": part}).status_code == 206
        assert [one["uses"] for one in admin.get("/api/v1/links").json()["items"] if one["id"] == other["id"]] == [1]
        assert admin.delete(f"/api/v1/links/{other['id']}").status_code == 204
        assert (
            admin.get("/api/v1/audit", params={"action": "media.share", "text": "Case"}).json()["items"][0]["who"]
            == "ann"
        )
        assert admin.delete(f"/api/v1/links/{made['id']}").status_code == 204
        assert nobody.get(made["link"]).json()["error"]["message"].startswith("this link is over")
        assert admin.delete(f"/api/v1/links/{made['id']}").status_code == 404
        for wrong_body in ({"days": 31}, {"days": 0}, {"note": "x" * 201}, {"who": "x"}):
            assert admin.post("/api/v1/media/m1/links", json=wrong_body).status_code == 422
        assert admin.post("/api/v1/media/none/links", json={}).status_code == 404
    _ends_with_what_its_maker_may(centre)


def _ends_with_what_its_maker_may(centre: Any) -> None:
    place = f"{SITE}/{GATEWAY}/{CAMERA}"
    with somebody(centre, "op", "operator") as api:
        assert api.post("/api/v1/media/m1/links", json={}).status_code == 403
    with somebody(centre, "far", "investigator", ["elsewhere"]) as api:
        assert api.post("/api/v1/media/m1/links", json={}).status_code == 404
    with (
        somebody(centre, "inv", "investigator", [place]) as api,
        centre.admin() as admin,
        httpx.Client(base_url=centre.url) as nobody,
    ):
        with program(centre, api, scopes=["search"]) as robot:
            assert robot.post("/api/v1/media/m1/links", json={}).status_code == 403
        link = make(api)["link"]
        hers = make(admin)["id"]
        assert api.delete(f"/api/v1/links/{hers}").status_code == 404
        assert api.get("/api/v1/links", params={"everybody": True}).status_code == 403
        assert len(admin.get("/api/v1/links", params={"everybody": True}).json()["items"]) == 2
        for change, status in (
            ({"places": ["elsewhere"]}, 404), ({"places": [place]}, 200), ({"role": "operator"}, 404),
            ({"role": "investigator"}, 200), ({"disabled": True}, 404), ({"disabled": False}, 200),
        ):  # fmt: skip
            admin.patch("/api/v1/people/inv", json=change).raise_for_status()
            assert nobody.get(link).status_code == status, change
        admin.delete("/api/v1/people/inv").raise_for_status()
        assert nobody.get(link).status_code == 404
        assert len(admin.get("/api/v1/links", params={"everybody": True}).json()["items"]) == 1
