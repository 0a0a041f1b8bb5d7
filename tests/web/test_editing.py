"""The editor beside people and pages that get in its way, over a centre of its own: nothing that was drawn is lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from agent.wire import messages as wire
from tests.central.helpers import CAMERA, GATEWAY, SITE, FakeGateway, RunningCentre, camera_info, event, running
from tests.fixtures.rig import wait_until
from tests.web import pages

pytestmark = pytest.mark.timeout(180)

NAME = f"{SITE}/{GATEWAY}/{CAMERA}"
SETTINGS = f"/api/v1/cameras/{NAME}/settings"
YARD = {"name": "yard", "polygon": [[0.2, 0.2], [0.6, 0.2], [0.6, 0.6]]}
GATE = {"name": "gate", "points": [[0.7, 0.3], [0.9, 0.3]]}
ENTERED = {"kind": "loitering", "zone": "yard", "after_s": 20}
LEFT = {"kind": "zone_left", "zone": "yard"}
FILE: dict[str, Any] = {"zone": [YARD], "rule": [ENTERED, LEFT]}


class Site:
    """A centre with one camera that stands in a gateway's file, and a program that may change it, too."""

    def __init__(self, centre: RunningCentre, gateway: FakeGateway, page: Page, api: httpx.Client) -> None:
        self.centre, self.gateway, self.page, self.api = centre, gateway, page, api

    def set(self, **settings: Any) -> None:
        """As somebody else would, knowing the newest version."""
        body = {"settings": settings, "version": self.kept()["version"]}
        self.api.put(SETTINGS, json=body).raise_for_status()

    def kept(self) -> Any:
        """How the centre has it."""
        return self.api.get(SETTINGS).json()

    def tell_in_force(self, **settings: Any) -> None:
        """As its gateway would, once it goes by it."""
        info = camera_info().model_copy(update={"settings": settings})
        self.gateway.send(self.gateway.topics.camera(CAMERA, "info"), info, retain=True)

    def open(self) -> None:
        """The editor of the camera."""
        self.page.goto(f"{self.centre.url}/live/{NAME}")
        self.page.get_by_test_id("edit").click()
        expect(self.page.get_by_test_id("canvas")).to_be_visible()

    def shapes(self, kind: str) -> int:
        """How many are drawn on the picture."""
        return self.page.get_by_test_id(f"shape-{kind}").count()


@contextmanager
def editing(chromium: Browser, data: Path, *, size: str = "desktop") -> Iterator[Site]:
    """The editor, opened by an administrator."""
    with running(data / "centre") as centre, FakeGateway(centre) as gateway:
        gateway.hello()
        assert centre.sign_in_url is not None
        with pages.visit(chromium, centre.sign_in_url, size=size) as page, centre.client() as api:
            login = {"username": pages.USER, "password": pages.PASSWORD}
            api.post("/api/v1/sign-in", json=login).raise_for_status()
            site = Site(centre, gateway, page, api)
            site.tell_in_force(**FILE)
            wait_until(lambda: api.get(SETTINGS).json().get("in_force") == FILE, 20, "the centre knows the file")
            site.open()
            yield site


def _draw_line(page: Page) -> None:
    page.get_by_test_id("draw-line").click()
    area = page.get_by_test_id("canvas").bounding_box()
    assert area is not None
    for x in (0.3, 0.7):
        page.mouse.click(area["x"] + area["width"] * x, area["y"] + area["height"] * 0.8)
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("shape-line")).to_have_count(1)


def test_what_is_drawn_is_not_lost_without_a_question(chromium: Browser, tmp_path: Path) -> None:
    with editing(chromium, tmp_path) as site:
        page, editor = site.page, f"/cameras/{NAME}"
        ask = page.get_by_test_id("leave")
        _draw_line(page)
        page.get_by_test_id("nav-events").click()
        expect(ask).to_be_visible()
        page.keyboard.press("Escape")
        expect(ask).to_have_count(0)
        page.go_back()
        expect(ask).to_be_visible()
        page.get_by_test_id("leave-stay").click()
        page.wait_for_url(f"**{editor}")
        expect(page.get_by_test_id("shape-line")).to_have_count(1)
        page.get_by_test_id("account").click()
        page.get_by_test_id("sign-out").click()
        page.get_by_test_id("leave-stay").click()
        page.get_by_test_id("nav-events").click()
        page.get_by_test_id("leave-save").click()
        page.wait_for_url("**/events")
        assert [line["name"] for line in site.kept()["set_here"]["line"]] == ["line-1"]
        page.go_back()
        expect(page.get_by_test_id("shape-line")).to_have_count(1)
        page.get_by_role("button", name="Remove line-1").click()
        page.go_back()
        page.get_by_test_id("leave-anyway").click()
        page.wait_for_url(f"**/live/{NAME}")
        assert len(site.kept()["set_here"]["line"]) == 1


