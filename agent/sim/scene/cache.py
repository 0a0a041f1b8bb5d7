"""Scenes on disk: each loop is drawn once, by two processes, and appears under its name only when it is whole."""

from __future__ import annotations

import hashlib
import json
import os
import selectors
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from agent.core.errors import LamppostError
from agent.core.leash import leashed
from agent.core.stop import StopToken
from agent.sim.scene.film import MAIN_GOP_S, STREAMS, joined
from agent.sim.scene.scene import Spec, scene_for
from agent.sim.scene.truth import FrameTruth, save, whole_truth
from agent.sim.scene.worker import Job

WORKERS = 2


@dataclass(frozen=True)
class Reel:
    """One camera's loop on disk."""

    spec: Spec
    folder: Path

    @property
    def main(self) -> Path:
        """The main stream, MP4."""
        return self.folder / "main.mp4"

    @property
    def sub(self) -> Path:
        """The sub stream, MP4."""
        return self.folder / "sub.mp4"

    @property
    def truth(self) -> Path:
        """See `truth.load`."""
        return self.folder / "truth.json"

    @property
    def whole(self) -> bool:
        """Is it there?"""
        return self.folder.is_dir()


def reel_for(root: Path, spec: Spec) -> Reel:
    """Where the loop of `spec`, as today's code draws it, lies below `root`."""
    return Reel(spec, root / f"{scene_for(spec).id}-{spec.seed}-{_fingerprint(spec)}")


def prepare(reels: Sequence[Reel], progress: Callable[[float], None], stop: StopToken | None = None) -> bool:
    """Draw what is missing. `progress` gets 0..1. False when `stop` ended it early; then nothing half-done is left.

    Raises:
        LamppostError: a drawing process failed.
    """
    missing = [reel for reel in reels if not reel.whole]
    if missing:
        work = missing[0].folder.parent / f".drawing-{os.getpid()}"
        _sweep(work.parent)
        try:
            jobs = _shared_out(missing, work)
            if not _run(jobs, sum(reel.spec.frames for reel in missing), progress, stop):
                return False
            for reel in missing:
                _finish(reel, work, [job for group in jobs for job in group if job.spec == reel.spec])
        finally:
            shutil.rmtree(work, ignore_errors=True)
    progress(1.0)
    return True


def _fingerprint(spec: Spec) -> str:
    """Hash of the code that decides pixels and of what it is asked for."""
    digest = hashlib.sha256(json.dumps(asdict(spec), sort_keys=True).encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def _shared_out(reels: Sequence[Reel], work: Path) -> list[list[Job]]:
    """Equal shares of all frames, cut where a keyframe falls, so that no process waits for the other."""
    steps = [(reel, first) for reel in reels for first in range(0, reel.spec.frames, reel.spec.fps * MAIN_GOP_S)]
    share = -(-len(steps) // WORKERS)
    return [_jobs(steps[begin : begin + share], work) for begin in range(0, len(steps), share)]


def _jobs(steps: Sequence[tuple[Reel, int]], work: Path) -> list[Job]:
    jobs: list[Job] = []
    for reel, first in steps:
        last = min(reel.spec.frames, first + reel.spec.fps * MAIN_GOP_S)
        if jobs and jobs[-1].spec == reel.spec:
            first = jobs.pop().first  # noqa: PLW2901 - the part grows by one group of pictures
        folder = work / reel.folder.name
        folder.mkdir(parents=True, exist_ok=True)
        jobs.append(Job(reel.spec, first, last, folder))
    return jobs


def _run(jobs: Sequence[list[Job]], frames: int, progress: Callable[[float], None], stop: StopToken | None) -> bool:
    workers: list[subprocess.Popen[bytes]] = []
    try:
        workers.extend(_start(group) for group in jobs)
        return _watch(workers, frames, progress, stop)
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()


def _start(group: Iterable[Job]) -> subprocess.Popen[bytes]:
    bodies = [
        {"spec": asdict(job.spec), "first": job.first, "last": job.last, "folder": str(job.folder)} for job in group
    ]
    command = [sys.executable, "-m", "agent.sim.scene.worker", json.dumps(bodies)]
    # in a group of its own: a stop that is sent to all of ours (Ctrl-C, timeout(1)) is for us to pass on
    return subprocess.Popen(leashed(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, process_group=0)


def _watch(
    workers: Sequence[subprocess.Popen[bytes]], frames: int, progress: Callable[[float], None], stop: StopToken | None
) -> bool:
    done = 0
    with selectors.DefaultSelector() as pipes:
        for worker in workers:
            pipes.register(worker.stdout or 0, selectors.EVENT_READ, worker)
        while pipes.get_map():
            if stop is not None and stop.is_set():
                return False
            for key, _ in pipes.select(0.2):
                said = os.read(key.fd, 65536)
                done += said.count(b"\n")
                if not said:
                    pipes.unregister(key.fileobj)
                    _must_be_well(key.data)
            progress(min(0.99, done / frames))
    return True


def _must_be_well(worker: subprocess.Popen[bytes]) -> None:
    if worker.wait() != 0:
        raise LamppostError(f"the scene could not be drawn: a drawing process ended with {worker.returncode}")


def _finish(reel: Reel, work: Path, jobs: Sequence[Job]) -> None:
    """Join the parts and let the whole appear under its name in one step."""
    made = Reel(reel.spec, work / f"{reel.folder.name}-whole")
    made.folder.mkdir()
    for stream, target in zip(STREAMS, (made.main, made.sub), strict=True):
        joined([job.part(stream) for job in jobs], target, reel.spec.fps)
    frames = [
        FrameTruth(tuple(map(tuple, row["rows"])), row["zones"])
        for job in jobs
        for row in json.loads(job.truth.read_text())
    ]
    save(whole_truth(scene_for(reel.spec), frames), made.truth)
    try:
        made.folder.rename(reel.folder)
    except OSError:
        if not reel.whole:  # otherwise another process was faster, and drew the same
            raise


def _sweep(root: Path) -> None:
    """Throw away what a killed process left half-drawn."""
    for left in root.glob(".drawing-*"):
        pid = left.name.removeprefix(".drawing-")
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            shutil.rmtree(left, ignore_errors=True)
