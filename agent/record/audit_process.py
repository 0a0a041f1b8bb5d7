"""Runs `audit_decode` over some files and reads its answers."""

from __future__ import annotations

import json
import os
import select
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from agent.core.clock import NS, Clock, SystemClock
from agent.core.leash import piped
from agent.core.stop import StopToken
from agent.record.audit_decode import Decoded

COMMAND = (sys.executable, "-m", "agent.record.audit_decode")
LIMIT_S = 120.0
"""A file: a minute of 4K on a slow processor that has other things to do."""
_LOOK_S = 0.5
_MOST_BYTES = 1 << 20


def decode_all(
    paths: Sequence[Path], stop: StopToken, *, limit_s: float = LIMIT_S, clock: Clock | None = None
) -> list[Decoded | None]:
    """What came out of each file; None for one that ended the decoder, took too long, or was not reached at `stop`.

    Raises:
        OSError: the process cannot be started.
    """
    clock = clock or SystemClock()
    found: list[Decoded | None] = []
    while len(found) < len(paths) and not stop.is_set():
        with _process(paths[len(found) :]) as output:
            found += _answers(output, len(paths) - len(found), stop, limit_s, clock)
        if len(found) < len(paths):
            found.append(None)  # the next one stopped it: go on behind it
    return found + [None] * (len(paths) - len(found))


@contextmanager
def _process(paths: Sequence[Path]) -> Iterator[int]:
    """A decoder at work; gives what its answers can be read from."""
    with piped(COMMAND) as process:
        assert process.stdin is not None  # noqa: S101 - so it was asked for
        assert process.stdout is not None  # noqa: S101
        try:
            process.stdin.write(b"".join(os.fsencode(path) + b"\n" for path in paths))
            process.stdin.close()
            yield process.stdout.fileno()
        finally:
            process.kill()


def _answers(output: int, most: int, stop: StopToken, limit_s: float, clock: Clock) -> Iterator[Decoded]:
    """As they come, until the process ends, says nothing for too long, or we must stop."""
    heard_ns, buffer, count = clock.mono_ns(), b"", 0
    while count < most and not stop.is_set() and clock.mono_ns() - heard_ns < limit_s * NS:
        if not select.select([output], [], [], _LOOK_S)[0]:
            continue
        data = os.read(output, 1 << 16)
        if not data or len(buffer) > _MOST_BYTES:
            return
        *lines, buffer = (buffer + data).split(b"\n")
        for line in lines:
            yield Decoded(**json.loads(line))
            count, heard_ns = count + 1, clock.mono_ns()
