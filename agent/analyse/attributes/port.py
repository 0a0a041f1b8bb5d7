"""What a third party implements to say more of a track: the entry point `lamppost.attributes`.

A package names a class (or a function) without arguments under that entry point; its name there is the key under which
messages carry what it says: `[project.entry-points."lamppost.attributes"]`, `hat = "lamppost_hat:Hat"`. One object is
made for each track. It is called from the thread that analyses, one picture after another, so it must be quick; when it
raises, or says what cannot be sent, the plug-in is off for all cameras until the next start, and health says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from agent.analyse.detect.port import Image
from agent.core.geometry import Box


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """One sight of a track. `crop` is what its box shows: height x width x 3, blue green red.

    It is to be read only and not to be kept: it is a part of the whole picture's memory. `box` is 0..1 of the picture,
    y down.
    """

    camera: str
    track: str
    label: str
    kind: str
    score: float
    wall_ns: int
    box: Box
    crop: Image


class TrackAttribute(Protocol):
    """Watches one track. The same sights must give the same value: times come from the sights alone."""

    def see(self, sight: Sight) -> None:
        """The track was found in a picture that somebody looked at; at most once for each picture."""

    def value(self) -> Any:
        """What is known by now, None for nothing.

        A bool, a number, a text of at most 200 characters, or a list or dictionary of at most 16 of these.
        """
