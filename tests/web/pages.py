"""What a person does in the viewer, for browser tests: one function per step, on stable test ids and roles.

Every wait ends in Playwright's TimeoutError with the state it waited for; no step sleeps a fixed time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
USER, PASSWORD = "ann", "four unrelated words"
SIZES = {"desktop": (1440, 900), "phone": (390, 844), "small": (360, 740), "4k": (3840, 2160)}


@contextmanager
def browser() -> Iterator[Browser]:
    """Debian's Chromium without a window. A machine that runs other tests beside it is given time."""
    expect.set_options(timeout=20_000)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=list(FLAGS))
        try:
            yield chromium
        finally:
            chromium.close()


def context(
    chromium: Browser, *, size: str = "desktop", dark: bool = True, still: bool = False, locale: str = "en-GB"
) -> BrowserContext:
    """A person's own session: no cookies of others, a fixed language and zone; `still`: nothing slides."""
    width, height = SIZES[size]
    return chromium.new_context(
        viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light", locale=locale,
        timezone_id="Europe/Berlin", reduced_motion="reduce" if still else "no-preference",
    )  # fmt: skip


class Complaints(list[str]):
    """Collects what a page should never do: script errors, requests to other hosts, policy violations."""

    def watch(self, page: Page, origin: str) -> None:
        """Listen to that page from now on; `origin` is the only host it may ask."""
        host = urlsplit(origin).netloc
        page.on("pageerror", lambda error: self.append(f"script error: {error}"))
        page.on("request", lambda request: self._foreign(request.url, host))
        page.on("websocket", lambda socket: self._foreign(socket.url, host))
        page.on("console", lambda line: "Content Security Policy" in line.text and self.append(line.text))

    def _foreign(self, url: str, host: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.netloc != host:
            self.append(f"request to another host: {url}")


@contextmanager
def visit(
    chromium: Browser, first_link: str, *, size: str = "desktop", dark: bool = True, locale: str = "en-GB"
) -> Iterator[Page]:
    """A page of somebody who has signed in; in the end nothing may have been complained of."""
    complaints = Complaints()
    with context(chromium, size=size, dark=dark, locale=locale) as own:
        page = own.new_page()
        complaints.watch(page, first_link)
        sign_in(page, first_link)
        yield page
    assert complaints == []


def make_first_account(page: Page, first_link: str) -> None:
    """Open the one-time link, choose a name and a password; ends on the wall."""
    page.goto(first_link)
    form = page.get_by_test_id("first-account")
    form.locator("[name=username]").fill(USER)
    form.locator("[name=password]").fill(PASSWORD)
    form.locator("[name=repeat]").fill(PASSWORD)
    form.locator("button[type=submit]").click()
    expect(page.get_by_test_id("nav-live")).to_be_visible()


def sign_in_again(page: Page, address: str, *, user: str = USER, password: str = PASSWORD) -> None:
    """Sign in with an account that exists; ends on the wall."""
    page.goto(address)
    form = page.get_by_test_id("sign-in")
    form.locator("[name=username]").fill(user)
    form.locator("[name=password]").fill(password)
    form.locator("button[type=submit]").click()
    expect(page.get_by_test_id("nav-live")).to_be_visible()


def sign_in(page: Page, first_link: str) -> None:
    """With the one-time link while it is fresh, else with the account that it made."""
    page.goto(first_link)
    fresh = page.get_by_test_id("first-account")
    used = page.get_by_test_id("to-sign-in")
    expect(fresh.or_(used)).to_be_visible()
    if fresh.is_visible():
        make_first_account(page, first_link)
    else:
        sign_in_again(page, origin(first_link))


def origin(link: str) -> str:
    """`http://127.0.0.1:8080/` of any address below it."""
    parts = urlsplit(link)
    return f"{parts.scheme}://{parts.netloc}/"


def sign_out(page: Page) -> None:
    """Through the account's menu; ends on the sign-in page."""
    page.get_by_test_id("account").click()
    page.get_by_test_id("sign-out").click()
    expect(page.get_by_test_id("sign-in")).to_be_visible()


_TIMES = """() => [...document.querySelectorAll('[data-testid=live-tile] video')]
    .map((video) => video.readyState >= 2 ? video.currentTime : 0)"""


def live_times(page: Page) -> list[float]:
    """Playback time of each tile, seconds; 0 where no picture came yet."""
    return [float(value) for value in page.evaluate(_TIMES)]


def first_live_time(page: Page, *, timeout_s: float = 60) -> float:
    """Wait for the first tile with a picture; its playback time, seconds."""
    page.wait_for_function(f"() => ({_TIMES})().some((time) => time > 0)", timeout=timeout_s * 1000)
    return max(live_times(page))


def wait_live_changes(page: Page, *, tiles: int = 1, timeout_s: float = 60) -> None:
    """Wait until at least `tiles` live pictures differ, pixel by pixel, from what they show now, and go on to play."""
    first_live_time(page, timeout_s=timeout_s)
    page.wait_for_function(_PICTURES_CHANGED, arg=tiles, timeout=timeout_s * 1000, polling=250)


_PICTURES_CHANGED = """(wanted) => {
    const look = (video) => {
        if (video.readyState < 2) return undefined;
        const canvas = document.createElement('canvas');
        canvas.width = 64; canvas.height = 36;
        const brush = canvas.getContext('2d', { willReadFrequently: true });
        brush.drawImage(video, 0, 0, 64, 36);
        return [...brush.getImageData(0, 0, 64, 36).data];
    };
    window.seenAt ??= new Map();
    window.changed ??= new Set();
    for (const tile of document.querySelectorAll('[data-testid=live-tile]')) {
        const video = tile.querySelector('video');
        const now = look(video);
        if (!now) continue;
        const before = window.seenAt.get(tile.dataset.camera);
        if (!before) { window.seenAt.set(tile.dataset.camera, { now, time: video.currentTime }); continue; }
        const differs = now.some((value, i) => Math.abs(value - before.now[i]) > 12);
        if (differs && video.currentTime > before.time) window.changed.add(tile.dataset.camera);
    }
    return window.changed.size >= wanted;
}"""


def wait_tile_tone(page: Page, camera: str, tone: str, *, timeout_s: float = 60) -> None:
    """Wait until a camera's tile is `ok`, `warn` or `bad`."""
    tile = page.locator(f"[data-testid=live-tile][data-camera='{camera}']")
    expect(tile).to_have_attribute("data-tone", tone, timeout=timeout_s * 1000)


def open_live(page: Page) -> None:
    """The wall."""
    page.get_by_test_id("nav-live").click()
    expect(page.get_by_test_id("live-tile").first).to_be_visible()


def open_events(page: Page, *, timeout_s: float = 60) -> None:
    """The list of events, with at least one in it."""
    page.get_by_test_id("nav-events").click()
    expect(page.get_by_test_id("event-card").first).to_be_visible(timeout=timeout_s * 1000)


def open_first_event(page: Page, *, with_picture: bool = True, timeout_s: float = 60) -> str:
    """Open the newest event (that has its picture); its id."""
    open_events(page, timeout_s=timeout_s)
    cards = page.locator("[data-testid=event-card]:has(img)" if with_picture else "[data-testid=event-card]")
    expect(cards.first).to_be_visible(timeout=timeout_s * 1000)
    identity = cards.first.get_attribute("data-event")
    assert identity
    # by its id: while we reach for it a newer event may take the first place
    page.locator(f"[data-testid=event-card][data-event='{identity}'] a").click()
    expect(page.get_by_test_id("event-details")).to_be_visible()
    return identity


def wait_clip_plays(page: Page, *, seconds: float = 1.0, timeout_s: float = 60) -> float:
    """On an event's page: wait for the clip, and until its time went on by `seconds`; its time then."""
    video = page.get_by_test_id("clip-video")
    failed = page.locator("[data-testid=clip-state][data-state=failed]")
    expect(video.or_(failed)).to_be_visible(timeout=timeout_s * 1000)
    assert not failed.is_visible(), failed.inner_text()
    page.wait_for_function(
        "(seconds) => document.querySelector('[data-testid=clip-video]')?.currentTime > seconds",
        arg=seconds, timeout=timeout_s * 1000,
    )  # fmt: skip
    return float(video.evaluate("(video) => video.currentTime"))


def open_search(page: Page, *, timeout_s: float = 60) -> None:
    """The search, with at least one result in it."""
    page.get_by_test_id("nav-search").click()
    expect(page.get_by_test_id("track-card").first).to_be_visible(timeout=timeout_s * 1000)


def found_tracks(page: Page) -> list[str]:
    """The ids of the results on the screen, newest first."""
    return list(page.get_by_test_id("track-card").evaluate_all("(cards) => cards.map((card) => card.dataset.track)"))


def open_system(page: Page) -> None:
    """The page of health."""
    page.get_by_test_id("nav-system").click()
    expect(page.get_by_test_id("system-summary")).to_be_visible()
    expect(page.get_by_test_id("lost")).to_have_text(re.compile(r"\d"))


def wait_centre_lost(page: Page, *, timeout_s: float = 30) -> None:
    """Wait for the banner that says so."""
    expect(page.get_by_test_id("banner-centre")).to_be_visible(timeout=timeout_s * 1000)


def wait_centre_back(page: Page, *, timeout_s: float = 60) -> None:
    """Wait until that banner is gone, by itself."""
    expect(page.get_by_test_id("banner-centre")).to_have_count(0, timeout=timeout_s * 1000)


IS_WIDER = "document.documentElement.scrollWidth > window.innerWidth"
"""True when the page is wider than the screen: it would have to be pushed sideways to be read."""

_SERIOUS = """async () => (await axe.run()).violations.filter(({ impact }) => ["serious", "critical"].includes(impact))
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`))"""


def serious(page: Page, axe: str) -> list[str]:
    """What axe, whose script is `axe`, finds serious in what the page shows now."""
    page.evaluate(axe)
    return list(page.evaluate(_SERIOUS))


_PICTURES_LOADED = """() => [...document.images].every((image) => {
    const { top, bottom } = image.getBoundingClientRect();
    return image.complete || bottom < 0 || top > window.innerHeight;
})"""


def shoot(page: Page, folder: Path, name: str) -> Path:
    """Keep a picture of the page, with the pictures in it loaded, as build output."""
    page.wait_for_function(_PICTURES_LOADED)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{name}.png"
    target.write_bytes(page.screenshot())  # by path, Playwright would leave a thread of its own behind
    return target
