"""Results taken away: the forms over both databases, and who may take what over HTTP."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from agent.central.api import export_forms
from agent.central.api.export_forms import EVENTS, TRACKS, Results, What, write
from agent.central.store import schema, search
from agent.central.store.filters import Filters
from agent.central.store.views import Views
from agent.config.central import Asked
from agent.core.clock import NS, rfc3339
from tests.central.accounts import program, somebody
from tests.central.helpers import CAMERA, GATEWAY, SITE, T0_NS, FakeGateway, event, running, track, wait_for
from tests.central.stores import Store

PLACE = (41.7637, -72.6851)
EVIL = '=HYPERLINK("http://evil.example")'


@pytest.fixture
def filled(plain_store: Store) -> Store:
    """See `fill`."""
    return fill(plain_store)


def fill(store: Store) -> Store:
    """Five tracks and an event; the camera is on the map, one track knows itself where it was."""
    for number in range(5):
        start = rfc3339(T0_NS + number * NS)
        store.put(track(f"t{number}", start=start, at_s=60, zones=[EVIL, "b"], colours={"upper": [["green", 0.7]]}))
    store.put(track("t5", start=rfc3339(T0_NS + 5 * NS), at_s=60, position="41.7,-72.6", size_m=(0.5, 1.8)))
    store.put(event("e1", zone="@plaza", score=0.5, tracks=["t1", "t2"]), event("e2", zone="-1", at_s=9, phase="end"))
    place = {"latitude": PLACE[0], "longitude": PLACE[1], "name": "Plaza"}
    with store.database.write() as connection:
        row = {"site": SITE, "gateway": GATEWAY, "camera": CAMERA, "info": place, "state": None}
        store.database.upsert(connection, schema.camera, [row])
    return store


def taken(store: Store, form: Any, what: What = TRACKS, most: int = 100, **filters: Any) -> str:
    find = store.finds.tracks if what is TRACKS else store.finds.events
    results = Results(partial(find, limit_ms=5000), Filters(**filters), most)
    results.begin()
    return "".join(write(form, what, results, Views(store.database, store.clock).positions()))


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_table_has_its_columns_and_nothing_a_spreadsheet_would_run(
    open_one: Callable[[], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    filled = fill(open_one())
    monkeypatch.setattr(export_forms, "_AT_ONCE", 2)
    text = taken(filled, "csv")
    assert text.splitlines()[0] == ",".join(TRACKS.columns)
    rows = table(text)
    assert [row["id"] for row in rows] == ["t5", "t4", "t3", "t2", "t1", "t0"]
    assert rows[1]["zones"] == f"'{EVIL}; b"
    assert (rows[1]["upper"], rows[1]["lower"], rows[1]["final"]) == ("green 0.70", "", "False")
    assert [rows[1][name] for name in ("latitude", "longitude", "place")] == ["41.7637", "-72.6851", "camera"]
    assert [rows[0][name] for name in ("latitude", "longitude", "place")] == ["41.7", "-72.6", "object"]
    assert (rows[0]["width_m"], rows[0]["height_m"], rows[0]["camera_name"]) == ("0.5", "1.8", "Plaza")
    events = table(taken(filled, "csv", EVENTS))
    assert [row["zone"] for row in events] == ["'-1", "'@plaza"]
    assert events[1]["tracks"] == "t1; t2"
    assert None not in {value for row in (*rows, *events) for value in row.values()}


def test_the_order_of_the_columns_is_documented() -> None:
    guide = (Path(__file__).parents[2] / "docs/guide/export.md").read_text()
    for name, what in (("Tracks", TRACKS), ("Events", EVENTS)):
        said = guide.partition(f"* {name}: ")[2].partition("\n\n")[0].partition("\n* ")[0]
        assert said.replace("`", "").split() == list(what.columns)


def test_what_is_cut_says_so_and_goes_on_where_it_ended(filled: Store) -> None:
    lines = taken(filled, "csv", most=4).splitlines()
    assert len(lines) == 1 + 4 + 1
    said, cursor = lines[-1].split("cursor=")
    assert said == "# cut after 4 rows; go on with "
    assert [row["id"] for row in table(taken(filled, "csv", cursor=cursor))] == ["t1", "t0"]
    *found, last = map(json.loads, taken(filled, "jsonl", most=4).splitlines())
    assert len(found) == 4
    assert last == {"cut": {"rows": 4, "next": cursor}}
    picture = json.loads(taken(filled, "geojson", most=4))
    assert (picture["complete"], picture["rows"], picture["next"]) == (False, 4, cursor)
    assert taken(filled, "csv", most=6).count("\n") == 7


def test_what_was_not_all_looked_at_says_so_too(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The best fit is looked for among the newest alone: there is nothing to go on with, and it is not all."""
    assert "cut" not in taken(filled, "csv", sort="fit")
    monkeypatch.setattr(search, "MOST", 3)
    lines = taken(filled, "csv", sort="fit").splitlines()
    assert (len(lines), lines[-1]) == (1 + 3 + 1, "# cut after 3 rows; not all were looked at")
    assert json.loads(taken(filled, "jsonl", sort="fit").splitlines()[-1]) == {"cut": {"rows": 3, "next": None}}
    assert json.loads(taken(filled, "geojson", sort="fit"))["complete"] is False


