"""Holds that the centre asks for: footage of this gateway that may not be deleted, under its id at the centre."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from typing import Any

from agent.core.clock import Clock, parse_rfc3339
from agent.core.errors import LamppostError, StorageError
from agent.record.holds import Hold, HoldFile
from agent.record.store import SegmentStore
from agent.wire.messages import HoldArgs, ReleaseArgs

log = logging.getLogger(__name__)


class HoldDesk:
    """To ask twice changes nothing: an answer may be lost on its way, and then the centre asks again."""

    def __init__(self, store: SegmentStore, cameras: Collection[str], clock: Clock) -> None:
        """`cameras` are those of the configuration; others that were recorded here once can be held, too."""
        self._store, self._cameras, self._clock = store, frozenset(cameras), clock

    def handlers(self) -> dict[str, Callable[[Any], dict[str, Any]]]:
        """Verb to handler: see `Requests.handlers`."""
        return {"hold": self.hold, "release": self.release}

    def hold(self, args: HoldArgs) -> dict[str, Any]:
        """Hold footage, recorded or still to come; the reply says how many bytes that are now.

        Raises:
            LamppostError: a camera was never known here, or the hold was let go of here before.
            StorageError: the disk does not take it.
        """
        found = self._found(args.hold)
        if found is not None and found.release is not None:
            by, reason = found.release.owner, found.release.reason
            raise LamppostError(f"hold {args.hold} was let go of at the gateway, by {by}: {reason}")
        hold = self._add(args) if found is None else found.hold
        bytes_between = self._store.catalogue.bytes_between
        return {"bytes": sum(bytes_between(camera, hold.start_ns, hold.end_ns) for camera in hold.cameras)}

    def release(self, args: ReleaseArgs) -> dict[str, Any]:
        """Let go of it; of one that never came, or was let go of before, there is nothing to do.

        Raises:
            StorageError: the disk does not take it.
        """
        found = self._found(args.hold)
        if found is not None and found.release is None:
            self._store.holds.release(args.hold, args.by, args.reason, self._clock.wall_ns(), self._store.signer)
            log.info("hold %s is over: %s let go of it, %s", args.hold, args.by, args.reason)
        return {}

    def _add(self, args: HoldArgs) -> Hold:
        strange = set(args.cameras) - self._cameras - set(self._store.catalogue.cameras())
        if strange:
            raise LamppostError(f"this gateway never had a camera {min(strange)!r}, so nothing of it can be held")
        start_ns, end_ns = parse_rfc3339(args.start), parse_rfc3339(args.end)
        if not 0 <= start_ns < end_ns:
            raise LamppostError("the hold ends before it begins")
        hold = Hold(
            id=args.hold, cameras=tuple(dict.fromkeys(args.cameras)), start_ns=start_ns, end_ns=end_ns,
            reason=args.reason, owner=args.by, created_ns=self._clock.wall_ns(),
            until_ns=None if args.until is None else parse_rfc3339(args.until),
        )  # fmt: skip
        sealed = self._store.holds.add(hold, self._store.signer)
        log.info("hold %s of %s: %s wants it kept, %s", hold.id, ", ".join(hold.cameras), hold.owner, hold.reason)
        return sealed

    def _found(self, key: str) -> HoldFile | None:
        found = self._store.holds.get(key)
        if found is None and any(row.id == key for row in self._store.holds.rows()):
            raise StorageError(f"the file of hold {key} cannot be read at the gateway; what it held stays held")
        return found
