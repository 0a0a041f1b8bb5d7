"""A clip by wall time: packets of one or more segments in one plain MP4, no transcoding."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple, Self, TypeAlias

import av
import av.container
import av.stream

from agent.core.clock import NS, rfc3339
from agent.core.errors import StorageError
from agent.record.footage import Footage, footage_between
from agent.record.store import SegmentStore

Demuxed: TypeAlias = "av.Packet[av.stream.Stream]"


_JUMP_S = 5


@dataclass(frozen=True, slots=True)
class Clip:
    """What was cut: it begins at the keyframe at or before the wanted start. `note` says what is missing, if any."""

    path: Path
    start_ns: int
    end_ns: int
    bytes: int
    codecs: str
    note: str = ""


def cut_clip(store: SegmentStore, camera: str, start_ns: int, end_ns: int, target: Path) -> Clip:
    """Write the footage between two wall times to `target` (MP4, index first), from the keyframe before the start.

    Reaches into the segment that is being written. Where the camera's parameters change the clip ends, and `note`
    says so; holes in the footage stay holes in time.

    Raises:
        StorageError: nothing is recorded there, or it cannot be read or written.
    """
    parts = footage_between(store, camera, start_ns, end_ns)
    if not parts:
        raise StorageError(
            f"{camera}: nothing is recorded between {rfc3339(start_ns)} and {rfc3339(end_ns)}; choose another time"
        )
    half = target.with_name(target.name + ".part")
    cutter = _Cutter(start_ns, end_ns)
    try:
        cutter.cut(parts, half)
        half.replace(target)
        size = target.stat().st_size
    except (av.FFmpegError, OSError, ValueError) as error:
        raise StorageError(f"{target}: the clip could not be cut ({error}); look at the disk") from error
    finally:
        half.unlink(missing_ok=True)
    return Clip(target, cutter.first_ns, cutter.last_ns, size, parts[0].codecs, cutter.note)


class _Unit(NamedTuple):
    """A packet of some part, with its wall time and its seconds in the clip's own time before the clip begins at 0."""

    packet: Demuxed
    stream: int
    wall_ns: int
    wall_dts_ns: int
    pts: Fraction
    dts: Fraction


class _Cutter:
    """One cut: what the packets are is decided here, how they are written in `_Target`."""

    def __init__(self, start_ns: int, end_ns: int) -> None:
        self._start_ns, self._end_ns = start_ns, end_ns
        self.first_ns, self.last_ns, self.note = 0, 0, ""

    def cut(self, parts: list[Footage], path: Path) -> None:
        """Write the clip."""
        with ExitStack() as stack:
            template = stack.enter_context(parts[0].opened())
            target = stack.enter_context(_Target(path, template))
            for unit in self._wanted(self._units(parts)):
                if not target.began:
                    self.first_ns = unit.wall_ns
                if unit.stream == 0:
                    self.last_ns = max(self.last_ns, unit.wall_ns + _duration_ns(unit.packet))
                target.write(unit)
            if not target.began:
                raise ValueError("no keyframe in it")

    def _wanted(self, units: Iterator[_Unit]) -> Iterator[_Unit]:
        """From the last keyframe at or before the start up to the end, in decode order."""
        waiting: list[_Unit] = []
        begun = False
        for unit in units:
            video = unit.stream == 0
            if not begun and video and unit.packet.is_keyframe and (unit.wall_ns <= self._start_ns or not waiting):
                waiting = []
            if video and unit.wall_dts_ns >= self._end_ns:
                break
            if begun:
                yield unit
            elif video and unit.wall_ns > self._start_ns:
                yield from waiting
                begun = True
                yield unit
            else:
                waiting.append(unit)
        if not begun:
            yield from waiting

    def _units(self, parts: list[Footage]) -> Iterator[_Unit]:
        """The packets of all parts that fit together, on one time line that begins with the first part."""
        shape: list[bytes] | None = None
        shift = Fraction(0)
        before: Footage | None = None
        for part in parts:
            with part.opened() as container:
                found = [bytes(stream.codec_context.extradata or b"") for stream in container.streams]
                shape = found if shape is None else shape
                if found != shape:
                    self.note = f"ends at {rfc3339(part.start_ns)}, where the camera's stream parameters change"
                    return
                if before is not None:
                    shift = _shift(parts[0], before, part, shift)
                before = part
                yield from _units_of(part, container, shift)


class _Target:
    """The file that is written."""

    def __init__(self, path: Path, template: av.container.InputContainer) -> None:
        self._out = av.open(str(path), "w", format="mp4", options={"movflags": "faststart"})
        self._streams = [self._out.add_stream_from_template(stream) for stream in template.streams]
        for stream, source in zip(self._streams, template.streams, strict=True):
            stream.time_base = source.time_base
            if source.codec_context.name == "hevc":
                stream.codec_context.codec_tag = "hvc1"
        self._zero: Fraction | None = None
        self._last: list[int | None] = [None] * len(self._streams)

    @property
    def began(self) -> bool:
        """Has anything been written?"""
        return self._zero is not None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._out.close()

    def write(self, unit: _Unit) -> None:
        """Append; the first picture is at 0, and time never runs backwards."""
        self._zero = unit.pts if self._zero is None else self._zero
        time_base = unit.packet.time_base or Fraction(1, 90_000)
        dts = round((unit.dts - self._zero) / time_base)
        last = self._last[unit.stream]
        dts = dts if last is None else max(dts, last + 1)
        self._last[unit.stream] = dts
        out = av.Packet(bytes(unit.packet))
        out.stream, out.time_base = self._streams[unit.stream], time_base
        out.dts, out.pts = dts, max(dts, round((unit.pts - self._zero) / time_base))
        out.duration, out.is_keyframe = unit.packet.duration or 0, unit.packet.is_keyframe
        self._out.mux(out)


def _units_of(part: Footage, container: av.container.InputContainer, shift: Fraction) -> Iterator[_Unit]:
    origin: Fraction | None = None
    for packet in container.demux():
        if not packet.size or packet.dts is None or packet.pts is None or packet.time_base is None:
            continue
        pts, dts = packet.pts * packet.time_base, packet.dts * packet.time_base
        if origin is None and packet.stream_index == 0:
            origin = pts
        zero = pts if origin is None else origin
        wall_ns, wall_dts_ns = (part.wall_ns(int((at - zero) * NS)) for at in (pts, dts))
        yield _Unit(packet, packet.stream_index, wall_ns, wall_dts_ns, pts + shift, dts + shift)


def _shift(first: Footage, before: Footage, part: Footage, shift: Fraction) -> Fraction:
    """What to add to the times of `part`: by the camera's time while that runs on, by wall time after a break."""
    wall = Fraction(part.start_ns - first.start_ns, NS)
    media = shift + (part.base - before.base) * part.tick
    return media if part.epoch == before.epoch and abs(media - wall) < _JUMP_S else wall


def _duration_ns(packet: Demuxed) -> int:
    return int((packet.duration or 0) * (packet.time_base or 0) * NS)
