"""Nothing on a page jumps while events arrive: the browser itself counts the shifts of the layout."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from agent.core.clock import rfc3339
from tests.central.helpers import FakeGateway, event, fresh_id, running
from tests.fixtures.rig import wait_until
from tests.web import every, pages
from tests.web.conftest import Demo

pytestmark = pytest.mark.timeout(300)

WATCH = """() => {
    window.shifts = [];
    new PerformanceObserver((list) => {
        for (const { value, sources } of list.getEntries())
            window.shifts.push([value, ...sources.map(({ node }) =>
                `${node?.className || node?.nodeName} ${node?.textContent} in ${node?.parentElement?.className}`)]);
    }).observe({ type: 'layout-shift' });
    window.arrived = 0;
    new EventSource('/api/v1/stream').addEventListener('event', () => (window.arrived += 1));
}"""


def _shifts(page: Page, arrivals: int) -> list[list[object]]:
    """What moved while so many events arrived."""
    page.evaluate(WATCH)
    page.wait_for_function("(wanted) => window.arrived >= wanted", arg=arrivals, timeout=60_000)
    page.wait_for_timeout(300)
    return list(page.evaluate("window.shifts"))


@pytest.mark.parametrize("slower", [1, 8])
def test_lists_of_events_slide_and_never_jump(demo: Demo, chromium: Browser, slower: int) -> None:
    """On a machine that draws a picture in half a second, too."""
    with pages.visit(chromium, demo.first_link) as page:
        pages.open_events(page)
        page.mouse.move(2, 2)
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slower})
        before = page.get_by_test_id("event-card").count()
        assert _shifts(page, 4) == []
        expect(page.get_by_test_id("event-card")).not_to_have_count(before)


def _happens(gateway: FakeGateway, seq: int) -> None:
    now = rfc3339(time.time_ns())
    gateway.envelope("event", seq, event(fresh_id(), start=now, time=now))


def test_a_list_that_became_narrower_slides_still(chromium: Browser, tmp_path: Path) -> None:
    """The wall takes more of the page, a window is dragged: the next event pushes the others aside all the same."""
    with running(tmp_path / "centre") as centre, FakeGateway(centre) as gateway:
        gateway.hello()
        for seq in range(1, 6):
            _happens(gateway, seq)
        assert centre.sign_in_url is not None
        with pages.visit(chromium, centre.sign_in_url) as page:
            rows = page.get_by_test_id("event-row")
            expect(rows).to_have_count(5)
            page.mouse.move(2, 2)
            page.wait_for_timeout(1000)
            page.evaluate(WATCH)
            page.evaluate("document.querySelector('[data-testid=event-strip]').style.width = '250px'")
            page.wait_for_timeout(200)
            _happens(gateway, 6)
            expect(rows).to_have_count(6)
            page.wait_for_timeout(300)
            assert page.evaluate("window.shifts") == []


@pytest.mark.slow
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_no_page_moves_while_events_arrive(demo: Demo, chromium: Browser, size: str) -> None:
    found = {}
    with pages.visit(chromium, demo.first_link, size=size) as page:
        for name in every.open_each(page, pages.origin(demo.first_link)):
            page.wait_for_timeout(2000)  # what loads late has come
            # a camera that falls silent under the load of other tests is told on top, once: ask again
            found[name] = _shifts(page, 4) and _shifts(page, 4)
    assert {name: shifts for name, shifts in found.items() if shifts} == {}


_KEEP_SOURCES = """() => {
    window.sources = [];
    const Real = EventSource;
    window.EventSource = class extends Real { constructor(url) { super(url); window.sources.push(this); } };
}"""
_TELL = """async ([messages, more]) => {
    for (const gateway of (await (await fetch('/api/v1/gateways')).json()).items) {
        const uplink = gateway.health?.uplink;
        if (uplink) Object.assign(uplink, { rate: messages * more, live: messages > 0 ? ['plaza'] : [] });
        gateway.outbox = { messages, media: messages, media_bytes: more };
        for (const camera of gateway.health?.cameras ?? []) for (const key of ['packets_recorded', 'frames_analysed',
            'packets_not_analysed', 'reconnects']) camera[key] = more;
        window.sources.forEach((source) => source.dispatchEvent(
            new MessageEvent('gateway', { data: JSON.stringify(gateway) })));
    }
    await new Promise((done) => setTimeout(done, 300));
}"""


_TROUBLES = "document.querySelector('[data-testid=troubles]')?.offsetHeight ?? 0"


def _tell(page: Page, messages: int, more: int) -> None:
    """Until it is to be seen: what the gateway says itself may come between."""
    row = page.get_by_test_id("camera-row").first

    def seen() -> bool:
        page.evaluate(_TELL, [messages, more])
        return f"{more:,}" in row.inner_text()

    wait_until(seen, 20, f"{more:,} is shown")


@pytest.mark.parametrize("size", ["desktop", pytest.param("phone", marks=pytest.mark.slow)])
def test_numbers_that_grow_push_nothing_aside(demo: Demo, chromium: Browser, size: str) -> None:
    """What a gateway counts gets digits more, its outbox fills and empties: no word beside it moves."""
    with pages.visit(chromium, demo.first_link, size=size) as page:
        page.add_init_script(f"({_KEEP_SOURCES})()")
        page.goto(pages.origin(demo.first_link) + "system")
        expect(page.get_by_test_id("gateway")).to_contain_text("lamppost-nano", timeout=60_000)  # it has begun
        _tell(page, 0, 7)
        page.wait_for_timeout(1500)
        page.evaluate(WATCH)
        assert wait_until(lambda: _moved(page), 120, "no trouble comes or goes for a while") == ["nothing"]


def _moved(page: Page) -> list[object]:
    """What moves while numbers grow; nothing is said of a while in which a trouble came or went on top of the page."""
    page.evaluate("window.shifts = []")
    before = page.evaluate(_TROUBLES)
    for messages, more in ((1, 99), (12, 1_234), (0, 98_765), (345, 7_654_321)):
        _tell(page, messages, more)
    if page.evaluate(_TROUBLES) != before:
        return []
    return list(page.evaluate("window.shifts")) or ["nothing"]
