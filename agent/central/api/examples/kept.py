"""What people keep at the centre: searches, layouts, links, webhooks, holds."""

from __future__ import annotations

from agent.central.api.examples import CAMERA, EVENING, EVENT_ID, WHERE, Document

SEARCH: Document = {
    "id": "0197c2a6e0f17c4d8b9a0f1e2d3c4b5a", "owner": "ann", "name": "Green shirts, plaza", "kind": "tracks",
    "query": "colour=upper%3Agreen&zone=plaza", "shared": True, "watch": True, "raised": 3, "held_back": 0,
    "created": EVENING,
}  # fmt: skip
SEARCHES: Document = {"items": [SEARCH]}
SEARCH_IN: Document = {name: SEARCH[name] for name in ("name", "shared", "watch")}
SEARCH_CHANGE: Document = {"watch": False}

LAYOUT_IN: Document = {"name": "Night shift", "shared": True, "cameras": [CAMERA], "columns": 3, "large": False}
LAYOUT: Document = {"id": "0197c2a7f1027d5e9cab1f2e3d4c5b6a", "owner": "ann", **LAYOUT_IN}
LAYOUTS: Document = {"items": [LAYOUT]}

LINK_IN: Document = {"days": 7, "note": "Case 4711, public prosecutor"}
LINK: Document = {
    "id": "0197c2a802137e6fadbc2f3e4d5c6b7a", "media": "0197c2a5d1e07b3a9c8d7e6f50412234", "owner": "ann",
    "note": LINK_IN["note"], "uses": 0, "created": EVENING, "expires": "2026-06-08T18:04:05.250Z", "used": None,
}  # fmt: skip
LINK_MADE: Document = {
    **LINK, "link": f"/api/v1/shared/{LINK['id']}.Zr1oQ8mXv5Tb2yHcJ4kLw9uEd7sGfP0nAaBbCcDdEeF",
}  # fmt: skip
LINKS: Document = {"items": [LINK]}

HOOK_IN: Document = {
    "name": "Dispatch", "url": "https://dispatch.example/lamppost", "kinds": ["object_left", "tamper"],
    "severity": "alarm", "phases": ["start", "end"], "places": ["hartford"],
}  # fmt: skip
HOOK_CHANGE: Document = {"enabled": False}
HOOK: Document = {
    "id": "0197c2a913247f80becd3f4e5d6c7b8a", **HOOK_IN, "enabled": True, "waiting": 0, "dropped": 0,
    "created": EVENING,
}  # fmt: skip
HOOKS: Document = {"items": [HOOK]}
HOOK_MADE: Document = {**HOOK, "secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD0DNdX7NmX9A="}
_DELIVERY: Document = {
    "id": "3f7b1c9e5d2a48608b7c6d5e4f3a2b1c", "type": "event.start", "event": EVENT_ID, "state": "delivered",
    "attempts": 1, "status": 204, "error": "", "created": EVENING, "tried": "2026-06-01T18:04:05.900Z", "next": None,
}  # fmt: skip
DELIVERIES: Document = {"items": [_DELIVERY], "next": None}
DELIVERY: Document = {"delivery": _DELIVERY["id"]}

HOLD_IN: Document = {
    "cameras": [CAMERA], "start": "2026-06-01T18:00:00.000Z", "end": "2026-06-01T19:00:00.000Z",
    "reason": "incident 4711", "until": None,
}  # fmt: skip
HOLD_RELEASE: Document = {"reason": "handed over to the public prosecutor"}
HOLD: Document = {
    "id": "0197c2aa24357091cfde4f5a6e7d8c9b", **HOLD_IN, "made_by": "ann", "made_at": EVENING, "released_by": None,
    "released_at": None, "release_reason": None, "state": "active",
    "gateways": [
        {
            "site": WHERE["site"], "gateway": WHERE["gateway"], "cameras": [WHERE["camera"]], "state": "held",
            "error": "", "since": "2026-06-01T18:04:05.900Z", "bytes": 1_834_021_376,
        }
    ],
    "media": 112, "bytes": 61_204_480,
}  # fmt: skip
HOLDS: Document = {"items": [HOLD], "next": None}
