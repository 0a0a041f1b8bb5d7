"""Hatchling's hook: the viewer is built before it is packed; a tree with current built files needs no Node."""  # noqa: INP001  see build_viewer.py

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


def _beside(name: str) -> ModuleType:
    """Load a module of this folder by its path: the folder is on no import path while hatchling builds."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    if spec is None or spec.loader is None:
        raise ImportError(f"packaging/{name}.py is missing")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


build_viewer = _beside("build_viewer")


class ViewerHook(BuildHookInterface):
    """Runs npm when the viewer's built files are missing or older than their sources."""

    PLUGIN_NAME = "viewer"

    def dependencies(self) -> list[str]:
        """Node, from a Python package, when a build is due and the machine has none that Vite can use."""
        return [build_viewer.NODE_REQUIREMENT] if build_viewer.needs_node_package(self._viewer) else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  hatchling's signature
        """Build, for wheels (editable ones too) and for source distributions."""
        try:
            build_viewer.build(self._viewer)
        except build_viewer.ViewerFailed as error:
            self.app.abort(str(error))

    @property
    def _viewer(self) -> Any:
        return build_viewer.Viewer(Path(self.root))
