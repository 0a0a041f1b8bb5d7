"""One shape for every error: `{"error": {"code", "message"}}`."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse

from agent.central.commands import CommandFailed
from agent.central.store.people import NotSo
from agent.central.store.search import BadCursor, NoSuchTrack
from agent.core.errors import StorageError

log = logging.getLogger(__name__)

_CODES = {
    401: "not_signed_in", 403: "forbidden", 404: "not_found", 405: "method_not_allowed",
    409: "conflict", 413: "too_large", 416: "bad_range", 422: "invalid", 429: "too_many",
}  # fmt: skip
_SAID = {404: "there is nothing here", 405: "this cannot be done here"}
_COMMAND_STATUS = {"gateway_offline": 502, "gateway_error": 502, "gateway_silent": 504}


class ApiError(Exception):
    """A refusal with its status and word."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.headers = status, code, message, headers


def error_response(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """The one shape."""
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers)


def not_found(what: str) -> ApiError:
    """404 that names what is not there."""
    return ApiError(404, "not_found", f"there is no such {what}")


def there(found: dict[str, Any] | None, what: str) -> dict[str, Any]:
    """What was found; 404 that names what is not there."""
    if found is None:
        raise not_found(what)
    return found


def install(app: FastAPI) -> None:
    """Give every error of the app the one shape."""
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(CommandFailed, _command_failed)
    app.add_exception_handler(BadCursor, _bad_cursor)
    app.add_exception_handler(NoSuchTrack, _no_such_track)
    app.add_exception_handler(NotSo, _not_so)
    app.add_exception_handler(StorageError, _storage)
    app.add_exception_handler(Exception, _internal)


async def _api_error(connection: HTTPConnection, error: Any) -> JSONResponse:
    if connection.scope["type"] == "websocket":
        raise error  # the guard refuses the handshake with it
    return error_response(error.status, error.code, error.message, error.headers)


async def _http_error(connection: Request, error: Any) -> JSONResponse:
    if isinstance(error.__cause__, ApiError):  # while the body was read
        return await _api_error(connection, error.__cause__)
    status = error.status_code
    if status == 400:  # FastAPI's word for a body that is not even UTF-8
        return error_response(422, "invalid", "body: is no JSON in UTF-8")
    return error_response(status, _CODES.get(status, "error"), _SAID.get(status, str(error.detail)), error.headers)


async def _invalid(_: Request, error: Any) -> JSONResponse:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
    return error_response(422, "invalid", f"{where}: {first['msg']}")


async def _command_failed(_: Request, error: Any) -> JSONResponse:
    return error_response(_COMMAND_STATUS[error.code], error.code, str(error))


async def _bad_cursor(_: Request, error: Any) -> JSONResponse:
    return error_response(422, "invalid", f"cursor: {error}")


async def _no_such_track(_: Request, error: Any) -> JSONResponse:
    return error_response(422, "invalid", str(error))


async def _not_so(_: Request, error: Any) -> JSONResponse:
    return error_response(409, error.code, str(error))


async def _storage(_: Request, error: Any) -> JSONResponse:
    log.error("%s", error)
    return error_response(503, "storage", "the centre's store does not answer now; try again", {"Retry-After": "5"})


async def _internal(request: Request, error: Any) -> JSONResponse:
    log.error("%s %s fell: %s", request.method, request.url.path, type(error).__name__)
    return error_response(500, "internal", "something went wrong in the centre; its log says what")
