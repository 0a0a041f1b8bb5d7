"""A detector that goes on when what runs it fails: the next that can is put in its place, and it is said."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from agent.analyse.detect.port import Detection, Detector, Image
from agent.core.errors import ModelError

Note = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Way:
    """One way to detect: its name, empty when its errors carry it, and how to begin it (ModelError: cannot)."""

    name: str
    begin: Callable[[], Detector]

    def says(self, error: ModelError) -> str:
        """An error of this way as a line."""
        return f"{self.name}: {error}" if self.name else str(error)


class SteadyDetector:
    """Implements `Detector` over several ways, the best first.

    A way that fails, at its beginning or at a picture, is not tried again before the child starts anew; the same
    pictures go to the next. Only the last one is begun afresh, once per failure: what it met may have passed.
    `trouble` is the last thing that went wrong, `gone` why nothing is left; both empty while all is well.
    """

    def __init__(self, ways: Iterable[Way], note: Note) -> None:
        """Begin the first way that works; `note` is told of those that do not.

        Raises:
            ModelError: none works; says why the first one does not.
        """
        self._left, self._tell = list(ways), note
        self.trouble = ""
        self._way, self._now = self._first()
        self.gone = ""

    @property
    def name(self) -> str:
        """See `Detector.name`."""
        return self._now.name

    @property
    def at_once(self) -> int:
        """See `Detector.at_once`."""
        return self._now.at_once

    def detect(self, pictures: Sequence[Image]) -> list[list[Detection]]:
        """See `Detector.detect`."""
        if self.gone:
            raise ModelError(self.gone)
        try:
            return self._now.detect(pictures)
        except ModelError as error:
            return self._elsewhere(pictures, error)

    def _first(self) -> tuple[Way, Detector]:
        failures: list[str] = []
        while self._left:
            way = self._left.pop(0)
            try:
                now = way.begin()
            except ModelError as error:
                failures.append(way.says(error))
                continue
            for failure in failures:
                self._note(f"{failure}; {now.name} is used instead")
            return way, now
        raise ModelError(failures[0] if failures else "nothing here can run it")

    def _note(self, text: str) -> None:
        self.trouble = text
        self._tell(text)

    def _elsewhere(self, pictures: Sequence[Image], error: ModelError) -> list[list[Detection]]:
        """The same pictures by the next way that works."""
        failed, failure = self._way, error
        self._left = self._left or [self._way]
        while self._left:
            way = self._left.pop(0)
            try:
                now = way.begin()
                found = now.detect(pictures)
            except ModelError as again:
                failure = again
                continue
            self._way, self._now = way, now
            self._note(f"{failed.says(error)}; {now.name} {'was begun anew' if way is failed else 'goes on'}")
            return found
        self.gone = f"{failed.says(failure)}; nothing is left that can run it"
        self._note(self.gone)
        raise ModelError(self.gone)
