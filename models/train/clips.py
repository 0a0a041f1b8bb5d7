"""Frames of fixed cameras, labelled by the teacher alone: `python -m models.train.clips PACKS VIDEOS MODELS`.

The teacher looks at the whole frame and, where the frame is larger than its input, at overlapping quarters too, so that
small people in wide views are found; the pack keeps the small picture with these labels.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2
import numpy as np

from agent.analyse.detect.pool import DetectorPool, Engines
from agent.analyse.detect.port import Detector
from agent.analyse.models import ModelStore
from models.train.boxes import intersections, overlaps
from models.train.empty import fixed_clips
from models.train.pack import CLASSES, LONGEST_PX, Image, PackWriter, Record
from models.train.teacher import Rows, seen

FRAMES = 40
"""Per clip."""
PART = 0.6
"""Side of a quarter as a share of the frame's: neighbours overlap by a third."""
EDGE_PX = 4.0


def main() -> None:
    """Write the pack `clips` and its teacher's rows."""
    packs, videos, models = (Path(word) for word in sys.argv[1:4])
    cv2.setNumThreads(1)
    detector = DetectorPool(ModelStore((models,)), Engines(threads=1, providers=("cpu",))).get("yolox-nano")
    writer = PackWriter(packs / "clips")
    lines: list[str] = []
    for path in fixed_clips(videos):
        for number, frame in spread(path):
            factor = min(1.0, LONGEST_PX / max(frame.shape[:2]))
            rows = looked(detector, frame) * np.array([factor] * 4 + [1, 1], np.float32)
            lines.append(json.dumps([len(lines), [[round(float(value), 3) for value in row] for row in rows]]))
            writer.add(frame, _record(f"{path.stem}-{number}", path.name))
    (packs / "clips" / "teacher-0.jsonl").write_text("\n".join(lines) + "\n")
    writer.close()


def spread(path: Path) -> list[tuple[int, Image]]:
    """`FRAMES` frames of a clip, evenly spread, with their numbers."""
    clip = cv2.VideoCapture(str(path))
    total = int(clip.get(cv2.CAP_PROP_FRAME_COUNT))
    wanted = set(np.linspace(0, max(0, total - 2), FRAMES).astype(int).tolist())
    frames = []
    for number in range(total):
        if not clip.grab():
            break
        if number in wanted:
            frames.append((number, np.asarray(clip.retrieve()[1], np.uint8)))
    return frames


def looked(detector: Detector, frame: Image) -> Rows:
    """Rows x1 y1 x2 y2 class score of the whole frame and, if it is large, of its quarters."""
    rows = seen(detector, frame)
    height, width = frame.shape[:2]
    if width < 600:
        return rows
    wide, high = round(width * PART), round(height * PART)
    for left in (0, width - wide):
        for top in (0, height - high):
            part = seen(detector, np.ascontiguousarray(frame[top : top + high, left : left + wide]))
            part = part[_whole(part, wide, high, (left > 0, top > 0))]
            part[:, :4] += np.array([left, top, left, top], np.float32)
            rows = np.concatenate([rows, _news(rows, part)])
    return rows


def _whole(rows: Rows, wide: int, high: int, inner: tuple[bool, bool]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Not cut by a border that lies within the frame."""
    sides = rows[:, 0] > EDGE_PX if inner[0] else rows[:, 2] < wide - EDGE_PX
    ends = rows[:, 1] > EDGE_PX if inner[1] else rows[:, 3] < high - EDGE_PX
    return np.asarray(sides & ends)


def _news(rows: Rows, part: Rows) -> Rows:
    """What the quarter adds: nothing that is known already, nor a piece of it."""
    same = rows[None, :, 4] == part[:, 4:5]
    area = np.maximum((part[:, 2:4] - part[:, :2]).prod(1), 1e-6)
    inside = intersections(part[:, :4], rows[:, :4]) / area[:, None]
    strong = rows[None, :, 5] >= 0.3
    known = (overlaps(part[:, :4], rows[:, :4]) > 0.4) | ((inside > 0.7) & strong)
    return part[~(known & same).any(1)]


def _record(name: str, source: str) -> Record:
    return Record(name, 0, 0, source, "see the data's README", "train", tuple(range(len(CLASSES))), ())


if __name__ == "__main__":
    main()
