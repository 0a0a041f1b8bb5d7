"""House rules that only counting can hold: files and functions stay small."""

from __future__ import annotations

import ast
import statistics
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[2]
MOST_FILE_LINES, MOST_FUNCTION_LINES, MEDIAN_FUNCTION_LINES = 400, 50, 12
TREES = {
    path: ast.parse(path.read_text())
    for path in sorted((ROOT / "agent").rglob("*.py"))
    if "node_modules" not in path.parts
}

LONG_FILES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions() -> dict[str, int]:
    """`file:function:line` -> lines, from `def` to its end, the docstring left out."""
    found = {}
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                first = node.body[0]
                text = (first.end_lineno or 0) - first.lineno + 1 if ast.get_docstring(node) else 0
                found[f"{name_of(path)}:{node.name}:{node.lineno}"] = (node.end_lineno or 0) - node.lineno + 1 - text
    return found


def test_files_are_short() -> None:
    long = {name_of(path): len(path.read_text().splitlines()) for path in TREES}
    assert {name: lines for name, lines in long.items() if lines > MOST_FILE_LINES and name not in LONG_FILES} == {}


def test_functions_are_short() -> None:
    long = {name: lines for name, lines in functions().items() if lines > MOST_FUNCTION_LINES}
    assert {name: lines for name, lines in long.items() if name.rpartition(":")[0] not in LONG_FUNCTIONS} == {}


def test_most_functions_are_very_short() -> None:
    assert statistics.median(functions().values()) <= MEDIAN_FUNCTION_LINES


def test_what_is_no_longer_an_exception_is_removed_from_the_list() -> None:
    assert [name for name in LONG_FILES if len((ROOT / name).read_text().splitlines()) <= MOST_FILE_LINES] == []
    long = {name.rpartition(":")[0] for name, lines in functions().items() if lines > MOST_FUNCTION_LINES}
    assert set(LONG_FUNCTIONS) - long == set()


def test_every_module_says_what_it_owns() -> None:
    assert [name_of(path) for path, tree in TREES.items() if not ast.get_docstring(tree)] == []


def test_there_is_no_room_for_leftovers() -> None:
    names = {"util", "utils", "common", "const", "consts", "helpers", "misc"}
    assert [name_of(path) for path in TREES if names & {path.stem, *path.relative_to(ROOT).parts}] == []


def test_every_bench_can_be_started() -> None:
    """They are not checked for types and not run with the tests: at least what they use must be there."""
    assert import_module("tests.bench.__main__")
