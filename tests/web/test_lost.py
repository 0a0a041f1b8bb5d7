"""What a person sees while the centre or a gateway is away, and that all of it comes back by itself."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from agent.core.clock import SystemClock, rfc3339
from tests.central.helpers import CAMERA, FakeGateway, RunningCentre, event, running, wait_for
from tests.web import pages

pytestmark = pytest.mark.timeout(240)

API = "**/api/v1/**"


def _tell(gateway: FakeGateway, key: str) -> None:
    """An event of now; back once the centre has stored it."""
    now = rfc3339(SystemClock().wall_ns())
    gateway.envelope("event", 1, event(key, label="person", start=now, time=now))
    wait_for(lambda: gateway.acked("event"))


def _card(page: Page, key: str) -> Locator:
    return page.locator(f"[data-testid=event-card][data-event='{key}']")


def _ports(centre: RunningCentre) -> tuple[int, int]:
    web, mqtt = (urlsplit(url).port for url in (centre.url, centre.mqtt_url))
    assert web
    assert mqtt
    return web, mqtt


def _mark(*open_pages: Page) -> None:
    """A page that is loaded anew has it no more."""
    for page in open_pages:
        page.evaluate("window.neverLeft = true")


def _wall_and_events(own: BrowserContext, link: str | None) -> tuple[Page, Page]:
    """Two pages of one person, each with what it is for in it."""
    wall, events = own.new_page(), own.new_page()
    assert link is not None
    pages.sign_in(events, link)
    pages.open_events(events)
    wall.goto(pages.origin(link))
    pages.wait_tile_tone(wall, CAMERA, "ok")
    _mark(wall, events)
    return wall, events


def test_pages_outlive_the_centre_and_show_what_came_meanwhile(chromium: Browser, tmp_path: Path) -> None:
    with pages.context(chromium) as own:
        with running(tmp_path / "centre") as centre, FakeGateway(centre) as gateway:
            gateway.hello()
            _tell(gateway, "before")
            wall, events = _wall_and_events(own, centre.sign_in_url)
            ports = _ports(centre)
        for page in (wall, events):
            pages.wait_centre_lost(page)
            expect(page.get_by_test_id("banner-centre")).to_contain_text("Connection to the centre lost")
        expect(_card(events, "before")).to_be_visible()
        pages.wait_tile_tone(wall, CAMERA, "warn")
        expect(wall.get_by_test_id("live-picture")).to_have_attribute("data-state", "centre_lost")
        own.route(API, lambda route: route.abort())  # the pages see the centre again when the event is in store
        with running(tmp_path / "centre", ports=ports) as centre, FakeGateway(centre) as gateway:
            gateway.hello()
            _tell(gateway, "meanwhile")
            expect(_card(events, "meanwhile")).to_have_count(0)
            own.unroute(API)
            for page in (wall, events):
                pages.wait_centre_back(page)
            for key in ("before", "meanwhile"):
                expect(_card(events, key)).to_be_visible()
            pages.wait_tile_tone(wall, CAMERA, "ok")
            for page in (wall, events):
                assert page.evaluate("window.neverLeft"), "it came back by itself, not by a reload"


def test_a_gateway_that_falls_silent_is_told_of_and_comes_back(chromium: Browser, tmp_path: Path) -> None:
    with (
        pages.context(chromium) as own,
        running(tmp_path / "centre") as centre,
        FakeGateway(centre) as gateway,
    ):
        gateway.hello()
        wall, system = own.new_page(), own.new_page()
        assert centre.sign_in_url is not None
        pages.sign_in(wall, centre.sign_in_url)
        pages.wait_tile_tone(wall, CAMERA, "ok")
        system.goto(f"{centre.url}/system")
        panel, troubles = system.get_by_test_id("gateway"), system.get_by_test_id("troubles")
        expect(panel).to_have_attribute("data-online", "true")
        expect(troubles).to_have_count(0)
        _mark(wall, system)

        gateway.vanish()
        pages.wait_tile_tone(wall, CAMERA, "bad")
        expect(wall.get_by_test_id("live-picture")).to_contain_text("Gateway offline")
        expect(panel).to_have_attribute("data-online", "false")
        expect(panel.locator("header")).to_contain_text("Offline")
        expect(troubles).to_contain_text("demo · gw-1")
        expect(system.get_by_test_id("nav-system").get_by_role("img")).to_have_count(1)

        gateway.come_back()
        pages.wait_tile_tone(wall, CAMERA, "ok")
        expect(panel).to_have_attribute("data-online", "true")
        expect(troubles).to_have_count(0)
        for page in (wall, system):
            assert page.evaluate("window.neverLeft"), "it came back by itself, not by a reload"


def test_a_centre_that_hangs_is_lost_although_its_connection_stands(chromium: Browser, tmp_path: Path) -> None:
    with (
        pages.context(chromium) as own,
        running(tmp_path / "centre") as centre,
        FakeGateway(centre) as gateway,
    ):
        gateway.hello()
        assert centre.sign_in_url is not None
        wall = own.new_page()
        pages.sign_in(wall, centre.sign_in_url)
        count = wall.get_by_test_id("wall-count")
        expect(count).to_contain_text("1 of 1 camera online")
        held: list[Route] = []
        wall.route(API, lambda route: held.append(route))  # noqa: PLW0108 - a built-in function bears no mark
        pages.wait_centre_lost(wall)
        expect(count).to_have_text("Not connected to the centre")
        assert held
        wall.unroute(API)
        pages.wait_centre_back(wall)
        expect(count).to_contain_text("1 of 1 camera online")
