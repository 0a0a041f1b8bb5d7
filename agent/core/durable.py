"""What makes a file or a name outlast a power cut (POSIX fsync): written is not yet on the disk."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Make names in a folder last: a rename or a new file is safe only after this."""
    _sync(folder, os.O_RDONLY | os.O_DIRECTORY)


def sync_file(path: Path) -> None:
    """Make a file's bytes last."""
    _sync(path, os.O_RDONLY)


def _sync(path: Path, how: int) -> None:
    handle = os.open(path, how | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def replace_file(path: Path, data: bytes) -> None:
    """The file holds `data` or what it held before, whatever happens meanwhile."""
    half = path.with_name(path.name + ".new")
    handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o640)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(handle, view) :]
        os.fsync(handle)
    finally:
        os.close(handle)
    half.replace(path)
    sync_folder(path.parent)


def make_private(path: Path, data: bytes) -> None:
    """Make a file that only its owner may read, whole or not at all; one that is there already stays as it is."""
    fresh = private_beside(path, data)
    try:
        _name_once(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)
    sync_folder(path.parent)


def private_beside(path: Path, data: bytes) -> Path:
    """A file of this thread beside that one, safely on the disk, that only its owner may read (0600)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}.new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        fresh.unlink(missing_ok=True)  # on a full disk every start would leave one
        raise
    return fresh


def _name_once(fresh: Path, path: Path) -> None:
    """Of several who do this at once, the first one's file counts."""
    try:
        path.hardlink_to(fresh)
    except FileExistsError:
        return
    except OSError as error:
        if error.errno not in {errno.EPERM, errno.EOPNOTSUPP}:
            raise
        if not path.exists():  # no second name for a file (FAT, some shares): the best that can be had there
            fresh.rename(path)
