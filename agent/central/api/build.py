"""Puts the app together."""

from __future__ import annotations

from typing import Any

from fastapi import Depends, FastAPI
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp

from agent import __version__
from agent.central.api import (
    acting,
    auditing,
    counting,
    directory,
    exporting,
    finding,
    history,
    holding,
    incidents,
    layouts,
    live_socket,
    looking,
    mapping,
    myself,
    pages,
    people,
    reviewing,
    searches,
    settings,
    sharing,
    sign_in,
    stream,
    tokens,
    webhooks,
)
from agent.central.api.access import PREFIX, may
from agent.central.api.context import Centre
from agent.central.api.errors import install
from agent.central.api.examples import uncovered
from agent.central.api.guard import Guard

ROUTERS = (
    *(sign_in.router, directory.router, myself.router, people.router, tokens.router, auditing.router, searches.router),
    *(webhooks.router, looking.router, history.router, mapping.router, finding.router, acting.router, reviewing.router),
    *(
        counting.router,
        exporting.router,
        sharing.router,
        layouts.router,
        holding.router,
        incidents.router,
        settings.router,
        stream.router,
        live_socket.router,
    ),
)


def create_app(centre: Centre) -> ASGIApp:
    """The whole web side, behind its guard."""
    return Guard(make_routes(centre), centre)


class _Routes(FastAPI):
    """With every example on the OpenAPI page as it is written."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = uncovered(super().openapi())
        return super().openapi()


def make_routes(centre: Centre | None = None) -> FastAPI:
    """The routes without the guard; without a centre good for its OpenAPI document only."""
    app = _Routes(
        title="Lamppost centre",
        version=__version__,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,  # the usual page loads scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        dependencies=[Depends(may)],
    )
    app.state.centre = centre
    install(app)
    for router in ROUTERS:
        app.include_router(router, prefix=PREFIX)

    @app.get(f"{PREFIX}/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return pages.api_page(app)

    app.include_router(pages.router)
    return app
