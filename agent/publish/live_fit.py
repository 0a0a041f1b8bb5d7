"""What of a live stream the link bears: all of it, its small stream, or keyframes only; one step at a time."""

from __future__ import annotations

from typing import Literal

from agent.core.clock import NS, Clock

REFUSALS, WITHIN_S = 2, 6.0
"""So many refused pieces in so short a time: the link bears less. After one nothing is tried before a keyframe."""
CALM_S, MOST_CALM_S = 10.0, 300.0
"""Without a refusal for so long more is tried; each try that fails doubles the wait for the next."""

Step = Literal["", "down", "up"]


class Fit:
    """Of one lease; used by one thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._refused_ns: list[int] = []
        self._calm_s = CALM_S
        self._since_ns = self._tried_ns = clock.mono_ns()
        self._trying = False

    def refused(self) -> None:
        """A piece found no room."""
        now_ns = self._clock.mono_ns()
        self._refused_ns = [at for at in self._refused_ns if now_ns - at < WITHIN_S * NS] + [now_ns]
        self._since_ns = now_ns

    def step(self) -> Step:
        """What to do now; ask now and then, and do it."""
        now_ns = self._clock.mono_ns()
        if len(self._refused_ns) >= REFUSALS:
            if self._trying:
                self._calm_s = min(MOST_CALM_S, 2 * self._calm_s)
            return self._stepped(now_ns, "down")
        if self._trying and now_ns - self._tried_ns > self._calm_s * NS:
            self._trying, self._calm_s = False, CALM_S
        return self._stepped(now_ns, "up") if now_ns - self._since_ns > self._calm_s * NS else ""

    def _stepped(self, now_ns: int, step: Step) -> Step:
        self._refused_ns = []
        self._since_ns = self._tried_ns = now_ns
        self._trying = step == "up"
        return step
