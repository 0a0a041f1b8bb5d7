"""Every page of the viewer, and what stands in it when it is of use: its frame or a skeleton does not count."""

from __future__ import annotations

from collections.abc import Iterator

from playwright.sync_api import Locator, Page, expect

CAMERA = "demo/gateway-1/plaza"
PLAYING = "[data-testid=live-picture][data-state=playing]"
WITHIN_MS = 60_000


def useful(camera: str, *, picture: str = PLAYING, footage: str = ".recorded") -> dict[str, str]:
    """What a page is for, by its path; `picture` is what counts as one of a camera, `footage` what as recorded."""
    return {
        "/": "[data-testid=live-tile]",
        f"/live/{camera}": f"[data-testid=stage] {picture}",
        "/events": "[data-testid=event-card]",
        "/search": "[data-testid=track-card]",
        "/playback": f"[data-testid=timeline] {footage}",
        "/map": "[data-testid=map-camera]",
        "/system": "[data-testid=gateway] [data-testid=camera-row]",
        "/holds": "[data-testid=new-hold]",
        "/account": "[data-testid=sessions] li",
        "/people": "[data-testid=people] li:not(.head)",
        "/webhooks": "[data-testid=new-webhook]",
        "/audit": "[data-testid=audit] li:not(.head)",
        f"/cameras/{camera}": f"[data-testid=stage] {picture}",
    }


EVENT, TRACK = "[data-testid=event-details]", "[data-testid=track-details]"
"""What the page of an event, and of a track, is for."""


def name_of(path: str) -> str:
    """What a picture of that page is called: `wall`, `live`, `cameras`, `search` ..."""
    return path.split("/")[1] or "wall"


def open_each(page: Page, base: str) -> Iterator[str]:
    """Go to each page of the demo; its name, once it is of use. An event's and a track's are the newest ones."""
    for path, shown in useful(CAMERA).items():
        page.goto(base.rstrip("/") + path)
        _seen(page.locator(shown).first)
        yield name_of(path)
    for path, card, name, shown in (("/events", "event", "event", EVENT), ("/search", "track", "track", TRACK)):
        page.goto(base.rstrip("/") + path)
        newest = page.locator(f"[data-testid={card}-card] a").first
        _seen(newest)
        page.goto(base.rstrip("/") + str(newest.get_attribute("href")))
        _seen(page.locator(shown))
        yield name


def open_layers(page: Page, base: str) -> Iterator[str]:
    """Open what lies over a page, one at a time: its name, while it is open. For a desktop: telephones fold more."""
    by = page.get_by_test_id
    for path, name, opener, layer in (
        ("/events", "menu", by("account"), page.get_by_role("menu")),
        ("/events", "filter", by("filter-kind").get_by_role("button"), page.get_by_role("menu")),
        ("/map", "map-card", by("map-camera").first, by("map-card")),
        ("/map", "incidents", by("map-incidents"), by("incident-list")),
        (f"/search?camera={CAMERA}", "draw-board", by("draw-open"), by("draw-board")),
        ("/holds", "hold-form", by("new-hold"), by("hold-dialog")),
        ("/people", "person-form", by("new-person"), by("person-form")),
        ("/webhooks", "webhook-form", by("new-webhook"), by("webhook-form")),
    ):
        page.goto(base.rstrip("/") + path)
        opener.click()
        _seen(layer)
        yield name
    page.goto(f"{base.rstrip('/')}/events")
    newest = page.locator("[data-testid=event-card]:has(img) a").first
    _seen(newest)
    page.goto(base.rstrip("/") + str(newest.get_attribute("href")))
    page.get_by_test_id("share").click()
    _seen(page.get_by_role("dialog"))
    yield "share"


def _seen(what: Locator) -> None:
    expect(what).to_be_visible(timeout=WITHIN_MS)
