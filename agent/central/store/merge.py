"""How messages about one thing become one row, whatever the order and however often they come.

An event keeps the newest record of each phase and all its media and tracks; the row is the fold start <- update <- end,
where what a later phase leaves out stays. Each part is a maximum or a union, so order and repetition change nothing.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import Any

from pydantic_core import to_json

from agent.central.store.pack import Document, pack_path, points_of
from agent.core.clock import parse_rfc3339
from agent.core.errors import WireError
from agent.wire.messages import Event, Message, RecordingSpan, TrackSummary

PHASES = ("start", "update", "end")
_MOST_REFS = 64
_FIRST_NS, _LAST_NS = 0, 7_258_118_400 * 10**9  # 1970 to 2200: beyond lies a broken clock, and 64 bits end
_MOST_INT = 1 << 53
_SIGNS = (b"\\u0000", b"NaN", b"Infinity")
_LONG = re.compile(rb"\d{16}")


def document(record: Message) -> Document:
    """The record as it is kept: JSON, without what is unknown.

    Raises:
        WireError: numbers or text that no database and no JSON reader takes.
    """
    kept = record.model_dump(mode="json", exclude_none=True)
    _check(kept)
    return kept


def _check(kept: Document) -> None:
    """Most records are seen to be sound from their text, which is a third of the work of walking through them."""
    try:
        text = to_json(kept)
    except ValueError as error:
        raise WireError("text that is no Unicode") from error
    if any(sign in text for sign in _SIGNS) or _LONG.search(text):
        _walk(kept)


def wall_ns(text: str) -> int:
    """A message's time.

    Raises:
        WireError: before 1970 or after 2200.
    """
    value = parse_rfc3339(text)
    if not _FIRST_NS <= value <= _LAST_NS:
        raise WireError(f"a time beyond all reason: {text}")
    return value


def merge_event(phases: Document | None, record: Event) -> Document:
    """The kept phases after one more record: `{start?, update?, end?, media, tracks}`."""
    fresh = document(record)
    for name in ("time", "start"):
        wall_ns(fresh[name])
    merged = dict(phases or {})
    merged["media"] = _union_media(merged.get("media", []), fresh.pop("media", []))
    merged["tracks"] = sorted({*merged.get("tracks", []), *fresh.pop("tracks", [])})[:_MOST_REFS]
    held = merged.get(record.phase)
    merged[record.phase] = fresh if held is None else max(held, fresh, key=_event_age)
    return {name: merged[name] for name in (*PHASES, "media", "tracks") if name in merged}


def fold_event(phases: Document) -> Document:
    """The Event that the phases tell together."""
    folded: Document = {}
    attributes: Document = {}
    for phase in PHASES:
        record = phases.get(phase, {})
        attributes |= record.get("attributes", {})
        severity = "alarm" if "alarm" in (folded.get("severity"), record.get("severity")) else "info"
        folded = {**folded, **record, "severity": severity}
    return {**folded, "attributes": attributes, "media": phases["media"], "tracks": phases["tracks"]}


def merge_track(held: Document | None, record: TrackSummary) -> Document:
    """The kept summary after one more: the final one, else the one that ends last; media of all; `path` is packed."""
    fresh = document(record.model_copy(update={"path": []})) | {"path": pack_path(record.path)}
    newest = fresh if held is None else max(held, fresh, key=_track_age)
    return {**newest, "media": _union_media(held["media"] if held else [], fresh["media"])}


def recording_row(held: Document | None, span: RecordingSpan) -> Document:
    """The columns of a recording. A closed segment never changes, but its times may be corrected, once."""
    kept = document(span)
    start, end = kept.pop("start"), kept.pop("end")
    fresh = {**kept, "start_ns": wall_ns(start), "end_ns": wall_ns(end)}
    if held is None or (fresh["shift_ms"] and not held["shift_ms"]):
        return fresh
    return {name: held[name] for name in fresh}


def _event_age(record: Document) -> tuple[int, str]:
    return wall_ns(record["time"]), _canonical(record)


def _track_age(record: Document) -> tuple[bool, int, int, str]:
    plain = {name: value for name, value in record.items() if name != "media"}
    return record["final"], wall_ns(record["end"]), len(points_of(record["path"])), _canonical(plain)


def _union_media(held: Iterable[Document], fresh: Iterable[Document]) -> list[Document]:
    found: dict[str, Document] = {}
    for ref in (*held, *fresh):
        known = found.get(ref["id"])
        found[ref["id"]] = ref if known is None else max(known, ref, key=_canonical)
    return [found[key] for key in sorted(found)[:_MOST_REFS]]


def _canonical(record: Document) -> str:
    return json.dumps(record, sort_keys=True, default=bytes.hex)


def _walk(value: Any) -> None:
    """Refuse what the databases or a strict JSON reader would choke on: NaN, giant integers, NUL."""
    match value:
        case bool() | None:
            return
        case float() if not math.isfinite(value):
            raise WireError("a number that is not finite")
        case int() if abs(value) > _MOST_INT:
            raise WireError("a whole number beyond the limits")
        case str():
            _check_text(value)
        case dict():
            for key, inner in value.items():
                _check_text(key)
                _walk(inner)
        case list() | tuple():
            for inner in value:
                _walk(inner)


def _check_text(text: str) -> None:
    if "\x00" in text:
        raise WireError("text with a NUL")
