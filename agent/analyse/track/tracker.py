"""From detections to tracks: two-stage association after BYTE (Zhang et al., arXiv 2110.06864), made for 2 to 10 fps.

High detections meet all tracks first; low ones then keep alive for a while what nothing high was found for, and never
begin a track. All times are those of capture, so uneven frames do no harm.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from agent.analyse.detect.port import Detection
from agent.analyse.track.affinity import costs
from agent.analyse.track.assign import Pairs, assign
from agent.analyse.track.filter import CUT, MEASURED, Floats, born, corrected, predicted
from agent.analyse.track.track import Track
from agent.core.clock import NS
from agent.core.geometry import Box, iou

HIGH_SCORE = 0.3
LOW_SCORE = 0.1
BIRTH_SCORE = 0.45
FAINT_S = 1.0
"""For so long low detections alone keep a track alive: where somebody went behind a wall a doubt stays for ever."""
FIRST_LIMIT = 0.68
LOOSER_PER_S = 0.2
"""The costs allowed in the first stage grow with the time between two looks, for half a second."""
SECOND_LIMIT = 0.8
NEWBORN_LIMIT = 0.82
LOST_S = 3.0
LOST_YOUNG_S = 0.8
LEFT_S = 0.3
"""A track that nobody found is over after: one that was found three times, a younger one, one that left the picture."""
HOLE_S = 20.0
"""A thing that stood is still itself after a hole of so long in the stream; one that moved, after `LOST_S`."""
JITTER_S = 1.0
"""Times that go back further were set anew: nothing is known any more."""
TWIN_IOU = 0.75
MOST_TRACKS = 200
MOST_FOUND = 400
SLEEP_S = 20.0
MOST_SLEEPING = 50
SMALLEST = 1e-4
"""Boxes narrower or lower than this share of the picture are none."""

PACES = {
    "person": (0.9, 0.6), "vehicle": (10.0, 3.0), "two_wheeler": (4.0, 1.5), "animal": (3.0, 1.5), "bag": (0.9, 0.6),
    "object": (4.0, 1.5),
}  # fmt: skip
"""How such things move across and along the view, standard deviation, own heights a second: a newborn track is looked
for as far as that, and no further."""

Still = Callable[[Box], bool]


@dataclass(frozen=True, slots=True)
class Step:
    """After one picture: all living tracks (those with `seen_ns` now were found in it) and those that just ended.

    `woken` are those that were asleep and go on, each with the track as which it was followed since.
    """

    tracks: tuple[Track, ...]
    ended: tuple[Track, ...]
    woken: tuple[tuple[Track, Track], ...] = ()


class Tracker:
    """One per camera; `make_id` names new tracks from their first time."""

    def __init__(self, make_id: Callable[[int], str]) -> None:
        self._make_id = make_id
        self._tracks: list[Track] = []
        self._looked_ns = 0
        self._sleeping: list[Track] = []
        self.aspect = 16 / 9
        """The picture's width over its height."""
        self.may_sleep: Callable[[Track], bool] = _nobody
        """Of such tracks, those lost inside the picture go on for `SLEEP_S`, asleep: `wake` alone can continue them."""

    def update(self, detections: Sequence[Detection], wall_ns: int, still: Still) -> Step:
        """What the detector found in a picture; `still(box)` says that nothing moves there."""
        ended = self._begin(wall_ns)
        found, boxes = _sound(detections)
        unmet = self._associate(found, boxes, wall_ns)
        for track in self._tracks:
            if track.confirmed and track.seen_ns != wall_ns:
                track.miss(wall_ns, still=still(track.box))
        self._looked_ns = wall_ns
        ended += self._bury(wall_ns)
        self._give_birth([found[column] for column in unmet], boxes[:, unmet], wall_ns)
        return Step(self.living, ended)

    def hold(self, wall_ns: int) -> Step:
        """A picture in which nothing moves and that nobody looked at: what stood there still stands there."""
        ended = self._begin(wall_ns)
        for track in self._tracks:
            if track.seen_ns == self._looked_ns:
                track.stay(wall_ns)
        self._looked_ns = wall_ns
        ended += self._bury(wall_ns)
        return Step(self.living, ended)

    def finish(self) -> Step:
        """The stream is over: so are all tracks."""
        ended, self._tracks, self._sleeping = self.living, [], []
        return Step((), ended)

    def wake(self, sleeper: Track, track: Track) -> None:
        """`track`, which was just found, is `sleeper` come back: it goes on as that one, and never was another."""
        track.confirmed = False
        sleeper.take_over(track)
        self._sleeping.remove(sleeper)
        self._tracks[self._tracks.index(track)] = sleeper

    @property
    def tracks(self) -> tuple[Track, ...]:
        """All that live and are not asleep."""
        return tuple(self._tracks)

    @property
    def sleeping(self) -> tuple[Track, ...]:
        """Those that nobody has found for long, and that may come back."""
        return tuple(self._sleeping)

    @property
    def living(self) -> tuple[Track, ...]:
        """Both."""
        return (*self._tracks, *self._sleeping)

    def _begin(self, wall_ns: int) -> tuple[Track, ...]:
        """What a hole in the stream, or a clock set back, has ended."""
        hole_s = (wall_ns - self._looked_ns) / NS
        if -JITTER_S <= hole_s <= LOST_S or not self.living:
            return ()
        slept, self._sleeping = tuple(self._sleeping), []
        kept = [track for track in self._tracks if track.stands()] if 0 < hole_s <= HOLE_S else []
        return slept + self._keep(kept)

    def _associate(self, found: list[Detection], boxes: Floats, wall_ns: int) -> list[int]:
        """Let each track see its detection; the high detections that belong to none."""
        high = [column for column, one in enumerate(found) if one.score >= HIGH_SCORE]
        if not self._tracks or not found:
            return high
        tracks = self._tracks
        elapsed = np.array([max(0, wall_ns - track.seen_ns) for track in tracks]) / NS
        states = predicted(np.array([track.state for track in tracks]).T.copy(), elapsed)
        cost = costs(tracks, states, found, boxes, self.aspect)
        pairs = self._stages(cost, found, high, wall_ns)
        self._show(pairs, states, found, boxes, wall_ns)
        met = {column for _, column in pairs}
        return [column for column in high if column not in met]

    def _stages(self, cost: Floats, found: list[Detection], high: list[int], wall_ns: int) -> Pairs:
        elapsed_s = (wall_ns - self._looked_ns) / NS
        settled = [row for row, track in enumerate(self._tracks) if track.confirmed]
        newborn = [row for row, track in enumerate(self._tracks) if not track.confirmed]
        low = [column for column, one in enumerate(found) if one.score < HIGH_SCORE]
        pairs = _meet(cost, settled, high, FIRST_LIMIT + LOOSER_PER_S * min(0.5, max(0.0, elapsed_s)))
        rows, columns = {row for row, _ in pairs}, {column for _, column in pairs}
        oldest_ns = min(wall_ns - round(FAINT_S * NS), self._looked_ns)  # where looks are rare, the one before this
        lately = [row for row in settled if row not in rows and self._tracks[row].sure_ns >= oldest_ns]
        pairs += _meet(cost, lately, low, SECOND_LIMIT)
        return pairs + _meet(cost, newborn, [column for column in high if column not in columns], NEWBORN_LIMIT)

    def _show(self, pairs: Pairs, states: Floats, found: list[Detection], boxes: Floats, wall_ns: int) -> None:
        if not pairs:
            return
        rows, columns = ([pair[side] for pair in pairs] for side in (0, 1))
        sure = [found[column].score >= HIGH_SCORE for column in columns]
        after = corrected(states[:, rows], boxes[:, columns], np.where(sure, MEASURED, CUT)).T.tolist()
        for row, column, state, high in zip(rows, columns, after, sure, strict=True):
            track = self._tracks[row]
            track.see(found[column], state, wall_ns)
            if high:
                track.sure_ns = wall_ns

    def _bury(self, wall_ns: int) -> tuple[Track, ...]:
        living = [track for track in self._tracks if not _is_over(track, wall_ns)]
        ended = self._keep(_without_twins(living))
        return self._lay(ended, wall_ns)

    def _lay(self, ended: tuple[Track, ...], wall_ns: int) -> tuple[Track, ...]:
        """Put to sleep who may come back; those that are over now."""
        if not ended and not self._sleeping:
            return ()
        oldest_ns = wall_ns - round((LOST_S + SLEEP_S) * NS)
        over = [track for track in self._sleeping if track.kept_ns < oldest_ns]
        tired = [track for track in ended if self.may_sleep(track) and not _has_left(track.expected(wall_ns))]
        sleeping = [track for track in self._sleeping if track not in over] + tired
        self._sleeping = sleeping[-MOST_SLEEPING:]
        over += sleeping[:-MOST_SLEEPING]
        return (*over, *(track for track in ended if track not in tired))

    def _keep(self, kept: list[Track]) -> tuple[Track, ...]:
        """Go on with these; the others, which have ended."""
        if len(kept) == len(self._tracks):
            return ()
        ids = {track.id for track in kept}
        ended = tuple(track for track in self._tracks if track.id not in ids)
        self._tracks = kept
        return ended

    def _give_birth(self, found: list[Detection], boxes: Floats, wall_ns: int) -> None:
        good = [index for index, one in enumerate(found) if one.score >= BIRTH_SCORE]
        good = sorted(good, key=lambda index: -found[index].score)[: MOST_TRACKS - len(self._tracks)]
        if not good:
            return
        paces = np.array([PACES.get(found[index].label, PACES["object"]) for index in good]).T
        for index, state in zip(good, born(boxes[:, good], paces).T.tolist(), strict=True):
            self._tracks.append(Track(self._make_id(wall_ns), found[index], state, wall_ns))


