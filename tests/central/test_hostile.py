"""What nobody means well: the routes about people take it, or refuse it, in the one shape and without falling."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from agent.central.api.build import make_routes
from tests.central.helpers import RunningCentre, running

STRINGS = [
    "",
    "\x00",
    "a\x00b",
    "\ud800",
    "x" * 60_000,
    "../../etc/passwd",
    "'; DROP TABLE user; --",
    "%",
    "\u202e",
    "-1",
]
OTHERS: list[Any] = [None, True, -1, 1 << 70, 1.5, [], {}, [[]], {"a": "b"}]


@pytest.fixture(params=["sqlite", "postgresql"])
def centre(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunningCentre]:
    database = request.getfixturevalue("postgres").fresh() if request.param == "postgresql" else "sqlite"
    with running(tmp_path / "data", database=database) as started:
        yield started


def _example(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """Something right, so that one thing alone is wrong."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    for key in ("examples", "enum"):
        if key in schema:
            return schema[key][0]
    if "anyOf" in schema:
        return _example(schema["anyOf"][0], schemas)
    if schema.get("type") == "object":
        return {name: _example(one, schemas) for name, one in schema.get("properties", {}).items()}
    if schema.get("type") == "array":
        return [_example(schema["items"], schemas)]
    return {"integer": 1, "number": 1, "boolean": False}.get(schema.get("type", ""), "a long enough text")


def _bodies() -> Iterator[tuple[str, str, dict[str, Any]]]:
    document = make_routes().openapi()
    schemas = document["components"]["schemas"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if "requestBody" in operation and not path.endswith(("/first", "/sign-in", "/join")):
                schema = operation["requestBody"]["content"]["application/json"]["schema"]
                yield method, path, _example(schema, schemas)


def _is_sound(answer: httpx.Response) -> bool:
    return answer.status_code < 500 and (answer.status_code < 400 or set(answer.json()) == {"error"})


@pytest.mark.slow
def test_nothing_that_is_sent_makes_a_route_fall(centre: RunningCentre) -> None:
    with centre.admin() as api:
        sent = 0
        for method, path, good in _bodies():
            where = path.replace("{", "").replace("}", "")
            for name in good:
                for bad in (*STRINGS, *OTHERS):
                    body = json.dumps(good | {name: bad}).encode()
                    answer = api.request(method, where, content=body, headers={"Content-Type": "application/json"})
                    assert _is_sound(answer), (method, path, name, str(bad)[:40], answer.text[:200])
                    sent += 1
        assert sent > 500
        for name in ("who", "action", "text", "since", "cursor", "limit"):
            for bad in ("\x00", "%", "'", "x" * 5000, "-1", "99999999999999999999"):
                assert _is_sound(api.get("/api/v1/audit", params={name: bad})), (name, bad)
        for path in ("people", "tokens", "webhooks", "searches", "me/sessions"):
            for bad in ("%00", "..%2f", "%ff", "x" * 500, "a%0ab"):
                assert _is_sound(api.delete(f"/api/v1/{path}/{bad}")), (path, bad)
        for bad in STRINGS:
            body = json.dumps({"username": bad, "password": bad, "code": bad}).encode()
            assert _is_sound(api.post("/api/v1/sign-in", content=body))
        assert api.get("/api/v1/audit/verify").json()["verified"]
        assert api.get("/api/v1/me").status_code == 200
