"""The centre itself, its gateways and cameras, and what they recorded."""

from __future__ import annotations

from agent.central.api.examples import EVENING, HASH, WHERE, Document
from agent.wire import messages as wire

_SINCE, _BOOTED = "2026-06-01T06:00:00.000Z", "2026-05-31T18:04:04.750Z"
_LINE = {"name": "gate", "points": [[0.2, 0.6], [0.8, 0.6]]}

HEALTH: Document = {
    "ok": True, "version": "0.1.0", "first_start": False, "directory": False,
    "broker": {"kind": "mosquitto", "up": True, "error": "", "restarts": 0, "since": _SINCE, "last_end": ""},
    "database": {"kind": "sqlite", "ok": True},
    "ingest": {"queued": 0, "lag_s": 0.0, "messages": 184_220},
    "media": {"kind": "folder", "waiting": 0, "error": "", "full": ""},
    "roles": {"whole": {"running": 1, "well": 1}},
}  # fmt: skip
PROCESSES: Document = {
    "items": [
        {
            "id": "0197c0b2d6807f10a1b2c3d4e5f60718", "role": "whole", "host": "centre-1", "pid": 2117, "since": _SINCE,
            "seen": EVENING, "well": True, "error": "", "duties": ["housekeeping"], "queued": 0, "lag_s": 0.0,
            "messages": 184_220,
        }
    ]
}  # fmt: skip
_CLASSES: Document = {"alarm": 41, "event": 1_204, "track": 58_310, "recording": 9_702, "health": 2_880}
STATS: Document = {
    "messages": {"received": 184_220, "rejected": 2}, "rejected": {"unknown_topic": 2},
    "stored": {"event": 623, "track": 21_455, "recording": 9_702, "media": 3_120, "envelopes": _CLASSES},
    "lost": 0, "lost_by_class": dict.fromkeys(_CLASSES, 0), "dropped": 0, "duplicates": 7, "media_bytes": 412_880_121,
    "since": _SINCE,
}  # fmt: skip
SITES: Document = {"items": [{"site": "hartford", "gateways": 1, "cameras": 1, "online": 1}]}

_HEALTH = wire.Health(
    time=EVENING, uptime_s=86_400.5, temperature_c=61.0, load=1.8, timezone="America/New_York",
    cameras=[wire.CameraHealth(id=WHERE["camera"], online=True, recording=True, analysing=True, fps=15.0)],
    disk=wire.Disk(total=500_000_000_000, free=310_000_000_000, recordings=180_000_000_000),
    outbox=wire.OutboxDepth(messages=0, media=1, media_bytes=48_211), clock=wire.ClockState(synced=True),
)  # fmt: skip
GATEWAY: Document = {
    "site": WHERE["site"], "gateway": WHERE["gateway"], "online": True, "since": _BOOTED, "last_seen": EVENING,
    "version": "0.1.0", "session": "0197bd7e9a0e7000a5b4c3d2e1f00918", "health": _HEALTH.model_dump(mode="json"),
    "timezone": "America/New_York", "outbox": {"messages": 0, "media": 1, "media_bytes": 48_211}, "problems": [],
    "keys": [{"id": "f62f4917741f7ed2", "key": HASH, "first_seen": _BOOTED, "last_seen": EVENING}], "chain_breaks": 0,
    "cameras": 1, "lost": 0, "dropped": 0,
}  # fmt: skip
GATEWAYS: Document = {"items": [GATEWAY]}
CAMERA: Document = {
    **WHERE, "name": "Main Street and Park", "online": True, "gateway_online": True, "recording": True,
    "analysing": True, "fps": 15.0, "since": _BOOTED, "error": "",
    "streams": [{"stream": "main", "codec": "h264", "width": 1920, "height": 1080, "fps": 15.0}],
    "shapes": [{**_LINE, "kind": "line"}], "latitude": 41.7637, "longitude": -72.6851, "bearing": 210.0,
    "field_of_view": 62.0, "abilities": [],
    "snapshot": {
        "media": "0197c2a4b7107d3e8a1b2c3d4e5f6072", "url": "/api/v1/media/0197c2a4b7107d3e8a1b2c3d4e5f6072",
        "time": EVENING,
    },
}  # fmt: skip
CAMERAS: Document = {"items": [CAMERA]}

_GATEWAY_SAMPLE = wire.GatewaySample(
    time="2026-06-01T18:00:00.000Z", span_s=300.0, clock_offset_ms=12.5, disk_free=310_000_000_000,
    disk_total=500_000_000_000, temperature_c=61.0, load=1.8, outbox_messages=4, outbox_media=1, outbox_bytes=48_211,
    uplink_bytes=221_040,
)  # fmt: skip
_CAMERA_SAMPLE = wire.CameraSample(id=WHERE["camera"], online=1.0, fps=15.0, recorded=4_500, analysis_lag_ms=85.0)
GATEWAY_HEALTH: Document = {"step_s": 300, "items": [_GATEWAY_SAMPLE.model_dump(mode="json")]}
CAMERA_HISTORY: Document = {
    "step_s": 300,
    "items": [{**_CAMERA_SAMPLE.model_dump(mode="json"), "time": "2026-06-01T18:00:00.000Z", "span_s": 300.0}],
}
RECORDINGS: Document = {
    "spans": [
        {"start": EVENING, "end": "2026-06-01T18:04:15.250Z", "segments": 1, "bytes": 5_242_880, "reason": "length"}
    ],
    "segments": [
        {
            "id": "0197c2a4b3d07e2f9a8b7c6d5e4f3021", "start": EVENING, "end": "2026-06-01T18:04:15.250Z",
            "bytes": 5_242_880, "epoch": "0197bd7e9b207001a5b4c3d2e1f00919", "reason": "length", "number": 8_127,
            "link": HASH, "shift_ms": 0,
        }
    ],
    "motion": {"start": "2026-06-01T18:04:05.000Z", "step_s": 5, "levels": [12, 31, None]}, "truncated": False,
}  # fmt: skip
MAP: Document = {
    "streets": True, "plan": True, "plan_corners": [[41.77, -72.69], [41.76, -72.67]], "tiles": None,
    "attribution": "© OpenStreetMap contributors",
}  # fmt: skip
STREETS: Document = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature", "properties": {"name": "Park Street"},
            "geometry": {"type": "LineString", "coordinates": [[-72.69, 41.7637], [-72.68, 41.7637]]},
        }
    ],
}  # fmt: skip
SETTINGS: Document = {
    "in_force": {"line": [_LINE]}, "set_here": {"line": [_LINE]}, "version": 3, "state": "in_force", "error": "",
    "by": "ann", "time": EVENING,
}  # fmt: skip
SETTINGS_IN: Document = {"settings": {"line": [_LINE]}, "version": 2}
