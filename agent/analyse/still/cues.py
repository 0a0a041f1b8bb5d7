"""Is a change a thing that came, a thing that went, or light? Judged from the pixels before and now.

A thing that lies there breaks with what is around it, now; a thing that is gone did so before. Three measures say how
much, each between -1 (gone) and 1 (came): steps across the contour, edges along it, and how unlike the surroundings
the inside is. After Tian and others (region and context) and EURASIP JIVP 2015:6 (contour edges, patch histograms).
Around the region both pictures are the background, so nobody who passes by is taken for a part of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from agent.analyse.still.layers import Layers
from agent.analyse.still.region import Bools, Region
from agent.analyse.still.scale import DARK, Field

MARGIN_PX = 7
CALM = 6.0
"""Grey levels of contrast that are nothing; keeps the measures near 0 on empty ground."""
MOST_SAMPLES = 96


@dataclass(frozen=True, slots=True)
class Cues:
    """`step`, `edge`, `unlike`: -1 gone .. 1 came. The rest is about light.

    `ratio` is the brightness now over before; `spread` how unevenly it changed (log); `tint` how much the colour
    changed (log); `alike` the correlation of the fine texture, nan where there was none.
    """

    step: float
    edge: float
    unlike: float
    ratio: float
    spread: float
    tint: float
    alike: float
    contrast: float
    solid: float

    @property
    def came(self) -> float:
        """-1 gone .. 1 came."""
        return 0.35 * self.step + 0.15 * self.edge + 0.5 * self.unlike


def cues_of(layers: Layers, region: Region) -> Cues:
    """Measure the region."""
    rows, columns = _padded(region)
    inside = np.zeros((rows.stop - rows.start, columns.stop - columns.start), bool)
    y, x = region.y - rows.start, region.x - columns.start
    inside[y : y + region.mask.shape[0], x : x + region.mask.shape[1]] = region.mask
    before = layers.background[rows, columns]
    now = np.where(inside[..., None], layers.shown[rows, columns], before)
    light = _light(now, before, _narrower(inside))  # a hole in a shadow is what was told of before
    inside = _filled(inside)
    ring = _wider(inside, MARGIN_PX - 1) & ~_wider(inside, 2)
    return Cues(
        _step(now, before, inside), _edge(now, before, inside), _unlike(now, before, inside, ring), *light,
        _contrast(now, before, inside), region.area_px / max(1, region.mask.size),
    )  # fmt: skip


def same_under_light(layers: Layers, region: Region) -> bool:
    """Is what the region shows in this very picture the background, a little brighter or darker?"""
    now, before = layers.picture[region.where].astype(np.float32), layers.background[region.where]
    ratio, spread, tint, alike = _light(now, before, _narrower(region.mask))
    return 0.6 < ratio < 1.7 and spread < 0.12 and tint < 0.08 and not alike < 0.5  # nan: no texture to compare


def large_light(layers: Layers, region: Region) -> bool:
    """Has the light changed on a large region? Its fine texture is what it was."""
    now, before = layers.shown[region.where], layers.background[region.where]
    _, _, tint, alike = _light(now, before, _narrower(region.mask))
    return alike > 0.7 and tint < 0.15


def _padded(region: Region) -> tuple[slice, slice]:
    rows, columns = region.where
    return (
        slice(max(0, rows.start - MARGIN_PX), min(region.height, rows.stop + MARGIN_PX)),
        slice(max(0, columns.start - MARGIN_PX), min(region.width, columns.stop + MARGIN_PX)),
    )


def _filled(mask: Bools) -> Bools:
    closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    contours, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(cv2.drawContours(closed, contours, -1, 1, cv2.FILLED) > 0)


def _wider(mask: Bools, px: int) -> Bools:
    return np.asarray(cv2.dilate(mask.astype(np.uint8), np.ones((2 * px + 1,) * 2, np.uint8)) > 0)


def _narrower(mask: Bools) -> Bools:
    """Without its rim where enough is left."""
    for px in (2, 1):
        core = np.asarray(cv2.erode(mask.astype(np.uint8), np.ones((2 * px + 1,) * 2, np.uint8)) > 0)
        if core.sum() >= 0.3 * mask.sum():
            return core
    return mask


def _balance(now: float, before: float, calm: float = CALM) -> float:
    return (now - before) / (now + before + calm)


def _step(now: Field, before: Field, inside: Bools) -> float:
    """Colour just inside against just outside, along the contour."""
    rim = _wider(inside, 1) & ~np.asarray(cv2.erode(inside.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)
    inner = inside & _wider(~inside, 3)
    outer = _wider(inside, 4) & ~_wider(inside, 1)
    steps = [_local(picture, inner)[rim] - _local(picture, outer)[rim] for picture in (now, before)]
    after, earlier = (float(np.abs(step).max(axis=1).mean()) for step in steps)
    return _balance(after, earlier)


def _local(picture: Field, mask: Bools) -> Field:
    """The mean of the masked pixels within 4 px."""
    weight = mask.astype(np.float32)
    total = cv2.boxFilter(picture * weight[..., None], -1, (9, 9), normalize=False)
    return np.asarray(total / np.maximum(1, cv2.boxFilter(weight, -1, (9, 9), normalize=False))[..., None])


def _edge(now: Field, before: Field, inside: Bools) -> float:
    """Gradients along the contour; the seam of `now` lies a little inside the thing's blurred rim, as does its own."""
    band = _wider(inside, 2) & _wider(~inside, 2)
    after, earlier = (float(_gradient(picture)[band].mean()) for picture in (now, before))
    return _balance(after, earlier, 4 * CALM)


