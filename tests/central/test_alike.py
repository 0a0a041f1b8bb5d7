"""What looks like a track: by the vectors that gateways send, of one model; else by colours and size."""

from __future__ import annotations

import base64
import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from agent.central.store import alike
from agent.central.store.filters import Filters
from agent.central.store.rows import DAY_NS
from agent.central.store.search import NoSuchTrack
from agent.core.clock import rfc3339
from agent.wire import messages as wire
from tests.central.helpers import T0_NS, FakeGateway, RunningCentre, track, wait_for
from tests.central.stores import Store

GREEN = {"upper": [["green", 0.6]], "lower": [["blue", 0.8]]}


def looks(values: Sequence[float], model: str = "osnet") -> dict[str, str]:
    unit = np.array(values) / np.linalg.norm(values)
    return {"model": model, "vector": base64.b64encode(np.rint(unit * 127).astype(np.int8).tobytes()).decode()}


def crowd(rng: random.Random, count: int) -> list[wire.TrackSummary]:
    """Each with a look of its own, over two days."""
    return [
        track(
            f"t{number:03}", appearance=looks([rng.gauss(0, 1) for _ in range(16)]), colours=GREEN, final=True,
            start=rfc3339(T0_NS - number * DAY_NS // 100), end=rfc3339(T0_NS - number * DAY_NS // 100 + 10**10),
        ) for number in range(count)
    ]  # fmt: skip


def cosine(one: wire.TrackSummary, other: wire.TrackSummary) -> float:
    assert one.appearance is not None
    assert other.appearance is not None
    a, b = (np.frombuffer(base64.b64decode(each.appearance.vector), np.int8).astype(float) for each in (one, other))
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def pages(store: Store, **filters: Any) -> list[dict[str, Any]]:
    items, cursor = list[dict[str, Any]](), None
    while True:
        page = store.finds.tracks(Filters(**filters, limit=30, cursor=cursor))
        assert page["complete"]
        items, cursor = items + page["items"], page["next"]
        if cursor is None:
            return items


def test_the_nearest_vectors_come_first_and_its_pages_are_whole(store: Store) -> None:
    everybody = crowd(random.Random(1), 110)
    store.put(*everybody, track("bus", label="vehicle"), track("plain"))
    store.put(track("other", appearance=looks([1.0] * 16, "another"), final=True))
    one = everybody[3]
    items = pages(store, like=one.id)
    expected = sorted(everybody[:3] + everybody[4:], key=lambda other: -max(0.0, cosine(one, other)))
    assert len(items) == 109
    assert [item["id"] for item in items[:20]] == [other.id for other in expected[:20]]
    assert items[0]["likeness"] == pytest.approx(cosine(one, expected[0]), abs=1e-4)
    assert "appearance" not in items[0]
    narrowed = store.finds.tracks(Filters(like=one.id, since_ns=T0_NS - DAY_NS // 2, limit=5), facets=True)
    since = [other.id for other in expected if other.start >= rfc3339(T0_NS - DAY_NS // 2)]
    assert [item["id"] for item in narrowed["items"]] == since[:5]
    assert (narrowed["alike"], narrowed["facets"]["labels"][0]["value"]) == ("appearance", "person")


def test_beyond_the_bound_the_answer_says_that_it_is_not_all(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put(*crowd(random.Random(2), 40))
    monkeypatch.setattr(alike, "MOST", 25)
    page = store.finds.tracks(Filters(like="t000"))
    assert (len(page["items"]), page["complete"]) == (25, False)


def test_without_a_vector_colours_class_and_size_decide(store: Store) -> None:
    red = {"upper": [["red", 0.9]], "lower": [["blue", 0.8]]}
    store.put(
        track("one", colours=GREEN, size=0.1), track("same", colours=GREEN, size=0.1),
        track("red", colours=red, size=0.1), track("far", colours=GREEN, size=0.02), track("none", size=0.1),
        track("bus", label="vehicle", colours=GREEN),
    )  # fmt: skip
    page = store.finds.tracks(Filters(like="one"))
    assert page["alike"] == "colours"
    assert [item["id"] for item in page["items"]] == ["same", "far", "red", "none"]
    assert page["items"][0]["likeness"] == 1.0
    second = page["items"][1]["likeness"]
    alike_enough = store.finds.tracks(Filters(like="one", likeness=second))
    assert [item["id"] for item in alike_enough["items"]] == ["same", "far"]


def test_a_vector_goes_with_its_track_whatever_comes_in_which_order(store: Store) -> None:
    early, late = track("a", at_s=30, appearance=looks([1.0] * 8)), track("a", at_s=60, appearance=looks([-1.0] * 8))
    store.put(early, track("b", appearance=looks([-1.0] * 8)), track("c", appearance=looks([1.0] * 8)))
    store.put(late)
    store.put(early)
    assert store.finds.tracks(Filters(like="a"))["items"][0]["id"] == "b"
    store.put(track("a", at_s=90, final=True))
    assert store.finds.tracks(Filters(like="a"))["alike"] == "colours"
    with pytest.raises(NoSuchTrack):
        store.finds.tracks(Filters(like="nobody"))


def test_it_is_asked_for_over_the_api_and_not_watched_for(centre: RunningCentre, gateway: FakeGateway) -> None:
    gateway.hello()
    gateway.envelope(
        "track", 1, track("one", appearance=looks([*range(1, 9)])), track("two", appearance=looks([*range(2, 10)])),
        track("bad", appearance={"model": "m", "vector": "AAAAAAAAA"}),
    )  # fmt: skip
    wait_for(lambda: gateway.acked("track"))
    with centre.admin() as api:
        answer = api.get("/api/v1/tracks", params={"like": "one"}).json()
        assert (answer["alike"], [item["id"] for item in answer["items"]]) == ("appearance", ["two"])
        likeness = answer["items"][0]["likeness"]
        assert 0.99 < likeness < 1
        least = {"like": "one", "min_likeness": str(likeness), "form": "csv"}
        taken = api.get("/api/v1/exports/tracks", params=least).text.splitlines()
        assert [line.split(",")[0] for line in taken] == ["id", "two"]
        assert taken[1].endswith(f",{likeness}")
        none = api.get("/api/v1/exports/tracks", params=least | {"min_likeness": "1"}).text.splitlines()
        assert len(none) == 1
        assert "appearance" not in answer["items"][0]
        assert "appearance" not in api.get("/api/v1/tracks/one").json()
        assert api.get("/api/v1/tracks", params={"like": "bad"}).json()["alike"] == "colours"
        unknown = api.get("/api/v1/tracks", params={"like": "nobody"})
        assert (unknown.status_code, unknown.json()["error"]["message"]) == (422, "like: there is no such track")
        watch = api.post("/api/v1/searches/tracks", params={"like": "one"}, json={"name": "w", "watch": True})
        assert watch.status_code == 422
        kept = api.post("/api/v1/searches/tracks", params={"like": "one"}, json={"name": "w"})
        assert kept.status_code == 201, kept.text
        changed = api.patch(f"/api/v1/searches/{kept.json()['id']}", json={"watch": True})
        assert changed.status_code == 422
