"""What the demo says at its end: what was seen, recorded, analysed, sent and stored, against the scene's truth."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from agent.core.clock import NS, parse_rfc3339, rfc3339
from agent.core.errors import LinkError

MATCH_WITHIN_S = 3.0
"""A rule needs a few frames to be sure, and a detector sees a foot a little late."""
WARM_UP_S = 5.0
"""Truth of the first seconds is not counted: a background model and tracks begin with nothing."""
LEFT_AFTER_S = 8.0
"""`[camera.still] after_s` of the demo: the bags of the scenes lie for half a minute."""
LEFT_WITHIN_S = 6.0
"""When a thing was put down is known as well as who put it down lets us see it,"""
TOLD_WITHIN_S = 15.0
"""and it is told when he is gone."""
CLASSES = {"person", "vehicle", "two_wheeler"}
SMALLEST, HALF = 0.09, 0.5
"""Of the picture's height, and of the thing itself that nothing hides: what a small detector can be asked to see."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Addresses of the gateway's status page and the centre's web side (host:port), and a token for the latter."""

    status: str
    web: str
    token: str
    site: str
    gateway: str


def first_frame_seen(endpoints: Endpoints) -> bool:
    """Has every camera given packets?"""
    try:
        health = _status(endpoints)
    except LinkError:
        return False
    cameras = health["cameras"]
    return bool(cameras) and all(camera["packets_in"] > 0 for camera in cameras)


def summarise(endpoints: Endpoints, sim: dict[str, Any], seconds: float, patience_s: float) -> dict[str, Any]:
    """The summary as plain data; every count is an integer. Waits up to `patience_s` for what is on its way."""
    health, stats = _drained(endpoints, patience_s)
    end_ns = parse_rfc3339(health["time"])
    window = (end_ns - int((seconds - WARM_UP_S) * NS), end_ns - int(MATCH_WITHIN_S * NS))
    events = list(_pages(endpoints, "/events", window[0]))
    tracks = list(_pages(endpoints, "/tracks", window[0]))
    counts = {camera["id"]: camera for camera in health["cameras"]}
    cameras = [
        _camera(camera, counts[camera["id"]], sim["first_frame_wall_ns"], window, events, tracks)
        for camera in sim["cameras"]
        if camera["id"] in counts
    ]
    outbox = health["outbox"]
    acknowledged, sent = sum(outbox["acknowledged"].values()), sum(outbox["sent"].values())
    lost = sum(camera["packets_lost"] for camera in counts.values()) + stats["lost"] + stats["dropped"]
    return {
        "seconds": round(seconds, 1),
        "detector": health["analysis"],
        "cameras": cameras,
        "events": stats["stored"]["event"],
        "tracks": stats["stored"]["track"],
        "messages_sent": sent,
        "messages_acknowledged": acknowledged,
        "messages_stored": sum(stats["stored"]["envelopes"].values()),
        "media_stored": stats["stored"]["media"],
        "waiting": outbox["messages"] + outbox["media"],
        "lost": lost,
    }