def test_going_back_to_the_file_says_what_goes_and_keeps_the_place_on_the_map(
    chromium: Browser, tmp_path: Path
) -> None:
    place = {"latitude": 52.5, "longitude": 13.4}
    with editing(chromium, tmp_path) as site:
        page = site.page
        site.set(place=place)
        site.open()
        page.get_by_test_id("side-rules").click()
        expect(page.get_by_test_id("to-file")).to_have_count(0)
        page.get_by_test_id("side-shapes").click()
        _draw_line(page)
        page.get_by_test_id("save").click()
        page.get_by_test_id("side-rules").click()
        page.get_by_test_id("to-file").click()
        ask = page.get_by_test_id("to-file-question")
        expect(ask).to_contain_text("Lines: line-1")
        expect(ask).to_contain_text("the place on the map")
        page.keyboard.press("Escape")
        assert "line" in site.kept()["set_here"]
        page.get_by_test_id("to-file").click()
        page.get_by_test_id("to-file-do").click()
        expect(ask).to_have_count(0)
        assert site.kept()["set_here"] == {"place": place}


def _save(page: Page) -> None:
    """Unless it has heard of the other already: then it says so by itself, and there is nothing to be pressed."""
    page.get_by_test_id("save").evaluate("(save) => save.click()")


def test_of_two_who_draw_each_keeps_what_the_other_did_not_change(chromium: Browser, tmp_path: Path) -> None:
    with editing(chromium, tmp_path) as site:
        page = site.page
        _draw_line(page)
        site.set(rule=[LEFT])
        _save(page)
        clash = page.get_by_test_id("clash")
        expect(clash).to_contain_text(f"{pages.USER} has changed this camera meanwhile")
        expect(clash).to_contain_text("Rules: loitering yard")
        expect(page.get_by_test_id("shape-line")).to_have_count(1)
        page.get_by_test_id("keep-mine").click()
        expect(clash).to_have_count(0)
        wait_until(lambda: "line" in site.kept()["set_here"], 20, "it is saved")
        assert site.kept()["set_here"]["rule"] == [LEFT]


def test_of_two_who_change_the_same_one_says_whose_counts(chromium: Browser, tmp_path: Path) -> None:
    with editing(chromium, tmp_path) as site:
        page = site.page
        for keep in (True, False):
            _draw_line(page)
            site.set(line=[GATE])
            _save(page)
            clash = page.get_by_test_id("clash")
            expect(clash).to_contain_text("undoes theirs in Lines")
            page.get_by_test_id("keep-mine" if keep else "take-theirs").click()
            expect(clash).to_have_count(0)
            name = "line-1" if keep else "gate"
            expect(page.get_by_test_id("name-line")).to_have_value(name)
            wait_until(lambda: [one["name"] for one in site.kept()["set_here"]["line"]] == [name], 20, name)  # noqa: B023
            site.set()
            site.open()


def test_another_camera_that_is_set_meanwhile_is_no_conflict(chromium: Browser, tmp_path: Path) -> None:
    with editing(chromium, tmp_path) as site:
        site.gateway.send(site.gateway.topics.camera("north", "info"), camera_info("north"), retain=True)
        north = SETTINGS.replace(CAMERA, "north")
        wait_until(lambda: site.api.get(north).status_code == 200, 20, "the other camera is known")
        _draw_line(site.page)
        version = site.kept()["version"]
        site.api.put(north, json={"settings": {"name": "N"}, "version": version}).raise_for_status()
        site.page.get_by_test_id("save").click()
        wait_until(lambda: "line" in site.kept()["set_here"], 20, "it is saved")
        expect(site.page.get_by_test_id("clash")).to_have_count(0)


def test_keys_of_the_drawing_leave_fields_alone(chromium: Browser, tmp_path: Path) -> None:
    with editing(chromium, tmp_path) as site:
        page = site.page
        page.get_by_test_id("draw-line").click()
        drawing = page.get_by_test_id("drawing")
        page.keyboard.press("Space")
        expect(drawing).to_have_attribute("data-points", "1")
        name = page.get_by_test_id("name-zone")
        name.click()
        page.keyboard.press("End")
        page.keyboard.press("Backspace")
        page.keyboard.press("Enter")
        expect(name).to_have_value("yar")
        expect(drawing).to_have_attribute("data-points", "1")


