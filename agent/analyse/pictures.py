"""Pictures that go with events and tracks, and the words that announce them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2

from agent.analyse.detect.port import Image
from agent.core.clock import rfc3339
from agent.wire.messages import MediaKindName, MediaRef

QUALITY = 80


@dataclass(frozen=True, slots=True)
class Picture:
    """A coded picture and its header as framing.py's `picture` wants it."""

    header: dict[str, Any]
    body: bytes

    def ref(self) -> MediaRef:
        """How an event or a track names it."""
        head = self.header
        return MediaRef(
            id=head["id"], kind=head["kind"], type=head["type"], bytes=len(self.body), width=head["width"],
            height=head["height"],
        )  # fmt: skip


def take_picture(
    picture: Image, media_id: str, camera: str, wall_ns: int, *, event: str, urgent: bool = False
) -> Picture:
    """Encode all that `camera` saw at that time; it belongs to an event (of an alarm: `urgent`)."""
    _, coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    whose = {"id": media_id, "camera": camera, "event": event, "track": None, "urgent": urgent or None}
    return picture_of(coded.tobytes(), whose, (int(picture.shape[1]), int(picture.shape[0])), (wall_ns, wall_ns))


def picture_of(
    body: bytes, whose: Mapping[str, str | bool | None], size: tuple[int, int], span_ns: tuple[int, int],
    kind: MediaKindName = "snapshot", coding: str = "image/jpeg",
) -> Picture:  # fmt: skip
    """What is coded already; `whose` has the keys id, camera, event and track, `size` is width and height in px."""
    header = {
        "kind": kind, "type": coding, "start": rfc3339(span_ns[0]), "end": rfc3339(span_ns[1]),
        "width": size[0], "height": size[1], **whose,
    }  # fmt: skip
    return Picture({key: value for key, value in header.items() if value is not None}, body)
