"""`lamppost archive`: looks at recordings, checks them, takes them out, makes their catalogue again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path

from agent.config.gateway import GatewayConfig
from agent.core.clock import SystemClock
from agent.core.errors import ConfigError, StorageError
from agent.core.owner import own_as, own_below
from agent.core.signing import Signer
from agent.core.stop import StopToken
from agent.edge.archive_list import Wanted, list_gaps, list_segments, was_recorded
from agent.record.catalogue import NAME, Totals
from agent.record.cipher import Keys
from agent.record.corrections import correct, corrections
from agent.record.export.export import Done, Issuer, Request, export
from agent.record.journal_file import read_journal
from agent.record.rebuild import Rebuild
from agent.record.store import SegmentStore
from agent.record.verify import Level, Verification
from agent.record.verify_holds import HoldVerification
from agent.record.verify_journal import JournalVerification

Say = Callable[[str], None]

KEY = "gateway-key.pem"


def open_store(config: GatewayConfig, *, read_only: bool, keys: Keys | None = None) -> SegmentStore:
    """The store that a gateway of this configuration uses; only who looks at footage needs its `keys`."""
    storage = config.storage
    return SegmentStore(
        storage.path / "recordings",
        SystemClock(),
        key_path=storage.path / KEY,
        archive=storage.archive.path if storage.archive else None,
        keys=keys,
        read_only=read_only,
    )


def verify(config: GatewayConfig, cameras: Iterable[str], level: Level, say: Say) -> int:
    """Say every fault; 0 when there is none, else 1.

    Raises:
        StorageError: there is no store, or it cannot be read.
    """
    store = open_store(config, read_only=True)
    try:
        must_be_there(store)
        verification = Verification(store, level)
        faults = 0
        for camera in _chosen(store, cameras):
            for problem in verification.run(camera):
                say(str(problem))
                faults += 1
        journal = JournalVerification(store)
        for problem in [*HoldVerification(store).run(), *(journal.run() if level >= Level.CHAIN else ())]:
            say(str(problem))
            faults += 1
    finally:
        store.close()
    said = f"{verification.segments} segments, {verification.bytes} bytes, {verification.deleted} deleted as stated"
    said += f", {journal.entries} entries of the journal" if level >= Level.CHAIN else ""
    say(f"{level.name.lower()}: {said}: {_counted(faults)}")
    return 1 if faults else 0


def _counted(faults: int) -> str:
    return "good" if not faults else "1 fault" if faults == 1 else f"{faults} faults"


def show(
    config: GatewayConfig,
    cameras: Iterable[str],
    wanted: Wanted,
    say: Say,
    *,
    only_gaps: bool = False,
    as_json: bool = False,
) -> int:
    """Say what is recorded, with `only_gaps` what is not; asked for a moment, 1 when a camera was not recorded then.

    Raises:
        ConfigError: no such camera, or no such time.
        StorageError: there is no store, or it cannot be read.
    """
    wanted.check()
    store = open_store(config, read_only=True)
    try:
        must_be_there(store)
        missing = 0
        for camera in _chosen(store, cameras, configured=[camera.id for camera in config.camera]):
            if wanted.at_ns is not None:
                missing += not was_recorded(store, camera, wanted.at_ns, say, as_json=as_json)
            elif only_gaps:
                list_gaps(store, camera, wanted, say, as_json=as_json)
            else:
                list_segments(store, camera, wanted, say, as_json=as_json)
    finally:
        store.close()
    return 1 if missing else 0


def rebuild(config: GatewayConfig, say: Say) -> int:
    """Make the catalogue again from the files; the old one is set aside. 1 when files had to be left alone.

    What root makes is given to the gateway's user.

    Raises:
        StorageError: there is no store, a gateway works in it, or it cannot be read or written.
    """
    store = open_store(config, read_only=False)
    must_be_there(store, catalogue=False)
    with closing(store):
        store.set_aside()
        try:
            totals, skipped = _list_again(store)
        finally:
            _give_back(config, store)
    for path in skipped:
        say(f"{path}: left alone: not a segment of ours, not readable, or its place is taken")
    say(f"{totals.segments} segments, {totals.bytes} bytes listed")
    return 1 if skipped else 0


def _list_again(store: SegmentStore) -> tuple[Totals, list[Path]]:
    """Returns what is listed then, and the files that were left alone."""
    store.prepare()
    correct(store.catalogue, corrections(read_journal(store.root)))
    work = Rebuild(store.tiers, store.catalogue)
    for camera in store.camera_folders():
        for _ in work.rest(camera, StopToken()):
            pass
    store.all_listed()
    return store.catalogue.totals(), work.skipped


def _give_back(config: GatewayConfig, store: SegmentStore) -> None:
    """While no gateway can begin here: files come and go under one."""
    for tier in store.tiers:
        if tier.is_there():
            own_below(tier.root)
    key = config.storage.path / KEY
    if key.exists():
        own_as(store.root, key)


def export_footage(
    config: GatewayConfig, request: Request, target: Path, say: Say, progress: Callable[[float], None]
) -> int:
    """Take footage out as evidence, beside a gateway or without one.

    Raises:
        ConfigError, StorageError: see `agent.record.export.export.export`.
    """
    store = open_store(config, read_only=True, keys=Keys.read(config.storage.encryption_key_file))
    try:
        must_be_there(store)
        _chosen(store, request.cameras)
        issuer = Issuer(config.gateway.site, config.gateway.id, Signer.load(config.storage.path / KEY))
        done = export(store, issuer, request, target, progress)
    finally:
        store.close()
    _say_done(done, say)
    return 0


def _say_done(done: Done, say: Say) -> None:
    for camera in done.manifest.cameras:
        for clip in camera.clips:
            again = sum(part.pictures for part in clip.reencoded)
            say(f"{clip.name}: {clip.start} to {clip.end}" + (f", {again} pictures re-encoded" if again else ""))
        for gap in camera.gaps:
            say(f"{camera.camera}: no footage from {gap.start} to {gap.end}: {gap.text}")
    public = bytes.fromhex(done.manifest.keys[done.manifest.key])
    say(f"{done.place}: signed by the key {hashlib.sha256(public).hexdigest()}")


def must_be_there(store: SegmentStore, *, catalogue: bool = True) -> None:
    """Raises: StorageError when there is no store, it has no catalogue, or one may not look."""
    try:
        if not _exists(store.root):
            raise StorageError(
                f"{store.root}: is not there; nothing was recorded yet, or [storage] path names another folder"
            )
        store.check()
        if catalogue and not _exists(store.root / NAME):
            raise StorageError(f"{store.root}: no {NAME}; make it again with `lamppost archive rebuild`")
    except PermissionError as error:
        raise StorageError(f"{error.filename}: {error.strerror}; run it as the gateway's user") from error


def _exists(path: Path) -> bool:
    """`Path.exists`, but what may not be looked at is no answer."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _chosen(store: SegmentStore, cameras: Iterable[str], configured: Iterable[str] = ()) -> list[str]:
    wanted, known = list(cameras), sorted({*configured, *store.camera_folders(), *store.catalogue.cameras()})
    for camera in wanted:
        if camera not in known:
            raise ConfigError(f"nothing is recorded of {camera!r}; recorded are {', '.join(known) or 'none'}")
    return wanted or known
