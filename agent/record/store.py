"""The recording folder: its marker, its catalogue, and what is found in it at the start.

```
<root>/.lamppost-store                                marker: this is ours, and the disk is mounted
<root>/.reserve                                       1 MiB given up when the disk is full: a deletion needs a row
<root>/catalogue.sqlite
<root>/keys/<key id>.pem                              the public keys that ever signed here
<root>/journal.jsonl                                  what explains missing footage
<root>/holds/<id>.json                                footage that may not be deleted
<root>/<camera>/current                               the folder that the camera is written into
<root>/<camera>/tombstones.jsonl                      what was deleted
<root>/<camera>/<YYYY-MM-DD>/<HH>/<start>_<camera>_<epoch>.mp4        closed, synced
<root>/<camera>/<YYYY-MM-DD>/<HH>/<start>_<camera>_<epoch>.mp4.open   being written
```

The steps of making, deleting, starting and rebuilding stand in docs/design/storage.md.
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
from collections.abc import Sequence
from pathlib import Path

from agent.core.clock import Clock
from agent.core.durable import replace_file, sync_folder
from agent.core.errors import StorageError, StorageMissing
from agent.core.ids import is_id
from agent.core.signing import Signer
from agent.record.adoption import Adoption
from agent.record.catalogue import NAME, Catalogue, CatalogueBroken
from agent.record.cipher import Keys
from agent.record.clearing import Clearing
from agent.record.disk import remove_empty
from agent.record.holds import FOLDER as HOLDS
from agent.record.holds import Holds
from agent.record.pace import Pace
from agent.record.rebuild import Rebuild
from agent.record.segment import OPEN_SUFFIX, Segment
from agent.record.statement import KEYS, KeyRing
from agent.record.tiers import MARKER, Tier
from agent.record.tombstones import Graveyard

log = logging.getLogger(__name__)

RESERVE = ".reserve"
RESERVE_BYTES = 1 << 20
OUR_NAMES = frozenset({KEYS, HOLDS})
MISSING = "missing"
"""Why a row goes whose file is not there any more: the only deletion that no hold prevents."""


class SegmentStore:
    """Paths and catalogue of one gateway's recordings. `root` holds nothing but recordings.

    `key_path` is where the gateway's private key lies, made there at the first start; beside the folder by default.
    `keys` encrypt and decrypt footage; who only lists and verifies needs none.
    One that only reads is not prepared: it may look beside a gateway that runs, or after it was killed.
    """

    def __init__(
        self,
        root: Path,
        clock: Clock,
        *,
        key_path: Path | None = None,
        archive: Path | None = None,
        keys: Keys | None = None,
        read_only: bool = False,
    ) -> None:
        self.root, self.clock, self.keys = root, clock, keys or Keys()
        self.tiers: tuple[Tier, ...] = (Tier(0, root), *((Tier(1, archive),) if archive else ()))
        self.catalogue = Catalogue(root / NAME, read_only=read_only)
        self.graveyard = Graveyard(self.catalogue, root)
        self.holds = Holds(self.catalogue, root, KeyRing(root / KEYS))
        self.clearing = Clearing(self.tiers, self.catalogue, self.graveyard, self.leave)
        self.pace = Pace(clock)
        self._deleting = threading.RLock()
        self.moving = threading.Lock()
        """Held while a file goes from one tier to another: until it ended, two files may belong to one row."""
        self._key_path = key_path or root.parent / "gateway-key.pem"
        self._signer: Signer | None = None
        self._lock = -1
        self._store_id = ""
        self.is_partial = False
        """Since `prepare`: the catalogue was lost, in this run or one before, and does not list older footage yet."""

    @property
    def signer(self) -> Signer:
        """The gateway's key; there after `prepare`."""
        if self._signer is None:
            raise StorageError(f"{self.root}: the store is not prepared; start it first")
        return self._signer

    def read_key(self) -> Signer:
        """The gateway's key, for who works beside it; never made here.

        Raises:
            StorageError: there is none, or it may not be read.
        """
        try:
            self._key_path.read_bytes()
        except OSError as error:
            raise StorageError(f"{self._key_path}: {error.strerror}; run this as the gateway's user") from error
        return Signer.load_or_make(self._key_path)

    def prepare(self) -> list[Segment]:
        """Make the folder at the first start; finish what a kill left half done. Returns the segments adopted.

        Raises:
            StorageMissing: the folder holds something but not our marker; nothing is written there.
            StorageError: the disk does not take or give what it should, or another process has it.
        """
        try:
            self._claim()
            self._signer = self._signer or self._key()
            self._use_reserve_if_full()
            try:
                adopted = self._take_stock()
            except CatalogueBroken:  # beyond its first pages, which is noted now: this time it is set aside
                adopted = self._take_stock()
            self.keep_reserve()
        except OSError as error:
            raise StorageError(f"{self.root}: {error.strerror}; look at the disk") from error
        return adopted

    def all_listed(self) -> None:
        """The catalogue lists older footage, too: no start needs to look for it again."""
        self.catalogue.all_listed()
        self.is_partial = False

    def set_aside(self) -> None:
        """Make room for a new catalogue, which the next `prepare` begins.

        Raises:
            StorageError: a gateway works here.
        """
        self._take_lock()
        if self.catalogue.path.exists():
            self.catalogue.set_aside()

    def path_of(self, segment: Segment) -> Path:
        """Where the file of a segment lies.

        Raises:
            StorageMissing: on a tier that is not configured.
        """
        if segment.tier >= len(self.tiers):
            raise StorageMissing(f"{segment.path}: lies in the archive, and [storage.archive] is not configured")
        return self.tiers[segment.tier].root / segment.path

    def check(self) -> None:
        """Raises: StorageMissing when the marker is gone: then nothing may be written or deleted here."""
        self.tiers[0].check()

    def check_room(self) -> None:
        """Raises: StorageError when too little is left to begin a segment, StorageMissing as `check`."""
        self.check()
        if self.free_bytes() < 2 * RESERVE_BYTES:
            raise StorageError(f"{self.root}: the disk is full; free some of it, or lower keep_days or max_bytes")

    def keep_reserve(self) -> None:
        """Take the reserve (again) when there is room for it."""
        path = self.root / RESERVE
        if path.exists() or self.free_bytes() < 4 * RESERVE_BYTES:
            return
        with path.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, RESERVE_BYTES)
            os.fsync(file.fileno())

    def adopt(self, camera: str) -> list[Segment]:
        """Close leftovers of a camera that nobody writes, and list closed files that have no row yet."""
        return Adoption(self.root, camera, self.catalogue, self.signer).run(self.current(camera))

    def current(self, camera: str) -> Path | None:
        """The folder that the camera is written into, or was last: whatever has no row yet lies there."""
        try:
            name = (self.root / camera / "current").read_text().strip()
        except FileNotFoundError:
            return None
        folder = self.root / camera / name
        inside = folder.resolve().is_relative_to((self.root / camera).resolve())
        return folder if inside and folder.is_dir() else None

    def enter(self, camera: str, folder: Path) -> None:
        """Note that the camera's next segment lies in `folder`: before it is made, or a kill could hide it."""
        if self.current(camera) != folder:
            name = folder.relative_to(self.root / camera)
            replace_file(self.root / camera / "current", f"{name}\n".encode())

    def open_files(self, camera: str) -> list[Path]:
        """Segments of the camera that are being written."""
        folder = self.current(camera)
        return [] if folder is None else sorted(folder.glob("*" + OPEN_SUFFIX))

    def reach(self, number: int) -> Tier:
        """The tier, with its disk there and ours; a folder where nothing of ours ever lay is claimed.

        Raises:
            StorageMissing: the disk is not mounted, or it is a stranger's.
            OSError: the folder cannot be read or made.
        """
        tier = self.tiers[number]
        if number and (self.is_partial or self.catalogue.totals(tier=number).segments):
            tier.check()
        tier.claim(self._store_id)
        return tier

    def delete(self, segments: Sequence[Segment], reason: str) -> list[Segment]:
        """Rows to garbage with a tombstone, its file, files away, rows gone: `finish_deletions` mends a kill between.

        `reason` is a short word for the tombstone: `age`, `bytes`, `room`, `ring`, `missing`. Returns what went: all
        but what a hold covers. A file that the disk does not give up goes later, or stays and is told.
        """
        self.check()
        with self._deleting:
            self._use_reserve_if_full()
            now_ns = self.clock.wall_ns()
            taken = self.graveyard.bury(segments, reason, now_ns, self.signer, held_too=reason == MISSING)
            self.clearing.finish(again=False)
        return taken

    def finish_deletions(self) -> None:
        """The steps after the first for everything that is garbage; what lies on a disk that is not there waits."""
        with self._deleting:
            self.clearing.finish(again=True)

    def free_bytes(self) -> int:
        """What is left on the disk for us."""
        return self.tiers[0].free_bytes()

    def camera_folders(self) -> list[str]:
        """Names of the cameras that have a folder here."""
        return sorted(entry.name for entry in self.root.iterdir() if entry.is_dir() and is_camera(entry.name))

    def is_in_use(self) -> bool:
        """Does a gateway work here? Asked of the kernel: to try the lock could keep one from starting."""
        try:
            inode = (self.root / MARKER).stat().st_ino
            locks = Path("/proc/locks").read_text(encoding="ascii")
        except OSError:
            return False
        return any(" FLOCK " in line and f":{inode} " in line for line in locks.splitlines())

    def close(self) -> None:
        """Let go of the catalogue and the folder."""
        self.catalogue.close()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def leave(self, folder: Path, root: Path) -> None:
        """Remove an empty folder, but not the one that is written into: a segment may be about to begin there."""
        camera = folder.relative_to(root).parts[0]
        if folder != self.current(camera):
            remove_empty(folder, root)

    def _use_reserve_if_full(self) -> None:
        if self.free_bytes() < RESERVE_BYTES:
            (self.root / RESERVE).unlink(missing_ok=True)

    def _claim(self) -> None:
        self._store_id = self.tiers[0].claim()
        self._take_lock()

    def _reach_if_there(self) -> None:
        """A second disk that is not there keeps nobody from recording; whoever moves footage says what is wrong."""
        for tier in self.tiers[1:]:
            try:
                self.reach(tier.number)
            except (OSError, StorageError) as error:
                log.warning("the archive: %s", error)

    def _mend_catalogue(self) -> None:
        """A catalogue that is gone or broken is begun anew; older footage is listed again in the background."""
        try:
            self.catalogue.check()
        except CatalogueBroken as error:
            self.catalogue.set_aside()
            log.error("%s; it is set aside and made again from the files", error)  # noqa: TRY400 - one clear line
        self.holds.mend()
        self.is_partial = self.catalogue.is_unlisted()
        if not self.is_partial:
            return
        cameras, rebuild = self.camera_folders(), Rebuild(self.tiers, self.catalogue)
        for camera in cameras:
            rebuild.heads(camera, self.current(camera))
        if not cameras:
            self.all_listed()

    def _take_stock(self) -> list[Segment]:
        """Catalogue and files agree afterwards; returns the segments adopted."""
        self._mend_catalogue()
        self._reach_if_there()
        self.finish_deletions()
        return [segment for camera in self.camera_folders() for segment in self.adopt(camera)]

    def _take_lock(self) -> None:
        """One process at a time; the kernel lets go when it ends, however that happens."""
        if self._lock >= 0:
            return
        handle = os.open(self.root / MARKER, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(handle)
            raise StorageError(f"{self.root}: another gateway works in this folder; end that one first") from error
        self._lock = handle

    def _key(self) -> Signer:
        signer = Signer.load_or_make(self._key_path)
        folder = self.root / KEYS
        path = folder / f"{signer.key_id}.pem"
        if not path.exists():
            folder.mkdir(exist_ok=True)
            replace_file(path, signer.public_pem())
            sync_folder(self.root)
        return signer


def is_camera(name: str) -> bool:
    """May a folder of this name hold a camera's recordings?"""
    return is_id(name) and name not in OUR_NAMES
