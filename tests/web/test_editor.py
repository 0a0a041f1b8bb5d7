"""Zones and rules, drawn in Chromium over the demo's picture: in force at the gateway, and told of in its events."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.fixtures.rig import wait_until
from tests.web import pages
from tests.web.conftest import Demo

pytestmark = pytest.mark.timeout(600)

BUSY = ((0.3, 0.45), (0.3, 0.95))
"""A line over the plaza that somebody crosses every few seconds."""


def open_editor(page: Page, demo: Demo, camera: str) -> None:
    page.goto(f"{pages.origin(demo.first_link)}live/demo/gateway-1/{camera}")
    page.get_by_test_id("edit").click()
    expect(page.get_by_test_id("canvas")).to_be_visible()


def draw(page: Page, kind: str, points: tuple[tuple[float, float], ...]) -> None:
    page.get_by_test_id(f"draw-{kind}").click()
    area = page.get_by_test_id("canvas").bounding_box()
    assert area is not None
    for x, y in points:
        page.mouse.click(area["x"] + area["width"] * x, area["y"] + area["height"] * y)
    page.keyboard.press("Enter")


def _right_of(corner: Locator, least: float) -> str | None:
    """Where the corner stands, once that is to the right of `least`; it is drawn a moment after the mouse moved."""
    at = corner.get_attribute("cx") or ""
    return at if at and float(at) > least else None


def save(page: Page) -> None:
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("settings-state")).to_have_text("In force", timeout=30_000)


def test_a_line_is_drawn_ruled_saved_and_its_event_is_seen_beside_it(
    demo: Demo, chromium: Browser, shots: Path
) -> None:
    with pages.visit(chromium, demo.first_link) as page:
        open_editor(page, demo, "plaza")
        expect(page.get_by_test_id("settings-state")).to_have_text("Set at the gateway")
        draw(page, "line", BUSY)
        page.get_by_test_id("name-line").fill("middle")
        page.get_by_test_id("side-rules").click()
        page.get_by_test_id("add-rule").select_option("line_crossed")
        pages.shoot(page, shots, "editor-desktop")
        save(page)
        page.get_by_test_id("rule").last.get_by_role("combobox").first.focus()
        expect(page.get_by_test_id("happened").get_by_text("Line crossed at middle").first).to_be_visible(
            timeout=90_000
        )
        page.reload()
        expect(page.get_by_test_id("shape-line")).to_have_count(1)
        page.get_by_test_id("side-rules").click()
        page.get_by_test_id("to-file").click()
        page.get_by_test_id("to-file-do").click()
        expect(page.get_by_test_id("shape-line")).to_have_count(0, timeout=30_000)


def test_corners_move_by_mouse_and_by_keyboard_and_a_zone_that_goes_takes_its_rule_along(
    demo: Demo, chromium: Browser
) -> None:
    with pages.visit(chromium, demo.first_link) as page:
        open_editor(page, demo, "yard")
        page.get_by_test_id("name-zone").focus()
        corner = page.get_by_role("button", name=re.compile("Corner 1 of"))
        before = corner.get_attribute("cx") or ""
        box = corner.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.mouse.down()
        page.mouse.move(box["x"] + 60, box["y"] + box["height"] / 2, steps=4)
        page.mouse.up()
        dragged = wait_until(lambda: _right_of(corner, float(before) + 20), 20, "the corner follows the mouse")
        corner.focus()
        page.keyboard.press("ArrowLeft")
        expect(corner).not_to_have_attribute("cx", dragged)
        page.get_by_role("button", name="Remove court").click()
        page.get_by_test_id("side-rules").click()
        expect(page.get_by_test_id("rule")).to_have_count(0)
        page.get_by_role("button", name="Discard").click()
        expect(page.get_by_test_id("rule")).to_have_count(1)


def test_on_a_phone_it_fits_and_a_bad_name_is_said_before_it_is_sent(
    demo: Demo, chromium: Browser, shots: Path
) -> None:
    with pages.visit(chromium, demo.first_link, size="phone", dark=False) as page:
        open_editor(page, demo, "crossing")
        draw(page, "zone", ((0.2, 0.5), (0.6, 0.5), (0.6, 0.9)))
        names = page.get_by_test_id("name-zone")
        names.last.fill("no good name")
        expect(page.get_by_text("A name has letters")).to_be_visible()
        expect(page.get_by_test_id("save")).to_be_disabled()
        pages.shoot(page, shots, "editor-phone")
        wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        assert not wide, "the page is wider than the screen"
