"""The WebSocket that shows a camera live."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Query, WebSocket, WebSocketDisconnect
from starlette.concurrency import run_in_threadpool

from agent.central.api.context import Centre, centre_of, note
from agent.central.api.errors import ApiError
from agent.central.api.guard import is_the_same
from agent.central.live import LiveKey
from agent.central.live_viewer import Viewer
from agent.config.base import Id

router = APIRouter()

_TICK_S = 0.5
_CHECK_EVERY_S = 15.0
_SEND_S = 20.0
"""A viewer who takes nothing for so long is gone, and the gateway need not send for it."""
_CLOSE_CODES = {"not_found": 4404, "reason_needed": 4403, "gateway_silent": 4504}


@router.websocket("/live/{site}/{gateway}/{camera}")
async def live(
    socket: WebSocket,
    site: Id,
    gateway: Id,
    camera: Id,
    stream: Literal["main", "sub"] = "sub",
    boxes: Annotated[int, Query(ge=0, le=1)] = 0,
) -> None:
    """Fragmented MP4 as it comes; see the protocol's description in the documentation."""
    centre = centre_of(socket)
    await socket.accept()
    loop = asyncio.get_running_loop()
    wake = asyncio.Event()
    viewer = Viewer(_rouser(loop, wake), boxes=bool(boxes))
    key = LiveKey(site, gateway, camera, stream)
    gone = asyncio.create_task(_until_gone(socket, wake))
    try:
        if not await run_in_threadpool(centre.views.camera_exists, site, gateway, camera):
            viewer.end("not_found", f"there is no camera {camera} at {site}/{gateway}")
        else:
            await run_in_threadpool(note, socket, "live.view", "/".join(key))
            await run_in_threadpool(centre.live.join, key, viewer)
        await _serve(socket, centre, viewer, wake, gone)
    except ApiError as refused:
        viewer.end(refused.code, refused.message)
        await _serve(socket, centre, viewer, wake, gone)
    finally:
        gone.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await gone
        await run_in_threadpool(centre.live.leave, key, viewer)


async def _serve(
    socket: WebSocket, centre: Centre, viewer: Viewer, wake: asyncio.Event, gone: asyncio.Task[None]
) -> None:
    loop = asyncio.get_running_loop()
    check_at = loop.time() + _CHECK_EVERY_S
    with contextlib.suppress(
        WebSocketDisconnect, RuntimeError, TimeoutError
    ):  # closed, or stuck, while we were sending
        while not gone.done() and not centre.stop.is_set():
            ended = viewer.closed
            for item in viewer.take():
                sending = socket.send_text(item) if isinstance(item, str) else socket.send_bytes(item)
                await asyncio.wait_for(sending, _SEND_S)
            if ended is not None:
                await socket.close(_CLOSE_CODES.get(ended[0], 4502), ended[0])
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), _TICK_S)
                wake.clear()
            if loop.time() >= check_at:  # by the clock: while pictures flow there is no quiet turn
                check_at = loop.time() + _CHECK_EVERY_S
                if not await is_the_same(centre, socket):
                    await socket.close(4401, "not_signed_in")
                    return
        if not gone.done():
            await socket.close(1012, "the centre stops")


async def _until_gone(socket: WebSocket, wake: asyncio.Event) -> None:
    """What a client sends means nothing; that it leaves does."""
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            wake.set()
            return


def _rouser(loop: asyncio.AbstractEventLoop, wake: asyncio.Event) -> Callable[[], None]:
    def rouse() -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to rouse
            loop.call_soon_threadsafe(wake.set)

    return rouse
