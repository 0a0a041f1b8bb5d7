"""Webhooks: whom the centre tells of events, and how that went."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AfterValidator, BaseModel, Field, model_validator

from agent.central.api.context import Centre, here, note
from agent.central.api.errors import ApiError, not_found, there
from agent.central.api.examples import kept, shown
from agent.central.api.models import CONFLICT, REFUSALS, Body, not_there
from agent.central.api.people_models import Places
from agent.central.outgoing import check_url
from agent.central.store.hooks import MOST_HOOKS
from agent.config.base import Id

router = APIRouter(prefix="/webhooks", tags=["webhooks"], responses=REFUSALS)

Here = Annotated[Centre, Depends(here)]


def _url(value: str) -> str:
    check_url(value)
    return value


Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]*$", examples=["Dispatch"])]
Url = Annotated[str, Field(max_length=2000, examples=["https://dispatch.example/lamppost"]), AfterValidator(_url)]
Kind = Annotated[str, Field(pattern=r"^[a-z_]{1,40}$", examples=["object_left"])]
Kinds = Annotated[list[Kind], Field(min_length=1, max_length=50, examples=[["object_left", "tamper"]])]
Phase = Literal["start", "update", "end"]
Phases = Annotated[list[Phase], Field(min_length=1, max_length=3, examples=[["start", "end"]])]
Severity = Literal["info", "alarm"]


class WebhookIn(Body):
    """Whom to tell of which events; null is any. Sent by POST, as Standard Webhooks 1.0 has it."""

    model_config = shown(kept.HOOK_IN)

    name: Name
    url: Url
    kinds: Kinds | None = None
    severity: Severity | None = None
    phases: Phases | None = None
    places: Places | None = None


class WebhookChange(Body):
    """What shall be otherwise; what is not named stays."""

    model_config = shown(kept.HOOK_CHANGE)

    name: Name = "-"
    url: Url = "https://host.example"
    kinds: Kinds | None = None
    severity: Severity | None = None
    phases: Phases | None = None
    places: Places | None = None
    enabled: bool = True

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("name what shall be otherwise")
        return self


class WebhookOut(BaseModel):
    """A webhook. `waiting` deliveries are not through yet; `dropped` came while 10,000 waited."""

    model_config = shown(kept.HOOK)

    id: str
    name: str
    url: str
    kinds: list[str] | None
    severity: Severity | None
    phases: list[Phase] | None
    places: list[str] | None
    enabled: bool
    waiting: int
    dropped: int
    created: str


class WebhookMade(WebhookOut):
    """With the secret that signs what is sent, which is not shown again."""

    model_config = shown(kept.HOOK_MADE)

    secret: Annotated[str, Field(examples=["whsec_..."])]


class WebhooksOut(BaseModel):
    """All webhooks, by name."""

    model_config = shown(kept.HOOKS)

    items: list[WebhookOut]


class DeliveryOut(BaseModel):
    """One thing told: `status` of the last answer, or the `error`; `next` is when it is tried again."""

    id: str
    type: str
    event: str | None
    state: Literal["waiting", "delivered", "failed"]
    attempts: int
    status: int | None
    error: str
    created: str
    tried: str | None
    next: str | None


class DeliveriesOut(BaseModel):
    """The newest first, of the last seven days."""

    model_config = shown(kept.DELIVERIES)

    items: list[DeliveryOut]
    next: str | None


class TestOut(BaseModel):
    """The delivery to follow."""

    model_config = shown(kept.DELIVERY)

    delivery: str


@router.get("")
def webhooks(centre: Here) -> WebhooksOut:
    """All webhooks."""
    return WebhooksOut.model_validate({"items": centre.hooks.all()})


@router.post("", status_code=201, responses=CONFLICT)
def make_webhook(body: WebhookIn, request: Request, centre: Here) -> WebhookMade:
    """Make one. The secret is in this answer and never again."""
    if len(centre.hooks.all()) >= MOST_HOOKS:
        raise ApiError(409, "too_many", f"there are {MOST_HOOKS} webhooks, and no more can be")
    note(request, "webhook.make", f"{body.name}: {body.url}")
    key, secret = centre.hooks.make(**body.model_dump())
    return WebhookMade(**_one(centre, key), secret=secret)


@router.get("/{webhook}", responses=not_there("webhook"))
def webhook(webhook: Id, centre: Here) -> WebhookOut:
    """One webhook."""
    return WebhookOut.model_validate(_one(centre, webhook))


@router.patch("/{webhook}", responses=not_there("webhook"))
def change_webhook(webhook: Id, body: WebhookChange, request: Request, centre: Here) -> WebhookOut:
    """Something else of it. What waits is told to the new address; switched off, it is given up."""
    found, changes = _one(centre, webhook), body.model_dump(include=body.model_fields_set)
    told = ", ".join(f"{name} {value}" for name, value in changes.items())
    note(request, "webhook.change", f"{found['name']}: {told}")
    centre.hooks.change(webhook, **changes)
    return WebhookOut.model_validate(_one(centre, webhook))


@router.delete("/{webhook}", status_code=204, responses=not_there("webhook"))
def remove_webhook(webhook: Id, request: Request, centre: Here) -> None:
    """Remove it, with all that waits."""
    note(request, "webhook.remove", _one(centre, webhook)["name"])
    centre.hooks.remove(webhook)


@router.post("/{webhook}/secret", responses=not_there("webhook"))
def new_secret(webhook: Id, request: Request, centre: Here) -> WebhookMade:
    """Another secret; whatever is sent from now on is signed with it."""
    found = _one(centre, webhook)
    note(request, "webhook.secret", found["name"])
    return WebhookMade(**found, secret=centre.hooks.new_secret(webhook))


@router.post("/{webhook}/test", status_code=202, responses=not_there("webhook"))
def test_webhook(webhook: Id, request: Request, centre: Here) -> TestOut:
    """Tell it of nothing, to see whether that arrives."""
    note(request, "webhook.test", _one(centre, webhook)["name"])
    return TestOut(delivery=centre.hooks.test(webhook))


@router.get("/{webhook}/deliveries", responses=not_there("webhook"))
def deliveries(
    webhook: Id,
    centre: Here,
    state: Literal["waiting", "delivered", "failed"] | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(pattern=r"^[0-8]?\d{1,18}-[0-9a-f]{1,64}$")] = None,
) -> DeliveriesOut:
    """What it was and is to be told, and how that went."""
    _one(centre, webhook)
    return DeliveriesOut.model_validate(centre.hooks.deliveries(webhook, state, limit, cursor))


@router.post("/{webhook}/deliveries/{delivery}/again", status_code=202, responses=not_there("webhook"))
def deliver_again(webhook: Id, delivery: Id, request: Request, centre: Here) -> TestOut:
    """Try one that failed for good once more, from the beginning."""
    note(request, "webhook.again", _one(centre, webhook)["name"])
    if not centre.hooks.again(webhook, delivery):
        raise not_found("delivery that failed")
    return TestOut(delivery=delivery)


def _one(centre: Centre, key: str) -> dict[str, Any]:
    return there(centre.hooks.one(key), "webhook")
