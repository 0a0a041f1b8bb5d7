"""The map in Chromium, over the demo's drawn town: cameras where they hang, their events, an area, a new place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web import pages
from tests.web.conftest import Demo

pytestmark = pytest.mark.timeout(600)

_WARM = """() => {
    const { width, height } = document.querySelector('[data-testid=map-heat]');
    const brush = document.querySelector('[data-testid=map-heat]').getContext('2d');
    return brush.getImageData(0, 0, width, height).data.some((value, i) => i % 4 === 3 && value > 0);
}"""


# names of streets that are cut at the map's edge, or lie over a camera or its name
_UNCLEAR = """() => {
    const frame = document.querySelector('[data-testid=map]').getBoundingClientRect();
    const hung = [...document.querySelectorAll('.map-camera > *')].map((one) => one.getBoundingClientRect());
    const covers = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
    const shown = [...document.querySelectorAll('.street-name')].filter(({ style }) => style.opacity === '1');
    const cut = ({ left, top, right, bottom }) =>
        left < frame.left || top < frame.top || right > frame.right || bottom > frame.bottom;
    return shown.map((one) => [one.textContent, one.getBoundingClientRect()])
        .filter(([, box]) => cut(box) || hung.some((other) => covers(box, other))).map(([name]) => name);
}"""


def open_map(page: Page) -> None:
    page.get_by_test_id("nav-map").click()
    expect(page.get_by_test_id("map-camera")).to_have_count(3, timeout=30_000)


@pytest.mark.parametrize(("size", "dark"), [("desktop", True), ("phone", False)])
def test_cameras_hang_where_they_do_and_one_leads_to_its_picture(
    demo: Demo, chromium: Browser, shots: Path, size: str, dark: bool
) -> None:
    with pages.visit(chromium, demo.first_link, size=size, dark=dark) as page:
        open_map(page)
        expect(page.locator(".street.way").first).to_be_attached()
        expect(page.locator(".map-view")).to_have_count(3)
        if size == "desktop":
            expect(page.locator(".street-name[style*='opacity: 1']").first).to_be_visible()
            assert page.evaluate(_UNCLEAR) == []
        expect(page.locator(".map-pulse").first).to_be_attached(timeout=90_000)
        page.get_by_test_id("map-counts").click()
        expect(page.locator(".map-count").first).to_be_attached(timeout=90_000)
        page.get_by_role("button", name=re.compile("City Plaza, online")).focus()
        page.keyboard.press("Enter")
        expect(page.get_by_test_id("map-card")).to_contain_text("City Plaza")
        page.get_by_test_id("map-heat-switch").click()
        page.wait_for_function(_WARM, timeout=90_000)
        pages.shoot(page, shots, f"map-{size}")
        wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        assert not wide, "the page is wider than the screen"
        page.get_by_test_id("map-live").click()
        expect(page).to_have_url(re.compile("/live/demo/gateway-1/plaza$"))


def test_an_area_that_is_drawn_is_searched(demo: Demo, chromium: Browser) -> None:
    with pages.visit(chromium, demo.first_link) as page:
        open_map(page)
        page.get_by_test_id("map-area").click()
        yard = page.locator("[data-camera='demo/gateway-1/yard']").bounding_box()
        assert yard is not None
        for x, y in ((-90, -90), (90, -90), (90, 60), (-90, 60)):
            page.mouse.click(yard["x"] + x, yard["y"] + y)
        page.get_by_test_id("map-area-done").click()
        expect(page).to_have_url(re.compile(r"/search\?area="))
        expect(page.get_by_test_id("area")).to_be_visible()
        cards = page.get_by_test_id("track-card")
        expect(cards.first).to_be_visible(timeout=120_000)
        expect(cards.first).to_contain_text("Foundry Yard")
        assert all("Foundry Yard" in card.inner_text() for card in cards.all())


def test_a_camera_is_turned_on_the_map_and_its_gateway_has_it(demo: Demo, chromium: Browser) -> None:
    with pages.visit(chromium, demo.first_link) as page:
        open_map(page)
        page.get_by_role("button", name=re.compile("Main St Crossing, online")).focus()
        page.keyboard.press("Enter")
        page.get_by_test_id("map-move").click()
        page.get_by_role("slider", name=re.compile("Looks towards")).fill("200")
        page.get_by_test_id("map-save").click()
        expect(page.get_by_test_id("map-place")).to_have_count(0)
        page.wait_for_function(
            "async () => (await (await fetch('/api/v1/cameras/demo/gateway-1/crossing')).json()).bearing === 200",
            timeout=30_000,
        )
