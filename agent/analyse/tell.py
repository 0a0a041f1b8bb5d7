"""What goes out: the wire's Event and TrackSummary, made from happenings and stories."""

from __future__ import annotations

from agent.analyse.rules.port import Happening
from agent.analyse.track.story import Story
from agent.core.clock import NS, rfc3339
from agent.core.geometry import Box
from agent.wire.messages import ClockState, Corners, Event, MediaRef, TrackSummary

DIGITS = 4


def corners(box: Box) -> Corners:
    """A box as the wire writes it, clipped to the picture, to a ten-thousandth of it."""
    x1, y1, x2, y2 = (round(value, DIGITS) for value in box.clipped())
    return x1, y1, x2, y2


def event_of(
    happening: Happening, begun_at: Box, event_id: str, rule: str, severity: str, camera: str, wall_ns: int,
    clock: ClockState, media: list[MediaRef], attributes: dict[str, object],
) -> Event:  # fmt: skip
    """One phase of a happening as the wire's Event; its box is `begun_at` in every phase, as in its picture."""
    seen = happening.seen
    return Event(
        id=event_id, camera=camera, kind=happening.kind, phase=happening.phase, time=rfc3339(wall_ns),
        start=rfc3339(happening.start_ns), end=None if happening.end_ns is None else rfc3339(happening.end_ns),
        label=seen.label, score=round(seen.score, 3), box=corners(begun_at), rule=rule, zone=happening.zone,
        line=happening.line, direction=happening.direction, severity="alarm" if severity == "alarm" else "info",
        tracks=[seen.track], attributes=attributes, media=media, clock=clock,
    )  # fmt: skip


def summary_of(
    story: Story, camera: str, aspect: float, clock: ClockState, media: list[MediaRef], *, final: bool
) -> TrackSummary:
    """The wire's TrackSummary of a track so far, or of a whole one."""
    track = story.track
    path = [(round((at - track.first_ns) / NS, 2), *corners(box)) for at, box in story.path.points()]
    return TrackSummary(
        id=track.id, camera=camera, final=final, label=track.label, score=round(track.best_score, 3),
        start=rfc3339(track.first_ns), end=rfc3339(track.seen_ns), path=path, contour=list(story.outline or ()),
        speed=round(story.path.speed(aspect, track.age_s), 3), direction=story.path.direction(aspect),
        size=round(story.path.size(), 5), dwell_s=round(track.age_s, 2),
        zones=story.zones[:64], media=media, clock=clock,
    )  # fmt: skip
