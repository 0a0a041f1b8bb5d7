"""From detections to tracks: two-stage association after BYTE (Zhang et al., arXiv 2110.06864), made for 2 to 10 fps.

High detections meet all tracks first, by intersection over union of widened boxes (C-BIoU, Yang et al., WACV 2023):
at 3 fps a walker's boxes hardly overlap. Low detections then keep alive what nothing high was found for; they never
begin a track. Speeds are per second of capture time, so uneven frames do no harm.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agent.analyse.detect.nms import iou_matrix
from agent.analyse.detect.port import Detection
from agent.analyse.track.assign import Pairs, assign
from agent.analyse.track.track import Track
from agent.core.clock import NS
from agent.core.geometry import Box, iou

HIGH_SCORE = 0.4
LOW_SCORE = 0.1
BIRTH_SCORE = 0.45
LOST_S = 1.5
LOST_YOUNG_S = 0.8
OTHER_LABEL_COST = 0.25
FIRST_LIMIT = 0.9
SECOND_LIMIT = 0.6
NEWBORN_LIMIT = 0.75
TWIN_IOU = 0.7
MOST_TRACKS = 200

Still = Callable[[Box], bool]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Step:
    """After one picture: all living tracks (those with `seen_ns` now were found in it) and those that just ended."""

    tracks: tuple[Track, ...]
    ended: tuple[Track, ...]


class Tracker:
    """One per camera; `make_id` names new tracks from their first time."""

    def __init__(self, make_id: Callable[[int], str]) -> None:
        self._make_id = make_id
        self._tracks: list[Track] = []
        self._looked_ns = 0

    def update(self, detections: Sequence[Detection], wall_ns: int, still: Still) -> Step:
        """What the detector found in a picture; `still(box)` says that nothing moves there."""
        high = [found for found in detections if found.score >= HIGH_SCORE]
        low = [found for found in detections if LOW_SCORE <= found.score < HIGH_SCORE]
        settled = [track for track in self._tracks if track.confirmed]
        newborn = [track for track in self._tracks if not track.confirmed]
        settled, high = self._meet(settled, high, wall_ns, FIRST_LIMIT)
        settled, _ = self._meet(settled, low, wall_ns, SECOND_LIMIT)
        _, high = self._meet(newborn, high, wall_ns, NEWBORN_LIMIT)
        for track in settled:
            track.miss(wall_ns, still=still(track.box))
        self._looked_ns = wall_ns
        ended = self._bury(wall_ns)
        self._give_birth(high, wall_ns)
        return Step(tuple(self._tracks), ended)

    def hold(self, wall_ns: int) -> Step:
        """A picture in which nothing moves and that nobody looked at: what stood there still stands there."""
        for track in self._tracks:
            if track.seen_ns == self._looked_ns:
                track.stay(wall_ns)
        self._looked_ns = wall_ns
        return Step(tuple(self._tracks), self._bury(wall_ns))

    def finish(self) -> Step:
        """The stream is over: so are all tracks."""
        ended, self._tracks = tuple(self._tracks), []
        return Step((), ended)

    @property
    def tracks(self) -> tuple[Track, ...]:
        """All that live."""
        return tuple(self._tracks)

    def _meet(
        self, tracks: list[Track], found: list[Detection], wall_ns: int, most: float
    ) -> tuple[list[Track], list[Detection]]:
        """Let each track see its detection; returns the tracks and detections that are left over."""
        pairs = _pairs(tracks, found, wall_ns, most)
        for row, column in pairs:
            tracks[row].see(found[column], wall_ns)
        rows, columns = {row for row, _ in pairs}, {column for _, column in pairs}
        return (
            [track for index, track in enumerate(tracks) if index not in rows],
            [one for index, one in enumerate(found) if index not in columns],
        )

    def _bury(self, wall_ns: int) -> tuple[Track, ...]:
        ended = [track for track in self._tracks if _is_over(track, wall_ns)]
        ended += _twins([track for track in self._tracks if track not in ended])
        self._tracks = [track for track in self._tracks if track not in ended]
        return tuple(ended)

    def _give_birth(self, found: list[Detection], wall_ns: int) -> None:
        room = MOST_TRACKS - len(self._tracks)
        for one in [one for one in found if one.score >= BIRTH_SCORE][:room]:
            self._tracks.append(Track(self._make_id(wall_ns), one, wall_ns))


def _is_over(track: Track, wall_ns: int) -> bool:
    limit_s = LOST_S if track.hits > 2 else LOST_YOUNG_S
    return wall_ns - track.kept_ns > limit_s * NS


def _twins(tracks: list[Track]) -> list[Track]:
    """Newborn tracks that lie on an older one with the same label: one thing, found twice."""
    return [
        track
        for track in tracks
        if not track.confirmed
        and any(
            other is not track
            and other.confirmed
            and other.label == track.label
            and iou(other.box, track.box) > TWIN_IOU
            for other in tracks
        )
    ]


def _pairs(tracks: list[Track], found: list[Detection], wall_ns: int, most: float) -> Pairs:
    if not tracks or not found:
        return []
    widths = [_widening(track, wall_ns) for track in tracks]
    expected = _array([track.expected(wall_ns).grown(width) for track, width in zip(tracks, widths, strict=True)])
    mean = sum(widths) / len(widths)
    cost = 1.0 - iou_matrix(expected, _array([one.box.grown(mean) for one in found]))
    differs = np.array([[track.label != one.label for one in found] for track in tracks])
    return assign(np.asarray(cost + OTHER_LABEL_COST * differs, np.float32), most)


def _widening(track: Track, wall_ns: int) -> float:
    """How much wider the boxes are made: more the longer it was not seen, and while its speed is a guess."""
    unseen_s = (wall_ns - track.seen_ns) / NS
    return min(0.7, (0.15 if track.hits > 2 else 0.3) + 0.6 * unseen_s)


def _array(boxes: Sequence[Box]) -> Floats:
    return np.asarray(boxes, np.float32).reshape(-1, 4)
