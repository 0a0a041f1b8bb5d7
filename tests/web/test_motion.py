"""How much moved, on the timeline in Chromium, over a centre of its own whose footage is known second by second."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from agent.core.clock import NS
from agent.wire import messages as wire
from tests.central.helpers import CAMERA, GATEWAY, SITE, T0_NS, FakeGateway, running, span, wait_for
from tests.web import pages

pytestmark = pytest.mark.timeout(180)

_HIT = """([at, up]) => {
    const strip = document.querySelector('[data-testid=moved]').getBoundingClientRect();
    const { ariaValueMin: from, ariaValueMax: to } = document.querySelector('[data-testid=timeline]');
    const point = [strip.left + (strip.width * (at - from)) / (to - from), strip.bottom - strip.height * up];
    return document.elementFromPoint(...point).closest('[data-testid=moved]') !== null;
}"""


def _is_drawn(page: Page, at_ns: int, up: float) -> bool:
    """Does the strip cover that moment, so much of its whole height above the ground?"""
    return bool(page.evaluate(_HIT, [at_ns / 1e6, up]))


@pytest.mark.parametrize(("dark", "size"), [(False, "desktop"), (True, "phone")])
def test_the_strip_stands_where_it_moved_and_nowhere_where_nobody_looked(
    chromium: Browser, tmp_path: Path, shots: Path, dark: bool, size: str
) -> None:
    end_ns = (time.time_ns() // (60 * NS) - 5) * 60 * NS
    first_s, levels = (end_ns - T0_NS) / NS - 600, [0] * 200 + [wire.UNSEEN] * 200 + [12] * 100 + [60] * 100
    with running(tmp_path / "centre") as centre, FakeGateway(centre) as gateway:
        gateway.hello()
        known = wire.pack_motion(bytes(levels))
        gateway.envelope("recording", 1, span("a", first_s, first_s + 600, number=1, motion=known))
        wait_for(lambda: gateway.acked("recording"))
        assert centre.sign_in_url is not None
        with pages.visit(chromium, centre.sign_in_url, size=size, dark=dark) as page:
            at = datetime.fromtimestamp(end_ns / NS - 30, UTC).isoformat().replace("+00:00", "Z")
            page.goto(f"{pages.origin(centre.sign_in_url)}playback?camera={SITE}/{GATEWAY}/{CAMERA}&at={at}")
            expect(page.get_by_test_id("moved")).to_be_attached(timeout=15_000)
            at_ns = end_ns - 30 * NS
            wait_for(lambda: page.wait_for_timeout(50) or _seen_s(page) < 900)  # what is recorded, and a little more
            assert not _is_drawn(page, at_ns - 582 * NS, 0.04), "before there was any footage"
            assert _is_drawn(page, at_ns - 470 * NS, 0.04), "somebody looked, and nothing moved: a thin line"
            assert not _is_drawn(page, at_ns - 470 * NS, 0.2)
            assert not _is_drawn(page, at_ns - 270 * NS, 0.04), "nobody looked"
            assert _is_drawn(page, at_ns - 120 * NS, 0.25), "a person far away"
            assert not _is_drawn(page, at_ns - 120 * NS, 0.45)
            assert _is_drawn(page, at_ns - 20 * NS, 0.9), "much of the picture"
            expect(page.get_by_test_id("timeline")).to_have_attribute("aria-valuetext", re.compile(": much moves$"))
            pages.shoot(page, shots, f"motion-{size}")


def _seen_s(page: Page) -> float:
    """How much time the timeline shows."""
    timeline = page.get_by_test_id("timeline")
    ends = [float(timeline.get_attribute(f"aria-value{end}") or 0) for end in ("min", "max")]
    return (ends[1] - ends[0]) / 1000
