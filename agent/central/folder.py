"""The centre's data folder: what lies where, and the secrets that are made there at the first start (mode 0600)."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from agent.core.durable import make_private, private_beside
from agent.core.errors import ConfigError, StorageError


class DataFolder:
    """Paths below `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.broker = root / "broker"
        self.media = root / "media"
        self.command_key = root / "command_key.pem"
        self.first_sign_in = root / "first-sign-in"

    def prepare(self) -> None:
        """Make the folders.

        Raises:
            StorageError: one cannot be made or written.
        """
        try:
            for folder in (self.root, self.broker, self.media):
                folder.mkdir(parents=True, exist_ok=True)
            self.root.chmod(0o700)
        except OSError as error:
            raise StorageError(
                f"{self.root}: the data folder cannot be used: {error.strerror}; set [central] data"
            ) from error

    @contextlib.contextmanager
    def claimed(self) -> Iterator[None]:
        """The folder is ours alone, as long as this process lives.

        Raises:
            ConfigError: a centre runs over it.
        """
        with claim(self.root / "running") as taken:
            if not taken:
                raise ConfigError(f"{self.root}: a centre runs over this data folder already; stop it first")
            yield

    @contextlib.contextmanager
    def preparing(self) -> Iterator[None]:
        """One at a time: several processes start at once over this folder, and each file is made once."""
        with claim(self.root / "preparing", wait=True):
            yield

    def gateway(self, site: str, gateway: str) -> Path:
        """What a known gateway needs: its `password` and the centre's public `command_key.pem`."""
        return self.root / "gateways" / site / gateway


@contextlib.contextmanager
def claim(path: Path, *, wait: bool = False) -> Iterator[bool]:
    """Take a lock that ends with the process that holds it (flock(2)); False: another has it, unless we `wait`."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(handle)


def secret(path: Path) -> str:
    """The secret in `path`, made there at the first call; of two processes that make it at once, one's counts."""
    if not path.exists():
        make_private(path, (secrets.token_urlsafe(24) + "\n").encode())
    path.chmod(0o600)
    return path.read_text().strip()


def write_private(path: Path, text: str | bytes) -> None:
    """Replace a file that only its owner may read, whole or not at all."""
    private_beside(path, text.encode() if isinstance(text, str) else text).replace(path)
