"""From a stream's timestamps to wall time: one `Timeline` per epoch.

The spacing of frames comes from their timestamps alone. Where the timeline lies on the wall clock comes from the
camera's sender reports while these are within `TRUST_NS` of the gateway's clock, else from the moments of arrival.
Corrections are slewed, so that wall time never runs backwards because a packet came late. Where the timestamps
themselves break, wall time goes on from the moment of arrival.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from agent.core.clock import NS
from agent.core.media import TimeSource

TRUST_NS = 2 * NS
"""A camera's clock that is further off gives spacing only."""

STEP_NS = 2 * NS
"""The gateway's clock stepped when wall and monotonic time part by more: the epoch ends, nothing is rewritten."""

BREAK_NS = 5 * NS
"""Timestamps that go further back, or so far ahead of their arrival, were set anew by the camera."""

_SLEW = 20
"""Corrections take at most one part in this of the time between two frames."""

_WINDOW_NS = 5 * NS

_LATE_NS = NS
"""A packet may be read so long after it came; a camera's clock that falls back by more was set."""

_CREEP = 1000
"""By one part in so many a camera's clock may lose."""


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
        self._apart_ns = anchor.wall_ns - anchor.mono_ns
        self._newest_ns: int | None = None
        self._late_ns: int | None = None
        self._offset_ns: tuple[int, int] | None = None
        self._begin(media_ns, anchor)

    def stepped(self, arrival: Arrival) -> bool:
        """Did the gateway's clock step since the epoch began? The caller then begins another at a keyframe."""
        return bool(self._step_ns(arrival))

    def place(self, media_ns: int, arrival: Arrival, *, leads: bool = True) -> Placed:
        """Where the packet with this stream time lies.

        After a step of the gateway's clock that is still its time from before. Only packets that lead (the video's)
        move the timeline: sound may come late, or have a clock of its own.
        """
        if step_ns := self._step_ns(arrival):
            arrival = replace(arrival, wall_ns=arrival.wall_ns - step_ns)
        wall_ns = self._zero_ns + media_ns - self._media_ns
        camera_ns = self._trusted(arrival)
        if leads:
            wall_ns = self._moved(media_ns, camera_ns, arrival)
        elif abs(wall_ns - arrival.wall_ns) > BREAK_NS:
            wall_ns = arrival.wall_ns
        source = TimeSource.ARRIVAL if camera_ns is None else TimeSource.SENDER_REPORT
        return Placed(wall_ns, source, self._offset(arrival))

    def _offset(self, arrival: Arrival) -> int | None:
        """The camera's clock minus ours, by the packets that were read soonest after they came."""
        if arrival.camera_ns is None:
            return None
        offset_ns, before = arrival.camera_ns - arrival.wall_ns, self._offset_ns
        if before is not None and offset_ns < before[0] and before[0] - offset_ns < _LATE_NS:
            offset_ns = max(offset_ns, before[0] - (arrival.mono_ns - before[1]) // _CREEP)
        self._offset_ns = offset_ns, arrival.mono_ns
        return offset_ns

    def _moved(self, media_ns: int, camera_ns: int | None, arrival: Arrival) -> int:
        """Place a packet that leads, and take what it teaches into account."""
        wall_ns = self._zero_ns + media_ns - self._media_ns
        newest_ns = media_ns if self._newest_ns is None else self._newest_ns
        if media_ns < newest_ns - BREAK_NS or wall_ns > arrival.wall_ns + BREAK_NS:
            self._begin(media_ns, arrival)
            return self._zero_ns
        if media_ns > newest_ns:
            self._learn(wall_ns, camera_ns, arrival)
            self._slew(media_ns - newest_ns)
        self._newest_ns = max(media_ns, newest_ns)
        return self._zero_ns + media_ns - self._media_ns

    def _begin(self, media_ns: int, anchor: Arrival) -> None:
        self._zero_ns = self._trusted(anchor) or anchor.wall_ns
        self._media_ns = media_ns
        self._newest_ns = self._late_ns = None
        self._window_end_ns = anchor.mono_ns + _WINDOW_NS
        self._owed_ns = 0

    def _trusted(self, arrival: Arrival) -> int | None:
        if arrival.camera_ns is None or abs(arrival.camera_ns - arrival.wall_ns) >= TRUST_NS:
            return None
        return arrival.camera_ns

    def _step_ns(self, arrival: Arrival) -> int:
        """By how much wall and monotonic time have parted; 0 while that is little."""
        step_ns = arrival.wall_ns - arrival.mono_ns - self._apart_ns
        return step_ns if abs(step_ns) > STEP_NS else 0

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
