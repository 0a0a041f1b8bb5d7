"""The drawing process: `python -m agent.sim.scene.worker JOBS`. One line on stdout per frame drawn.

JOBS is JSON: `[{"spec": {...}, "first": 0, "last": 450, "folder": "..."}]`. For each job the folder gets
`main-<first>.mp4`, `sub-<first>.mp4` and `truth-<first>.json` for the frames first .. last - 1.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2

from agent.sim.scene.film import STREAMS, Film
from agent.sim.scene.render import Renderer
from agent.sim.scene.scene import Spec, scene_for
from agent.sim.scene.truth import frame_truth


@dataclass(frozen=True)
class Job:
    """Frames `first` .. `last` - 1 of a scene."""

    spec: Spec
    first: int
    last: int
    folder: Path

    def part(self, stream: str) -> Path:
        """Where this part of a stream goes."""
        return self.folder / f"{stream}-{self.first:06d}.mp4"

    @property
    def truth(self) -> Path:
        """Where the truth of these frames goes."""
        return self.folder / f"truth-{self.first:06d}.json"


def draw(job: Job) -> None:
    """Draw and encode one job; says a line per frame."""
    scene = scene_for(job.spec)
    renderer, rows = Renderer(scene), []
    with Film(job.part(STREAMS[0]), job.spec, "main") as main, Film(job.part(STREAMS[1]), job.spec, "sub") as sub:
        for number in range(job.first, job.last):
            picture, seen = renderer.frame(number)
            main.add(picture)
            sub.add(picture)
            rows.append(asdict(frame_truth(scene, seen)))
            sys.stdout.write("frame\n")
            sys.stdout.flush()
    job.truth.write_text(json.dumps(rows))


def main() -> None:
    """Draw the jobs named on the command line."""
    cv2.setNumThreads(1)
    os.nice(5)  # live video of the same machine goes first
    for body in json.loads(sys.argv[1]):
        draw(Job(Spec(**body["spec"]), body["first"], body["last"], Path(body["folder"])))


if __name__ == "__main__":
    main()
