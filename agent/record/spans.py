"""How much time a segment covers, and when it is time to close it."""

from __future__ import annotations

from agent.core.clock import NS
from agent.core.media import Packet, StreamInfo

USUAL_NS = 10 * NS
LONGEST_NS = 60 * NS
MOST_BYTES = 64 << 20
_GAP_NS = 10 * NS
_BACK_NS = NS
_PARTED_NS = 2 * NS
"""Wall time is slewed beside the camera's time by far less between two packets: more is a break."""


class Span:
    """From the first video packet on, in wall time and in the camera's time."""

    def __init__(self, info: StreamInfo, first: Packet) -> None:
        self._video, tick = info.video_index, info.video.time_base
        self._tick_ns, self._per = tick.numerator * NS, tick.denominator
        self._gap = _GAP_NS * self._per // self._tick_ns
        self._first = first
        self.last = first
        """The newest video packet."""
        self._newest_dts = first.dts
        self._end_wall_ns = first.wall_ns
        self._end_pts = first.pts

    def add(self, packet: Packet) -> None:
        """Take a written packet into account; audio does not count."""
        if packet.track != self._video:
            return
        self.last = packet
        self._newest_dts = max(self._newest_dts, packet.dts)
        if packet.pts >= self._end_pts - 1 or packet.wall_ns > self._end_wall_ns:
            duration = believable(packet.duration, self._gap)
            self._end_wall_ns = max(self._end_wall_ns, packet.wall_ns + self._ns(duration))
            self._end_pts = max(self._end_pts, packet.pts + duration)

    def due(self, packet: Packet, size: int) -> str:
        """Why the segment must end before this packet; empty when it goes on."""
        if packet.track != self._video:
            return "no_video" if packet.wall_ns - self._end_wall_ns > _GAP_NS else ""
        if broken := self._break(packet):
            return broken
        age_ns = max(packet.wall_ns - self._first.wall_ns, self._ns(packet.dts - self._first.dts))
        if age_ns >= USUAL_NS and packet.key:
            return "length"
        if age_ns >= LONGEST_NS:
            return "no_keyframe_60s"
        return "no_keyframe_64mib" if size >= MOST_BYTES else ""

    def end(self, following: Packet | None) -> tuple[int, int]:
        """Wall time of the end and playing time, nanoseconds; `following` came without a gap."""
        if following is None:
            return self._end_wall_ns, self._ns(self._end_pts - self._first.pts)
        end_ns = max(following.wall_ns, self._first.wall_ns)
        return end_ns, self._ns(max(0, following.pts - self._first.pts))

    def _break(self, packet: Packet) -> str:
        """Where time breaks: `clock` when wall time jumps, `jump` when the camera's does, `gap` when nothing came."""
        media_ns = self._ns(packet.dts - self._newest_dts)
        shown_ns, wall_ns = self._ns(packet.pts - self.last.pts), packet.wall_ns - self.last.wall_ns
        parted = abs(wall_ns - shown_ns) > _PARTED_NS
        if -_BACK_NS <= media_ns <= _GAP_NS:
            return ("clock" if abs(wall_ns) > abs(shown_ns) else "jump") if parted else ""
        return "jump" if parted or media_ns < 0 else "gap"

    def _ns(self, ticks: int) -> int:
        return ticks * self._tick_ns // self._per


def believable(duration: int, most: int) -> int:
    """A packet's duration as declared, where it can be true; cameras declare rates that they do not keep."""
    return duration if 0 <= duration <= most else 0
