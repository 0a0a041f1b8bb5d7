"""What is new, as Server-Sent Events (HTML Living Standard, section 9.2)."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from agent import __version__
from agent.central.api.context import Centre, centre_of
from agent.central.api.examples import places
from agent.central.api.found import EventOut
from agent.central.api.guard import is_the_same
from agent.central.api.hold_models import Hold
from agent.central.api.incident_models import Incident
from agent.central.api.media_models import ClipOut
from agent.central.api.models import REFUSALS, CameraOut, GatewayOut, HealthOut, Responses
from agent.central.news import LAGGING, Item
from agent.core.clock import rfc3339
from agent.core.errors import StorageError

router = APIRouter(responses=REFUSALS, tags=["stream"])

_MOST_PENDING = 1000
_KEEP_S = 15
_GATHER_S = 0.1


def _message(kind: str, data: Any) -> str:
    return f"event: {kind}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n"


_EVENTS: Responses = {
    200: {
        "content": {"text/event-stream": {"schema": {"type": "string"}, "example": _message("camera", places.CAMERA)}}
    }
}


class _Pending:
    """What has changed and was not told yet: each thing once, however often it changed."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._items: dict[Item, None] = {}
        self.lagging = False
        self.ready = asyncio.Event()

    def listen(self, item: Item) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._add, item)

    def _add(self, item: Item) -> None:
        if item == LAGGING or len(self._items) >= _MOST_PENDING:
            self.lagging = True
        else:
            self._items[item] = None
        self.ready.set()

    def take(self) -> tuple[list[Item], bool]:
        items, lagging = list(self._items), self.lagging
        self._items, self.lagging = {}, False
        self.ready.clear()
        return items, lagging


@router.get("/stream", response_class=StreamingResponse, responses=_EVENTS)
async def stream(request: Request) -> StreamingResponse:
    """New and changed events, cameras, gateways, clips, holds and incidents, as they come."""
    centre = centre_of(request)
    return StreamingResponse(
        _messages(centre, request), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
    )


async def _messages(centre: Centre, request: Request) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    pending = _Pending(loop)
    leave = centre.news.listen(pending.listen)
    try:
        yield _message("hello", {"version": __version__, "now": rfc3339(centre.clock.wall_ns())})
        check_at = loop.time() + _KEEP_S
        while not centre.stop.is_set():
            if loop.time() >= check_at:  # by the clock: in a busy minute there is no quiet moment
                check_at = loop.time() + _KEEP_S
                if not await is_the_same(centre, request):
                    return
                yield ": keep\n\n"
            if not await _wait(pending):
                continue
            items, lagging = pending.take()
            if lagging:
                yield _message("lagging", {})
            for text in await run_in_threadpool(_told, centre, items):
                yield text
            await asyncio.sleep(_GATHER_S)  # so that a busy minute costs ten looks a second, not thousands
    finally:
        leave()


async def _wait(pending: _Pending) -> bool:
    try:
        await asyncio.wait_for(pending.ready.wait(), 1.0)
    except TimeoutError:
        return False
    return True


def _told(centre: Centre, items: list[Item]) -> list[str]:
    """All of one kind at once: in a busy moment each gateway, camera and event is one of many."""
    keys: dict[str, list[Any]] = {}
    for item in items:
        keys.setdefault(item.kind, []).append(item.key)
    try:
        return [text for kind, some in keys.items() for text in _said(centre, kind, some)]
    except StorageError:
        return [_message("lagging", {})]


def _said(centre: Centre, kind: str, keys: list[Any]) -> list[str]:
    name, model, find = _FOUND_BY[kind]
    return [_message(name, model.model_validate(row).model_dump(mode="json")) for row in find(centre, keys)]


def _ids(keys: list[Any]) -> list[str]:
    return [key for (key,) in keys]


_FOUND_BY: dict[str, tuple[str, type[BaseModel], Callable[[Centre, list[Any]], list[dict[str, Any]]]]] = {
    "event": ("event", EventOut, lambda centre, keys: centre.finds.events_of(_ids(keys))),
    "camera": ("camera", CameraOut, lambda centre, keys: centre.views.cameras_at(keys)),
    "gateway": ("gateway", GatewayOut, lambda centre, keys: centre.views.gateways_at(keys)),
    "clip": ("clip", ClipOut, lambda centre, keys: centre.finds.clips_of(_ids(keys))),
    "media": ("clip", ClipOut, lambda centre, keys: centre.finds.clips_of_media(_ids(keys))),
    "hold": ("hold", Hold, lambda centre, keys: centre.holds.some(_ids(keys))),
    "incident": ("incident", Incident, lambda centre, keys: centre.incidents.some(_ids(keys))),
    "centre": ("centre", HealthOut, lambda centre, _: [centre.health()]),
}
"""What is told of each kind of news: the message's name, its shape, and how all of them are looked up at once."""
