"""The viewer's files; any path that is none of them is a page of the viewer."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import FileResponse, HTMLResponse, Response

from agent.central.api.errors import ApiError
from agent.central.api.examples import examples_of

router = APIRouter(include_in_schema=False)

_FOREVER = "public, max-age=31536000, immutable"
_NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Lamppost</title>
<h1>The centre runs, its viewer is not built</h1>
<p>This installation came without the viewer's files. In a checkout, build them with <code>make viewer</code>
(or <code>pip install .</code>) and load this page again. The API works: see <a href="/api/v1/docs">its routes</a>.</p>
"""


@router.get("/{path:path}")
def page(request: Request, path: str) -> Response:
    """A file of the viewer, or its index for the viewer's own routes."""
    static: Path = request.app.state.centre.static
    if path == "api" or path.startswith("api/"):
        raise ApiError(404, "not_found", "there is nothing here")
    index = static / "index.html"
    if not index.is_file():
        return HTMLResponse(_NOT_BUILT, 200)
    found = _inside(static, path)
    if found is not None:
        hashed = path.startswith("assets/")  # Vite puts a hash into those names
        return FileResponse(found, headers={"Cache-Control": _FOREVER if hashed else "no-cache"})
    if path.startswith("assets/"):
        raise ApiError(404, "not_found", "there is no such file")
    return FileResponse(index, headers={"Cache-Control": "no-cache"})


def _inside(static: Path, path: str) -> Path | None:
    if not path or "\x00" in path:
        return None
    root = static.resolve()
    found = (root / path).resolve()
    return found if found.is_relative_to(root) and found.is_file() else None


def api_page(app: FastAPI) -> HTMLResponse:
    """The routes in plain HTML, with their examples, without scripts from elsewhere."""
    document = app.openapi()
    rows = [
        f"<tr><td><code>{method.upper()}</code></td><td><code>{html.escape(path)}</code></td>"
        f"<td>{html.escape(operation.get('description') or operation.get('summary', ''))}"
        f"{_examples(document, operation)}</td></tr>"
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    ]
    return HTMLResponse(
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Lamppost API</title><h1>Lamppost API</h1>'
        '<p>As a machine reads it: <a href="/api/v1/openapi.json">openapi.json</a></p><table>'
        f"{''.join(rows)}</table>"
    )


def _examples(document: dict[str, Any], operation: dict[str, Any]) -> str:
    """Of the body and of what is answered when all is well, to be unfolded."""
    parts = [("Body", operation.get("requestBody", {}))]
    parts += [(f"Answer {status}", one) for status, one in operation["responses"].items() if status < "300"]
    return "".join(
        f"<details><summary>{name}, <code>{html.escape(kind)}</code></summary>"
        f"<pre>{html.escape(example if isinstance(example, str) else json.dumps(example, indent=2))}</pre></details>"
        for name, part in parts
        for kind, content in part.get("content", {}).items()
        for example in examples_of(document, content)
    )
