"""The build of the viewer: when it is due, and with which Node."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_viewer", ROOT / "packaging/build_viewer.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


build_viewer = _load()


@pytest.mark.parametrize(
    ("version", "fits"),
    [
        ("v18.19.0", False), ("v20.18.3", False), ("v20.19.0", True), ("v20.20.2", True), ("v21.7.0", False),
        ("v22.11.0", False), ("v22.12.0\n", True), ("v26.0.1", True), ("", False), ("node", False),
    ],
)  # fmt: skip
def test_only_a_node_that_vite_runs_on_is_used(version: str, fits: bool) -> None:
    assert build_viewer.fits_vite(version) is fits


def _tree(root: Path) -> object:
    viewer = build_viewer.Viewer(root)
    (viewer.web / "src").mkdir(parents=True)
    (viewer.web / "package.json").write_text("{}")
    (viewer.web / "src/main.tsx").write_text("one")
    viewer.static.mkdir()
    return viewer


def _stamp(viewer: object) -> None:
    (viewer.static / "index.html").write_text("built")
    (viewer.static / "sources.sha256").write_text(viewer.fingerprint())


def test_a_build_is_due_until_it_was_made_and_after_each_change_of_a_source(tmp_path: Path) -> None:
    viewer = _tree(tmp_path)
    assert not viewer.is_current()
    _stamp(viewer)
    assert viewer.is_current()
    (viewer.web / "src/main.tsx").write_text("two")
    assert not viewer.is_current()
    _stamp(viewer)
    (viewer.web / "src/main.tsx").rename(viewer.web / "src/other.tsx")
    assert not viewer.is_current()


def test_tests_and_fetched_packages_are_no_sources(tmp_path: Path) -> None:
    viewer = _tree(tmp_path)
    _stamp(viewer)
    for name in ("node_modules/vite/index.js", "test/a.test.ts"):
        (viewer.web / name).parent.mkdir(parents=True)
        (viewer.web / name).write_text("x")
    assert viewer.is_current()


def test_current_files_need_no_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    viewer = _tree(tmp_path)
    assert build_viewer.needs_node_package(viewer)
    _stamp(viewer)
    assert not build_viewer.needs_node_package(viewer)
    assert build_viewer.build(viewer) is False


def test_a_failed_step_is_told_in_one_line_and_leaves_the_build_due(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    _program(tools / "node", "echo v22.12.0")
    _program(tools / "npm", 'test "$1" = ci || { echo "src/cell.ts(3,1): error TS2322: wrong"; exit 1; }')
    monkeypatch.setenv("PATH", str(tools))
    viewer = _tree(tmp_path / "tree")
    with pytest.raises(build_viewer.ViewerFailed) as failed:
        build_viewer.build(viewer)
    assert str(failed.value).startswith("viewer: npm run build failed: src/cell.ts(3,1): error TS2322: wrong; ")
    assert "\n" not in str(failed.value)
    assert not viewer.is_current()


def _program(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)


def test_the_lock_pins_every_package_and_names_no_registry() -> None:
    lock = (ROOT / "agent/central/web/package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert "registry" not in lock
    assert lock.count('"integrity"') > 10
