"""All that is known of a camera's tracks beside where they are, as messages carry it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from agent.analyse.attributes.additions import GROUP, Additions
from agent.analyse.attributes.carry import Carrying
from agent.analyse.attributes.colours import Colours
from agent.analyse.attributes.grid import parts_of
from agent.analyse.attributes.names import UNKNOWN
from agent.analyse.detect.port import Image
from agent.analyse.mask import Painter
from agent.analyse.motion import Motion
from agent.analyse.track.track import Track
from agent.analyse.track.tracker import Step
from agent.core.plugins import Plugins

Shares = dict[str, list[tuple[str, float]]]


@dataclass(frozen=True, slots=True)
class Looks:
    """Of one track. `colours`: every part that its label has, `unknown` alone where nothing can be told.

    `lab` and `confidence` have the known ones.
    """

    colours: Shares
    lab: dict[str, tuple[float, float, float]]
    confidence: dict[str, float]
    attributes: dict[str, Any]
    kind: str = ""

    @property
    def said(self) -> dict[str, Any]:
        """As events carry it among their attributes: only what is known."""
        known = {part: shares for part, shares in self.colours.items() if part in self.lab}
        return {**({"colours": known} if known else {}), **self.attributes}


class Attributes:
    """One per camera. `plugins`: those of `lamppost.attributes`, shared by all cameras."""

    def __init__(self, camera: str, painter: Painter, plugins: Plugins | None = None) -> None:
        self._colours, self._carrying = Colours(painter), Carrying()
        self._additions = Additions(camera, plugins or Plugins(GROUP, ()))

    def look(self, picture: Image, step: Step, motion: Motion | None, wall_ns: int) -> None:
        """Take in a picture that the detector saw; `motion` where somebody looked for it."""
        if motion is not None and motion.relearning:
            self._colours.forget_scene()
        now = [track for track in step.tracks if track.seen_ns == wall_ns]
        moving = motion.mask if motion is not None and not motion.relearning else None
        around = [track.box for track in step.tracks]
        self._colours.look(picture, now, around, moving, wall_ns)
        self._carrying.look(now, picture.shape[1] / picture.shape[0], wall_ns)
        self._additions.look(picture, [track for track in now if track.confirmed], wall_ns)

    def told(self, track: Track) -> Looks:
        """What is known of it by now."""
        voted = self._colours.told(track.id)
        known = {part: colour for part in parts_of(track.label, track.kind) if (colour := voted.get(part)) is not None}
        return Looks(
            {
                part: list(known[part].shares) if part in known else [(UNKNOWN, 1.0)]
                for part in parts_of(track.label, track.kind)
            },
            {part: colour.lab for part, colour in known.items()},
            {part: colour.confidence for part, colour in known.items()},
            {**self._carrying.told(track.id), **self._additions.told(track.id)},
            track.kind if track.kind != track.label else "",
        )

    def drop(self, track: str) -> None:
        """It is over, and was told of."""
        self._colours.drop(track)
        self._carrying.drop(track)
        self._additions.drop(track)
