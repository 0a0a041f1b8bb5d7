"""Layouts of the wall: one's own, shared, and never more than one may see."""

from __future__ import annotations

from typing import Any

from tests.central.accounts import somebody
from tests.central.helpers import RunningCentre

LAYOUTS = "/api/v1/layouts"
NIGHT: dict[str, Any] = {"name": "Night", "cameras": ["demo/gw-1/plaza", "far/gw-2/yard"], "large": True}


def test_they_are_kept_shared_and_cut_to_what_one_may_see(centre: RunningCentre) -> None:
    with centre.admin() as ann:
        made = ann.post(LAYOUTS, json=NIGHT).json()
        assert (made["owner"], made["cameras"], made["columns"], made["shared"]) == (
            "ann",
            NIGHT["cameras"],
            None,
            False,
        )
        with somebody(centre, "bob", "viewer", ["demo"]) as bob:
            assert bob.get(LAYOUTS).json()["items"] == []
            assert bob.put(f"{LAYOUTS}/{made['id']}", json=NIGHT).status_code == 404
            changed = ann.put(f"{LAYOUTS}/{made['id']}", json=NIGHT | {"shared": True, "columns": 2}).json()
            assert (changed["shared"], changed["columns"]) == (True, 2)
            (seen,) = bob.get(LAYOUTS).json()["items"]
            assert (seen["name"], seen["cameras"]) == ("Night", ["demo/gw-1/plaza"])
            assert bob.put(f"{LAYOUTS}/{made['id']}", json=NIGHT).status_code == 403
            assert bob.delete(f"{LAYOUTS}/{made['id']}").status_code == 403
            own = bob.post(LAYOUTS, json=NIGHT | {"name": "Mine", "shared": True}).json()
            assert [one["name"] for one in ann.get(LAYOUTS).json()["items"]] == ["Mine", "Night"]
        assert ann.delete(f"{LAYOUTS}/{own['id']}").status_code == 204
        assert ann.delete(f"{LAYOUTS}/{made['id']}").status_code == 204
        lines = ann.get("/api/v1/audit", params={"action": "layout"}).json()["items"]
        assert [(one["who"], one["action"]) for one in lines] == [
            ("ann", "layout.remove"), ("ann", "layout.remove"), ("bob", "layout.save"), ("ann", "layout.change"),
            ("ann", "layout.save"),
        ]  # fmt: skip
        assert lines[0]["what"] == "Night of ann"
        assert ann.get(LAYOUTS).json()["items"] == []
        for wrong in (
            {"cameras": []},
            {"cameras": ["plaza"]},
            {"cameras": ["a/b/c"] * 37},
            {"columns": 9},
            {"name": ""},
        ):
            assert ann.post(LAYOUTS, json=NIGHT | wrong).status_code == 422


def test_who_gets_the_name_of_somebody_removed_finds_no_layouts(centre: RunningCentre) -> None:
    with somebody(centre, "bob") as bob:
        assert bob.post(LAYOUTS, json=NIGHT).status_code == 201
    with centre.admin() as ann:
        assert ann.delete("/api/v1/people/bob").status_code == 204
    with somebody(centre, "bob") as other:
        assert other.get(LAYOUTS).json()["items"] == []
