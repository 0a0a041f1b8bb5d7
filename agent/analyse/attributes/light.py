"""The light of a scene: what colour it lends to what is white, how bright it is, and whether there is colour at all.

Most of a street is grey (asphalt, concrete, paint, overcast sky), and lamps and daylight lie on one line of
chromaticities, the Planckian locus. So the light is where the colours of the backdrop crowd near that line; a lawn or a
brick wall lies beside it. Of two crowds the more usual light wins: cameras balance their white themselves, mostly well.
The vote over a gamut of possible lights goes back to Finlayson, Hordley and Hubel (Color by correlation, PAMI 2001).

One estimate a second, the median of half a minute: a red bus in front of the camera is no other light.
"""

from __future__ import annotations

import statistics
from collections import deque
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from agent.analyse.attributes.backdrop import Backdrop
from agent.analyse.detect.port import Image

Floats = NDArray[np.float32]
Sort = Literal["colour", "colourless", "dark"]

MOST_ESTIMATES = 31
RED, BLUE = (-0.6, 1.0), (-1.6, 0.8)
"""The logarithms of red and blue over green, as the picture codes them, in which lights are looked for."""
STEP = 0.04
OFF_LINE, ALONG_LINE = 0.07, 0.35
"""How far a light lies beside the locus, and from the white that the camera balanced for, before it is doubted."""
CLIPPED, DIM = 250.0, 20.0
"""Grey levels of the brightest channel beyond which a pixel says nothing of the light."""
FADED, COLOURED = 5.0, 8.0
"""Between the channels; when all but a hundredth of the picture keeps below the first there is no colour (infrared)."""
DARK, DUSK = 45.0, 55.0
"""The bright parts of a picture in which no colour can be told any more; light again."""
WHITE = 190.0
"""Where the bright parts of a street lie in daylight."""
MOST_GAIN = 6.0
MOST_EXPOSURE = 2.2
FEWEST = 50
SPARSE = 2
"""Of the backdrop every second pixel each way says as much of the light as all."""
STREET = (0.02, -0.05)
"""What a street is beside grey: concrete, stone and dust are a little yellow, asphalt is not."""
LUMA = np.array((0.114, 0.587, 0.299), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Lighting:
    """Multiply blue, green, red (0..255) by `gains` to see them as by day; without colour only `sort` is of use."""

    sort: Sort
    gains: Floats


class Light:
    """One per camera. `now` is the best guess, from the first picture on."""

    def __init__(self) -> None:
        self._estimates: deque[tuple[float, float, float]] = deque(maxlen=MOST_ESTIMATES)
        self.now = Lighting("colour", np.ones(3, np.float32))

    def forget(self) -> None:
        """The light or the camera's mode has changed: what was measured before says nothing now."""
        self._estimates.clear()

    def look(self, backdrop: Backdrop, picture: Image) -> None:
        """Learn from the street as it is, and from the whole `picture` whether there is colour."""
        known = backdrop.known[::SPARSE, ::SPARSE].ravel() > 0
        pixels = np.compress(known, backdrop.colours[::SPARSE, ::SPARSE].reshape(-1, 3), axis=0)
        if len(pixels) < FEWEST:
            return
        red, blue = cast_of(pixels)
        self._estimates.append((red, blue, float(np.percentile(pixels @ LUMA, 97))))
        red, blue, bright = (statistics.median(values) for values in zip(*self._estimates, strict=True))
        sort = self._sort(picture, _gains(red, blue), bright)
        self.now = Lighting(sort, _gains(red - STREET[0], blue - STREET[1]) * _exposure(bright))

    def _sort(self, picture: Image, gains: Floats, bright: float) -> Sort:
        before = self.now.sort
        if bright < (DUSK if before == "dark" else DARK):
            return "dark"
        few = cv2.split(cv2.resize(picture, (96, 54), interpolation=cv2.INTER_LINEAR))
        blue, green, red = (plane * gain for plane, gain in zip(few, gains, strict=True))
        apart = np.maximum(np.maximum(blue, green), red) - np.minimum(np.minimum(blue, green), red)
        spread = float(np.percentile(apart, 99))
        return "colourless" if spread < (COLOURED if before == "colourless" else FADED) else "colour"


def largest(pixels: Floats) -> Floats:
    """The largest of the three channels (the last axis); `max(axis=-1)` takes ten times as long."""
    return np.asarray(np.maximum(np.maximum(pixels[..., 0], pixels[..., 1]), pixels[..., 2]))


def cast_of(pixels: Floats) -> tuple[float, float]:
    """The logarithms of red and blue over green (as coded) that the street has in this light; 0, 0: nothing tells."""
    brightest = largest(pixels)
    pixels = np.compress((brightest < CLIPPED) & (brightest > DIM), pixels, axis=0)
    if len(pixels) < FEWEST:
        return 0.0, 0.0
    logs = np.log(np.maximum(pixels, 2.0))
    red, blue = logs[:, 2] - logs[:, 1], logs[:, 0] - logs[:, 1]
    weights = pixels @ LUMA
    return _believable(*_crowd(red, blue, weights))


def _crowd(red: Floats, blue: Floats, weights: Floats) -> tuple[float, float]:
    prior = _prior()
    rows = np.clip((red - RED[0]) / STEP, 0, prior.shape[0] - 1).astype(np.int64)
    columns = np.clip((blue - BLUE[0]) / STEP, 0, prior.shape[1] - 1).astype(np.int64)
    counts = np.bincount(rows * prior.shape[1] + columns, weights, prior.size).reshape(prior.shape)
    crowds = cv2.GaussianBlur(counts.astype(np.float32), (0, 0), 1.2) * prior
    row, column = np.unravel_index(int(crowds.argmax()), prior.shape)
    centre = RED[0] + (float(row) + 0.5) * STEP, BLUE[0] + (float(column) + 0.5) * STEP
    for _ in range(3):  # mean shift (Comaniciu and Meer, 2002)
        near = weights * np.exp(-((red - centre[0]) ** 2 + (blue - centre[1]) ** 2) / (2 * (1.5 * STEP) ** 2))
        total = float(near.sum())
        if total <= 0:
            return 0.0, 0.0
        centre = float(near @ red) / total, float(near @ blue) / total
    return centre


def _believable(red: float, blue: float) -> tuple[float, float]:
    """The nearest light that there is: no lamp and no sky is farther from the locus."""
    line = locus()
    away = np.hypot(line[:, 0] - red, line[:, 1] - blue)
    nearest = line[int(away.argmin())]
    share = min(1.0, OFF_LINE / max(1e-6, float(away.min())))
    return float(nearest[0] + share * (red - nearest[0])), float(nearest[1] + share * (blue - nearest[1]))


@lru_cache(maxsize=1)
def _prior() -> Floats:
    """How usual each light is, red by blue."""
    reds = np.arange(RED[0] + STEP / 2, RED[1], STEP)
    blues = np.arange(BLUE[0] + STEP / 2, BLUE[1], STEP)
    line = locus()
    places = np.stack(np.meshgrid(reds, blues, indexing="ij"), axis=-1)
    away = np.linalg.norm(places[:, :, None, :] - line, axis=-1)
    nearest = away.argmin(axis=2)
    along = np.linalg.norm(line, axis=1)[nearest]
    beside = away.min(axis=2)
    return np.asarray(np.exp(-((beside / OFF_LINE) ** 2) / 2 - along / ALONG_LINE), np.float32)


@lru_cache(maxsize=1)
def locus() -> NDArray[np.float64]:
    """The logarithms of red and blue over green, as sRGB codes them, of black bodies from 1,900 K to 20,000 K."""
    kelvin = 1e6 / np.linspace(1e6 / 20_000, 1e6 / 1_900, 120)
    x, y = _planck(kelvin)
    xyz = np.stack([x / y, np.ones_like(x), (1 - x - y) / y], axis=-1)
    rgb = np.maximum(xyz @ _TO_RGB.T, 0.01)
    logs = np.log(rgb) / 2.2
    return np.stack([logs[:, 0] - logs[:, 1], logs[:, 2] - logs[:, 1]], axis=-1)


_TO_RGB = np.array(
    ((3.2404542, -1.5371385, -0.4985314), (-0.9692660, 1.8760108, 0.0415560), (0.0556434, -0.2040259, 1.0572252))
)


def _planck(kelvin: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """CIE x, y of a black body (Kim et al., 2002, as in most colour libraries; good to 0.001)."""
    warm = -0.2661239e9 / kelvin**3 - 0.2343589e6 / kelvin**2 + 0.8776956e3 / kelvin + 0.179910
    cool = -3.0258469e9 / kelvin**3 + 2.1070379e6 / kelvin**2 + 0.2226347e3 / kelvin + 0.240390
    x = np.where(kelvin < 4000, warm, cool)
    low = -1.1063814 * x**3 - 1.34811020 * x**2 + 2.18555832 * x - 0.20219683
    middle = -0.9549476 * x**3 - 1.37418593 * x**2 + 2.09137015 * x - 0.16748867
    high = 3.0817580 * x**3 - 5.87338670 * x**2 + 3.75112997 * x - 0.37001483
    return x, np.where(kelvin < 2222, low, np.where(kelvin < 4000, middle, high))


def _gains(red: float, blue: float) -> Floats:
    """That make grey of what is grey, and leave it as bright as it is."""
    gains = np.array((np.exp(-blue), 1.0, np.exp(-red)))
    gains *= float(LUMA @ np.array((np.exp(blue), 1.0, np.exp(red))))
    return np.asarray(np.clip(gains, 1 / MOST_GAIN, MOST_GAIN), np.float32)


def _exposure(bright: float) -> float:
    """How much brighter the camera would show it by day."""
    return float(np.clip(WHITE / max(1.0, bright), 1.0, MOST_EXPOSURE))
