"""The places a camera looks at in turn, each with its background and with what lies there, known again by the picture.

A PTZ camera on tour, one that is switched to infrared and back, one that a lorry stood before: the view from before is
taken up where it was left. The picture alone decides, so it works without any word from the camera.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from agent.analyse.still.candidate import Candidate
from agent.analyse.still.layers import Layers
from agent.analyse.still.scale import Field, apart, gain_of, levels, without_gain
from agent.analyse.still.steady import Steady
from agent.core.clock import NS

MOST_VIEWS = 6
FORGET_S = 1800.0
"""What was not looked at for so long has other shadows and other cars by now: it is learnt anew."""
SAME_SHARE = 0.25
"""Of the picture that may differ in the view that is meant,"""
FAR_LEVELS = 24
"""by more than so many grey levels."""


@dataclass(slots=True, eq=False)
class View:
    """`open` has begun as an event, `waiting` has not yet; `left_ns` is when the camera looked there last."""

    layers: Layers = field(default_factory=Layers)
    open: list[Candidate] = field(default_factory=list)
    waiting: list[Candidate] = field(default_factory=list)
    left_ns: int = 0


class Views:
    """The one that is looked at is `now`; at most `MOST_VIEWS` others are kept."""

    def __init__(self) -> None:
        self.now = View()
        self._others: list[View] = []
        self._searching = False

    @property
    def all(self) -> list[View]:
        """Wherever an event may go on."""
        return [self.now, *self._others]

    def leave(self, wall_ns: int) -> list[View]:
        """The view is another one from now on; gives back what is forgotten for it."""
        if self.now.layers.ready:
            self.now.left_ns = wall_ns
            self._others.append(self.now)
        self.now, self._searching = View(), True
        forgotten, self._others = self._others[:-MOST_VIEWS], self._others[-MOST_VIEWS:]
        return forgotten

    def forget_old(self, wall_ns: int) -> list[View]:
        """What was not looked at for long, or lies in the future of a clock that was set back."""
        old = [one for one in self._others if not 0 <= wall_ns - one.left_ns < FORGET_S * NS]
        self._others = [one for one in self._others if one not in old]
        return old

    def recognise(self, wall_ns: int) -> bool:
        """The background of a new view has just been learnt: is it one that is known? Then that is `now`."""
        if not self._searching or not self.now.layers.ready:
            return False
        self._searching = False
        fits = [(unlike(one.layers.background, self.now.layers.background), one) for one in self._others]
        least, view = min(fits, key=lambda pair: pair[0], default=(1.0, self.now))
        if least > SAME_SHARE:
            return False
        self._others.remove(view)
        view.layers.resume((wall_ns - view.left_ns) / NS)
        self.now = view
        return True


def unlike(known: Field, seen: Field) -> float:
    """The share of two backgrounds that differs once exposure and a small shift are taken out, 0..1."""
    picture = Steady().aligned(levels(seen), known, 0.0)
    plain = without_gain(picture, gain_of(picture, known, np.zeros(known.shape[:2], np.uint8)))
    return float((apart(plain, levels(known)) > FAR_LEVELS).mean())
