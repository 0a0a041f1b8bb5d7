"""Who was drawn: the truth of the demo's scenes, for tests that ask whether a search finds the right people."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from agent.core.clock import NS, parse_rfc3339
from agent.core.geometry import Box, iou

SAME_IOU = 0.3


class Drawn:
    """The scenes of a demo in `folder`, looped since their first frame."""

    def __init__(self, folder: Path) -> None:
        told = json.loads((folder / "sim.json").read_text())
        self._first_ns = int(told["first_frame_wall_ns"])
        self._truth = {camera["id"]: json.loads(Path(camera["truth_path"]).read_text()) for camera in told["cameras"]}

    def person(self, track: dict[str, Any]) -> dict[str, Any] | None:
        """The drawn person whom most of the track's path lies on: `id`, `class`, `colours`; None: nobody."""
        truth = self._truth[track["camera"]]
        votes = Counter(
            name for second, *corners in track["path"]
            if (name := self._at(truth, parse_rfc3339(track["start"]) + round(second * NS), Box(*corners)))
        )  # fmt: skip
        if not votes:
            return None
        best = votes.most_common(1)[0][0]
        return next(thing for thing in truth["objects"] if thing["id"] == best)

    def _at(self, truth: dict[str, Any], wall_ns: int, box: Box) -> str | None:
        frame = int((wall_ns - self._first_ns) / NS * truth["fps"]) % truth["frames"]
        people = [(iou(box, Box(*row[2:6])), row[0]) for row in truth["boxes"][frame] if row[1] == "person"]
        share, name = max(people, default=(0.0, None))
        return name if share > SAME_IOU else None
