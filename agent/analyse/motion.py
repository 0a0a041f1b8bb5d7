"""The motion gate: a running average of a small grey picture says where something moves, for a third of a millisecond.

Contrast is normalised first, so that dusk, gain and thin fog change nothing; when the exposure jumps, the new levels
are fitted to the old ones and nothing moves. When most of the picture changes at once all the same (lightning, infrared
switching, the camera turns) the average is learnt again and no motion is claimed, but the picture is worth a look; a
flash that passes gives the old average back. After Frigate's gate, see the project's research notes; written anew.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from agent.core.clock import NS
from agent.core.geometry import Box

LONGEST_PX = 320
DARK, BRIGHT = 28.0, 228.0
"""Where the usual range of grey comes to lie; what is beyond still has room on both sides."""
THRESHOLD = 17
"""Grey levels of the normalised picture."""
SUSPECT_SHARE = 0.25
"""When so much differs, and twice as much as before, the light may have changed,"""
LIGHTNING_SHARE = 0.6
"""and when so much still does after the levels were fitted, the scene has."""
FLASH_S = 3.0
"""So long the average from before a flash is kept."""
SMALLEST_PX = 64
"""After widening,"""
WIDER_PX = 2
"""on each side."""
TAU_STILL_S = 3.0
TAU_MOVING_S = 8.0
"""How fast the average follows where nothing moves, and where something does: what stops is still soon after."""
CHANGE_THRESHOLD = 8
CHANGED_SHARE = 0.02
"""A place that differs from what is usual moves only when this share of it differs from the picture before, too:
where somebody stood when the gate began to learn, a hole stays for a while, and a hole does not move."""
TAU_NOISE_S = 15.0
NOISE_FACTOR = 4.0
MOST_THRESHOLD = 43
"""Where leaves or water always move a little, the threshold rises up to here."""
TAU_RANGE_S = 10.0
LEAST_RANGE = 30.0

WHOLE = Box(0.0, 0.0, 1.0, 1.0)
Grey = NDArray[np.uint8]
"""Height x width, brightness."""
Floats = NDArray[np.float32]
_OPEN, _WIDEN = np.ones((2, 2), np.uint8), np.ones((2 * WIDER_PX + 1,) * 2, np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """Where something moves. `mask` is 0 or 255 at the gate's own size; `relearning` says the scene just changed."""

    boxes: tuple[Box, ...]
    mask: Grey
    relearning: bool = False

    @property
    def quiet(self) -> bool:
        """Nothing moves and nothing changed."""
        return not self.boxes and not self.relearning

    @property
    def share(self) -> float | None:
        """How much of the picture moves, 0..1; None when there was nothing to compare it with."""
        return None if self.relearning else cv2.countNonZero(self.mask) / max(1, self.mask.size)

    def touches(self, box: Box) -> bool:
        """Does anything move inside `box`?"""
        return any(box.meets(other) for other in self.boxes)


def small_grey(luma: Grey) -> Grey:
    """The gate's own size of a picture's brightness: the longer side 320 px, a little blurred."""
    height, width = luma.shape
    factor = LONGEST_PX / max(height, width)
    size = max(2, round(width * factor)), max(2, round(height * factor))
    return np.asarray(cv2.blur(cv2.resize(luma, size, interpolation=cv2.INTER_LINEAR), (3, 3)), np.uint8)


