"""Who hears the viewer knows on which page they are, and the focus is where the next key should work."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from agent.core.clock import NS, SystemClock, rfc3339
from tests.central.helpers import FakeGateway, event, running, wait_for
from tests.web import pages

pytestmark = pytest.mark.timeout(180)

EVENTS = 40
_FOCUS = "document.activeElement.tagName"


@contextmanager
def _site(chromium: Browser, data: Path) -> Iterator[Page]:
    """The wall of a centre that has events: more than fit the screen."""
    with running(data / "centre") as centre, FakeGateway(centre) as gateway:
        gateway.hello()
        now = SystemClock().wall_ns()
        told = [event(f"event-{i:03}", label="person", start=rfc3339(now - i * NS)) for i in range(EVENTS)]
        gateway.envelope("event", 1, *told)
        wait_for(lambda: gateway.acked("event"))
        assert centre.sign_in_url is not None
        with pages.visit(chromium, centre.sign_in_url) as page:
            yield page


def test_a_page_one_comes_to_is_told_and_the_focus_is_not_lost(chromium: Browser, tmp_path: Path) -> None:
    with _site(chromium, tmp_path) as page:
        heard = page.get_by_test_id("heard")
        expect(page).to_have_title("Live · Lamppost")
        expect(heard).to_be_empty()  # a browser reads the title of what it loads

        page.get_by_test_id("nav-events").press("Enter")
        expect(page).to_have_title("Events · Lamppost")
        expect(heard).to_have_text("Events")
        expect(page.get_by_test_id("nav-events")).to_be_focused()

        page.get_by_test_id("event-card").first.locator("a").press("Enter")
        expect(page.locator("h1")).to_be_focused()
        expect(page).to_have_title("Person · Events · Lamppost")
        expect(heard).to_be_empty()  # the heading is heard by its focus: not twice

        older = page.get_by_role("link", name="Older event")
        older.press("Enter")
        expect(page).to_have_url(re.compile("event-001"))
        expect(page.locator("h1")).to_be_focused()  # the page of an event is made anew

        page.goto(pages.origin(page.url) + "events/nobody-knows")
        expect(page).to_have_title("No such event · Events · Lamppost")


def test_the_way_back_keeps_its_place(chromium: Browser, tmp_path: Path) -> None:
    with _site(chromium, tmp_path) as page:
        pages.open_events(page)
        page.mouse.move(900, 500)
        page.mouse.wheel(0, 1200)
        page.wait_for_function("window.scrollY > 600")
        before = page.evaluate("window.scrollY")
        card = page.locator("[data-testid=event-card] a")
        seen = next(i for i in range(card.count()) if (card.nth(i).bounding_box() or {"y": -1})["y"] > 100)
        card.nth(seen).click()
        expect(page.locator("h1")).to_be_focused()
        page.go_back()
        expect(page.get_by_test_id("event-card").first).to_be_attached()
        expect(page.locator("h1")).to_be_focused()
        page.wait_for_function("(before) => Math.abs(window.scrollY - before) < 5", arg=before)


def test_what_has_the_focus_keeps_it(chromium: Browser, tmp_path: Path) -> None:
    with _site(chromium, tmp_path) as page:
        pages.open_events(page)
        page.get_by_test_id("account").click()
        page.get_by_test_id("theme-dark").focus()
        page.evaluate("history.back()")
        expect(page).to_have_title("Live · Lamppost")
        expect(page.get_by_test_id("heard")).to_have_text("Live")
        expect(page.get_by_test_id("theme-dark")).to_be_focused()
