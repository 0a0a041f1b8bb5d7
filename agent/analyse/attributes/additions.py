"""The plug-ins of one camera: an object of each for every track."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import partial
from typing import Any

from agent.analyse.attributes.port import Sight, TrackAttribute
from agent.analyse.detect.port import Image
from agent.analyse.track.track import Track
from agent.core.plugins import Plugins

GROUP = "lamppost.attributes"
OURS = frozenset(
    {"carries_bag", "bag", "colours", "class", "zones", "moving", "bearing", "speed", "speed_unit", "size_m", "blind_s"}
)
"""Names that messages use themselves."""
MOST_ITEMS, MOST_TEXT = 16, 200
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


class Additions:
    """One per camera; `plugins` is shared by all."""

    def __init__(self, camera: str, plugins: Plugins) -> None:
        self._camera, self._plugins = camera, plugins
        self._tracks: dict[str, dict[str, TrackAttribute]] = {}
        for name in plugins.names:
            if name in OURS or not _NAME.fullmatch(name):
                plugins.switch_off(name, "its name is taken, or is more than small letters, digits and _")

    def look(self, picture: Image, tracks: Sequence[Track], wall_ns: int) -> None:
        """Show each plug-in each of `tracks`, which were just found in `picture`."""
        names = self._plugins.names
        if not names:
            return
        for track in tracks:
            sight = self._sight(picture, track, wall_ns)
            if sight is not None:
                for name in names:
                    self._plugins.run(name, partial(self._show, name, sight))

    def told(self, track: str) -> dict[str, Any]:
        """What the plug-ins say of a track: name -> value."""
        said = {name: self._plugins.run(name, one.value) for name, one in self._tracks.get(track, {}).items()}
        return {name: value for name, value in said.items() if value is not None and self._can_be_sent(name, value)}

    def drop(self, track: str) -> None:
        """It is over."""
        self._tracks.pop(track, None)

    def _show(self, name: str, sight: Sight) -> None:
        self._object(sight.track, name).see(sight)

    def _object(self, track: str, name: str) -> TrackAttribute:
        mine = self._tracks.setdefault(track, {})
        if name not in mine:
            mine[name] = self._plugins.get(name)()
        return mine[name]

    def _sight(self, picture: Image, track: Track, wall_ns: int) -> Sight | None:
        height, width = picture.shape[:2]
        box = track.box.clipped()
        crop = picture[int(box.y1 * height) : int(box.y2 * height), int(box.x1 * width) : int(box.x2 * width)]
        if min(crop.shape) == 0:
            return None
        crop.flags.writeable = False
        return Sight(self._camera, track.id, track.label, track.kind, track.score, wall_ns, box, crop)

    def _can_be_sent(self, name: str, value: Any) -> bool:
        if _plain(value) or _few(value):
            return True
        self._plugins.switch_off(name, f"its value cannot be sent: {value!r:.80}")
        return False


def _plain(value: Any) -> bool:
    match value:
        case bool():
            return True
        case int():
            return abs(value) < 1 << 53
        case float():
            return math.isfinite(value)
        case str():
            return len(value) <= MOST_TEXT and "\x00" not in value and value.isprintable()
    return False


def _few(value: Any) -> bool:
    match value:
        case list() | tuple():
            return len(value) <= MOST_ITEMS and all(map(_plain, value))
        case dict():
            keys = all(isinstance(key, str) and _plain(key) for key in value)
            return len(value) <= MOST_ITEMS and keys and all(map(_plain, value.values()))
    return False
