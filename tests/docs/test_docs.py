"""The documentation says everything and nothing that is not so."""

from __future__ import annotations

import importlib.util
import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, UnionType
from typing import Any, Union, get_args, get_origin

import jsonschema
import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from agent.central.api.build import make_routes
from agent.cli import build_parser
from agent.config.central import CentralConfig
from agent.config.gateway import GatewayConfig
from agent.wire import messages as wire
from agent.wire.topics import GatewayTopics

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
CONFIGURE = (DOCS / "guide/configure.md").read_text()
MESSAGES = (DOCS / "reference/messages.md").read_text()
CLI = (DOCS / "reference/cli.md").read_text()


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_reference", DOCS / "make_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def models_in(annotation: Any) -> Iterator[tuple[type[BaseModel], bool]]:
    """The models inside an annotation, and whether they come as a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, False
    for inner in get_args(annotation):
        many = get_origin(annotation) not in {Union, UnionType}
        yield from ((model, many or deeper) for model, deeper in models_in(inner))


def default_of(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None or value == ():
        return "none"
    if value == "":
        return "empty"
    if isinstance(value, BaseModel | dict):
        return "a table"
    if isinstance(value, tuple):
        return f"`{json.dumps(value)}`"
    text = str(value).lower() if isinstance(value, bool) else str(getattr(value, "value", value))
    return f"`{text.removesuffix('.0')}`"


def expected(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, str, str]]:
    """(section, key, default) of every key below `model`, sections titled as a TOML file writes them."""
    for key, field in model.model_fields.items():
        inner = list(models_in(field.annotation))
        if path:
            yield path, field.alias or key, default_of(field)
        for child, many in inner:
            name = f"{path.strip('[]')}.{key}" if path else key
            yield from expected(child, f"[[{name}]]" if many else f"[{name}]")


def documented(part: str) -> set[tuple[str, str, str]]:
    found = set()
    for section in re.split(r"^### ", part, flags=re.MULTILINE)[1:]:
        title = section.splitlines()[0]
        for key, default, meaning in re.findall(r"^\| `(\w+)` \| (.+?) \| (.+) \|$", section, re.MULTILINE):
            assert meaning.strip().endswith("."), f"{title} {key} has no sentence"
            found.add((title, key, default))
    return found


@pytest.mark.parametrize(
    ("model", "part"),
    [(GatewayConfig, "## The gateway's file"), (CentralConfig, "## The centre's file")],
)
def test_every_config_key_is_explained_with_its_default(model: type[BaseModel], part: str) -> None:
    text = CONFIGURE.partition(part)[2]
    text = re.split(r"^## ", text, maxsplit=1, flags=re.MULTILINE)[0]
    assert documented(text) == set(expected(model))


@pytest.mark.parametrize("page", ["messages", "cli", "models"])
def test_reference_pages_are_as_the_code_makes_them(maker: ModuleType, page: str) -> None:
    made = getattr(maker, f"{page}_page")()
    assert (DOCS / f"reference/{page}.md").read_text() == made, "run: python docs/make_reference.py"


def test_every_message_is_described_with_an_example_that_fits_its_schema(maker: ModuleType) -> None:
    sections = {part.partition("\n")[0]: part for part in re.split(r"^## ", MESSAGES, flags=re.MULTILINE)}
    for model in wire.ALL:
        (example,) = re.findall(r"```json\n(.*?)```", sections[model.__name__], re.DOTALL)
        jsonschema.validate(json.loads(example), model.model_json_schema(by_alias=True))
        assert wire.decode(model, example.encode()) == maker.EXAMPLES[model.__name__]
        for key, field in model.model_fields.items():
            assert f"| `{field.alias or key}` |" in sections[model.__name__]


def test_every_topic_is_in_the_table() -> None:
    topics = GatewayTopics("site", "gateway")
    leaves = {value for name, value in vars(topics).items() if name != "root"}
    names = {
        "camera": "<cam>",
        "media": "<id>",
        "lease": "<lease>",
        "command": "<id>",
        "verb": "<verb>",
        "kind": "<class>",
    }
    for name, method in inspect.getmembers(topics, inspect.ismethod):
        if name.startswith("_"):
            continue
        wanted = [parameter for parameter in inspect.signature(method).parameters if parameter != "leaf"]
        values = {key: "<n>" if key == "number" else names[key] for key in wanted}
        camera = [{"leaf": leaf} for leaf in ("info", "state", "event", "track", "recording", "frame")]
        leaves |= {method(**values, **more) for more in (camera if name == "camera" else [{}])}
    table = MESSAGES.partition("## Topics")[2].partition("\n## ")[0]
    for leaf in leaves:
        short = (
            leaf.removeprefix(topics.root + "/").replace("command/+", "command/<verb>").replace("ack/+", "ack/<class>")
        )
        assert f"`{short}`" in table or f"`/{short.rpartition('/')[2]}`" in table, short


def test_every_verb_has_its_section_and_its_arguments(maker: ModuleType) -> None:
    for name, text, verb in maker.verbs(build_parser()):
        section = CLI.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        assert section, name
        assert text, f"{name} has no help"
        for action in verb._actions:
            for option in action.option_strings:
                assert option in {"-h", "--help"} or option in section, f"{name} {option}"


def test_every_example_of_the_command_is_understood(maker: ModuleType) -> None:
    for name, example in maker.VERB_EXAMPLES.items():
        program, *words = example.split()
        assert program == "lamppost"
        assert " ".join(words).startswith(name)
        build_parser().parse_args(words)


PAGES = sorted([*DOCS.rglob("*.md"), ROOT / "README.md"])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        aim = (page.parent / path).resolve() if path else page
        assert aim.exists(), target
        assert aim.is_relative_to(ROOT), f"{target} leaves the repository"
        if anchor:
            titles = re.findall(r"^#+ (.+)$", aim.read_text(), re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
            assert anchor in slugs, target


def test_every_page_is_reached_from_the_index() -> None:
    index = (DOCS / "README.md").read_text()
    for page in DOCS.rglob("*.md"):
        assert page.name == "README.md" or f"({page.relative_to(DOCS)})" in index, page.name


def _says(schema: dict[str, Any]) -> bool:
    """Has it an example, or can it be only so much?"""
    known = {"example", "examples", "enum", "const"} & set(schema) or schema.get("type") in {"boolean", "null"}
    return bool(known) or any(_says(one) for one in schema.get("anyOf", []) if one.get("type") != "null")


def test_every_route_of_the_api_says_what_it_does_and_what_it_takes() -> None:
    document = make_routes().openapi()
    schemas = document["components"]["schemas"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation.get("description"), f"{method} {path} has no docstring"
            assert operation.get("tags"), f"{method} {path} has no tag"
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            fields = schemas[body["$ref"].rpartition("/")[2]]["properties"] if "$ref" in body else {}
            assert [name for name, field in fields.items() if not _says(field)] == [], f"{method} {path}: examples"
