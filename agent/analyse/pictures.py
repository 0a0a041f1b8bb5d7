"""JPEGs that go with events and tracks, and the words that announce them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2

from agent.analyse.detect.port import Image
from agent.core.clock import rfc3339
from agent.wire.messages import MediaRef

QUALITY = 80


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG and its header as framing.py's `picture` wants it."""

    header: dict[str, Any]
    jpeg: bytes

    def ref(self) -> MediaRef:
        """How an event or a track names it."""
        head = self.header
        return MediaRef(
            id=head["id"], kind="snapshot", type=head["type"], bytes=len(self.jpeg), width=head["width"],
            height=head["height"],
        )  # fmt: skip


def take_picture(
    picture: Image, media_id: str, camera: str, wall_ns: int, *, event: str | None = None, track: str | None = None
) -> Picture:
    """Encode `picture`, which belongs to an event or a track of `camera` at that time."""
    _, coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    header = {
        "id": media_id, "camera": camera, "kind": "snapshot", "type": "image/jpeg", "event": event, "track": track,
        "start": rfc3339(wall_ns), "end": rfc3339(wall_ns),
        "width": int(picture.shape[1]), "height": int(picture.shape[0]),
    }  # fmt: skip
    return Picture({key: value for key, value in header.items() if value is not None}, coded.tobytes())
