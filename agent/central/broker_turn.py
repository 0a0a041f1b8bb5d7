"""The embedded broker of several processes on one machine: one of them runs it, and the next when that one ends."""

from __future__ import annotations

from pathlib import Path

from agent.central.broker import BrokerProcess
from agent.central.folder import claim
from agent.core.stop import StopToken

_LOOK_S = 0.5


class BrokerTurn:
    """A worker around the broker's own."""

    name = "broker"

    def __init__(self, broker: BrokerProcess, turn: Path) -> None:
        self._broker, self._turn = broker, turn

    def run(self, stop: StopToken) -> None:
        """Wait until it is our turn, then run the broker until `stop`.

        Raises:
            LinkError: it did not start, or it ended by itself.
        """
        while not stop.is_set():
            with claim(self._turn) as ours:
                if ours:
                    self._broker.run(stop)
                    return
            stop.wait(_LOOK_S)