class MotionGate:
    """One per camera. Its state depends on the pictures and their times alone."""

    def __init__(self) -> None:
        self._average: Floats | None = None
        self._noise: Floats | None = None
        self._before: Grey | None = None
        self._range: tuple[float, float] | None = None
        self._shelved: tuple[Floats, tuple[float, float] | None, int] | None = None
        self._seen_ns = 0
        self._share = 0.0
        self.grey: Grey = np.zeros((0, 0), np.uint8)
        """The last picture as the gate saw it: small, its contrast normalised."""

    def look(self, small: Grey, wall_ns: int) -> Motion:
        """Compare a picture (see `small_grey`) with what is usual here, and learn from it."""
        elapsed_s = max(0.0, (wall_ns - self._seen_ns) / NS)
        self._seen_ns = max(wall_ns, self._seen_ns)
        if self._average is None or self._noise is None or self._average.shape != small.shape:
            self._noise, self._shelved = np.zeros(small.shape, np.float32), None
            return self._relearn(small)
        self._follow(small, elapsed_s)
        difference, mask = self._compare(small, self._average, self._noise)
        before, self._share = self._share, cv2.countNonZero(mask) / mask.size
        if self._share > max(SUSPECT_SHARE, 2 * before):
            difference, mask = self._in_new_light(small, self._average, self._noise, mask, difference)
        if self._share > LIGHTNING_SHARE and cv2.countNonZero(mask) > LIGHTNING_SHARE * mask.size:
            return self._flash(small, self._average, self._noise)
        return self._settle(difference, mask, elapsed_s)

    def unusual(self, small: Grey) -> tuple[Grey, tuple[Box, ...]]:
        """A picture as the gate sees it, and what in it is not as usual, moving or not. Nothing is learnt from it."""
        if self._average is None or self._noise is None or self._average.shape != small.shape:
            return small, (WHOLE,)
        grey = np.asarray(cv2.LUT(small, _levels(self._range or _range_of(small))), np.uint8)
        _, mask = _difference(grey, self._average, self._noise)
        return grey, _moving(mask, mask)[1]

    def _compare(self, small: Grey, average: Floats, noise: Floats) -> tuple[Grey, Grey]:
        self.grey = np.asarray(cv2.LUT(small, _levels(self._range or _range_of(small))), np.uint8)
        return _difference(self.grey, average, noise)

    def _in_new_light(
        self, small: Grey, average: Floats, noise: Floats, mask: Grey, difference: Grey
    ) -> tuple[Grey, Grey]:
        """Compare again with the levels fitted to the average; keep that when it explains most of the change."""
        fitted = None if self._range is None else _fitted_range(self.grey, average, self._range)
        if fitted is None:
            return difference, mask
        self._range, unfitted = fitted, self._range
        again = self._compare(small, average, noise)
        if cv2.countNonZero(again[1]) < cv2.countNonZero(mask) / 2:
            return again
        self._range = unfitted
        return self._compare(small, average, noise)

    def _flash(self, small: Grey, average: Floats, noise: Floats) -> Motion:
        """Most of the picture is new. It may be the end of a flash: then what was usual before it is usual again."""
        if self._shelved is not None and self._seen_ns - self._shelved[2] < FLASH_S * NS:
            before, levels, _ = self._shelved
            self._shelved, now = None, self._range
            self._range = levels
            difference, mask = self._compare(small, before, noise)
            if cv2.countNonZero(mask) < SUSPECT_SHARE * mask.size:
                self._average = before
                return self._settle(difference, mask, 0.0)
            self._range = now
        self._shelved = average, self._range, self._seen_ns
        return self._relearn(small)

    def _relearn(self, small: Grey) -> Motion:
        self._range = _range_of(small)
        self.grey = self._before = np.asarray(cv2.LUT(small, _levels(self._range)), np.uint8)
        self._average = self.grey.astype(np.float32)
        return Motion((), np.zeros(small.shape, np.uint8), relearning=True)

    def _settle(self, difference: Grey, mask: Grey, elapsed_s: float) -> Motion:
        changed = cv2.absdiff(self.grey, self.grey if self._before is None else self._before)
        moving, boxes = _moving(mask, np.asarray(changed, np.uint8))
        average, noise = self._average, self._noise
        if average is not None and noise is not None:
            cv2.accumulateWeighted(difference, noise, _weight(elapsed_s, TAU_NOISE_S))
            cv2.accumulateWeighted(self.grey, average, _weight(elapsed_s, TAU_STILL_S), cv2.bitwise_not(moving))
            if boxes:
                cv2.accumulateWeighted(self.grey, average, _weight(elapsed_s, TAU_MOVING_S), moving)
        self._before = self.grey
        return Motion(boxes, moving)

    def _follow(self, small: Grey, elapsed_s: float) -> None:
        """The usual range goes slowly where the picture's goes."""
        new = _range_of(small)
        if self._range is not None:
            weight = _weight(elapsed_s, TAU_RANGE_S)
            low, high = self._range
            new = low + weight * (new[0] - low), high + weight * (new[1] - high)
        self._range = new


