"""The list of events in Chromium, over a centre of its own whose events are known one by one."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from agent.analyse.track.sprites import Sprites
from agent.core.clock import NS, rfc3339
from agent.core.geometry import Box
from tests.central.helpers import FakeGateway, event, fresh_id, manifest, running, track, wait_for
from tests.web import pages

pytestmark = pytest.mark.timeout(180)

_KEEP_SOURCES = """() => {
    window.sources = [];
    const Real = EventSource;
    window.EventSource = class extends Real { constructor(url) { super(url); window.sources.push(this); } };
}"""


class Desk:
    """A gateway that tells of events, the newest last, a second after each other."""

    def __init__(self, gateway: FakeGateway) -> None:
        self._gateway, self._seq = gateway, 0
        self.first_ns = time.time_ns() - 3600 * NS

    def tell_strip(self, key: str, colours: list[tuple[int, int, int]]) -> None:
        """A track with a strip of one cell in each colour (B, G, R): narrow ones, as of people."""
        sprites, first_ns = Sprites(), time.time_ns()
        for number, colour in enumerate(colours):
            picture = np.full((96, 96, 3), colour, np.uint8)
            sprites.add(picture, Box(0.4, 0.0, 0.7, 1.0), first_ns + number * NS, None)
        strip = sprites.strip(first_ns)
        assert strip is not None
        medium = fresh_id()
        more = {"kind": "sprite", "type": "image/webp", "width": strip.width, "height": strip.height}
        ref = {"id": medium, "bytes": len(strip.webp)} | more
        self._gateway.envelope("track", 1, track(key, final=True, media=[ref]))
        self._gateway.send_medium(manifest(medium, strip.webp, track=key, **more), strip.webp)
        wait_for(lambda: any(ack["state"] == "done" for ack in self._gateway.media_acks(medium)))

    def tell(self, count: int, **more: object) -> list[str]:
        """So many events; their ids, once the centre has them."""
        told = []
        for _ in range(count):
            self._seq += 1
            key, start = f"event-{self._seq:04}", rfc3339(self.first_ns + self._seq * NS)
            self._gateway.envelope("event", self._seq, event(key, **({"start": start} | more)))
            told.append(key)
        wait_for(lambda: self._seq in self._gateway.acked("event"))
        return told


@contextmanager
def reviewing(chromium: Browser, data: Path, *, count: int, size: str = "desktop") -> Iterator[tuple[Page, Desk]]:
    """The list over so many events."""
    with running(data / "centre") as centre, FakeGateway(centre) as gateway:
        gateway.hello()
        desk = Desk(gateway)
        desk.tell(count)
        assert centre.sign_in_url is not None
        with pages.visit(chromium, centre.sign_in_url, size=size) as page:
            page.context.add_init_script(f"({_KEEP_SOURCES})()")
            page.goto(pages.origin(centre.sign_in_url) + "events")
            expect(page.get_by_test_id("event-card").first).to_be_visible()
            yield page, desk


def _shown(page: Page) -> list[str]:
    return list(page.get_by_test_id("event-card").evaluate_all("(cards) => cards.map((card) => card.dataset.event)"))


def _lose_stream(page: Page) -> None:
    """As a laptop that sleeps: nothing is heard, and the next try is far away."""
    page.evaluate("() => { window.lost = window.sources.at(-1); window.lost.close(); }")


def _find_again(page: Page) -> None:
    page.evaluate("() => window.lost.onerror()")


@pytest.mark.parametrize("missed", [90, pytest.param(1100, marks=pytest.mark.slow)])
def test_a_long_time_offline_leaves_no_hole(chromium: Browser, tmp_path: Path, missed: int) -> None:
    """Few enough to be caught up with, and so many that the list goes on from the newest ones."""
    with reviewing(chromium, tmp_path, count=70) as (page, desk):
        page.mouse.move(2, 2)
        _lose_stream(page)
        told = desk.tell(missed)
        _find_again(page)
        page.wait_for_function(
            "(key) => document.querySelector('.card')?.dataset.event === key", arg=told[-1], timeout=30_000
        )
        older = page.get_by_role("button", name="Show older events")
        while older.is_visible():
            shown = len(_shown(page))
            older.click()
            page.wait_for_function(
                "(before) => document.querySelectorAll('.card').length > before", arg=shown, timeout=30_000
            )
        assert _shown(page) == [f"event-{n:04}" for n in range(70 + missed, 0, -1)]


def test_what_is_half_typed_outlives_news(chromium: Browser, tmp_path: Path) -> None:
    with reviewing(chromium, tmp_path, count=3) as (page, desk):
        words = page.get_by_test_id("filter-words")
        words.click()
        page.keyboard.type("fox by")
        (key,) = desk.tell(1)
        expect(page.locator(f"[data-event='{key}']")).to_be_visible()
        page.keyboard.type(" the gate")
        expect(words).to_have_value("fox by the gate")
        expect(page).not_to_have_url(re.compile("words="))
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(r"words=fox\+by\+the\+gate"))
        expect(page.get_by_test_id("event-card")).to_have_count(0)
        words.fill("")  # as its cross does
        expect(page.get_by_test_id("event-card")).to_have_count(4)


def test_keys_work_after_a_card_was_ticked_with_the_mouse(chromium: Browser, tmp_path: Path) -> None:
    with reviewing(chromium, tmp_path, count=5) as (page, _):
        card = page.locator("[data-event='event-0004']")
        card.get_by_test_id("choose").click()
        expect(page.get_by_test_id("batch")).to_contain_text("1 chosen")
        page.keyboard.press("x")
        expect(page.get_by_test_id("batch")).to_have_count(0)
        page.keyboard.press(" ")  # is the box's own
        expect(page.get_by_test_id("batch")).to_contain_text("1 chosen")
        page.keyboard.press("Escape")
        expect(page.get_by_test_id("batch")).to_have_count(0)
        page.keyboard.press("a")
        expect(card).to_have_class(re.compile("done"))
        expect(page.locator("[data-event='event-0003'] .card-link")).to_be_focused()  # on to the next


def test_a_time_and_whose_they_are_stand_in_the_address(chromium: Browser, tmp_path: Path) -> None:
    with reviewing(chromium, tmp_path, count=3) as (page, desk):
        desk.tell(1, start=rfc3339(time.time_ns() - 30 * 3600 * NS))
        expect(page.get_by_test_id("event-card")).to_have_count(4)
        page.get_by_test_id("filter-time").get_by_role("button").click()
        page.get_by_role("menuitemradio", name="Last 24 h").click()
        expect(page).to_have_url(re.compile(r"\?within=24h$"))
        expect(page.get_by_test_id("event-card")).to_have_count(3)
        page.get_by_test_id("filter-time").get_by_role("button").click()
        page.get_by_role("menuitemradio", name="Between").click()
        until = page.get_by_test_id("filter-until")
        until.fill(
            page.evaluate("new Date(Date.now() - 24 * 3600e3).toLocaleString('sv').replace(' ', 'T').slice(0, 16)")
        )
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(r"\?until=20"))
        expect(page.get_by_test_id("event-card")).to_have_count(1)
        page.reload()
        expect(page.get_by_test_id("event-card")).to_have_count(1)
        assert _shown(page) == ["event-0004"]
        page.get_by_role("button", name="Clear filters").click()
        expect(page.get_by_test_id("filter-until")).to_have_count(0)
        page.locator("[data-event='event-0002']").get_by_test_id("choose").click()
        page.get_by_test_id("batch").get_by_test_id("assign").select_option("ann")
        expect(page.get_by_test_id("batch")).to_have_count(0)
        page.get_by_test_id("filter-assigned").get_by_role("button").click()
        page.get_by_role("menuitemradio", name="Unassigned").click()
        expect(page).to_have_url(re.compile(r"assigned=-$"))
        expect(page.get_by_test_id("event-card")).to_have_count(3)
        assert "event-0002" not in _shown(page)


_BY_ANOTHER = """async (key) => fetch('/api/v1/reviews', { method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Lamppost': '1' },
    body: JSON.stringify({ events: [{ event: key, version: 0 }], severity: 'alarm' }) })"""


def test_those_that_were_refused_stay_chosen_and_are_named(chromium: Browser, tmp_path: Path) -> None:
    with reviewing(chromium, tmp_path, count=4) as (page, _):
        _lose_stream(page)
        page.evaluate(_BY_ANOTHER, "event-0002")
        for key in ("event-0001", "event-0002", "event-0003"):
            page.locator(f"[data-event='{key}']").get_by_test_id("choose").click()
        page.get_by_test_id("batch").get_by_test_id("assign").select_option("ann")
        said = page.get_by_test_id("said")
        expect(said).to_contain_text("1 event was left as it was, and is still chosen:")
        expect(said).to_contain_text("Changed by somebody else meanwhile")
        expect(said).to_contain_text("The plaza")
        expect(page.get_by_test_id("batch")).to_contain_text("1 chosen")
        expect(page.locator(".card.chosen")).to_have_attribute("data-event", "event-0002")
        page.get_by_test_id("batch").get_by_test_id("assign").select_option("ann")  # seen by now
        expect(page.get_by_test_id("batch")).to_have_count(0)
        expect(said).to_have_text("")


_SAY_WHEN_BLOCKED = """() => new MutationObserver(() => {
    if (document.querySelector("[data-testid=sound-blocked]")) console.log("kept back");
}).observe(document, { childList: true, subtree: true })"""


def test_a_sound_that_the_browser_keeps_back_is_told(chromium: Browser, tmp_path: Path) -> None:
    with reviewing(chromium, tmp_path, count=1) as (page, _):
        page.evaluate("localStorage.setItem('lamppost.sound', 'on')")
        fresh = page.context.new_page()
        # the page says by itself when it tells: a look from here counts as a press, and a sound is allowed from then on
        fresh.add_init_script(f"({_SAY_WHEN_BLOCKED})()")
        with fresh.expect_console_message(lambda message: message.text == "kept back"):
            fresh.goto(page.url, wait_until="commit")
        expect(fresh.get_by_test_id("sound-blocked")).to_be_visible()
        fresh.get_by_test_id("allow-sound").click()
        expect(fresh.get_by_test_id("sound-blocked")).to_have_count(0)
        expect(fresh.get_by_test_id("sound")).to_have_attribute("title", "Alarms are heard")


CELLS = {"blue": (220, 30, 30), "green": (30, 200, 30), "red": (30, 30, 220)}


def _colours_of(png: bytes) -> set[str]:
    picture = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR).astype(int)
    return {name for name, colour in CELLS.items() if (np.abs(picture - colour).max(axis=2) < 60).mean() > 0.01}


def test_a_moving_preview_shows_one_cell_at_a_time(chromium: Browser, tmp_path: Path) -> None:
    """And of a track that is not told of yet nothing is asked in vain."""
    with reviewing(chromium, tmp_path, count=1) as (page, desk):
        missed: list[str] = []
        page.on("response", lambda answer: answer.status == 404 and missed.append(answer.url))
        told, early = *desk.tell(1, tracks=["walks"]), *desk.tell(1, tracks=["walks-still"])
        desk.tell_strip("walks", list(CELLS.values()))
        with page.expect_response(re.compile(f"/events/{early}/tracks$")):
            page.locator(f"[data-event='{early}']").hover()
        page.locator(f"[data-event='{told}']").hover()
        preview = page.locator(f"[data-event='{told}']").get_by_test_id("preview")
        expect(preview).to_be_visible()
        page.wait_for_function("() => document.querySelector('.moving image').getBBox().width > 0")
        seen = [_colours_of(preview.screenshot()) for _ in range(4)]
        assert {len(colours) for colours in seen} == {1}, seen
        assert missed == []


def test_a_card_that_was_seen_to_moves_nothing(chromium: Browser, tmp_path: Path) -> None:
    with reviewing(chromium, tmp_path, count=12) as (page, _):
        tops = "() => [...document.querySelectorAll('.card')].map((card) => card.getBoundingClientRect().top)"
        card = page.locator("[data-event='event-0011']")
        before = page.evaluate(tops)
        card.hover()
        card.get_by_test_id("choose").click()
        page.get_by_test_id("batch-acknowledge").click()
        expect(card.locator(".tag.ok")).to_have_text("ann")
        assert page.evaluate(tops) == before
        expect(page.get_by_test_id("said")).to_have_css("position", "static")  # no empty sign over the page


def test_colours_are_chosen_on_a_figure_as_in_the_search(chromium: Browser, tmp_path: Path) -> None:
    with reviewing(chromium, tmp_path, count=2, size="small") as (page, desk):
        (green,) = desk.tell(1, attributes={"colours": {"upper": [["green", 0.8]]}})
        page.get_by_test_id("filters-open").click()
        button = page.get_by_test_id("filter-colour").get_by_role("button").first
        for width, height in (pages.SIZES["small"], (1000, 800), pages.SIZES["desktop"]):
            page.set_viewport_size({"width": width, "height": height})
            button.click()
            figure = page.get_by_role("dialog")
            expect(figure.get_by_test_id("part-upper")).to_be_focused()
            place = figure.bounding_box()
            assert place is not None
            assert place["x"] >= 0
            assert place["x"] + place["width"] <= width
            assert place["y"] + place["height"] <= height
            page.keyboard.press("Escape")
            expect(button).to_be_focused()
        button.click()
        figure.get_by_test_id("swatch-green").click()
        expect(page).to_have_url(re.compile(r"colour=upper:green$"))
        expect(page.get_by_test_id("event-card")).to_have_count(1)
        assert _shown(page) == [green]
        expect(button).to_have_attribute("aria-label", "Colour: Upper clothing: green")


def test_on_a_telephone_an_event_is_seen_to_without_scrolling(chromium: Browser, tmp_path: Path) -> None:
    with reviewing(chromium, tmp_path, count=1, size="phone") as (page, _):
        page.locator("[data-event='event-0001'] a").click()
        expect(page.get_by_test_id("acknowledge")).to_be_hidden()  # it is far below
        button, bar = page.get_by_test_id("bar-acknowledge"), page.get_by_test_id("nav-events")
        place, under = button.bounding_box(), bar.bounding_box()
        assert place is not None
        assert under is not None
        assert place["y"] + place["height"] <= under["y"]
        button.click()
        expect(page.get_by_test_id("review-bar")).to_contain_text("Acknowledged by ann")
        button.click()
        expect(button).to_have_text("Acknowledge")
        page.set_viewport_size({"width": 1440, "height": 900})
        expect(page.get_by_test_id("review-bar")).to_be_hidden()
        expect(page.get_by_test_id("acknowledge")).to_be_visible()
