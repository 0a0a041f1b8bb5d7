"""A picture of any shape into a model's fixed one, and boxes back: resized to fit, rest padded, top left."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from agent.analyse.detect.port import Image
from agent.analyse.models import ModelInput

Floats = NDArray[np.float32]


def fit(picture_width: int, picture_height: int, shape: ModelInput) -> float:
    """The factor from the picture's px to the model's."""
    return min(shape.width / picture_width, shape.height / picture_height)


def letterbox(picture: Image, shape: ModelInput) -> Floats:
    """The model's input for one picture: 1 x 3 x height x width."""
    height, width = picture.shape[:2]
    factor = fit(width, height, shape)
    small = cv2.resize(picture, (max(1, round(width * factor)), max(1, round(height * factor))))
    canvas = np.full((shape.height, shape.width, 3), shape.padding, np.uint8)
    canvas[: small.shape[0], : small.shape[1]] = small
    if shape.order == "RGB":
        canvas = canvas[:, :, ::-1]
    values: Floats = canvas.astype(np.float32)
    if any(shape.mean) or shape.scale != (1.0, 1.0, 1.0):
        values -= np.asarray(shape.mean, np.float32)
        values /= np.asarray(shape.scale, np.float32)
    return np.ascontiguousarray(values.transpose(2, 0, 1)[None])


def unletterbox(boxes: Floats, picture_width: int, picture_height: int, shape: ModelInput) -> Floats:
    """Boxes n x 4 from the model's px to 0..1 of the picture, clipped to it."""
    factor = fit(picture_width, picture_height, shape)
    scale = np.array([picture_width, picture_height] * 2, np.float32) * factor
    return np.asarray(np.clip(boxes / scale, 0.0, 1.0), np.float32)
