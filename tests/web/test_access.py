"""Every page for people who see little, or nothing, or use the keyboard alone: axe finds nothing serious."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from agent.core.clock import NS, rfc3339
from agent.wire import messages as wire
from tests.central.helpers import CAMERA, GATEWAY, PASSWORD, SITE, T0_NS, FakeGateway, running, span, wait_for
from tests.web import every, pages
from tests.web.conftest import Demo

pytestmark = pytest.mark.timeout(900)

LOOKS = [(size, scheme) for size in ("desktop", "phone") for scheme in ("light", "dark")]
"""A page is looked at in each of them, one after the other: it changes as a window that is made smaller does."""


def _judge(page: Page, name: str, axe: str, shots: Path) -> dict[str, list[str]]:
    """What is wrong with what the page shows now, by the name of its picture; each look is kept as one."""
    found = {}
    for size, scheme in LOOKS:
        width, height = pages.SIZES[size]
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        shot = f"{name}-{size}-{scheme}"
        found[shot] = pages.serious(page, axe)
        pages.shoot(page, shots, shot)
    page.set_viewport_size(dict(zip(("width", "height"), pages.SIZES["desktop"], strict=True)))
    return {shot: problems for shot, problems in found.items() if problems}


@pytest.mark.slow
def test_axe_finds_nothing_serious_on_any_page(demo: Demo, chromium: Browser, shots: Path, axe: str) -> None:
    found = {}
    with pages.context(chromium, still=True) as own:
        page = own.new_page()
        pages.sign_in(page, demo.first_link)
        for each in (every.open_each, every.open_layers):
            for name in each(page, pages.origin(demo.first_link)):
                found |= _judge(page, name, axe, shots)
    assert found == {}


def test_axe_finds_nothing_serious_on_the_way_in(chromium: Browser, tmp_path: Path, shots: Path, axe: str) -> None:
    """Where somebody makes the first account, comes in by a link of an administrator's, or signs in."""
    found = {}
    with pages.context(chromium, still=True) as own, running(tmp_path / "centre") as centre:
        page = own.new_page()
        assert centre.sign_in_url is not None
        page.goto(centre.sign_in_url)
        expect(page.get_by_test_id("first-account")).to_be_visible()
        found |= _judge(page, "first-account", axe, shots)
        with centre.admin() as admin:
            join = urljoin(centre.url, _invite(admin))
        page.reload()
        expect(page.get_by_test_id("to-sign-in")).to_be_visible()
        found |= _judge(page, "first-account-used", axe, shots)
        page.goto(join)
        expect(page.get_by_test_id("join")).to_be_visible()
        found |= _judge(page, "join", axe, shots)
        page.goto(centre.url)
        expect(page.get_by_test_id("sign-in")).to_be_visible()
        found |= _judge(page, "sign-in", axe, shots)
    assert found == {}


def test_axe_finds_nothing_serious_where_something_is_held(
    chromium: Browser, tmp_path: Path, shots: Path, axe: str
) -> None:
    """A hold that a gateway refused, one that is over, letting go of one, and playback with its marks."""
    found = {}
    with running(tmp_path / "centre") as centre, FakeGateway(centre) as gateway:
        gateway.hello()
        gateway.envelope("recording", 1, span("r1", 0, 600))
        gateway.handlers["hold"] = lambda asked: wire.Reply(id=asked.id, ok=False, error="the disk is gone")
        with pages.context(chromium, still=True) as own, centre.admin() as admin:
            wait_for(lambda: gateway.acked("recording"))
            for reason in ("case 1", "case 2"):
                last = _hold(admin, reason)
            admin.post(f"/api/v1/holds/{last}/release", json={"reason": "done"}).raise_for_status()
            page = own.new_page()
            pages.sign_in_again(page, centre.url, password=PASSWORD)
            page.goto(f"{centre.url}/holds")
            expect(page.get_by_test_id("hold")).to_contain_text("the disk is gone")
            found |= _judge(page, "holds-list", axe, shots)
            page.get_by_test_id("release").click()
            found |= _judge(page, "hold-release", axe, shots)
            page.keyboard.press("Escape")
            page.get_by_test_id("holds-over").click()
            expect(page.get_by_test_id("hold")).to_contain_text("done")
            found |= _judge(page, "holds-over", axe, shots)
            page.goto(f"{centre.url}/playback?at={rfc3339(T0_NS)}")
            expect(page.get_by_test_id("held-span")).to_be_visible()
            found |= _judge(page, "playback-holds", axe, shots)
    assert found == {}


def _hold(admin: httpx.Client, reason: str) -> str:
    """Hold the plaza for two minutes; its id."""
    times = {"start": rfc3339(T0_NS), "end": rfc3339(T0_NS + 120 * NS)}
    body = {"cameras": [f"{SITE}/{GATEWAY}/{CAMERA}"], "reason": reason, **times}
    return str(admin.post("/api/v1/holds", json=body).raise_for_status().json()["id"])


def _invite(admin: httpx.Client) -> str:
    """An account for somebody; the link that comes with it."""
    made = admin.post("/api/v1/people", json={"name": "bob", "role": "operator", "places": None})
    made.raise_for_status()
    return str(made.json()["link"])
