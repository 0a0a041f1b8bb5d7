"""What a kill, a power cut or a failing disk left of a camera: cut to what is whole, closed, listed."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from agent.core.durable import sync_folder
from agent.core.signing import Signer
from agent.record.catalogue import Catalogue
from agent.record.disk import is_of_one_file
from agent.record.recovery import cut_and_close, describe
from agent.record.segment import OPEN_SUFFIX, UNREADABLE_SUFFIX, Segment

log = logging.getLogger(__name__)

_MOST_IN_FOLDER = 4000
"""An hour of segments is 360, or a few more where sessions are short."""


class Adoption:
    """One look at the folder a camera was last written into; only for who alone writes that camera."""

    def __init__(self, root: Path, camera: str, catalogue: Catalogue, signer: Signer) -> None:
        self._root, self._camera, self._catalogue, self._signer = root, camera, catalogue, signer

    def run(self, folder: Path | None) -> list[Segment]:
        """The segments that have a row now and had none before, in the order of their chain."""
        if folder is None:
            return []
        listed = self._catalogue.newest_paths(self._camera, _MOST_IN_FOLDER)
        found: list[Segment | None] = []
        with _passing_over(folder):
            # a closed one was numbered before the one left open after it
            for path in sorted(folder.glob("*.mp4")):
                if self._relative(path) not in listed:
                    with _passing_over(path):
                        found.append(self._list(path))
            for path in sorted(folder.glob("*.mp4" + OPEN_SUFFIX)):
                with _passing_over(path):
                    found.append(self._recover(path))
        return [segment for segment in found if segment is not None]

    def _recover(self, path: Path) -> Segment | None:
        if not cut_and_close(path, "recovered", self._catalogue.head(self._camera), self._signer):
            log.info("%s: nothing whole in it; removed", path)
            path.unlink()
            return None
        closed = path.with_suffix("")
        path.rename(closed)
        sync_folder(path.parent)
        return self._list(closed)

    def _list(self, path: Path) -> Segment | None:
        segment, chain = describe(path, self._relative(path)), self._catalogue.head(self._camera)
        if segment is None or segment.camera != self._camera:
            log.warning("%s: not a segment of ours; left alone", path)
            return None
        if (segment.number, segment.previous) != (chain.number + 1, chain.link):
            log.warning("%s: does not follow what is recorded; left alone", path)
            return None
        self._catalogue.add(segment)
        log.info("adopted %s (%s, %d packets)", segment.path, segment.reason, segment.packets)
        return segment

    def _relative(self, path: Path) -> str:
        return str(path.relative_to(self._root))


@contextmanager
def _passing_over(path: Path) -> Iterator[None]:
    """A file that cannot be read keeps nobody from recording: an open one goes aside, and the sweep tells of it."""
    try:
        yield
    except OSError as error:
        if not is_of_one_file(error):
            raise
        log.error("%s: cannot be read (%s), left alone; look at the disk", path, error.strerror)  # noqa: TRY400 - one line
        if path.suffix == OPEN_SUFFIX:
            with suppress(OSError):
                path.rename(path.with_name(path.name + UNREADABLE_SUFFIX))
                sync_folder(path.parent)
