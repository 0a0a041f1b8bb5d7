"""`lamppost archive hold`: keeps footage from being deleted, beside a gateway that runs or without one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from agent.config.gateway import GatewayConfig
from agent.core.clock import NS, Clock, SystemClock, rfc3339
from agent.core.errors import ConfigError
from agent.core.ids import new_id
from agent.core.signing import Signer
from agent.edge.archive import must_be_there, open_store
from agent.record.holds import Hold, HoldFile
from agent.record.store import SegmentStore

Say = Callable[[str], None]

_DAY_NS = 86_400 * NS
_FOREVER_NS = 1 << 62


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asks to be held; `days` counts from now, None with no `until_ns` means for ever."""

    cameras: Sequence[str]
    start_ns: int
    end_ns: int
    reason: str
    owner: str
    until_ns: int | None = None
    days: float | None = None


def add(config: GatewayConfig, wanted: Wanted, say: Say, clock: Clock | None = None) -> int:
    """Hold footage, recorded or still to come, and say the hold's id.

    Raises:
        ConfigError: the span ends before it begins, or a camera is unknown.
        StorageError: there is no store, or it cannot be written.
    """
    clock = clock or SystemClock()
    until_ns = clock.wall_ns() + int(wanted.days * _DAY_NS) if wanted.days is not None else wanted.until_ns
    if until_ns is not None and until_ns >= _FOREVER_NS:
        raise ConfigError("nobody can count so many days; leave --days out, and it is held for ever")
    with _opened(config) as (store, signer):
        _check(config, store, wanted)
        if until_ns is not None and until_ns <= clock.wall_ns():
            raise ConfigError("the hold is over already; give a later --until")
        hold = Hold(
            id=new_id(clock.wall_ns()),
            cameras=tuple(dict.fromkeys(wanted.cameras)),
            start_ns=wanted.start_ns,
            end_ns=wanted.end_ns,
            reason=wanted.reason,
            owner=wanted.owner,
            created_ns=clock.wall_ns(),
            until_ns=until_ns,
        )
        say(_line(store, HoldFile(store.holds.add(hold, signer), None)))
    return 0


def release(config: GatewayConfig, hold_id: str, owner: str, reason: str, say: Say) -> int:
    """Let go of a hold; who did, when and why stays in its file.

    Raises:
        StorageError: there is no such hold, it was released before, or the store cannot be written.
    """
    with _opened(config) as (store, signer):
        say(_line(store, store.holds.release(hold_id, owner, reason, SystemClock().wall_ns(), signer)))
    return 0


def list_all(config: GatewayConfig, say: Say, *, released: bool) -> int:
    """One line a hold; with `released` also those that are over."""
    store = open_store(config, read_only=True)
    try:
        must_be_there(store)
        for found in store.holds.all():
            if released or found.release is None:
                say(_line(store, found))
    finally:
        store.close()
    return 0


@contextmanager
def _opened(config: GatewayConfig) -> Iterator[tuple[SegmentStore, Signer]]:
    """The store as it lies there, unprepared: a gateway may be at work in it; and the gateway's key."""
    store = open_store(config, read_only=False)
    try:
        must_be_there(store)
        yield store, store.read_key()
    finally:
        store.close()


def _check(config: GatewayConfig, store: SegmentStore, wanted: Wanted) -> None:
    known = {*(camera.id for camera in config.camera), *store.catalogue.cameras()}
    for camera in wanted.cameras:
        if camera not in known:
            raise ConfigError(f"no camera is called {camera!r}; there are {', '.join(sorted(known))}")
    if not 0 <= wanted.start_ns < wanted.end_ns:
        raise ConfigError("the hold ends before it begins; give --from and --to in that order")
    if not (0 < len(wanted.reason) <= 400 and 0 < len(wanted.owner) <= 400):
        raise ConfigError("say why and who with --reason and --by, in 1 to 400 characters each")


def _line(store: SegmentStore, found: HoldFile) -> str:
    hold, release = found
    until = f"until {rfc3339(hold.until_ns)}" if hold.until_ns is not None else "for ever"
    over = f"; released {rfc3339(release.at_ns)} by {release.owner}: {release.reason}" if release else ""
    size = sum(one.bytes for camera in hold.cameras for one in store.catalogue.find(camera, hold.start_ns, hold.end_ns))
    return (
        f"{hold.id}  {','.join(hold.cameras)}  {rfc3339(hold.start_ns)} .. {rfc3339(hold.end_ns)}  {size} bytes  "
        f"{until}  by {hold.owner}: {hold.reason}{over}"
    )
