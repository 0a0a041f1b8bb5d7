"""Pictures with nothing in them: `python -m models.train.empty PACKS VIDEOS`, after the teacher has seen `street`.

Temporal medians of fixed-camera clips (whoever moves is gone; who never moved, the teacher is asked about later), and
parts of street pictures in which neither a label nor the teacher has anything.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np

from models.train.boxes import intersections
from models.train.merge import read_teacher
from models.train.pack import CLASSES, Image, Pack, PackWriter, Record

WINDOWS = 8
"""Medians per clip."""
CROPS = 900
SMALLEST_CROP_PX = 110
UNFIT = frozenset({"nasrfathy_parking", "mohamed_parking", "intel_person-bicycle-car-detection"})
"""Clips with parked cars that the teacher does not see: what looks empty there is not."""
EVERYTHING = tuple(range(len(CLASSES)))


def main() -> None:
    """Write the packs `median` and `crop`, and `val-crop` for the evaluation."""
    packs, videos = Path(sys.argv[1]), Path(sys.argv[2])
    cv2.setNumThreads(1)
    writer = PackWriter(packs / "median")
    for path in fixed_clips(videos):
        for number, picture in enumerate(medians(path)):
            writer.add(picture, _record(f"median-{path.stem}-{number}", path.name, "see the data's README"))
    writer.close()
    _crops(packs, "train", "crop")
    _crops(packs, "val", "val-crop")


def fixed_clips(videos: Path) -> list[Path]:
    """The clips that are fit for medians and for a teacher who labels alone."""
    return sorted(path for path in videos.iterdir() if path.stem not in UNFIT)


def medians(path: Path) -> list[Image]:
    """Medians of 15 frames each, spread over parts of a clip."""
    clip = cv2.VideoCapture(str(path))
    total = int(clip.get(cv2.CAP_PROP_FRAME_COUNT))
    wanted = set(np.linspace(0, max(0, total - 1), WINDOWS * 15).astype(int).tolist())
    frames: list[Image] = []
    for number in range(total):
        if not clip.grab():
            break
        if number in wanted:
            frames.append(_small(np.asarray(clip.retrieve()[1], np.uint8)))
    groups = [frames[first : first + 15] for first in range(0, len(frames) - 7, 15)]
    return [np.median(np.stack(group), axis=0).astype(np.uint8) for group in groups]


def _small(frame: Image) -> Image:
    factor = min(1.0, 448 / max(frame.shape[:2]))
    size = (round(frame.shape[1] * factor), round(frame.shape[0] * factor))
    return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8)


def _crops(packs: Path, split: str, name: str) -> None:
    pack, teacher, rng = Pack(packs / "street"), read_teacher(packs / "street"), np.random.default_rng(5)
    numbers = [number for number, record in enumerate(pack.records) if record.split == split]
    writer, made = PackWriter(packs / name), 0
    for number in rng.permutation(numbers):
        record = pack.records[number]
        taken = np.array([box[:4] for box in record.boxes], np.float32).reshape(-1, 4)
        taken = np.concatenate([taken, teacher[int(number)][:, :4]])
        area = free_window(rng, record.width, record.height, taken)
        if area is not None:
            x1, y1, x2, y2 = area
            crop = np.ascontiguousarray(pack.picture(int(number))[y1:y2, x1:x2])
            writer.add(crop, _record(f"crop-{record.name}", record.source, record.licence))
            made += 1
        if made == CROPS:
            break
    writer.close()


def free_window(
    rng: np.random.Generator, width: int, height: int, taken: np.ndarray[tuple[int, ...], np.dtype[np.float32]]
) -> tuple[int, int, int, int] | None:
    """The largest of some random windows that touches none of the boxes `taken`; None when all do."""
    best: tuple[int, int, int, int] | None = None
    for _ in range(40):
        wide, high = (int(rng.integers(SMALLEST_CROP_PX, max(SMALLEST_CROP_PX, side) + 1)) for side in (width, height))
        if wide > width or high > height:
            continue
        left, top = int(rng.integers(0, width - wide + 1)), int(rng.integers(0, height - high + 1))
        window = np.array([[left, top, left + wide, top + high]], np.float32)
        larger = best is None or wide * high > (best[2] - best[0]) * (best[3] - best[1])
        if larger and not (intersections(window, taken) > 0).any():
            best = (left, top, left + wide, top + high)
    return best


def _record(name: str, source: str, licence: str) -> Record:
    return Record(name, 0, 0, source, licence, "train", EVERYTHING, ())


if __name__ == "__main__":
    main()
