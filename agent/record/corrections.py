"""Footage that was recorded while the clock was wrong gets its right time once the clock is.

What to correct follows from the journal alone, so it can be done again after a kill and for a catalogue made anew.
Files are never rewritten: the catalogue says by how much the times in them are shifted.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import groupby
from typing import NamedTuple

from agent.core.clock import NS
from agent.record.catalogue import Catalogue
from agent.record.journal_file import Entry
from agent.record.segment import Segment

REASONABLE_NS = int(datetime(2020, 1, 1, tzinfo=UTC).timestamp()) * NS
"""A clock that says an earlier year was never set."""

_PAGE = 100


class Correction(NamedTuple):
    """Segments of a boot that began in [from_mono_ns, to_mono_ns) by an unsynchronised clock are `shift_ns` off."""

    boot: str
    from_mono_ns: int
    to_mono_ns: int
    shift_ns: int


def corrections(entries: Iterable[Entry]) -> list[Correction]:
    """What the clock's steps mean for the footage before them.

    A step alone says nothing: the clock may have been right before. Once it is known to be right (a time server
    disciplines it now, or it came from before 2020), all steps since it was last known to be right are made good.
    """
    steps = sorted((entry for entry in entries if entry.kind == "clock"), key=lambda entry: (entry.boot, entry.mono_ns))
    return [one for _, of_boot in groupby(steps, lambda entry: entry.boot) for one in _of_boot(list(of_boot))]


def _of_boot(steps: list[Entry]) -> list[Correction]:
    found: list[Correction] = []
    pending: list[Entry] = []
    right_since_ns = 0
    for step in steps:
        pending.append(step)
        if _sets_right(step):
            found += _back_over(pending, right_since_ns)
        if _sets_right(step) or step.was_synced:
            pending, right_since_ns = [], step.mono_ns
    return found


def _back_over(steps: list[Entry], since_ns: int) -> list[Correction]:
    """Between two steps all footage is off by what steps were still to come."""
    found, shift_ns = [], 0
    begins = [since_ns, *(step.mono_ns for step in steps[:-1])]
    for step, from_ns in zip(reversed(steps), reversed(begins), strict=True):
        shift_ns += step.step_ns
        if shift_ns and step.mono_ns > from_ns:
            found.append(Correction(step.boot, from_ns, step.mono_ns, shift_ns))
    return found[::-1]


def _sets_right(step: Entry) -> bool:
    became_synced = step.synced is True and step.was_synced is not True
    before_ns, after_ns = step.before_ns or 0, step.after_ns or 0
    return became_synced or before_ns < REASONABLE_NS <= after_ns


def shift_of(known: Iterable[Correction], boot: str, mono_ns: int, *, synced: bool | None) -> int:
    """By how much a wall time noted at that moment is off."""
    if synced:
        return 0
    fitting = (one for one in known if one.boot == boot and one.from_mono_ns <= mono_ns < one.to_mono_ns)
    return next((one.shift_ns for one in fitting), 0)


def correct(catalogue: Catalogue, known: Iterable[Correction]) -> None:
    """Correct the rows that are there, and by a trigger those that still come.

    All or nothing each, and to be done again does no harm.

    Raises:
        StorageError: the disk does not take it.
    """
    for one in known:
        _correct_one(catalogue, one)


def _correct_one(catalogue: Catalogue, one: Correction) -> None:
    with catalogue.transaction() as db:
        query = "INSERT INTO correction (boot, from_mono_ns, to_mono_ns, shift_ns) VALUES (?, ?, ?, ?)"
        if not db.execute(f"{query} ON CONFLICT DO NOTHING", one).rowcount:
            return  # done before
        newest = db.execute("SELECT boot FROM segment ORDER BY n DESC LIMIT 1").fetchone()
        first = 0
        if newest is not None and newest[0] == one.boot:
            # the rows of this boot are the last ones: do not go through years of others for them
            other = db.execute("SELECT n FROM segment WHERE boot <> ? ORDER BY n DESC LIMIT 1", (one.boot,)).fetchone()
            first = other[0] if other else 0
        db.execute(
            "UPDATE segment SET start_ns = start_ns - shift_ns + :shift, end_ns = end_ns - shift_ns + :shift, "
            "shift_ns = :shift WHERE n > :first AND boot = :boot AND mono_ns >= :begin AND mono_ns < :end "
            "AND synced IS NOT 1 AND shift_ns <> :shift",
            {"shift": one.shift_ns, "first": first, "boot": one.boot, "begin": one.from_mono_ns, "end": one.to_mono_ns},
        )


class Untold:
    """The corrected segments that the centre has not heard of with their right times."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._at: tuple[str, int] = ("", 0)

    def next(self) -> list[Segment]:
        """Some of them; none when all were given since the last correction, which is then noted.

        Raises:
            StorageError: the disk does not give it.
        """
        with self._catalogue.transaction() as db:
            if not db.execute("SELECT 1 FROM correction WHERE told = 0 LIMIT 1").fetchone():
                return []
            rows = db.execute(
                "SELECT id, camera, number FROM segment WHERE shift_ns <> 0 AND (camera, number) > (?, ?) "
                "AND boot IN (SELECT boot FROM correction WHERE told = 0) ORDER BY camera, number LIMIT ?",
                (*self._at, _PAGE),
            ).fetchall()
            if not rows:
                db.execute("UPDATE correction SET told = 1 WHERE told = 0")
        self._at = (rows[-1][1], rows[-1][2]) if rows else ("", 0)
        return [one for row in rows if (one := self._catalogue.get(row[0])) is not None]
