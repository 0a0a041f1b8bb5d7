"""Ends the gateway in order when its catalogue is damaged: the next start sets it aside and goes on with a new one."""

from __future__ import annotations

import logging

from agent.core.stop import StopToken
from agent.record.damage import Damage

log = logging.getLogger(__name__)

LOOK_S = 30.0
"""Long enough that a disk which damages each new one does not have the gateway start again all the time."""


class CatalogueWatch:
    """A `Worker`; a damaged catalogue takes no row of any camera, and only a restart mends that."""

    name = "catalogue"

    def __init__(self, damage: Damage) -> None:
        self._damage = damage

    def run(self, stop: StopToken) -> None:
        """See `core.ports.Worker.run`; `stop` is that of the whole gateway."""
        while not stop.wait(LOOK_S):
            if self._damage.is_noted:
                log.error("the catalogue is damaged: the gateway ends, and its next start makes it again")
                stop.set()
