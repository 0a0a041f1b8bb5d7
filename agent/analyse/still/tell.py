"""What the watch found, as events with their pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from agent.analyse.detect.port import Image
from agent.analyse.observe import foot_of
from agent.analyse.pictures import Picture, picture_of, take_picture
from agent.analyse.still.album import Album
from agent.analyse.still.company import Actor
from agent.analyse.still.verdict import Kind
from agent.analyse.still.watch import MEMORY_S, Change, Watch
from agent.analyse.tell import corners
from agent.analyse.track.track import Track
from agent.config.gateway import Camera
from agent.core.clock import NS, rfc3339
from agent.core.geometry import inside, iou
from agent.wire.messages import ClockState, Event, MediaRef

BEFORE_NS = NS // 2
"""The moment shown lies so long before the thing lay still: a hand is still on it."""
THINGS = frozenset({"bag", "two_wheeler", "vehicle"})
NAMED_IOU = 0.3


class Told(Protocol):
    """Where the words go."""

    @property
    def pictures(self) -> list[Picture]:
        """To be sent before the events that name them."""

    @property
    def events(self) -> list[Event]:
        """In order."""


class StillTeller:
    """One per camera whose `still` table is enabled."""

    def __init__(self, camera: Camera, make_id: Callable[[int], str], *, with_pictures: bool = True) -> None:
        still, self._camera, self._make_id = camera.still, camera, make_id
        zones = [zone.polygon for zone in camera.zone if zone.name in still.zones]
        hidden = [mask.polygon for mask in camera.mask]
        self._watch = Watch(still, hidden=hidden, only=zones)
        self._album = Album(still.after_s + MEMORY_S) if with_pictures else None
        self._ids: dict[str, str] = {}
        self._names: dict[str, str] = {}

    @property
    def quiet(self) -> bool:
        """Does nothing lie there that may become an event, or is one?"""
        return self._watch.quiet

    def look(
        self, picture: Image, tracks: Iterable[Track], wall_ns: int, clock: ClockState, told: Told, *, detecting: bool
    ) -> None:
        """Look at one picture, masks painted over, and at who is in it; `detecting`: would people be known?"""
        actors = [Actor(one.id, one.label, one.box, one.seen_ns == wall_ns) for one in tracks if one.confirmed]
        for one in self._watch.look(picture, actors, wall_ns, detecting=detecting):
            self._say(one, actors, picture, wall_ns, clock, told)
        if self._album is not None:
            self._album.keep(picture, wall_ns)

    def finish(self, wall_ns: int, clock: ClockState, told: Told) -> None:
        """The stream is over."""
        for one in self._watch.finish():
            self._say(one, [], None, wall_ns, clock, told)

    def _say(
        self, one: Change, actors: list[Actor], picture: Image | None, wall_ns: int, clock: ClockState, told: Told
    ) -> None:
        starts = one.phase == "start"
        if starts:
            self._ids[one.key], self._names[one.key] = self._make_id(wall_ns), _name(one, actors)
        event_id = self._ids[one.key]
        shown = self._pictures(one, event_id, picture, wall_ns) if starts and picture is not None else {}
        told.pictures.extend(shown.values())
        told.events.append(self._words(one, event_id, wall_ns, clock, shown))
        if one.phase == "end":
            del self._ids[one.key], self._names[one.key]

    def _words(
        self, one: Change, event_id: str, wall_ns: int, clock: ClockState, shown: dict[str, Picture]
    ) -> Event:  # fmt: skip
        zones = [zone.name for zone in self._camera.zone if inside(foot_of(one.box), zone.polygon)]
        media: list[MediaRef] = [picture.ref() for picture in shown.values()]
        said: dict[str, object] = {
            "lain_s": one.lain_s, "owner_near": one.near, "outcome": one.outcome, "zones": zones,
            "why": one.verdict.why, "contour": [list(corner) for corner in one.outline],
            "pictures": {name: picture.header["id"] for name, picture in shown.items()},
        }  # fmt: skip
        return Event(
            id=event_id, camera=self._camera.id, kind=one.kind, phase=one.phase, time=rfc3339(wall_ns),
            start=rfc3339(one.start_ns), end=None if one.end_ns is None else rfc3339(one.end_ns),
            label=self._names[one.key], score=one.verdict.score, box=corners(one.box), rule="still",
            zone=zones[0] if zones else None, severity=self._camera.still.severity, tracks=list(one.owners)[:64],
            attributes={name: value for name, value in said.items() if value not in ("", [], {})}, media=media,
            clock=clock,
        )  # fmt: skip

    def _pictures(self, one: Change, event: str, picture: Image, wall_ns: int) -> dict[str, Picture]:
        """Now, the moment it began, and the place as it was before."""
        if self._album is None:
            return {}
        camera, make_id = self._camera.id, self._make_id
        shown = {"now": take_picture(picture, make_id(wall_ns), camera, wall_ns, event=event)}
        page = self._album.nearest(one.start_ns - BEFORE_NS)
        if page is not None:
            whose = {"id": make_id(wall_ns), "camera": camera, "event": event, "track": None}
            shown["moment"] = picture_of(page.jpeg, whose, (page.width, page.height), (page.wall_ns, page.wall_ns))
        before = self._watch.background
        if before is not None:
            shown["before"] = take_picture(before, make_id(wall_ns), camera, one.start_ns, event=event)
        return shown


def _name(one: Change, actors: list[Actor]) -> str:
    """What the detector calls it; `object` when it does not know."""
    if one.verdict.actor is not None:
        return one.verdict.actor.label
    if one.kind is not Kind.LEFT:
        return "object"
    fitting = [(iou(one.box, actor.box), actor.label) for actor in actors if actor.label in THINGS]
    share, label = max(fitting, default=(0.0, "object"))
    return label if share >= NAMED_IOU else "object"
