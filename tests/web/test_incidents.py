"""Incidents on the map in Chromium, over a centre of its own: told by a sensor, by a person, looked at and closed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from agent.core.clock import NS, SystemClock, rfc3339
from tests.central.helpers import FakeGateway, camera_info, event, running, wait_for
from tests.web import pages

pytestmark = pytest.mark.timeout(180)

PLACES = {"gate": (41.7640, -72.6860), "yard": (41.7632, -72.6845)}
BEFORE_GATE = {"latitude": 41.7640, "longitude": -72.6858}


class Town:
    """Two cameras that look east, and the sensors' way in."""

    def __init__(self, gateway: FakeGateway, api: httpx.Client) -> None:
        self._api, self._gateway = api, gateway
        for name, (latitude, longitude) in PLACES.items():
            gateway.hello(name)
            more = {"name": name.title(), "latitude": latitude, "longitude": longitude, "bearing": 90.0}
            gateway.send(gateway.topics.camera(name, "info"), camera_info(name).model_copy(update=more), retain=True)

    def tell(self, **more: Any) -> str:
        what = {"kind": "shot", "severity": "alarm", "source": "gunshot sensor 4", **BEFORE_GATE}
        answer = self._api.post("/api/v1/incidents", json=what | more)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def alarm(self) -> None:
        told = event("alarm-1", severity="alarm", start=rfc3339(SystemClock().wall_ns())).model_copy(
            update={"camera": "gate"}
        )
        self._gateway.envelope("event", 1, told, camera="gate")

    def one(self, key: str) -> dict[str, Any]:
        told: dict[str, Any] = self._api.get(f"/api/v1/incidents/{key}").json()
        return told


@contextmanager
def mapped(
    chromium: Browser, data: Path, *, size: str = "desktop", dark: bool = True, locale: str = "en-GB"
) -> Iterator[tuple[Page, Town]]:
    """The map with both cameras on it."""
    with running(data / "centre") as centre, FakeGateway(centre) as gateway, centre.service() as api:
        assert centre.sign_in_url is not None
        town = Town(gateway, api)
        with pages.visit(chromium, centre.sign_in_url, size=size, dark=dark, locale=locale) as page:
            page.get_by_test_id("nav-map").click()
            expect(page.get_by_test_id("map-camera")).to_have_count(2)
            yield page, town


def _open_list(page: Page) -> Locator:
    page.get_by_test_id("map-incidents").click()
    return page.get_by_test_id("incident-list")


