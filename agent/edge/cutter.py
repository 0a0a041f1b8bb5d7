"""Cuts clips out of the footage, draws previews of it, and hands both to the outbox."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from agent.core.clock import rfc3339
from agent.core.errors import StorageError
from agent.core.stop import StopToken
from agent.publish.outbox import Outbox
from agent.record.clip import Clip, cut_clip
from agent.record.export.export import Issuer, Request, export
from agent.record.previews import make_sheet
from agent.record.proxy import make_proxy
from agent.record.store import SegmentStore
from agent.wire.messages import ClipQuality, MediaManifest

log = logging.getLogger(__name__)

Polygons = Sequence[Sequence[tuple[float, float]]]


class Wanted(NamedTuple):
    """A clip to make: of which footage, and what it will be called. `asked`: a person waits for it."""

    id: str
    camera: str
    start_ns: int
    end_ns: int
    quality: ClipQuality
    event: str | None
    asked: bool


class Cutter:
    """Works in a folder of its own, which is emptied at the start: a kill leaves nothing behind for long."""

    def __init__(
        self, store: SegmentStore, outbox: Outbox, work: Path, stop: StopToken, *, proxy_rate: int,
        masks: Mapping[str, Polygons], issuer: Issuer,
    ) -> None:  # fmt: skip
        """`issuer` states what is taken out as evidence."""
        self._store, self._outbox, self._work, self._stop = store, outbox, work, stop
        self._proxy_rate, self._masks, self._issuer = proxy_rate, dict(masks), issuer
        shutil.rmtree(work, ignore_errors=True)

    def mask(self, camera: str, masks: Polygons) -> None:
        """Hide these areas of that camera from now on."""
        self._masks[camera] = masks

    def make(self, wanted: Wanted) -> MediaManifest:
        """Cut, make small where that is wanted, and queue. A proxy that cannot be made is sent as it was recorded.

        One that is no smaller is sent as recorded, too, but for what few browsers play: that was asked for to be seen.

        Raises:
            NotRecorded: nothing is recorded there.
            StorageError: the disk does not take it, or a process that was needed fell.
            WireError: it is more than a medium may be.
        """
        with self._folder() as folder:
            clip = cut_clip(self._store, wanted.camera, wanted.start_ns, wanted.end_ns, folder / "clip.mp4")
            path, codecs, quality = clip.path, clip.codecs, wanted.quality
            if quality == "proxy":
                path, codecs, quality = self._proxy(wanted.camera, clip, folder / "proxy.mp4")
            return self._outbox.put_media(
                id=wanted.id, camera=wanted.camera, kind="clip", type="video/mp4", source=path,
                start=rfc3339(clip.start_ns), end=rfc3339(clip.end_ns), codecs=codecs, event=wanted.event,
                quality=quality, asked=wanted.asked,
            )  # fmt: skip

    def previews(self, media: str, camera: str, moments: Sequence[int]) -> MediaManifest:
        """Draw a sheet of small pictures of these moments (wall ns), and queue it.

        Raises:
            StorageError: nothing is recorded near any of them, or it cannot be drawn.
        """
        with self._folder() as folder:
            sheet = make_sheet(self._store, camera, moments, self._masks.get(camera, ()), folder, self._stop)
            return self._outbox.put_media(
                id=media, camera=camera, kind="previews", type="image/jpeg", source=sheet.path.read_bytes(),
                start=rfc3339(sheet.moments[0]), end=rfc3339(sheet.moments[-1]), asked=True,
            )  # fmt: skip

    def export(self, media: str, request: Request) -> MediaManifest:
        """Take footage out as evidence, a ZIP file with its signed manifest, and queue it.

        Raises:
            StorageError: nothing is recorded there, or the disk does not take it.
        """
        with self._folder() as folder:
            done = export(self._store, self._issuer, request, folder / "export.zip", lambda _: None)
            clips = done.manifest.cameras[0].clips
            return self._outbox.put_media(
                id=media, camera=request.cameras[0], kind="export", type="application/zip", source=done.place,
                start=rfc3339(clips[0].start_ns), end=rfc3339(clips[-1].end_ns), codecs=clips[0].codecs, asked=True,
            )  # fmt: skip

    def _proxy(self, camera: str, clip: Clip, target: Path) -> tuple[Path, str, ClipQuality]:
        try:
            codecs = make_proxy(clip.path, target, self._proxy_rate, self._masks.get(camera, ()), self._stop)
            small = target.stat().st_size < clip.bytes
        except (StorageError, OSError) as error:
            # what must be hidden cannot be hidden in the footage itself; and who is told to stop makes it another time
            if self._masks.get(camera) or self._stop.is_set():
                raise StorageError(f"camera {camera}: {error}") from error
            log.warning("camera %s: %s; it goes as it was recorded", camera, error)
            return clip.path, clip.codecs, "full"
        if not small and not self._masks.get(camera) and "avc" in clip.codecs:
            return clip.path, clip.codecs, "full"
        return target, codecs, "proxy"

    @contextmanager
    def _folder(self) -> Iterator[Path]:
        try:
            self._work.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self._work) as folder:
                yield Path(folder)
        except OSError as error:
            raise StorageError(f"{self._work}: nothing can be cut there: {error.strerror or error}") from error
