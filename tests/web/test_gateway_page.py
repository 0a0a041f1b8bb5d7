"""The page of one gateway, over a centre of its own: how its clock is, and where its recording has gaps."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from agent.core.clock import NS, rfc3339
from agent.wire import messages as wire
from tests.central.helpers import GATEWAY, SITE, FakeGateway, health, running, span, wait_for
from tests.web import pages

pytestmark = pytest.mark.timeout(180)


def _recorded(key: str, from_s: float, to_s: float, reason: str) -> wire.RecordingSpan:
    """Footage from so long ago to so long ago."""
    now_ns = time.time_ns()
    ends = {"start": rfc3339(now_ns - int(from_s * NS)), "end": rfc3339(now_ns - int(to_s * NS)), "reason": reason}
    return wire.RecordingSpan.model_validate(span(key, 0, 1).model_dump() | ends)


def test_a_gateways_page_tells_its_clock_and_its_gaps(chromium: Browser, tmp_path: Path) -> None:
    with running(tmp_path / "centre") as centre, FakeGateway(centre) as gateway:
        gateway.hello()
        clock = {"offset_ms": 12.5, "synced": True}
        now = wire.Health.model_validate(health().model_dump() | {"clock": clock})
        gateway.send(gateway.topics.health, now, retain=True)
        gateway.envelope("recording", 1, _recorded("s1", 4000, 3600, "lost"), _recorded("s2", 3000, 2400, "off"))
        wait_for(lambda: 1 in gateway.acked("recording"))
        assert centre.sign_in_url is not None
        with pages.visit(chromium, centre.sign_in_url) as page:
            pages.open_system(page)
            page.get_by_test_id("gateway-link").click()
            page.wait_for_url(f"**/system/{SITE}/{GATEWAY}")
            expect(page.get_by_test_id("gateway")).to_contain_text("synchronised (+12.5 ms)")
            rows = page.get_by_test_id("gap-row")
            expect(rows).to_have_count(2)
            expect(rows.nth(0)).to_contain_text("goes on")
            expect(rows.nth(0)).to_contain_text("Recording was switched off")
            expect(rows.nth(1)).to_contain_text("10 min")
            expect(rows.nth(1)).to_contain_text("The camera's stream broke off")
            rows.nth(1).get_by_role("link").click()
            page.wait_for_url(re.compile(r"/playback\?camera="))
            page.goto(f"{centre.url}/system/{SITE}/nobody")
            expect(page.get_by_text("No such gateway")).to_be_visible()
