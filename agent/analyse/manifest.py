"""The manifest of models as types: what goes into a model, how to read what comes out, what it is called here."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from agent.config.base import Id, Section
from agent.core.errors import ModelError

MANIFEST = "manifest.toml"
COARSEST_STRIDE = 32

FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Share = Annotated[float, Field(ge=0, le=1)]
Three = tuple[float, float, float]
Side = Annotated[int, Field(ge=32, le=2048)]
Strides = Annotated[tuple[Annotated[int, Field(ge=1, le=128)], ...], Field(min_length=1, max_length=6)]
Layout = Literal["NCHW", "NHWC"]


class ModelInput(Section):
    """How a picture goes in.

    Size in px; `mean` and `scale` per channel in the model's order, in grey levels: (value - mean) / scale. `place` is
    where the picture stands in the model's square: `stretch` fills it, the others keep its shape and pad with the
    grey level `padding`.
    """

    width: Side
    height: Side
    layout: Layout = "NCHW"
    order: Literal["BGR", "RGB"] = "BGR"
    mean: Three = (0.0, 0.0, 0.0)
    scale: Three = (1.0, 1.0, 1.0)
    padding: Annotated[int, Field(ge=0, le=255)] = 114
    place: Literal["top-left", "centre", "stretch"] = "top-left"

    @model_validator(mode="after")
    def _scale_is_no_zero(self) -> Self:
        if 0 in self.scale:
            raise ValueError("scale must not be 0")
        return self


class YoloxSpec(Section):
    """Raw YOLOX: rows x (offset x, y, log width, height, objectness, a share per class), by stride."""

    kind: Literal["yolox"]
    strides: Strides = (8, 16, 32)


class NanodetSpec(Section):
    """NanoDet: per stride class shares and, for each side, a distribution over `bins` distances in strides.

    `offset` is where in its cell a point lies: 0.5 in NanoDet, 0 in NanoDet-Plus.
    """

    kind: Literal["nanodet"]
    strides: Strides = (8, 16, 32)
    bins: Annotated[int, Field(ge=2, le=64)] = 8
    offset: Share = 0.5


class FastestdetSpec(Section):
    """FastestDet: one map of (objectness, offset x, y, width, height, a share per class)."""

    kind: Literal["fastestdet"]


SsdPart = Literal["boxes", "classes", "scores", "count"]


class SsdSpec(Section):
    """SSD with its post-processing in the graph: four tensors, in this `order`; boxes are y1 x1 y2 x2 of 0..1.

    `first_class` is the number of the first label: 1 where 0 is the background.
    """

    kind: Literal["ssd"]
    order: tuple[SsdPart, SsdPart, SsdPart, SsdPart] = ("boxes", "classes", "scores", "count")
    first_class: Annotated[int, Field(ge=0, le=1)] = 0

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        if len(set(self.order)) != len(self.order):
            raise ValueError("order must name boxes, classes, scores and count once each")
        return self


PlainColumn = Literal["batch", "x1", "y1", "x2", "y2", "score", "class", "-"]


class PlainSpec(Section):
    """Finished rows of numbers, like x1 y1 x2 y2 score class. `unit`: px of the model's input, or shares of it."""

    kind: Literal["plain"]
    columns: Annotated[tuple[PlainColumn, ...], Field(max_length=16)] = ("x1", "y1", "x2", "y2", "score", "class")
    unit: Literal["px", "share"] = "px"
    first_class: Annotated[int, Field(ge=0, le=1)] = 0

    @model_validator(mode="after")
    def _has_what_a_box_needs(self) -> Self:
        missing = [name for name in ("x1", "y1", "x2", "y2", "score", "class") if self.columns.count(name) != 1]
        if missing:
            raise ValueError(f"columns must name {missing[0]} once")
        return self


class ScoredSpec(Section):
    """Rows of x1 y1 x2 y2 (px of the model's input) and a finished score per class, without suppression."""

    kind: Literal["scored"]


class AppearanceSpec(Section):
    """No detector: one row of `dimensions` numbers that say what a person looks like, alike for the same person."""

    kind: Literal["appearance"]
    dimensions: Annotated[int, Field(ge=8, le=4096)]


