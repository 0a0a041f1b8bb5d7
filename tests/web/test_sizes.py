"""Every page from the smallest telephone to a wall of screens: nothing is cut off, and what room there is is used."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.web import every, pages
from tests.web.conftest import Demo

pytestmark = pytest.mark.timeout(600)

# which share of the page's width has words, pictures or controls in it, from the leftmost to the rightmost
_USED = """() => {
    const page = document.querySelector('.page').getBoundingClientRect();
    const seen = [...document.querySelectorAll('.page *')].filter((one) => one.checkVisibility()
        && (one.matches('button, a, input, img, video, svg, canvas, time') || [...one.childNodes].some(
            (node) => node.nodeType === Node.TEXT_NODE && node.data.trim())))
        .map((one) => one.getBoundingClientRect()).filter(({ width, height }) => width > 1 && height > 1);
    const edges = seen.flatMap(({ left, right }) => [Math.max(left, page.left), Math.min(right, page.right)]);
    return (Math.max(...edges) - Math.min(...edges)) / page.width;
}"""


def _resize(page: Page, size: str) -> None:
    width, height = pages.SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    page.wait_for_timeout(300)  # what is laid out by script follows


@pytest.mark.slow
def test_no_page_is_wider_than_a_small_telephone_and_all_use_a_wall(demo: Demo, chromium: Browser, shots: Path) -> None:
    wider, used = [], {}
    with pages.visit(chromium, demo.first_link) as page:
        for name in every.open_each(page, pages.origin(demo.first_link)):
            _resize(page, "small")
            if page.evaluate(pages.IS_WIDER):
                wider.append(name)
            pages.shoot(page, shots, f"{name}-small")
            _resize(page, "4k")
            used[name] = round(page.evaluate(_USED), 2)
            pages.shoot(page, shots, f"{name}-4k")
            _resize(page, "desktop")
    assert wider == []
    assert {name: share for name, share in used.items() if share < 0.9} == {}
