"""The viewer in Spanish: by the browser's wish or the person's choice, and nothing of ours stays English."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web import every, pages
from tests.web.catalogue import english_only
from tests.web.conftest import Demo

pytestmark = pytest.mark.timeout(600)

# every piece of text and every label on the page, as a person or a screen reader meets it; but no machine's names
_SAID = """() => {
    const found = new Set();
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode())
        if (!walk.currentNode.parentElement.closest('[translate=no]')) found.add(walk.currentNode.data.trim());
    for (const one of document.querySelectorAll('[title],[aria-label],[placeholder],[alt],[aria-valuetext]'))
        for (const name of ['title', 'aria-label', 'placeholder', 'alt', 'aria-valuetext'])
            found.add((one.getAttribute(name) ?? '').trim());
    found.add(document.title.split(' · ')[0]);
    return [...found].filter(Boolean);
}"""


def test_the_language_is_the_browsers_or_the_chosen_one_and_stays(demo: Demo, chromium: Browser) -> None:
    with pages.visit(chromium, demo.first_link, locale="es-ES") as page:
        expect(page.locator("html")).to_have_attribute("lang", "es-ES")
        expect(page.get_by_test_id("nav-live")).to_have_text("En vivo")
        page.get_by_test_id("account").click()
        page.get_by_test_id("language-en").click()
        expect(page.get_by_test_id("nav-live")).to_have_text("Live")
        page.reload()
        expect(page.locator("html")).to_have_attribute("lang", re.compile("^en"))


@pytest.mark.slow
@pytest.mark.parametrize("size", ["desktop", "small"])
def test_no_page_says_english_of_ours_or_is_wider_than_the_screen(
    demo: Demo, chromium: Browser, shots: Path, size: str
) -> None:
    english = english_only()
    found: dict[str, list[str]] = {}
    with pages.visit(chromium, demo.first_link, size=size, locale="es-ES") as page:
        for each in (every.open_each, every.open_layers) if size == "desktop" else (every.open_each,):
            for name in each(page, pages.origin(demo.first_link)):
                found[name] = _english_on(page, english)
                assert not page.evaluate(pages.IS_WIDER), f"{name} is wider than {size}"
                pages.shoot(page, shots, f"{name}-{size}-es")
        page.goto(pages.origin(demo.first_link))
        pages.sign_out(page)
        found["sign-in"] = _english_on(page, english)
        pages.shoot(page, shots, f"sign-in-{size}-es")
    assert {path: said for path, said in found.items() if said} == {}


def _english_on(page: Page, english: list[re.Pattern[str]]) -> list[str]:
    return [said for said in page.evaluate(_SAID) if any(pattern.fullmatch(said) for pattern in english)]
