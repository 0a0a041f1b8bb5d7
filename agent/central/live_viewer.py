"""One person who watches one camera: a bounded queue that skips to the next keyframe instead of growing."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from agent.core.clock import rfc3339
from agent.wire.live import LivePiece

_MOST_BYTES = 8 << 20
_MOST_ITEMS = 600


class Viewer:
    """Filled by the hub's threads, emptied by the web's loop, which `wake` rouses."""

    def __init__(self, wake: Callable[[], None], *, boxes: bool) -> None:
        self.boxes = boxes
        self._wake = wake
        self._lock = threading.Lock()
        self._items: deque[str | bytes] = deque()
        self._bytes = 0
        self._skipping = True  # until the first keyframe
        self._state = ""
        self.dropped = 0
        self.closed: tuple[str, str] | None = None

    def say(self, kind: str, **more: Any) -> None:
        """A small text message."""
        self._put(json.dumps({"type": kind, **more}))

    def show_boxes(self, time: str, boxes: list[dict[str, Any]]) -> None:
        """What stands in the picture now; a viewer who does not keep up goes without."""
        if self.boxes and len(self._items) < _MOST_ITEMS:
            self.say("boxes", time=time, boxes=boxes)

    def state(self, state: str) -> None:
        """Say how it is going, when that has changed."""
        if state != self._state:
            self._state = state
            self.say("state", state=state)

    def sent(self, stream: str, keys: bool) -> None:
        """Which stream comes, and whether only its keyframes, where that is not what was asked for."""
        self.say("sent", stream=stream, keys=keys)

    def init(self, piece: LivePiece) -> None:
        """A new stream begins: what waits of the old one is of no use."""
        with self._lock:
            self._items = deque(item for item in self._items if isinstance(item, str) and not _is_of_a_stream(item))
            self._bytes = 0
            self._skipping = True
        self.say("init", mime=piece.mime)
        self._put(piece.data)

    def media(self, piece: LivePiece) -> None:
        """A piece; when the viewer is too slow, everything up to the next keyframe goes."""
        if self._skipping and not piece.key:
            return
        if self._bytes + len(piece.data) > _MOST_BYTES or len(self._items) >= _MOST_ITEMS:
            self._fall_behind()
            if not piece.key:
                return
        self._skipping = False
        if piece.key:
            self.say("key", time=rfc3339(piece.wall_ns), number=piece.number)
        self._put(piece.data)

    def gap(self) -> None:
        """The stream has a hole: nothing can be decoded before the next keyframe."""
        if not self._skipping:
            self._skipping = True
            self.say("gap")

    def _fall_behind(self) -> None:
        """Drop the media that wait; what says how to read the stream stays."""
        with self._lock:
            kept = _without_media(self._items)
            self.dropped += len(self._items) - len(kept)
            self._items = kept
            self._bytes = sum(len(item) for item in kept if isinstance(item, bytes))
        self._skipping = False
        self.gap()

    def end(self, code: str, message: str) -> None:
        """The hub gives up on this camera: say why, then close."""
        self.say("error", code=code, message=message)
        self.closed = (code, message)
        self._wake()

    def take(self) -> list[str | bytes]:
        """What waits, in order."""
        with self._lock:
            items, self._items, self._bytes = list(self._items), deque(), 0
        return items

    def _put(self, item: str | bytes) -> None:
        with self._lock:
            self._items.append(item)
            if isinstance(item, bytes):
                self._bytes += len(item)
        self._wake()


def _is_of_a_stream(text: str) -> bool:
    return text.startswith(('{"type": "init"', '{"type": "key"'))


def _without_media(items: deque[str | bytes]) -> deque[str | bytes]:
    """Texts but `key`, and the binary that follows an `init`."""
    kept: deque[str | bytes] = deque()
    after_init = False
    for item in items:
        if isinstance(item, str):
            after_init = item.startswith('{"type": "init"')
            if not item.startswith(('{"type": "key"', '{"type": "gap"')):
                kept.append(item)
        elif after_init:
            kept.append(item)
            after_init = False
    return kept