DetectorSpec = YoloxSpec | NanodetSpec | FastestdetSpec | SsdSpec | PlainSpec | ScoredSpec
DecoderSpec = Annotated[DetectorSpec | AppearanceSpec, Field(discriminator="kind")]


class Measured(Section):
    """What `python -m tests.bench detect` found: average precision at IoU 0.5 per label, false boxes per empty picture.

    `latency_ms` is the median of whole detections on one thread of `machine`, `ratio` that over a bare loop that
    resizes and runs the model.
    """

    person: Share
    vehicle: Share
    two_wheeler: Share
    bag: Share
    animal: Share
    false_per_empty: Annotated[float, Field(ge=0)]
    latency_ms: Annotated[float, Field(gt=0)]
    ratio: Annotated[float, Field(gt=0)]
    machine: str


class ModelFile(Section):
    """One file of a model. What it does not say of layout and decoder is as the model says; `url`: where it is from."""

    name: FileName
    sha256: Sha256
    bytes: Annotated[int, Field(gt=0, le=1 << 30)]
    url: str = ""
    layout: Layout | None = None
    decoder: DecoderSpec | None = None
    measured: Measured | None = None

    @property
    def runtime(self) -> str:
        """What can run it: `onnxruntime` or `tflite`."""
        return "tflite" if self.name.endswith(".tflite") else "onnxruntime"


class ModelEntry(Section):
    """One model of the manifest. `believe` is the score from which its detections are right more often than not.

    `labels` names the list of its classes; only a model that detects nothing has none.
    """

    name: Id
    licence: str
    source: str
    input: ModelInput
    decoder: DecoderSpec
    labels: str = ""
    believe: Annotated[float, Field(gt=0.05, lt=1)] = 0.4
    file: Annotated[tuple[ModelFile, ...], Field(min_length=1, max_length=8)]

    def input_of(self, file: ModelFile) -> ModelInput:
        """How a picture goes into this file."""
        return self.input if file.layout is None else self.input.model_copy(update={"layout": file.layout})

    def decoder_of(self, file: ModelFile) -> DecoderSpec:
        """How to read what comes out of this file."""
        return file.decoder or self.decoder

    @property
    def detects(self) -> bool:
        """Does it find things in pictures?"""
        return not isinstance(self.decoder, AppearanceSpec)

    @model_validator(mode="after")
    def _has_labels(self) -> Self:
        if self.detects and not self.labels:
            raise ValueError("labels is missing: the name of the list of the model's classes")
        return self

    @model_validator(mode="after")
    def _grids_fit(self) -> Self:
        specs = [self.decoder, *(file.decoder for file in self.file if file.decoder)]
        grids = any(isinstance(spec, YoloxSpec | NanodetSpec) for spec in specs)
        if grids and (self.input.width % COARSEST_STRIDE or self.input.height % COARSEST_STRIDE):
            raise ValueError(f"width and height must be multiples of {COARSEST_STRIDE}")
        return self


class LabelSet(Section):
    """The classes of a model in their order, and which of them we call what; a class that nobody claims is ignored."""

    names: Annotated[tuple[str, ...], Field(max_length=10_000)]
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
    labels: Mapping[str, LabelSet] = {}

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

    def labels_of(self, entry: ModelEntry) -> LabelSet:
        """The classes of a model; no names for one that detects nothing.

        Raises:
            ModelError: the manifest does not list them.
        """
        if not entry.detects:
            return LabelSet(names=(), ours={})
        try:
            return self.labels[entry.labels]
        except KeyError as error:
            raise ModelError(f"model {entry.name}: the manifest has no labels {entry.labels!r}") from error

    def over(self, other: Manifest) -> Manifest:
        """Both together; where names are the same, ours count."""
        ours = {entry.name for entry in self.model}
        more = tuple(entry for entry in other.model if entry.name not in ours)
        return Manifest(model=(*self.model, *more), labels={**other.labels, **self.labels})


def read_manifest(path: Path) -> Manifest:
    """Read one manifest.

    Raises:
        ModelError: it is missing or wrong; one line that says where.
    """
    try:
        return Manifest.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: the manifest of models cannot be read: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ModelError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
