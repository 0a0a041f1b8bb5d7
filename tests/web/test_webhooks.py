"""Webhooks in the viewer: made, its secret shown once, tested, sent again, switched off, removed."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.fixtures.rig import free_port
from tests.web import pages
from tests.web.conftest import Demo

pytestmark = pytest.mark.timeout(300)


@pytest.mark.slow
def test_a_webhook_is_made_tested_switched_off_and_removed(demo: Demo, chromium: Browser) -> None:
    with pages.visit(chromium, demo.first_link) as page:
        page.get_by_test_id("account").click()
        page.get_by_test_id("menu-send").click()
        page.get_by_test_id("new-webhook").click()
        form = page.get_by_test_id("webhook-form")
        form.locator("[name=name]").fill("Dispatch")
        form.locator("[name=url]").fill(f"https://127.0.0.1:{free_port()}/lamppost")
        page.get_by_test_id("webhook-submit").click()
        expect(page.get_by_test_id("webhook-secret")).to_have_value(re.compile(r"^whsec_.{20,}"))
        page.get_by_test_id("webhook-test").click()
        delivery = page.get_by_test_id("delivery").first
        expect(delivery).to_contain_text(re.compile(r"1 try|not public"))  # nobody listens there
        page.get_by_test_id("webhook-switch").click()
        expect(page.get_by_test_id("webhooks")).to_contain_text("Switched off")
        page.reload()
        expect(page.get_by_test_id("webhook-secret")).to_have_count(0)
        page.locator("[data-testid=webhooks] button.webhook").click()
        page.get_by_role("button", name="Remove", exact=True).click()
        page.get_by_test_id("webhook-remove").click()
        expect(page.get_by_text("Nobody is told yet")).to_be_visible()