def test_a_zone_is_drawn_and_moved_without_a_mouse(chromium: Browser, tmp_path: Path) -> None:
    with editing(chromium, tmp_path) as site:
        page = site.page
        page.get_by_test_id("draw-zone").focus()
        page.keyboard.press("Enter")
        for way in ("ArrowLeft", "ArrowDown", "ArrowRight"):
            page.keyboard.press(f"Shift+{way}")
            page.keyboard.press("Space")
        expect(page.get_by_text("Corner 3: 50 % from the left, 60 % from the top")).to_have_count(1)
        page.keyboard.press("Enter")
        expect(page.get_by_test_id("shape-zone")).to_have_count(2)
        grip = page.get_by_role("button", name="zone-1: arrow keys move all of it")
        before = grip.get_attribute("points")
        grip.focus()
        page.keyboard.press("ArrowUp")
        expect(grip).not_to_have_attribute("points", str(before))
        page.get_by_role("button", name="Corner 1 of 3").focus()
        page.keyboard.press("+")
        expect(page.get_by_role("button", name="Corner 1 of 4")).to_have_count(1)
        page.get_by_test_id("save").click()
        wait_until(lambda: "zone" in site.kept()["set_here"], 20, "it is saved")
        drawn = site.kept()["set_here"]["zone"][1]["polygon"]
        assert drawn[0] == [0.4, 0.495], "half of the picture, one step to the left, and all of it up a little"
        assert len(drawn) == 4


def test_a_fresh_zone_wants_a_name_and_offers_a_rule(chromium: Browser, tmp_path: Path) -> None:
    with editing(chromium, tmp_path) as site:
        page = site.page
        _draw_line(page)
        expect(page.get_by_test_id("name-line")).to_be_focused()
        page.keyboard.type("kerb")
        beside = page.get_by_test_id("happened")
        expect(beside).to_contain_text("No rule is about this line yet")
        page.get_by_test_id("name-zone").focus()
        expect(beside).not_to_contain_text("No rule is about")
        page.get_by_test_id("name-line").focus()
        page.get_by_test_id("add-rule-here").select_option("line_crossed")
        expect(page.get_by_test_id("rule")).to_have_count(3)
        expect(beside).to_contain_text("once it is saved")
        page.get_by_test_id("save").click()
        wait_until(lambda: "rule" in site.kept()["set_here"], 20, "it is saved")
        assert site.kept()["set_here"]["rule"][-1] == {"kind": "line_crossed", "line": "kerb"}


def test_a_number_that_is_typed_stays_while_news_come(chromium: Browser, tmp_path: Path) -> None:
    with editing(chromium, tmp_path) as site:
        page = site.page
        page.get_by_test_id("side-rules").click()
        field = page.get_by_test_id("rule-after_s")
        field.click()
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.type("4")
        _say_state(site, analysing=False)  # the page is drawn anew
        expect(field).to_have_value("4")
        page.keyboard.type("5")
        _say_state(site, analysing=True)
        expect(field).to_have_value("45")
        page.get_by_test_id("save").click()
        wait_until(lambda: "rule" in site.kept()["set_here"], 20, "it is saved")
        assert site.kept()["set_here"]["rule"][0]["after_s"] == 45


def _say_state(site: Site, *, analysing: bool) -> None:
    state = wire.CameraState(
        camera=CAMERA, online=True, recording=True, analysing=analysing, since="2026-11-20T12:00:00Z"
    )
    site.gateway.send(site.gateway.topics.camera(CAMERA, "state"), state, retain=True)
    with site.page.expect_response("**/api/v1/health"):
        pass  # asked every few seconds: the news is there by then


def test_a_rules_own_events_come_beside_it(chromium: Browser, tmp_path: Path) -> None:
    with editing(chromium, tmp_path) as site:
        page, tell = site.page, site.gateway.envelope
        tell("event", 1, event("ev-1", zone="yard", rule="zone_left yard", kind="zone_left"))
        beside = page.get_by_test_id("happened")
        expect(beside.get_by_test_id("event-row")).to_have_count(1)
        page.get_by_test_id("side-rules").click()
        rule = page.get_by_test_id("rule").first
        rule.get_by_role("combobox").first.focus()
        expect(beside).to_contain_text("Events of Loitering yard")
        expect(beside.get_by_test_id("event-row")).to_have_count(0)
        expect(page.get_by_test_id("rule")).to_have_count(2)
        tell("event", 2, event("ev-2", zone="yard", rule="loitering yard", kind="loitering"))
        tell("event", 3, event("ev-3", zone="yard", rule="zone_left yard", kind="zone_left"))
        expect(beside.get_by_test_id("event-row")).to_have_count(1)
        expect(beside.get_by_text("Loitering", exact=True)).to_be_visible()
        page.get_by_test_id("side-shapes").click()
        page.get_by_test_id("name-zone").focus()
        expect(beside).to_contain_text("Events of yard")
        expect(beside.get_by_test_id("event-row")).to_have_count(3)
        page.get_by_test_id("name-zone").fill("court")
        expect(beside).to_contain_text("once it is saved")
