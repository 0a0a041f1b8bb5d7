"""Does what stood there still stand there? Its patch in the small picture of the gate tells, for next to nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2

from agent.analyse.motion import Grey
from agent.analyse.track.track import Track
from agent.core.clock import NS
from agent.core.geometry import Box, iou

LEAST_PX = 4
ALIKE = 0.8
"""Normalised correlation from which two patches show the same,"""
SAME_LEVELS = 6.0
"""or so small a mean difference: a plain patch correlates with nothing."""
CHECK_S = 1.0
RIPE_S = 1.0
"""A thing stands when the detector has found it in one place for so long,"""
SAME_PLACE = 0.7
"""that is with so much of its box in common (intersection over union)."""


@dataclass(slots=True, eq=False)
class Anchor:
    """How a standing track looked when the detector last found it, and when that was."""

    box: Box
    patch: Grey
    since_ns: int
    checked_ns: int
    asked_ns: int
    blanks: int = 0
    intact: bool = True


class Anchors:
    """One per camera: an anchor for each track that stands."""

    def __init__(self) -> None:
        self._anchors: dict[str, Anchor] = {}

    def found(self, track: Track, grey: Grey, wall_ns: int, *, sure: bool) -> None:
        """The detector has just found the track; only what it is `sure` of begins to stand."""
        before = self._anchors.pop(track.id, None)
        stays = before is not None and iou(before.box, track.box) >= SAME_PLACE
        if track.confirmed and track.stands() and (sure or stays):
            since_ns = before.since_ns if before is not None and stays else wall_ns
            self._anchors[track.id] = Anchor(track.box, _patch(grey, track.box), since_ns, wall_ns, wall_ns)

    def keep_only(self, ids: set[str]) -> None:
        """Forget those whose tracks are over."""
        self._anchors = {track: anchor for track, anchor in self._anchors.items() if track in ids}

    def blank(self, track: str, wall_ns: int) -> None:
        """The detector was shown its place and did not find it."""
        if track in self._anchors:
            self._anchors[track].asked_ns = wall_ns
            self._anchors[track].blanks += 1

    def ripe(self, track: str, wall_ns: int) -> bool:
        """Has it been found in one place for long enough?"""
        anchor = self._anchors.get(track)
        return anchor is not None and wall_ns - anchor.since_ns >= RIPE_S * NS

    def blanks(self, track: str) -> int:
        """At how many of the last looks in a row it was not found."""
        anchor = self._anchors.get(track)
        return 0 if anchor is None else anchor.blanks

    def unasked_s(self, track: str, wall_ns: int) -> float:
        """For how long nobody asked the detector for it; infinite for what has no anchor."""
        anchor = self._anchors.get(track)
        return float("inf") if anchor is None else (wall_ns - anchor.asked_ns) / NS

    def intact(self, track: str, grey: Grey, wall_ns: int, *, touched: bool) -> bool:
        """Does its place look as it did? Compared each second, and at once when something moves there."""
        anchor = self._anchors.get(track)
        if anchor is None:
            return False
        if touched or wall_ns - anchor.checked_ns >= CHECK_S * NS:
            anchor.checked_ns = wall_ns
            anchor.intact = _alike(anchor.patch, _patch(grey, anchor.box))
        return anchor.intact


def _patch(grey: Grey, box: Box) -> Grey:
    height, width = grey.shape
    part = box.clipped()
    x1, x2 = int(part.x1 * width), math.ceil(part.x2 * width)
    y1, y2 = int(part.y1 * height), math.ceil(part.y2 * height)
    return grey[y1:y2, x1:x2].copy()


def _alike(before: Grey, now: Grey) -> bool:
    if before.shape != now.shape or min(before.shape) < LEAST_PX:
        return False
    if cv2.norm(before, now, cv2.NORM_L1) < SAME_LEVELS * before.size:
        return True
    return float(cv2.matchTemplate(now, before, cv2.TM_CCOEFF_NORMED)[0, 0]) >= ALIKE
