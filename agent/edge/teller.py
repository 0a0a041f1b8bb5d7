"""Tells the centre of footage, and how much moved in it.

The analysis is a little later than the recording: a picture is decoded and looked at, and what was seen is told once a
second. So a segment that was just closed waits until its last second was looked at, five seconds at the most, and not
at all where nobody looks. It goes once, whole, instead of twice; whoever plays it back is further behind than that.
What a kill takes away here is told at the next start, as what it takes from the keeper.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import NamedTuple

from agent.core.clock import NS, Clock
from agent.core.errors import StorageError
from agent.core.stop import StopToken
from agent.edge.cameras import span_of
from agent.edge.keeper import Keeper
from agent.edge.motion import MotionLedger
from agent.record.segment import Segment
from agent.record.store import SegmentStore

WAIT_NS = 5 * NS
AWAY_S = 30
"""Who has looked at nothing for so long is not waited for."""
LOOK_S = 0.25
MOST_WAITING = 300
TOLD_AGAIN = 200
"""Segments; each camera closes one in ten seconds."""


class _Waiting(NamedTuple):
    segment: Segment
    until_ns: int


class Teller:
    """A Worker. All but `run` can be called from any thread and return soon."""

    name = "teller"

    def __init__(self, store: SegmentStore, keeper: Keeper, clock: Clock, motion: MotionLedger) -> None:
        self._store, self._keeper, self._clock, self._motion = store, keeper, clock, motion
        self._waiting: list[_Waiting] = []
        self._lock = threading.Lock()

    def tell(self, segment: Segment) -> None:
        """It has a row now: the centre is to hear of it, soon."""
        if not self._worth_waiting(segment):
            self._say(segment)
            return
        with self._lock:
            self._waiting.append(_Waiting(segment, self._clock.mono_ns() + WAIT_NS))
            surplus = self._waiting[:-MOST_WAITING]
            del self._waiting[:-MOST_WAITING]
        for one in surplus:
            self._say(one.segment)

    def tell_again(self, adopted: Sequence[Segment]) -> None:
        """At the start: what was adopted, and the newest rows. A kill between row and outbox would hide them for ever.

        To hear of a segment twice does no harm at the centre; of one that waits whether an event wants it, it hears
        when one does.
        """
        for number, segment in enumerate([*adopted, *self._store.catalogue.newest(TOLD_AGAIN)], 1):
            if self._as_listed(segment).wanted:
                self._say(segment)
            if number % TOLD_AGAIN == 0:  # a catalogue made anew adopts more than the keeper holds
                self._keeper.flush()

    def correct(self, segment: Segment) -> None:
        """Its times were put right."""
        at_ns = segment.start_ns - segment.shift_ns, segment.end_ns - segment.shift_ns
        span = span_of(segment, self._motion.of(segment.camera, *at_ns))
        self._keeper.keep("recording", segment.camera, span)

    def run(self, stop: StopToken) -> None:
        """See `Worker.run`."""
        while not stop.wait(LOOK_S):
            self.turn()

    def turn(self) -> None:
        """Tell of all whose last second is known by now, and of those that have waited long enough."""
        now_ns = self._clock.mono_ns()
        with self._lock:
            looked_at, self._waiting = self._waiting, []
            due = [now_ns >= one.until_ns or not self._worth_waiting(one.segment) for one in looked_at]
            self._waiting = [one for one, is_due in zip(looked_at, due, strict=True) if not is_due]
        for one, is_due in zip(looked_at, due, strict=True):
            if is_due:
                self._say(one.segment)

    def flush(self) -> None:
        """After all who record and analyse have ended: tell of what is left."""
        with self._lock:
            left, self._waiting = self._waiting, []
        for one in left:
            self._say(one.segment)

    def _worth_waiting(self, segment: Segment) -> bool:
        """Is somebody about to look at its last second?"""
        last_ns = segment.end_ns - segment.shift_ns - 1
        behind_s = self._motion.behind_s(segment.camera, last_ns)
        return behind_s is not None and 0 < behind_s < AWAY_S

    def _say(self, segment: Segment) -> None:
        self.correct(self._as_listed(segment))

    def _as_listed(self, segment: Segment) -> Segment:
        """Its row may say more than its file: a clock that was wrong when it began may be right by now."""
        try:
            return self._store.catalogue.get(segment.id) or segment
        except StorageError:
            return segment
