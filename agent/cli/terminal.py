"""What the verbs share of the terminal: lines, progress, the log, signals."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Callable
from types import FrameType

from agent.core.stop import StopToken

log = logging.getLogger("lamppost")


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


def stop_on_signals(what: str) -> StopToken:
    """The first signal asks for an orderly stop and says so; the second ends the process at once."""
    stop = StopToken()

    def on_signal(number: int, _: FrameType | None) -> None:
        if stop.is_set():
            log.warning("second signal: ending at once")
            os._exit(128 + number)
        log.info("%s: stopping %s in order; a second signal ends it at once", signal.Signals(number).name, what)
        stop.set()

    signal.signal(signal.SIGINT, on_signal)
    signal.signal(signal.SIGTERM, on_signal)
    return stop