def test_lines_are_the_objects_of_the_api(filled: Store) -> None:
    found = [json.loads(line) for line in taken(filled, "jsonl", EVENTS).splitlines()]
    assert [EVENTS.model.model_validate(one).model_dump(mode="json") for one in found] == found
    assert found[1]["tracks"] == ["t1", "t2"]


def test_a_map_has_a_point_for_each_with_the_longitude_first(filled: Store) -> None:
    picture = json.loads(taken(filled, "geojson"))
    assert (picture["type"], picture["complete"], picture["rows"]) == ("FeatureCollection", True, 6)
    first, second = picture["features"][:2]
    assert first["geometry"] == {"type": "Point", "coordinates": [-72.6, 41.7]}
    assert second["geometry"]["coordinates"] == [PLACE[1], PLACE[0]]
    assert list(second["properties"]) == list(TRACKS.columns)
    with filled.database.write() as connection:
        connection.execute(schema.camera.delete())
    assert json.loads(taken(filled, "geojson"))["features"][1]["geometry"] is None
    assert json.loads(taken(filled, "geojson", label=["bag"]))["features"] == []


def test_a_search_that_comes_nowhere_in_its_time_ends_as_cut() -> None:
    def stuck(filters: Filters) -> dict[str, Any]:
        return {"items": [], "next": "here", "complete": False}

    results = Results(stuck, Filters(), 10)
    results.begin()
    assert list(results) == [[], []]
    assert (results.next, results.cut) == ("here", True)


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Any]:
    with running(tmp_path / "data", people=Asked(ask_reason=("export",))) as started, FakeGateway(started) as gateway:
        gateway.hello()
        gateway.envelope("track", 1, track("t1", plate="AB12CDE"), track("t2", camera="vault"))
        gateway.envelope("track", 2, track("t3", camera="vault"), camera="vault")
        gateway.envelope("event", 1, event("e1"))
        wait_for(lambda: gateway.acked("track") == {1, 2} and gateway.acked("event"))
        yield started


def get(api: httpx.Client, path: str, **query: Any) -> httpx.Response:
    return api.get(f"/api/v1/exports/{path}", params=query)


def test_who_may_take_evidence_out_does_it_with_a_reason_and_it_is_written_down(centre: Any) -> None:
    with centre.admin() as admin:
        assert get(admin, "tracks").json()["error"]["code"] == "reason_needed"
        admin.headers["X-Lamppost-Reason"] = "case 4711"
        answer = get(admin, "tracks", form="csv")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert answer.headers["content-disposition"].startswith('attachment; filename="tracks-20')
        assert {row["id"] for row in table(answer.text)} >= {"t1", "t3"}
        assert get(admin, "events", form="jsonl").json()["id"] == "e1"
        assert get(admin, "tracks", form="geojson", plate="AB*").json()["rows"] == 1
        lines = admin.get("/api/v1/audit", params={"action": "export"}).json()["items"]
        assert [(one["action"], one["why"]) for one in lines] == [
            ("export.tracks", "case 4711"), ("export.events", "case 4711"), ("export.tracks", "case 4711"),
        ]  # fmt: skip
        assert "plate=AB" in lines[0]["what"]
        assert len(admin.get("/api/v1/audit", params={"action": "search.plate"}).json()["items"]) == 1
        for wrong in ({"form": "xlsx"}, {"most": 0}, {"most": 10**7}, {"cursor": "x"}, {"sort": "id"}):
            assert get(admin, "tracks", **wrong).json()["error"]["code"] == "invalid"
    _has_nothing_beyond_the_reach(centre)


def _has_nothing_beyond_the_reach(centre: Any) -> None:
    reason = {"reason": "x"}
    with somebody(centre, "op", "operator") as api:
        assert get(api, "tracks", **reason).status_code == 403
    with somebody(centre, "inv", "investigator", [f"{SITE}/{GATEWAY}/{CAMERA}"]) as api:
        for form in ("csv", "jsonl", "geojson"):
            text = get(api, "tracks", form=form, **reason).text
            assert "t1" in text
            assert "vault" not in text
        with program(centre, api, scopes=["read"]) as robot:
            assert get(robot, "tracks", **reason).status_code == 403
        with program(centre, api, scopes=["search"]) as robot:
            assert get(robot, "tracks", **reason).status_code == 200
