"""The grid of results in Chromium, over a centre of its own whose tracks are known one by one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, CDPSession, Error, Page, expect

from agent.core.clock import NS
from tests.central.helpers import FakeGateway, running
from tests.fixtures.rig import wait_until
from tests.web import pages
from tests.web.street import Street, all_of_them, restarted, searching

pytestmark = pytest.mark.timeout(180)

PAGES_OF = 120
"""So many results the viewer asks for at once."""
ZONE = ZoneInfo("Europe/Berlin")  # of the browser of tests
_BOXES = """(cards) => cards.map((card) => card.getBoundingClientRect())
    .map(({ x, y, right, bottom }) => [x, y, right, bottom])"""


@pytest.mark.slow
def test_a_list_that_is_begun_anew_goes_on_from_its_own_end(chromium: Browser, tmp_path: Path) -> None:
    with searching(chromium, tmp_path, count=2 * PAGES_OF + 30) as (page, street):
        page.mouse.move(900, 500)
        assert all_of_them(page) == street.newest_first
        street.pass_by(2)
        again = page.get_by_test_id("search-again")
        expect(again).to_contain_text("2 new")
        assert page.evaluate("window.scrollY") > 1000, "what came must not move the page"
        again.click()
        assert page.evaluate("window.scrollY") == 0
        assert all_of_them(page) == street.newest_first


@pytest.mark.slow
def test_a_list_in_which_nothing_is_new_goes_on_from_its_own_end(chromium: Browser, tmp_path: Path) -> None:
    with searching(chromium, tmp_path, count=2 * PAGES_OF + 30) as (page, street):
        page.mouse.move(900, 500)
        with page.expect_response(lambda answer: "/api/v1/tracks?" in answer.url and "facets" not in answer.url):
            pass  # it looks by itself whether there is more by now
        page.wait_for_timeout(100)
        page.get_by_test_id("search-again").click()
        assert all_of_them(page) == street.newest_first


def _rows(page: Page) -> list[list[float]]:
    return list(page.get_by_test_id("track-card").evaluate_all(_BOXES))


def _apart(boxes: list[list[float]]) -> bool:
    """No card lies on another."""
    return all(
        a is b or a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
        for a in boxes for b in boxes
    )  # fmt: skip


@pytest.mark.slow
def test_cards_make_room_for_text_that_is_made_larger(chromium: Browser, tmp_path: Path) -> None:
    with searching(chromium, tmp_path, count=PAGES_OF) as (page, street):
        usual = _rows(page)
        assert _apart(usual)
        page.evaluate("document.documentElement.style.fontSize = '28px'")
        wait_until(lambda: _height(_rows(page)) > 1.5 * _height(usual), 10, "cards grow")
        wait_until(lambda: _apart(_rows(page)), 10, "no card lies on another")
        page.mouse.move(900, 500)
        assert all_of_them(page) == street.newest_first
        frame = page.locator(".shots-frame").evaluate("(frame) => frame.getBoundingClientRect().bottom")
        assert abs(frame - max(bottom for *_, bottom in _rows(page))) < 2, "the grid ends with its last row"


def _height(boxes: list[list[float]]) -> float:
    return boxes[0][3] - boxes[0][1]


def test_rows_have_no_layers_of_their_own(chromium: Browser, tmp_path: Path) -> None:
    """A picture that is put together from many layers comes late, while the page's thread is idle."""
    with searching(chromium, tmp_path, count=PAGES_OF) as (page, _):
        page.mouse.move(900, 500)
        page.mouse.wheel(0, 2000)
        told = _layers_told(page)
        assert wait_until(lambda: _alone(page, told), 20, "only the page itself has a layer for the rows")


def _layers_told(page: Page) -> tuple[CDPSession, list[dict[str, Any]]]:
    """What the browser keeps apart and puts together for each picture, as it says whenever that changes."""
    browser, told = page.context.new_cdp_session(page), list[dict[str, Any]]()

    def note(change: dict[str, Any]) -> None:
        told.extend([change] if change.get("layers") else [])

    browser.on("LayerTree.layerTreeDidChange", note)
    browser.send("DOM.enable")
    browser.send("LayerTree.enable")
    return browser, told


def _alone(page: Page, layers: tuple[CDPSession, list[dict[str, Any]]]) -> bool:
    """Is the page's a layer that is drawn, and none of one in the grid? While more is on its way the grid has one."""
    browser, told = layers
    page.wait_for_timeout(300)
    drawn = [one for one in (told[-1]["layers"] if told else []) if one["drawsContent"] and "backendNodeId" in one]
    try:
        nodes = [_node(browser, layer["backendNodeId"]) for layer in drawn]
    except Error:
        return False  # one has gone since
    return "#document" in nodes and not any(node.endswith("in the grid") for node in nodes)


