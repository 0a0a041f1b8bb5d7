"""Who asks may go away before the answer is there: what is done for them alone ends then.

An analyst who goes on to another search leaves one behind that still counts; a city's is worth seconds of the database.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request

from agent.central.api.errors import ApiError
from agent.central.store.deadline import Late


async def gone(request: Request) -> AsyncIterator[Late]:
    """Says, while a request is answered, whether its connection was closed; may be asked from any thread."""
    watch = asyncio.create_task(_until_gone(request))
    try:
        yield watch.done
    finally:
        watch.cancel()


async def _until_gone(request: Request) -> None:
    """Reads on, past a body of no use to anybody (ASGI, "Disconnect - receive event")."""
    try:
        while (await request.receive())["type"] != "http.disconnect":
            pass
    except ApiError:  # more of it than may be: whoever sends that is still there
        await asyncio.Future()


WhenGone = Annotated[Late, Depends(gone)]
