"""What the verbs share of the terminal: lines, progress, the log, signals."""

from __future__ import annotations

import logging
import math
import os
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType

from agent.core.stop import StopToken

log = logging.getLogger("lamppost")

ONE_STOP_S = 0.5
"""One stop may come as several signals: timeout(1) sends one to the process and one to its group, a terminal that
closes sends SIGHUP beside a shell's own."""


def say(text: str) -> None:
    """A line for the user, at once."""
    print(text, flush=True)


def progress(what: str) -> Callable[[float], None]:
    """A line on a terminal that counts to 100 %, nothing in a pipe."""
    if not sys.stderr.isatty():
        return lambda _: None

    def show(share: float) -> None:
        print(f"\r{what}: {share:4.0%}", end="\n" if share >= 1 else "", file=sys.stderr, flush=True)

    return show


def log_to_stderr(level: str) -> None:
    """The program's log, from `level` up."""
    logging.basicConfig(
        level=level.upper(), stream=sys.stderr, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s", force=True
    )


def in_words(error: OSError) -> str:
    """What the system refused, in one line."""
    said = error.strerror or str(error) or type(error).__name__
    hint = "; run it as a user who may" if isinstance(error, PermissionError) else ""
    return f"{error.filename}: {said}{hint}" if error.filename is not None else f"{said}{hint}"


def stop_on_signals(what: str) -> StopToken:
    """The first signal asks for an orderly stop and says so; the second ends the process at once.

    SIGINT, SIGTERM, and SIGHUP, which says that the terminal is gone, unless who started us (nohup) had it ignored.
    """
    stop = StopToken()
    asked_s = -math.inf

    def on_signal(number: int, _: FrameType | None) -> None:
        nonlocal asked_s
        if stop.is_set():
            if time.monotonic() - asked_s < ONE_STOP_S:
                return
            log.warning("second signal: ending at once")
            os._exit(128 + number)
        log.info("%s: stopping %s in order; a second signal ends it at once", signal.Signals(number).name, what)
        asked_s = time.monotonic()
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, on_signal)
    return stop
