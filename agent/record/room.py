"""The floor of free space on one disk, and who stops recording when nothing but holds is left to delete."""

from __future__ import annotations

from agent.record.catalogue import Catalogue
from agent.record.limits import Priority
from agent.record.tiers import Tier

_MORE = 1.1
"""Once below the floor, free a tenth more than it, so that the disk does not hang at the edge."""
_WELL = 1.25
"""Short of room, that much of the floor must be within reach again before all goes on as before."""
_LEAST = 0.25
"""Short of room, deletions keep only this much of the floor: who goes on recording needs some footage to delete."""
_STOPS_BELOW: dict[Priority, float] = {"low": 1.0, "normal": 0.5}
"""Share of the floor; `high` goes on until the disk is full."""


class Room:
    """Looks at one tier. `is_short`: even if all went that may go, the floor would not be free."""

    def __init__(self, tier: Tier, catalogue: Catalogue, min_free: int) -> None:
        self._tier, self._catalogue, self._min_free = tier, catalogue, min_free
        self._stopped: set[str] = set()
        self.is_short = False

    def wanted(self, *, can_move: bool) -> int:
        """So many bytes must be deleted now. With `can_move` footage leaves for another tier first, as long as it may.

        Raises:
            OSError: the disk does not say.
        """
        free = self._tier.free_bytes()
        may_wait = can_move and free >= self._min_free // 2
        self.is_short = not may_wait and self._cannot_be_free(free)
        floor = int(self._min_free * (_LEAST if self.is_short else 1))
        return 0 if may_wait or free >= floor else int(floor * _MORE) - free

    def problem(self) -> str:
        """One line while room is short; else empty."""
        if not (self.is_short and self._tier.is_there()):
            return ""
        held = self._catalogue.held_bytes(tier=self._tier.number)
        why = f"only holds are left ({held} bytes)" if held else "nothing is left to delete; something else fills it"
        return f"{self._tier.root}: {self._tier.free_bytes()} bytes free, {self._min_free} wanted, and {why}"

    def refusal(self, camera: str, priority: Priority) -> str:
        """Why this camera may not record now; empty when it may. Cheap: asked at every keyframe."""
        share = _STOPS_BELOW.get(priority)
        if not self.is_short or share is None:
            self._stopped.discard(camera)
            return ""
        limit = self._min_free * share * (_MORE if camera in self._stopped else 1)
        try:
            free = self._tier.free_bytes()
        except OSError:
            return ""  # the recorder itself finds out what is wrong
        if free >= limit:
            self._stopped.discard(camera)
            return ""
        self._stopped.add(camera)
        return f"{camera}: stopped to leave room (priority {priority}): {free} bytes free, {self._min_free} wanted"

    def _cannot_be_free(self, free: int) -> bool:
        if free >= self._min_free * (_MORE if self.is_short else 1):
            return False
        number = self._tier.number
        within_reach = free + self._catalogue.totals(tier=number).bytes - self._catalogue.held_bytes(tier=number)
        return within_reach < self._min_free * (_WELL if self.is_short else _MORE)
