"""Footage that others fetched, in Chromium: played where it is asked for, at no cost to the gateway's link."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, expect

from agent.core.clock import NS, rfc3339
from agent.wire import messages as wire
from tests.central.helpers import GATEWAY, SITE, T0_NS, event, wait_for
from tests.web import pages
from tests.web.test_footage import filming, head_s, play, shown, wait_plays, watching

pytestmark = pytest.mark.timeout(180)


def _fetch(api: httpx.Client, length_s: int) -> str:
    """As somebody else did: so many seconds from T0 on."""
    wish = {"site": SITE, "gateway": GATEWAY, "camera": "plaza", "quality": "full"}
    times = {"start": rfc3339(T0_NS), "end": rfc3339(T0_NS + length_s * NS)}
    answer = api.post("/api/v1/clips", json=wish | times)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def _state(api: httpx.Client, clip: str) -> Any:
    return api.get(f"/api/v1/clips/{clip}").json()["state"]


def test_what_was_played_fast_is_played_again_without_the_gateway(chromium: Browser, tmp_path: Path) -> None:
    with filming(tmp_path, plaza="h264") as (centre, films), centre.service() as api:
        films.recorded(("plaza", 0, 80, "time"))
        clip = _fetch(api, 80)
        wait_for(lambda: _state(api, clip) == "ready")
        with watching(chromium, centre) as page:
            play(page, "plaza", at=rfc3339(T0_NS + 25 * NS))
            wait_plays(page, "plaza")
            video = shown(page, "plaza").get_by_test_id("played-video")
            assert 25 <= video.evaluate("(one) => one.currentTime") < 35
            page.get_by_test_id("speed").select_option("4")
            wait_for(lambda: page.wait_for_timeout(50) or head_s(page) > 45, 60)
            wait_plays(page, "plaza")
            assert films.lengths_s() == [80]


def test_a_piece_of_a_longer_clip_that_comes_to_nothing_is_asked_for_by_itself(
    chromium: Browser, tmp_path: Path
) -> None:
    with filming(tmp_path, plaza="h264") as (centre, films), centre.service() as api:
        films.recorded(("plaza", 0, 40, "time"))
        cuts, waiting = films.gateway.handlers["clip"], list[wire.Command]()
        films.gateway.handlers["clip"] = waiting.append
        _fetch(api, 80)
        wait_for(lambda: waiting)
        films.gateway.handlers["clip"] = cuts
        with watching(chromium, centre) as page:
            play(page, "plaza", at=rfc3339(T0_NS + 25 * NS))
            expect(shown(page, "plaza").get_by_role("status")).to_be_visible(timeout=30_000)
            page.wait_for_timeout(500)
            assert films.asked == []
            key = waiting[0].id
            films.gateway.send(films.gateway.topics.reply(key), wire.Reply(id=key, ok=False, error="the disk is full"))
            wait_plays(page, "plaza")
            assert films.lengths_s() == [20]


def test_an_event_in_a_longer_clip_is_shown_from_shortly_before_it_on(chromium: Browser, tmp_path: Path) -> None:
    with filming(tmp_path, plaza="h264") as (centre, films), centre.service() as api:
        clip = _fetch(api, 60)
        wait_for(lambda: _state(api, clip) == "ready")
        films.gateway.envelope("event", 1, event("e1", "end", at_s=42, start=rfc3339(T0_NS + 40 * NS)))
        wait_for(lambda: films.gateway.acked("event"))
        with watching(chromium, centre) as page:
            page.goto(f"{pages.origin(page.url)}events/e1")
            assert pages.wait_clip_plays(page, seconds=0.2) > 35
            assert films.lengths_s() == [60]
            assert api.get("/api/v1/events/e1").json()["clip"]["media"] == "plaza-1"
