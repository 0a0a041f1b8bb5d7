"""What a running process costs, as the kernel counts it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple


class Cost(NamedTuple):
    """Of one or several processes together."""

    cpu_s: float
    pss_mb: float
    rss_mb: float
    threads: int


def cost(pids: Iterable[int]) -> Cost:
    """Everything at this moment; pages that processes share count once in the PSS."""
    each = [(cpu_s(pid), *_memory_mb(pid), _threads(pid)) for pid in pids]
    cpu, pss, rss, threads = (sum(column) for column in zip(*each, strict=True))
    return Cost(cpu, pss, rss, int(threads))


def cpu_s(pid: int) -> float:
    """User and system time of all its threads: what /proc/PID/stat has, to the nanosecond (clock_getcpuclockid(3))."""
    return time.clock_gettime((~pid << 3) | 2)


def _memory_mb(pid: int) -> tuple[float, float]:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    kb = {line.split(":")[0]: int(line.split()[1]) for line in lines[1:]}
    return kb["Pss"] / 1000, kb["Rss"] / 1000


def _threads(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))
