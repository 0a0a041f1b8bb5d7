"""One thing over time, as the tracker knows it: where it is, how it moves, and votes on what it is."""

from __future__ import annotations

from collections.abc import Sequence

from agent.analyse.detect.port import Detection
from agent.analyse.track.filter import SPEED, coasted
from agent.core.clock import NS
from agent.core.geometry import Box

SURE_SCORE = 0.6
SLOW = 0.35
STANDS_S = 8.0
"""A standing track that the detector misses is kept this long while nothing moves there."""


class Track:
    """`box` is where it was last found, smoothed; `state` is a row as `filter` has it, of that moment."""

    __slots__ = (
        "_kinds", "_votes", "best_score", "box", "confirmed", "disturbed", "first_ns", "hits", "id", "kept_ns", "kind",
        "label", "score", "seen_ns", "state", "sure_ns",
    )  # fmt: skip

    def __init__(self, track_id: str, detection: Detection, state: Sequence[float], wall_ns: int) -> None:
        self.id, self.box, self.state = track_id, detection.box, state
        self.first_ns = self.seen_ns = self.kept_ns = self.sure_ns = wall_ns
        self.hits = 1
        self.confirmed = self.disturbed = False
        self.label, self.score, self.best_score = detection.label, detection.score, detection.score
        self._votes: dict[str, float] = {}
        self._kinds: dict[str, dict[str, float]] = {}
        self.kind = ""
        """The finer class that most of the evidence says, within `label`; empty when there is none."""
        self._vote(detection)

    @property
    def age_s(self) -> float:
        """From first to last seen."""
        return max(0, self.seen_ns - self.first_ns) / NS

    @property
    def speed(self) -> tuple[float, float]:
        """Picture widths and picture heights per second, right and down."""
        vx, vy = self.state[SPEED]
        return vx, vy

    def expected(self, wall_ns: int) -> Box:
        """Where the box should be at that time."""
        dx, dy = coasted(self.state, max(0.0, (wall_ns - self.seen_ns) / NS))
        return Box(self.box.x1 + dx, self.box.y1 + dy, self.box.x2 + dx, self.box.y2 + dy)

    def see(self, detection: Detection, state: Sequence[float], wall_ns: int) -> None:
        """It was found again, and `state` is what follows from that."""
        self.hits += wall_ns > self.seen_ns  # the same moment twice is no further evidence
        self.state = state
        x, y, width, height = state[:4]
        self.box = Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
        self.seen_ns = self.kept_ns = wall_ns
        self.disturbed = False
        self.best_score = max(self.best_score, detection.score)
        self._vote(detection)
        self.confirmed = self.confirmed or self.hits > 2 or (self.hits == 2 and self._mean_score() >= SURE_SCORE)

    def take_over(self, other: Track) -> None:
        """It came back, and was followed as `other` since."""
        self.box, self.state, self.seen_ns, self.kept_ns = other.box, other.state, other.seen_ns, other.kept_ns
        self.sure_ns = other.sure_ns
        self.hits += other.hits
        self.disturbed, self.score = False, other.score
        self.best_score = max(self.best_score, other.best_score)

    def stay(self, wall_ns: int) -> None:
        """Nothing moved there and nobody looked: it still stands where it stood."""
        self.sure_ns += max(0, wall_ns - self.seen_ns)
        self.seen_ns = self.kept_ns = wall_ns
        self._stop()

    def stands(self) -> bool:
        """Does it hardly move: less than a third of its own size a second, either way?"""
        (vx, vy), box = self.state[SPEED], self.box
        return abs(vx) < SLOW * box.width and abs(vy) < SLOW * box.height

    def miss(self, wall_ns: int, *, still: bool) -> None:
        """It was not found. When it stood, and nothing moved there since, do not call it lost yet."""
        self.disturbed = self.disturbed or not still
        if self.stands() and not self.disturbed and wall_ns - self.seen_ns < STANDS_S * NS:
            self.kept_ns = wall_ns
            self._stop()

    def _stop(self) -> None:
        self.state = [*self.state[: SPEED.start], 0.0, 0.0, *self.state[SPEED.stop :]]

    def _mean_score(self) -> float:
        return sum(self._votes.values()) / self.hits

    def _vote(self, detection: Detection) -> None:
        votes, label = self._votes, detection.label
        self.score = detection.score
        votes[label] = votes.get(label, 0.0) + detection.score
        if detection.kind:
            kinds = self._kinds.setdefault(label, {})
            kinds[detection.kind] = kinds.get(detection.kind, 0.0) + detection.score
        if label != self.label and votes[label] > votes[self.label]:
            self.label = label
        if self._kinds:
            mine = self._kinds.get(self.label, {})
            self.kind = next(iter(mine), "") if len(mine) < 2 else max(mine, key=mine.__getitem__)
