"""What the watch found, as events with their pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Protocol

from agent.analyse.detect.port import Image
from agent.analyse.ground.plane import Plane
from agent.analyse.observe import foot_of
from agent.analyse.pictures import Picture, picture_of, take_picture
from agent.analyse.still.album import Album
from agent.analyse.still.change import Change
from agent.analyse.still.company import MEMORY_S, Actor
from agent.analyse.still.verdict import Kind
from agent.analyse.still.watch import Watch
from agent.analyse.tell import corners
from agent.analyse.track.shot import Shot
from agent.analyse.track.track import Track
from agent.config.gateway import Camera
from agent.config.hours import Calendar
from agent.core.clock import NS, rfc3339
from agent.core.geometry import inside, iou
from agent.wire.messages import ClockState, Event

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


@dataclass(slots=True)
class _Story:
    """What is kept of an event that goes on: its id, its name, and which medium shows what."""

    id: str
    name: str
    pictures: dict[str, str] = field(default_factory=dict)


def actors_of(tracks: Iterable[Track], wall_ns: int) -> list[Actor]:
    """Who is in the picture of that time, as far as the tracker is sure that it is somebody."""
    return [Actor(one.id, one.label, one.box, now=one.kept_ns == wall_ns) for one in tracks if one.confirmed]


class StillTeller:
    """One per camera whose `still` table is enabled. `best_shot` gives the best picture of a track, if there is one."""

    def __init__(
        self,
        camera: Camera,
        make_id: Callable[[int], str],
        best_shot: Callable[[str], Shot | None],
        *,
        with_pictures: bool = True,
        zone: tzinfo | None = None,
    ) -> None:
        self.camera = camera
        """May become another one of the same `still`, `mask` and `place`."""
        still, self._make_id, self._best_shot = camera.still, make_id, best_shot
        zones = [one.polygon for one in camera.zone if one.name in still.zones]
        hidden = [mask.polygon for mask in camera.mask]
        place = None if camera.place is None else (camera.place.latitude, camera.place.longitude)
        self._watch = Watch(still, hidden=hidden, only=zones, calendar=Calendar(zone, place))
        self._album = Album(still.after_s + MEMORY_S) if with_pictures else None
        self._stories: dict[str, _Story] = {}

    @property
    def quiet(self) -> bool:
        """Does nothing lie there that may become an event, or is one?"""
        return self._watch.quiet

    def look(
        self, picture: Image, tracks: Iterable[Track], wall_ns: int, clock: ClockState, told: Told, plane: Plane | None,
        *, detecting: bool,
    ) -> None:  # fmt: skip
        """Look at one picture, masks painted over, and at who is in it; `detecting`: would people be known?"""
        self._watch.plane = plane
        actors = actors_of(tracks, wall_ns)
        for one in self._watch.look(picture, actors, wall_ns, detecting=detecting):
            if one.phase == "start":
                self._begin(one, actors, picture, wall_ns, told)
            self._say(one, wall_ns, clock, told)
        if self._album is not None:
            self._album.keep(picture, wall_ns)

    def belongs(self, event: str, by: str, wall_ns: int, clock: ClockState, told: Told) -> None:
        """Somebody says that what this event tells of belongs there; an event that is over stays as it is."""
        keys = [key for key, story in self._stories.items() if story.id == event]
        for one in (change for key in keys for change in self._watch.belongs(key, by)):
            self._say(one, wall_ns, clock, told)

    def finish(self, wall_ns: int, clock: ClockState, told: Told) -> None:
        """The stream is over."""
        for one in self._watch.finish():
            self._say(one, wall_ns, clock, told)

    def _begin(self, one: Change, actors: list[Actor], picture: Image, wall_ns: int, told: Told) -> None:
        story = self._stories[one.key] = _Story(self._make_id(wall_ns), _name(one, actors))
        if self._album is not None:
            self._show(story, self._pictures(one, story.id, picture, wall_ns), told)

    def _say(self, one: Change, wall_ns: int, clock: ClockState, told: Told) -> None:
        story = self._stories[one.key]
        if one.takers and self._album is not None:
            self._show(story, self._shot("taker", one.takers, story.id, wall_ns), told)
        told.events.append(self._words(one, story, wall_ns, clock, told))
        if one.phase == "end":
            del self._stories[one.key]

    @staticmethod
    def _show(story: _Story, shown: dict[str, Picture], told: Told) -> None:
        story.pictures |= {name: picture.header["id"] for name, picture in shown.items()}
        told.pictures.extend(shown.values())

    def _words(self, one: Change, story: _Story, wall_ns: int, clock: ClockState, told: Told) -> Event:
        zones = [zone.name for zone in self.camera.zone if inside(foot_of(one.box), zone.polygon)]
        media = [picture.ref() for picture in told.pictures if picture.header.get("event") == story.id]
        said: dict[str, object] = {
            "lain_s": one.lain_s, "owner": "".join(one.owners[:1]), "owner_near": one.near,
            "taker": "".join(one.takers[:1]), "outcome": one.outcome, "by": one.by, "zones": zones,
            "why": one.verdict.why, "contour": [list(corner) for corner in one.outline],
            "pictures": dict(story.pictures),
        }  # fmt: skip
        return Event(
            id=story.id, camera=self.camera.id, kind=one.kind, phase=one.phase, time=rfc3339(wall_ns),
            start=rfc3339(one.start_ns), end=None if one.end_ns is None else rfc3339(one.end_ns),
            label=story.name, score=one.verdict.score, box=corners(one.box), rule="still",
            zone=zones[0] if zones else None, severity=self.camera.still.severity,
            tracks=list(dict.fromkeys((*one.owners, *one.takers)))[:64],
            attributes={name: value for name, value in said.items() if value not in ("", [], {})}, media=media,
            clock=clock,
        )  # fmt: skip

    def _pictures(self, one: Change, event: str, picture: Image, wall_ns: int) -> dict[str, Picture]:
        """Now, the moment it began, the place as it was before, and who left or took it."""
        assert self._album is not None  # noqa: S101 - asked before
        camera, make_id = self.camera.id, self._make_id
        urgent = self.camera.still.severity == "alarm"
        shown = {"now": take_picture(picture, make_id(wall_ns), camera, wall_ns, event=event, urgent=urgent)}
        page = self._album.nearest(one.start_ns - BEFORE_NS)
        if page is not None:
            whose = {"id": make_id(wall_ns), "camera": camera, "event": event, "track": None}
            shown["moment"] = picture_of(page.jpeg, whose, (page.width, page.height), (page.wall_ns, page.wall_ns))
        before = self._watch.background
        if before is not None:
            shown["before"] = take_picture(before, make_id(wall_ns), camera, one.start_ns, event=event)
        return shown | self._shot("taker" if one.kind is Kind.REMOVED else "owner", one.owners, event, wall_ns)

    def _shot(self, name: str, tracks: tuple[str, ...], event: str, wall_ns: int) -> dict[str, Picture]:
        """The best picture of the likeliest of `tracks` that has one."""
        for track in tracks:
            shot = self._best_shot(track)
            if shot is not None:
                whose: dict[str, str | None] = {
                    "id": self._make_id(wall_ns),
                    "camera": self.camera.id,
                    "event": event,
                    "track": track,
                }
                size, span = (shot.width, shot.height), (shot.wall_ns, shot.wall_ns)
                return {name: picture_of(shot.jpeg, whose, size, span)}
        return {}


def _name(one: Change, actors: list[Actor]) -> str:
    """What the detector calls it; `object` when it does not know."""
    if one.verdict.actor is not None:
        return one.verdict.actor.label
    if one.kind is not Kind.LEFT:
        return "object"
    fitting = [(iou(one.box, actor.box), actor.label) for actor in actors if actor.label in THINGS]
    share, label = max(fitting, default=(0.0, "object"))
    return label if share >= NAMED_IOU else "object"
