"""The files that a command writes: whole under their names, and never over what it reads."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from agent.core.errors import ConfigError, SourceError, StorageError


def must_differ(video: Path, outputs: Sequence[Path], printed: TextIO) -> None:
    """Raises: ConfigError when an output is the video, another output, or the file that stdout goes to."""
    taken = [(_identity(video), f"{video}, which is read")]
    taken += [(_identity(found), "stdout") for found in _printed(printed)]
    for path in outputs:
        identity = _identity(path)
        for other, name in taken:
            if identity is not None and identity == other:
                raise ConfigError(f"{path}: is the same file as {name}; name another")
        taken.append((identity, f"{path} before it"))


@contextmanager
def written(path: Path) -> Iterator[TextIO]:
    """A file to write `path` into: beside it, under its name at the end.

    A device, a pipe, or a file in a folder that takes no other is written as it is. What was found until a video broke
    off, or somebody had enough, is worth keeping; after another error the file is as it was before.

    Raises:
        ConfigError: it cannot be written.
        StorageError: the disk does not take the end of it.
    """
    place = path.resolve()
    # the path itself is asked: what /dev/stdout leads to has no name of its own
    if path.exists() and (not path.is_file() or not os.access(place.parent, os.W_OK)):
        with _opened(path, path) as file:
            yield file
        return
    half = place.with_name(f"{place.name}.{os.getpid()}.part")
    file = _opened(half, path)
    try:
        try:
            yield file
        except (SourceError, KeyboardInterrupt):
            _landed(file, half, place)
            raise
        _landed(file, half, place)
    finally:
        with suppress(OSError):
            file.close()
        half.unlink(missing_ok=True)


def put(file: TextIO, text: str) -> None:
    """Write it; an error names the file, which the system's own does not."""
    try:
        file.write(text)
    except OSError as error:
        raise OSError(error.errno, error.strerror, file.name) from error


def _landed(file: TextIO, half: Path, place: Path) -> None:
    try:
        file.close()
        try:
            half.replace(place)
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
            shutil.copyfile(half, place)  # a file that is a mount of its own, as containers have them
    except OSError as error:
        raise StorageError(f"{place}: cannot be written: {error.strerror}") from error


def _opened(place: Path, path: Path) -> TextIO:
    try:
        return place.open("w", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error


def _identity(path: Path) -> tuple[object, ...] | None:
    """Tells files apart, those that are not there yet by their names; None for a device, which takes all that comes."""
    try:
        found = path.stat()
    except OSError:
        return (path.resolve(),)
    return (found.st_dev, found.st_ino) if stat.S_ISREG(found.st_mode) else None


def _printed(file: TextIO) -> list[Path]:
    """Where the lines of a stream go, if it is one of the system's."""
    try:
        return [Path(f"/dev/fd/{file.fileno()}")]
    except OSError:
        return []
