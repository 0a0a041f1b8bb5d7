"""Counts and heat that the API gives are those that a look at every single track would give, in both databases."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from agent.central.store.filters import Filters
from agent.central.store.heat import COLUMNS, ROWS
from agent.central.store.reach import Reach
from agent.central.store.rows import DAY_NS, HOUR_NS
from agent.central.store.sums import Hours, Sums
from agent.core.clock import NS, parse_rfc3339, rfc3339
from agent.wire import messages as wire
from tests.central.accounts import somebody
from tests.central.helpers import CAMERA, GATEWAY, SITE, T0_NS, FakeGateway, RunningCentre, track, wait_for
from tests.central.stores import Store

CAMERAS, LABELS = ["plaza", "gate", "bridge"], ["person", "vehicle"]


def seen(rng: random.Random, key: str) -> wire.TrackSummary:
    start_ns = T0_NS - rng.randrange(2 * DAY_NS // NS) * NS
    x, y = rng.random() * 0.9, rng.random() * 0.9
    return track(
        key, camera=rng.choice(CAMERAS), label=rng.choice(LABELS), start=rfc3339(start_ns),
        end=rfc3339(start_ns + NS), path=[[0.0, x, y, x + 0.1, y + 0.1]],
        colours={"upper": [["green", rng.choice([0.1, 0.9])]]},
    )  # fmt: skip


def hour_of(one: wire.TrackSummary) -> int:
    return parse_rfc3339(one.start) // HOUR_NS


def cell_of(one: wire.TrackSummary) -> int:
    (_, left, _, right, foot), *_ = one.path
    column, row = round((left + right) * 5000) * COLUMNS // 10_000, round(foot * 10_000) * ROWS // 10_000
    return min(row, ROWS - 1) * COLUMNS + min(column, COLUMNS - 1)


def test_sums_are_those_of_a_look_at_every_track(open_one: Callable[[], Store]) -> None:
    store, rng = open_one(), random.Random(7)
    tracks = [seen(rng, f"t{number}") for number in range(300)]
    store.put(*tracks)
    sums, hours = Sums(store.database), Hours.around(T0_NS - 30 * HOUR_NS, T0_NS - HOUR_NS + 1)
    cameras = sums.cameras(Filters(camera=["plaza", f"{SITE}/{GATEWAY}/gate"]))
    assert sorted(one["camera"] for one in cameras.values()) == ["gate", "plaza"]
    asked: list[tuple[list[str], tuple[str, str] | None]] = [([], None), (["person"], None), ([], ("upper", "green"))]
    for labels, colour in asked:
        fitting = [
            one for one in tracks
            if one.camera in {"plaza", "gate"} and hours.first <= hour_of(one) < hours.end
            and (not labels or one.label in labels) and (colour is None or one.colours["upper"][0][1] > 0.25)
        ]  # fmt: skip
        found = sums.counts(cameras, hours, labels, colour)
        assert found["since"] == rfc3339(hours.first * HOUR_NS)
        expected = Counter((one.camera, hour_of(one) - hours.first) for one in fitting)
        told = {(one["camera"], at): n for one in found["items"] for at, n in enumerate(one["counts"]) if n}
        assert told == expected
        assert sum(one["total"] for one in found["items"]) == len(fitting)
        if colour is None:
            picture = sums.heat(cameras, hours, labels)
            cells = Counter((one.camera, cell_of(one)) for one in fitting)
            drawn = {(one["camera"], at): n for one in picture["items"] for at, n in enumerate(one["cells"]) if n}
            assert drawn == cells
            assert np.array(picture["items"][0]["cells"]).shape == (COLUMNS * ROWS,)
    nobody = Sums(store.database, Reach.of([f"{SITE}/{GATEWAY}/bridge"]))
    assert sorted(one["camera"] for one in nobody.cameras(Filters()).values()) == ["bridge"]
    assert len(sums.cameras(Filters())) == 3
    assert sums.counts({}, hours, [], None)["items"] == []


def test_counts_and_heat_are_asked_for_within_bounds_and_reach(centre: RunningCentre, gateway: FakeGateway) -> None:
    gateway.hello()
    path = [[0.0, 0.0, 0.0, 0.1, 0.1]]
    gateway.envelope("track", 1, track("t1", path=path), track("t2", label="bag", path=path))
    wait_for(lambda: gateway.acked("track"))
    span = {"since": "2026-05-28T20:10:00Z", "until": "2026-05-28T21:10:00Z"}

    def get(api: Any, what: str, **query: Any) -> dict[str, Any]:
        return api.get(f"/api/v1/{what}", params=span | query).json()  # type: ignore[no-any-return]

    with centre.admin() as api:
        assert get(api, "counts") == {
            "since": "2026-05-28T20:00:00.000Z", "until": "2026-05-28T22:00:00.000Z",
            "items": [{"site": SITE, "gateway": GATEWAY, "camera": CAMERA, "total": 2, "counts": [2, 0]}],
        }  # fmt: skip
        assert get(api, "counts", label="bag", camera=CAMERA)["items"][0]["total"] == 1
        picture = get(api, "heat", label="person")
        assert (picture["columns"], picture["rows"]) == (32, 18)
        assert sum(picture["items"][0]["cells"]) == 1
        assert get(api, "heat", area="0,0 0,1 1,1")["items"] == []
        assert api.get("/api/v1/counts").json()["items"] == []  # the last day, years after
        ages = {"since": "1970-01-01T00:00:00Z", "until": "2116-01-01T00:00:00Z", "camera": "no/such/one"}
        colours = {"colour": "green"}, {"colour": "upper:"}, {"colour": "upper:none"}
        for wrong in ({"until": span["since"]}, {"since": "1990-01-01T00:00:00Z"}, *colours, ages):
            assert get(api, "counts", **wrong)["error"]["code"] == "invalid"
        assert "at the most" in get(api, "heat", since="1990-01-01T00:00:00Z")["error"]["message"]
    with somebody(centre, "far", "viewer", ["elsewhere"]) as api:
        assert get(api, "counts")["items"] == get(api, "heat")["items"] == []
