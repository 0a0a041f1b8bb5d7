"""Recording a file as if a camera had sent it, and reading back what lies on disk."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Self

import av

from agent.capture.files import FileOpener
from agent.core.clock import NS, Clock, SystemClock
from agent.core.media import Packet, StreamInfo
from agent.core.stop import StopToken
from agent.record.holds import Hold
from agent.record.recorder import Recorder
from agent.record.segment import Segment
from agent.record.store import SegmentStore

START_NS = 1_780_000_000 * NS


def read_all(path: Path, start_ns: int = START_NS) -> tuple[StreamInfo, list[Packet]]:
    opener = FileOpener("cam", "main", path, SystemClock(), realtime=False, loop=False, start_wall_ns=start_ns)
    source = opener.open(StopToken())
    try:
        return source.info, list(source.packets(StopToken()))
    finally:
        source.close()


def new_store(root: Path, clock: Clock | None = None) -> SegmentStore:
    store = SegmentStore(root, clock or SystemClock())
    store.prepare()
    return store


class Recording:
    """A recorder with its thread; leaving the block stops it."""

    def __init__(
        self,
        store: SegmentStore,
        clock: Clock | None = None,
        sync_interval_s: float = 0,
        camera: str = "cam",
        allows: Callable[[str], str] = lambda _: "",
    ) -> None:
        self.segments: list[Segment] = []
        self.recorder = Recorder(
            camera,
            store,
            clock or SystemClock(),
            sync_interval_s=sync_interval_s,
            on_segment=self.segments.append,
            look_s=0.005,
            refusal=partial(allows, camera),
        )
        self._stop = StopToken()
        self._thread = threading.Thread(target=self.recorder.run, args=(self._stop,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def feed(self, info: StreamInfo, packets: Iterable[Packet], reason: str | None = "end") -> None:
        """One epoch; no `reason` leaves it open."""
        self.recorder.opened(info)
        for number, packet in enumerate(packets):
            self.recorder.packet(packet)
            if number % 1000 == 999:
                self.settle()  # a file gives faster than the queue is made for
        if reason:
            self.recorder.closed(reason)
        self.settle()

    def settle(self) -> None:
        """Until all that was handed over has been taken (but the one packet held back)."""
        wait_for(lambda: not len(self.recorder._intake))
        time.sleep(0.02)


def record(store: SegmentStore, path: Path, start_ns: int = START_NS) -> tuple[list[Segment], list[Packet], StreamInfo]:
    """Record the whole file and return its segments."""
    info, packets = read_all(path, start_ns)
    with Recording(store) as recording:
        recording.feed(info, packets)
    return recording.segments, packets, info


def segment(number: int, camera: str = "cam", start_ns: int = START_NS, size: int = 1000) -> Segment:
    """The row of one in a chain of ten-second segments, number 0 the first."""
    begin_ns = start_ns + number * 10 * NS
    return Segment(
        id=f"{camera}-{number}",
        camera=camera,
        stream="main",
        epoch="e",
        tier=0,
        path=f"{camera}/2026-05-28/20/{number:06d}.mp4",
        start_ns=begin_ns,
        end_ns=begin_ns + 10 * NS,
        shift_ns=0,
        media_ns=10 * NS,
        bytes=size,
        packets=100,
        reason="length",
        sha256="0" * 64,
        codecs="avc1.64001f",
        key=True,
        base=number * 900_000,
        tick=Fraction(1, 90_000),
        time_source="arrival",
        offset_ns=None,
        boot="b" * 32,
        mono_ns=(5 + number * 10) * NS,
        synced=True,
        number=number + 1,
        previous=f"{number:064x}",
        link=f"{number + 1:064x}",
        wanted=True,
    )


def drop_row(store: SegmentStore, one: Segment) -> None:
    """As if the power had gone before the row of the newest segment was written."""
    with store.catalogue.transaction() as db:
        db.execute("DELETE FROM segment WHERE id = ?", (one.id,))
        db.execute("UPDATE chain SET number = ?, link = ?", (one.number - 1, one.previous))


def wait_for(condition: Callable[[], bool], limit_s: float = 20) -> None:
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def units(data: bytes) -> list[bytes]:
    """The NAL units of an access unit with 4-byte lengths."""
    found, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        found.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return found


def units_of_files(paths: Iterable[Path]) -> list[bytes]:
    found: list[bytes] = []
    for path in paths:
        with av.open(str(path)) as container:
            for packet in container.demux(video=0):
                found += units(bytes(packet))
    return found


def units_of_packets(packets: Iterable[Packet]) -> list[bytes]:
    return [unit for packet in packets if packet.track == 0 for unit in units(packet.data)]


def again(packets: list[Packet], times: int, step_ns: int, ticks: int) -> list[Packet]:
    """The same packets one after another `times` over, as one stream."""
    return [
        replace(packet, pts=packet.pts + n * ticks, dts=packet.dts + n * ticks, wall_ns=packet.wall_ns + n * step_ns)
        for n in range(times)
        for packet in packets
    ]


def hold(cameras: tuple[str, ...], start_s: float, end_s: float, until_ns: int | None = None, name: str = "") -> Hold:
    """A hold over seconds after START_NS."""
    return Hold(
        id=name or f"h-{start_s:g}-{end_s:g}",
        cameras=cameras,
        start_ns=START_NS + int(start_s * NS),
        end_ns=START_NS + int(end_s * NS),
        reason="case 26-1041",
        owner="Sgt. Lee",
        created_ns=START_NS,
        until_ns=until_ns,
    )


class Killed(BaseException):
    """Stands for SIGKILL: nothing after it runs."""


def after(real: Callable[..., object]) -> Callable[..., object]:
    """The step, and then the end."""

    def run_and_die(*args: object, **named: object) -> None:
        real(*args, **named)
        raise Killed

    return run_and_die
