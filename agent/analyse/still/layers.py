"""What each place of the picture usually looks like, and what has lain there lately instead.

Three memories a pixel: the background, which learns slowly and only from itself; the thing shown, which lies there
now; and a rival, which takes its place when it proves to lie there too (somebody who stands in front of a bag for a
while does not wipe out the bag). Evidence is seconds: it grows while a place looks exactly like the thing, stands
nearly still while something passes in front, and goes fast while the background is seen. A tree never looks the same
for long, so it gathers none.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from agent.analyse.detect.port import Image
from agent.analyse.still.bustle import Bustle
from agent.analyse.still.hidden import Hidden
from agent.analyse.still.overlay import Overlay
from agent.analyse.still.scale import (
    Field,
    Mask,
    apart,
    differing,
    gain_of,
    greatest,
    lamps_of,
    levels,
    relit,
    without_gain,
)
from agent.analyse.still.steady import Steady
from agent.core.geometry import Box

TAU_BACKGROUND_S = 120.0
TAU_SHOWN_S = 6.0
FRESH_S, TAU_FRESH_S = 3.0, 1.0
"""At first it is learnt faster: the edge of a shadow comes by degrees."""
TAU_NOISE_S = 20.0
NOISE_FACTOR = 3.5
MOST_NOISE = 40
LEAST_THRESHOLD = 7.0
USUAL_THRESHOLD = 16.0
MOST_THRESHOLD = 38
USUAL_RANGE = 150.0
"""A picture with less range between dark and bright (night, fog) is looked at with a finer threshold."""
OCCLUDED_LOSS = 0.12
BACKGROUND_LOSS = 1.5
FIRM_S = 1.0
"""So much evidence makes a thing of a colour; with less it is replaced by the next colour that comes."""
SETTLED_S = 2.0
"""Who put it down has let go of it by then."""
MOST_EVIDENCE_S = 3600.0
LEARN_S, LEARN_FRAMES, LEARN_MOST = 2.0, 5, 12
LONGEST_STEP_S = 5.0
STIRRED_SHARE, CHANGED_SHARE = 0.12, 0.45
LAMPS_STEP_S = 0.9
LAMPS_SHARE, LAMPS_EXPLAIN = 0.25, 0.4
"""When gains that vary smoothly explain what changed down to the first share of the picture, and the second of what had
changed, it was the light."""
RESTLESS_SHARE = 0.2
RATIO_SECONDS = 1.0
FULL = 250
GREY, COLOURED, SWITCHED_SHARE = 2.5, 6.0, 0.15
"""Difference between the channels that most of the picture keeps below: no colour, colour."""
FOLD_GAIN = 0.06


class Layers:
    """One per camera and view. `look` once per picture; all arrays are at the working size and in grey levels.

    `relit` is the gain (per channel, or per pixel and channel) that the models took over in this picture, if any.
    """

    def __init__(self) -> None:
        self._learning: list[Image] = []
        self._learning_since = 0.0
        self.clock_s = 0.0
        self._gain_since_s: float | None = None
        self._lit_s = 0.0
        self.ready = False
        self.scene_changed = False
        self.relit: Field | None = None
        self.elapsed_s = 0.0
        self.frozen = False
        self.steady = Steady()
        self._rested_s = 0.0
        self._last: Image | None = None

    def look(
        self, small: Image, elapsed_s: float, crowd: float = 0.0, known: Sequence[Box] = (),
        people: Sequence[Box] = (),
    ) -> bool:  # fmt: skip
        """Compare and learn.

        False while the background is being learnt (at the start), while the view is another one (the camera turns,
        somebody stands before it: `frozen`, nothing is learnt then), and once it has come to rest (`scene_changed`).
        `crowd` is the share of the picture that people cover, who are no other view; `known` is where anybody is,
        `people` those among them who will go again: what they hid at the start is learnt as soon as they are gone.
        """
        self.elapsed_s = min(elapsed_s, LONGEST_STEP_S)
        self.clock_s += self.elapsed_s
        self.scene_changed, self.relit = False, None
        if not self.ready:
            self._learn_first(small, people)
            return False
        self._compare(small)
        self.scene_changed = self._colour_switched(small) or self._rests_elsewhere(small, crowd)
        if self.scene_changed or self.frozen:
            return False
        self._gather(known)
        self.uncovered = self.hidden.uncovered(self, people)
        self._learn()
        return True

    def resume(self, away_s: float) -> None:
        """The camera looks here again."""
        self.clock_s += away_s
        self.scene_changed = self.frozen = False
        self.bustle.look_away()
        self._rested_s, self._last, self._gain_since_s = 0.0, None, None

    def absorb(self, region: NDArray[np.bool_], *, same: bool = False, known_s: float = 0.0) -> None:
        """What is shown in `region` belongs there from now on; `same`: it always has, under another light.

        It counts as seen for `known_s` at least.
        """
        self.background[region] = self.shown[region]
        self.age[region] = np.maximum(known_s, self.shown_s[region] + (self.age[region] if same else 0))
        self.forget(region)

    def forget(self, region: NDArray[np.bool_]) -> None:
        """No thing lies in `region`."""
        self.shown_s[region] = 0
        self.rival_s[region] = 0

    def _learn_first(self, small: Image, people: Sequence[Box]) -> None:
        if not self._learning or self._learning[0].shape != small.shape:
            self._learning, self._learning_since = [], self.clock_s
        self._learning = [*self._learning, small][-LEARN_MOST:]
        if self.clock_s - self._learning_since >= LEARN_S and len(self._learning) >= LEARN_FRAMES:
            self._begin(np.median(np.stack(self._learning), axis=0).astype(np.float32))
            self._learning = []
            self.hidden = Hidden(small.shape[:2], people)
            self.uncovered = self.changed > 0

    def _begin(self, background: Field) -> None:
        height, width = background.shape[:2]
        self.background = background
        self.shown, self.rival = background.copy(), np.zeros(background.shape, np.uint8)
        self.shown_s, self.rival_s = np.zeros((2, height, width), np.float32)
        self.since_s, self._rival_since_s = np.zeros((2, height, width), np.float32)
        self.bustle, self.overlay = Bustle(height, width), Overlay(height, width)
        self.noise, self.age = np.full((height, width), 3.0, np.float32), np.zeros((height, width), np.float32)
        self.onset = np.zeros((height, width), np.uint8)
        self.changed = np.zeros((height, width), np.uint8)
        self.same = self.changed > 0
        self.held = self.changed > 0
        self.threshold = np.full((height, width), USUAL_THRESHOLD, np.uint8)
        self.gain = (1.0, 1.0, 1.0)
        self._before = self.changed
        self._grey = _tint(background[::4, ::4]) < GREY
        self.ready = True

    def _compare(self, small: Image) -> None:
        self._before = self.changed
        small = self.steady.aligned(small, self.background, self.clock_s)
        self.gain = gain_of(small, self.background, self.changed)
        self.picture = without_gain(small, self.gain)
        self._small = small
        usual = levels(self.background)
        self.difference = apart(self.picture, usual)
        if max(self.gain) > 1 + FOLD_GAIN:  # where the sensor is full nothing can be told
            full = (greatest(small) >= FULL) & (greatest(usual) > 180)
            self.difference[full] = 0
        self.threshold = self._threshold(usual)
        self.changed = differing(self.difference, self.threshold)

    def _threshold(self, usual: Image) -> Mask:
        grey = usual[::4, ::4, 1]
        low, high = np.percentile(grey, (2, 98))
        least = min(USUAL_THRESHOLD, max(LEAST_THRESHOLD, USUAL_THRESHOLD * float(high - low) / USUAL_RANGE))
        wide = cv2.convertScaleAbs(self.noise, alpha=NOISE_FACTOR)
        return np.asarray(np.clip(wide, int(least), MOST_THRESHOLD), np.uint8)

    def _colour_switched(self, small: Image) -> bool:
        """Did the camera go to infrared or back? It sees another world then."""
        few = small[::4, ::4].astype(np.float32)
        grey = _tint(few) < (COLOURED if self._grey else GREY)
        switched = grey != self._grey and self._share_changed() > SWITCHED_SHARE
        self._grey = grey if switched else self._grey
        return switched

    def _share_changed(self) -> float:
        return cv2.countNonZero(self.changed) / self.changed.size

    def _follow_gain(self) -> None:
        """A new exposure that lasts becomes the models' own."""
        if max(abs(value - 1) for value in self.gain) < FOLD_GAIN:
            self._gain_since_s = None
        elif self._gain_since_s is None:
            self._gain_since_s = self.clock_s
        elif self.clock_s - self._gain_since_s > RATIO_SECONDS:
            self._brighten(np.asarray(self.gain, np.float32))
            self._gain_since_s = None

    def _brighten(self, gain: Field) -> None:
        self.relit = gain
        self.background, self.shown = relit(self.background, gain), relit(self.shown, gain)
        self.rival = relit(self.rival.astype(np.float32), gain).astype(np.uint8)
        mean = gain.mean(axis=-1)
        self.onset = (self.onset * mean).clip(0, 255).astype(np.uint8)
        self.gain = (1.0, 1.0, 1.0)
        self._compare_again()

    def _compare_again(self) -> None:
        self.picture = self._small
        self.difference = apart(self._small, levels(self.background))
        self.changed = differing(self.difference, self.threshold)

    def _rests_elsewhere(self, small: Image, crowd: float) -> bool:
        """Is the view another one, and has it come to rest? Sets `frozen` while it is another one."""
        share = self._share_changed()
        if share > STIRRED_SHARE and self.clock_s - self._lit_s >= LAMPS_STEP_S:
            share = self._share_changed() if self._lamps_explain(share) else share
        else:
            self._follow_gain()
        self.frozen = share - crowd > CHANGED_SHARE
        quiet = self.frozen and self._last is not None and _alike(small, self._last)
        self._rested_s = self._rested_s + self.elapsed_s if quiet else 0.0
        self._last = small if self.frozen else None
        return self._rested_s > LEARN_S

    def _lamps_explain(self, share: float) -> bool:
        """Was it lamps? All memories get their light then."""
        self._lit_s = self.clock_s
        field = lamps_of(self._small, self.background)
        left = apart(self._small, levels(relit(self.background, field))) > self.threshold
        explained = bool(left.mean() < min(LAMPS_SHARE, LAMPS_EXPLAIN * share))
        if explained:
            self._brighten(field)
        return explained

    def _gather(self, known: Sequence[Box]) -> None:
        step, changed = self.elapsed_s, self.changed > 0
        close = np.maximum(self.threshold, 12)
        shown = levels(self.shown)
        is_shown = changed & (apart(self.picture, shown) <= close)
        is_rival = changed & ~is_shown & (apart(self.picture, self.rival) <= close)
        loss = np.where(changed, np.float32(OCCLUDED_LOSS * step), np.float32(BACKGROUND_LOSS * step))
        for again, seconds, since in (
            (is_shown, self.shown_s, self.since_s),
            (is_rival, self.rival_s, self._rival_since_s),
        ):
            np.copyto(since, self.clock_s, where=again & (seconds <= 0))
        self.shown_s += np.where(is_shown, np.float32(step), -loss)
        self.rival_s += np.where(is_rival, np.float32(step), -loss)
        np.clip(self.shown_s, 0, MOST_EVIDENCE_S, out=self.shown_s)
        np.clip(self.rival_s, 0, MOST_EVIDENCE_S, out=self.rival_s)
        self._replace(changed & ~is_shown & ~is_rival)
        self._promote(is_rival & (self.rival_s >= FIRM_S))
        self.same = is_shown
        firm = is_shown & (self.shown_s >= FIRM_S) & (self.shown_s - step < FIRM_S)
        moving = changed & ~is_shown
        self.bustle.look(moving, firm, step, known)
        self.overlay.look(moving, known, self.clock_s)
        settled = is_shown & (self.shown_s >= SETTLED_S) & (self.shown_s - step < SETTLED_S)
        self.onset[settled] = self.difference[settled]

    def _replace(self, fresh: NDArray[np.bool_]) -> None:
        weak = fresh & (self.shown_s < FIRM_S)
        self.shown[weak] = self.picture[weak]
        self.shown_s[weak], self.since_s[weak] = 0, self.clock_s
        others = fresh & ~weak
        older = others & (self.rival_s > self.shown_s) & (self.rival_s >= FIRM_S)
        self.shown[older] = self.picture[older]
        self.shown_s[older], self.since_s[older] = 0, self.clock_s
        others &= ~older
        self.rival[others] = self.picture[others]
        self.rival_s[others], self._rival_since_s[others] = 0, self.clock_s

    def _promote(self, proved: NDArray[np.bool_]) -> None:
        if not proved.any():
            return
        shown = self.shown[proved].clip(0, 255).astype(np.uint8)
        self.shown[proved], self.rival[proved] = self.rival[proved], shown
        for mine, theirs in ((self.shown_s, self.rival_s), (self.since_s, self._rival_since_s)):
            mine[proved], theirs[proved] = theirs[proved], mine[proved]
        self.bustle.mark(proved)

    def _learn(self) -> None:
        step, same = self.elapsed_s, self.same.astype(np.uint8) * np.uint8(255)
        quiet = cv2.bitwise_not(self.changed)
        young_s = TAU_BACKGROUND_S if self.clock_s > TAU_BACKGROUND_S else max(10.0, self.clock_s)
        cv2.accumulateWeighted(self.picture, self.background, _weight(step, young_s), quiet)
        fresh = cv2.bitwise_and(same, (self.shown_s < FRESH_S).astype(np.uint8))
        cv2.accumulateWeighted(self.picture, self.shown, _weight(step, TAU_SHOWN_S), same - fresh)
        cv2.accumulateWeighted(self.picture, self.shown, _weight(step, TAU_FRESH_S), fresh)
        flipped = cv2.bitwise_xor(self.changed, self._before)
        known = cv2.bitwise_or(quiet, flipped)
        known[self.held] = 0
        quiet[self.held] = 0
        cv2.accumulateWeighted(np.minimum(self.difference, MOST_NOISE), self.noise, _weight(step, TAU_NOISE_S), known)
        self.age += np.where(quiet > 0, np.float32(step), np.float32(0))


def _alike(picture: Image, other: Image) -> bool:
    """Do two pictures in a row show a view at rest?"""
    moving = apart(picture[::2, ::2], other[::2, ::2]) > USUAL_THRESHOLD
    return bool(moving.mean() < RESTLESS_SHARE)


def _tint(picture: Field) -> float:
    return float(np.percentile(picture.max(axis=2) - picture.min(axis=2), 80))


def _weight(step_s: float, tau_s: float) -> float:
    return 1.0 - math.exp(-step_s / tau_s)
