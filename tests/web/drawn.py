"""Who was drawn: the truth of the demo's scenes, for tests that ask whether a search finds the right people."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from agent.core.clock import NS, parse_rfc3339
from agent.core.geometry import Box, iou

SAME_IOU = 0.3
BESIDE = 0.2
"""Of somebody: so much in another's box, and he is not alone."""


class Drawn:
    """The scenes of a demo in `folder`, looped since their first frame."""

    def __init__(self, folder: Path) -> None:
        told = json.loads((folder / "sim.json").read_text())
        self._first_ns = int(told["first_frame_wall_ns"])
        self._truth = {camera["id"]: json.loads(Path(camera["truth_path"]).read_text()) for camera in told["cameras"]}

    def person(self, track: dict[str, Any]) -> dict[str, Any] | None:
        """The drawn person whom most of the track's path lies on: `id`, `class`, `colours`; None: nobody."""
        votes = Counter(name for _, name in self._sights(track))
        return self._thing(track, votes.most_common(1)[0][0]) if votes else None

    def shows(self, track: dict[str, Any]) -> set[str]:
        """Colours of the upper clothes of whom a quarter of it lies on, and of what is carried before them as long."""
        seen = [(name, {row[0]: row for row in frame}) for frame, name in self._sights(track)]
        things = Counter(name for name, _ in seen)
        for name, here in seen:
            person = Box(*here[name][2:6])
            things.update(key for key, row in here.items() if row[1] == "bag" and Box(*row[2:6]).meets(person))
        long = [self._thing(track, name) for name, count in things.items() if count >= len(seen) / 4]
        return {thing["colours"]["upper"] for thing in long if "upper" in thing["colours"]}

    def alone(self, track: dict[str, Any]) -> int:
        """In how many sights nobody else was drawn over a fifth of that person, or by him."""
        return sum(self._is_alone(frame, name) for frame, name in self._sights(track))

    def _is_alone(self, frame: Sequence[Sequence[Any]], name: str) -> bool:
        boxes = {row[0]: Box(*row[2:6]) for row in frame if row[1] == "person"}
        return all(_covered(boxes[name], other) <= BESIDE for key, other in boxes.items() if key != name)

    def _thing(self, track: dict[str, Any], name: str) -> dict[str, Any]:
        return next(thing for thing in self._truth[track["camera"]]["objects"] if thing["id"] == name)

    def _sights(self, track: dict[str, Any]) -> Iterator[tuple[Sequence[Sequence[Any]], str]]:
        """Of each sight on a drawn person: all that was drawn then, and who it is."""
        truth, start_ns = self._truth[track["camera"]], parse_rfc3339(track["start"])
        for second, *corners in track["path"]:
            since_ns = start_ns + round(second * NS) - self._first_ns
            frame = truth["boxes"][int(since_ns / NS * truth["fps"]) % truth["frames"]]
            people = [(iou(Box(*corners), Box(*row[2:6])), row[0]) for row in frame if row[1] == "person"]
            share, name = max(people, default=(0.0, ""))
            if share > SAME_IOU:
                yield frame, name


def _covered(box: Box, other: Box) -> float:
    """How much of `box` lies in the other."""
    wide, high = min(box.x2, other.x2) - max(box.x1, other.x1), min(box.y2, other.y2) - max(box.y1, other.y1)
    return max(0.0, wide) * max(0.0, high) / (box.width * box.height)
