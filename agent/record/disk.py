"""What must be done so that a name or a file outlasts a power cut (POSIX fsync, rename), and what an error is about."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from agent.core.durable import sync_folder

_ANY_FILE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.ENOMEM})
"""What every file would meet now, and none will later."""


def is_of_one_file(error: OSError) -> bool:
    """Does the error tell of the file that was read, and may the next one be well?"""
    return error.errno not in _ANY_FILE


def make_folders(root: Path, folder: Path) -> None:
    """Make `folder` below `root`, each level synced into the one above."""
    missing = []
    while folder != root and not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for one in reversed(missing):
        one.mkdir(exist_ok=True)
        sync_folder(one.parent)


def append_lines(path: Path, lines: bytes) -> None:
    """Put whole lines at the end of a file and make them last; a line that a power cut tore stays one of its own."""
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        end = os.lseek(handle, 0, os.SEEK_END)
        torn = end and os.pread(handle, 1, end - 1) != b"\n"
        view = memoryview((b"\n" if torn else b"") + lines)
        while view:
            view = view[os.write(handle, view) :]
        os.fsync(handle)
    finally:
        os.close(handle)
    if not end:
        sync_folder(path.parent)


def remove_empty(folder: Path, root: Path) -> None:
    """Remove `folder` and those above it that are empty, below `root`."""
    while folder != root:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent
