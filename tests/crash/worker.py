"""Records four cameras at once until it ends or is killed: `python -m tests.crash.worker PLAN`.

Without a plan it reads plans from its standard input and gives each one a process of its own, forked from this one:
what takes long at a start is then done once. It answers with the process id, and with the exit status afterwards.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

from agent.core.clock import NS
from agent.core.ids import new_id
from agent.core.media import Packet, StreamInfo
from agent.core.stop import StopToken
from tests.crash import site
from tests.crash.faults import Steps
from tests.crash.plan import FPS, FRAME_NS, Plan, camera_name

_PATIENCE_S = 60.0
_MOST_BEHIND = 5 * FPS
"""Frames in a queue. A slow machine slows the film: what a recorder does when its disk stands still is tested
elsewhere."""
_NOTED_S = 8
"""So often something is noted in the journal."""
_write = os.write  # the notes are no step


_JITTER_NS = FRAME_NS // 2


class Pace:
    """The clock of a run. It moves with the frames, unevenly; with a `speed`, on towards the next one in between."""

    def __init__(self, start_ns: int, speed: float) -> None:
        self._start_ns, self._speed = start_ns, speed
        self._began_ns, self._at_ns = time.monotonic_ns(), 0

    def mono_ns(self) -> int:
        if not self._speed:
            return self._at_ns
        return min(self._passed_ns(), self._at_ns + FRAME_NS)

    def wall_ns(self) -> int:
        return self._start_ns + self.mono_ns()

    def synced(self) -> bool | None:
        return True

    boot = "b" * 32

    def reach(self, number: int) -> None:
        """Wait until this frame is due, or make it so."""
        self._at_ns = number * FRAME_NS + number * 7919 % 1000 * _JITTER_NS // 1000
        if self._speed:
            time.sleep(max(0.0, (self._at_ns - self._passed_ns()) / self._speed / NS))

    def _passed_ns(self) -> int:
        return int((time.monotonic_ns() - self._began_ns) * self._speed)


class Notes:
    """Lines that survive the process."""

    def __init__(self, path: str) -> None:
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)

    def __call__(self, line: str) -> None:
        _write(self._handle, line.encode() + b"\n")


def film(path: str, camera: str, epoch: str, start_ns: int) -> tuple[StreamInfo, Iterator[Packet]]:
    """A clip again and again as one stream."""
    info, packets = site.read_clip(Path(path))
    assert len(packets) == packets[-1].dts // packets[1].dts + 1
    return replace(info, camera=camera, epoch=epoch), _looped(packets, start_ns)


def _looped(packets: list[Packet], start_ns: int) -> Iterator[Packet]:
    length = packets[1].dts * len(packets)
    for number in count():
        turn, at = divmod(number, len(packets))
        packet = packets[at]
        shift = turn * length
        yield replace(packet, pts=packet.pts + shift, dts=packet.dts + shift, wall_ns=start_ns + number * FRAME_NS)


class Life:
    """One run of a plan."""

    def __init__(self, plan: Plan) -> None:
        self._plan, self._note = plan, Notes(plan.notes)
        self._steps = Steps(plan.die_at_step, lambda name: self._note(f"died {name}"))
        if plan.die_at_step or plan.count_steps:
            self._steps.arm()
        self._clock, self._stop = Pace(plan.start_ns, plan.speed), StopToken()
        self._store = site.open_store(Path(plan.root), self._clock)

    def live(self) -> None:
        """Start as the gateway does, record, and end in order if nothing comes between."""
        self._note("begin")
        self._store.prepare()
        self._journal = site.begin_journal(self._store)
        epoch = new_id(self._plan.start_ns)
        self._note(f"epoch {epoch}")
        cameras = [camera_name(number) for number in range(len(self._plan.clips))]
        streams = [
            film(clip, camera, epoch, self._plan.start_ns)
            for clip, camera in zip(self._plan.clips, cameras, strict=True)
        ]
        self._recorders = [
            site.make_recorder(camera, self._store, self._clock, self._plan.sync_interval_s, self._plan.speed)
            for camera in cameras
        ]
        threads = [threading.Thread(target=recorder.run, args=(self._stop,)) for recorder in self._recorders]
        for thread in threads:
            thread.start()
        self._record(streams)
        self._end(threads)

    def _record(self, streams: list[tuple[StreamInfo, Iterator[Packet]]]) -> None:
        retention = site.make_retention(self._store, self._clock, self._plan.max_bytes)
        for recorder, (info, _) in zip(self._recorders, streams, strict=True):
            recorder.opened(info)
        for number in range(self._plan.seconds * FPS):
            if self._plan.die_at_s and number >= self._plan.die_at_s * FPS:
                os.kill(os.getpid(), signal.SIGKILL)
            self._clock.reach(number)
            self._note_frame(number)
            for recorder, (_, packets) in zip(self._recorders, streams, strict=True):
                recorder.packet(next(packets))
            if number % (_NOTED_S * FPS) == FPS:
                self._journal.camera("offline", camera_name(0), f"frame {number}")
            if number % FPS == 0:
                self._note_deleted(site.sweep(retention))
            self._settle(number - _MOST_BEHIND if self._plan.speed else number)
        site.relist(self._store, self._clock)

    def _end(self, threads: list[threading.Thread]) -> None:
        for recorder in self._recorders:
            recorder.closed("stop")
        self._stop.set()
        for thread in threads:
            thread.join()
        self._note_trouble()
        self._journal.end()
        self._store.close()
        self._note(f"end {self._steps.count}")

    def _note_frame(self, number: int) -> None:
        counts = " ".join(str(site.muxed(recorder)) for recorder in self._recorders)
        self._note(f"frame {number} {time.monotonic_ns()} {counts}")
        self._note_trouble()

    def _note_deleted(self, paths: list[str]) -> None:
        for path in paths:
            self._note(f"deleted {time.monotonic_ns()} {path}")

    def _note_trouble(self) -> None:
        for recorder in self._recorders:
            if text := site.trouble(recorder):
                self._note(f"trouble {recorder.name}: {text}")

    def _settle(self, number: int) -> None:
        """Until every recorder has taken the frames up to this one, but for the one that its joiner holds back."""
        limit = time.monotonic() + _PATIENCE_S
        while any(site.muxed(recorder) < number for recorder in self._recorders):
            assert time.monotonic() < limit, "a recorder stands still"
            time.sleep(0.0002)


def live(plan: Plan) -> None:
    try:
        Life(plan).live()
    except BaseException:  # noqa: BLE001 - a forked child must not go on as its parent
        sys.excepthook(*sys.exc_info())
        sys.stderr.flush()
        os._exit(1)


def serve() -> None:
    """A process for each plan, one after another."""
    for line in sys.stdin:
        child = os.fork()
        if not child:
            live(Plan.parse(line))
            os._exit(0)
        print(child, flush=True)  # noqa: T201 - the test reads it
        print(os.waitpid(child, 0)[1], flush=True)  # noqa: T201


if __name__ == "__main__":
    if len(sys.argv) > 1:
        live(Plan.parse(sys.argv[1]))
    else:
        serve()
