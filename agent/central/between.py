"""What the centre's processes say to each other, over the broker and out of the gateways' reach.

| topic | content |
|---|---|
| `lamppost/centre/news/<process>` | what has changed, some at a time: JSON of `Bulletin` |
| `lamppost/centre/media/<process>/<site>/<gateway>/...` | of a gateway's medium, for the process that takes its media |
| `lamppost/centre/cancel/<site>/<gateway>/<media>` | nobody wants that medium any more |
"""

from __future__ import annotations

import json
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent.central.media_intake import Progress
from agent.central.news import LAGGING, Item, News
from agent.core.stop import StopToken
from agent.wire.topics import Address

log = logging.getLogger(__name__)

CENTRE = "lamppost/centre"
_EVERY_S = 0.1
_AT_ONCE, _MOST_WAITING = 500, 20_000
_MOST_BYTES = 256 << 10
_MOST_KNOWN = 4096


class Bulletin(BaseModel):
    """`progress` is of the media among `items`; `lagging`: some were lost before these."""

    model_config = ConfigDict(extra="ignore")

    items: list[tuple[str, list[str]]] = Field(max_length=_AT_ONCE)
    progress: dict[str, Progress] = Field(default_factory=dict, max_length=_AT_ONCE)
    lagging: bool = False


class Sender(Protocol):
    """The link's `publish`."""

    def __call__(self, topic: str, payload: bytes) -> bool:
        """False: not taken."""


class SharedNews(News):
    """News that every process hears: what is told here goes out, too, a worker's turn later and each thing once.

    `progress` tells how much of a medium has come; what others say of theirs is answered by `progress_of`.
    """

    name = "news"

    def __init__(self, me: str, publish: Sender, progress: Callable[[str], Progress | None] = lambda _: None) -> None:
        super().__init__()
        self._topic, self._publish, self._progress = f"{CENTRE}/news/{me}", publish, progress
        self._guard = threading.Lock()
        self._waiting: dict[Item, None] = {}
        self._missed = False
        self._known: OrderedDict[str, Progress] = OrderedDict()

    def tell(self, *items: Item) -> None:
        """See `News.tell`; also to the other processes."""
        super().tell(*items)
        with self._guard:
            for item in items:
                if item.kind == "centre":  # how this process is: the others are not
                    continue
                if len(self._waiting) < _MOST_WAITING:
                    self._waiting[item] = None
                else:
                    self._missed = True

    def came_up(self) -> None:
        """The link is back: what others said meanwhile is lost."""
        super().tell(LAGGING)

    def went_down(self) -> None:
        """What was on its way to the broker may be lost."""
        self._missed = True

    def hear(self, topic: str, payload: bytes) -> None:
        """What another process told; what is no bulletin is left out."""
        if topic == self._topic or len(payload) > _MOST_BYTES:
            return
        try:
            told = Bulletin.model_validate_json(payload)
        except ValidationError as error:
            log.warning("no news, on %s: %s", topic, error.errors()[0]["msg"])
            return
        for media, progress in told.progress.items():
            self._know(media, progress)
        super().tell(*([LAGGING] if told.lagging else []), *(Item(kind, tuple(key)) for kind, key in told.items))

    def progress_of(self, media: str) -> Progress | None:
        """How much of a medium has come at whatever process takes it, as far as it said so."""
        with self._guard:
            return self._known.get(media)

    def run(self, stop: StopToken) -> None:
        """Send what waits, until `stop`."""
        while not stop.wait(_EVERY_S):
            self.send()

    def send(self) -> None:
        """What waits, as far as the link takes it."""
        while True:
            with self._guard:
                items, missed = list(self._waiting)[:_AT_ONCE], self._missed
                for item in items:
                    del self._waiting[item]
                self._missed = False
            if not items and not missed:
                return
            if not self._publish(self._topic, self._written(items, lagging=missed)):
                self._take_back(items, missed=missed)
                return

    def _take_back(self, items: list[Item], *, missed: bool) -> None:
        with self._guard:
            self._waiting = dict.fromkeys(items) | self._waiting
            self._missed = self._missed or missed

    def _written(self, items: list[Item], *, lagging: bool) -> bytes:
        media = {item.key[0] for item in items if item.kind == "media"}
        progress = {one: found for one in media if (found := self._progress(one)) is not None}
        document = {"items": items, "progress": progress, "lagging": lagging}
        return json.dumps(document, separators=(",", ":")).encode()

    def _know(self, media: str, progress: Progress) -> None:
        with self._guard:
            self._known[media] = progress
            self._known.move_to_end(media)
            while len(self._known) > _MOST_KNOWN:
                self._known.popitem(last=False)


class MediaRoute:
    """Brings all that a gateway says of its media to one process, whichever the broker handed it to.

    A medium comes in many messages, and a shared subscription deals them out.
    """

    def __init__(
        self, me: str, owner: Callable[[str, str], str], publish: Sender, fits: Callable[[str, bytes], bool]
    ) -> None:
        self._me, self._owner, self._publish, self._fits = me, owner, publish, fits

    def take(self, mine: Callable[[Address, bytes], bool], address: Address, payload: bytes) -> bool:
        """From a gateway, for us (`mine` takes it) or another; False: offer it again."""
        owner = self._owner(address.site, address.gateway)
        if owner == self._me:
            return mine(address, payload)
        topic = "/".join((CENTRE, "media", owner, address.site, address.gateway, *address.path))
        # what does not fit now never will; its gateway announces it again
        return self._publish(topic, payload) or not self._fits(topic, payload)
