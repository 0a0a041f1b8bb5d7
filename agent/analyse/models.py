"""Which models there are and where their files lie: manifests, folders, hashes. Imports no model runtime."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import agent
from agent.analyse.fetch import Progress, fetch_file
from agent.analyse.manifest import MANIFEST, LabelSet, Manifest, ModelEntry, ModelFile, read_manifest
from agent.core.errors import ModelError
from agent.core.folders import user_base

PREFERRED = ("yolox-nano", "lamppost-nano")
"""What a camera that names no model gets: the first of these that is here and whole, else any that is.

The bundled model is always here; who fetched YOLOX-nano wants it: it finds more in real pictures, at twice the price
(models/lamppost-nano.md).
"""


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file of a model that is here and whole."""

    file: ModelFile
    path: Path


@dataclass(frozen=True, slots=True)
class Model:
    """A model that is here: its whole files, and a line for each that is here and broken."""

    entry: ModelEntry
    labels: LabelSet
    files: tuple[LocalFile, ...]
    broken: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One file in `lamppost models list`; `state` is ready, absent or wrong hash."""

    entry: ModelEntry
    file: ModelFile
    state: str
    path: Path | None


def bundled_folder() -> Path:
    """Where the package carries its models: inside the wheel, or beside the package in a checkout."""
    package = Path(agent.__file__).parent
    inside = package / "_models"
    return inside if inside.is_dir() else package.parent / "models"


def user_folder() -> Path | None:
    """Where fetched models go: `$XDG_DATA_HOME/lamppost/models`; None for a user without a home."""
    base = user_base("XDG_DATA_HOME", ".local", "share")
    return None if base is None else base / "lamppost" / "models"


def model_folders(configured: Path | None = None) -> tuple[Path, ...]:
    """The folders searched, first come first served: LAMPPOST_MODELS, the configuration's, the user's, ours."""
    named = os.environ.get("LAMPPOST_MODELS")
    first = (Path(named),) if named else ()
    second = (configured,) if configured is not None else ()
    own = user_folder()
    third = (own,) if own is not None else ()
    return (*first, *second, *third, bundled_folder())


def load_manifest(path: Path | None = None) -> Manifest:
    """Read a manifest, by default the bundled one.

    Raises:
        ModelError: it is missing or wrong.
    """
    return read_manifest(path or bundled_folder() / MANIFEST)


class ModelStore:
    """Finds, checks and fetches the files of models: those of our manifest and of any `manifest.toml` in the folders.

    `notes` has a line for each manifest of a folder that cannot be read.
    """

    def __init__(self, folders: Sequence[Path], manifest: Manifest | None = None) -> None:
        self._folders = tuple(folders)
        self.notes: tuple[str, ...] = ()
        self.manifest = self._with_folders(manifest or load_manifest())

    def find(self, name: str) -> Model:
        """The model called `name`, with all of its files that are here; of each the first folder that has it decides.

        Raises:
            ModelError: unknown, absent, or no file of it has the right hash.
        """
        entry = self.manifest.entry(name)
        labels = self.manifest.labels_of(entry)
        files, broken = [], []
        for file in entry.file:
            path = self._first(file)
            if path is not None and (wrong := _wrong(entry, file, path)):
                broken.append(wrong)
            elif path is not None:
                files.append(LocalFile(file, path))
        if not files:
            raise ModelError(broken[0] if broken else self._absent(entry))
        return Model(entry, labels, tuple(files), tuple(broken))

    def ranked(self) -> list[str]:
        """The names of the detectors with a file here, the preferred first; whether they are whole shows when found."""
        detectors = (entry for entry in self.manifest.model if entry.detects)
        here = [entry.name for entry in detectors if any(self._first(file) for file in entry.file)]
        return [name for name in PREFERRED if name in here] + [name for name in here if name not in PREFERRED]

    def verify(self, name: str) -> list[Path]:
        """Check all files of `name` that are here and return where they lie.

        Raises:
            ModelError: as `find`, and when any of them is broken.
        """
        model = self.find(name)
        if model.broken:
            raise ModelError(model.broken[0])
        return [local.path for local in model.files]

    def file_of(self, name: str, wanted: str | None) -> ModelFile:
        """The file of that model called `wanted`; without it the first one.

        Raises:
            ModelError: there is none of that name.
        """
        entry = self.manifest.entry(name)
        for file in entry.file:
            if wanted is None or file.name == wanted:
                return file
        known = ", ".join(file.name for file in entry.file)
        raise ModelError(f"model {name}: it has no file {wanted!r}, but {known}")

    def fetch(
        self, name: str, source: Path | str, into: Path | None = None, progress: Progress | None = None,
        file: ModelFile | None = None,
    ) -> Path:  # fmt: skip
        """Bring a file of `name` from a folder or an http(s) URL (of the file, or ending in `/`) into `into`.

        By default the model's first file, into the user's folder. Goes on where an earlier attempt broke off; the
        file appears only whole.

        Raises:
            ModelError: unknown, unreachable, too large, or what came has another hash.
        """
        entry = self.manifest.entry(name)
        chosen = file or entry.file[0]
        folder = into or user_folder()
        if folder is None:
            raise ModelError(f"model {name}: this user has no home to keep it in; name a folder with --into")
        target = folder / chosen.name
        fetch_file(source, target, chosen.bytes, progress, lambda path: _check(entry, chosen, path))
        return target

    def rows(self) -> list[ModelRow]:
        """Every file of every model and whether it can be used here."""
        return [self._row(entry, file) for entry in self.manifest.model for file in entry.file]

    def _row(self, entry: ModelEntry, file: ModelFile) -> ModelRow:
        path = self._first(file)
        state = "absent" if path is None else "wrong hash" if _wrong(entry, file, path) else "ready"
        return ModelRow(entry, file, state, path)

    def _first(self, file: ModelFile) -> Path | None:
        paths = (folder / file.name for folder in self._folders)
        return next((path for path in paths if path.is_file()), None)

    def _absent(self, entry: ModelEntry) -> str:
        return (
            f"model {entry.name}: {' or '.join(file.name for file in entry.file)} is in none of "
            f"{', '.join(map(str, self._folders))}; run: lamppost models fetch {entry.name} --from FOLDER-OR-URL"
        )

    def _with_folders(self, manifest: Manifest) -> Manifest:
        ours = bundled_folder().resolve()
        paths = [folder / MANIFEST for folder in self._folders if folder.resolve() != ours]
        more = [read for path in paths if path.is_file() and (read := self._read(path)) is not None]
        return reduce(lambda below, above: above.over(below), reversed(more), manifest)

    def _read(self, path: Path) -> Manifest | None:
        try:
            return read_manifest(path)
        except ModelError as error:
            self.notes = (*self.notes, f"{error}; its models are left out")
            return None


def _wrong(entry: ModelEntry, file: ModelFile, path: Path) -> str:
    try:
        _check(entry, file, path)
    except ModelError as error:
        return str(error)
    return ""


def _check(entry: ModelEntry, file: ModelFile, path: Path) -> None:
    try:
        size = path.stat().st_size
        found = _sha256(path) if size == file.bytes else None
    except OSError as error:
        raise ModelError(f"model {entry.name}: {path} cannot be read: {error.strerror}") from error
    if found is None:
        raise ModelError(f"model {entry.name}: {path} has {size} bytes, not {file.bytes}; {_advice(entry)}")
    if found != file.sha256:
        raise ModelError(f"model {entry.name}: {path} has the wrong hash {found[:12]}...; {_advice(entry)}")


def _advice(entry: ModelEntry) -> str:
    return f"remove it and run: lamppost models fetch {entry.name} --from FOLDER-OR-URL"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
