"""What others add to Lamppost: found by entry point, run behind a guard that switches each off at its first error."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")
MOST_TEXT = 160


class Plugins:
    """All plug-ins of one entry point group, each under the name its package gave it. Shared by all cameras.

    One that cannot be loaded, or raises, is off until the next start; `notes` says so, one line each, for health.
    """

    def __init__(self, group: str, points: Iterable[EntryPoint] | None = None) -> None:
        """Load what is installed (or `points`, in tests). Of two with the same name the first is taken."""
        self._group = group
        self._made: dict[str, Callable[..., Any]] = {}
        self._off: set[str] = set()
        self.notes: list[str] = []
        for point in sorted(entry_points(group=group) if points is None else points, key=lambda p: (p.name, p.value)):
            self._load(point)

    @property
    def names(self) -> tuple[str, ...]:
        """Those that are on."""
        return tuple(name for name in self._made if name not in self._off)

    def get(self, name: str) -> Callable[..., Any]:
        """What the entry point `name` names; call it through `run`."""
        return self._made[name]

    def run(self, name: str, work: Callable[[], T]) -> T | None:
        """What `work` gives; None when the plug-in `name` is off, or goes off now because `work` raised."""
        if name in self._off:
            return None
        try:
            return work()
        except Exception as error:  # a border: foreign code that we call blindly
            self.switch_off(name, f"{type(error).__name__}: {error}")
            log.warning("plug-in %s of %s raised", name, self._group, exc_info=error)
            return None

    def switch_off(self, name: str, why: str) -> None:
        """Do without it from now on."""
        self._off.add(name)
        self._note(name, f"is off until the next start: {why}")

    def _load(self, point: EntryPoint) -> None:
        if point.name in self._made:
            self._note(point.name, f"exists twice; {point.value} is left out")
            return
        try:
            made = point.load()
        except Exception as error:  # noqa: BLE001 - a border: importing it runs foreign code
            self._note(point.name, f"cannot be loaded: {type(error).__name__}: {error}")
            return
        if callable(made):
            self._made[point.name] = made
        else:
            self._note(point.name, f"cannot be loaded: {point.value} cannot be called")

    def _note(self, name: str, text: str) -> None:
        line = f"plug-in {name} ({self._group}) {' '.join(text.split())[:MOST_TEXT]}"
        if line not in self.notes:
            self.notes.append(line)