def _drained(endpoints: Endpoints, patience_s: float) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the gateway and the centre say of one moment, with nothing on its way between them if that comes in time.

    The site runs on: only when nothing was sent while the centre was asked do the two speak of the same messages.
    """
    deadline = time.monotonic() + patience_s
    while True:
        before, stats, after = _status(endpoints), _centre(endpoints, "/stats"), _status(endpoints)
        outbox = before["outbox"]
        still = outbox == after["outbox"] and outbox["messages"] == outbox["media"] == 0
        if still or time.monotonic() > deadline:
            return before, stats
        time.sleep(0.2)


def _camera(
    camera: dict[str, Any],
    counted: dict[str, Any],
    first_frame_wall_ns: int,
    window: tuple[int, int],
    events: list[dict[str, Any]],
    tracks: list[dict[str, Any]],
) -> dict[str, Any]:
    truth = json.loads(Path(camera["truth_path"]).read_text())
    wanted = _truth_events(truth, first_frame_wall_ns, window)
    found = sorted(
        parse_rfc3339(event["start"])
        for event in events
        if event["camera"] == camera["id"] and event["kind"] == "zone_entered"
    )
    return {
        "id": camera["id"],
        "frames_in": counted["packets_in"],
        "frames_recorded": counted["packets_recorded"],
        "frames_analysed": counted["frames_analysed"],
        "tracks": sum(1 for track in tracks if track["camera"] == camera["id"]),
        "tracks_truth": _truth_tracks(truth, first_frame_wall_ns, window),
        "events": sum(1 for start_ns in found if start_ns <= window[1]),
        "events_truth": len(wanted),
        "events_matched": _matched(wanted, found),
        **_bags(camera["id"], truth, first_frame_wall_ns, window, events),
    }


def _bags(
    camera: str, truth: dict[str, Any], first_ns: int, window: tuple[int, int], events: list[dict[str, Any]]
) -> dict[str, int]:
    """How many bags were left, and taken again, and how many of those moments an event tells."""
    told = [event for event in events if event["camera"] == camera and event["kind"] == "object_left"]
    taken = [event for event in told if event["attributes"].get("outcome") == "taken"]
    found = {"left": [event["start"] for event in told], "taken": [event["end"] for event in taken if event["end"]]}
    told_ns = round((LEFT_AFTER_S + TOLD_WITHIN_S) * NS)
    bags = [(put, took) for put, took in _truth_bags(truth, first_ns, window) if took - put >= told_ns]
    moments = {
        "left": sorted(put for put, _ in bags if put + told_ns <= window[1]),
        "taken": sorted(took for _, took in bags if took <= window[1]),
    }
    counts: dict[str, int] = {}
    for what, wanted in moments.items():
        times = sorted(parse_rfc3339(time) for time in found[what])
        counts |= {f"{what}_truth": len(wanted), f"{what}_matched": _matched(wanted, times, LEFT_WITHIN_S)}
    return counts


def _truth_events(truth: dict[str, Any], first_ns: int, window: tuple[int, int]) -> list[int]:
    frames = [event["frame"] for event in truth["events"] if event["kind"] == "zone_entered"]
    return sorted(_moments(frames, truth, first_ns, window))


def _truth_bags(truth: dict[str, Any], first_ns: int, window: tuple[int, int]) -> Iterable[tuple[int, int]]:
    """When each bag was left, within `window`, and when it was taken again: in the same loop or the next."""
    loop_ns = int(truth["frames"] / truth["fps"] * NS)
    times = {(event["object"], event["kind"]): event["time_s"] for event in truth["events"] if event["label"] == "bag"}
    for (bag, kind), left_s in times.items():
        taken_s = times.get((bag, "object_removed"))
        if kind == "object_left" and taken_s is not None:
            lies_ns = round((taken_s - left_s) * NS) % loop_ns
            for left_ns in _moments([round(left_s * truth["fps"])], truth, first_ns, window):
                yield left_ns, left_ns + lies_ns


def _truth_tracks(truth: dict[str, Any], first_ns: int, window: tuple[int, int]) -> int:
    """How many visits of things that a detector knows began: in the picture for a second at least, and large enough."""
    classes = {thing["id"]: thing["class"] for thing in truth["objects"]}
    shown: dict[Any, list[int]] = {}
    for frame, boxes in enumerate(truth["boxes"]):
        for name, kind, _, y1, _, y2, share in boxes:
            if classes.get(name, kind) in CLASSES and y2 - y1 >= SMALLEST and share >= HALF:
                shown.setdefault(name, []).append(frame)
    begins = [frame for frames in shown.values() for frame in _begins(frames, truth)]
    return sum(1 for _ in _moments(begins, truth, first_ns, window))


def _begins(frames: list[int], truth: dict[str, Any]) -> Iterable[int]:
    """First frames of the runs in `frames` that last a second at least; the loop's seam does not begin a run."""
    runs: list[list[int]] = []
    for frame in frames:
        if runs and frame - runs[-1][-1] <= truth["fps"]:
            runs[-1].append(frame)
        else:
            runs.append([frame])
    over_the_seam = len(runs) > 1 and runs[0][0] == 0 and runs[-1][-1] == truth["frames"] - 1
    return (run[0] for run in runs[over_the_seam:] if len(run) >= truth["fps"])


def _moments(frames: list[int], truth: dict[str, Any], first_ns: int, window: tuple[int, int]) -> Iterable[int]:
    loop_ns = int(truth["frames"] / truth["fps"] * NS)
    for turn in range(max(0, (window[0] - first_ns) // loop_ns), max(0, (window[1] - first_ns) // loop_ns) + 1):
        for frame in frames:
            moment = first_ns + turn * loop_ns + int(frame / truth["fps"] * NS)
            if window[0] <= moment <= window[1]:
                yield moment


def _matched(wanted: list[int], found: list[int], within_s: float = MATCH_WITHIN_S) -> int:
    """How many wanted moments have a found one of their own within the tolerance; both sorted."""
    left, matched = list(found), 0
    for moment in wanted:
        near = next((other for other in left if abs(other - moment) <= within_s * NS), None)
        if near is not None:
            left.remove(near)
            matched += 1
    return matched


def _pages(endpoints: Endpoints, path: str, since_ns: int) -> Iterable[dict[str, Any]]:
    cursor = ""
    while True:
        query = {"since": rfc3339(since_ns), "limit": "200"} | ({"cursor": cursor} if cursor else {})
        page = _centre(endpoints, f"{path}?{urlencode(query)}")
        yield from page["items"]
        cursor = page["next"] or ""
        if not cursor:
            return


def _status(endpoints: Endpoints) -> dict[str, Any]:
    return _get(endpoints.status, "/health", {})


def _centre(endpoints: Endpoints, path: str) -> dict[str, Any]:
    return _get(endpoints.web, f"/api/v1{path}", {"Authorization": f"Bearer {endpoints.token}"})


def _get(address: str, path: str, headers: dict[str, str]) -> dict[str, Any]:
    connection = http.client.HTTPConnection(address, timeout=10)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise LinkError(f"demo: {address}{path}: {error}") from error
    finally:
        connection.close()
    if answer.status != http.client.OK:
        raise LinkError(f"demo: {address}{path}: {answer.status} {body[:200]!r}")
    document: dict[str, Any] = json.loads(body)
    return document
