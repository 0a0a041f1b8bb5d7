"""Runs in an environment of its own (see track.py): the peers' trackers over given detections, motmetrics over all.

`python track_peers.py JOB OUT`: JOB is JSON `{clips: [{name, fps, pictures: [{time, found: [[x, y, w, h, score]...],
truth: [[id, x, y, w, h]...]}...], ours: {name: [[[id, x, y, w, h]...]...]}}]}` in px; OUT gets, per clip and tracker,
`{idf1, mota, switches}`. The peers get their defaults and thresholds that suit a small detector, ids from the first or
the second sight; each with and without the capture times.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import motmetrics
import numpy as np
import supervision
from trackers import ByteTrackTracker, SORTTracker

Clip = dict[str, Any]
Rows = list[list[list[float]]]

PEERS: dict[str, Callable[[float], Any]] = {
    "sort default": lambda fps: SORTTracker(frame_rate=fps),
    "sort lowered": lambda fps: SORTTracker(
        frame_rate=fps, track_activation_threshold=0.45, minimum_consecutive_frames=1, minimum_iou_threshold=0.1
    ),
    "sort lowered, twice": lambda fps: SORTTracker(
        frame_rate=fps, track_activation_threshold=0.45, minimum_consecutive_frames=2, minimum_iou_threshold=0.1
    ),
    "bytetrack default": lambda fps: ByteTrackTracker(frame_rate=fps),
    "bytetrack lowered": lambda fps: ByteTrackTracker(
        frame_rate=fps, track_activation_threshold=0.45, high_conf_det_threshold=0.4, minimum_consecutive_frames=1
    ),
    "bytetrack lowered, twice": lambda fps: ByteTrackTracker(
        frame_rate=fps, track_activation_threshold=0.45, high_conf_det_threshold=0.4, minimum_consecutive_frames=2
    ),
}


def follow(clip: Clip, make: Callable[[float], Any], *, timed: bool) -> Rows:
    """The rows of one peer; `timed` gives it the capture times, else it goes by its frame rate."""
    tracker = make(clip["fps"])
    return [list(_step(tracker, picture, timed=timed)) for picture in clip["pictures"]]


def _step(tracker: Any, picture: dict[str, Any], *, timed: bool) -> Iterator[list[float]]:
    found = np.asarray(picture["found"], float).reshape(-1, 5)
    corners = np.concatenate([found[:, :2], found[:, :2] + found[:, 2:4]], 1)
    given = supervision.Detections(corners, confidence=found[:, 4], class_id=np.zeros(len(found), int))
    said = tracker.update(given, timestamp=picture["time"]) if timed else tracker.update(given)
    for (x1, y1, x2, y2), name in zip(said.xyxy, said.tracker_id, strict=True):
        if name >= 0:
            yield [int(name), x1, y1, x2 - x1, y2 - y1]


def judge(clip: Clip, rows: Rows) -> dict[str, float]:
    """motmetrics' own figures."""
    account = motmetrics.MOTAccumulator(auto_id=True)
    for picture, said in zip(clip["pictures"], rows, strict=True):
        truth, boxes = np.asarray(picture["truth"], float).reshape(-1, 5), np.asarray(said, float).reshape(-1, 5)
        account.update(truth[:, 0].astype(int), boxes[:, 0].astype(int), _distances(truth[:, 1:], boxes[:, 1:]))
    figures = motmetrics.metrics.create().compute(account, metrics=["idf1", "mota", "num_switches"], name="clip")
    row = figures.iloc[0]
    return {"idf1": float(row["idf1"]), "mota": float(row["mota"]), "switches": int(row["num_switches"])}


def _distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """1 - IoU of boxes x, y, w, h, NaN beyond a half (motmetrics' own function needs a numpy before 2)."""
    low, high = np.maximum(a[:, None, :2], b[None, :, :2]), np.minimum(_ends(a)[:, None], _ends(b)[None])
    overlap = np.clip(high - low, 0, None).prod(2)
    share = overlap / (a[:, None, 2:].prod(2) + b[None, :, 2:].prod(2) - overlap)
    return np.where(share >= 0.5, 1 - share, np.nan)


def _ends(boxes: np.ndarray) -> np.ndarray:
    return boxes[:, :2] + boxes[:, 2:]


def main(job: Path, out: Path) -> None:
    """Read the job, judge everybody, write."""
    warnings.simplefilter("ignore")
    results = {}
    for clip in json.loads(job.read_text())["clips"]:
        said = {name: judge(clip, rows) for name, rows in clip["ours"].items()}
        for name, make in PEERS.items():
            said[name] = judge(clip, follow(clip, make, timed=False))
            said[f"{name}, timed"] = judge(clip, follow(clip, make, timed=True))
        results[clip["name"]] = said
    out.write_text(json.dumps(results))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
