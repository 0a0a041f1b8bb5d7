"""The viewer's types of the API are those of the centre's OpenAPI page."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from agent.central.api.build import make_routes

ROOT = Path(__file__).parents[2]


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("api_types", ROOT / "packaging/api_types.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


api_types = _load()


def _written(**schemas: Any) -> str:
    return api_types.typescript({"components": {"schemas": schemas}}).partition("*/\n\n")[2]


def test_the_viewers_types_are_those_of_the_api() -> None:
    assert api_types.TARGET.read_text() == api_types.typescript(make_routes().openapi()), "stale: make api-types"


@pytest.mark.parametrize(
    ("schema", "type_"),
    [
        ({"type": "integer"}, "number"),
        ({"anyOf": [{"type": "integer"}, {"type": "number"}, {"type": "null"}]}, "number | null"),
        ({"enum": ["a", "b"], "type": "string"}, '"a" | "b"'),
        ({"const": 1}, "1"),
        ({"$ref": "#/components/schemas/Other"}, "Other"),
        ({"type": "array", "items": {"type": "string"}}, "string[]"),
        ({"type": "array", "items": {"enum": ["a", "b"]}}, '("a" | "b")[]'),
        ({"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}, "[number, number]"),
        ({"type": "array", "prefixItems": [{"type": "string"}, {"type": "number"}]}, "[string, number]"),
        ({"type": "object", "additionalProperties": {"type": "number"}}, "Record<string, number>"),
        ({"type": "object", "additionalProperties": True}, "Record<string, unknown>"),
        ({"title": "Anything"}, "unknown"),
    ],
)  # fmt: skip
def test_each_word_of_a_schema_is_translated(schema: dict[str, Any], type_: str) -> None:
    assert _written(One=schema) == f"export type One = {type_};\n"


def test_what_may_be_left_out_is_marked_and_what_is_said_of_it_stays() -> None:
    properties = {"id": {"type": "string", "description": "An id."}, "a-b": {"type": "null"}}
    assert _written(One={"type": "object", "properties": properties, "required": ["id"]}) == (
        'export interface One {\n  /** An id. */\n  id: string;\n  "a-b"?: null;\n}\n'
    )


def test_what_nobody_translates_is_an_error() -> None:
    with pytest.raises(ValueError, match="not translated"):
        _written(One={"allOf": []})
