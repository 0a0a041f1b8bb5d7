"""The wall over a centre of its own, whose gateway tells which streams it is asked for."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from agent.core.clock import rfc3339
from agent.wire import messages as wire
from tests.central.helpers import FakeGateway, camera_info, event, running
from tests.fixtures.rig import wait_until
from tests.web import pages

pytestmark = pytest.mark.timeout(180)

NAMES = ("alley", "bridge", "court")
_ON_SCREEN = """() => [...document.querySelectorAll('[data-testid=live-tile]')]
    .map((tile) => [tile.getBoundingClientRect(), tile.dataset.camera])
    .sort(([a], [b]) => a.top - b.top || a.left - b.left).map(([, camera]) => camera).join()"""
_BELOW = """() => {
    const [facts, bar, strip] = ['.camera-facts', '.stage-bar', '.strip']
        .map((one) => document.querySelector(one).getBoundingClientRect());
    return facts.top >= bar.bottom && facts.right <= strip.left && bar.bottom <= window.innerHeight;
}"""
_HIDE = """(hidden) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event('visibilitychange'));
}"""


class Wall:
    """What the gateway is asked for, and the page that asks."""

    def __init__(self, gateway: FakeGateway, page: Page) -> None:
        self.gateway, self.page = gateway, page

    def asked(self, camera: str) -> list[str]:
        """The streams of that camera that were asked for, in their order; a renewed lease counts once."""
        leases = [wire.validate(wire.LiveArgs, one.args) for one in self.gateway.commands if one.verb == "live"]
        return list({lease.lease: lease.stream for lease in leases if lease.camera == camera}.values())

    def running(self, camera: str) -> set[str]:
        """Streams whose lease was not ended."""
        ended = {one.args["lease"] for one in self.gateway.commands if one.verb == "live_stop"}
        leases = [wire.validate(wire.LiveArgs, one.args) for one in self.gateway.commands if one.verb == "live"]
        return {lease.stream for lease in leases if lease.camera == camera and lease.lease not in ended}

    def tile(self, camera: str) -> str:
        """Its selector."""
        return f"[data-testid=live-tile][data-camera={camera}]"

    def wait_order(self, *cameras: str) -> None:
        """As they stand on the screen, row by row."""
        self.page.wait_for_function(f"(wanted) => ({_ON_SCREEN})() === wanted", arg=",".join(cameras))


@contextmanager
def watching(
    chromium: Browser, data: Path, *, cameras: tuple[str, ...] = NAMES, size: str = "desktop"
) -> Iterator[Wall]:
    """The wall of cameras that have both streams: 1920 x 1080 and 640 x 360."""
    main = wire.StreamState(stream="main", codec="h264", width=1920, height=1080, fps=25)
    with running(data / "centre") as centre, FakeGateway(centre) as gateway:
        for camera in cameras:
            gateway.hello(camera)
            info = camera_info(camera)
            both = info.model_copy(update={"name": camera, "streams": [main, *info.streams]})
            gateway.send(gateway.topics.camera(camera, "info"), both, retain=True)
        assert centre.sign_in_url is not None
        with pages.visit(chromium, centre.sign_in_url, size=size) as page:
            expect(page.get_by_test_id("live-tile")).to_have_count(len(cameras))
            yield Wall(gateway, page)


def _keep_layout(page: Page, name: str) -> None:
    page.get_by_test_id("new-layout").click()
    bar = page.get_by_test_id("arrange")
    bar.locator("[name=name]").fill(name)
    bar.get_by_role("button", name="Save").click()
    expect(page.get_by_test_id("layouts")).to_contain_text(name)


def test_a_tile_takes_the_lowest_stream_that_fills_it(chromium: Browser, tmp_path: Path) -> None:
    with watching(chromium, tmp_path) as wall:
        page = wall.page
        tile = page.locator(wall.tile("court"))
        expect(tile).to_have_attribute("data-stream", "sub")
        wait_until(lambda: wall.running("court") == {"sub"}, 20, "the sub stream, and no other")
        page.set_viewport_size({"width": 3840, "height": 2160})
        expect(tile).to_have_attribute("data-stream", "main")
        wait_until(lambda: wall.running("court") == {"main"}, 20, "the main stream, and no other")
        page.set_viewport_size({"width": 1440, "height": 900})
        wait_until(lambda: wall.running("court") == {"sub"}, 20, "the sub stream again")


def test_a_wall_of_many_asks_for_sub_streams_alone(chromium: Browser, tmp_path: Path) -> None:
    many = tuple(f"camera-{number:02}" for number in range(16))
    with watching(chromium, tmp_path, cameras=many) as wall:
        wait_until(lambda: all(wall.asked(camera) for camera in many), 30, "all are asked for")
        assert {stream for camera in many for stream in wall.asked(camera)} == {"sub"}


def test_back_from_a_tile_leads_to_the_layout_one_came_from(chromium: Browser, tmp_path: Path) -> None:
    with watching(chromium, tmp_path) as wall:
        page = wall.page
        _keep_layout(page, "Night")
        layout = page.url
        assert "layout=" in layout
        page.locator(f"{wall.tile('court')} a").click()
        page.get_by_test_id("edit").click()
        page.get_by_role("link", name="Back to the camera").click()
        page.get_by_test_id("to-wall").click()
        page.wait_for_url(layout)
        page.locator(f"{wall.tile('court')} a").click()
        expect(page.get_by_test_id("to-wall")).to_be_visible()
        page.keyboard.press("Escape")
        page.wait_for_url(layout)


def test_what_is_known_of_a_camera_stands_below_its_picture(chromium: Browser, tmp_path: Path) -> None:
    with watching(chromium, tmp_path) as wall:
        page = wall.page
        page.locator(f"{wall.tile('court')} a").click()
        facts = page.get_by_test_id("camera-facts")
        expect(facts).to_contain_text(re.compile(r"Main stream.*H\.264 · 1920 . 1080 · 25 fps"))
        expect(facts).to_contain_text(re.compile(r"Online since \w"))
        assert page.evaluate(_BELOW), "it leaves the picture, and the events beside it, their places"
        facts.get_by_role("link").last.click()
        expect(page).to_have_url(re.compile("/system/demo/gw-1$"))


def test_a_tile_is_dragged_to_its_place(chromium: Browser, tmp_path: Path, shots: Path) -> None:
    with watching(chromium, tmp_path) as wall:
        page = wall.page
        wall.wait_order(*NAMES)
        page.get_by_test_id("new-layout").click()
        dragged, target = page.locator(wall.tile("court")), page.locator(wall.tile("alley"))
        dragged.hover()
        page.mouse.down()
        for _ in range(3):  # the browser tells of a drag from the second move on
            target.hover()
        expect(dragged).to_have_class(re.compile("lifted"))
        expect(target).to_have_class(re.compile("over"))
        pages.shoot(page, shots, "wall-dragged")
        page.mouse.up()
        wall.wait_order("court", "alley", "bridge")
        expect(page.locator(".lifted, .over")).to_have_count(0)
        page.get_by_test_id("arrange").locator("[name=name]").fill("Dragged")
        page.get_by_test_id("arrange").get_by_role("button", name="Save").click()
        expect(page.get_by_test_id("layouts")).to_contain_text("Dragged")
        page.reload()
        wall.wait_order("court", "alley", "bridge")


def test_the_camera_of_an_alarm_comes_first_while_alarms_are_followed(chromium: Browser, tmp_path: Path) -> None:
    with watching(chromium, tmp_path) as wall:
        page, tell = wall.page, wall.gateway.envelope
        wall.wait_order(*NAMES)
        page.get_by_test_id("follow").click()
        now = rfc3339(time.time_ns())
        info = event("ev-1", start=now, time=now, camera="bridge", severity="info")
        tell("event", 1, info, camera="bridge")
        alarm = event("ev-2", start=now, time=now, camera="court", severity="alarm")
        tell("event", 2, alarm, camera="court")
        wall.wait_order("court", "alley", "bridge")
        expect(page.locator(wall.tile("court"))).to_have_class("tile large")
        page.get_by_test_id("follow").click()
        wall.wait_order(*NAMES)


def test_the_wall_fills_the_screen_and_comes_back(chromium: Browser, tmp_path: Path) -> None:
    with watching(chromium, tmp_path) as wall:
        page = wall.page
        page.keyboard.press("f")
        page.wait_for_function("document.fullscreenElement?.matches('.wall')")
        page.keyboard.press("f")
        page.wait_for_function("document.fullscreenElement === null")
        page.get_by_role("button", name="Full screen").click()
        page.wait_for_function("document.fullscreenElement?.matches('.wall')")


def test_a_page_that_nobody_sees_asks_for_no_pictures(chromium: Browser, tmp_path: Path) -> None:
    with watching(chromium, tmp_path) as wall:
        wait_until(lambda: all(wall.running(camera) for camera in NAMES), 20, "pictures are asked for")
        wall.page.evaluate(_HIDE, True)
        wait_until(lambda: not any(wall.running(camera) for camera in NAMES), 20, "all leases are ended")
        wall.page.evaluate(_HIDE, False)
        wait_until(lambda: all(wall.running(camera) for camera in NAMES), 20, "pictures are asked for again")


def test_a_tile_says_that_its_camera_is_offline_and_why(chromium: Browser, tmp_path: Path) -> None:
    with watching(chromium, tmp_path) as wall:
        page, gateway = wall.page, wall.gateway
        tile = page.locator(wall.tile("bridge"))
        lost = wire.CameraState(
            camera="bridge", online=False, recording=False, analysing=False, since=rfc3339(time.time_ns()),
            error="connection refused",
        )  # fmt: skip
        gateway.send(gateway.topics.camera("bridge", "state"), lost, retain=True)
        expect(tile).to_contain_text("Camera offline")
        expect(tile).to_contain_text("connection refused")
        expect(tile).to_have_attribute("data-tone", "bad")
        expect(page.locator(wall.tile("alley"))).not_to_contain_text("offline")
        gateway.send(gateway.topics.status, gateway._status("offline"), retain=True)
        expect(page.locator(wall.tile("alley"))).to_contain_text("Gateway offline")
        expect(page.locator(".page-head")).to_contain_text("0 of 3 cameras online")
