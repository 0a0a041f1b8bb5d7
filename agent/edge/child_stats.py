"""What is known of each camera's analysis, over all lives of the child."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

COUNTS = ("decoded", "analysed", "skipped", "broken", "tracks", "events")


@dataclass(frozen=True, slots=True)
class AnalysisStats:
    """One camera: pictures `skipped` by plan or for lack of time, packets `broken`, packets `dropped` on the way."""

    decoded: int = 0
    analysed: int = 0
    skipped: int = 0
    broken: int = 0
    tracks: int = 0
    events: int = 0
    dropped: int = 0
    lag_ms: float = 0.0
    error: str = ""
    quarantined: bool = False


class Tally:
    """Adds up the counts of the child's lives."""

    def __init__(self, cameras: Sequence[str]) -> None:
        self._before = {camera: dict.fromkeys(COUNTS, 0) for camera in cameras}
        self._now: dict[str, dict[str, Any]] = {camera: {} for camera in cameras}

    def take(self, rows: dict[str, Any]) -> None:
        """The child's `stats`; unknown cameras and shapes are passed over."""
        for camera, row in rows.items():
            if camera in self._now and isinstance(row, dict):
                self._now[camera] = row

    def child_ended(self) -> None:
        """The next life counts from zero."""
        for camera, row in self._now.items():
            for name in COUNTS:
                self._before[camera][name] += _count(row, name)
            self._now[camera] = {}

    def stats(self, camera: str, dropped: int, quarantine: str) -> AnalysisStats:
        """All lives together."""
        row = self._now[camera]
        counts = {name: self._before[camera][name] + _count(row, name) for name in COUNTS}
        lag_ms = row.get("lag_ms", 0.0)
        return AnalysisStats(
            **counts, dropped=dropped, lag_ms=float(lag_ms) if isinstance(lag_ms, int | float) else 0.0,
            error=quarantine or str(row.get("error", "")), quarantined=bool(quarantine),
        )  # fmt: skip


def _count(row: dict[str, Any], name: str) -> int:
    value = row.get(name, 0)
    return value if isinstance(value, int) else 0
