"""From a stream's timestamps to wall time: one `Timeline` per epoch.

The spacing of frames comes from their timestamps alone. Where the timeline lies on the wall clock comes from the
camera's sender reports while these are within `TRUST_NS` of the gateway's clock, else from the moments of arrival.
Corrections are slewed, so that wall time never runs backwards because a packet came late.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from agent.core.clock import NS
from agent.core.errors import SourceBroken
from agent.core.media import TimeSource

TRUST_NS = 2 * NS
"""A camera's clock that is further off gives spacing only."""

STEP_NS = 2 * NS
"""The gateway's clock stepped when wall and monotonic time part by more: the epoch ends, nothing is rewritten."""

_SLEW = 20
"""Corrections take at most one part in this of the time between two frames."""

_WINDOW_NS = 5 * NS


@dataclass(frozen=True, slots=True)
class Arrival:
    """When a packet was read, and what the camera says of it (UTC, None before its first sender report)."""

    wall_ns: int
    mono_ns: int
    camera_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a packet lies on the wall clock."""

    wall_ns: int
    source: TimeSource
    offset_ns: int | None


def ticks_ns(ticks: int, time_base: Fraction) -> int:
    """`ticks` of `time_base` in nanoseconds, rounded down, exactly."""
    return ticks * time_base.numerator * NS // time_base.denominator


class Timeline:
    """Lays stream time (nanoseconds, from any zero) on the wall clock.

    `anchor` is a packet that was read the moment it came: those read before it may have waited in a buffer.
    """

    def __init__(self, media_ns: int, anchor: Arrival) -> None:
        self._zero_ns = self._trusted(anchor) or anchor.wall_ns
        self._media_ns = media_ns
        self._newest_ns: int | None = None
        self._step_from_ns = anchor.wall_ns - anchor.mono_ns
        self._late_ns: int | None = None
        self._window_end_ns = anchor.mono_ns + _WINDOW_NS
        self._owed_ns = 0

    def place(self, media_ns: int, arrival: Arrival) -> Placed:
        """Where the packet with this stream time lies.

        Raises:
            SourceBroken: the gateway's clock stepped; the caller opens a new epoch.
        """
        self._watch_for_step(arrival)
        wall_ns = self._zero_ns + media_ns - self._media_ns
        camera_ns = self._trusted(arrival)
        if self._newest_ns is not None and media_ns > self._newest_ns:
            self._learn(wall_ns, camera_ns, arrival)
            self._slew(media_ns - self._newest_ns)
            wall_ns = self._zero_ns + media_ns - self._media_ns
        self._newest_ns = max(media_ns, self._newest_ns if self._newest_ns is not None else media_ns)
        source = TimeSource.ARRIVAL if camera_ns is None else TimeSource.SENDER_REPORT
        offset_ns = None if arrival.camera_ns is None else arrival.camera_ns - arrival.wall_ns
        return Placed(wall_ns, source, offset_ns)

    def _trusted(self, arrival: Arrival) -> int | None:
        if arrival.camera_ns is None or abs(arrival.camera_ns - arrival.wall_ns) >= TRUST_NS:
            return None
        return arrival.camera_ns

    def _watch_for_step(self, arrival: Arrival) -> None:
        step_ns = arrival.wall_ns - arrival.mono_ns - self._step_from_ns
        if abs(step_ns) > STEP_NS:
            raise SourceBroken(f"the gateway's clock stepped by {step_ns / NS:+.1f} s; opening the stream again")

    def _learn(self, wall_ns: int, camera_ns: int | None, arrival: Arrival) -> None:
        """A sender report is right at once; of arrivals only the least late one of a window means anything."""
        if camera_ns is not None:
            self._owed_ns = camera_ns - wall_ns
            return
        late_ns = arrival.wall_ns - wall_ns
        self._late_ns = late_ns if self._late_ns is None else min(late_ns, self._late_ns)
        if arrival.mono_ns >= self._window_end_ns:
            self._owed_ns, self._late_ns = self._late_ns, None
            self._window_end_ns = arrival.mono_ns + _WINDOW_NS

    def _slew(self, step_ns: int) -> None:
        most_ns = step_ns // _SLEW
        part_ns = max(-most_ns, min(most_ns, self._owed_ns))
        self._zero_ns += part_ns
        self._owed_ns -= part_ns
