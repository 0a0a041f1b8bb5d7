"""A centre of its own with tracks that are known one by one: what the search is tried over, without cameras."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page

from agent.core.clock import NS, rfc3339
from tests.central.helpers import FakeGateway, RunningCentre, running, track, wait_for
from tests.web import pages


class Street:
    """A gateway that tells of tracks, the newest last."""

    def __init__(self, gateway: FakeGateway) -> None:
        self.gateway, self._seq = gateway, 0
        self.first_ns = time.time_ns() - 3600 * NS
        self.told: list[str] = []

    def pass_by(self, count: int, **more: Any) -> None:
        """So many people, a second after each other; back when the centre has them."""
        for _ in range(count):
            self._seq += 1
            start = rfc3339(self.first_ns + self._seq * NS)
            key = f"track-{self._seq:04}"
            self.gateway.envelope("track", self._seq, track(key, final=True, start=start, end=start, **more))
            self.told.append(key)
        wait_for(lambda: self._seq in self.gateway.acked("track"))

    @property
    def newest_first(self) -> list[str]:
        """As a list by time has them."""
        return self.told[::-1]


@contextmanager
def restarted(data: Path, before: RunningCentre) -> Iterator[RunningCentre]:
    """The same centre at the same address, as after an update."""
    before.ready.unlink(missing_ok=True)
    centre = RunningCentre(data)
    central = centre.config.central.model_copy(update={"listen": urlsplit(before.url).netloc})
    centre.config = centre.config.model_copy(update={"central": central})
    centre.start()
    try:
        yield centre
    finally:
        centre.end()


@contextmanager
def searching(
    chromium: Browser, data: Path, *, count: int, size: str = "desktop", dark: bool = True, locale: str = "en-GB"
) -> Iterator[tuple[Page, Street]]:
    """The search page over so many tracks."""
    with running(data / "centre") as centre, FakeGateway(centre) as gateway:
        gateway.hello()
        street = Street(gateway)
        street.pass_by(count)
        assert centre.sign_in_url is not None
        with pages.visit(chromium, centre.sign_in_url, size=size, dark=dark, locale=locale) as page:
            pages.open_search(page)
            yield page, street


def all_of_them(page: Page) -> list[str]:
    """Every result in the order of the grid, scrolled through from the top to its end."""
    seen: dict[str, None] = {}
    page.evaluate("window.scrollTo(0, 0)")
    for _ in range(100):
        page.wait_for_timeout(50)
        seen |= dict.fromkeys(pages.found_tracks(page))
        end = page.evaluate("window.scrollY + window.innerHeight >= document.documentElement.scrollHeight - 1")
        if end and not page.evaluate("document.querySelector('[aria-busy=true]')"):
            return list(seen)
        page.mouse.wheel(0, 400)
    raise AssertionError("the grid has no end")
