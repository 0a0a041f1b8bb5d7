"""What all sights of one part of a track say of its colour together."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from agent.analyse.attributes.lab import Floats
from agent.analyse.attributes.names import NAMES

ENOUGH = 0.5
"""Evidence below which nobody should name a colour: a good sight of somebody 30 px wide is 1, a poor one 0.1."""
SURE = 2.0
GOOD = 0.15
"""The best sight must be worth that: a hundred sights of somebody who sits behind a bench show the bench."""
LEAST_SHARE = 0.08
MOST_NAMES = 3
DIGITS = 2


@dataclass(frozen=True, slots=True)
class Colour:
    """Names with their shares, the largest first; L*, a*, b* of the first; and how sure that one is, 0..1."""

    shares: tuple[tuple[str, float], ...]
    lab: tuple[float, float, float]
    confidence: float


class Votes:
    """Of one part of one track."""

    def __init__(self) -> None:
        self._shares = np.zeros(len(NAMES), np.float64)
        self._firsts = np.zeros(len(NAMES), np.float64)
        self._labs = np.zeros((len(NAMES), 3), np.float64)
        self.evidence = self._best = 0.0

    def add(self, shares: Floats, labs: Floats, worth: float, trust: float = 1.0) -> None:
        """One sight: `shares` of the names, and for each the sum of L*, a*, b* over all points, times its share.

        `worth` is how well the part is seen, `trust` (0..1) how surely it is the thing and not what is behind.
        """
        weight = worth * trust
        self._shares += weight * shares
        self._firsts[int(shares.argmax())] += weight
        self._labs += weight * labs
        self.evidence += weight
        self._best = max(self._best, worth)

    def told(self) -> Colour | None:
        """The colour, None while there is too little to go by."""
        if self.evidence < ENOUGH or self._best < GOOD:
            return None
        shares = self._shares / self.evidence
        first = int(shares.argmax())
        ranked = np.argsort(-shares)[:MOST_NAMES]
        kept = tuple(
            (NAMES[i], round(float(shares[i]), DIGITS)) for i in ranked if i == first or shares[i] >= LEAST_SHARE
        )
        lightness, a, b = (self._labs[first] / self._shares[first]).tolist()
        agreed = float(self._firsts[first] / self.evidence)
        confidence = agreed * (1.0 - math.exp(-self.evidence / SURE))
        return Colour(kept, (round(lightness, 1), round(a, 1), round(b, 1)), round(confidence, DIGITS))
