"""What recording costs: our one process beside one ffmpeg per camera and beside demuxing alone, same streams, same run.

All parties read the same virtual cameras over RTSP/TCP, one party after the other, round by round, so that what else
the machine does hits all alike. The server is a process of its own and is not counted. A frame counts as kept when
the finished files hold it.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.continuity import Order
from tests.bench.measure import cost
from tests.bench.parties import Party, ffmpegs, floor, gateway
from tests.bench.studio import FULL_HD, SMALL, Studio, studio

Start = Callable[[Sequence[str], Path], AbstractContextManager[Party]]

CAMERAS, ROUNDS = 16, 3
GROWTH = (1, 4, 16, 64)
WARM_S, WINDOW_S, SHORT_S = 12.0, 40.0, 24.0
"""The first seconds go into opening; the window is a multiple of neither segment nor sync."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One party in one round. `behind` is how many frames its slowest camera was late when it was told to end."""

    cpu_percent: float
    pss_mb: float
    rss_mb: float
    threads: int
    frames: int
    lost: int
    behind: int


def peers() -> dict[str, object]:
    """16 cameras, 1080p15: medians of each party, and the medians of the ratios of each round."""
    parties: dict[str, Start] = {"ours": gateway, "ffmpeg": ffmpegs, "demux": floor}
    with studio(FULL_HD, CAMERAS) as server:
        order = Order(server.clip)
        rounds = [
            {name: _watched(start, server, order, CAMERAS, WINDOW_S) for name, start in parties.items()}
            for _ in range(ROUNDS)
        ]
    found: dict[str, object] = {"picture": FULL_HD.name, "cameras": CAMERAS, "rounds": ROUNDS, "window_s": WINDOW_S}
    found |= {name: _middle([one[name] for one in rounds]) for name in parties}
    found["cpu_ratio"] = _ratio(rounds, "ours", "ffmpeg", "cpu_percent")
    found["cpu_ratio_to_demux"] = _ratio(rounds, "ours", "demux", "cpu_percent")
    found["pss_ratio"] = _ratio(rounds, "ours", "ffmpeg", "pss_mb")
    found["rss_ratio"] = _ratio(rounds, "ours", "ffmpeg", "rss_mb")
    return found


def growth() -> dict[str, object]:
    """From one camera to 64; small pictures, so that two cores carry the server and 64 cameras at once."""
    found: dict[str, object] = {"picture": SMALL.name, "window_s": SHORT_S}
    with studio(SMALL, max(GROWTH)) as server:
        order = Order(server.clip)
        for cameras in GROWTH:
            ours = _watched(gateway, server, order, cameras, SHORT_S)
            bare = _watched(floor, server, order, cameras, SHORT_S)
            found[str(cameras)] = _middle([ours]) | {
                "cpu_percent_per_camera": round(ours.cpu_percent / cameras, 3),
                "cpu_ratio_to_demux": round(ours.cpu_percent / bare.cpu_percent, 3),
            }
    return found


def _watched(start: Start, server: Studio, order: Order, cameras: int, window_s: float) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="lamppost-bench-") as name:
        with start(server.urls[:cameras], Path(name)) as party:
            time.sleep(WARM_S)
            began, before = time.monotonic(), cost(party.pids)
            time.sleep(window_s)
            after, lasted_s = cost(party.pids), time.monotonic() - began
            ended_ns = time.monotonic_ns()
        share = 100 * (after.cpu_s - before.cpu_s) / lasted_s
        found = [_kept(party, server, order, camera, ended_ns) for camera in range(cameras)]
    frames, lost, behind = zip(*found, strict=True)
    return Outcome(share, after.pss_mb, after.rss_mb, after.threads, sum(frames), sum(lost), max(behind))


def _kept(party: Party, server: Studio, order: Order, camera: int, ended_ns: int) -> tuple[int, int, int]:
    files = party.files(camera)
    if not files:
        return 0, 0, 0
    kept = order.kept(files)
    behind = (server.frame_at(camera, ended_ns) - kept.last + order.length // 2) % order.length - order.length // 2
    return kept.frames, kept.missing, behind


def _middle(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Medians of what is noisy, sums of what must be exact."""
    return {
        "cpu_percent": round(statistics.median(one.cpu_percent for one in outcomes), 2),
        "pss_mb": round(statistics.median(one.pss_mb for one in outcomes), 1),
        "rss_mb": round(statistics.median(one.rss_mb for one in outcomes), 1),
        "threads": outcomes[0].threads,
        "frames": sum(one.frames for one in outcomes),
        "lost": sum(one.lost for one in outcomes),
        "behind": max(one.behind for one in outcomes),
    }


def _ratio(rounds: Sequence[dict[str, Outcome]], ours: str, other: str, field: str) -> float:
    return round(statistics.median(getattr(one[ours], field) / getattr(one[other], field) for one in rounds), 3)
