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

BEFORE_S, VIEW_S = 22.5 * 60, 30 * 60
"""The timeline begins so long before the moment in the address, and is so long."""
_HIT = """([share, up]) => {
    const row = document.querySelector('.timeline-row').getBoundingClientRect();
    const at = [row.left + row.width * share, row.bottom - up];
    return document.elementFromPoint(...at).closest('[data-testid=moved]') !== null;
}"""


def _is_drawn(page: Page, before_s: float, up: float) -> bool:
    """Does the strip cover what is so many px above the end of the row, so many seconds before the playhead?"""
    return bool(page.evaluate(_HIT, [(BEFORE_S - before_s) / VIEW_S, up]))


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
            assert not _is_drawn(page, 700, 7.8), "before there was any footage"
            assert _is_drawn(page, 470, 7.8), "somebody looked, and nothing moved: a thin line"
            assert not _is_drawn(page, 470, 12)
            assert not _is_drawn(page, 270, 7.8), "nobody looked"
            assert _is_drawn(page, 120, 11), "a person far away"
            assert not _is_drawn(page, 120, 15)
            assert _is_drawn(page, 20, 22), "much of the picture"
            expect(page.get_by_test_id("timeline")).to_have_attribute("aria-valuetext", re.compile(": much moves$"))
            pages.shoot(page, shots, f"motion-{size}")
