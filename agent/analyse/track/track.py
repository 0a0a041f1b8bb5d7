"""One thing over time, as the tracker knows it: a smoothed box that moves steadily, and votes on what it is."""

from __future__ import annotations

from agent.analyse.detect.port import Detection
from agent.core.clock import NS
from agent.core.geometry import Box

POSITION_GAIN = 0.85
SIZE_GAIN = 0.6
SPEED_GAIN = 0.35
FIRST_SPEED_GAIN = 0.6
COAST_S = 1.0
"""A track nobody sees is expected to go on like before for so long, then to stand."""
SURE_SCORE = 0.6
SLOW = 0.35
STANDS_S = 8.0
"""A standing track that the detector misses is kept this long while nothing moves there."""


class Track:
    """Constant velocity per second of capture time, fixed gains (an alpha-beta filter)."""

    __slots__ = (
        "_kinds", "_votes", "best_score", "box", "confirmed", "disturbed", "first_ns", "hits", "id", "kept_ns",
        "seen_ns", "vx", "vy",
    )  # fmt: skip

    def __init__(self, track_id: str, detection: Detection, wall_ns: int) -> None:
        self.id = track_id
        self.box = detection.box
        self.vx = self.vy = 0.0
        self.first_ns = self.seen_ns = self.kept_ns = wall_ns
        self.hits = 1
        self.confirmed = self.disturbed = False
        self.best_score = detection.score
        self._votes: dict[str, float] = {}
        self._kinds: dict[str, float] = {}
        self._vote(detection)

    @property
    def label(self) -> str:
        """What most of the evidence says it is."""
        return max(self._votes, key=lambda name: self._votes[name])

    @property
    def kind(self) -> str:
        """The finer class that most of the evidence says, within `label`; empty when there is none."""
        mine = {kind: votes for kind, votes in self._kinds.items() if kind.split("/", 1)[0] == self.label}
        return max(mine, key=lambda name: mine[name]).split("/", 1)[1] if mine else ""

    @property
    def age_s(self) -> float:
        """From first to last seen."""
        return (self.seen_ns - self.first_ns) / NS

    def expected(self, wall_ns: int) -> Box:
        """Where the box should be at that time."""
        ahead_s = min(COAST_S, max(0.0, (wall_ns - self.seen_ns) / NS))
        dx, dy = self.vx * ahead_s, self.vy * ahead_s
        return Box(self.box.x1 + dx, self.box.y1 + dy, self.box.x2 + dx, self.box.y2 + dy)

    def see(self, detection: Detection, wall_ns: int) -> None:
        """It was found again."""
        elapsed_s = max(1e-3, (wall_ns - self.seen_ns) / NS)
        expected, found = self.expected(wall_ns), detection.box
        (ex, ey), (fx, fy) = expected.centre, found.centre
        gain = (FIRST_SPEED_GAIN if self.hits == 1 else SPEED_GAIN) / elapsed_s
        self.vx, self.vy = self.vx + gain * (fx - ex), self.vy + gain * (fy - ey)
        x, y = ex + POSITION_GAIN * (fx - ex), ey + POSITION_GAIN * (fy - ey)
        half_w = (expected.width + SIZE_GAIN * (found.width - expected.width)) / 2
        half_h = (expected.height + SIZE_GAIN * (found.height - expected.height)) / 2
        self.box = Box(x - half_w, y - half_h, x + half_w, y + half_h)
        self.seen_ns = self.kept_ns = wall_ns
        self.disturbed = False
        self.hits += 1
        self.best_score = max(self.best_score, detection.score)
        self._vote(detection)
        self.confirmed = self.confirmed or self.hits >= 3 or (self.hits == 2 and self._mean_score() >= SURE_SCORE)

    def stay(self, wall_ns: int) -> None:
        """Nothing moved there and nobody looked: it still stands where it stood."""
        self.seen_ns = self.kept_ns = wall_ns
        self.vx = self.vy = 0.0

    def stands(self) -> bool:
        """Does it hardly move: less than a third of its height a second?"""
        return abs(self.vx) + abs(self.vy) < SLOW * self.box.height

    def miss(self, wall_ns: int, *, still: bool) -> None:
        """It was not found. When it stood, and nothing moved there since, do not call it lost yet."""
        self.disturbed = self.disturbed or not still
        if self.stands() and not self.disturbed and wall_ns - self.seen_ns < STANDS_S * NS:
            self.kept_ns = wall_ns
            self.vx = self.vy = 0.0

    def _mean_score(self) -> float:
        return sum(self._votes.values()) / self.hits

    def _vote(self, detection: Detection) -> None:
        self._votes[detection.label] = self._votes.get(detection.label, 0.0) + detection.score
        if detection.kind:
            key = f"{detection.label}/{detection.kind}"
            self._kinds[key] = self._kinds.get(key, 0.0) + detection.score
