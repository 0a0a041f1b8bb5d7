"""Pictures decoded once into one flat file, with a line of JSON for each, so that the loader costs almost nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
CLASSES = ("person", "vehicle", "two_wheeler", "bag", "animal")
LONGEST_PX = 448
IGNORE = -1.0
"""Weight of a box that may or may not be something: neither taught nor punished."""

Box = tuple[float, float, float, float, int, float]
"""x1, y1, x2, y2 in px, class, weight: how sure the label is (0..1), or `IGNORE`."""


@dataclass(frozen=True)
class Record:
    """One picture and what is in it. `classes` are those that were looked for; others are unknown, not absent."""

    name: str
    width: int
    height: int
    source: str
    licence: str
    split: str
    classes: tuple[int, ...]
    boxes: tuple[Box, ...]
    offset: int = 0


class PackWriter:
    """Appends pictures; `close` makes the pack whole."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._offset = folder, 0
        self._pixels = (folder / "pixels.u8").open("wb")
        self._lines = (folder / "records.partial").open("w")

    def add(self, picture: Image, record: Record) -> None:
        """Keep a picture (BGR), at most `LONGEST_PX` long; boxes are in its px and shrink with it."""
        factor = min(1.0, LONGEST_PX / max(picture.shape[:2]))
        if factor < 1.0:
            size = (round(picture.shape[1] * factor), round(picture.shape[0] * factor))
            picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
        boxes = tuple((*(round(side * factor, 1) for side in box[:4]), box[4], box[5]) for box in record.boxes)
        height, width = picture.shape[:2]
        kept = replace(record, width=width, height=height, boxes=boxes, offset=self._offset)
        self._pixels.write(picture.tobytes())
        self._offset += picture.size
        self._lines.write(json.dumps(asdict(kept), separators=(",", ":")) + "\n")

    def close(self) -> None:
        """Let the pack appear whole."""
        self._pixels.close()
        self._lines.close()
        (self._folder / "records.partial").rename(self._folder / "records.jsonl")


class Pack:
    """A pack on disk, mapped into memory."""

    def __init__(self, folder: Path, records: Sequence[Record] | None = None) -> None:
        self.records = list(records if records is not None else read_records(folder / "records.jsonl"))
        self.drawn = folder.name.startswith("drawn")
        self._pixels = np.memmap(folder / "pixels.u8", np.uint8, "r")

    def picture(self, number: int) -> Image:
        """Picture `number`, BGR, not to be written to."""
        record = self.records[number]
        flat = self._pixels[record.offset : record.offset + record.width * record.height * 3]
        return flat.reshape(record.height, record.width, 3)


def read_records(path: Path) -> Iterator[Record]:
    """The records of a pack."""
    with path.open() as lines:
        for line in lines:
            body: dict[str, Any] = json.loads(line)
            body["boxes"] = tuple(tuple(box) for box in body["boxes"])
            body["classes"] = tuple(body["classes"])
            yield Record(**body)