def _node(browser: CDPSession, backend: int) -> str:
    node = browser.send("DOM.resolveNode", {"backendNodeId": backend})["object"]["objectId"]
    place = "function () { return this.nodeName + (this.parentElement?.closest('.shots-frame') ? ' in the grid' : '') }"
    call = {"objectId": node, "functionDeclaration": place, "returnByValue": True}
    return str(browser.send("Runtime.callFunctionOn", call)["result"]["value"])


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


def _middle(page: Page) -> tuple[int, str]:
    """How far down the page is, px, and the card in the middle of it."""
    at = "(document.elementFromPoint(900, 450)?.closest('[data-track]')?.dataset.track)"
    wait_until(lambda: page.evaluate(at), 10, "a card in the middle")
    return page.evaluate("Math.round(window.scrollY)"), str(page.evaluate(at))


def _scroll_into(page: Page, street: Street) -> tuple[int, str]:
    """All results are loaded, and the page stands among the last ones."""
    page.mouse.move(900, 450)
    assert all_of_them(page) == street.newest_first
    page.evaluate("window.scrollBy(0, -700)")
    page.wait_for_timeout(300)  # its rows are drawn
    return _middle(page)


@pytest.mark.parametrize(
    "by", ["back", pytest.param("escape", marks=pytest.mark.slow), pytest.param("link", marks=pytest.mark.slow)]
)
def test_who_comes_back_from_a_track_finds_the_list_as_it_was(chromium: Browser, tmp_path: Path, by: str) -> None:
    with searching(chromium, tmp_path, count=2 * PAGES_OF + 30) as (page, street):
        place = _scroll_into(page, street)
        page.locator(f"[data-track='{place[1]}'] .card-link").click()
        expect(page.get_by_test_id("track-details")).to_be_visible()
        assert page.evaluate("window.scrollY") == 0
        street.pass_by(2)
        further: list[str] = []
        page.on("request", lambda asked: "cursor=" in asked.url and further.append(asked.url))
        if by == "back":
            page.go_back()
        elif by == "escape":
            page.keyboard.press("Escape")
        else:
            page.get_by_test_id("track-back").click()
        expect(page.locator(f"[data-track='{place[1]}']")).to_be_visible()
        assert _middle(page) == place
        expect(page.get_by_test_id("search-again")).to_contain_text("2 new")  # nothing moves by them
        assert _middle(page) == place
        assert further == [], "what was loaded is not asked for again"
        page.get_by_test_id("search-again").click()
        assert all_of_them(page) == street.newest_first


@pytest.mark.slow
def test_a_search_that_is_opened_anew_is_not_the_one_that_was_left(chromium: Browser, tmp_path: Path) -> None:
    with searching(chromium, tmp_path, count=PAGES_OF + 30) as (page, street):
        _scroll_into(page, street)
        page.get_by_test_id("nav-map").click()
        street.pass_by(2)
        page.get_by_test_id("nav-search").click()
        expect(page.locator(f"[data-track='{street.newest_first[0]}']")).to_be_visible()
        assert page.evaluate("window.scrollY") == 0
        page.go_back()
        page.go_back()
        expect(page.get_by_test_id("search-again")).to_contain_text("2 new")  # back at the one that was left
        assert page.evaluate("window.scrollY") > 1000


def test_a_centre_that_starts_anew_leaves_the_list_where_it_is(chromium: Browser, tmp_path: Path) -> None:
    data = tmp_path / "centre"
    with pages.context(chromium) as own:
        page = own.new_page()
        with running(data) as centre, FakeGateway(centre) as gateway:
            gateway.hello()
            street = Street(gateway)
            street.pass_by(2 * PAGES_OF + 30)
            assert centre.sign_in_url is not None
            pages.sign_in(page, centre.sign_in_url)
            pages.open_search(page)
            place = _scroll_into(page, street)
        pages.wait_centre_lost(page)
        with restarted(data, centre) as centre, FakeGateway(centre) as gateway:
            pages.wait_centre_back(page)
            page.wait_for_timeout(1000)  # the list has heard of it
            assert _middle(page) == place
            street.gateway = gateway
            street.pass_by(2)
            expect(page.get_by_test_id("search-again")).to_contain_text("2 new")
            assert _middle(page) == place
            assert all_of_them(page) == street.newest_first[2:]
            page.get_by_test_id("search-again").click()
            assert all_of_them(page) == street.newest_first
