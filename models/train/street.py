"""Real pictures: the tars and their labels into a pack. `python -m models.train.street DATA PACKS`."""

from __future__ import annotations

import json
import sys
import tarfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from models.train.pack import IGNORE, Box, Image, PackWriter, Record

WEIGHTS = {"human": 1.0, "pseudo": 0.9, "ignore": IGNORE}


def main() -> None:
    """Pack every picture of the tars."""
    data, packs = Path(sys.argv[1]), Path(sys.argv[2])
    lines = (json.loads(line) for line in (data / "labels.jsonl").read_text().splitlines())
    labels = {body["file"]: body for body in lines}
    writer = PackWriter(packs / "street")
    for path in sorted(data.glob("*.tar")):
        with tarfile.open(path) as tar:
            for member in tar:
                stream = tar.extractfile(member)
                if stream is not None and member.name in labels:
                    writer.add(_decoded(stream.read()), record_of(labels[member.name]))
    writer.close()


def record_of(body: dict[str, Any]) -> Record:
    """A line of `labels.jsonl` as a record."""
    return Record(
        name=body["file"],
        width=body["width"],
        height=body["height"],
        source=body["source"],
        licence=body["licence"],
        split=body["split"],
        classes=tuple(body["eval_classes"]),
        boxes=tuple(_box(*row) for row in body["boxes"]),
    )


def _box(x: float, y: float, width: float, height: float, label: int, kind: str) -> Box:
    return x, y, x + width, y + height, label, WEIGHTS[kind]


def _decoded(data: bytes) -> Image:
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), np.uint8)


if __name__ == "__main__":
    main()
