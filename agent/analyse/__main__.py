"""`python -m agent.analyse --fd N --marks M`: the child that the gateway starts; of no use to people."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import socket
import sys

import cv2

from agent.analyse.service import Service
from agent.core.clock import SystemClock
from agent.core.errors import LamppostError

NICER = 5
"""Recording and publishing come first."""


def main() -> int:
    """Serve the parent at the other end of the socket; returns the exit code."""
    arguments = argparse.ArgumentParser(prog="lamppost-analyse")
    arguments.add_argument("--fd", type=int, required=True, help="the socket to the gateway")
    arguments.add_argument("--marks", type=int, required=True, help="the file that says which camera is in work")
    given = arguments.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):  # the parent decides when we end: its last words come first
        signal.signal(number, signal.SIG_IGN)
    os.nice(NICER)
    cv2.setNumThreads(1)
    logging.basicConfig(level=logging.WARNING, format="analyse: %(levelname)s %(name)s: %(message)s")
    with socket.socket(fileno=given.fd) as sock:
        try:
            Service(sock, given.marks, SystemClock()).run()
        except LamppostError as error:
            logging.getLogger(__name__).error("%s", error)  # noqa: TRY400 - one clear line is the product's manner
            return error.exit_code
    return 0


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    os._exit(code)  # a thread that hangs in native code must not keep us alive
