"""The wall: layouts are arranged, kept and shown again; boxes on request."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web import pages
from tests.web.conftest import Demo

pytestmark = pytest.mark.timeout(600)

_ON_SCREEN = """() => [...document.querySelectorAll('[data-testid=live-tile]')]
    .map((tile) => [tile.getBoundingClientRect(), tile.dataset.camera])
    .sort(([a], [b]) => a.top - b.top || a.left - b.left).map(([, camera]) => camera)"""


def test_a_layout_is_arranged_kept_and_shown_again(demo: Demo, chromium: Browser, shots: Path) -> None:
    with pages.visit(chromium, demo.first_link) as page:
        pages.wait_live_changes(page, tiles=3)
        page.get_by_test_id("new-layout").click()
        bar = page.get_by_test_id("arrange")
        bar.locator("[name=name]").fill("Night shift")
        bar.get_by_test_id("arrange-cameras").get_by_role("button").click()
        page.get_by_role("menuitemcheckbox", name="City Plaza").click()  # takes it out
        page.keyboard.press("Escape")
        before = page.evaluate(_ON_SCREEN)
        assert len(before) == 2
        page.locator(f"[data-camera={before[0]}] a").focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_function(f"(wanted) => ({_ON_SCREEN})().join() === wanted", arg=",".join(before[::-1]))
        pages.shoot(page, shots, "wall-arrange")
        bar.get_by_role("button", name="Save").click()
        expect(page.get_by_test_id("layouts")).to_contain_text("Night shift")
        page.reload()
        expect(page.get_by_test_id("live-tile")).to_have_count(2)
        assert page.evaluate(_ON_SCREEN) == before[::-1]
        page.get_by_test_id("wall-boxes").click()
        expect(page.locator("[data-testid=live-tile] .overlay").first).to_be_visible(timeout=60_000)
        pages.shoot(page, shots, "wall-boxes")
        _remove(page)


def _remove(page: Page) -> None:
    page.get_by_test_id("arrange-this").click()
    page.get_by_test_id("arrange").get_by_role("button", name="Remove").click()
    expect(page.get_by_test_id("live-tile")).to_have_count(3)
