"""How old footage is, by the gateway's time of writing: that clock may have been wrong then, and may be wrong now.

What was written since the machine started is as old as the clock that never steps says. Of older footage the time it
was written at counts, as corrected since. A time that cannot be (before this software existed, or still to come) says
nothing: such footage is as old as what was written after it.
"""

from __future__ import annotations

from collections.abc import Sequence

from agent.core.clock import NS, Clock
from agent.record.catalogue import Catalogue
from agent.record.segment import Segment

NO_EARLIER_NS = 1_735_689_600 * NS
"""2025-01-01: no gateway ran this software before."""
_AHEAD_NS = 3600 * NS


class Age:
    """When segments were written, told by the clock as it is now."""

    def __init__(self, catalogue: Catalogue, clock: Clock) -> None:
        self._catalogue, self._clock = catalogue, clock

    def written_ns(self, queue: Sequence[Segment]) -> list[int]:
        """When each segment of `queue`, of one camera in the order of its chain, was ended."""
        times: list[int] = []
        later: int | None = None
        for one in reversed(queue):
            own = self._own(one.boot, one.mono_ns, one.start_ns, one.end_ns)
            if own is None:
                own = self._after(one) if later is None else later
            later = own
            times.append(own)
        return times[::-1]

    def _own(self, boot: str, mono_ns: int, start_ns: int, end_ns: int) -> int | None:
        """By what the segment itself says; None when it cannot be so."""
        now_ns = self._clock.wall_ns()
        if boot == self._clock.boot:
            return now_ns - (self._clock.mono_ns() - mono_ns) + (end_ns - start_ns)
        return end_ns if NO_EARLIER_NS <= end_ns <= now_ns + _AHEAD_NS else None

    def _after(self, one: Segment) -> int:
        """By the next of the camera that says what can be; as good as new when there is none."""
        query = (
            "SELECT boot, mono_ns, start_ns, end_ns FROM segment WHERE camera = ? AND number > ? AND garbage = 0 "
            "AND (boot = ? OR end_ns BETWEEN ? AND ?) ORDER BY number LIMIT 1"
        )
        now_ns = self._clock.wall_ns()
        values = (one.camera, one.number, self._clock.boot, NO_EARLIER_NS, now_ns + _AHEAD_NS)
        with self._catalogue.transaction() as db:
            row = db.execute(query, values).fetchone()
        found = self._own(*row) if row else None
        return now_ns if found is None else found
