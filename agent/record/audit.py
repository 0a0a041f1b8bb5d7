"""Once a day: is what we claim to have recorded really there, and can it be shown? A sample, looked at in full."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from agent.core.clock import Clock
from agent.core.errors import LamppostError, StorageMissing
from agent.core.stop import StopToken
from agent.record.audit_decode import Decoded
from agent.record.audit_process import decode_all
from agent.record.boxes import read_layout
from agent.record.journal import Journal
from agent.record.segment import Segment
from agent.record.statement import GENESIS
from agent.record.store import SegmentStore
from agent.record.verify import Level, Problem, Verification

log = logging.getLogger(__name__)

FIRST_AFTER_S = 3600.0
EVERY_S = 86_400.0
SAMPLE = 20
MOST_TOLD = 8
_LEADING = 16
"""Pictures before a keyframe in showing order may need the segment before: a decoder leaves them out."""


class AuditReport(NamedTuple):
    """What a self-audit found; `failed` counts segments."""

    at_ns: int
    checked: int
    failed: int
    problems: tuple[str, ...]


class SelfAudit:
    """A `Worker`. `report` is that of the last audit, None before the first."""

    name = "audit"

    def __init__(
        self,
        store: SegmentStore,
        journal: Journal,
        clock: Clock,
        *,
        sample: int = SAMPLE,
        decode: Callable[..., list[Decoded | None]] = decode_all,
    ) -> None:
        self._store, self._journal, self._clock, self._sample, self._decode = store, journal, clock, sample, decode
        self.report: AuditReport | None = None

    @property
    def problem(self) -> str:
        """One line for health; empty while all that was looked at was good."""
        report = self.report
        if report is None or not report.failed:
            return ""
        return f"{report.failed} of {report.checked} segments failed the self-audit: {report.problems[0]}"

    def run(self, stop: StopToken) -> None:
        """See `core.ports.Worker.run`."""
        wait_s = FIRST_AFTER_S
        while not stop.wait(wait_s):
            wait_s = EVERY_S
            try:
                self.audit(stop)
            except (LamppostError, OSError) as error:
                log.warning("the self-audit could not be made: %s", error)

    def audit(self, stop: StopToken) -> AuditReport | None:
        """Look at a sample now; None when it was stopped in the middle.

        Raises:
            StorageError: the catalogue cannot be read.
            OSError: the decoding process cannot be started.
        """
        verification = Verification(self._store, Level.HASHES)
        chosen = sample(self._store, self._sample, random.Random(self._clock.wall_ns()))  # noqa: S311 - no secret
        faults: dict[str, list[str]] = {}
        for segment in chosen:
            if stop.is_set():
                return None
            found = [*verification.check(segment), *neighbours(self._store, segment)]
            faults[segment.id] = [str(problem) for problem in found]
        for problem in self._undecodable([one for one in chosen if not faults[one.id]], stop):
            faults[problem[0].id].append(problem[1])
        return None if stop.is_set() else self._tell(faults)

    def _undecodable(self, segments: Sequence[Segment], stop: StopToken) -> Iterator[tuple[Segment, str]]:
        readable = [one for one in segments if is_plain(self._store, one)]
        decoded = self._decode([self._store.path_of(one) for one in readable], stop)
        for segment, found in zip(readable, decoded, strict=True):
            what = fault_of(segment, found)
            if what and self._store.catalogue.get(segment.id) == segment:  # neither deleted nor moved meanwhile
                yield segment, f"{segment.camera}: {segment.path}: {what}"

    def _tell(self, faults: dict[str, list[str]]) -> AuditReport:
        problems = tuple(text for texts in faults.values() for text in texts)
        failed = sum(map(bool, faults.values()))
        self.report = AuditReport(self._clock.wall_ns(), len(faults), failed, problems[:MOST_TOLD])
        text = f"{len(faults)} segments checked, {failed} failed"
        log.log(logging.ERROR if failed else logging.INFO, "self-audit: %s", "; ".join((text, *problems[:MOST_TOLD])))
        self._journal.audited("; ".join((text, *problems[:1])))
        return self.report


def sample(store: SegmentStore, most: int, chance: random.Random) -> list[Segment]:
    """Some segments, of every camera if possible, and of every age."""
    cameras = store.catalogue.cameras()
    chance.shuffle(cameras)
    found: dict[str, Segment] = {}
    for turn, camera in enumerate(cameras[:most]):
        share = most // len(cameras) + (turn < most % len(cameras))
        found |= {one.id: one for one in _of_camera(store, camera, max(1, share), chance)}
    return list(found.values())


def _of_camera(store: SegmentStore, camera: str, most: int, chance: random.Random) -> Iterator[Segment]:
    """One at random from each of `most` equal parts of the chain that is kept."""
    catalogue = store.catalogue
    first, last = next(iter(catalogue.in_chain(camera, 0, 1)), None), catalogue.head(camera).number
    if first is None:
        return
    length = last - first.number + 1
    for part in range(most):
        begin, end = first.number + length * part // most, first.number + length * (part + 1) // most
        if end > begin:
            yield from catalogue.in_chain(camera, chance.randrange(begin, end) - 1, 1)


def neighbours(store: SegmentStore, segment: Segment) -> list[Problem]:
    """Does the chain go through this segment, from the one before to the one after?"""
    before, after = _link_before(store, segment), _previous_after(store, segment)
    if store.catalogue.get(segment.id) is None:
        return []  # deleted while we looked
    found = []
    if before != segment.previous:
        found.append(f"does not follow number {segment.number - 1} of the chain")
    if after != segment.link:
        found.append(f"number {segment.number + 1} of the chain does not follow it")
    return [Problem(segment.camera, segment.path, what) for what in found]


def _link_before(store: SegmentStore, segment: Segment) -> str:
    number = segment.number - 1
    if number == 0:
        return GENESIS
    for one in store.catalogue.in_chain(segment.camera, number - 1, 1):
        if one.number == number:
            return one.link
    stone = store.graveyard.covering(segment.camera, number)
    return stone.link if stone is not None and stone.last == number else ""


def _previous_after(store: SegmentStore, segment: Segment) -> str:
    number = segment.number + 1
    for one in store.catalogue.in_chain(segment.camera, segment.number, 1):
        if one.number == number:
            return one.previous
    head = store.catalogue.head(segment.camera)
    if head.number == segment.number:
        return head.link
    stone = store.graveyard.covering(segment.camera, number)
    return stone.previous if stone is not None and stone.first == number else ""


def is_plain(store: SegmentStore, segment: Segment) -> bool:
    """Can its video be read without a key? One that is encrypted is checked by its hash alone."""
    try:
        with store.path_of(segment).open("rb") as file:
            head = read_layout(file).head
    except (OSError, StorageMissing):
        return False  # moved or deleted a moment ago
    return head is not None and not head.get("cipher")


def fault_of(segment: Segment, found: Decoded | None) -> str:
    """What the decoder says against it; `found` is None when it fell over it."""
    if found is None:
        return "the decoder fell, or did not end in time"
    if found.error:
        return f"cannot be read to its end ({found.error})"
    if found.packets != segment.packets:
        return f"{found.packets} packets are in it, recorded were {segment.packets}"
    missing = found.pictures - found.frames
    if segment.key and (missing > _LEADING or found.broken > _LEADING):
        return f"{found.frames} of {found.pictures} pictures can be shown, {found.broken} of them are damaged"
    return ""
