"""Times in the zone that the person chose."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web import pages
from tests.web.conftest import Demo

pytestmark = [pytest.mark.timeout(300), pytest.mark.slow]


def _shown(page: Page, base: str, event: str) -> tuple[str, str]:
    """The event's start as it is shown, and as a machine reads it."""
    page.goto(f"{base}events/{event}")
    time = page.get_by_test_id("event-details").locator("dl time").first
    return time.inner_text(), str(time.get_attribute("datetime"))


def test_a_chosen_zone_holds_on_every_page_and_stays(demo: Demo, chromium: Browser) -> None:
    base = pages.origin(demo.first_link)
    with pages.visit(chromium, demo.first_link) as page:
        event = pages.open_first_event(page, with_picture=False)
        device, machine = _shown(page, base, event)
        page.goto(f"{base}account")
        page.get_by_test_id("zone-UTC").or_(page.get_by_test_id("zone-Etc/UTC")).first.check()
        expect(page.get_by_test_id("zone-device")).not_to_be_checked()
        chosen, _ = _shown(page, base, event)
        assert chosen.endswith(machine[11:19])
        assert device != chosen  # the browser of tests stands in Berlin
        page.goto(f"{base}playback?at={machine}")
        expect(page.locator("input.go-to")).to_have_value(re.compile(f"^{machine[:13]}"))
