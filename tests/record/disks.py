"""Small disks of our own: a tmpfs that fills, goes read-only, is unmounted and comes back."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest


class SmallDisk:
    """A tmpfs, seen at `path` through a bind mount, so that it can be taken away and come back with what it held."""

    def __init__(self, folder: Path, size: str) -> None:
        self._inside, self.path = folder / "disk", folder / "mounted"
        self._inside.mkdir()
        self.path.mkdir()
        _mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(self._inside))
        self.mount()

    def mount(self) -> None:
        _mount("--bind", str(self._inside), str(self.path))

    def unmount(self) -> None:
        """Also while files are open, as when a cable is pulled."""
        subprocess.run(["umount", "--lazy", str(self.path)], check=True)

    def set_writable(self, yes: bool) -> None:
        _mount("-o", f"remount,bind,{'rw' if yes else 'ro'}", str(self.path))

    def remove(self) -> None:
        for path in (self.path, self._inside):
            if path.is_mount():
                subprocess.run(["umount", "--lazy", str(path)], check=True)


def small_disk(folder: Path, size: str) -> SmallDisk:
    """Skips, by name, where nothing may be mounted."""
    if os.geteuid() != 0:
        pytest.skip("no disk of 20 MB: only root may mount")
    try:
        return SmallDisk(folder, size)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no disk of 20 MB: {error.stderr.strip()}")


def _mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True, capture_output=True, text=True)
