"""What the centre sets of a gateway's cameras, and which version of that is in force."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from agent.wire.messages.base import Id, Message, Text, Time


class Overlay(Message):
    """All that the centre has set of one gateway: by camera, the keys of its table in the file that are set otherwise.

    Each version stands for itself; `signature` (Ed25519, hex) covers all other fields in canonical JSON. The gateway
    keeps the newest beside its store.
    """

    v: Literal[1] = 1
    site: Id
    gateway: Id
    version: Annotated[int, Field(ge=1)]
    time: Time
    by: Text
    cameras: Annotated[dict[Id, dict[str, Any]], Field(max_length=64)]
    signature: str = ""

    def signed_part(self) -> dict[str, Any]:
        """The document that the signature covers."""
        return self.model_dump(mode="json", exclude={"signature"})


class ConfigureArgs(Message):
    """Have this in force from now on; refused as a whole when any of it does not fit, or when it is not newer."""

    overlay: Overlay


class OverlayState(Message):
    """Which overlay is in force; `problem` says why the one that is kept is not, or not in all of it."""

    version: Annotated[int, Field(ge=0)] = 0
    by: Text = ""
    time: Time | None = None
    problem: Text = ""
