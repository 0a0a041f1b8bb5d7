"""A person's way through the viewer, in Chromium, against the demo: sign-in, live, event, clip, health, sign-out."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.fixtures.rig import wait_until
from tests.web import pages
from tests.web.conftest import Demo

pytestmark = pytest.mark.timeout(600)


@pytest.mark.parametrize(("size", "dark"), [("desktop", True), pytest.param("phone", False, marks=pytest.mark.slow)])
def test_a_person_signs_in_and_sees_live_pictures_an_event_and_its_clip(
    demo: Demo, chromium: Browser, shots: Path, size: str, dark: bool
) -> None:
    with pages.visit(chromium, demo.first_link, size=size, dark=dark) as page:
        pages.wait_live_changes(page, tiles=3)
        pages.shoot(page, shots, f"live-{size}")
        pages.open_first_event(page)
        clip_time = pages.wait_clip_plays(page)
        pages.shoot(page, shots, f"event-{size}")
        assert clip_time > 1
        _look_around(page, shots, size)
        pages.sign_out(page)


def _look_around(page: Page, shots: Path, size: str) -> None:
    pages.open_events(page)
    pages.shoot(page, shots, f"events-{size}")
    pages.open_system(page)
    expect(page.get_by_test_id("gateway")).to_have_attribute("data-online", "true")
    pages.shoot(page, shots, f"system-{size}")
    wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    assert not wide, "the page is wider than the screen"


def test_events_are_walked_and_opened_with_the_keyboard(demo: Demo, chromium: Browser) -> None:
    with pages.visit(chromium, demo.first_link) as page:
        pages.open_events(page)
        page.keyboard.press("j")
        expect(page.locator(".card-link:focus")).to_have_count(1)  # newer events may have come above it
        page.keyboard.press("Enter")
        expect(page.get_by_test_id("event-details")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_test_id("event-card").first).to_be_visible()


def test_a_filter_stands_in_the_address_and_comes_back_with_it(demo: Demo, chromium: Browser) -> None:
    with pages.visit(chromium, demo.first_link) as page:
        pages.open_events(page)
        page.get_by_test_id("filter-kind").get_by_role("button").click()
        page.get_by_role("menuitemcheckbox", name="Tampering").click()
        expect(page).to_have_url(re.compile(r"/events\?kind=tamper$"))
        expect(page.get_by_text("No event matches")).to_be_visible()
        page.reload()
        expect(page.get_by_text("No event matches")).to_be_visible()


def test_a_stranger_sees_nothing_but_the_way_in(demo: Demo, chromium: Browser) -> None:
    with pages.context(chromium) as context:
        page = context.new_page()
        pages.sign_in(page, demo.first_link)  # so that an account exists
        context.clear_cookies()
        page.goto(pages.origin(demo.first_link) + "events")
        expect(page.get_by_test_id("sign-in")).to_be_visible()
        page.locator("[name=username]").fill(pages.USER)
        page.locator("[name=password]").fill("not the password")
        page.locator("button[type=submit]").click()
        expect(page.get_by_role("alert")).to_have_text("User name or password is not right.")


def test_a_killed_broker_is_told_on_the_system_page(demo: Demo, chromium: Browser) -> None:
    if demo.folder is None:
        pytest.skip("somebody else's demo is not disturbed")
    with pages.visit(chromium, demo.first_link) as page:
        pages.open_system(page)
        os.kill(int((demo.folder / "centre/broker/broker.pid").read_text().split()[0]), signal.SIGKILL)
        expect(page.get_by_test_id("troubles")).to_contain_text("Broker was started again", timeout=30_000)
        expect(page.get_by_test_id("broker-restarts")).to_have_text(re.compile(r"1, last \d"))
        expect(page.get_by_test_id("banner-broker")).to_have_count(0)


def test_on_the_newest_event_the_way_on_opens_when_a_newer_one_comes(demo: Demo, chromium: Browser) -> None:
    with pages.visit(chromium, demo.first_link) as page:
        newest = pages.open_first_event(page, with_picture=False)
        page.get_by_role("link", name="Newer event").click(timeout=60_000)
        expect(page).not_to_have_url(re.compile(newest))

        def back() -> bool:
            """One step; one that began between the two may have come meanwhile."""
            before = page.url
            page.get_by_role("link", name="Older event").click()
            expect(page).not_to_have_url(before)
            return newest in page.url

        wait_until(back, 20, "the way back leads to the event one came from")


def test_the_last_day_of_a_gateway_is_drawn_and_told_in_words(demo: Demo, chromium: Browser) -> None:
    with pages.visit(chromium, demo.first_link) as page:
        pages.open_system(page)
        page.get_by_test_id("gateway-link").click()
        chart = page.get_by_test_id("chart-load")
        chart.wait_for(timeout=150_000)  # the first minute of a gateway comes after a minute
        field = chart.locator(".chart-field")
        expect(field).to_have_attribute("aria-label", re.compile(r"^Load, last 24 hours: now [\d.]+; lowest"))
        expect(field.locator("path.chart-line")).to_have_attribute("d", re.compile(r"^M[\d.]+ [\d.]+L"))
        field.press("ArrowLeft")
        expect(chart.locator("output .sub")).to_have_text(re.compile(r"\d\d:\d\d"))
