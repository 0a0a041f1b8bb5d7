"""One change that lies still, from its first sight to its end.

candidate -> waiting    something is in front, or it is part of something larger
          -> attended   a thing was put down, and who put it down is still near
          -> told       object_left, object_removed, static_change or vehicle_stopped: an event has begun
          -> dropped    light, a ghost, scenery, where somebody stood: background from now on
told      -> resolved   the background is seen again: taken away, put back, driven off
          -> absorbed   it lay there for so long that it belongs there
          -> replaced   something else lies there
          -> lost       the view changed, or the pictures ended
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from agent.analyse.still.region import Region
from agent.analyse.still.verdict import Verdict
from agent.core.geometry import Box


class State(StrEnum):
    """See the module's drawing."""

    CANDIDATE = "candidate"
    WAITING = "waiting"
    ATTENDED = "attended"
    TOLD = "told"


@dataclass(slots=True)
class Candidate:
    """`region` is the thing, `whole` also its shadow.

    `owners` are the tracks of those who were there when it began, the likeliest first; `near`: one of them is still.
    `look` is what the thing looked like when it was told, pixel by pixel of `region`.
    """

    key: str
    region: Region
    whole: Region
    since_ns: int
    look: NDArray[np.float32] | None = None
    state: State = State.CANDIDATE
    verdict: Verdict | None = None
    owners: list[str] = field(default_factory=list)
    near: bool = False
    seen_ns: int = 0
    again_ns: int = 0
    waiting_ns: int = 0
    undecided_ns: int = 0
    told_ns: int = 0
    updated_ns: int = 0
    gone_since_ns: int | None = None
    other_since_ns: int | None = None

    @property
    def box(self) -> Box:
        """Of the thing, or of the vehicle that stopped."""
        actor = self.verdict.actor if self.verdict is not None else None
        return self.region.box if actor is None else actor.box.clipped()
