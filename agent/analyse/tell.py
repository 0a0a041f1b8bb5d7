"""What goes out: the wire's Event and TrackSummary, made from happenings and stories."""

from __future__ import annotations

import math
from collections.abc import Sequence

from agent.analyse.attributes.attributes import Looks
from agent.analyse.ground.plane import Plane
from agent.analyse.rules.port import Happening
from agent.analyse.track.story import Story
from agent.analyse.travel import along, named
from agent.config.gateway import Zone
from agent.config.rules import Base
from agent.core.clock import NS, rfc3339
from agent.core.geometry import Box, Point, inside
from agent.wire.messages import Appearance, ClockState, Corners, Event, MediaRef, TrackSummary

DIGITS = 4
STRIDE_M, STRIDE = 0.4, 0.25
"""Shorter moves on the ground are trembling: metres, and the share of its height."""
MOST_TRACKS = 64


def corners(box: Box) -> Corners:
    """A box as the wire writes it, clipped to the picture, to a ten-thousandth of it."""
    x1, y1, x2, y2 = (round(value, DIGITS) for value in box.clipped())
    return x1, y1, x2, y2


def event_of(
    happening: Happening, begun_at: Box | None, event_id: str, table: Base, camera: str, wall_ns: int,
    clock: ClockState, media: list[MediaRef], attributes: dict[str, object], plane: Plane | None,
) -> Event:  # fmt: skip
    """One phase of a happening as the wire's Event; its box is `begun_at` in every phase, as in its picture.

    It has none where the thing had left the picture by then.
    """
    seen = happening.seen
    place = None if seen is None else seen.travel.place
    tracks = happening.tracks or (() if seen is None else seen.ids)
    return Event(
        id=event_id, camera=camera, kind=happening.kind, phase=happening.phase, time=rfc3339(wall_ns),
        start=rfc3339(happening.start_ns), end=None if happening.end_ns is None else rfc3339(happening.end_ns),
        label=happening.label or (seen and seen.label), score=seen and round(seen.score, 3),
        box=corners(begun_at) if begun_at and begun_at.clipped().area else None, rule=table.title, zone=happening.zone,
        line=happening.line, direction=happening.direction, count=happening.count, severity=table.severity,
        tracks=list(tracks)[:MOST_TRACKS], attributes=attributes, media=media, position=position_of(plane, place),
        clock=clock,
    )  # fmt: skip


def attributes_of(happening: Happening, zones: Sequence[Zone], blind_s: float) -> dict[str, object]:
    """What an event says of who did it, beside its fields; nothing that is not known."""
    said: dict[str, object] = {"blind_s": round(blind_s, 2) or None}
    if happening.seen is not None:
        seen, travel = happening.seen, happening.seen.travel
        said |= {
            "class": seen.kind, "zones": [zone.name for zone in zones if inside(seen.foot, zone.polygon)],
            "moving": travel.direction, "bearing": _rounded(travel.bearing, 1), "speed": _rounded(travel.speed, 3),
            "speed_unit": None if travel.speed is None else travel.unit,
            "size_m": travel.size_m and [round(value, 2) for value in travel.size_m],
        }  # fmt: skip
    return {name: value for name, value in said.items() if value not in (None, "", [])} | happening.facts


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def position_of(plane: Plane | None, place: Point | None) -> str | None:
    """Latitude and longitude as the wire writes them, to a tenth of a metre or so."""
    found = None if plane is None or place is None else plane.position(place)
    return None if found is None else f"{found[0]:.6f},{found[1]:.6f}"


def summary_of(
    story: Story, looks: Looks, camera: str, aspect: float, plane: Plane | None, clock: ClockState,
    media: list[MediaRef], appearance: Appearance | None = None, *, final: bool,
) -> TrackSummary:  # fmt: skip
    """The wire's TrackSummary of a track so far, or of a whole one."""
    track = story.track
    path = [(round((at - track.first_ns) / NS, 2), *corners(box)) for at, box in story.path.points()]
    way = _way_on_ground(story, plane)
    summary = TrackSummary(
        id=track.id, camera=camera, final=final, label=track.label, kind=looks.kind or None,
        score=round(track.best_score, 3), colours=looks.colours, lab=looks.lab, colour_confidence=looks.confidence,
        attributes=looks.attributes, appearance=appearance,
        start=rfc3339(track.first_ns), end=rfc3339(track.seen_ns), path=path, contour=list(story.outline or ()),
        speed=round(story.path.speed(aspect, track.age_s), 3), speed_unit="heights/s",
        direction=story.path.direction(aspect), size=round(story.path.size(), 5), dwell_s=round(track.age_s, 2),
        dwell=dict([*story.stays.seconds().items()][:64]), zones=story.zones[:64], media=media, clock=clock,
    )  # fmt: skip
    return summary if plane is None or not way else summary.model_copy(update=_measured(plane, way))


def _way_on_ground(story: Story, plane: Plane | None) -> list[tuple[int, Point, Box]]:
    """The places it passed, as far as they are on the ground; boxes cut by the edge of the picture do not show them."""
    if plane is None:
        return []
    known = [(at, plane.at(box.foot), box) for at, box in story.path.points() if _whole(box)]
    return [(at, place, box) for at, place, box in known if place is not None]


def _measured(plane: Plane, way: list[tuple[int, Point, Box]]) -> dict[str, object]:
    """What the ground says of a way, in the fields of the wire."""
    places = [place for _, place, _ in way]
    sizes = [size for _, _, box in way if (size := plane.size(box)) is not None]
    middle = sorted(sizes, key=lambda size: size[1])[len(sizes) // 2] if sizes else None
    stride_m = max(STRIDE_M, STRIDE * (middle[1] if middle else 0.0))
    length, lasted_s = along(places, [stride_m] * len(places)), (way[-1][0] - way[0][0]) / NS
    found: dict[str, object] = {"position": position_of(plane, places[-1])}
    if middle is not None:
        found["size_m"] = round(middle[0], 2), round(middle[1], 2)
    if lasted_s > 0:
        found |= {"speed": round(length / lasted_s, 3), "speed_unit": "m/s"}
    dx, dy = places[-1][0] - places[0][0], places[-1][1] - places[0][1]
    bearing = plane.bearing(dx, dy) if math.hypot(dx, dy) > stride_m else None
    if bearing is not None:
        found |= {"bearing": round(bearing, 1), "direction": named(None, bearing)}
    return found


def _whole(box: Box) -> bool:
    return box.x1 > 0 and box.x2 < 1 and box.y2 < 1
