"""Events are seen to: by keyboard, several at once, with notes, by two people at once, and nothing jumps."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web import pages
from tests.web.conftest import Demo

pytestmark = pytest.mark.timeout(600)


def test_events_are_seen_to_by_keyboard_and_in_batches(demo: Demo, chromium: Browser, shots: Path) -> None:
    with pages.visit(chromium, demo.first_link) as page:
        pages.open_events(page)
        page.get_by_test_id("filter-state").get_by_role("button").click()
        page.get_by_role("menuitemradio", name="Not acknowledged").click()
        expect(page).to_have_url(re.compile(r"state=open"))
        expect(page.get_by_test_id("event-card").nth(3)).to_be_visible(timeout=120_000)  # some to go on to
        first = _focus_one(page)
        page.keyboard.press(" ")
        page.keyboard.press("a")
        card = page.locator(f"[data-event='{first}']")
        expect(card).to_have_class(re.compile("done"))  # it stays where it is
        page.keyboard.press("x")
        expect(page.get_by_test_id("batch")).to_contain_text("1 chosen")
        page.keyboard.press("j")
        page.keyboard.press("x")
        expect(page.get_by_test_id("batch")).to_contain_text("2 chosen")
        pages.shoot(page, shots, "review-desktop")
        page.get_by_test_id("batch").get_by_test_id("assign").select_option("ann")
        expect(page.get_by_test_id("batch")).to_have_count(0)
        page.goto(pages.origin(demo.first_link) + "events?assigned=ann")
        expect(page.get_by_test_id("event-card")).to_have_count(2)
        page.goto(pages.origin(demo.first_link) + "events?state=done")
        expect(page.locator(f"[data-event='{first}']")).to_contain_text("ann")


def _focus_one(page: Page) -> str:
    expect(page.get_by_test_id("event-card").first).to_be_visible()
    page.keyboard.press("j")
    identity = page.locator(".card:has(.card-link:focus)").get_attribute("data-event")
    assert identity
    return identity


@pytest.mark.slow
def test_two_people_meet_at_an_event(demo: Demo, chromium: Browser, shots: Path) -> None:
    with pages.visit(chromium, demo.first_link) as page, pages.visit(chromium, demo.first_link, dark=False) as other:
        identity = pages.open_first_event(page)
        review = page.get_by_test_id("review")
        other.goto(f"{pages.origin(demo.first_link)}events/{identity}")
        theirs = other.get_by_test_id("review")
        theirs.get_by_test_id("note").fill("A dog, 50 % sure")
        other.keyboard.press("Control+Enter")
        expect(review).to_contain_text("A dog, 50 % sure")  # by itself
        review.get_by_test_id("severity").select_option("alarm")
        expect(other.locator(".page-head .tag.bad")).to_be_visible()
        theirs.get_by_test_id("acknowledge").click()
        expect(review).to_contain_text("Acknowledged by ann")
        pages.shoot(page, shots, "review-event-dark")
        pages.shoot(other, shots, "review-event-light")
        page.goto(f"{pages.origin(demo.first_link)}events?words=DOG&severity=alarm&state=done")
        expect(page.locator(f"[data-event='{identity}']")).to_be_visible()


def test_a_phone_sees_to_an_event(demo: Demo, chromium: Browser, shots: Path) -> None:
    with pages.visit(chromium, demo.first_link, size="phone", dark=False) as page:
        pages.open_events(page)
        identity = page.get_by_test_id("event-card").first.get_attribute("data-event")
        page.locator(f"[data-event='{identity}']").get_by_test_id("choose").check()  # a newer one may come before it
        expect(page.get_by_test_id("batch-acknowledge")).to_be_visible()
        pages.shoot(page, shots, "review-phone")
        page.get_by_test_id("batch-acknowledge").click()
        expect(page.locator(".card.done").first).to_be_visible()
        expect(page.get_by_test_id("filter-state")).to_be_hidden()  # the cards have the room
        page.get_by_test_id("filters-open").click()
        page.get_by_test_id("filter-state").get_by_role("button").click()
        page.get_by_role("menuitemradio", name="Acknowledged", exact=True).click()
        expect(page.get_by_test_id("filters-open")).to_have_text("Filters · 1")
        expect(page.locator(f"[data-event='{identity}']")).to_be_visible()
        assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth")


def test_what_was_found_leaves_as_a_file_and_a_picture_as_a_link(demo: Demo, chromium: Browser, shots: Path) -> None:
    with pages.visit(chromium, demo.first_link) as page, chromium.new_context() as somebody:
        pages.open_events(page)
        page.get_by_test_id("export").click()
        expect(page.get_by_test_id("export-csv")).to_be_focused()
        page.keyboard.press("ArrowDown")
        expect(page.get_by_test_id("export-jsonl")).to_be_focused()
        with page.expect_download() as taken:
            page.get_by_test_id("export-csv").click()
        assert Path(taken.value.path()).read_text().startswith("id,site,gateway,camera,")
        pages.open_first_event(page)
        page.get_by_test_id("share").click()
        page.get_by_role("dialog").locator("[name=note]").fill("Case 4711")
        pages.shoot(page, shots, "share-desktop")
        page.set_viewport_size({"width": 390, "height": 844})
        expect(page.get_by_role("dialog")).to_be_in_viewport(ratio=1)
        page.get_by_test_id("share-make").click()
        link = page.get_by_test_id("share-link").input_value()
        assert somebody.request.get(link).status == 200
        page.goto(pages.origin(demo.first_link) + "account")
        mine = page.get_by_test_id("links").locator("li").filter(has_text="Case 4711")
        expect(mine).to_contain_text("1 look")
        mine.get_by_role("button").click()
        expect(mine).to_have_count(0)
        assert somebody.request.get(link).status == 404
