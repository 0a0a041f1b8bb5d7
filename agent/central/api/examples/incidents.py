"""What happened on that evening, as a sensor told it."""

from __future__ import annotations

from agent.central.api.examples import EVENING, WHERE, Document

INCIDENT_IN: Document = {
    "kind": "shot", "text": "Two shots", "latitude": 41.7637, "longitude": -72.6851, "time": EVENING,
    "source": "gunshot sensor 4", "severity": "alarm", "external": "2026-118",
}  # fmt: skip
INCIDENT_CHANGE: Document = {"state": "closed", "note": "Fireworks."}
INCIDENT: Document = {
    "id": "0197c2a4b8007f1e9d0a1b2c3d4e5f60", **INCIDENT_IN, "state": "open", "made_by": "ann/gunshot-gateway",
    "made_at": "2026-06-01T18:04:06.010Z", "closed_by": None, "closed_at": None, "note": "",
}  # fmt: skip
INCIDENT_THERE: Document = {
    **INCIDENT, "cameras": [{**WHERE, "name": "Main Street and Park", "distance_m": 12.4, "covers": True}],
}  # fmt: skip
INCIDENTS: Document = {"items": [INCIDENT], "next": None}
