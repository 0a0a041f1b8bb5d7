"""Root at work for a gateway: what root makes in its folder, its user must be able to write."""

from __future__ import annotations

import os
from pathlib import Path


def own_as(model: Path, path: Path) -> None:
    """Give what root made to the owner of `model`; nothing happens where somebody else runs this.

    Raises:
        OSError: one of them is not there, or the disk knows no owners.
    """
    if os.geteuid() == 0 and path.lstat().st_uid == 0:
        found = model.stat()
        os.chown(path, found.st_uid, found.st_gid, follow_symlinks=False)


def own_below(folder: Path) -> None:
    """Give what root made in `folder`, and in the folders there, to the folder's owner.

    It goes by open folders (`os.fwalk`): whoever may write here could put a link to another place among them meanwhile.

    Raises:
        OSError: the disk knows no owners.
    """
    owner = folder.stat()
    if os.geteuid() != 0 or owner.st_uid == 0:
        return
    for _, folders, files, handle in os.fwalk(folder):
        for name in (*folders, *files):
            if os.stat(name, dir_fd=handle, follow_symlinks=False).st_uid == 0:
                os.chown(name, owner.st_uid, owner.st_gid, dir_fd=handle, follow_symlinks=False)
