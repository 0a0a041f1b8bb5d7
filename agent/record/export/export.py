"""Takes footage out as evidence: clips, what is stated of them, the verifier, on wish the segments themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import av

from agent import __version__
from agent.core.clock import rfc3339
from agent.core.errors import ConfigError, StorageError
from agent.core.signing import Signer
from agent.record.clip_file import NothingToShow, Written, write_clip
from agent.record.cutting import Unit, between, runs, units
from agent.record.export.chain import CameraChain, Noted
from agent.record.export.exact import ExactCut, write_exact
from agent.record.export.folder import copy_start, described, place_for, taking_shape
from agent.record.export.gaps import not_recorded, not_shown
from agent.record.export.manifest import (
    NAME,
    CameraEntry,
    ClipEntry,
    Clocks,
    Manifest,
    Original,
    ReencodedPart,
    SegmentEntry,
)
from agent.record.footage import Footage, footage_between
from agent.record.segment import OPEN_SUFFIX
from agent.record.statement import KEYS, KeyRing
from agent.record.store import SegmentStore

ORIGINALS = "originals"
VERIFIER = "verify.py"
_TELL_EACH = 200
"""Packets between two steps of the progress."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for, by whom and why."""

    cameras: tuple[str, ...]
    start_ns: int
    end_ns: int
    by: str
    reason: str
    exact: bool = False
    originals: bool = False
    as_zip: bool = False


@dataclass(frozen=True, slots=True)
class Issuer:
    """The gateway that states what is exported."""

    site: str
    gateway: str
    signer: Signer


@dataclass(frozen=True, slots=True)
class Done:
    """Where it lies and what it states."""

    place: Path
    manifest: Manifest


def export(
    store: SegmentStore, issuer: Issuer, request: Request, target: Path, progress: Callable[[float], None]
) -> Done:
    """Write the export to `target`, a folder or a ZIP file; works beside a gateway that records.

    Raises:
        ConfigError: what is asked for makes no sense, or something lies at `target`.
        StorageError: there is no footage of that time, or it cannot be read or written; nothing is left then.
    """
    _must_make_sense(request)
    place = place_for(target, as_zip=request.as_zip)
    try:
        with taking_shape(place, as_zip=request.as_zip, made_ns=store.clock.wall_ns()) as folder:
            manifest = _Work(store, issuer, request, folder, progress).run()
    except (av.FFmpegError, OSError, ValueError) as error:
        raise StorageError(f"{place}: the export could not be made ({error}); look at the disk") from error
    return Done(place, manifest)


