"""Too fast: what drives above a limit, and people who run."""

from __future__ import annotations

from agent.analyse.observe import Observation, Seen
from agent.analyse.rules.latch import Latch
from agent.analyse.rules.who import PER_MPS, speed_in
from agent.config.rules import Unit

SLACK = 0.9
"""Who has been too fast is no longer when slower than this share of the limit."""
RUNS_MPS, RUNS_HEIGHTS = 2.5, 1.5
"""Fast walkers reach 2 m/s, joggers 2.5 to 3 (Minetti 1998); people are 1.7 m tall."""


class Fast:
    """See `conduct.Doing`. `over` None: as people run."""

    def __init__(self, over: float | None, unit: Unit) -> None:
        usual = RUNS_HEIGHTS if unit == "heights/s" else RUNS_MPS * PER_MPS[unit]
        self._over, self._unit = usual if over is None else over, unit
        self._top = 0.0

    def does(self, seen: Seen, observation: Observation, latch: Latch) -> bool | None:
        """Is it faster than the limit? Not known before it was followed for a moment."""
        del observation
        speed = speed_in(seen.travel, self._unit)
        if speed is None:
            return None
        if latch.idle:
            self._top = 0.0
        self._top = max(self._top, speed)
        return speed > self._over * (SLACK if latch.on else 1)

    def facts(self) -> dict[str, object]:
        """The highest speed so far."""
        return {"top_speed": round(self._top, 2), "top_speed_unit": self._unit}
