"""Telling the service manager how we are (sd_notify(3)), with nothing but a datagram socket.

Outside systemd NOTIFY_SOCKET is absent and every call does nothing.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Mapping

from agent.core.clock import NS, Clock
from agent.core.stop import StopToken

log = logging.getLogger(__name__)

MOST_STATUS = 400
_LONGEST_WAIT_S = 60.0


def notify(*states: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Send states (`READY=1`, `STOPPING=1`, `WATCHDOG=1`, `status(text)`); true when the datagram went out.

    A manager that is absent or deaf is no error: the service does its work all the same.
    """
    address = environment.get("NOTIFY_SOCKET", "")
    if not address or not any(states):
        return False
    # A leading @ stands for the zero byte of an abstract address (unix(7)).
    place = "\0" + address[1:] if address.startswith("@") else address
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
            sock.setblocking(False)
            sock.sendto("\n".join(filter(None, states)).encode(), place)
    except OSError as error:
        log.debug("the service manager does not listen on %s: %s", address, error)
        return False
    return True


def status(text: str) -> str:
    """The state that shows one line in `systemctl status`; line ends cannot smuggle another state in."""
    line = " ".join(text.split())[:MOST_STATUS]
    return f"STATUS={line}" if line else ""


def watchdog_interval_s(environment: Mapping[str, str] = os.environ) -> float | None:
    """WATCHDOG_USEC in seconds; None when nobody watches this process (sd_watchdog_enabled(3))."""
    asked, pid = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID", "")
    if not asked.isdecimal() or int(asked) == 0 or (pid and pid != str(os.getpid())):
        return None
    return int(asked) / 1_000_000


class Watchdog:
    """A worker that feeds systemd's watchdog at half its interval, as long as `healthy` says yes.

    Once `healthy` says no it stops feeding, and systemd restarts the service: what a supervisor inside the process
    cannot mend (a deadlock, a disk that never answers) ends there. Without a watchdog it only waits for the stop.
    """

    name = "watchdog"

    def __init__(self, clock: Clock, healthy: Callable[[], bool], environment: Mapping[str, str] = os.environ) -> None:
        self._clock, self._healthy, self._environment = clock, healthy, environment
        self._sick_since_ns: int | None = None

    def run(self, stop: StopToken) -> None:
        """See `Worker.run`."""
        interval_s = watchdog_interval_s(self._environment)
        while not stop.is_set():
            if interval_s is not None:
                self.feed()
            stop.wait(_LONGEST_WAIT_S if interval_s is None else interval_s / 2)

    def feed(self) -> bool:
        """One look and, when healthy, one sign of life; true when fed."""
        if self._healthy():
            self._sick_since_ns = None
            return notify("WATCHDOG=1", environment=self._environment)
        now_ns = self._clock.mono_ns()
        if self._sick_since_ns is None:
            self._sick_since_ns = now_ns
        log.error("not healthy for %.0f s: the watchdog is not fed", (now_ns - self._sick_since_ns) / NS)
        return False
