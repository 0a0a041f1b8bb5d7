"""Plug-ins: loaded by entry point, off at their first error, and nobody else suffers."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from types import ModuleType
from typing import Any

import pytest

from agent.core.plugins import Plugins

GROUP = "lamppost.tests"


@pytest.fixture
def points(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes entry points: name -> object in a module of that moment."""
    module: Any = ModuleType("made_plugins")
    monkeypatch.setitem(sys.modules, "made_plugins", module)

    def make(**named: Any) -> list[EntryPoint]:
        for name, value in named.items():
            setattr(module, name, value)
        return [EntryPoint(name, f"made_plugins:{name}", GROUP) for name in named]

    return make


def test_what_is_named_can_be_called(points: Any) -> None:
    plugins = Plugins(GROUP, points(one=lambda: 1, two=lambda: 2))
    assert plugins.names == ("one", "two")
    assert plugins.run("two", plugins.get("two")) == 2
    assert plugins.notes == []


def test_one_that_raises_is_off_and_said_once_and_the_other_goes_on(points: Any) -> None:
    def bad() -> None:
        raise ValueError("no\nhat")

    plugins = Plugins(GROUP, points(bad=bad, good=lambda: 3))
    for _ in range(3):
        assert plugins.run("bad", plugins.get("bad")) is None
        assert plugins.run("good", plugins.get("good")) == 3
    assert plugins.names == ("good",)
    assert plugins.notes == ["plug-in bad (lamppost.tests) is off until the next start: ValueError: no hat"]


def test_what_cannot_be_loaded_or_called_is_named(points: Any) -> None:
    absent = EntryPoint("absent", "no_such_module_here:Thing", GROUP)
    plugins = Plugins(GROUP, [*points(number=7, good=str), absent])
    assert plugins.names == ("good",)
    assert [note.split(": ")[0] for note in plugins.notes] == [
        "plug-in absent (lamppost.tests) cannot be loaded",
        "plug-in number (lamppost.tests) cannot be loaded",
    ]


def test_of_two_with_one_name_the_first_stays(points: Any) -> None:
    twice = [*points(one=lambda: 1), EntryPoint("one", "made_plugins:two", GROUP)]
    plugins = Plugins(GROUP, twice)
    assert plugins.run("one", plugins.get("one")) == 1
    assert plugins.notes == ["plug-in one (lamppost.tests) exists twice; made_plugins:two is left out"]


def test_a_long_error_is_cut(points: Any) -> None:
    def bad() -> None:
        raise ValueError("x" * 5000)

    plugins = Plugins(GROUP, points(bad=bad))
    plugins.run("bad", bad)
    assert len(plugins.notes[0]) < 250


def test_nobody_installed_is_nobody() -> None:
    assert Plugins("lamppost.nothing-of-this-name").names == ()
