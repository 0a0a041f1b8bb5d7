"""Where a demo keeps its files, and drawn scenes theirs."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agent.core.errors import ConfigError
from agent.core.folders import user_base

LOCK = ".demo-lock"


def user_scenes() -> Path | None:
    """The folder where scenes are kept for the next time; None where this user has none that can be written."""
    base = user_base("XDG_CACHE_HOME", ".cache")
    if base is None:
        return None
    folder = base / "lamppost" / "scenes"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK | os.X_OK) else None


@contextmanager
def claimed(folder: Path) -> Iterator[Path]:
    """The folder, made where it is not there, for one demo at a time; the kernel lets go when it ends.

    Raises:
        ConfigError: another demo works there, or its name can stand in no configuration.
        OSError: it cannot be made.
    """
    place = folder.resolve()
    if place != Path(str(place).encode(errors="replace").decode()):
        raise ConfigError(f"{str(folder)!a}: the folder's name is not UTF-8; choose another")
    place.mkdir(parents=True, exist_ok=True)
    with (place / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigError(f"{folder}: another demo runs in this folder; end it, or name another") from error
        yield place


def quoted(text: str) -> str:
    """A TOML string: as JSON's, but all that is no control character stands as it is (TOML 1.0)."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
