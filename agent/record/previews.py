"""Small pictures of many moments on one sheet: the keyframe nearest to each, without reading what lies between.

Only keyframes leave the disk: of a fragment its index is read, and of its samples none but those. They are decoded in
a process of its own, at the lowest priority.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
from av.stream import Discard

from agent.core.clock import NS, Clock, SystemClock, rfc3339
from agent.core.errors import StorageError
from agent.core.leash import answer_of
from agent.core.stop import StopToken
from agent.record.clip_file import write_clip
from agent.record.cutting import Unit, runs
from agent.record.footage import Footage, footage_near
from agent.record.previews_draw import Film, Job
from agent.record.store import SegmentStore

COMMAND = (sys.executable, "-m", "agent.record.previews_draw")
LIMIT_S = 20.0
"""For all pictures of a sheet: somebody looks at a timeline, and moves on."""
NEAR_NS = 10 * NS
"""A keyframe further off shows another moment; between keyframes there may be so much (Zipstream)."""

Polygon = Sequence[tuple[float, float]]


class Sheet(NamedTuple):
    """A JPEG; of which moments its pictures are, wall ns in order, stands in the file too (see `previews_draw`)."""

    path: Path
    moments: list[int]


def make_sheet(
    store: SegmentStore, camera: str, moments: Sequence[int], masks: Sequence[Polygon], folder: Path, stop: StopToken,
    *, limit_s: float = LIMIT_S, clock: Clock | None = None,
) -> Sheet:  # fmt: skip
    """Draw a small picture of each of these moments (wall ns) that was recorded; `masks` are hidden in all of them.

    Works in `folder`, where the sheet lies afterwards.

    Raises:
        StorageMissing: a disk is not mounted.
        StorageError: nothing is recorded there, or it cannot be read or decoded within `limit_s`.
    """
    clock = clock or SystemClock()
    until_ns = clock.mono_ns() + int(limit_s * NS)
    films: list[Film] = []
    try:
        for run in runs(footage_near(store, camera, moments, NEAR_NS), unread=True):
            units = list(_nearest(_keyframes(run, moments, clock, until_ns, stop), moments))
            if units:
                films.append(Film(str(folder / f"{len(films)}.mp4"), [unit.wall_ns for unit in units]))
                write_clip(Path(films[-1].path), run[0], _numbered(units))
    except (av.FFmpegError, OSError, ValueError) as error:
        for tier in store.tiers:
            tier.check()
        raise StorageError(f"{camera}: its keyframes cannot be read ({error}); look at the disk") from error
    if not films:
        between = f"between {rfc3339(min(moments))} and {rfc3339(max(moments))}"
        raise StorageError(f"{camera}: nothing is recorded near any of these moments {between}")
    job = Job([film._asdict() for film in films], str(folder / "sheet.jpg"), [list(mask) for mask in masks])
    return _drawn(job, clock, until_ns, stop)


def _keyframes(
    run: list[Footage], moments: Sequence[int], clock: Clock, until_ns: int, stop: StopToken
) -> Iterator[Unit]:
    """Those that lie near a moment."""
    for part in run:
        if stop.is_set() or clock.mono_ns() > until_ns:
            return  # of what is there by now a sheet can be made
        wanted = [one for one in moments if part.start_ns - NEAR_NS <= one <= part.end_ns + NEAR_NS]
        for unit in _of_part(part):
            if unit.wall_ns > max(wanted, default=0) + NEAR_NS:
                break
            if any(abs(unit.wall_ns - one) <= NEAR_NS for one in wanted):
                yield unit


def _of_part(part: Footage) -> Iterator[Unit]:
    with part.opened(unread=True) as container:
        video = container.streams.video[0]
        for stream in container.streams:
            stream.discard = Discard.default if stream is video else Discard.all
        origin: Fraction | None = None
        for packet in container.demux(video):
            if not packet.size or packet.pts is None or packet.time_base is None:
                continue
            at = packet.pts * packet.time_base
            origin = at if origin is None else origin
            video.discard = Discard.nonkey  # the first one says when the file begins, whatever it is
            if packet.is_keyframe:
                wall_ns, none = part.wall_ns(int((at - origin) * NS)), Fraction(0)
                yield Unit(bytes(packet), packet.stream_index, True, True, wall_ns, wall_ns, none, none, none)


def _nearest(keyframes: Iterator[Unit], moments: Sequence[int]) -> Iterator[Unit]:
    """The one nearest to each moment, each once; no more are held than moments are asked for."""
    best: dict[int, Unit] = {}
    for unit in keyframes:
        for one in moments:
            off = abs(unit.wall_ns - one)
            if off <= NEAR_NS and (one not in best or off < abs(best[one].wall_ns - one)):
                best[one] = unit
    yield from sorted({unit.wall_ns: unit for unit in best.values()}.values(), key=lambda unit: unit.wall_ns)


def _numbered(units: Sequence[Unit]) -> Iterator[Unit]:
    """At 0 s, 1 s, 2 s: the decoder's pictures say by their time which they are."""
    for number, unit in enumerate(units):
        at = Fraction(number)
        yield unit._replace(pts=at, dts=at, duration=Fraction(1))


def _drawn(job: Job, clock: Clock, until_ns: int, stop: StopToken) -> Sheet:
    try:
        outcome = json.loads(answer_of(COMMAND, json.dumps(job._asdict()).encode(), clock, until_ns, stop))
    except (OSError, ValueError) as error:
        raise StorageError(
            f"the previews could not be drawn: their process ended without a result ({error})"
        ) from error
    if outcome["error"]:
        raise StorageError(f"the previews could not be drawn: {outcome['error']}")
    return Sheet(Path(job.target), [int(one) for one in outcome["moments"]])
