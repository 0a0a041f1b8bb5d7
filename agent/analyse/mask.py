"""Privacy masks: painted over the picture before anything looks at it, so nothing later can show what is there."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from agent.analyse.detect.port import Image
from agent.analyse.motion import Grey
from agent.core.geometry import Point

GREY = (96, 96, 96)


class Painter:
    """Paints a camera's masks."""

    def __init__(self, polygons: Sequence[Sequence[Point]]) -> None:
        self._polygons = [np.asarray(polygon, np.float64) for polygon in polygons]

    def paint(self, picture: Image) -> None:
        """Cover the masked areas of `picture`, in place. Every pixel that a mask touches is covered."""
        height, width = picture.shape[:2]
        for polygon in self._polygons:
            corners = np.round(polygon * (width, height)).astype(np.int32)
            cv2.fillPoly(picture, [corners], GREY)

    def paint_grey(self, grey: Grey) -> None:
        """The same for the small picture that the motion gate sees, in place, with a pixel around it: it is blurred."""
        height, width = grey.shape
        for polygon in self._polygons:
            corners = np.round(polygon * (width, height)).astype(np.int32)
            cv2.fillPoly(grey, [corners], GREY[0])
            cv2.polylines(grey, [corners], isClosed=True, color=GREY[0], thickness=3)
