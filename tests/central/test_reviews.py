"""What people make of events: kept beside them, found by it, and nobody's work is lost."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from agent.central.store.filters import Filters
from agent.central.store.places import Place
from agent.central.store.reviews import MOST_NOTES, Outcome, Reviews, Wanted
from agent.central.store.rows import DAY_NS
from agent.core.clock import NS, rfc3339
from tests.central.accounts import make, somebody
from tests.central.helpers import CAMERA, GATEWAY, SITE, FakeGateway, RunningCentre, event, wait_for
from tests.central.stores import DAY, Store, open_one, store

__all__ = ["open_one", "store"]
HERE = {Place(SITE, GATEWAY, CAMERA)}
REVIEWS = "/api/v1/reviews"


def made(store: Store, *ids: str, by: str = "ann", version: int = 0, note: str = "", **state: Any) -> Outcome:
    return Reviews(store.database, store.clock).change(HERE, dict.fromkeys(ids, version), Wanted(state, note), by)


def found(store: Store, **filters: Any) -> list[str]:
    return [item["id"] for item in store.finds.events(Filters(**filters))["items"]]


def test_events_are_found_by_what_was_made_of_them(store: Store) -> None:
    store.put(*(event(f"e{n}", at_s=n, severity="alarm" if n < 2 else "info") for n in range(4)))
    assert made(store, "e0", "e2", acknowledged=True).done == ["e0", "e2"]
    made(store, "e1", assigned="bob", note="Großer Hund, 50% sure")
    made(store, "e3", severity="alarm")
    assert found(store, acknowledged=True) == ["e2", "e0"]
    assert found(store, acknowledged=False) == ["e3", "e1"]
    assert found(store, assigned="bob") == found(store, words="GROSSER hund") == found(store, words="50%") == ["e1"]
    assert found(store, assigned="-") == ["e3", "e2", "e0"]
    assert found(store, words="5_") == []
    assert found(store, severity="alarm") == ["e3", "e1", "e0"]
    assert found(store, severity="alarm", acknowledged=False) == ["e3", "e1"]
    facets = store.finds.events(Filters(acknowledged=False), facets=True)["facets"]
    assert facets["severities"] == [{"value": "alarm", "count": 2}]
    one = store.finds.event("e3")
    assert one is not None
    assert (one["severity"], one["review"]["severity"], one["review"]["version"]) == ("alarm", "alarm", 1)


def test_who_was_slower_is_told_and_nothing_is_lost(store: Store) -> None:
    store.put(event("e1"))
    assert made(store, "e1", assigned="ann").done == ["e1"]
    slower = made(store, "e1", by="bob", assigned="bob", note="mine")
    assert slower == Outcome([], ["e1"], [])
    assert made(store, "e1", by="bob", note="I saw it, too").done == ["e1"]  # a note stands in nobody's way
    assert made(store, "e1", version=1, acknowledged=True).done == ["e1"]
    assert made(store, "e1", by="bob", acknowledged=True).done == ["e1"]  # it is, whoever was faster
    review = (store.finds.event("e1") or {})["review"]
    assert (review["version"], review["assigned"], review["acknowledged"]["by"]) == (2, "ann", "ann")
    assert [(note["by"], note["text"]) for note in review["notes"]] == [("bob", "I saw it, too")]
    assert made(store, "e1", version=2, acknowledged=False, assigned=None).done == ["e1"]
    assert (store.finds.event("e1") or {})["review"]["acknowledged"] is None


def test_notes_have_an_end(store: Store) -> None:
    store.put(event("e1"))
    for n in range(MOST_NOTES):
        assert made(store, "e1", note=f"n{n}").done == ["e1"]
    assert made(store, "e1", note="one more") == Outcome([], [], ["e1"])


def test_what_comes_later_from_the_gateway_leaves_it_alone_and_another_day_takes_it_along(store: Store) -> None:
    store.put(event("e1", "update", at_s=1, severity="alarm"))
    made(store, "e1", acknowledged=True, severity="info", note="nothing")
    store.put(event("e1", "end", at_s=9, severity="alarm"))
    one = store.finds.event("e1") or {}
    assert (one["phase"], one["severity"], one["review"]["notes"][0]["text"]) == ("end", "info", "nothing")
    store.put(event("e1", "end", at_s=10, start=rfc3339((DAY + 1) * DAY_NS + NS)))
    moved = store.finds.event("e1") or {}
    assert moved["start"][:10] != one["start"][:10]
    assert moved["review"] == one["review"]
    assert found(store, acknowledged=True) == ["e1"]
    assert len(store.dump()["event_review"]) == 1


@pytest.fixture
def api_of_ann(centre: RunningCentre, gateway: FakeGateway) -> Any:
    gateway.hello()
    gateway.envelope("event", 1, event("e1", severity="alarm"), event("e2", at_s=1))
    wait_for(lambda: gateway.acked("event"))
    with centre.admin() as api:
        yield api


def sent(api: httpx.Client, *ids: str, version: int = 0, **what: Any) -> httpx.Response:
    return api.post(REVIEWS, json={"events": [{"event": key, "version": version} for key in ids]} | what)


def test_over_the_api_with_the_stream_and_the_audit_log(centre: RunningCentre, api_of_ann: httpx.Client) -> None:
    with api_of_ann.stream("GET", "/api/v1/stream") as stream:
        lines = stream.iter_lines()
        assert next(lines) == "event: hello"
        answer = sent(api_of_ann, "e1", "e2", "e9", acknowledged=True, assigned="ann", note=" seen\u0000 to ").json()
        assert next(line for line in lines if line == "event: event")
    assert answer["missing"] == ["e9"]
    assert {item["id"] for item in answer["items"]} == {"e1", "e2"}
    review = answer["items"][0]["review"]
    assert (review["acknowledged"]["by"], review["assigned"], review["notes"][0]["text"]) == ("ann", "ann", "seen to")
    found = api_of_ann.get("/api/v1/events", params={"assigned": "ann", "words": "SEEN", "severity": "alarm"}).json()
    assert [item["id"] for item in found["items"]] == ["e1"]
    assert api_of_ann.get("/api/v1/events", params={"assigned": "-"}).json()["items"] == []
    (line,) = api_of_ann.get("/api/v1/audit", params={"action": "event.review"}).json()["items"]
    assert line["what"] == "acknowledged True, assigned ann, note: e1 e2"
    with centre.admin() as other:
        assert sent(other, "e1", assigned=None).json()["changed_before"] == ["e1"]
    assert sent(api_of_ann, "e1").json()["error"]["code"] == "invalid"
    assert sent(api_of_ann, "e1", assigned="zoe").status_code == 422


def test_who_may_and_to_whom(centre: RunningCentre, api_of_ann: httpx.Client) -> None:
    make(api_of_ann, "far", "operator", ["elsewhere"])
    assert sent(api_of_ann, "e1", assigned="far").json()["error"]["message"] == "assigned: far does not see the camera"
    with somebody(centre, "vic") as viewer:
        assert sent(viewer, "e1", acknowledged=True).status_code == 403
        assert viewer.get("/api/v1/reviewers").status_code == 403
    assert sent(api_of_ann, "e1", assigned="vic").status_code == 422
    with somebody(centre, "bob", "operator", [f"{SITE}/{GATEWAY}"]) as bob:
        assert [one["name"] for one in bob.get("/api/v1/reviewers").json()["items"]] == ["ann", "bob"]
        assert sent(bob, "e1", acknowledged=True).json()["missing"] == []
    with somebody(centre, "out", "operator", ["elsewhere"]) as out:
        assert sent(out, "e1", acknowledged=True).json()["missing"] == ["e1"]
