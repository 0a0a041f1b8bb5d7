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

from agent.central.store.pack import Document
from agent.core.clock import parse_rfc3339
from agent.core.errors import WireError
from agent.wire.messages import Event, Message, RecordingSpan, unpack_motion

PHASES = ("start", "update", "end")
_MOST_REFS = 64
_FIRST_NS, _LAST_NS = 0, 7_258_118_400 * 10**9  # 1970 to 2200: beyond lies a broken clock, and 64 bits end
_MOST_INT = 1 << 53
_SIGNS = (b"\\u0000", b"NaN", b"Infinity")
_LONG = re.compile(rb"(?<![.\d])\d{16}")  # a whole number, or a part of one


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
    if not is_sound(text):
        _walk(kept)


def is_sound(text: bytes) -> bool:
    """Is there certainly nothing in this JSON that a database or a strict reader would choke on?"""
    return not (any(sign in text for sign in _SIGNS) or _LONG.search(text))


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
    merged["media"] = union_media(merged.get("media", []), fresh.pop("media", []))
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


def recording_row(span: RecordingSpan) -> Document:
    """The columns of a recording, but for where it is."""
    kept = document(span)
    start, end, motion = kept.pop("start"), kept.pop("end"), kept.pop("motion", None)
    del kept["camera"]
    levels = None if motion is None else unpack_motion(motion)
    return {**kept, "start_ns": wall_ns(start), "end_ns": wall_ns(end), "motion": levels}


def _event_age(record: Document) -> tuple[int, str]:
    return wall_ns(record["time"]), canonical(record)


def union_media(held: Iterable[Document], fresh: Iterable[Document]) -> list[Document]:
    """All that either names, each once, in the order of their ids."""
    found: dict[str, Document] = {}
    for ref in (*held, *fresh):
        known = found.get(ref["id"])
        found[ref["id"]] = ref if known is None else max(known, ref, key=canonical)
    return [found[key] for key in sorted(found)[:_MOST_REFS]]


def canonical(record: Document) -> str:
    """A text that is the same for the same record: what decides between two that are equally new."""
    return json.dumps(record, sort_keys=True)


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
