"""A run cut exactly to the picture at both ends: the edges re-encoded where they must be, the rest copied."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from av.video.codeccontext import VideoCodecContext

from agent.core.errors import StorageError
from agent.record.clip_file import VideoEntry, Written, write_clip
from agent.record.cutting import Unit, between, units
from agent.record.export.exact_plan import ROUNDING_NS, Picture, Role, make_plan
from agent.record.export.parameter_sets import (
    LENGTH_BYTES,
    ended,
    free_id,
    hevc_sets,
    is_random_access,
    with_prefix,
    with_sets,
)
from agent.record.export.reencode import Reencoder
from agent.record.footage import Footage

_LENGTH_AT = {"h264": 4, "hevc": 21}


class Reencoded(NamedTuple):
    """A part of a clip whose pictures are not those that the camera sent, but made from them."""

    start_ns: int
    end_ns: int
    pictures: int


class ExactCut(NamedTuple):
    """What was written; `keyframe_ns` is where decoding had to begin."""

    written: Written
    keyframe_ns: int
    reencoded: list[Reencoded]


def write_exact(path: Path, run: list[Footage], start_ns: int, end_ns: int) -> ExactCut | None:
    """Write the pictures of a run from `start_ns` on and before `end_ns`; None when there is none.

    Raises:
        StorageError: the codec cannot be cut exactly, or a picture of the edges cannot be decoded.
        ValueError, OSError, av.FFmpegError: it cannot be read or written.
    """
    with run[0].opened() as container:
        cutter = _ExactCutter(run, container.streams.video[0].codec_context, start_ns, end_ns)
        if not any(cutter.plan.roles):
            return None
        written = write_clip(path, run[0], cutter.cut(), cutter.entry)
    return ExactCut(written, cutter.pictures[0].wall_ns, cutter.reencoded())


class _ExactCutter:
    """Looks at all packets once to plan, then goes through them again."""

    def __init__(self, run: list[Footage], source: VideoCodecContext, start_ns: int, end_ns: int) -> None:
        self._codec, self._extradata = source.codec.canonical_name, bytes(source.extradata or b"")
        _must_be_cuttable(self._codec, self._extradata)
        self._run, self._start_ns, self._end_ns = run, start_ns - ROUNDING_NS, end_ns - ROUNDING_NS
        self.pictures = [self._picture(unit) for unit in self._units() if unit.video]
        self.plan = make_plan(self.pictures, self._start_ns, self._end_ns)
        self._last_lead, self._last_tail = self.plan.last(Role.LEAD), self.plan.last(Role.TAIL)
        self._entry = self.plan.first(Role.COPY)
        set_id = free_id(self._extradata) if self._codec == "h264" else 0
        self._lead = Reencoder(source, self.plan.encoded_dts, set_id)
        self._tail = Reencoder(source, self.plan.encoded_dts, set_id)
        self._newest: Unit | None = None
        self._waiting: list[Unit] = []

    @property
    def entry(self) -> VideoEntry | None:
        """How the track is described; None when it is as in the footage."""
        if self._last_lead < 0 and self._last_tail < 0:
            return None
        if self._codec == "hevc":
            return VideoEntry("hev1", self._extradata)
        return VideoEntry("avc1", with_sets(self._extradata, self._lead.parameter_sets))

    def cut(self) -> Iterator[Unit]:
        """The units of the clip; the first is a picture."""
        sound: list[Unit] = []
        began = False
        for unit in self._edited():
            if not began and not unit.video:
                sound.append(unit)
                continue
            yield unit
            if not began:
                began = True
                yield from sound

    def reencoded(self) -> list[Reencoded]:
        """The parts that are."""
        return [part for role in (Role.LEAD, Role.TAIL) if (part := self._part(role)) is not None]

    def _part(self, role: Role) -> Reencoded | None:
        walls = [self.pictures[at].wall_ns for at in self.plan.places(role)]
        if not walls:
            return None
        after = [one.wall_ns for one in self.pictures if one.wall_ns > max(walls)]
        return Reencoded(min(walls), min([self._end_ns + ROUNDING_NS, *after]), len(walls))

    def _edited(self) -> Iterator[Unit]:
        at = -1
        for unit in self._units():
            at += unit.video
            if unit.video:
                yield from self._picture_at(at, unit)
            elif self._start_ns <= unit.wall_ns < self._end_ns:
                yield unit

    def _picture_at(self, at: int, unit: Unit) -> Iterator[Unit]:
        role = self.plan.roles[at]
        copied = [self._copied(at, unit)] if role is Role.COPY else []
        if at <= self._last_lead:
            yield from self._lead_at(at, unit, copied)
        else:
            yield from copied
        if self.plan.tail_from <= at <= self._last_tail:
            yield from self._tail.feed(unit, show=role is Role.TAIL)
        if at == self._last_tail:
            yield from self._tail.finish()

    def _lead_at(self, at: int, unit: Unit, copied: list[Unit]) -> Iterator[Unit]:
        """Pictures of the lead as they become ready; what is copied meanwhile comes after all of them."""
        self._waiting += copied
        yield from self._but_newest(self._lead.feed(unit, show=self.plan.roles[at] is Role.LEAD))
        if at < self._last_lead:
            return
        yield from self._but_newest(self._lead.finish())
        if self._newest is not None:
            yield ended(self._newest) if self._codec == "hevc" else self._newest
        yield from self._waiting
        self._waiting = []

    def _but_newest(self, ready: Iterator[Unit]) -> Iterator[Unit]:
        """The last of the lead is kept back: it is known as such only when no other follows."""
        for unit in ready:
            if self._newest is not None:
                yield self._newest
            self._newest = unit

    def _copied(self, at: int, unit: Unit) -> Unit:
        again = at == self._entry and self._last_lead >= 0 and self._codec == "hevc"
        return with_prefix(unit, hevc_sets(self._extradata)) if again else unit

    def _units(self) -> Iterator[Unit]:
        return between(units(self._run), self._start_ns + 2 * ROUNDING_NS, self._end_ns)

    def _picture(self, unit: Unit) -> Picture:
        clean = unit.key and is_random_access(self._codec, unit.data)
        return Picture(unit.wall_ns, unit.pts, unit.dts, clean)


def _must_be_cuttable(codec: str, extradata: bytes) -> None:
    at = _LENGTH_AT.get(codec)
    if at is None or len(extradata) <= at or (extradata[at] & 3) + 1 != LENGTH_BYTES:
        raise StorageError(f"{codec} of this kind cannot be cut exactly; leave --exact out")
