"""Holds as the API takes them and tells of them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field

from agent.central.api.examples import kept, shown
from agent.central.api.models import NO_NUL, Body, CameraName, Moment


def _said(text: str) -> str:
    words = " ".join(text.split())
    if not words:
        raise ValueError("say why")
    return words


Reason = Annotated[
    str, Field(min_length=1, max_length=400, pattern=NO_NUL, examples=["incident 4711"]), AfterValidator(_said)
]


class HoldBody(Body):
    """What may not leave: of these cameras (`site/gateway/camera`) from `start` up to `end`, which may be yet to come.

    `until` of null: until somebody releases it.
    """

    model_config = shown(kept.HOLD_IN)

    cameras: Annotated[
        list[CameraName], Field(min_length=1, max_length=100, examples=[["hartford/pole-17/main-and-park"]])
    ]
    start: Moment
    end: Moment
    reason: Reason
    until: Moment | None = None


class ReleaseBody(Body):
    """Why it may leave now."""

    model_config = shown(kept.HOLD_RELEASE)

    reason: Reason


class HoldAtGateway(BaseModel):
    """How far a gateway is: `bytes` it said that it holds; `error` is what it said when it could not.

    One that is away is asked when it is back, until it has answered. Who does not see all cameras of the hold that are
    there is told neither.
    """

    site: str
    gateway: str
    cameras: list[str]
    state: Literal["asked", "held", "failed", "releasing", "released"]
    error: str
    since: str
    bytes: int | None


class Hold(BaseModel):
    """A hold, with those of its cameras that one may see; `media` and `bytes` are what of them is held here now.

    One that is over without `released_by` was over when its time had come (`until`).
    """

    model_config = shown(kept.HOLD)

    id: str
    cameras: list[str]
    start: str
    end: str
    reason: str
    made_by: str
    made_at: str
    until: str | None
    released_by: str | None
    released_at: str | None
    release_reason: str | None
    state: Literal["active", "over"]
    gateways: list[HoldAtGateway]
    media: int
    bytes: int


class HoldPage(BaseModel):
    """Holds, the newest first; `next` is the cursor of the page after this."""

    model_config = shown(kept.HOLDS)

    items: list[Hold]
    next: str | None