def test_a_shot_that_a_sensor_hears_is_on_the_map_at_once_and_leads_to_its_cameras(
    chromium: Browser, tmp_path: Path, shots: Path
) -> None:
    with mapped(chromium, tmp_path) as (page, town):
        listed = _open_list(page)
        expect(listed).to_contain_text("No incident is open.")
        time_ns = SystemClock().wall_ns() - 90 * NS
        key = town.tell(text="Two shots", time=rfc3339(time_ns))
        mark = page.get_by_role("button", name=re.compile(r"^Shot, Alarm, open, "))
        expect(mark).to_have_attribute("data-incident", key)
        expect(page.get_by_test_id("map-incidents")).to_have_accessible_name("Incidents 1")
        town.tell(kind="water_leak", severity="info", source="utility", text="<b>burst</b>")
        expect(listed.get_by_test_id("incident-row")).to_have_count(2)
        expect(listed.get_by_test_id("incident-row").first).to_contain_text("Water leak: <b>burst</b>")
        mark.focus()
        page.keyboard.press("Enter")
        card = page.get_by_test_id("incident-card")
        expect(card).to_contain_text("from gunshot sensor 4")
        expect(card.locator(".incident-row")).to_have_text(["Gate17 m, looks there", re.compile("^Yard.* m away$")])
        pages.shoot(page, shots, "map-incident")
        then = parse_qs(urlsplit(str(card.get_by_test_id("incident-play").get_attribute("href"))).query)
        assert then == {"camera": ["demo/gw-1/gate"], "at": [rfc3339((time_ns // 10**6) * 10**6 - 30 * NS)]}
        card.get_by_test_id("incident-around").click()
        expect(page).to_have_url(re.compile(r"/search\?area=.*&since=.*&until="))
        page.go_back()
        expect(page.get_by_test_id("map-incident")).to_have_count(2)


def test_it_is_closed_with_a_note_and_opened_again(chromium: Browser, tmp_path: Path) -> None:
    with mapped(chromium, tmp_path) as (page, town):
        key = town.tell()
        _open_list(page).get_by_test_id("incident-row").click()
        card = page.get_by_test_id("incident-card")
        expect(card.locator("h2")).to_be_focused()
        card.get_by_test_id("incident-note").fill("Fireworks.")
        page.keyboard.press("Enter")
        expect(card).to_contain_text("Closed by ann")
        expect(card).to_contain_text("Fireworks.")
        closed = town.one(key)
        assert (closed["state"], closed["note"]) == ("closed", "Fireworks.")
        expect(page.get_by_test_id("map-incidents")).to_have_accessible_name("Incidents")
        expect(page.locator(".map-incident.closed")).to_have_count(1)
        card.get_by_test_id("incident-open").click()
        expect(card).not_to_contain_text("Closed by")
        expect(page.locator(".map-incident.closed")).to_have_count(0)


def test_somebody_reports_one_by_keyboard(chromium: Browser, tmp_path: Path) -> None:
    with mapped(chromium, tmp_path) as (page, town):
        _open_list(page).get_by_test_id("incident-report").click()
        form = page.get_by_test_id("report-form")
        expect(page.get_by_test_id("map")).to_be_focused()
        expect(form.get_by_test_id("report-send")).to_be_disabled()
        page.keyboard.press(" ")
        expect(form.get_by_test_id("report-spot")).to_contain_text("Where: 41.76")
        before = form.get_by_test_id("report-spot").inner_text()
        page.keyboard.press("ArrowLeft")
        page.wait_for_timeout(400)  # it glides
        page.keyboard.press(" ")
        expect(form.get_by_test_id("report-spot")).not_to_have_text(before)
        form.get_by_test_id("report-kind").select_option("crash")
        form.get_by_test_id("report-severity").select_option("alarm")
        form.get_by_test_id("report-text").fill("Two cars")
        page.keyboard.press("Enter")
        card = page.get_by_test_id("incident-card")
        expect(card).to_contain_text("Two cars")
        told = town.one(str(page.get_by_test_id("map-incident").get_attribute("data-incident")))
        assert (told["kind"], told["severity"], told["source"]) == ("crash", "alarm", "ann")
        assert told["latitude"] == pytest.approx(41.7636, abs=2e-3)


@pytest.mark.parametrize(("size", "dark", "locale"), [("small", False, "es-ES"), ("desktop", False, "en-GB")])
def test_the_panel_fits_a_telephone_and_passes_axe(
    chromium: Browser, tmp_path: Path, shots: Path, axe: str, size: str, dark: bool, locale: str
) -> None:
    with mapped(chromium, tmp_path, size=size, dark=dark, locale=locale) as (page, town):
        for number in range(6):
            town.tell(
                text=f"A long story about what was heard, number {number}", severity=("info", "alarm")[number % 2]
            )
        town.alarm()
        expect(page.get_by_test_id("map-incident")).to_have_count(6)
        expect(page.get_by_test_id("map-alarms")).to_be_visible()
        listed = _open_list(page)
        expect(listed.get_by_test_id("incident-row")).to_have_count(6)
        for name in ("list", "one", "report"):
            assert not page.evaluate(pages.IS_WIDER)
            assert pages.serious(page, axe) == []
            pages.shoot(page, shots, f"map-incidents-{name}-{size}")
            if name == "list":
                listed.get_by_test_id("incident-row").first.click()
                expect(page.get_by_test_id("incident-live")).to_be_visible()
            elif name == "one":
                page.get_by_test_id("map-incidents").click()
                _open_list(page).get_by_test_id("incident-report").click()
                page.get_by_test_id("map").click(position={"x": 60, "y": 60})
                expect(page.get_by_test_id("report-send")).to_be_enabled()
        tops = page.locator(".page-head .button").evaluate_all(
            "(all) => all.map((one) => one.getBoundingClientRect().y)"
        )
        assert len(set(tops)) == 1, "no tool stands alone in a second row"


def test_they_can_be_taken_off_the_map_and_stay_in_the_list(chromium: Browser, tmp_path: Path) -> None:
    with mapped(chromium, tmp_path) as (page, town):
        town.tell()
        listed = _open_list(page)
        expect(page.get_by_test_id("map-incident")).to_have_count(1)
        listed.get_by_test_id("incidents-shown").uncheck()
        expect(page.get_by_test_id("map-incident")).to_have_count(0)
        page.reload()
        expect(page.get_by_test_id("map-camera")).to_have_count(2)
        listed = _open_list(page)
        expect(listed.get_by_test_id("incident-row")).to_have_count(1)
        expect(page.get_by_test_id("map-incident")).to_have_count(0)


def test_a_wall_that_follows_alarms_brings_up_the_camera_that_looks_there(chromium: Browser, tmp_path: Path) -> None:
    with mapped(chromium, tmp_path) as (page, town):
        page.get_by_test_id("nav-live").click()
        expect(page.get_by_test_id("live-tile")).to_have_count(2)
        page.get_by_test_id("follow").click()
        tiles = page.locator(".tiles")
        expect(tiles).not_to_have_class(re.compile("with-hero"))
        town.tell(latitude=41.7632, longitude=-72.6843)
        expect(tiles).to_have_class(re.compile("with-hero"))
        wait_for(lambda: page.evaluate(_FIRST) == "yard")


_FIRST = """() => [...document.querySelectorAll('[data-testid=live-tile]')]
    .map((tile) => [tile.getBoundingClientRect().width, tile.dataset.camera]).sort(([a], [b]) => b - a)[0][1]"""
