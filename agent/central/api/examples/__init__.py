"""What the OpenAPI page shows of each body and answer: one evening on one street, told the same everywhere.

Plain documents, which a test holds against the models that carry them.
"""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict

Document = dict[str, Any]

EVENING = "2026-06-01T18:04:05.250Z"
WHERE = {"site": "hartford", "gateway": "pole-17", "camera": "main-and-park"}
CAMERA = "/".join(WHERE.values())
EVENT_ID, TRACK_ID = "0197c2a4b6f07d3e8a1b2c3d4e5f6071", "0197c2a4a1e87c558f0e1d2c3b4a5968"
HASH = "f2ca1bb6c7e907d06dafe4687e579fce76b37e4e93b7605022da52e6ccc26fd2"
BUSY = "the centre's store does not answer now; try again"


_NULL = "\x00null"
"""FastAPI encodes the page without nulls; in an example null is a value like another."""


def covered(value: Any) -> Any:
    """An example as FastAPI takes it whole; see `uncovered`."""
    if isinstance(value, dict):
        return {name: covered(one) for name, one in value.items()}
    if isinstance(value, list):
        return [covered(one) for one in value]
    return _NULL if value is None else value


def shown(example: Document) -> ConfigDict:
    """The configuration of a model that carries this example."""
    return ConfigDict(json_schema_extra={"examples": [covered(example)]})


def content(example: Any) -> Document:
    """An example of one answer of one route, where the model's own would not be true; for `responses`."""
    return {"content": {"application/json": {"example": covered(example)}}}


def refusal(code: str, message: str) -> Document:
    """An example of the one error shape; for `responses`."""
    return content({"error": {"code": code, "message": message}})


def uncovered(page: Any) -> Any:
    """The OpenAPI document with the nulls of its examples."""
    if isinstance(page, dict):
        return {name: uncovered(one) for name, one in page.items()}
    if isinstance(page, list):
        return [uncovered(one) for one in page]
    return None if page == _NULL else page


def examples_of(page: Document, part: Document) -> list[Any]:
    """Of a body or an answer in the OpenAPI document, in one type: its own, or its model's."""
    if "example" in part:
        return [part["example"]]
    schema: Document = part["schema"]
    named = schema.get("$ref", "").rpartition("/")[2]
    found: list[Any] = (page["components"]["schemas"][named] if named else schema).get("examples", [])
    return found
