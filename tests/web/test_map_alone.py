"""The map in Chromium, over a centre of its own with two cameras: places, areas by keyboard, open alarms, warmth."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, FloatRect, Page, Route, expect

from agent.core.clock import NS, rfc3339
from tests.central.helpers import FakeGateway, camera_info, event, running, track, wait_for
from tests.web import pages

pytestmark = pytest.mark.timeout(180)

PLACES = {"gate": (41.7640, -72.6860), "yard": (41.7632, -72.6845)}


@contextmanager
def mapped(chromium: Browser, data: Path, *, size: str = "desktop", dark: bool = True) -> Iterator[tuple[Page, Town]]:
    """The map with both cameras on it."""
    with running(data / "centre") as centre, FakeGateway(centre) as gateway:
        town = Town(gateway)
        assert centre.sign_in_url is not None
        with pages.visit(chromium, centre.sign_in_url, size=size, dark=dark) as page:
            page.get_by_test_id("nav-map").click()
            expect(page.get_by_test_id("map-camera")).to_have_count(2)
            yield page, town


class Town:
    """A gateway with its cameras, and what happens at them."""

    def __init__(self, gateway: FakeGateway) -> None:
        self._gateway, self._seq = gateway, 0
        for name, (latitude, longitude) in PLACES.items():
            gateway.hello(name)
            more = {"name": name.title(), "latitude": latitude, "longitude": longitude, "bearing": 90.0}
            gateway.send(gateway.topics.camera(name, "info"), camera_info(name).model_copy(update=more), retain=True)

    def alarm(self, camera: str) -> None:
        self._seq += 1
        told = event(f"event-{self._seq}", severity="alarm", start=rfc3339(time.time_ns())).model_copy(
            update={"camera": camera}
        )
        self._gateway.envelope("event", self._seq, told, camera=camera)
        wait_for(lambda: self._seq in self._gateway.acked("event"))

    def pass_by(self, camera: str, count: int) -> None:
        now = time.time_ns() - 60 * NS
        told = [
            track(f"{camera}-{n}", final=True, start=rfc3339(now), end=rfc3339(now + NS)).model_copy(
                update={"camera": camera}
            )
            for n in range(count)
        ]
        self._seq += 1
        self._gateway.envelope("track", self._seq, *told, camera=camera)
        wait_for(lambda: self._seq in self._gateway.acked("track"))


def _marker(page: Page, camera: str) -> tuple[float, float]:
    """Where it is on the screen once the map has come to rest, px."""
    dot = page.locator(f"[data-camera='demo/gw-1/{camera}'] .dot")

    def at_rest() -> FloatRect | None:
        before = dot.bounding_box()
        page.wait_for_timeout(300)
        return before if before and before == dot.bounding_box() else None

    box = wait_for(at_rest)
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def _choose(page: Page, camera: str) -> None:
    page.locator(f"[data-camera='demo/gw-1/{camera}']").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("map-card")).to_contain_text(camera.title())


def test_a_camera_that_is_placed_never_becomes_another(chromium: Browser, tmp_path: Path) -> None:
    with mapped(chromium, tmp_path) as (page, _):
        _choose(page, "gate")
        page.get_by_test_id("map-move").click()
        form = page.get_by_test_id("map-place")
        page.mouse.click(*_marker(page, "yard"))  # both may hang on one pole
        page.locator("[data-camera='demo/gw-1/yard']").focus()
        page.keyboard.press("Enter")
        expect(form.locator("h2")).to_have_text("Gate")
        latitude = form.get_by_test_id("map-latitude")
        wait_for(lambda: float(latitude.input_value()) == pytest.approx(PLACES["yard"][0], abs=5e-5))
        form.get_by_test_id("map-longitude").fill("-72.6851")
        page.keyboard.press("Enter")
        with page.expect_request(lambda asked: asked.method == "PUT") as sent:
            page.get_by_test_id("map-save").click()
        assert sent.value.url.endswith("/cameras/demo/gw-1/gate/settings")
        place = sent.value.post_data_json["settings"]["place"]
        assert place["latitude"] == pytest.approx(PLACES["yard"][0], abs=5e-5)
        assert place["longitude"] == -72.6851
        expect(form).to_have_count(0)


def test_counts_that_could_not_be_had_come_back_and_the_complaint_goes(chromium: Browser, tmp_path: Path) -> None:
    with mapped(chromium, tmp_path) as (page, _):
        page.route("**/api/v1/tracks?*", lambda route: route.abort())
        page.get_by_test_id("map-counts").click()
        complaint = page.locator("p[role=alert]")
        expect(complaint).to_be_visible()
        page.unroute("**/api/v1/tracks?*")
        expect(complaint).to_have_count(0, timeout=30_000)


def test_an_area_is_drawn_by_keyboard(chromium: Browser, tmp_path: Path) -> None:
    with mapped(chromium, tmp_path) as (page, _):
        page.get_by_test_id("map-area").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_test_id("map")).to_be_focused()
        hint = page.locator(".map-hint")
        expect(hint).to_contain_text("0 corners")
        for count, key in enumerate(("ArrowLeft", "ArrowUp", "ArrowRight", "ArrowRight"), start=1):
            page.keyboard.press(" ")
            expect(hint).to_contain_text(f"{count} corner")
            centre = page.locator(".map-corner").last.bounding_box()
            page.keyboard.press(key)
            wait_for(lambda before=centre: page.locator(".map-corner").last.bounding_box() != before)
            page.wait_for_timeout(400)  # it glides
        page.keyboard.press("Backspace")
        expect(hint).to_contain_text("3 corners")
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(r"/search\?area="))
        corners = parse_qs(urlsplit(page.url).query)["area"][0].split()
        assert len(set(corners)) == 3


def test_a_chosen_cameras_card_never_lies_over_an_area_that_is_drawn(chromium: Browser, tmp_path: Path) -> None:
    with mapped(chromium, tmp_path, size="phone") as (page, _):
        _choose(page, "gate")
        page.get_by_test_id("map-area").click()
        expect(page.get_by_test_id("map-card")).to_have_count(0)
        x, y = _marker(page, "gate")
        for dx, dy in ((-20, 40), (60, 40), (0, 120)):
            page.mouse.click(x + dx, y + dy)
        expect(page.locator(".map-hint")).to_contain_text("3 corners")
        page.get_by_test_id("map-area-done").click()
        expect(page).to_have_url(re.compile(r"/search\?area="))


def test_open_alarms_are_marked_until_they_are_seen_to(chromium: Browser, tmp_path: Path, shots: Path) -> None:
    with mapped(chromium, tmp_path) as (page, town):
        bells = page.get_by_test_id("map-alarm")
        expect(bells).to_have_count(0)
        town.alarm("gate")
        town.alarm("gate")
        expect(page.get_by_role("button", name="Gate: 2 open alarms")).to_have_text("2")
        expect(page.get_by_role("link", name="2 open alarms", exact=True)).to_be_visible()
        page.reload()
        expect(bells).to_have_text("2")  # not only while it is news
        pages.shoot(page, shots, "map-alarms")
        bells.click()
        expect(page).to_have_url(re.compile(r"/events\?camera=demo/gw-1/gate&severity=alarm&state=open$"))
        expect(page.get_by_test_id("event-card")).to_have_count(2)
        page.get_by_test_id("choose").first.click()
        page.keyboard.press("a")
        expect(page.locator(".card.done")).to_have_count(1)
        page.get_by_test_id("nav-map").click()
        expect(bells).to_have_text("1")
        page.evaluate(
            """async () => { const { items } = await (await fetch('/api/v1/events?acknowledged=false')).json();
            await fetch('/api/v1/reviews', { method: 'POST', body: JSON.stringify({ acknowledged: true,
                events: items.map(({ id, review }) => ({ event: id, version: review.version })) }),
                headers: { 'Content-Type': 'application/json', 'X-Lamppost': '1' } }); }"""
        )
        expect(bells).to_have_count(0)
        expect(page.get_by_test_id("map-alarms")).to_have_count(0)


@pytest.mark.parametrize(("size", "dark"), [("desktop", False), ("phone", True)])
def test_how_much_passed_lies_on_the_map_as_warmth(
    chromium: Browser, tmp_path: Path, shots: Path, size: str, dark: bool
) -> None:
    with mapped(chromium, tmp_path, size=size, dark=dark) as (page, town):
        town.pass_by("gate", 12)
        town.pass_by("yard", 1)
        town.alarm("yard")
        page.get_by_test_id("map-warmth").get_by_role("button").click()
        page.get_by_role("menuitemradio", name="Heat: 24 h").click()
        expect(page.locator(".map-warm")).to_have_count(2)
        expect(page.get_by_role("button", name="Gate, online, 12 seen")).to_be_visible()
        covers = page.locator(".map-warm").evaluate_all(
            "(all) => all.map((one) => [one.getAttribute('fill'), one.getAttribute('fill-opacity')])"
        )
        assert covers[0] == ["rgb(255 40 20)", "0.75"]
        assert covers[0][1] > covers[1][1]
        expect(page.get_by_test_id("map-legend")).to_have_text("Fewer seenMost")
        pages.shoot(page, shots, f"map-warmth-{size}")
        tops = page.locator(".page-head .button").evaluate_all(
            "(all) => all.map((one) => one.getBoundingClientRect().y)"
        )
        assert len(set(tops)) == 1, "no tool stands alone in a second row"
        assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        below = page.evaluate(
            "window.innerHeight - document.querySelector('[data-testid=map]').getBoundingClientRect().bottom"
        )
        assert below < 90, "the map fills the screen, but for the bar of a telephone"
        page.get_by_test_id("map-warmth").get_by_role("button").click()
        page.get_by_role("menuitemradio", name="Heat: 24 h").click()
        expect(page.locator(".map-warm")).to_have_count(0)


def test_an_answer_that_comes_late_brings_no_circles_back(chromium: Browser, tmp_path: Path) -> None:
    with mapped(chromium, tmp_path) as (page, town):
        town.pass_by("gate", 3)
        held: list[Route] = []
        # Playwright puts a mark on the function, which a built-in one does not bear
        page.route(re.compile(r"/api/v1/tracks\?"), lambda route: held.append(route))  # noqa: PLW0108
        switch = page.get_by_test_id("map-counts")
        switch.click()
        wait_for(lambda: page.wait_for_timeout(50) or held)
        switch.click()
        with page.expect_response(re.compile(r"/api/v1/tracks\?")):
            for route in held:
                route.continue_()
        page.wait_for_timeout(200)
        expect(page.locator(".map-count")).to_have_count(0)
        page.unroute(re.compile(r"/api/v1/tracks\?"))
        switch.click()
        expect(page.locator(".map-count")).to_have_count(1)
