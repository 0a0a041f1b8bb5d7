"""Where a new epoch begins inside one session, and why: nothing is closed, nothing is lost.

Each epoch begins with a keyframe, so a step of the gateway's clock waits for the next one.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from agent.capture.stamps import Raw
from agent.capture.tracks import Tracks, described_anew
from agent.core.errors import SourceNotVideo
from agent.core.ids import new_id
from agent.core.media import StreamInfo

log = logging.getLogger(__name__)


class Epochs:
    """What the packets of a session belong to now: `info` and `tracks` are those of the newest keyframe."""

    def __init__(self, info: StreamInfo, tracks: Tracks, place: str) -> None:
        self.info, self.tracks, self._place = info, tracks, place

    def turns(self, packet: Raw, *, stepped: bool = False) -> bool:
        """Does a new epoch begin with this packet? `stepped` says that the gateway's clock did."""
        if packet.track != 0 or not packet.key:
            return False
        reason = "changed" if self._changes(packet) else "clock" if stepped else ""
        if not reason:
            return False
        now_ns = packet.arrival.wall_ns
        self.info = replace(
            self.info,
            epoch=new_id(now_ns),
            tracks=self.tracks.infos,
            init=self.tracks.init,
            opened_wall_ns=now_ns,
            after=reason,
        )
        return True

    def _changes(self, packet: Raw) -> bool:
        """Take over other parameter sets; those that nobody understands stay where they are, in the stream."""
        sets = self.tracks.sets
        if sets is None or not sets.learn(packet.data):
            return False
        try:
            self.tracks = described_anew(self.tracks, packet.data, self._place)
        except SourceNotVideo as error:
            log.warning("%s; going on with the parameters from before", error)
            return False
        return True
