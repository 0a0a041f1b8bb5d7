"""What of a record is searched: the columns of its row, made from the record alone."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, NamedTuple

from agent.central.store.looks import look_columns
from agent.central.store.merge import fold_event, wall_ns
from agent.central.store.pack import Document
from agent.central.store.plates import folded, plain
from agent.core.clock import NS

DAY_NS = 86_400 * NS
HOUR_NS = 3_600 * NS
MINUTE_NS = 60 * NS


class Held(NamedTuple):
    """What is kept of an id, and when it first came.

    `row` are its searched columns (of a page no more than id, day, place and start); `body` is what they are made from:
    an event's phases, or a `Summary`.
    """

    row: Document
    body: Any
    received_ns: int


def day_of(wall_ns: int) -> int:
    """UTC days since 1970."""
    return wall_ns // DAY_NS


def hour_of(wall_ns: int) -> int:
    """Of its UTC day, 0 to 23."""
    return wall_ns % DAY_NS // HOUR_NS


def event_row(phases: Document) -> Document:
    """The searched columns of an event."""
    record = fold_event(phases)
    start_ns, end = wall_ns(record["start"]), record.get("end")
    return {
        "day": day_of(start_ns),
        **{name: record[name] for name in ("id", "kind", "phase", "severity")},
        **{name: record.get(name) for name in ("label", "score", "zone", "line", "direction")},
        "start_ns": start_ns,
        "end_ns": wall_ns(end) if end else None,
        **look_columns(record["attributes"].get("colours")),
        **_position(record),
    }


def track_row(record: Mapping[str, Any], tiles: int) -> Document:
    """The searched columns of a track, from the fields of its summary and the tiles that it went over."""
    start_ns = wall_ns(record["start"])
    return {
        "day": day_of(start_ns),
        **{name: record[name] for name in ("id", "final", "label", "score", "dwell_s")},
        **{name: record.get(name) for name in ("kind", "size", "speed", "speed_unit", "direction", "bearing")},
        "start_ns": start_ns,
        "end_ns": wall_ns(record["end"]),
        "zones": listed(record["zones"]),
        "tiles": tiles,
        **look_columns(record["colours"]),
        **_position(record),
    }


def plate_row(record: Mapping[str, Any]) -> Document | None:
    """The searched columns of a track's plate; None when nobody could read one."""
    plate = plain(record.get("plate") or "")
    text = folded(plate)
    return {"plate": plate, "folded": text, "reversed": text[::-1]} if plate else None


def looks_row(record: Mapping[str, Any]) -> Document | None:
    """The model and the vector of a track's appearance; None of one that has none, or one that cannot be read."""
    said = record.get("appearance")
    if said is None:
        return None
    told = said if isinstance(said, dict) else said.__dict__
    try:
        return {"model": told["model"], "vector": base64.b64decode(told["vector"], validate=True)}
    except binascii.Error:
        return None


def listed(names: list[str]) -> str | None:
    """Names as one text in which each stands between line feeds: one of them is found as `listed([name])`."""
    return "\n" + "\n".join(name.replace("\n", " ") for name in names) + "\n" if names else None


def position_of(record: Mapping[str, Any]) -> tuple[float, float] | None:
    """Latitude and longitude of `latitude,longitude`; None of anything else."""
    latitude, _, longitude = (record.get("position") or "").partition(",")
    up, right = _number(latitude, 90), _number(longitude, 180)
    return None if up is None or right is None else (up, right)


def _position(record: Mapping[str, Any]) -> Document:
    return dict(zip(("latitude", "longitude"), position_of(record) or (None, None), strict=True))


def _number(text: str, most: float) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) <= most else None
