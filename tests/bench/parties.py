"""Who records the virtual cameras: our gateway, one ffmpeg per camera, and the demuxing that both cannot do without."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.edge.status import fetch_status
from agent.wire.messages import Health
from tests.bench.studio import ROOT

_END_S = 30


@dataclass(frozen=True, slots=True)
class Party:
    """A running party: its processes, and where each camera's files will be once it has ended."""

    pids: tuple[int, ...]
    files: Callable[[int], list[Path]]
    says: Callable[[], Health | None] = lambda: None


@contextlib.contextmanager
def gateway(urls: Sequence[str], folder: Path) -> Iterator[Party]:
    """`lamppost run` as an operator would run it, with analysis off and no broker."""
    with running_gateway(urls, folder, "[analysis]\nenabled = false\n") as party:
        yield party


@contextlib.contextmanager
def running_gateway(urls: Sequence[str], folder: Path, analysis: str, camera: str = "") -> Iterator[Party]:
    """`lamppost run` without a broker; `analysis` is that table of its file, `camera` more lines for each camera."""
    address = f"127.0.0.1:{_free_port()}"
    config = folder / "gateway.toml"
    cameras = [f'[[camera]]\nid = "cam-{number}"\nurl = "{url}"\n{camera}' for number, url in enumerate(urls)]
    config.write_text(
        f'[gateway]\nid = "bench"\nsite = "bench"\nstatus_listen = "{address}"\n'
        f'[storage]\npath = "{folder / "store"}"\n{analysis}' + "".join(cameras)
    )
    command = [sys.executable, "-m", "agent.cli", "--log-level", "warning", "run", "--config", str(config)]

    def files(number: int) -> list[Path]:
        return sorted((folder / "store" / "recordings" / f"cam-{number}").rglob("*.mp4"))

    with _running([command], folder) as pids:
        yield Party(pids, files, lambda: fetch_status(address))


@contextlib.contextmanager
def ffmpegs(urls: Sequence[str], folder: Path) -> Iterator[Party]:
    """One process per camera, cutting at the first keyframe after ten seconds."""
    segments = ["-c", "copy", "-f", "segment", "-segment_time", "10", "-reset_timestamps", "1", "-strftime", "1"]
    quiet = ["ffmpeg", "-nostdin", "-v", "error"]
    commands = []
    for number, url in enumerate(urls):
        (folder / str(number)).mkdir()
        names = str(folder / str(number) / "%Y%m%dT%H%M%S.mp4")
        commands.append([*quiet, "-rtsp_transport", "tcp", "-i", url, *segments, names])

    def files(number: int) -> list[Path]:
        return sorted((folder / str(number)).glob("*.mp4"))

    with _running(commands, folder) as pids:
        yield Party(pids, files)


@contextlib.contextmanager
def floor(urls: Sequence[str], folder: Path) -> Iterator[Party]:
    """PyAV's demuxer alone in one process, a thread per camera, nothing kept."""
    with _running([[sys.executable, "-m", "tests.bench.floor", *urls]], folder) as pids:
        yield Party(pids, lambda _: [])


@contextlib.contextmanager
def _running(commands: list[list[str]], folder: Path) -> Iterator[tuple[int, ...]]:
    """Start all, and end each as a person would, with Ctrl-C; what they complain of ends the bench."""
    complaints = folder / "stderr.txt"
    with complaints.open("wb") as stderr:
        processes = [
            subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stderr=stderr) for command in commands
        ]
    try:
        yield tuple(process.pid for process in processes)
        fallen = [process.args for process in processes if process.poll() is not None]
        if fallen:
            raise RuntimeError(f"{fallen[0]} ended by itself: {complaints.read_text()[-2000:]}")
    finally:
        _end(processes)


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.send_signal(signal.SIGINT)
    deadline = time.monotonic() + _END_S
    for process in processes:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])
