"""Playback in the viewer, in Chromium, against the demo: cameras in step, by the clock drawn into each picture."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from agent.record.export import verify as verifier
from agent.sim.scene.overlay import read_clock
from tests.fixtures.rig import wait_until
from tests.web import pages
from tests.web.conftest import Demo

pytestmark = pytest.mark.timeout(600)

CAMERAS = ("crossing", "plaza", "yard")
ALL = "&".join(f"camera=demo/gateway-1/{camera}" for camera in CAMERAS)

_PICTURES = """() => [...document.querySelectorAll('[data-testid=played-video]')].map((video) => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    canvas.getContext('2d').drawImage(video, 0, 0);
    return canvas.toDataURL('image/jpeg', 0.95).split(',')[1];
})"""


def open_playback(page: Page, demo: Demo, query: str) -> None:
    """With the pictures of all its cameras there."""
    page.goto(f"{pages.origin(demo.first_link)}playback?{query}")
    wanted = max(1, query.count("camera="))
    page.wait_for_function(
        "(wanted) => [...document.querySelectorAll('[data-testid=played-video]')]"
        ".filter((video) => video.readyState >= 2 && video.currentTime > 0).length >= wanted",
        arg=wanted, timeout=90_000,
    )  # fmt: skip


def clocks(page: Page) -> list[int | None]:
    """The number of the frame that each camera shows, as it is drawn into it."""
    coded = page.evaluate(_PICTURES)
    return [read_clock(cv2.imdecode(np.frombuffer(base64.b64decode(one), np.uint8), cv2.IMREAD_COLOR)) for one in coded]


def colours(preview: Locator) -> int:
    """How many there are in the picture, as it stands on the screen."""
    shot = preview.locator("svg").screenshot()
    picture = cv2.imdecode(np.frombuffer(shot, np.uint8), cv2.IMREAD_COLOR)
    return len(np.unique(picture[8:-8, 8:-8].reshape(-1, 3), axis=0))


def pause(page: Page) -> None:
    """Stop, and wait until the pictures stand."""
    page.keyboard.press(" ")
    expect(page.get_by_test_id("play")).to_have_attribute("aria-label", "Play")
    pause_done(page)


def pause_done(page: Page) -> None:
    """Wait until no picture moves any more."""
    page.wait_for_function(
        "() => [...document.querySelectorAll('[data-testid=played-video]')]"
        ".every((one) => one.paused && !one.seeking && one.readyState >= 2)",
        timeout=60_000,
    )
    before: list[int | None] = []
    for _ in range(50):  # a busy machine draws the last picture a moment later
        if before == (before := clocks(page)):
            return
        page.wait_for_timeout(200)


@pytest.mark.parametrize(("size", "dark"), [("desktop", True), pytest.param("phone", False, marks=pytest.mark.slow)])
def test_three_cameras_play_in_step_and_step_by_single_pictures(
    demo: Demo, chromium: Browser, shots: Path, size: str, dark: bool
) -> None:
    with pages.visit(chromium, demo.first_link, size=size, dark=dark) as page:
        open_playback(page, demo, ALL)
        pages.shoot(page, shots, f"playback-{size}")
        pause(page)
        shown = clocks(page)
        assert len(shown) == len(CAMERAS)
        assert None not in shown
        apart = max((a - b + 450) % 900 - 450 for a in shown for b in shown)  # the scenes begin anew after 900
        assert apart <= 1, f"the cameras show different moments: frames {shown}"
        expect(page).to_have_url(re.compile(r"&at=20\d\d-"))
        address = page.url
        page.keyboard.press(".")
        expect(page).not_to_have_url(address)
        pause_done(page)
        assert {(after - before) % 900 for before, after in zip(shown, clocks(page), strict=True)} <= {1, 2}
        wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        assert not wide, "the page is wider than the screen"


def test_a_moment_comes_back_with_its_address_and_the_timeline_leads_elsewhere(demo: Demo, chromium: Browser) -> None:
    with pages.visit(chromium, demo.first_link) as page:
        open_playback(page, demo, "")
        pause(page)
        shown, address = clocks(page), page.url
        page.goto("about:blank")
        page.goto(address)
        expect(page.get_by_test_id("played-video")).to_be_visible(timeout=60_000)
        pause(page)
        assert abs((clocks(page)[0] or 0) - (shown[0] or 0)) <= 45, "more than three seconds from where it was"
        page.get_by_test_id("timeline").press("ArrowLeft")
        expect(page).not_to_have_url(re.compile(re.escape(address)))


def test_the_timeline_shows_small_pictures_of_the_moment_under_the_hand(
    demo: Demo, chromium: Browser, shots: Path
) -> None:
    with pages.visit(chromium, demo.first_link) as page:
        open_playback(page, demo, ALL)
        pause(page)
        timeline, small = page.get_by_test_id("timeline"), page.get_by_test_id("preview")
        expect(timeline.locator(".recorded").first).to_be_visible(timeout=60_000)  # it has all of that in view
        for _ in range(2):
            page.get_by_role("button", name="Show more time").click()
        before, head = timeline.bounding_box(), page.locator(".playhead").bounding_box()
        assert before is not None
        assert head is not None
        page.mouse.move(head["x"] + 1, before["y"] + 40)
        shown = page.locator("[data-testid=preview][data-state=shown]")
        expect(shown).to_have_count(len(CAMERAS), timeout=60_000)
        wait_until(lambda: min(map(colours, shown.all())) > 100, 30, "pictures in the previews")
        pages.shoot(page, shots, "playback-previews")
        assert timeline.bounding_box() == before
        at = int(page.evaluate("Date.parse(new URL(location.href).searchParams.get('at'))"))
        assert all(abs(int(one.get_attribute("data-at") or 0) - at) < 60_000 for one in shown.all())
        page.mouse.move(before["x"] + 5, before["y"] + 40)  # long before the site was there
        expect(page.locator("[data-testid=preview][data-state=none]")).to_have_count(len(CAMERAS))
        page.mouse.move(10, 10)
        expect(small).to_have_count(0)
        timeline.press("ArrowLeft")
        expect(small).to_have_count(len(CAMERAS))
        page.mouse.click(10, 10)
        expect(small).to_have_count(0)


def test_dragging_the_times_looks_around_and_lets_go_there(demo: Demo, chromium: Browser) -> None:
    with pages.visit(chromium, demo.first_link) as page:
        open_playback(page, demo, "camera=demo/gateway-1/yard")
        pause(page)
        times, head = page.locator(".timeline-scale").bounding_box(), page.locator(".playhead").bounding_box()
        assert times is not None
        assert head is not None
        address, y = page.url, times["y"] + 10
        tick = page.locator(".timeline-scale span").first.bounding_box()
        page.mouse.move(head["x"] + 1, y)
        page.mouse.down()
        page.mouse.move(head["x"] - 200, y, steps=4)
        assert page.locator(".timeline-scale span").first.bounding_box() == tick, "the times moved along"
        expect(page.get_by_test_id("preview")).to_have_count(1)
        expect(page).to_have_url(address)
        page.mouse.up()
        expect(page).not_to_have_url(address)


def test_a_span_is_exported_with_what_proves_it(demo: Demo, chromium: Browser, tmp_path: Path) -> None:
    with pages.visit(chromium, demo.first_link) as page:
        open_playback(page, demo, "camera=demo/gateway-1/yard")
        pause(page)
        page.get_by_test_id("export-from").click()
        page.keyboard.press("ArrowRight")
        expect(page.get_by_test_id("export-to")).to_be_disabled()
        page.get_by_test_id("export-why").fill("incident 4711")
        page.get_by_test_id("export-to").click()
        with page.expect_download(timeout=60_000) as download:
            page.get_by_test_id("exported").click(timeout=60_000)
        target = tmp_path / "export.zip"
        download.value.save_as(target)
    verify = [sys.executable, str(verifier.__file__), str(target)]
    checked = subprocess.run(verify, check=False, capture_output=True, text=True)
    assert (checked.returncode, "All is as it was exported." in checked.stdout) == (0, True), checked.stdout
    with zipfile.ZipFile(target) as packed:
        assert json.loads(packed.read("manifest.json"))["reason"] == "incident 4711"
        packed.extract("yard.mp4", tmp_path)
    with av.open(str(tmp_path / "yard.mp4")) as film:
        stream = film.streams.video[0]
        assert (stream.codec_context.name, stream.width) == ("h264", 1280)
        times = sorted(float(packet.pts * packet.time_base) for packet in film.demux(stream) if packet.pts is not None)
    assert 4.5 <= times[-1] - times[0] <= 9


_TOPS = """(path) => [...path.getAttribute('d').matchAll(/V(\\d+)/g)].map(([, y]) => Number(y))"""


@pytest.mark.parametrize("dark", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_the_timeline_shows_how_much_moved_before_each_camera(
    demo: Demo, chromium: Browser, shots: Path, dark: bool
) -> None:
    with pages.visit(chromium, demo.first_link, dark=dark) as page:
        open_playback(page, demo, ALL)
        strips = page.locator("[data-testid=moved] path")
        expect(strips).to_have_count(len(CAMERAS), timeout=60_000)
        moved = [min(strip.evaluate(_TOPS)) for strip in strips.all()]
        assert min(moved) < 80, f"people and cars pass, and nothing stands out of the ground: {moved}"
        pause(page)
        expect(page.get_by_test_id("timeline")).to_have_attribute(
            "aria-valuetext", re.compile(" (moves|\\d\\d:\\d\\d)")
        )
        pages.shoot(page, shots, f"playback-motion-{'dark' if dark else 'light'}")
