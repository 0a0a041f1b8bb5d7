"""Events and tracks that went on when the analysis fell, or the gateway with it: they are ended in its place.

Their end is when they were last told of: what came after, nobody saw.
"""

from __future__ import annotations

from collections.abc import Callable

from agent.publish.outbox import Outbox
from agent.wire.messages import Event, TrackSummary

OUTCOME = "analysis_ended"
"""The outcome of an event that nobody saw the end of."""


class LooseEnds:
    """`hear` is told of each end of an event, as of any other."""

    def __init__(self, outbox: Outbox, hear: Callable[[Event], None]) -> None:
        self._outbox, self._hear = outbox, hear

    def tie(self) -> None:
        """End all that was told of and not ended. Call it when everything that was told has reached the outbox.

        Raises:
            StorageError: the disk does not take it; what is left is ended by the next call.
        """
        for record in self._outbox.going():
            over = ended(record)
            self._outbox.put("event" if isinstance(over, Event) else "track", over.camera, over)
            if isinstance(over, Event):
                self._hear(over)


def ended(record: Event | TrackSummary) -> Event | TrackSummary:
    """The last word on it."""
    if isinstance(record, TrackSummary):
        return record.model_copy(update={"final": True})
    said = {"phase": "end", "end": record.time, "attributes": {**record.attributes, "outcome": OUTCOME}}
    return record.model_copy(update=said)
