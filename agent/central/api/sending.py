"""The bytes of a medium as an answer: whole, in part (RFC 9110 section 14), or an address at the store elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from fastapi import Request, Response
from starlette.responses import RedirectResponse, StreamingResponse

from agent.central.api.context import Centre
from agent.central.api.errors import ApiError, not_found
from agent.central.api.models import Responses, refused
from agent.central.media_kept import PART_BYTES, Link, Medium
from agent.core.clock import rfc3339
from agent.core.errors import StorageError

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})\Z", re.ASCII)
_SUFFIX = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "video/mp4": ".mp4",
    "application/zip": ".zip",
}
_TYPES = ("image/*", "video/*", "audio/*", "application/zip", "application/octet-stream")
_BINARY: dict[str, Any] = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in _TYPES}

BYTES: Responses = {
    200: {"description": "all of it", "content": _BINARY},
    206: {"description": "the part that was asked for", "content": _BINARY},
    304: {"description": "it is as it was"},
    307: {"description": "it is at the store elsewhere, from which browsers fetch it by themselves"},
    **refused(416, "there is no such part", "bad_range", "no such part"),
}


def send(
    centre: Centre, row: Mapping[str, Any], request: Request, who: Sequence[str | None], look: Callable[[str], None],
    headers: dict[str, str], *, download: bool,
) -> Response:  # fmt: skip
    """What is asked for of a medium; `look` writes down that `who` looks at it, of whose camera and which.

    A player asks for a clip in many parts, from wherever: those of one medium within some minutes are one look.
    """
    if_range = request.headers.get("if-range")  # whoever has a part of something else gets all of this
    span = _span_of(request, row["bytes"]) if if_range in {None, headers.get("ETag")} else None
    first, last = span or (0, row["bytes"] - 1)
    seen = ("look", *who, row["id"])
    if span is None or not centre.lately.has(seen):
        look(f"{row['kind']} {row['id']} of {row['site']}/{row['gateway']}/{row['camera']}")
        centre.lately.happened(seen)
    medium = Medium.of(row)
    name = _name_of(row, medium) if download else None
    found = centre.media.find(medium, first, last, name)
    if found is None:
        raise not_found("medium here any more")
    if isinstance(found, Link):
        return RedirectResponse(found.url, 307)
    told = headers | {"Accept-Ranges": "bytes", "Content-Length": str(last + 1 - first)}
    told |= {"Content-Range": f"bytes {first}-{last}/{row['bytes']}"} if span else {}
    told |= {"Content-Disposition": f'attachment; filename="{name}"'} if name else {}
    status = 206 if span else 200
    if last + 1 - first <= PART_BYTES:  # a list shows dozens of pictures: each piece of a stream takes a thread again
        return Response(_all_of(found, last + 1 - first, medium), status, told, medium.shown_type)
    return StreamingResponse(found, status, told, medium.shown_type)


def _all_of(parts: Iterable[bytes], count: int, medium: Medium) -> bytes:
    """So many bytes.

    Raises:
        StorageError: the disk does not give them, or not all.
    """
    try:
        body = b"".join(parts)
    except OSError as error:
        raise StorageError(f"medium {medium.id} cannot be read: {error.strerror or error}") from error
    if len(body) != count:
        raise StorageError(f"medium {medium.id} cannot be read: {count - len(body)} bytes are missing")
    return body


def _name_of(row: Mapping[str, Any], medium: Medium) -> str:
    """What a person calls it, camera and begin: `plaza 2026-11-20 14.03.22 UTC.mp4`, which every system takes."""
    begin = rfc3339(row["start_ns"])[:19].replace("T", " ").replace(":", ".")
    return f"{row['camera']} {begin} UTC{_SUFFIX.get(medium.shown_type, '')}"


def _span_of(request: Request, size: int) -> tuple[int, int] | None:
    """The first and the last byte of the one part that is asked for; None: all of it."""
    found = _RANGE.match(request.headers.get("range", "").replace(" ", ""))
    if found is None or found[0] == "bytes=-":
        return None  # several ranges, or no range at all: the whole is a right answer
    first, last = found[1], found[2]
    start = int(first) if first else max(0, size - int(last))
    end = min(int(last), size - 1) if first and last else size - 1
    if start >= size or end < start or (not first and int(last) == 0):
        raise ApiError(416, "bad_range", "no such part", {"Content-Range": f"bytes */{size}"})
    return start, end
