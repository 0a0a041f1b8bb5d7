"""For how long nobody looked before a picture. What is no longer than the stream's own spacing is no blindness."""

from __future__ import annotations

import statistics
from collections import deque

from agent.analyse.frames import Frame
from agent.analyse.track.tracker import LOST_S
from agent.core.clock import NS

BLIND_STEPS = 2.6
"""So many times the usual step between two pictures is a time in which nobody looked."""
LONGEST_NS = round(LOST_S * NS)
"""However rarely pictures come, a longer gap is one: who moves is lost over it."""
MOST_GAPS = 9
LEAST_GAPS = 3


class Spacing:
    """How far apart the pictures of a stream usually come: the median of the last gaps, in the unit of their times.

    A hole among them changes nothing; a camera that begins to bring fewer pictures is believed after five.
    """

    def __init__(self) -> None:
        self._last: int | None = None
        self._gaps: deque[int] = deque(maxlen=MOST_GAPS)

    def note(self, time: int) -> None:
        """The next one came."""
        if self._last is not None and time > self._last:
            self._gaps.append(time - self._last)
        self._last = time

    def lose(self) -> None:
        """Some of them went on the way here: how far the next one is from the last tells nothing of the stream."""
        self._last = None

    @property
    def usual(self) -> int:
        """The usual gap; 0 while too few are known."""
        return statistics.median_low(self._gaps) if len(self._gaps) >= LEAST_GAPS else 0


class Unseen:
    """One per pipeline, fed with every picture that is looked at. `fps` None: any gap is as it should be.

    Whoever offers the pictures knows how far apart they are meant to be (`Frame.step_ns`); where nobody says, it is the
    usual gap between them.
    """

    def __init__(self, fps: float | None) -> None:
        self._least_ns = round(BLIND_STEPS / fps * NS) if fps else None
        self._spacing = Spacing()
        self._last_ns = 0

    def before_s(self, frame: Frame, *, rested: bool) -> float:
        """For how long nobody looked before this picture; 0 when the one before it came as it should.

        A camera that `rested` until now is not blind: its packets would have told.
        """
        gap_ns = frame.wall_ns - self._last_ns if self._last_ns and not rested else 0
        self._last_ns = frame.wall_ns
        if rested:
            self._spacing.lose()
        self._spacing.note(frame.wall_ns)
        step_ns = self._spacing.usual if frame.step_ns is None else frame.step_ns
        if self._least_ns is None or gap_ns <= max(self._least_ns, min(LONGEST_NS, BLIND_STEPS * step_ns)):
            return 0.0
        return gap_ns / NS

    def begin_again(self) -> None:
        """The stream is over: the next may bring more or fewer pictures, and until it comes nobody looks."""
        self._spacing = Spacing()
