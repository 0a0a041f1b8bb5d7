"""What of the centre holds media, put together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from agent.central.media_kept import Media
from agent.central.media_rows import MediaRows
from agent.central.media_store import MediaFolder
from agent.central.media_upload import MediaUpload
from agent.central.s3 import S3Media
from agent.central.store.database import Database
from agent.config.central import Media as MediaConfig
from agent.core.clock import Clock

_DISK_FLOOR_BYTES = 512 << 20


@dataclass(frozen=True, slots=True)
class MediaSide:
    """`folder` takes media in, `kept` gives them out, `upload` brings them elsewhere, where that is configured."""

    folder: MediaFolder
    kept: Media
    upload: MediaUpload | None

    @classmethod
    def build(cls, config: MediaConfig, root: Path, database: Database, clock: Clock) -> Self:
        """Make the folders; nothing runs yet.

        Raises:
            ConfigError: see `S3Media.open`.
        """
        folder = MediaFolder(root, _DISK_FLOOR_BYTES)
        folder.prepare()
        if config.store == "folder":
            return cls(folder, Media(folder), None)
        elsewhere = S3Media.open(config)
        return cls(folder, Media(folder, elsewhere), MediaUpload(folder, elsewhere, MediaRows(database, clock)))

    @property
    def workers(self) -> tuple[MediaUpload, ...]:
        """What of it has to run."""
        return () if self.upload is None else (self.upload,)

    def health(self) -> dict[str, Any]:
        """See the API's MediaHealth."""
        if self.upload is None:
            return {"kind": "folder", "waiting": 0, "error": "", "full": ""}
        return {"kind": "s3", "waiting": self.upload.waiting, "error": self.upload.error, "full": ""}
