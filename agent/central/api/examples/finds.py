"""What is found: events, tracks, how many there are, and the footage of it."""

from __future__ import annotations

from agent.central.api.examples import EVENING, EVENT_ID, TRACK_ID, WHERE, Document
from agent.central.store.heat import COLUMNS, ROWS
from agent.wire import messages as wire

_END, _FROM = "2026-06-01T18:04:35.250Z", "2026-06-01T18:04:00.000Z"
_BOX = (0.41, 0.52, 0.47, 0.79)
_PICTURE = wire.MediaRef(
    id="0197c2a4b7107d3e8a1b2c3d4e5f6072", kind="snapshot", type="image/jpeg", bytes=48_211, width=640, height=360
)
_PICTURE_URL = f"/api/v1/media/{_PICTURE.id}"
_MEDIA: Document = {**_PICTURE.model_dump(mode="json"), "state": "sent", "held": False, "reason": "",
    "url": _PICTURE_URL,
}  # fmt: skip
_FOUND_AT = {
    "site": WHERE["site"], "gateway": WHERE["gateway"], "camera_name": "Main Street and Park", "media": [_MEDIA],
    "picture": _PICTURE_URL, "received": "2026-06-01T18:04:36.020Z",
}  # fmt: skip

CLIP: Document = {
    "id": "0197c2a5d1e07b3a9c8d7e6f50412233", **WHERE, "event": EVENT_ID, "start": _FROM,
    "end": "2026-06-01T18:04:40.250Z", "quality": "full", "state": "requested", "error": "",
    "progress": {"received": 0, "of": 0, "bytes": 0}, "media": None, "url": None, "actual_start": None,
    "actual_end": None, "codecs": "", "bytes": None, "held": False, "created": "2026-06-01T18:05:20.480Z",
}  # fmt: skip
_CLIP_ID = "0197c2a5d1e07b3a9c8d7e6f50412234"
CLIP_READY: Document = {
    **CLIP, "state": "ready", "progress": {"received": 77, "of": 77, "bytes": 7_512_044}, "media": _CLIP_ID,
    "url": f"/api/v1/media/{_CLIP_ID}", "actual_start": "2026-06-01T18:03:59.120Z",
    "actual_end": "2026-06-01T18:04:41.010Z", "codecs": "avc1.640028", "bytes": 7_512_044,
}  # fmt: skip
SHEET: Document = {**CLIP, "event": None, "quality": "previews", "end": "2026-06-01T18:27:00.000Z"}
SHEET_READY: Document = {**CLIP_READY, "event": None, "quality": "previews", "end": SHEET["end"], "codecs": ""}
EXPORT: Document = {**CLIP, "event": None, "quality": "export"}
CLIP_IN: Document = {**WHERE, "start": _FROM, "end": "2026-06-01T18:04:40.250Z", "quality": "auto", "exact": False}
EXPORT_IN: Document = {**WHERE, "start": _FROM, "end": "2026-06-01T18:04:40.250Z", "reason": "incident 4711"}
SHEET_IN: Document = {**WHERE, "at": EVENING, "step_s": 60}

_NOTE: Document = {"by": "bob", "time": "2026-06-01T18:06:02.000Z", "text": "A fox, no person."}
_EVENT = wire.Event(
    id=EVENT_ID, camera=WHERE["camera"], kind="line_crossed", phase="end", time=_END, start=EVENING, end=_END,
    label="person", score=0.87, box=_BOX, rule="line_crossed", line="gate", direction="left", severity="alarm",
    tracks=[TRACK_ID], clock=wire.ClockState(offset_ms=12.5, synced=True),
)  # fmt: skip
EVENT: Document = {
    **_EVENT.model_dump(mode="json"), **_FOUND_AT, "clip": CLIP_READY, "clips": [CLIP_READY],
    "review": {
        "version": 1, "acknowledged": {"by": _NOTE["by"], "time": _NOTE["time"]}, "assigned": "ann", "severity": None,
        "notes": [_NOTE],
    },
}  # fmt: skip
_COUNTED: Document = {
    "exact": True, "cameras": [{**WHERE, "count": 1}], "labels": [{"value": "person", "count": 1}], "kinds": [],
    "severities": [], "upper": [], "lower": [], "vehicle": [],
    "hours": [{"start": "2026-06-01T18:00:00.000Z", "count": 1}],
    "minutes": [{"start": "2026-06-01T18:04:00.000Z", "count": 1}],
}  # fmt: skip
_PAGE: Document = {"next": None, "complete": True, "reached": None}
EVENTS: Document = {
    **_PAGE, "items": [EVENT],
    "facets": {
        **_COUNTED, "kinds": [{"value": "line_crossed", "count": 1}], "severities": [{"value": "alarm", "count": 1}]
    },
}  # fmt: skip
NEIGHBOURS: Document = {"older": "0197c2918e407a1b8c2d3e4f50617283", "newer": None, "complete": True}

_TRACK = wire.TrackSummary(
    id=TRACK_ID, camera=WHERE["camera"], final=True, label="person", score=0.87, start=EVENING, end=_END,
    path=[(0.0, *_BOX), (29.8, 0.81, 0.5, 0.87, 0.77)], kind="person",
    colours={"upper": [("green", 0.78), ("black", 0.16)], "lower": [("blue", 0.91)]},
    attributes={"carries_bag": True, "bag": "backpack"}, speed=1.3, speed_unit="m/s", direction="NE", bearing=48.0,
    size=0.016, size_m=(0.6, 1.8), dwell_s=12.4, dwell={"plaza": 12.4}, zones=["plaza"],
    position="41.763700,-72.685100", clock=wire.ClockState(offset_ms=12.5, synced=True),
)  # fmt: skip
TRACK: Document = {**_TRACK.model_dump(mode="json", exclude={"appearance"}), **_FOUND_AT, "likeness": None}
TRACKS: Document = {
    **_PAGE, "alike": None, "items": [TRACK],
    "facets": {
        **_COUNTED, "upper": [{"value": "green", "count": 1}], "lower": [{"value": "blue", "count": 1}]
    },
}  # fmt: skip
EVENT_TRACKS: Document = {"items": [TRACK]}

REVIEW_IN: Document = {
    "events": [{"event": EVENT_ID, "version": 0}], "acknowledged": True, "assigned": "ann", "note": "A fox, no person."
}  # fmt: skip
REVIEWED: Document = {"items": [EVENT], "changed_before": [], "full": [], "missing": []}
REVIEWERS: Document = {"items": [{"name": "ann", "role": "investigator"}, {"name": "bob", "role": "operator"}]}

_HOURS: Document = {"since": "2026-06-01T17:00:00.000Z", "until": "2026-06-01T19:00:00.000Z"}
COUNTS: Document = {**_HOURS, "items": [{**WHERE, "total": 212, "counts": [120, 92]}]}
HEAT: Document = {
    **_HOURS, "columns": COLUMNS, "rows": ROWS,
    "items": [{**WHERE, "cells": [0] * COLUMNS * (ROWS - 1) + [3] * COLUMNS}],
}  # fmt: skip
