"""Every route of the OpenAPI page has an example of what it takes and of what it answers, and each of them is true."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from agent.central.api.build import make_routes
from agent.central.api.examples import examples_of, people, uncovered
from agent.central.api.pages import api_page
from agent.central.store.audit import _fits, _line_hash
from agent.core.clock import parse_rfc3339

DOCUMENT = make_routes().openapi()


class Part(NamedTuple):
    """A body or an answer of a route, in one type."""

    where: str
    kind: str
    content: dict[str, Any]


def _parts() -> Iterator[Part]:
    for path, operations in DOCUMENT["paths"].items():
        for method, operation in operations.items():
            told = [("body", operation.get("requestBody", {})), *operation["responses"].items()]
            for name, one in told:
                for kind, content in one.get("content", {}).items():
                    if content["schema"].get("format") != "binary":  # a picture or a film is its own example
                        yield Part(f"{method.upper()} {path} {name}", kind, content)


def _models(base: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """All that carry an example."""
    for one in base.__subclasses__():
        yield from _models(one)
        if one.__module__.startswith("agent.central.api") and one.model_config.get("json_schema_extra"):
            yield one


PARTS, MODELS = list(_parts()), sorted(set(_models(BaseModel)), key=lambda one: one.__name__)


def test_there_are_as_many_as_the_product_has_routes() -> None:
    assert len({part.where.rpartition(" ")[0] for part in PARTS}) > 85


@pytest.mark.parametrize("part", PARTS, ids=lambda part: f"{part.where} {part.kind}")
def test_each_body_and_each_answer_has_an_example_that_fits_its_schema(part: Part) -> None:
    examples = examples_of(DOCUMENT, part.content)
    assert examples, "no example"
    schema = {**part.content["schema"], "components": DOCUMENT["components"]}
    for one in examples:
        Draft202012Validator(schema).validate(one)


@pytest.mark.parametrize("model", MODELS, ids=lambda one: one.__name__)
def test_each_example_is_what_its_model_would_say(model: Any) -> None:
    """No key that is not there, none left out of an answer, and every value in the form in which it is written."""
    for one in uncovered(model.model_config["json_schema_extra"]["examples"]):
        read = model.model_validate(one)
        assert read.model_dump(mode="json", by_alias=True, include=None if _is_answer(model) else set(one)) == one


def _is_answer(model: Any) -> bool:
    return model.model_config.get("extra") != "forbid"


def test_nulls_stay_in_examples() -> None:
    assert DOCUMENT["components"]["schemas"]["ClipOut"]["examples"][0]["url"] is None
    ready = DOCUMENT["paths"]["/api/v1/previews"]["post"]["responses"]["200"]["content"]["application/json"]["example"]
    assert ready["event"] is None
    assert ready["url"].startswith("/api/v1/media/")


def test_each_error_has_the_one_shape_says_when_it_comes_and_shows_itself() -> None:
    errors = [part for part in PARTS if part.where.rpartition(" ")[2][:1] in "45"]
    assert len(errors) > 400
    for part in errors:
        assert (part.kind, part.content["schema"]) == ("application/json", {"$ref": "#/components/schemas/ErrorOut"})
    for path, operations in DOCUMENT["paths"].items():
        for method, operation in operations.items():
            said = {status: answer["description"] for status, answer in operation["responses"].items()}
            refusals = {status: text for status, text in said.items() if status[0] in "45"}
            assert refusals.keys() >= {"401", "403", "413", "422", "503"}, f"{method} {path}"
            assert all(len(text) > 5 for text in refusals.values()), f"{method} {path}: {refusals}"


def test_the_line_of_the_audit_log_verifies() -> None:
    line = people.AUDIT_LINE
    row = {**line, "origin": line["from"], "time_ns": parse_rfc3339(line["time"])}
    assert _fits(row)
    assert _line_hash("0" * 64, row) == line["hash"] == people.VERDICT["head"]


def test_files_are_shown_as_they_are_written() -> None:
    shown = DOCUMENT["paths"]["/api/v1/exports/tracks"]["get"]["responses"]["200"]["content"]
    head, row = shown["text/csv"]["example"].splitlines()
    assert len(head.split(",")) == len(row.split(","))
    assert json.loads(shown["application/x-ndjson"]["example"])["likeness"] is None
    assert shown["application/geo+json"]["example"]["complete"] is True


def test_the_page_for_people_shows_them() -> None:
    page = bytes(api_page(make_routes()).body).decode()
    names = [part.where.rpartition(" ")[2] for part in PARTS]
    assert page.count("<summary>Body") == names.count("body") > 20
    assert page.count("<summary>Answer") == len([name for name in names if name < "300"]) > 70
    assert "&quot;quality&quot;: &quot;previews&quot;" in page
