"""Processes that must not outlive the one that started them, not even after `kill -9`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

from agent.core.clock import Clock
from agent.core.stop import StopToken

_LOOK_S = 0.1
_PUT_ON = (
    "import ctypes, os, sys\n"
    "ctypes.CDLL(None).prctl(1, 15)\n"  # PR_SET_PDEATHSIG, SIGTERM; it survives exec (prctl(2))
    "if os.getppid() != int(sys.argv[1]): sys.exit(1)\n"  # the parent died before the leash was on
    "os.execv(sys.argv[2], sys.argv[2:])\n"
)


def leashed(command: Sequence[str]) -> list[str]:
    """`command` (its program an absolute path), ended with SIGTERM when the thread that starts it ends (Linux).

    Done by a small Python before the exec: a `preexec_fn` is not safe beside threads.
    """
    return [sys.executable, "-I", "-c", _PUT_ON, str(os.getpid()), *command]


def piped(command: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start `command` on a leash, to be spoken to by its pipes; what it complains of is nobody's, Ctrl-C is for us."""
    return subprocess.Popen(
        leashed(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, process_group=0
    )


def answer_of(command: Sequence[str], job: bytes, clock: Clock, until_ns: int, stop: StopToken) -> bytes:
    """What `command`, given `job`, writes until it ends; nothing after `until_ns` (monotonic), or with `stop` set."""
    with piped(command) as process:
        try:
            given: bytes | None = job
            while clock.mono_ns() < until_ns and not stop.is_set():
                try:
                    return process.communicate(given, timeout=_LOOK_S)[0]
                except subprocess.TimeoutExpired:
                    given = None
        finally:
            process.kill()
    return b""
