"""A file beside the catalogue says that it is damaged, and the next start sets it aside.

Whoever meets a damaged page cannot make the catalogue again while others read and write it.
"""

from __future__ import annotations

from pathlib import Path

from agent.core.durable import sync_folder


class Damage:
    """The note about one catalogue."""

    def __init__(self, catalogue: Path) -> None:
        self._catalogue, self._path = catalogue, catalogue.with_name(f"{catalogue.name}.broken")

    @property
    def is_noted(self) -> bool:
        """Was damage met, in this run or one before?"""
        return self._path.exists()

    def note(self) -> None:
        """From now on, whatever happens.

        Raises:
            OSError: the disk does not take it.
        """
        if self._catalogue.exists() and not self.is_noted:  # without the disk nothing is written in its place
            self._path.touch()
            sync_folder(self._path.parent)

    def clear(self) -> None:
        """The catalogue is set aside; that is made to last first."""
        sync_folder(self._path.parent)
        self._path.unlink(missing_ok=True)
