"""Watches one view for things left behind and taken away. Time comes from the pictures alone."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from agent.analyse.detect.port import Image
from agent.analyse.still.candidate import Candidate, State
from agent.analyse.still.company import Actor, Company, around
from agent.analyse.still.cues import same_under_light
from agent.analyse.still.layers import FIRM_S, Layers
from agent.analyse.still.region import Bools, Region, apart, regions_of, strong_part
from agent.analyse.still.scale import levels, relit, small_picture, small_size
from agent.analyse.still.verdict import SAME_TIME_S, TELLING, Judge, Kind, Verdict
from agent.config.gateway import Still
from agent.core.clock import NS
from agent.core.geometry import Box, iou

LOOK_NS = NS // 2
GROWN_SHARE = 0.4
"""A thing is all that has lain there for this share of `after_s`, around what has for all of it."""
RIPE_SHARE = 0.3
MOST_JUDGED = 16
MOST_OPEN = 32
BEFORE_S, AFTER_S = 4.0, 2.0
"""Who was near so long before and after it began has put it down or taken it."""
SEEN_AGAIN_SHARE = 0.65
RESOLVED_S = 1.5
REPLACED_S = 60.0
UPDATE_S, NEAR_UPDATE_S = 60.0, 10.0
STRONG_SHARE = 0.4
PATIENCE_S = 15.0
"""In a crowd somebody is always there."""
UNDECIDED_S = 5.0
PART_PX = 6
PALER = 0.02
AGAIN_S = {Kind.WAIT: 0.5, Kind.SCENERY: 3.0}
ABSORBED = frozenset({Kind.LIGHT, Kind.GHOST, Kind.SOMEBODY})
LEAST_PX = 10
MEMORY_S = 90.0

Outcome = Literal[
    "", "taken", "put_back", "driven_off", "reverted", "absorbed", "replaced", "view_changed", "stream_ended"
]


@dataclass(frozen=True, slots=True)
class Change:
    """What there is to tell of one thing. `lain_s` is for how long it has lain there, or been gone."""

    key: str
    phase: Literal["start", "update", "end"]
    kind: Kind
    start_ns: int
    end_ns: int | None
    box: Box
    verdict: Verdict
    owners: tuple[str, ...]
    near: bool
    lain_s: float
    outline: tuple[tuple[float, float], ...] = ()
    outcome: Outcome = ""


class Watch:
    """`hidden` polygons (masks; what is to be ignored, too) and the places outside `only` polygons tell nothing."""

    def __init__(
        self, settings: Still, *, hidden: Sequence[Sequence[tuple[float, float]]] = (),
        only: Sequence[Sequence[tuple[float, float]]] = (),
    ) -> None:  # fmt: skip
        self._settings, self._hidden, self._only = settings, (*hidden, *settings.ignore), only
        self._layers = Layers()
        self._company = Company(settings.after_s + MEMORY_S)
        self._judge = Judge(settings.sensitivity)
        self._waiting: list[Candidate] = []
        self._open: list[Candidate] = []
        self._size = (0, 0)
        self._seen_ns = self._looked_ns = 0
        self._numbers = itertools.count(1)

    @property
    def background(self) -> Image | None:
        """What the view looks like without what lies and moves there, at the working size; None while unknown."""
        return levels(self._layers.background) if self._layers.ready else None

    @property
    def quiet(self) -> bool:
        """Does nothing lie there that may become an event, or is one?"""
        layers = self._layers
        if not layers.ready or self._open:
            return False
        return bool(np.count_nonzero((layers.shown_s >= FIRM_S) & self._allowed) < LEAST_PX)

    def look(self, picture: Image, actors: Iterable[Actor], wall_ns: int, *, detecting: bool = True) -> list[Change]:
        """Look at one picture (masks painted over) and who is in it; say what began, goes on and ended."""
        self._judge.detecting = detecting
        set_back = self._begin_again() if wall_ns < self._seen_ns - NS else []
        elapsed_s = max(0.0, (wall_ns - self._seen_ns) / NS) if self._seen_ns else 0.0
        self._seen_ns = wall_ns
        said = [*set_back, *self._resize(picture)]
        self._company.note(actors, wall_ns)
        if not self._layers.look(small_picture(picture, self._size), elapsed_s):
            return said + (self._lose("view_changed") if self._layers.scene_changed else [])
        self._relight()
        if wall_ns - self._looked_ns < LOOK_NS:
            return said
        self._looked_ns = wall_ns
        said += list(self._follow())
        said += list(self._find())
        self._hold()
        return said

    def finish(self) -> list[Change]:
        """The pictures are over; the next ones are a view of their own."""
        said = self._lose("stream_ended")
        self._layers, self._seen_ns = Layers(), 0
        return said

    def _begin_again(self) -> list[Change]:
        """The clock was set back: what began later than now cannot go on."""
        said = self._lose("stream_ended")
        self._company, self._looked_ns = Company(self._settings.after_s + MEMORY_S), 0
        return said

    def _resize(self, picture: Image) -> list[Change]:
        size = small_size(picture, self._settings.detail_px)
        if size == self._size:
            return []
        self._size, self._layers = size, Layers()
        self._allowed = _allowed(size, self._hidden, self._only)
        return self._lose("view_changed")

    def _lose(self, outcome: Outcome) -> list[Change]:
        ended = [(one, _resolved(one) if one.gone_since_ns is not None else outcome) for one in self._open]
        said = [self._say("end", one, how) for one, how in ended]
        self._open, self._waiting = [], []
        return said

    # what has been told

    def _follow(self) -> Iterator[Change]:
        for one in list(self._open):
            outcome = self._outcome(one)
            if outcome:
                self._open.remove(one)
                self._settle(one, outcome)
                yield self._say("end", one, outcome)
            elif self._news(one):
                one.updated_ns = self._seen_ns
                yield self._say("update", one)

    def _outcome(self, one: Candidate) -> Outcome:
        now, region, layers = self._seen_ns, one.region, self._layers
        same = self._same(one) >= 1 - SEEN_AGAIN_SHARE
        again = float((region.of(layers.changed) == 0).mean()) >= SEEN_AGAIN_SHARE
        again = again or (not same and same_under_light(layers, region))
        one.gone_since_ns = (one.gone_since_ns or now) if again else None
        one.other_since_ns = None if same or again else (one.other_since_ns or now)
        if one.gone_since_ns is not None and now - one.gone_since_ns >= RESOLVED_S * NS:
            return _resolved(one)
        if one.other_since_ns is not None and now - one.other_since_ns >= REPLACED_S * NS:
            return "replaced"
        return "absorbed" if now - one.since_ns >= self._settings.belongs_after_s * NS else ""

    def _same(self, one: Candidate) -> float:
        """How much of the thing looks as it did when it was told; it may grow paler slowly."""
        seen = one.region.of(self._layers.picture).reshape(-1, 3).astype(np.float32)
        if one.look is None:
            one.look = one.region.of(self._layers.shown).reshape(-1, 3)
        close = np.abs(seen - one.look).max(axis=1) <= np.maximum(one.region.of(self._layers.threshold), 12)
        one.look[close] += PALER * (seen[close] - one.look[close])
        return float(close.mean())

    def _relight(self) -> None:
        gain = self._layers.relit
        for one in self._open:
            if gain is not None and one.look is not None:
                own = one.region.of(np.broadcast_to(gain, self._layers.background.shape)).reshape(-1, 3)
                one.look = relit(one.look, own)

    def _settle(self, one: Candidate, outcome: Outcome) -> None:
        whole = one.whole.whole()
        if outcome == "absorbed":
            self._layers.absorb(whole & (self._layers.shown_s > 0))
        else:
            self._layers.forget(whole)

    def _news(self, one: Candidate) -> bool:
        near, quiet_s = self._company.near(one.owners, self._around(one.box)), (self._seen_ns - one.updated_ns) / NS
        if quiet_s < (UPDATE_S if near == one.near else NEAR_UPDATE_S):
            return False
        one.near = near
        return True

    # what may be to tell

    def _find(self) -> Iterator[Change]:
        before, self._waiting = self._waiting, []
        for region, share in self._ripe():
            one = self._known(before, region)
            if one.verdict is None or one.again_ns <= self._seen_ns:
                one.verdict = self._judged(one, share)
                one.again_ns = self._seen_ns + round(AGAIN_S.get(one.verdict.kind, 0) * NS)
            yield from self._act(one, one.verdict.kind)

    def _act(self, one: Candidate, kind: Kind) -> Iterator[Change]:
        if kind is Kind.CHANGE and one.undecided_ns == 0:
            one.undecided_ns = self._seen_ns
        lasting = self._seen_ns - one.since_ns >= self._settings.belongs_after_s * NS
        if kind in ABSORBED or (kind is Kind.SCENERY and lasting):
            self._layers.absorb(one.whole.whole(), same=kind is Kind.LIGHT)
        elif kind not in TELLING or self._may_decide(one, kind):
            one.state = State.WAITING
            self._waiting.append(one)
        elif self._attended(one) or len(self._open) >= MOST_OPEN:
            one.state = State.ATTENDED
            self._waiting.append(one)
        else:
            yield self._begin(one)

    def _may_decide(self, one: Candidate, kind: Kind) -> bool:
        """Undecided: some seconds more may tell, when what still moves around it is gone."""
        return kind is Kind.CHANGE and self._seen_ns - one.undecided_ns < UNDECIDED_S * NS

    def _ripe(self) -> Iterator[tuple[Region, float]]:
        after_s, evidence = self._settings.after_s, self._layers.shown_s
        lies = (evidence >= max(FIRM_S, GROWN_SHARE * after_s)) & self._allowed
        for one in self._open:
            lies[one.whole.where] &= ~one.whole.mask
        ripe = lies & (evidence >= after_s)
        least = self._least_px()
        if np.count_nonzero(ripe) < RIPE_SHARE * least:
            return
        for whole in regions_of(lies, least, MOST_JUDGED):
            if not whole.of(ripe).any():
                continue
            for region, share in apart(whole, self._layers.since_s, SAME_TIME_S, least):
                if region.of(ripe).mean() >= RIPE_SHARE and self._large_enough(region):
                    yield region, share

    def _least_px(self) -> int:
        return max(LEAST_PX, int(0.3 * (self._settings.min_size * self._size[1]) ** 2))

    def _large_enough(self, region: Region) -> bool:
        return bool(max(region.mask.shape) >= self._settings.min_size * self._size[1])

    def _known(self, before: list[Candidate], region: Region) -> Candidate:
        for one in before:
            if iou(one.whole.box, region.box) > 0.4:
                before.remove(one)
                one.whole, one.region = region, self._strong(region)
                return one
        lain_s = self._layers.clock_s - region.middle(self._layers.since_s)
        since_ns = self._seen_ns - round(lain_s * NS)
        one = Candidate(str(next(self._numbers)), self._strong(region), region, since_ns)
        start, end = since_ns - round(BEFORE_S * NS), since_ns + round(AFTER_S * NS)
        one.owners = self._company.who_was_near(one.region.box, self._around(one.region.box), start, end)
        return one

    def _strong(self, region: Region) -> Region:
        layers, where = self._layers, region.where
        strength = np.abs(layers.shown[where] - layers.background[where]).max(axis=2)
        return strong_part(region, strength, STRONG_SHARE, self._least_px())

    def _judged(self, one: Candidate, share: float) -> Verdict:
        if any(_part_of(one.region.box, other.box, self._size) for other in self._open):
            return Verdict(Kind.SCENERY, why="part of what was told")
        one.waiting_ns = one.waiting_ns or self._seen_ns
        patient = self._seen_ns - one.waiting_ns < PATIENCE_S * NS
        return self._judge.judge(self._layers, one.region, self._company, one.since_ns, share, patient=patient)

    def _attended(self, one: Candidate) -> bool:
        if one.verdict is None or one.verdict.kind is not Kind.LEFT:
            return False
        around, patient = self._around(one.region.box), self._seen_ns - one.waiting_ns < PATIENCE_S * NS
        one.near = self._company.near(one.owners, around)
        return one.near or (patient and self._company.somebody_else_stands(one.owners, around))

    def _begin(self, one: Candidate) -> Change:
        assert one.verdict is not None  # noqa: S101 - it has just been judged
        actor = one.verdict.actor
        if actor is not None:
            one.owners = [actor.track]
        one.state, one.told_ns, one.updated_ns = State.TOLD, self._seen_ns, self._seen_ns
        self._open.append(one)
        return self._say("start", one)

    def _say(self, phase: Literal["start", "update", "end"], one: Candidate, outcome: Outcome = "") -> Change:
        assert one.verdict is not None  # noqa: S101 - only what was judged is told
        end_ns = None
        if phase == "end":
            end_ns = one.gone_since_ns if one.gone_since_ns is not None else self._seen_ns
        lain_s = ((end_ns or self._seen_ns) - one.since_ns) / NS
        return Change(
            one.key, phase, one.verdict.kind, one.since_ns, end_ns, one.box, one.verdict, tuple(one.owners), one.near,
            round(lain_s, 2), tuple(one.region.outline()) if phase == "start" else (), outcome,
        )  # fmt: skip

    def _hold(self) -> None:
        """Where something was told of, noise is not learnt: who passes by must not hide it."""
        held = np.zeros(self._layers.changed.shape, bool)
        for one in self._open:
            held[one.region.where] |= one.region.mask
        self._layers.held = held

    def _around(self, box: Box) -> Box:
        return around(box, self._settings.owner_near, self._size[0] / self._size[1])


def _resolved(one: Candidate) -> Outcome:
    kind = one.verdict.kind if one.verdict is not None else Kind.CHANGE
    outcomes: dict[Kind, Outcome] = {Kind.LEFT: "taken", Kind.REMOVED: "put_back", Kind.STOPPED: "driven_off"}
    return outcomes.get(kind, "reverted")


def _part_of(box: Box, told: Box, size: tuple[int, int]) -> bool:
    """Does `box` lie in what was told, or close to it and is smaller?"""
    x, y = (max(PART_PX, 0.15 * side * px) / px for side, px in zip((told.width, told.height), size, strict=True))
    near = Box(told.x1 - x, told.y1 - y, told.x2 + x, told.y2 + y)
    overlap = Box(max(box.x1, near.x1), max(box.y1, near.y1), min(box.x2, near.x2), min(box.y2, near.y2)).area
    return overlap >= 0.5 * box.area and box.area <= 1.5 * told.area


def _allowed(
    size: tuple[int, int], hidden: Sequence[Sequence[tuple[float, float]]],
    only: Sequence[Sequence[tuple[float, float]]],
) -> Bools:  # fmt: skip
    width, height = size
    painted = np.full((height, width), 0 if only else 1, np.uint8)
    for polygons, value in ((only, 1), (hidden, 0)):
        for polygon in polygons:
            cv2.fillPoly(painted, [np.round(np.asarray(polygon) * (width, height)).astype(np.int32)], value)
    if hidden:  # the rim of a mask is blurred into what lies beside it
        return np.asarray(cv2.erode(painted, np.ones((3, 3), np.uint8), borderValue=1) > 0)
    return np.asarray(painted > 0)
