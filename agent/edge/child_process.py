"""Starting and ending the analysing process, and whom to blame when it fell."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence

COMMAND = (sys.executable, "-m", "agent.analyse")
MARKS_PER_CAMERA = 2
"""As agent/analyse/marks.py writes them."""


class ChildProcess:
    """One life of the child. `sock` is our end, non-blocking; the child ends when it closes."""

    def __init__(self, command: Sequence[str], cameras: int) -> None:
        """Start it."""
        self._cameras = cameras
        self._marks = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `end`
        self._marks.truncate(max(1, cameras * MARKS_PER_CAMERA))
        self.sock, theirs = socket.socketpair()
        with theirs:
            self.sock.setblocking(False)
            fds = theirs.fileno(), self._marks.fileno()
            self._process = subprocess.Popen(
                [*command, "--fd", str(fds[0]), "--marks", str(fds[1])],
                pass_fds=fds,
                stdin=subprocess.DEVNULL,
                process_group=0,  # Ctrl-C is for us; we tell the child
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def suspects(self) -> list[int]:
        """The numbers of the cameras whose data was in work; after a fall, one of them did it."""
        marks = os.pread(self._marks.fileno(), self._cameras * MARKS_PER_CAMERA, 0)
        return [number for number in range(self._cameras) if any(marks[MARKS_PER_CAMERA * number :][:MARKS_PER_CAMERA])]

    def end(self, wait_s: float = 0.0) -> str:
        """Wait for it to end by itself, at most `wait_s`, then kill it; says how it ended."""
        try:
            code = self._process.wait(wait_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        self.sock.close()
        self._marks.close()
        return f"signal {-code}" if code < 0 else f"exit code {code}"
