"""A small version of a clip, made in a process of its own."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from agent.core.clock import NS, Clock, SystemClock
from agent.core.errors import StorageError
from agent.core.leash import answer_of
from agent.core.stop import StopToken

COMMAND = (sys.executable, "-m", "agent.record.proxy_encode")
LIMIT_S = 300.0

Polygon = Sequence[tuple[float, float]]


def make_proxy(
    source: Path, target: Path, rate: int, masks: Sequence[Polygon], stop: StopToken, *, limit_s: float = LIMIT_S,
    clock: Clock | None = None,
) -> str:  # fmt: skip
    """Code `source` anew as `target`: at most 640 px wide, 8 pictures a second, about `rate` bytes a second, no sound.

    `masks` are hidden. Returns its codecs (RFC 6381).

    Raises:
        StorageError: it could not be made: broken video, no encoder, or it took longer than `limit_s`.
    """
    job = {"source": str(source), "target": str(target), "rate": rate, "masks": [list(mask) for mask in masks]}
    clock = clock or SystemClock()
    until_ns = clock.mono_ns() + int(limit_s * NS)
    try:
        outcome = json.loads(answer_of(COMMAND, json.dumps(job).encode(), clock, until_ns, stop))
    except (OSError, ValueError) as error:
        raise StorageError(
            f"the clip could not be made smaller: its process ended without a result ({error})"
        ) from error
    if outcome["error"]:
        raise StorageError(f"the clip could not be made smaller: {outcome['error']}")
    return str(outcome["codecs"])