def _gradient(picture: Field) -> Field:
    grey = picture.max(axis=2)
    across, down = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    return np.asarray(cv2.magnitude(across, down) / 4, np.float32)


def _unlike(now: Field, before: Field, inside: Bools, ring: Bools) -> float:
    """How far the inside's colours are from the nearest of the surroundings' colours."""
    around = _sample(before[ring])
    if len(around) == 0:
        return 0.0
    after, earlier = (_distance(_sample(picture[inside]), around) for picture in (now, before))
    return _balance(after, earlier)


def _sample(colours: Field) -> Field:
    return colours[:: max(1, len(colours) // MOST_SAMPLES)]


def _distance(colours: Field, around: Field) -> float:
    gaps = np.abs(colours[:, None, :] - around[None, :, :]).max(axis=2)
    gaps.partition(min(3, gaps.shape[1] - 1), axis=1)
    return float(gaps[:, min(3, gaps.shape[1] - 1)].mean())


def _contrast(now: Field, before: Field, inside: Bools) -> float:
    return float(np.abs(now[inside] - before[inside]).max(axis=1).mean())


def _light(now: Field, before: Field, core: Bools) -> tuple[float, float, float, float]:
    ratios = np.log((now[core] + DARK) / (before[core] + DARK))
    grey = ratios.mean(axis=1)
    tint = float(np.abs(ratios.mean(axis=0) - ratios.mean()).max())
    return float(np.exp(grey.mean())), _spread(grey), tint, _alike(now, before, core)


def _spread(values: Field) -> float:
    """As the standard deviation, but what the rim does to a few does not count."""
    low, high = np.percentile(values, (16, 84))
    return float(high - low) / 2


def _alike(now: Field, before: Field, core: Bools) -> float:
    after, earlier = _texture(now)[core], _texture(before)[core]
    if min(float(after.std()), float(earlier.std())) < 1.0:
        return float("nan")
    return float(np.corrcoef(after, earlier)[0, 1])


def _texture(picture: Field) -> NDArray[np.float32]:
    grey = picture.mean(axis=2)
    return np.asarray(grey - cv2.blur(grey, (7, 7)), np.float32)
