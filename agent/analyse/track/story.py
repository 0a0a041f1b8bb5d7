"""What a track remembers beside where it is: path, best shots, outline, sprites, zones, and when to tell of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from agent.analyse.detect.port import Image
from agent.analyse.ground.plane import Plane
from agent.analyse.observe import foot_of
from agent.analyse.stays import Stays
from agent.analyse.track.outline import Mask, Outline, outline_of
from agent.analyse.track.path import Path
from agent.analyse.track.shot import Gallery
from agent.analyse.track.sprites import Sprites
from agent.analyse.track.track import Track
from agent.analyse.travel import Travel, Walk
from agent.config.gateway import Zone
from agent.core.clock import NS
from agent.core.geometry import Box, inside

FIRST_REPORT_S = 30
REPORT_S = 60
SHORTEST_S = 1.0
"""A track that lived shorter is not worth telling of."""


class Story:
    """One per track, from its first sight."""

    def __init__(self, track: Track, zones: Sequence[Zone], *, with_sprites: bool = True) -> None:
        self.track, self._with_sprites = track, with_sprites
        self.path, self.gallery, self.sprites = Path(), Gallery(), Sprites()
        self.outline: Outline | None = None
        """As it was at the best shot, where it could be told from the street."""
        self.zones: list[str] = []
        self._zones, self._walk, self.stays = zones, Walk(), Stays(zones)
        self.birth_foot = foot_of(track.box)
        self._reports = 0
        self._told_ns = 0

    def go(self, aspect: float, plane: Plane | None, blind_s: float) -> None:
        """The track was just found; before that nobody had looked for `blind_s`."""
        track = self.track
        self._walk.go(track.seen_ns, track.box, aspect, plane)
        if self._zones:
            self.stays.go(track.seen_ns, foot_of(track.box), blind_s)

    def enter(self, zones: Sequence[Zone]) -> None:
        """These are the zones now; in which it was before stays known by name, for how long does not."""
        self._zones, self.stays = zones, Stays(zones)

    @property
    def travel(self) -> Travel:
        """How it moved when it was last found."""
        return self._walk.travel

    def tell(self, picture: Image | None, others: Iterable[Box], foreground: Mask | None) -> None:
        """The track was just found in `picture`, among `others`; None: it is known to stand where it stood.

        `foreground` (0 or 255, the whole picture at any size) is where something moves, where that is known.
        """
        track = self.track
        box = track.box.clipped()
        self.path.go(track.seen_ns, box)
        if not track.confirmed or picture is None:
            return
        self._keep(picture, box, others, foreground)
        if self._zones:
            foot = foot_of(track.box)
            self.zones += [z.name for z in self._zones if z.name not in self.zones and inside(foot, z.polygon)]

    @property
    def worthy(self) -> bool:
        """Confirmed, and long enough to tell of."""
        return self.track.confirmed and self.track.age_s >= SHORTEST_S

    def due(self, wall_ns: int) -> bool:
        """Is it time for a summary of a track that goes on: after 30 s, then every minute? True once each time.

        Never for one that nobody has seen since the last: there is nothing new to tell.
        """
        if wall_ns - self.track.first_ns < (FIRST_REPORT_S + REPORT_S * self._reports) * NS:
            return False
        if not self.worthy or self.track.seen_ns == self._told_ns:
            return False
        self._reports += 1
        self._told_ns = self.track.seen_ns
        return True

    def _keep(self, picture: Image, box: Box, others: Iterable[Box], foreground: Mask | None) -> None:
        track = self.track
        best = self.gallery.offer(picture, box, track.score, track.seen_ns, others, track.speed)
        wants = self._with_sprites and self.sprites.wants(box, track.seen_ns)
        outline = outline_of(foreground, box) if foreground is not None and (best or wants) else None
        if best:
            self.outline = outline
        if wants:
            self.sprites.add(picture, box, track.seen_ns, outline)
