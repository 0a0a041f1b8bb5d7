"""Number plates of which a day has very many: whoever looks for some finds them all, and the newest first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from agent.central.store import picks
from agent.central.store.filters import Filters
from agent.central.store.plates import Plate
from agent.core.clock import NS, rfc3339
from tests.central.helpers import T0_NS, track
from tests.central.stores import Store

_HOUR_NS = 3600 * NS


def car(number: int, plate: str) -> Any:
    # the later, the smaller its id: nothing may hang on the order of an index
    start_ns = T0_NS - 5 * _HOUR_NS + number * 5 * NS
    return track(f"t{99_999 - number}", label="vehicle", plate=plate, start=rfc3339(start_ns), end=rfc3339(start_ns))


def found(store: Store, filters: Filters) -> list[str]:
    """Of all pages; each says that it is complete."""
    seen: list[str] = []
    while True:
        page = store.finds.tracks(filters)
        assert page["complete"]
        seen += [item["plate"] for item in page["items"]]
        if page["next"] is None:
            return seen
        filters = replace(filters, cursor=page["next"])


@pytest.mark.parametrize("many", [50, 2000, 100_000])
def test_a_plate_is_found_among_however_many(store: Store, many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picks, "_MANY", many)
    plates = [f"AB{number}" for number in range(10_000, 11_500)] + ["XY99ZZZ"] * 60 + ["ZY99ZZZ", "XY9ZZZ"]
    store.put(*(car(number, plate) for number, plate in enumerate(plates)))
    newest = plates[::-1]
    assert found(store, Filters(plate=Plate.read("AB*"), limit=200)) == newest[62:]
    assert found(store, Filters(plate=Plate.read("*9"), limit=200)) == [one for one in newest if one[-1] == "9"]
    assert found(store, Filters(plate=Plate.read("*1*9*"), limit=200)) == [
        one for one in newest if one.startswith("AB") and "9" in one[3:]
    ]
    assert found(store, Filters(plate=Plate.read("XY99ZZZ"), limit=25)) == ["XY99ZZZ"] * 60
    near = found(store, Filters(plate=Plate.read("XY99ZZZ", "fuzzy"), limit=25))
    assert near == ["XY9ZZZ", "ZY99ZZZ", *["XY99ZZZ"] * 60]
    near = found(store, Filters(plate=Plate.read("AB1149X", "fuzzy"), limit=200))
    assert {f"AB1149{digit}" for digit in range(10)} <= set(near)
    facets = store.finds.tracks(Filters(plate=Plate.read("AB*"), limit=1), facets=True)["facets"]
    assert facets["exact"]
    assert sum(one["count"] for one in facets["hours"]) == 1500
    assert store.tracks(plate=Plate.read("QQ*")) == []