def _range_of(small: Grey) -> tuple[float, float]:
    """The 4th and 96th percentile."""
    counts = np.bincount(small[::4, ::4].ravel(), minlength=256).cumsum()
    low, high = np.searchsorted(counts, (0.04 * counts[-1], 0.96 * counts[-1]))
    return float(low), float(high)


def _levels(usual: tuple[float, float]) -> Grey:
    """A table from the picture's grey to the normalised."""
    low, high = usual
    scale = (BRIGHT - DARK) / max(LEAST_RANGE, high - low)
    return np.asarray(np.clip(np.round((np.arange(256) - low) * scale + DARK), 0, 255), np.uint8)


def _difference(grey: Grey, average: Floats, noise: Floats) -> tuple[Grey, Grey]:
    """How far the picture is from the average, and where that is far enough: 0 or 255, specks gone, widened."""
    difference = cv2.absdiff(grey, cv2.convertScaleAbs(average))
    threshold = np.clip(cv2.convertScaleAbs(noise, alpha=NOISE_FACTOR), THRESHOLD, MOST_THRESHOLD)
    mask = cv2.morphologyEx(cv2.compare(difference, threshold, cv2.CMP_GT), cv2.MORPH_OPEN, _OPEN)
    return np.asarray(difference, np.uint8), np.asarray(cv2.dilate(mask, _WIDEN), np.uint8)


def _fitted_range(grey: Grey, average: Floats, usual: tuple[float, float]) -> tuple[float, float] | None:
    """The range that makes this picture's levels those of the average, None when no gain and offset does.

    Least squares over blocks, trimmed: what really moves must not count.
    """
    now = cv2.resize(grey, (40, 24), interpolation=cv2.INTER_AREA).ravel().astype(np.float64)
    then = cv2.resize(average, (40, 24), interpolation=cv2.INTER_AREA).ravel().astype(np.float64)
    inside = (now > 2) & (now < 253)
    kept = inside
    gain, offset, residual = 1.0, 0.0, np.zeros(0)
    for _ in range(5):
        if kept.sum() < 200 or now[kept].std() < 2:  # too little to go by
            return None
        gain, offset = np.polyfit(now[kept], then[kept], 1)
        residual = np.abs(then - gain * now - offset)
        kept = inside & (residual <= np.percentile(residual[inside], 60))
    if not 0.25 < gain < 4 or np.median(residual[inside]) > THRESHOLD / 2:  # no camera does more
        return None
    span = max(LEAST_RANGE, usual[1] - usual[0]) / gain
    low = usual[0] - (gain * DARK + offset - DARK) * span / (BRIGHT - DARK)
    return float(low), float(low + span)


def _weight(elapsed_s: float, tau_s: float) -> float:
    return 1.0 - math.exp(-elapsed_s / tau_s)


def _moving(mask: Grey, changed: Grey) -> tuple[Grey, tuple[Box, ...]]:
    """The connected places of `mask` in which enough has changed, as a mask and as boxes.

    Looked for at half the size: four times as fast, and the mask was widened by as much before.
    """
    _, fresh = cv2.threshold(changed, CHANGE_THRESHOLD, 255, cv2.THRESH_BINARY)
    fresh = cv2.bitwise_and(fresh, mask)
    if not cv2.countNonZero(fresh):
        return np.zeros_like(mask), ()
    half = np.ascontiguousarray(mask[::2, ::2])
    # no place has more than 6,400 others beside it: labels of 16 bits do, and take half the time
    count, labels, stats, _ = cv2.connectedComponentsWithStats(half, connectivity=8, ltype=cv2.CV_16U)
    moved = np.bincount(labels[cv2.dilate(fresh, _OPEN)[::2, ::2] != 0], minlength=count)
    areas = stats[:, cv2.CC_STAT_AREA]
    good = (areas >= SMALLEST_PX / 4) & (moved >= np.maximum(2, CHANGED_SHARE * areas))
    good[0] = False
    height, width = half.shape
    boxes = [Box(x / width, y / height, (x + w) / width, (y + h) / height) for x, y, w, h, _ in stats[good].tolist()]
    if good[1:].all():
        return mask, tuple(boxes)
    places = np.take(good * np.uint8(255), np.asarray(labels))
    full = cv2.resize(places, mask.shape[::-1], interpolation=cv2.INTER_NEAREST)
    return np.asarray(full, np.uint8), tuple(boxes)
