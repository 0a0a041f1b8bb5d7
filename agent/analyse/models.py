"""Which models there are and where their files lie: the manifest, the folders, the hashes. Imports no model runtime."""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

import agent
from agent.analyse.fetch import Progress, fetch_file
from agent.config.base import Id, Section
from agent.core.errors import ModelError

PREFERRED = ("lamppost-nano", "yolox-nano")
"""What a camera that names no model gets: the first of these whose file is here and whole."""

MANIFEST = "manifest.toml"

FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
Three = tuple[float, float, float]


class ModelInput(Section):
    """How a picture goes in: size in px, mean and scale per channel in the model's order ((value - mean) / scale)."""

    name: str
    width: Annotated[int, Field(ge=32, le=2048)]
    height: Annotated[int, Field(ge=32, le=2048)]
    layout: Literal["NCHW"] = "NCHW"
    order: Literal["BGR", "RGB"] = "BGR"
    mean: Three = (0.0, 0.0, 0.0)
    scale: Three = (1.0, 1.0, 1.0)
    padding: Annotated[int, Field(ge=0, le=255)] = 114
    place: Literal["top-left"] = "top-left"


class ModelEntry(Section):
    """One model of the manifest."""

    name: Id
    file: FileName
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    bytes: Annotated[int, Field(gt=0, le=1 << 30)]
    licence: str
    source: str
    decoder: Literal["yolox"]
    labels: str
    input: ModelInput


class LabelSet(Section):
    """The classes of a model in their order, and which of them we call what; a class that nobody claims is ignored."""

    names: tuple[str, ...]
    ours: Mapping[str, tuple[str, ...]]

    @model_validator(mode="after")
    def _names_what_exists(self) -> Self:
        unknown = [name for names in self.ours.values() for name in names if name not in self.names]
        if unknown:
            raise ValueError(f"the model has no class {unknown[0]!r}")
        return self

    def mapping(self) -> dict[int, tuple[str, str]]:
        """Class index -> (our label, the model's finer name)."""
        return {self.names.index(name): (label, name) for label, names in self.ours.items() for name in names}


class Manifest(Section):
    """The whole file."""

    model: tuple[ModelEntry, ...]
    labels: Mapping[str, LabelSet]

    def entry(self, name: str) -> ModelEntry:
        """The model called `name`.

        Raises:
            ModelError: nobody knows it.
        """
        for entry in self.model:
            if entry.name == name:
                return entry
        known = ", ".join(entry.name for entry in self.model)
        raise ModelError(f"model {name!r}: unknown; known are: {known}")


