"""Writes the API's types for the viewer (agent/central/web/src/api/schema.d.ts) from the centre's OpenAPI page.

The file is kept beside the sources, so that the viewer is built without the centre's Python; a test says when it is
stale. The generators that npm has need the programming interface of an older TypeScript than the one that builds the
viewer, and our page uses few of JSON Schema's words: each is translated here, and an unknown one is an error.
"""  # noqa: INP001  see build_viewer.py

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parent.parent / "agent/central/web/src/api/schema.d.ts"
_HEAD = """/** What the API says and takes: written by packaging/api_types.py (`make api-types`), never by hand. */

"""
_PLAIN = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")

Schema = Mapping[str, Any]


def typescript(document: Schema) -> str:
    """The named types of an OpenAPI document, sorted by name.

    Raises:
        ValueError: a schema says something that is not translated.
    """
    return _HEAD + "\n".join(_named(name, one) for name, one in sorted(document["components"]["schemas"].items()))


def _named(name: str, schema: Schema) -> str:
    if schema.get("type") == "object" and "properties" in schema:
        return f"{_comment(schema, '')}export interface {name} {_object(schema)}\n"
    return f"{_comment(schema, '')}export type {name} = {_type(schema)};\n"


def _comment(schema: Schema, indent: str) -> str:
    text = " ".join(str(schema.get("description", "")).split()).replace("*/", "* /")
    return f"{indent}/** {text} */\n" if text else ""


def _object(schema: Schema, indent: str = "") -> str:
    required = set(schema.get("required", ()))
    lines = []
    for name, value in schema["properties"].items():
        key = name if _IDENTIFIER.fullmatch(name) else json.dumps(name)
        mark = "" if name in required else "?"
        lines.append(f"{_comment(value, indent + '  ')}{indent}  {key}{mark}: {_type(value, indent + '  ')};\n")
    return f"{{\n{''.join(lines)}{indent}}}"


def _type(schema: Schema, indent: str = "") -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    if values is not None:
        return " | ".join(json.dumps(value) for value in values)
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_type(one, indent) for one in schema["anyOf"]))
    return _typed(schema, indent)


def _typed(schema: Schema, indent: str) -> str:
    kind = schema.get("type")
    if kind == "array":
        return _array(schema, indent)
    if kind == "object":
        return _object(schema, indent) if "properties" in schema else _mapping(schema, indent)
    if kind in _PLAIN:
        return _PLAIN[kind]
    if {*schema} <= {"title", "description", "default", "examples"}:
        return "unknown"
    raise ValueError(f"a schema that is not translated: {json.dumps(schema)[:200]}")


def _array(schema: Schema, indent: str) -> str:
    if "prefixItems" in schema:
        return f"[{', '.join(_type(one, indent) for one in schema['prefixItems'])}]"
    item = _type(schema["items"], indent) if schema.get("items") else "unknown"
    least, most = schema.get("minItems"), schema.get("maxItems")
    if least is not None and least == most and least <= 4:  # a pair, a box; not a field of cells
        return f"[{', '.join([item] * least)}]"
    return f"({item})[]" if " " in item and not item.startswith(("{", "[")) else f"{item}[]"


def _mapping(schema: Schema, indent: str) -> str:
    more = schema.get("additionalProperties")
    return f"Record<string, {_type(more, indent) if isinstance(more, Mapping) and more else 'unknown'}>"


def main() -> int:
    """Write the file from the app of this checkout."""
    sys.path.insert(0, str(TARGET.parents[5]))
    from agent.central.api.build import make_routes  # noqa: PLC0415  the test brings its own document

    TARGET.write_text(typescript(make_routes().openapi()))
    sys.stdout.write(f"{TARGET.name}: written\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
