"""How much footage may be kept, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Priority = Literal["low", "normal", "high"]


@dataclass(frozen=True, slots=True)
class TierLimits:
    """Of one tier. `max_bytes` None means no bound but the disk; `min_free` bytes of it stay free."""

    keep_days: float
    max_bytes: int | None
    min_free: int


@dataclass(frozen=True, slots=True)
class CameraLimits:
    """Of one camera, over all tiers; None leaves it to the tier's. `priority` says who stops first without room."""

    keep_days: float | None = None
    max_bytes: int | None = None
    priority: Priority = "normal"
