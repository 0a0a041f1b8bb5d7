"""The grid of results in Chromium, over a centre of its own whose tracks are known one by one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from agent.core.clock import NS, rfc3339
from tests.central.helpers import FakeGateway, running, track, wait_for
from tests.fixtures.rig import wait_until
from tests.web import pages

pytestmark = pytest.mark.timeout(180)

PAGES_OF = 120
"""So many results the viewer asks for at once."""
ZONE = ZoneInfo("Europe/Berlin")  # of the browser of tests
_BOXES = """(cards) => cards.map((card) => card.getBoundingClientRect())
    .map(({ x, y, right, bottom }) => [x, y, right, bottom])"""


class Street:
    """A gateway that tells of tracks, the newest last."""

    def __init__(self, gateway: FakeGateway) -> None:
        self._gateway, self._seq = gateway, 0
        self.first_ns = time.time_ns() - 3600 * NS
        self.told: list[str] = []

    def pass_by(self, count: int) -> None:
        """So many people, a second after each other; back when the centre has them."""
        for _ in range(count):
            self._seq += 1
            start = rfc3339(self.first_ns + self._seq * NS)
            key = f"track-{self._seq:04}"
            self._gateway.envelope("track", self._seq, track(key, final=True, start=start, end=start))
            self.told.append(key)
        wait_for(lambda: self._seq in self._gateway.acked("track"))

    @property
    def newest_first(self) -> list[str]:
        """As a list by time has them."""
        return self.told[::-1]


@contextmanager
def searching(chromium: Browser, data: Path, *, count: int) -> Iterator[tuple[Page, Street]]:
    """The search page over so many tracks."""
    with running(data / "centre") as centre, FakeGateway(centre) as gateway:
        gateway.hello()
        street = Street(gateway)
        street.pass_by(count)
        assert centre.sign_in_url is not None
        with pages.visit(chromium, centre.sign_in_url) as page:
            pages.open_search(page)
            yield page, street


def _all_of_them(page: Page) -> list[str]:
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


def test_a_list_that_is_begun_anew_goes_on_from_its_own_end(chromium: Browser, tmp_path: Path) -> None:
    with searching(chromium, tmp_path, count=2 * PAGES_OF + 30) as (page, street):
        page.mouse.move(900, 500)
        assert _all_of_them(page) == street.newest_first
        street.pass_by(2)
        again = page.get_by_test_id("search-again")
        expect(again).to_contain_text("2 new")
        assert page.evaluate("window.scrollY") > 1000, "what came must not move the page"
        again.click()
        assert page.evaluate("window.scrollY") == 0
        assert _all_of_them(page) == street.newest_first


def test_a_list_in_which_nothing_is_new_goes_on_from_its_own_end(chromium: Browser, tmp_path: Path) -> None:
    with searching(chromium, tmp_path, count=2 * PAGES_OF + 30) as (page, street):
        page.mouse.move(900, 500)
        with page.expect_response(lambda answer: "/api/v1/tracks?" in answer.url and "facets" not in answer.url):
            pass  # it looks by itself whether there is more by now
        page.wait_for_timeout(100)
        page.get_by_test_id("search-again").click()
        assert _all_of_them(page) == street.newest_first


def _rows(page: Page) -> list[list[float]]:
    return list(page.get_by_test_id("track-card").evaluate_all(_BOXES))


def _apart(boxes: list[list[float]]) -> bool:
    """No card lies on another."""
    return all(
        a is b or a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
        for a in boxes for b in boxes
    )  # fmt: skip


def test_cards_make_room_for_text_that_is_made_larger(chromium: Browser, tmp_path: Path) -> None:
    with searching(chromium, tmp_path, count=PAGES_OF) as (page, street):
        usual = _rows(page)
        assert _apart(usual)
        page.evaluate("document.documentElement.style.fontSize = '28px'")
        wait_until(lambda: _height(_rows(page)) > 1.5 * _height(usual), 10, "cards grow")
        wait_until(lambda: _apart(_rows(page)), 10, "no card lies on another")
        page.mouse.move(900, 500)
        assert _all_of_them(page) == street.newest_first
        frame = page.locator(".shots-frame").evaluate("(frame) => frame.getBoundingClientRect().bottom")
        assert abs(frame - max(bottom for *_, bottom in _rows(page))) < 2, "the grid ends with its last row"


def _height(boxes: list[list[float]]) -> float:
    return boxes[0][3] - boxes[0][1]


def test_a_card_says_yesterday_once_midnight_is_past(chromium: Browser, tmp_path: Path) -> None:
    with searching(chromium, tmp_path, count=3) as (page, street):
        began = datetime.fromtimestamp(street.first_ns / NS, UTC).astimezone(ZONE)
        midnight = began.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        page.clock.install(time=midnight - timedelta(seconds=20))
        page.reload()
        newest = page.get_by_test_id("track-card").first
        expect(newest).to_contain_text("person", ignore_case=True)
        expect(newest).not_to_contain_text("esterday")
        page.clock.fast_forward(60_000)
        expect(newest).to_contain_text("Yesterday")
