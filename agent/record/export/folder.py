"""The folder or ZIP file that an export becomes: whole under its name, or not there."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from agent.core.clock import NS
from agent.core.durable import sync_file, sync_folder
from agent.core.errors import ConfigError
from agent.record.export.manifest import FileEntry

_PIECE_BYTES = 1 << 20
_FIRST_YEAR = datetime(1980, 1, 1, tzinfo=UTC)
"""ZIP files know no time before."""


def place_for(target: Path, *, as_zip: bool) -> Path:
    """Where the export goes that somebody wants at `target`: links followed, a ZIP file named as one.

    Raises:
        ConfigError: no export can stand there.
    """
    place = target.resolve()
    if place.is_mount():  # made beside it, the export could not be moved there: that is another disk
        raise ConfigError(f"{target} is a mount point, which no export can replace; name a folder on it")
    return place.with_name(place.name + ".zip") if as_zip and place.suffix != ".zip" else place


@contextmanager
def taking_shape(target: Path, *, as_zip: bool, made_ns: int) -> Iterator[Path]:
    """A folder to write into; at the end all of it stands under `target`, after an error nothing does.

    Raises:
        ConfigError: something is there already.
    """
    _must_be_free(target)
    half = target.with_name(target.name + ".part")
    try:
        half.mkdir(parents=True)
    except FileExistsError as error:
        raise ConfigError(f"{half} is there: another export is under way, or was killed; remove it then") from error
    packed = half.with_name(half.name + ".zip")
    try:
        yield half
        if as_zip:
            _pack(half, packed, made_ns)
            sync_file(packed)
            packed.replace(target)
        else:
            _sync(half)
            half.replace(target)
        sync_folder(target.parent)
    finally:
        packed.unlink(missing_ok=True)
        shutil.rmtree(half, ignore_errors=True)


def described(folder: Path, name: str) -> FileEntry:
    """A file of the export, with its hash."""
    with (folder / name).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return FileEntry(name=name, bytes=file.tell(), sha256=digest.hexdigest())


def copy_start(source: BinaryIO, size: int, target: Path) -> None:
    """Copy the first `size` bytes."""
    with target.open("xb") as file:
        while size and (piece := source.read(min(size, _PIECE_BYTES))):
            file.write(piece)
            size -= len(piece)


def _must_be_free(target: Path) -> None:
    if target.is_dir() and not any(target.iterdir()):
        return
    if target.exists() or target.is_symlink():
        raise ConfigError(f"{target} is there already and not empty; name another place for the export")


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _pack(folder: Path, target: Path, made_ns: int) -> None:
    """The same files give the same bytes: sorted, stored, all of the time of the export."""
    moment = max(_FIRST_YEAR, datetime.fromtimestamp(made_ns // NS, UTC))
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as packed:
        for path in _files(folder):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), moment.timetuple()[:6])
            entry.external_attr, entry.create_system = 0o644 << 16, 3
            entry.file_size = path.stat().st_size
            with path.open("rb") as source, packed.open(entry, "w") as member:
                shutil.copyfileobj(source, member, _PIECE_BYTES)


def _sync(folder: Path) -> None:
    for path in _files(folder):
        sync_file(path)
    for one in (*(path for path in folder.rglob("*") if path.is_dir()), folder):
        sync_folder(one)
