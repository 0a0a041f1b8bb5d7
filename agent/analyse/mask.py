"""Privacy masks: painted over the picture before anything looks at it, so nothing later can show what is there."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from agent.analyse.detect.port import Image
from agent.analyse.motion import Grey
from agent.core.geometry import Point

GREY = (96, 96, 96)
RIM = 3
"""Px of the line along an edge: its true way is up to half a pixel off, and each pixel that it only touches counts."""


class Painter:
    """Paints a camera's masks."""

    def __init__(self, polygons: Sequence[Sequence[Point]]) -> None:
        self._polygons = [np.asarray(polygon, np.float64) for polygon in polygons]

    def paint(self, picture: Image) -> None:
        """Cover the masked areas of `picture`, in place. Every pixel that a mask touches is covered."""
        self._cover(picture, GREY, RIM)

    def paint_grey(self, grey: Grey) -> None:
        """The same for the small picture that the motion gate sees, in place, with a pixel around it: it is blurred."""
        self._cover(grey, GREY[:1], RIM + 2)

    def _cover(self, picture: Image | Grey, colour: Sequence[int], rim: int) -> None:
        height, width = picture.shape[:2]
        for polygon in self._polygons:
            corners = np.round(polygon * (width, height) - 0.5).astype(np.int32)  # of a pixel OpenCV names the middle
            cv2.fillPoly(picture, [corners], colour)
            cv2.polylines(picture, [corners], isClosed=True, color=colour, thickness=rim)
