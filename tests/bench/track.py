"""Ours beside SORT and ByteTrack (Roboflow's `trackers`), judged by motmetrics: the TUD clips, and simulated streets.

The peers live in an environment of their own under tests/output/peers, which is made when it is not there: they pull
packages that collide with ours. Each gets many settings, and of them the best counts, for each figure by itself.
"""

from __future__ import annotations

import csv
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from agent.analyse.detect.port import Detection
from agent.analyse.track.tracker import Tracker
from agent.core.clock import NS
from agent.core.geometry import Box
from tests.fixtures.traffic import START_NS, STREETS, Picture, Seen, film

DATA = Path(os.environ.get("LAMPPOST_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))
HOME = Path(__file__).parents[1] / "output" / "peers"
PACKAGES = ("trackers>=2.6,<2.7", "motmetrics>=1.4,<2")
RATES = (25, 5, 3, 2)
STREET_RATES = (10, 5, 3, 2)
SEEDS = range(100, 104)
"""None of them served to choose parameters."""
LENGTH_S = 40
SIZE = (640, 480)
PAGE = Path(__file__).parents[2] / "docs" / "design" / "tracking.md"
MARKS = (
    "<!-- table: made by python -m tests.bench.track from tests/output/bench.json -->",
    "<!-- end of table -->",
)
TUD_FPS = 25
FAMILIES = ("ours", "ours at once", "bytetrack", "sort")
TUD = ("TUD-Campus", "TUD-Stadtmitte")


def run() -> dict[str, object]:
    """Scores by place, rate and tracker; milliseconds a picture with 20 tracks."""
    clips = [*_tud(), *_streets()]
    return {"scores": _summary(_judged(clips)), "speed": speed(), "seeds": len(SEEDS), "seconds": LENGTH_S}


# -- the clips ------------------------------------------------------------------------------------------------------


def _tud() -> Iterator[dict[str, Any]]:
    for name in TUD:
        for fps in RATES:
            yield _job(f"{name}@{fps}", fps, tud_film(name, fps), SIZE)


def _streets() -> Iterator[dict[str, Any]]:
    for name, street in STREETS.items():
        for fps, seed in itertools.product(STREET_RATES, SEEDS):
            yield _job(f"{name}@{fps}#{seed}", fps, film(street, seed, fps, LENGTH_S), (1280, 720))


def tud_film(name: str, fps: float) -> list[Picture]:
    """The clip's public detections and truth, thinned to `fps` by its own times."""
    found, truth = _rows(name, "det"), _rows(name, "gt")
    last = max(truth)
    taken = [n for n in range(1, last + 1) if (n - 1) * fps // TUD_FPS > (n - 2) * fps // TUD_FPS]
    return [
        Picture(
            START_NS + (number - 1) * NS // TUD_FPS,
            [Seen(who, "person", box, 1.0) for who, box, _ in truth[number]],
            [Detection("person", min(1.0, score), box) for _, box, score in found[number]],
        )
        for number in taken
    ]


def _rows(name: str, what: str) -> dict[int, list[tuple[int, Box, float]]]:
    rows: dict[int, list[tuple[int, Box, float]]] = defaultdict(list)
    with (DATA / "tracking" / name / what / f"{what}.txt").open() as file:
        for frame, who, x, y, w, h, score, *_ in csv.reader(file):
            left, top = (float(x) - 1) / SIZE[0], (float(y) - 1) / SIZE[1]
            box = Box(left, top, left + float(w) / SIZE[0], top + float(h) / SIZE[1])
            rows[int(frame)].append((int(who), box, float(score)))
    return rows


# -- ours -----------------------------------------------------------------------------------------------------------


def follow(pictures: Sequence[Picture], *, at_once: bool) -> list[dict[int, Box]]:
    """Per picture the tracks found in it. `at_once` says only what is confirmed by then, else what `--mot` writes."""
    count, real = itertools.count(1), set()
    tracker = Tracker(lambda _: str(next(count)))
    pages = []
    for picture in pictures:
        tracks = tracker.update(picture.found, picture.wall_ns, lambda _: False).tracks
        real |= {track.id for track in tracks if track.confirmed}
        seen = [track for track in tracks if track.seen_ns == picture.wall_ns]
        pages.append({int(track.id): track.box for track in seen if track.confirmed or not at_once})
    return [{name: box for name, box in page.items() if str(name) in real} for page in pages]


def speed() -> dict[str, float]:
    """CPU milliseconds a picture for the association of 20 tracks: the median of rounds, and the best."""
    boxes = [Box(x / 5 + 0.02, y / 4 + 0.02, x / 5 + 0.08, y / 4 + 0.2) for x in range(5) for y in range(4)]
    rounds = [_round_ms(boxes) for _ in range(15)]
    return {"tracks": len(boxes), "ms": round(statistics.median(rounds), 3), "best_ms": round(min(rounds), 3)}


def _round_ms(boxes: Sequence[Box], pictures: int = 200) -> float:
    count = itertools.count()
    tracker = Tracker(lambda _: str(next(count)))
    steps = [0.0008 * number for number in range(pictures + 20)]
    all_found = [[Detection("person", 0.8, Box(b.x1 + x, b.y1, b.x2 + x, b.y2)) for b in boxes] for x in steps]
    began = 0.0
    for number, found in enumerate(all_found):
        if number == 20:
            began = time.process_time()
        tracker.update(found, START_NS + number * NS // 5, lambda _: False)
    return (time.process_time() - began) / pictures * 1e3


# -- the judges -----------------------------------------------------------------------------------------------------


def _job(name: str, fps: float, pictures: Sequence[Picture], size: tuple[int, int]) -> dict[str, Any]:
    ours = {"ours": follow(pictures, at_once=False), "ours at once": follow(pictures, at_once=True)}
    return {
        "name": name, "fps": fps,
        "pictures": [
            {
                "time": (picture.wall_ns - START_NS) / NS,
                "found": [[*_px(one.box, size), one.score] for one in picture.found],
                "truth": [[seen.number, *_px(seen.box, size)] for seen in picture.truth],
            }
            for picture in pictures
        ],
        "ours": {
            how: [[[name, *_px(box, size)] for name, box in page.items()] for page in pages]
            for how, pages in ours.items()
        },
    }  # fmt: skip


def _px(box: Box, size: tuple[int, int]) -> list[float]:
    return [box.x1 * size[0], box.y1 * size[1], box.width * size[0], box.height * size[1]]


def _judged(clips: Sequence[dict[str, Any]]) -> dict[str, dict[str, dict[str, float]]]:
    """Scores by clip and tracker, from the peers' own environment."""
    with tempfile.TemporaryDirectory() as folder:
        job, out = Path(folder) / "job.json", Path(folder) / "out.json"
        job.write_text(json.dumps({"clips": clips}))
        script = Path(__file__).with_name("track_peers.py")
        subprocess.run([_peers_python(), str(script), str(job), str(out)], check=True)
        result: dict[str, dict[str, dict[str, float]]] = json.loads(out.read_text())
    return result


def _peers_python() -> str:
    python = HOME / "venv" / "bin" / "python"
    ready = HOME / "ready"
    if not ready.exists():
        print("setting up the peers' environment (once; some minutes)", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(HOME / "venv")], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *PACKAGES], check=True)
        ready.touch()
    return str(python)


def _summary(judged: dict[str, dict[str, dict[str, float]]]) -> dict[str, dict[str, dict[str, float]]]:
    """By place and rate: ours, and of each peer's settings the best, over all seeds."""
    places: dict[str, list[dict[str, dict[str, float]]]] = defaultdict(list)
    for name, said in judged.items():
        places[name.split("#")[0]].append(said)
    return {place: _best(runs) for place, runs in places.items()}


def _best(runs: Sequence[dict[str, dict[str, float]]]) -> dict[str, dict[str, float]]:
    mean = {
        name: {figure: statistics.fmean(run[name][figure] for run in runs) for figure in ("idf1", "mota", "switches")}
        for name in runs[0]
    }
    rows = {}
    for family in FAMILIES:
        settings = [row for name, row in mean.items() if name.startswith(f"{family} ")]
        mine = [mean[family]] if family in mean else settings
        rows[family] = {
            "idf1": round(max(row["idf1"] for row in mine), 3),
            "mota": round(max(row["mota"] for row in mine), 3),
            "switches": round(min(row["switches"] for row in mine), 1),
        }
    return rows


def write_table() -> None:
    """Put the table of the last run into the docs."""
    result = json.loads((HOME.parent / "bench.json").read_text())["track"]
    before, rest = PAGE.read_text().split(MARKS[0])
    said = f"{table(result['scores'])}\n\nIDF1 / MOTA. Association of 20 tracks: {result['speed']['ms']} ms a picture."
    PAGE.write_text(f"{before}{MARKS[0]}\n\n{said}\n\n{MARKS[1]}{rest.split(MARKS[1])[1]}")


def table(scores: dict[str, dict[str, dict[str, float]]]) -> str:
    """The scores as a Markdown table: IDF1 / MOTA."""
    lines = ["| place @ fps | ours | ours at once | ByteTrack | SORT |", "|---|---|---|---|---|"]
    for place, rows in scores.items():
        cells = [f"{rows[who]['idf1']:.3f} / {rows[who]['mota']:.3f}" for who in FAMILIES]
        lines.append(f"| {place.replace('@', ' @ ')} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    write_table()
