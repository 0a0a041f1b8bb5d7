"""The worker that brings whole media from the folder to the store elsewhere. The folder itself is its queue."""

from __future__ import annotations

import logging
from pathlib import Path

from agent.central.media_kept import Kept, Medium
from agent.central.media_rows import MediaRows
from agent.central.media_store import MediaFolder, media_at
from agent.core.errors import StorageError
from agent.core.stop import StopToken

log = logging.getLogger(__name__)

_EVERY_S, _LONGEST_S = 1.0, 60.0
_MOST_REFUSED = 3
"""In a round: after so many it is the store, not what it was given."""


class MediaUpload:
    """`waiting` are those that it saw in the folder last, `error` why it gets none of them away."""

    name = "media-upload"

    def __init__(self, folder: MediaFolder, store: Kept, rows: MediaRows) -> None:
        self._folder, self._store, self._rows = folder, store, rows
        self.waiting, self.error = 0, ""
        self._refused: set[str] = set()

    def run(self, stop: StopToken) -> None:
        """Bring what lies there, and look again every second; a store that is away is asked less and less often."""
        pause_s = _EVERY_S
        while not stop.wait(pause_s):
            try:
                self.sweep(stop)
            except StorageError as error:
                pause_s = min(2 * pause_s, _LONGEST_S)
                if str(error) != self.error:
                    log.warning("media wait in the folder: %s", error)
                self.error = str(error)
            else:
                pause_s, self.error = _EVERY_S, ""

    def sweep(self, stop: StopToken) -> int:
        """Bring all that is whole, the oldest first; returns how many. What was refused does not hold up the others.

        Raises:
            StorageError: the store does not take them now, or not all of them.
        """
        found = sorted(self._folder.whole(), key=lambda path: path.name in self._refused)
        brought, refused, before = 0, list[StorageError](), self._refused & {path.name for path in found}
        self.waiting, self._refused = len(found), before
        for path in found:
            if stop.is_set() or len(refused) >= _MOST_REFUSED:
                break
            try:
                brought += self._bring(path)
                self.waiting = len(found) - brought
                self._refused.discard(path.name)
            except StorageError as error:
                refused.append(error)
                self._refused.add(path.name)
        if refused:
            raise refused[0]
        return brought

    def _bring(self, path: Path) -> bool:
        """One that has no row yet stays: its row comes in a moment, or else it is sent again."""
        key = media_at(path)
        row = self._rows.get(key)
        if row is None or row["state"] != "ready":
            return False
        medium = Medium.of(row)
        try:
            self._store.keep(medium, path)
        except FileNotFoundError:  # another process over the same folder was quicker
            return False
        except OSError as error:
            raise StorageError(f"{path}: it cannot be read: {error.strerror}") from error
        self._folder.let_go(medium)
        after = self._rows.get(key)
        if after is None or after["state"] != "ready":  # its time was over meanwhile
            self._store.remove(medium)
        return True
