"""Other lights over a drawn picture: a lamp of another colour, what the camera balances of it, and its noise."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from agent.analyse.attributes.light import _TO_RGB, _planck
from agent.analyse.detect.port import Image

BRADFORD = np.array(((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296)))
DAYLIGHT = np.array((0.95047, 1.0, 1.08883))
"""D65, for which the pictures are drawn."""


@dataclass(frozen=True)
class Lamp:
    """`kelvin` of the lamp and of the white that the camera balances for (0: daylight, as drawn); exposure in stops;
    noise as a standard deviation in grey levels."""

    kelvin: float = 0
    balance: float = 0
    stops: float = 0.0
    noise: float = 0.0

    @cached_property
    def matrix(self) -> np.ndarray:
        """Of linear red green blue: Bradford's adaptation to the lamp, and what the camera takes back of it."""
        lit = _adapted(DAYLIGHT, _white(self.kelvin))
        balanced = _adapted(_white(self.balance), DAYLIGHT)
        return np.asarray(2.0**self.stops * _TO_RGB @ balanced @ lit @ np.linalg.inv(_TO_RGB))

    def over(self, picture: Image, rng: np.random.Generator) -> Image:
        """The picture (blue green red) in this light."""
        linear = cv2.LUT(picture, _LINEAR)
        lit = cv2.transform(linear, self.matrix[::-1, ::-1].astype(np.float32))
        coded = np.take(_CODED, (np.clip(lit, 0, 1) * (len(_CODED) - 1)).astype(np.int32))
        if self.noise:
            coded = coded + rng.normal(0, self.noise, coded.shape).astype(np.float32)
        return np.clip(coded + 0.5, 0, 255).astype(np.uint8)


def _white(kelvin: float) -> np.ndarray:
    if not kelvin:
        return DAYLIGHT
    x, y = _planck(np.array([kelvin]))
    return np.array((x[0] / y[0], 1.0, (1 - x[0] - y[0]) / y[0]))


def _adapted(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    cones = (BRADFORD @ other) / (BRADFORD @ one)
    return np.asarray(np.linalg.inv(BRADFORD) @ np.diag(cones) @ BRADFORD)


def _curve() -> np.ndarray:
    coded = np.arange(256) / 255
    return np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4).astype(np.float32)


def _codes() -> np.ndarray:
    linear = np.linspace(0, 1, 8192)
    coded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return (255 * coded).astype(np.float32)


_LINEAR, _CODED = _curve(), _codes()

LAMPS = {
    "neutral": Lamp(),
    "warm": Lamp(3000, 5000),
    "cool": Lamp(10_000, 6500, -0.3),
    "sodium": Lamp(2000, 3500, -1.0, 2.0),
    "dusk": Lamp(12_000, 6500, -1.15, 3.0),
}
"""Halogen or warm LED with the camera at its daylight setting; open shade; high-pressure sodium, which is beyond what
cameras balance, a stop too dark; after sunset, with the gain up."""
