"""Deletes the oldest footage: by age, by bytes, and to keep a floor of free space. Only a hold is never deleted."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice

from agent.core.clock import NS, Clock
from agent.core.errors import LamppostError
from agent.core.stop import StopToken
from agent.core.trust import Trust
from agent.record.limits import CameraLimits, TierLimits
from agent.record.oldest import Oldest
from agent.record.room import Room
from agent.record.segment import Segment
from agent.record.store import SegmentStore

log = logging.getLogger(__name__)

_DAY_NS = 86_400 * NS
_HOUR_NS = 3600 * NS
_INTERVAL_S = 10.0
_AGE_EVERY_NS = 60 * NS
"""A deletion is a few syncs; together once a minute they do not wear a card."""
_BATCH = 200
_BYTES_MORE = 0.99
"""Once above `max_bytes`, go a hundredth below it, for the same reason."""
_NOT_HELD = 10
"""Holds count as bytes, but a part in ten is left to what is not held, or new footage would go at once."""

_NO_LIMITS = CameraLimits()


class Retention:
    """A `Worker`: looks every ten seconds. `tiers` are the limits of the store's tiers, in their order.

    `can_move` says whether footage is leaving for the next tier; then deletions on the first wait as long as they may.
    `waits` says whether a segment is still to be sent: where room is short, it goes last.
    """

    name = "retention"

    def __init__(
        self,
        store: SegmentStore,
        clock: Clock,
        tiers: Sequence[TierLimits],
        cameras: Mapping[str, CameraLimits],
        can_move: Callable[[], bool] = lambda: False,
        waits: Callable[[Segment], bool] = lambda _: False,
    ) -> None:
        self._store, self._clock, self._limits = store, clock, tuple(tiers)
        self._cameras, self._can_move, self._waits = cameras, can_move, waits
        self._rooms = [
            Room(tier, store.catalogue, limits.min_free) for tier, limits in zip(store.tiers, tiers, strict=True)
        ]
        self._oldest = Oldest(store.catalogue, clock)
        self._trust = Trust(clock)
        self._age_due_ns = clock.mono_ns()
        self.error = ""

    def run(self, stop: StopToken) -> None:
        """See `core.ports.Worker.run`; a disk that fails is tried again."""
        while not stop.is_set():
            try:
                self.sweep()
                self._note("; ".join(self._problems()))
            except LamppostError as error:
                self._note(str(error))
            except OSError as error:
                self._note(f"{self._store.root}: {error.strerror}; look at the disk")
            stop.wait(_INTERVAL_S)

    def allows(self, camera: str) -> str:
        """Why this camera may not record now, asked at a keyframe; empty when it may."""
        return self._rooms[0].refusal(camera, self._cameras.get(camera, _NO_LIMITS).priority)

    def sweep(self) -> list[Segment]:
        """Delete all that must go now, oldest first, and return it.

        Raises:
            StorageError: the folder is gone, or the catalogue fails.
            OSError: the disk does not do it.
        """
        self._store.check()
        self._store.finish_deletions()
        cameras = self._store.catalogue.cameras()
        # deleting more on a disk that takes no deletion would lose rows and free nothing
        shut = self._store.clearing.read_only
        tiers = [tier.number for tier in self._store.tiers if tier.is_there() and tier.number not in shut]
        gone = self._by_age(cameras, tiers)
        if not self._store.is_partial:  # else its sums are not true yet
            gone += self._by_bytes(cameras, tiers)
        gone += self._by_floor(cameras, tiers)
        self._store.keep_reserve()
        if gone:
            log.info("deleted %d segments, %d bytes", len(gone), sum(segment.bytes for segment in gone))
        return gone

    def _by_age(self, cameras: Iterable[str], tiers: Sequence[int]) -> list[Segment]:
        """Holds that are over, then what is too old; once a minute, and while the clock can be trusted."""
        trusted, now_ns = self._trust.given(), self._clock.wall_ns()
        if self._clock.mono_ns() < self._age_due_ns:
            return []
        self._age_due_ns = self._clock.mono_ns() + _AGE_EVERY_NS
        self._store.holds.mend()
        if not trusted:
            return []
        self._store.holds.expire(now_ns, self._store.signer)
        places = [(camera, tier) for camera in cameras for tier in tiers]
        expired = (
            one
            for camera, tier in places
            for one in self._oldest.before(now_ns - self._keep_ns(camera, tier), camera, tier)
        )
        return self._delete(expired, "age")

    def _keep_ns(self, camera: str, tier: int) -> int:
        """What waits to be moved lives as long as what was."""
        days = self._cameras.get(camera, _NO_LIMITS).keep_days
        if days is None:
            days = max(limits.keep_days for limits in self._limits[tier:])
        return int(days * _DAY_NS)

    def _by_bytes(self, cameras: Sequence[str], tiers: Sequence[int]) -> list[Segment]:
        gone: list[Segment] = []
        for camera in cameras:
            limit = self._cameras.get(camera, _NO_LIMITS).max_bytes
            gone += self._free(self._over(limit, camera, tiers), "bytes", [camera], tiers)
        for tier in tiers:
            limit = self._limits[tier].max_bytes
            over = self._over(limit, None, [tier])
            if limit and tier == 0 and over < limit // 10 and self._can_move():
                continue
            gone += self._free(over, "bytes", cameras, [tier])
        return gone

    def _over(self, limit: int | None, camera: str | None, tiers: Sequence[int]) -> int:
        """So many bytes must go; none while the limit is kept. What lies on a disk that is not there does not count."""
        if limit is None:
            return 0
        catalogue = self._store.catalogue
        total = sum(catalogue.totals(camera, tier).bytes for tier in tiers)
        if total <= limit:
            return 0
        held = sum(catalogue.held_bytes(camera, tier) for tier in tiers)
        return total - held - max(int(limit * _BYTES_MORE) - held, limit // _NOT_HELD)

    def _by_floor(self, cameras: Sequence[str], tiers: Sequence[int]) -> list[Segment]:
        gone: list[Segment] = []
        for tier in tiers:
            wanted = self._rooms[tier].wanted(can_move=tier == 0 and self._can_move())
            gone += self._free(wanted, "room", cameras, [tier])
        return gone

    def _free(self, wanted: int, reason: str, cameras: Sequence[str], tiers: Sequence[int]) -> list[Segment]:
        """Delete the oldest until `wanted` bytes are gone, or nothing is left."""
        if wanted <= 0:
            return []
        free = (one for one in self._oldest.of(cameras, tiers) if not self._waits(one))
        gone = self._delete(_until(wanted, free), reason)
        rest = wanted - sum(one.bytes for one in gone)
        return gone if rest <= 0 else gone + self._delete(_until(rest, self._oldest.of(cameras, tiers)), reason)

    def doomed_before_ns(self, camera: str) -> int:
        """Footage that ended before this time goes by its age within the hour."""
        days_ns = min(self._keep_ns(camera, tier) for tier in range(len(self._limits)))
        return self._clock.wall_ns() - days_ns + _HOUR_NS

    def _delete(self, segments: Iterable[Segment], reason: str) -> list[Segment]:
        gone: list[Segment] = []
        waiting = iter(segments)
        while batch := list(islice(waiting, _BATCH)):
            gone += self._store.delete(batch, reason)
        return gone

    def _problems(self) -> list[str]:
        short = [problem for room in self._rooms if (problem := room.problem())]
        return [*short, *filter(None, [self._store.clearing.problem, self._store.holds.problem])]

    def _note(self, error: str) -> None:
        if error and error != self.error:
            log.error("retention: %s", error)
        self.error = error


def _until(wanted: int, segments: Iterable[Segment]) -> Iterable[Segment]:
    for one in segments:
        if wanted <= 0:
            return
        wanted -= one.bytes
        yield one
