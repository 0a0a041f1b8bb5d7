"""Watches the wall clock: notes its steps in the journal, and has footage corrected once it is right."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import NamedTuple

from agent.core.clock import NS, Clock
from agent.core.errors import StorageError
from agent.core.stop import StopToken
from agent.record.catalogue import Catalogue
from agent.record.corrections import Untold, correct, corrections
from agent.record.journal import Journal
from agent.record.journal_file import Entry, read_journal
from agent.record.segment import Segment

log = logging.getLogger(__name__)

STEP_NS = NS // 2
_LOOK_S = 1.0
_QUICK_NS = NS // 100
_TRIES = 10


class Reading(NamedTuple):
    """Both clocks at one moment."""

    wall_ns: int
    mono_ns: int
    synced: bool | None


def stepped(before: Reading, now: Reading) -> bool:
    """Is there something to note: the clocks parted, or trust in the wall clock came or went?"""
    return abs(now.wall_ns - expected_ns(before, now)) > STEP_NS or (before.synced is True) != (now.synced is True)


def expected_ns(before: Reading, now: Reading) -> int:
    """What the wall clock would say now if it had gone on as before."""
    return before.wall_ns + now.mono_ns - before.mono_ns


def read(clock: Clock) -> Reading:
    """Both clocks, read with no pause between that would look like a step."""
    for _ in range(_TRIES):
        first_ns, wall_ns, mono_ns = clock.mono_ns(), clock.wall_ns(), clock.mono_ns()
        if mono_ns - first_ns < _QUICK_NS:
            break
    return Reading(wall_ns, mono_ns, clock.synced())


class ClockWatch:
    """A `Worker`. `on_corrected` hears of each segment whose times were corrected; a few at a time."""

    name = "clock"

    def __init__(
        self,
        journal: Journal,
        catalogue: Catalogue,
        clock: Clock,
        *,
        last: Entry | None,
        on_corrected: Callable[[Segment], None],
    ) -> None:
        """`last` is the journal's last entry of the run before: what stepped while nobody looked is seen by it."""
        self._journal, self._catalogue, self._clock = journal, catalogue, clock
        self._on_corrected = on_corrected
        self._untold = Untold(catalogue)
        self._reading = read(clock)
        if last is not None and last.boot == clock.boot:
            self._reading = Reading(last.at_ns, last.mono_ns, last.synced)
        self._due = True

    def run(self, stop: StopToken) -> None:
        """See `core.ports.Worker.run`."""
        while not stop.is_set():
            self.look()
            stop.wait(_LOOK_S)

    def look(self) -> None:
        """Once a second."""
        now, before = read(self._clock), self._reading
        if stepped(before, now):
            was_ns = expected_ns(before, now)
            self._journal.stepped(was_ns, now.wall_ns, was_synced=before.synced)
            log.warning("the clock stepped by %+.3f s (synchronised: %s)", (now.wall_ns - was_ns) / NS, now.synced)
            self._due = True
        self._reading = now
        self._journal.write()
        try:
            if self._due:
                correct(self._catalogue, corrections(read_journal(self._journal.root)))
                self._due = False
            for segment in self._untold.next():
                self._on_corrected(segment)
        except StorageError as error:
            log.warning("footage is not corrected yet: %s", error)
