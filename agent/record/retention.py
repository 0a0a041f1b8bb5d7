"""Deletes the oldest footage: by age, by bytes, and to keep a floor of free space."""

from __future__ import annotations

import logging

from agent.core.clock import NS, Clock
from agent.core.errors import LamppostError, StorageError
from agent.core.stop import StopToken
from agent.record.segment import Segment
from agent.record.store import SegmentStore

log = logging.getLogger(__name__)

_DAY_NS = 86_400 * NS
_INTERVAL_S = 10.0
_BATCH = 200
_JUMP_NS = 3600 * NS
_TRUST_AGAIN_NS = 3600 * NS
"""A clock that jumped (no battery, a wrong time server) must not make all footage look old: for so long nothing is
deleted for its age."""
_HYSTERESIS = 1.1
"""Once below the floor, free a tenth more than it, so that the disk does not hang at the edge."""


class Retention:
    """A `Worker`: looks every ten seconds. `max_bytes` None means no bound but the disk."""

    name = "retention"

    def __init__(
        self, store: SegmentStore, clock: Clock, *, keep_days: float, max_bytes: int | None, min_free: int
    ) -> None:
        self._store, self._clock = store, clock
        self._keep_ns = int(keep_days * _DAY_NS)
        self._max_bytes, self._min_free = max_bytes, min_free
        self._apart_ns = clock.wall_ns() - clock.mono_ns()
        self._distrust_until_ns = clock.mono_ns()
        self.error = ""

    def run(self, stop: StopToken) -> None:
        """See `core.ports.Worker.run`; a disk that fails is tried again."""
        while not stop.is_set():
            try:
                self.sweep()
                self._note("")
            except LamppostError as error:
                self._note(str(error))
            except OSError as error:
                self._note(f"{self._store.root}: {error.strerror}; look at the disk")
            stop.wait(_INTERVAL_S)

    def sweep(self) -> list[Segment]:
        """Delete all that must go now, oldest first, and return it.

        Raises:
            StorageError: the folder is gone, or nothing is left to delete and the floor is still not free.
            OSError: the disk does not do it.
        """
        self._store.check()
        self._store.finish_deletions()
        gone = self._expired()
        gone += self._over_bytes()
        gone += self._below_floor()
        self._store.keep_reserve()
        if gone:
            log.info("deleted %d segments, %d bytes", len(gone), sum(segment.bytes for segment in gone))
        return gone

    def _expired(self) -> list[Segment]:
        limit_ns = self._clock.wall_ns() - self._keep_ns
        gone: list[Segment] = []
        if self._clock_jumped():
            return gone
        while expired := [one for one in self._store.catalogue.oldest(_BATCH) if one.end_ns < limit_ns]:
            self._store.delete(expired, "age")
            gone += expired
        return gone

    def _clock_jumped(self) -> bool:
        """Did wall and monotonic time part lately? Either may be right: a person, or an hour, decides."""
        mono_ns = self._clock.mono_ns()
        apart_ns = self._clock.wall_ns() - mono_ns
        jump_ns, self._apart_ns = apart_ns - self._apart_ns, apart_ns
        if abs(jump_ns) > _JUMP_NS:
            self._distrust_until_ns = mono_ns + _TRUST_AGAIN_NS
            log.warning("the clock jumped by %+.0f s: no footage is deleted for its age in the next hour", jump_ns / NS)
        return mono_ns < self._distrust_until_ns

    def _over_bytes(self) -> list[Segment]:
        if self._max_bytes is None:
            return []
        return self._free(self._store.catalogue.totals().bytes - self._max_bytes, "bytes")

    def _below_floor(self) -> list[Segment]:
        free = self._store.free_bytes()
        if free >= self._min_free:
            return []
        gone = self._free(int(self._min_free * _HYSTERESIS) - free, "room")
        if not gone:
            raise StorageError(
                f"{self._store.root}: {free} bytes free, {self._min_free} wanted, and nothing left to delete; "
                "something else fills the disk"
            )
        return gone

    def _free(self, wanted: int, reason: str) -> list[Segment]:
        """Delete the oldest until `wanted` bytes are gone."""
        gone: list[Segment] = []
        while wanted > 0 and (oldest := self._store.catalogue.oldest(_BATCH)):
            batch: list[Segment] = []
            for segment in oldest:
                if wanted <= 0:
                    break
                batch.append(segment)
                wanted -= segment.bytes
            self._store.delete(batch, reason)
            gone += batch
        return gone

    def _note(self, error: str) -> None:
        if error and error != self.error:
            log.error("retention: %s", error)
        self.error = error