class _Work:
    """One export into a folder that is empty."""

    def __init__(
        self, store: SegmentStore, issuer: Issuer, request: Request, folder: Path, progress: Callable[[float], None]
    ) -> None:
        self._store, self._issuer, self._request, self._folder = store, issuer, request, folder
        self._progress, self._finished = progress, 0
        self._names: set[str] = set()

    def run(self) -> Manifest:
        """Write all files; the manifest comes last."""
        if self._request.originals:
            (self._folder / ORIGINALS).mkdir()
        cameras = tuple(self._camera(camera) for camera in self._request.cameras)
        if not any(camera.clips for camera in cameras):
            raise StorageError(
                f"{', '.join(self._request.cameras)}: no footage between {rfc3339(self._request.start_ns)} "
                f"and {rfc3339(self._request.end_ns)}; choose another time"
            )
        (self._folder / VERIFIER).write_bytes(Path(__file__).with_name(VERIFIER).read_bytes())
        manifest = self._manifest(cameras).sealed(self._issuer.signer)
        (self._folder / NAME).write_bytes(manifest.text())
        return manifest

    def _manifest(self, cameras: tuple[CameraEntry, ...]) -> Manifest:
        request, clock = self._request, self._store.clock
        return Manifest(
            start_ns=request.start_ns,
            end_ns=request.end_ns,
            software=__version__,
            site=self._issuer.site,
            gateway=self._issuer.gateway,
            by=request.by,
            reason=request.reason,
            made_ns=clock.wall_ns(),
            synced=clock.synced(),
            exact=request.exact,
            keys=self._keys(cameras),
            verifier=described(self._folder, VERIFIER),
            cameras=cameras,
        )

    def _keys(self, cameras: tuple[CameraEntry, ...]) -> dict[str, str]:
        signer = self._issuer.signer
        tails = {one.tail.key for camera in cameras for one in camera.segments if one.tail is not None}
        stones = {stone.key for camera in cameras for stone in camera.tombstones}
        ring = KeyRing(self._store.root / KEYS)
        known = {name: ring.verifier(name) for name in tails | stones}
        found = {name: verifier.public_hex for name, verifier in known.items() if verifier is not None}
        return found | {signer.key_id: signer.public_hex}

    def _camera(self, camera: str) -> CameraEntry:
        request = self._request
        parts = footage_between(self._store, camera, request.start_ns, request.end_ns)
        chain = CameraChain(self._store, camera, parts)
        notes = {one.head.id: one for one in chain.segments}
        clips: list[ClipEntry] = []
        gaps = list(not_recorded(self._store, camera, parts, request.start_ns, request.end_ns))
        found = runs(parts)
        for number, run in enumerate(found, 1):
            clip = self._clip(camera if len(found) == 1 else f"{camera}-{number}", run, notes)
            gaps += not_shown(run, clip, request.start_ns, request.end_ns)
            clips += [] if clip is None else [clip]
        self._finished += 1
        self._progress(self._finished / len(request.cameras))
        return CameraEntry(
            camera=camera,
            clips=tuple(clips),
            gaps=tuple(sorted(gaps, key=lambda gap: gap.start_ns)),
            segments=tuple(self._segment(one) for one in chain.segments),
            tombstones=chain.touching(request.start_ns, request.end_ns),
        )

    def _clip(self, stem: str, run: list[Footage], notes: dict[str, Noted]) -> ClipEntry | None:
        name = self._free_name(stem)
        path = self._folder / name
        try:
            cut = self._cut(path, run)
        except NothingToShow:
            cut = None
        if cut is None:
            path.unlink(missing_ok=True)
            return None
        return ClipEntry(
            **dict(described(self._folder, name)),
            start_ns=cut.written.start_ns,
            end_ns=cut.written.end_ns,
            codecs=run[0].codecs,
            keyframe_ns=cut.keyframe_ns,
            reencoded=tuple(
                ReencodedPart(start_ns=one.start_ns, end_ns=one.end_ns, pictures=one.pictures) for one in cut.reencoded
            ),
            clocks=_clocks([notes[part.id] for part in run]),
            segments=tuple(part.id for part in run),
        )

    def _cut(self, path: Path, run: list[Footage]) -> ExactCut | None:
        request = self._request
        if request.exact:
            return write_exact(path, run, request.start_ns, request.end_ns)
        found = self._watched(between(units(run), request.start_ns, request.end_ns))
        written: Written = write_clip(path, run[0], found)
        return ExactCut(written, written.start_ns, [])

    def _watched(self, found: Iterator[Unit]) -> Iterator[Unit]:
        request = self._request
        for number, unit in enumerate(found):
            if number % _TELL_EACH == 0:
                share = (unit.wall_ns - request.start_ns) / (request.end_ns - request.start_ns)
                self._progress((self._finished + min(max(share, 0), 0.99)) / len(request.cameras))
            yield unit

    def _segment(self, noted: Noted) -> SegmentEntry:
        wished = self._request.originals and noted.part is not None
        return SegmentEntry(
            head=noted.head,
            tail=noted.tail,
            shift_ns=noted.shift_ns,
            used=noted.part is not None,
            original=self._original(noted, noted.part) if wished and noted.part is not None else None,
        )

    def _original(self, noted: Noted, part: Footage) -> Original:
        """The file as it is stored: encrypted ones stay so, or they would not be what was signed."""
        name = f"{ORIGINALS}/{part.path.name.removesuffix(OPEN_SUFFIX)}"
        with part.open_file() as source:
            copy_start(source, part.limit, self._folder / name)
        return Original(**dict(described(self._folder, name)), encrypted=noted.head.cipher is not None)

    def _free_name(self, stem: str) -> str:
        """Camera ids may differ in nothing but case, or look like the number of a clip."""
        while stem.lower() in self._names:
            stem += "_"
        self._names.add(stem.lower())
        return f"{stem}.mp4"


def _must_make_sense(request: Request) -> None:
    if request.end_ns <= request.start_ns:
        raise ConfigError(f"the span ends at {rfc3339(request.end_ns)}, before it begins; turn --from and --to around")
    for option, words in (("--by", request.by), ("--reason", request.reason)):
        if not 0 < len(words.strip()) <= 2000:
            raise ConfigError(f"{option} is empty or too long; say it in a few words")


def _clocks(notes: list[Noted]) -> Clocks:
    offsets = [one.head.offset_ns for one in notes if one.head.offset_ns is not None]
    synced = {one.head.synced for one in notes}
    return Clocks(
        sources=tuple(sorted({one.head.time_source.value for one in notes})),
        offset_ns=(min(offsets), max(offsets)) if offsets else None,
        synced=False if False in synced else None if None in synced else True,
    )