def _nobody(_: Track) -> bool:
    return False


def _sound(detections: Sequence[Detection]) -> tuple[list[Detection], Floats]:
    """The detections that can be worked with, at most `MOST_FOUND`, and their boxes as `filter` has them."""
    found = [one for one in detections if one.score >= LOW_SCORE]
    if len(found) > MOST_FOUND:
        found = sorted(found, key=lambda one: -one.score)[:MOST_FOUND]
    boxes = np.array([one.box for one in found], np.float64).reshape(-1, 4).T.copy()
    with np.errstate(invalid="ignore"):
        boxes[2:] -= boxes[:2]
        boxes[:2] += boxes[2:] / 2
        good = np.asarray(np.isfinite(boxes).all(0) & (boxes[2:] >= SMALLEST).all(0))
    if good.all():
        return found, boxes
    return [one for one, fine in zip(found, good.tolist(), strict=True) if fine], boxes[:, good]


def _meet(cost: Floats, rows: list[int], columns: list[int], most: float) -> Pairs:
    if not rows or not columns:
        return []
    pairs = assign(cost[rows][:, columns], most)
    return [(rows[row], columns[column]) for row, column in pairs]


def _is_over(track: Track, wall_ns: int) -> bool:
    unseen_s = (wall_ns - track.kept_ns) / NS
    if unseen_s <= LEFT_S:
        return False
    return unseen_s > (LOST_S if track.hits > 2 else LOST_YOUNG_S) or _has_left(track.expected(wall_ns))


def _has_left(box: Box) -> bool:
    x, y = box.centre
    return not (0.0 < x < 1.0 and 0.0 < y < 1.0)


def _without_twins(tracks: list[Track]) -> list[Track]:
    """Without newborn tracks that lie on an older one with the same label: one thing, found twice."""
    newborn = [track for track in tracks if not track.confirmed]
    if not newborn:
        return tracks
    settled = [track for track in tracks if track.confirmed]
    twins = {
        track.id
        for track in newborn
        if any(other.label == track.label and iou(other.box, track.box) > TWIN_IOU for other in settled)
    }
    return [track for track in tracks if track.id not in twins]
