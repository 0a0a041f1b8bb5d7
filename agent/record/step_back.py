"""For processes that work beside the recorder."""

from __future__ import annotations

import contextlib
import os


def step_back() -> None:
    """From now on only when nobody else wants the processor."""
    os.nice(19)
    with contextlib.suppress(OSError):  # not every container allows it; `nice` remains
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
