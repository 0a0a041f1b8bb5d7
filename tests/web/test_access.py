"""Every page for people who see little, or nothing, or use the keyboard alone: axe finds nothing serious."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web import pages
from tests.web.conftest import Demo

pytestmark = [pytest.mark.timeout(600), pytest.mark.slow]

AXE = Path(__file__).parents[2] / "agent/central/web/node_modules/axe-core/axe.min.js"
PAGES = {
    "": "live-tile", "live/demo/gateway-1/plaza": "stage", "events": "event-card", "search": "track-card",
    "playback": "nav-playback", "map": "nav-map", "system": "gateway", "account": "nav-live", "people": "people",
    "audit": "nav-live", "webhooks": "new-webhook", "cameras/demo/gateway-1/plaza": "nav-live",
}  # fmt: skip

_SERIOUS = """async () => (await axe.run()).violations.filter(({ impact }) => ["serious", "critical"].includes(impact))
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`))"""


@pytest.mark.parametrize(("size", "dark"), [("desktop", False), ("phone", True)])
def test_axe_finds_nothing_serious(demo: Demo, chromium: Browser, shots: Path, size: str, dark: bool) -> None:
    if not AXE.exists():
        pytest.skip("no axe-core: it is there where the viewer was built from its sources")
    script, base = AXE.read_text(), pages.origin(demo.first_link)
    with pages.context(chromium, size=size, dark=dark, still=True) as own:
        page = own.new_page()
        pages.sign_in(page, demo.first_link)
        found = {}
        for path, shown in PAGES.items():
            page.goto(base + path)
            expect(page.get_by_test_id(shown).first).to_be_visible(timeout=60_000)
            found[path] = _serious(page, script)
            pages.shoot(page, shots, f"{pages.page_name(path)}-{size}-{'dark' if dark else 'light'}")
        pages.open_first_event(page)
        found["event"] = _serious(page, script)
        assert {path: problems for path, problems in found.items() if problems} == {}


def _serious(page: Page, script: str) -> list[str]:
    page.evaluate(script)
    return list(page.evaluate(_SERIOUS))
