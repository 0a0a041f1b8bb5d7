"""What was found as files for other programs: CSV for tables, JSON lines for programs, GeoJSON (RFC 7946) for maps.

Each form is written a page at a time, and says at its end if it holds less than was found:

* CSV: the columns below, in this order; new ones are only ever added at the end. A last line that begins with `# cut`.
* JSON lines: the same objects as the API's. A last line `{"cut": {"rows", "next"}}`; `next` is null where nothing can
  be gone on with: the best fit is looked for among the newest alone.
* GeoJSON: a FeatureCollection; the properties are the columns of the CSV. `complete`, `rows` and `next` close it.

A place is where the thing itself was last, where the ground is calibrated (`place` is `object`), else where its camera
stands (`camera`), else nowhere.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Literal, NamedTuple

from pydantic import BaseModel

from agent.central.api import sheet
from agent.central.api.found import EventOut, TrackOut
from agent.central.store.filters import Filters
from agent.central.store.pack import Document
from agent.central.store.rows import position_of
from agent.central.store.views import Place

Form = Literal["csv", "jsonl", "geojson"]
Positions = Mapping[Place, tuple[float, float]]

TYPES: Mapping[Form, str] = {
    "csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson", "geojson": "application/geo+json",
}  # fmt: skip
_AT_ONCE = 200
_WHERE = ("id", "site", "gateway", "camera", "camera_name")
_LAST = ("latitude", "longitude", "place", "picture", "received")


class What(NamedTuple):
    """One kind of results: as the API has it, the columns of its table, and what the columns say of one."""

    model: type[BaseModel]
    columns: tuple[str, ...]
    cells: Callable[[Document], Document]


class Results:
    """All that a search finds, a page at a time, `most` of them.

    Then `cut` says whether any may be left out, and `next` is the cursor to go on with, if that can be.
    """

    def __init__(self, find: Callable[[Filters], Document], filters: Filters, most: int) -> None:
        self._find, self._filters, self._most = find, filters, most
        self.rows, self.next, self._ended, self._complete = 0, filters.cursor, False, True
        self._first: list[Document] = []

    def begin(self) -> None:
        """Look for the first page now: what is wrong with the question is said before the file begins.

        Raises:
            BadCursor: see there.
        """
        self._first = self._page()

    @property
    def cut(self) -> bool:
        """Is there, or may there be, more than was written?"""
        return self.next is not None or not self._complete

    def __iter__(self) -> Iterator[list[Document]]:
        yield self._first
        while self.rows < self._most and not self._ended:
            yield self._page()

    def _page(self) -> list[Document]:
        before, limit = self.next, min(_AT_ONCE, self._most - self.rows)
        page = self._find(replace(self._filters, limit=limit, cursor=before))
        items: list[Document] = page["items"]
        self.rows, self.next, self._complete = self.rows + len(items), page["next"], page["complete"]
        self._ended = self.next in {None, before}  # the same again: it came nowhere in all its time
        return items


def write(form: Form, what: What, results: Results, positions: Positions) -> Iterator[str]:
    """The file, in parts."""
    match form:
        case "csv":
            return _csv(what, results, positions)
        case "jsonl":
            return _jsonl(what, results)
        case "geojson":
            return _geojson(what, results, positions)


def example(form: Form, what: What, found: Document) -> str | Document:
    """What a file with one result looks like, for the OpenAPI page: GeoJSON as the document that it is."""
    page = {"items": [found], "next": None, "complete": True}
    text = "".join(write(form, what, Results(lambda _: page, Filters(), 1), {}))
    document: Document = json.loads(text) if form == "geojson" else {}
    return document or text


def _csv(what: What, results: Results, positions: Positions) -> Iterator[str]:
    yield sheet.line(what.columns)
    for page in results:
        rows = (_row(what, item, positions) for item in page)
        yield "".join(sheet.line(row[name] for name in what.columns) for row in rows)
    if results.cut:
        how = "not all were looked at" if results.next is None else f"go on with cursor={results.next}"
        yield sheet.line([f"# cut after {results.rows} rows; {how}"])


def _jsonl(what: What, results: Results) -> Iterator[str]:
    for page in results:
        yield "".join(what.model.model_validate(item).model_dump_json() + "\n" for item in page)
    if results.cut:
        yield json.dumps({"cut": {"rows": results.rows, "next": results.next}}) + "\n"


def _geojson(what: What, results: Results, positions: Positions) -> Iterator[str]:
    yield '{"type": "FeatureCollection", "features": ['
    comma = "\n"
    for page in results:
        features = [json.dumps(_feature(_row(what, item, positions)), ensure_ascii=False) for item in page]
        yield comma * bool(features) + ",\n".join(features)
        comma = ",\n" if features else comma
    end = {"complete": not results.cut, "rows": results.rows, "next": results.next}
    yield "\n], " + json.dumps(end)[1:] + "\n"


def _feature(row: Document) -> Document:
    place = row["longitude"], row["latitude"]  # in this order: RFC 7946 section 3.1.1
    geometry = None if None in place else {"type": "Point", "coordinates": place}
    return {"type": "Feature", "id": row["id"], "geometry": geometry, "properties": row}


def _row(what: What, item: Document, positions: Positions) -> Document:
    own = position_of(item)
    camera = positions.get((item["site"], item["gateway"], item["camera"]))
    latitude, longitude = own or camera or (None, None)
    place = {"latitude": latitude, "longitude": longitude, "place": "object" if own else "camera" if camera else None}
    row = item | what.cells(item) | place
    return {name: row.get(name) for name in what.columns}


def _track_cells(item: Document) -> Document:
    colours = item.get("colours", {})
    width, height = item.get("size_m") or (None, None)
    parts = {part: _list(f"{name} {share:.2f}" for name, share in colours.get(part, ())) for part in _PARTS}
    return {**parts, "zones": _list(item.get("zones", ())), "width_m": width, "height_m": height}


def _event_cells(item: Document) -> Document:
    review = item["review"]
    done = review["acknowledged"] or {"by": None, "time": None}
    return {
        "tracks": _list(item.get("tracks", ())), "clip": (item["clip"] or {}).get("url"),
        "acknowledged_by": done["by"], "acknowledged": done["time"], "assigned": review["assigned"],
        "notes": "\n".join(f"{one['time']} {one['by']}: {one['text']}" for one in review["notes"]),
    }  # fmt: skip


def _list(values: Iterable[str]) -> str:
    return "; ".join(values)


_PARTS = ("upper", "lower", "vehicle")

TRACKS = What(
    TrackOut,
    (*_WHERE, "start", "end", "final", "label", "kind", "score", *_PARTS, "speed", "speed_unit", "direction", "bearing",
     "size", "width_m", "height_m", "dwell_s", "zones", "plate", *_LAST, "likeness"),
    _track_cells,
)  # fmt: skip
EVENTS = What(
    EventOut,
    (*_WHERE, "start", "end", "phase", "kind", "severity", "label", "score", "rule", "zone", "line", "direction",
     "count", "tracks", "acknowledged_by", "acknowledged", "assigned", "notes", *_LAST, "clip"),
    _event_cells,
)  # fmt: skip
