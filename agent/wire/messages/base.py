"""What all messages share: the base, the small types, reading and writing."""

from __future__ import annotations

import zlib
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from agent.core.clock import parse_rfc3339
from agent.core.errors import WireError
from agent.core.ids import ID_PATTERN

VERSION = 1
MAX_JSON_BYTES = 1 << 20
CHUNK_BYTES = 96 * 1024
"""Fits the packet limit of every common broker (AWS IoT and Alibaba: 128 KiB)."""

_WORTH_IT_BYTES = 1 << 10

Id = Annotated[str, Field(pattern=ID_PATTERN)]
"""A name that is safe as a topic level and a file name: see `agent.core.ids`."""
Share = Annotated[float, Field(ge=0, le=1)]
Corners = tuple[Share, Share, Share, Share]
MediaKindName = Literal["snapshot", "sprite", "clip", "previews", "export"]
Text = Annotated[str, Field(max_length=400)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


def _time(value: str) -> str:
    parse_rfc3339(value)
    return value


Time = Annotated[str, Field(max_length=40), AfterValidator(_time)]


class Message(BaseModel):
    """Base of all messages."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", populate_by_name=True,
        json_schema_serialization_defaults_required=True,  # what we write has every field
    )  # fmt: skip


class ClockState(Message):
    """How far the camera's clock was from the gateway's, and whether the gateway's own was synchronised."""

    offset_ms: float | None = None
    synced: bool | None = None


M = TypeVar("M", bound=Message)


def decode(model: type[M], payload: bytes) -> M:
    """Read a message from outside: JSON, or that compressed with zlib (RFC 1950; the first byte tells).

    Raises:
        WireError: too large, also when unpacked, not JSON, or not of this shape.
    """
    if len(payload) > MAX_JSON_BYTES:
        raise WireError(f"{model.__name__}: {len(payload)} bytes are more than {MAX_JSON_BYTES}")
    try:
        return model.model_validate_json(_unpacked(model, payload) if payload[:1] == b"x" else payload)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise WireError(f"{model.__name__}: {where + ': ' if where else ''}{first['msg']}") from error


def _unpacked(model: type[Message], payload: bytes) -> bytes:
    unpacking = zlib.decompressobj()
    try:
        whole = unpacking.decompress(payload, MAX_JSON_BYTES)
    except zlib.error as error:
        raise WireError(f"{model.__name__}: it cannot be unpacked: {error}") from error
    if not unpacking.eof:
        raise WireError(f"{model.__name__}: unpacked it is cut off, or more than {MAX_JSON_BYTES} bytes")
    return whole


def validate(model: type[M], document: dict[str, Any]) -> M:
    """Like `decode`, for a document already parsed."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise WireError(f"{model.__name__}: {where + ': ' if where else ''}{first['msg']}") from error


def encode(message: Message) -> bytes:
    """The message as JSON (UTF-8), without what is None."""
    return message.model_dump_json(exclude_none=True, by_alias=True).encode()


def squeeze(payload: bytes) -> bytes:
    """What was encoded, compressed where that saves bytes; `decode` reads both."""
    return zlib.compress(payload) if len(payload) > _WORTH_IT_BYTES else payload
