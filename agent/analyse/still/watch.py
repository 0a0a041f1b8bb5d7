"""Watches one view for things left behind and taken away. Time comes from the pictures alone."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from agent.analyse.detect.port import Image
from agent.analyse.ground.plane import Plane
from agent.analyse.still.candidate import Candidate, State
from agent.analyse.still.change import Change, Outcome, change_of, resolved
from agent.analyse.still.company import PEOPLE, Actor, Company, around
from agent.analyse.still.find import Finder, Polygons
from agent.analyse.still.follow import outcome_of, relight, settle
from agent.analyse.still.layers import Layers
from agent.analyse.still.region import Region
from agent.analyse.still.scale import levels, small_picture, small_size
from agent.analyse.still.verdict import TELLING, Judge, Kind, Verdict
from agent.analyse.still.views import View, Views
from agent.config.gateway import Still
from agent.config.hours import Calendar
from agent.core.clock import NS
from agent.core.geometry import Box, iou

LOOK_NS = NS // 2
MOST_OPEN = 32
BEFORE_S, AFTER_S = 4.0, 2.0
"""Who was near so long before and after it began has put it down or taken it."""
UPDATE_S, NEAR_UPDATE_S = 60.0, 10.0
PATIENCE_S = 15.0
"""In a crowd somebody is always there."""
UNDECIDED_S = 5.0
AGAIN_S = {Kind.WAIT: 0.5, Kind.SCENERY: 3.0}
PASSING = PEOPLE | {"object"}
"""Those who stand there now and will not for ever."""
ABSORBED = frozenset({Kind.LIGHT, Kind.GHOST, Kind.SOMEBODY})


class Watch:
    """`hidden` polygons (masks) and the places outside `only` polygons tell nothing; `calendar` is for the hours."""

    def __init__(
        self, settings: Still, *, hidden: Polygons = (), only: Polygons = (), calendar: Calendar | None = None
    ) -> None:
        self._settings, self._hidden, self._only = settings, (*hidden, *settings.ignore), only
        self._calendar = calendar or Calendar(None)
        self._views = Views()
        self._company = Company(settings.after_s)
        self._judge = Judge(settings.sensitivity)
        self._size = (0, 0)
        self._seen_ns = self._looked_ns = 0
        self._numbers = itertools.count(1)
        self.plane: Plane | None = None
        """The ground, where it is measured."""

    @property
    def background(self) -> Image | None:
        """What the view looks like without what lies and moves there, at the working size; None while unknown."""
        return levels(self._layers.background) if self._layers.ready else None

    @property
    def quiet(self) -> bool:
        """Does nothing lie there that may become an event, or is one?"""
        view = self._views.now
        return view.layers.ready and not view.open and not self._finder.anything(view.layers)

    def look(self, picture: Image, actors: Iterable[Actor], wall_ns: int, *, detecting: bool = True) -> list[Change]:
        """Look at one picture (masks painted over) and who is in it; say what began, goes on and ended."""
        self._judge.detecting = detecting
        # what began later than now cannot go on: the clock was set back
        said = self._end() if wall_ns < self._seen_ns - NS else []
        elapsed_s = max(0.0, (wall_ns - self._seen_ns) / NS) if self._seen_ns else 0.0
        self._seen_ns = wall_ns
        said += self._resize(picture)
        self._company.note(actors, wall_ns)
        small, company = small_picture(picture, self._size), self._company
        known = [one.box for one in company.now]
        people = [one.box for one in company.now if one.label in PASSING]
        looks = self._layers.look(small, elapsed_s, company.covered_share(PEOPLE), known, people)
        said += self._turn()
        if not looks:
            return said
        relight(self._views.now.open, self._layers)
        if wall_ns - self._looked_ns >= LOOK_NS:
            self._looked_ns = wall_ns
            for region in self._finder.uncovered(self._layers):
                self._layers.absorb(region.whole())
            said += [*self._follow(), *self._find()]
            self._hold()
        return said

    def belongs(self, key: str, by: str) -> list[Change]:
        """Somebody says that this belongs there: it is background at once, and its event ends."""
        for view in self._views.all:
            for one in view.open:
                if one.key == key:
                    view.open.remove(one)
                    settle(one, view.layers, "absorbed")
                    one.gone_since_ns = None
                    return [change_of(one, "end", self._seen_ns, "absorbed", by=by)]
        return []

    def finish(self) -> list[Change]:
        """The pictures are over; the next ones are a view of their own."""
        said = self._end()
        self._views, self._seen_ns = Views(), 0
        return said

    @property
    def _layers(self) -> Layers:
        return self._views.now.layers

    def _end(self) -> list[Change]:
        """All that goes on ends, and times from before are forgotten: the clock of what comes may be behind them."""
        said = self._lose(self._views.all, "stream_ended")
        self._company, self._looked_ns = Company(self._settings.after_s), 0
        return said

    def _resize(self, picture: Image) -> list[Change]:
        size = small_size(picture, self._settings.detail_px)
        if size == self._size:
            return []
        said, self._size = self._lose(self._views.all, "view_changed"), size
        self._views = Views()
        self._finder = Finder(size, self._settings.after_s, self._settings.min_size, self._hidden, self._only)
        return said

    def _turn(self) -> list[Change]:
        """Another view, or one that is known: what was seen of people counts for the view they were in."""
        now_ns, forgotten = self._seen_ns, self._views.forget_old(self._seen_ns)
        if self._layers.scene_changed:
            forgotten += self._views.leave(now_ns)
            self._company = Company(self._settings.after_s)
        self._views.recognise(now_ns)
        return self._lose(forgotten, "view_changed")

    def _lose(self, views: Sequence[View], outcome: Outcome) -> list[Change]:
        said = []
        for view in views:
            for one in view.open:
                how = resolved(one) if one.gone_since_ns is not None else outcome
                said.append(change_of(one, "end", self._seen_ns, how))
            view.open, view.waiting = [], []
        return said

    # what has been told

    def _follow(self) -> Iterator[Change]:
        view = self._views.now
        for one in list(view.open):
            outcome = outcome_of(one, view.layers, self._seen_ns, self._settings.belongs_after_s)
            if outcome:
                view.open.remove(one)
                settle(one, view.layers, outcome)
                yield change_of(one, "end", self._seen_ns, outcome, self._takers(one))
            elif self._news(one):
                one.updated_ns = self._seen_ns
                yield change_of(one, "update", self._seen_ns)

    def _takers(self, one: Candidate) -> tuple[str, ...]:
        """Who was there when it was taken, or put back."""
        if one.gone_since_ns is None:
            return ()
        return tuple(self._who_was_near(one, one.gone_since_ns))

    def _news(self, one: Candidate) -> bool:
        near, quiet_s = self._company.near(one.owners, self._near(one.box)), (self._seen_ns - one.updated_ns) / NS
        if quiet_s < (UPDATE_S if near == one.near else NEAR_UPDATE_S):
            return False
        one.near = near
        return True

    # what may be to tell

    def _find(self) -> Iterator[Change]:
        view = self._views.now
        before, view.waiting = view.waiting, []
        for region, share in self._finder.ripe(view.layers, view.open):
            one = self._known(before, region)
            if one.verdict is None or one.again_ns <= self._seen_ns:
                one.verdict = self._judged(one, share)
                one.again_ns = self._seen_ns + round(AGAIN_S.get(one.verdict.kind, 0) * NS)
            yield from self._act(one, one.verdict.kind)

    def _act(self, one: Candidate, kind: Kind) -> Iterator[Change]:
        view = self._views.now
        if kind is Kind.CHANGE and one.undecided_ns == 0:
            one.undecided_ns = self._seen_ns
        if self._is_background(one, kind):
            view.layers.absorb(one.whole.whole(), same=kind is Kind.LIGHT)
        elif kind not in TELLING or self._may_decide(one, kind):
            one.state = State.WAITING
            view.waiting.append(one)
        elif self._attended(one) or len(view.open) >= MOST_OPEN:
            one.state = State.ATTENDED
            view.waiting.append(one)
        else:
            yield self._begin(one)

    def _is_background(self, one: Candidate, kind: Kind) -> bool:
        """Light and the like, what has lain there for so long, and what came out of hours."""
        if kind in TELLING:
            return not self._calendar.any(self._settings.hours, one.since_ns)
        lasting = self._seen_ns - one.since_ns >= self._settings.belongs_after_s * NS
        return kind in ABSORBED or (kind is Kind.SCENERY and lasting)

    def _may_decide(self, one: Candidate, kind: Kind) -> bool:
        """Undecided: some seconds more may tell, when what still moves around it is gone."""
        return kind is Kind.CHANGE and self._seen_ns - one.undecided_ns < UNDECIDED_S * NS

    def _known(self, before: list[Candidate], region: Region) -> Candidate:
        layers = self._layers
        for one in before:
            if iou(one.whole.box, region.box) > 0.4:
                before.remove(one)
                one.whole, one.region = region, self._finder.strong(layers, region)
                return one
        lain_s = layers.clock_s - region.middle(layers.since_s)
        since_ns = self._seen_ns - round(lain_s * NS)
        one = Candidate(str(next(self._numbers)), self._finder.strong(layers, region), region, since_ns)
        one.owners = self._who_was_near(one, since_ns)
        return one

    def _who_was_near(self, one: Candidate, at_ns: int) -> list[str]:
        box = one.region.box
        start, end = at_ns - round(BEFORE_S * NS), at_ns + round(AFTER_S * NS)
        return self._company.who_was_near(box, self._around(box), start, end)

    def _judged(self, one: Candidate, share: float) -> Verdict:
        if self._finder.part_of_told(one.region.box, self._views.now.open):
            return Verdict(Kind.SCENERY, why="part of what was told")
        one.waiting_ns = one.waiting_ns or self._seen_ns
        patient = self._seen_ns - one.waiting_ns < PATIENCE_S * NS
        return self._judge.judge(self._layers, one.region, self._company, one.since_ns, share, patient=patient)

    def _attended(self, one: Candidate) -> bool:
        if one.verdict is None or one.verdict.kind is not Kind.LEFT:
            return False
        near, patient = self._near(one.region.box), self._seen_ns - one.waiting_ns < PATIENCE_S * NS
        one.near = self._company.near(one.owners, near)
        return one.near or (patient and self._company.somebody_else_stands(one.owners, near))

    def _begin(self, one: Candidate) -> Change:
        actor = one.verdict.actor if one.verdict is not None else None
        if actor is not None:
            one.owners = [actor.track]
        one.state, one.told_ns, one.updated_ns = State.TOLD, self._seen_ns, self._seen_ns
        self._views.now.open.append(one)
        return change_of(one, "start", self._seen_ns)

    def _hold(self) -> None:
        """Where something was told of, noise is not learnt: who passes by must not hide it."""
        held = np.zeros(self._layers.changed.shape, bool)
        for one in self._views.now.open:
            held[one.region.where] |= one.region.mask
        self._layers.held = held

    def _near(self, thing: Box) -> Callable[[Box], bool]:
        """Who stands near a thing: by metres where they are wanted and known, else by the thing's own size."""
        most_m, plane, around_it = self._settings.owner_near_m, self.plane, self._around(thing)

        def near(box: Box) -> bool:
            apart_m = None if most_m is None or plane is None else plane.apart(thing, box)
            return box.meets(around_it) if apart_m is None or most_m is None else apart_m <= most_m

        return near

    def _around(self, box: Box) -> Box:
        return around(box, self._settings.owner_near, self._size[0] / self._size[1])
