"""Something moves, whatever it is."""

from __future__ import annotations

from agent.analyse.observe import Observation
from agent.analyse.rules.area import Area
from agent.analyse.rules.latch import Latch
from agent.analyse.rules.port import Happening

KEY = "motion"


class Motion:
    """An event while what moves in the area is larger than `min_area`, a share of the picture.

    A sudden change of the whole picture (lightning, infrared, the camera turns) is no motion.
    """

    def __init__(self, zone: str | None, area: Area, min_area: float, latch: Latch) -> None:
        self._zone, self._area, self._min_area, self._latch = zone, area, min_area, latch
        self._most = 0.0

    def step(self, observation: Observation) -> list[Happening]:
        """See `Rule.step`."""
        moving = observation.scene.moving
        share = None if moving is None else sum(box.area for box in moving if self._area.has(box.centre))
        holds = None if share is None else share >= self._min_area
        turn = self._latch.step(holds, observation.wall_ns, blind=observation.blind_s > 0)
        self._most = max(share or 0.0, 0.0 if turn == "start" else self._most)
        if turn is None:
            return []
        end_ns = self._latch.off_at_ns if turn == "end" else None
        return [
            Happening(
                KEY, turn, "motion", self._latch.since_ns, end_ns, None, zone=self._zone,
                facts={"most_area": round(self._most, 4)},
            )
        ]  # fmt: skip