@dataclass(frozen=True, slots=True)
class Model:
    """A model whose file is here and whole."""

    entry: ModelEntry
    labels: LabelSet
    path: Path


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One line of `lamppost models list`; `state` is ready, absent or wrong hash."""

    name: str
    state: str
    path: Path | None
    bytes: int
    licence: str
    source: str


def bundled_folder() -> Path:
    """Where the package carries its models: inside the wheel, or beside the package in a checkout."""
    package = Path(agent.__file__).parent
    inside = package / "_models"
    return inside if inside.is_dir() else package.parent / "models"


def user_folder() -> Path:
    """Where fetched models go: `$XDG_DATA_HOME/lamppost/models` (XDG Base Directory Specification 0.8)."""
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "lamppost" / "models"


def model_folders(configured: Path | None = None) -> tuple[Path, ...]:
    """The folders searched, first come first served: LAMPPOST_MODELS, the configuration's, the user's, ours."""
    named = os.environ.get("LAMPPOST_MODELS")
    first = (Path(named),) if named else ()
    second = (configured,) if configured is not None else ()
    return (*first, *second, user_folder(), bundled_folder())


def load_manifest(path: Path | None = None) -> Manifest:
    """Read the manifest, by default the bundled one.

    Raises:
        ModelError: it is missing or wrong.
    """
    path = path or bundled_folder() / MANIFEST
    try:
        return Manifest.model_validate(tomllib.loads(path.read_text()))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: the manifest of models cannot be read: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ModelError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error


class ModelStore:
    """Finds, checks and fetches the files of the manifest's models."""

    def __init__(self, folders: Sequence[Path], manifest: Manifest | None = None) -> None:
        self._folders = tuple(folders)
        self.manifest = manifest or load_manifest()

    def find(self, name: str) -> Model:
        """The model called `name`; the first folder that has its file decides.

        Raises:
            ModelError: unknown, absent, or its hash is wrong.
        """
        entry = self.manifest.entry(name)
        path = self._first(entry)
        if path is None:
            raise ModelError(
                f"model {name}: {entry.file} is in none of {', '.join(map(str, self._folders))}; "
                f"run: lamppost models fetch {name} --from FOLDER-OR-URL"
            )
        _check(entry, path)
        return Model(entry, self._labels(entry), path)

    def best(self) -> tuple[Model | None, tuple[str, ...]]:
        """The best model that is here and whole, and a line for each better one that is here and broken."""
        notes: list[str] = []
        known = {entry.name for entry in self.manifest.model}
        for name in PREFERRED:
            if name not in known or self._first(self.manifest.entry(name)) is None:
                continue
            try:
                return self.find(name), tuple(notes)
            except ModelError as error:
                notes.append(str(error))
        return None, tuple(notes)

    def verify(self, name: str) -> Path:
        """Check the file of `name` and return where it lies.

        Raises:
            ModelError: as `find`.
        """
        return self.find(name).path

    def fetch(self, name: str, source: Path | str, into: Path | None = None, progress: Progress | None = None) -> Path:
        """Bring the file of `name` from a folder or an http(s) URL (of the file, or ending in `/`) into `into`.

        By default into the user's folder. Goes on where an earlier attempt broke off; the file appears only whole.

        Raises:
            ModelError: unknown, unreachable, too large, or what came has another hash.
        """
        entry = self.manifest.entry(name)
        target = (into or user_folder()) / entry.file
        fetch_file(source, target, entry.bytes, progress, lambda path: _check(entry, path))
        return target

    def rows(self) -> list[ModelRow]:
        """Every model of the manifest and whether it can be used here."""
        return [self._row(entry) for entry in self.manifest.model]

    def _row(self, entry: ModelEntry) -> ModelRow:
        path = self._first(entry)
        state = "absent" if path is None else "ready" if _fits(entry, path) else "wrong hash"
        return ModelRow(entry.name, state, path, entry.bytes, entry.licence, entry.source)

    def _first(self, entry: ModelEntry) -> Path | None:
        paths = (folder / entry.file for folder in self._folders)
        return next((path for path in paths if path.is_file()), None)

    def _labels(self, entry: ModelEntry) -> LabelSet:
        try:
            return self.manifest.labels[entry.labels]
        except KeyError as error:
            raise ModelError(f"model {entry.name}: the manifest has no labels {entry.labels!r}") from error


def _fits(entry: ModelEntry, path: Path) -> bool:
    try:
        _check(entry, path)
    except ModelError:
        return False
    return True


def _check(entry: ModelEntry, path: Path) -> None:
    try:
        size = path.stat().st_size
        found = _sha256(path) if size == entry.bytes else None
    except OSError as error:
        raise ModelError(f"model {entry.name}: {path} cannot be read: {error.strerror}") from error
    if found is None:
        raise ModelError(f"model {entry.name}: {path} has {size} bytes, not {entry.bytes}; {_advice(entry)}")
    if found != entry.sha256:
        raise ModelError(f"model {entry.name}: {path} has the wrong hash {found[:12]}...; {_advice(entry)}")


def _advice(entry: ModelEntry) -> str:
    return f"remove it and run: lamppost models fetch {entry.name} --from FOLDER-OR-URL"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
