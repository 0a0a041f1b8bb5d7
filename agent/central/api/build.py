"""Puts the app together."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp

from agent import __version__
from agent.central.api import acting, finding, live_socket, looking, pages, settings, sign_in, stream
from agent.central.api.context import Centre
from agent.central.api.errors import install
from agent.central.api.guard import Guard

PREFIX = "/api/v1"


def create_app(centre: Centre) -> ASGIApp:
    """The whole web side, behind its guard."""
    return Guard(make_routes(centre), centre.people, local_only=centre.local_only)


def make_routes(centre: Centre | None = None) -> FastAPI:
    """The routes without the guard; without a centre good for its OpenAPI document only."""
    app = FastAPI(
        title="Lamppost centre",
        version=__version__,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,  # the usual page loads scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.centre = centre
    install(app)
    for part in (sign_in, looking, finding, acting, settings, stream, live_socket):
        app.include_router(part.router, prefix=PREFIX)

    @app.get(f"{PREFIX}/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        return pages.api_page(app)

    app.include_router(pages.router)
    return app
