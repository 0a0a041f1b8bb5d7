"""The viewer in Chromium, over a store of a million tracks: first useful paint, search, scroll, layout shift, size.

LAMPPOST_TRACKS (1,000,000) says how many lie in store, over ten days. A page is useful when what it is for stands in
it, not its frame or a skeleton. The centre is a process of its own, as in the street; the gateway's messages come from
this one. Chromium runs without a GPU, as in tests: people's machines are faster.
"""

from __future__ import annotations

import gzip
import itertools
import json
import math
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from playwright.sync_api import Browser, CDPSession, Page

from agent.analyse.track.shot import QUALITY
from agent.central.store.database import Database
from agent.central.store.pack import pack, pack_path
from agent.central.store.rows import day_of
from agent.core.clock import NS, SystemClock, rfc3339
from tests.bench.city import Body, City
from tests.central.accounts import own_process
from tests.central.helpers import (
    CAMERA,
    GATEWAY,
    SITE,
    T0_NS,
    FakeGateway,
    RunningCentre,
    camera_info,
    event,
    fresh_id,
    manifest,
    span,
    wait_for,
)
from tests.web import every, pages

DAYS, ROUNDS = 10, 3
GOAL_PAINT_MS, GOAL_SEARCH_MS, GOAL_DROPPED = 1000, 300, 0.05
EVENTS, EVENT_EVERY_S = 20, 0.15
SCROLLED = 100_000
"""So many results are in the grid when it is scrolled."""
PICTURES = 1_000
"""More than a scroll passes: no best shot is shown twice, or is there from before."""
ROOT = Path(__file__).parents[2]
_CAMERA_PATH = f"{SITE}/{GATEWAY}/{CAMERA}"
_PLACE = {"latitude": 41.76, "longitude": -72.67, "bearing": 90.0}

_WATCH = """(useful) => {
    window.shifts = [];
    new PerformanceObserver((list) => {
        for (const { value, sources } of list.getEntries())
            window.shifts.push([value, sources.map(({ node }) => node?.className || node?.nodeName || '')]);
    }).observe({ type: 'layout-shift', buffered: true });
    const look = () => {
        const found = document.querySelector(useful[location.pathname] ?? 'none');
        if (found?.getBoundingClientRect().height) window.usefulAt ??= performance.now();
        if (!window.usefulAt) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
}"""
# from the key to the frame with the new results in it
_ENTER = """() => new Promise((done) => {
    const results = document.querySelector('[data-testid=results]');
    let begun, busy = false;
    const look = () => {
        const now = results.getAttribute('aria-busy') === 'true';
        busy ||= now;
        if (busy && !now) requestAnimationFrame((at) => (window.tookMs = performance.now() - begun));
        else requestAnimationFrame(look);
    };
    window.tookMs = undefined;
    document.addEventListener('keydown', () => { begun = performance.now(); look(); }, { once: true, capture: true });
    done();
})"""
_FRAMES = """() => {
    window.frames_ = [];
    const step = (at) => { window.frames_.push(at); if (!window.framesDone) requestAnimationFrame(step); };
    window.framesDone = false;
    requestAnimationFrame(step);
}"""
_FILL = """async (wanted) => {
    const began = performance.now();
    const cards = () => Number(document.querySelector('.shots-frame').style.height.replace('px', ''));
    while (true) {
        window.scrollTo(0, document.documentElement.scrollHeight);
        const before = cards();
        const patience = performance.now() + 5000;
        while (cards() === before && performance.now() < patience) await new Promise((go) => setTimeout(go, 5));
        const columns = Number(document.querySelector('.shots').style.getPropertyValue('--columns'));
        const count = Math.ceil(cards() / 262) * columns;
        if (count >= wanted || cards() === before) return [count, performance.now() - began];
    }
}"""


def run() -> dict[str, object]:
    """Everything, as a table and as JSON."""
    count = int(os.environ.get("LAMPPOST_TRACKS", "1_000_000"))
    with tempfile.TemporaryDirectory(prefix="lamppost-viewer-") as name, pages.browser() as chromium:
        _fill(Path(name) / "data", count)
        with _site(Path(name), chromium) as (centre, gateway, kept):
            gateway.hello()
            gateway.send(gateway.topics.camera(CAMERA, "info"), camera_info().model_copy(update=_PLACE), retain=True)
            _show(gateway)
            _tell(gateway, EVENTS)
            _record(gateway)
            visitor = _Visitor(chromium, centre.url, kept, _useful(centre))
            found: dict[str, object] = {"tracks": count, "bundle_gzip_kb": bundle_kb()}
            found["useful_ms"] = _paints(visitor)
            found["search_ms"] = _searches(visitor)
            found["shift"] = _shifts(visitor, gateway)
            found["scroll"] = _scroll(visitor)
    _print(found)
    return found


@contextmanager
def _site(folder: Path, chromium: Browser) -> Iterator[tuple[RunningCentre, FakeGateway, Any]]:
    with (
        own_process(folder, ((SITE, GATEWAY),)) as centre,
        FakeGateway(centre) as gateway,
        _signed_in(chromium, centre.sign_in_url) as kept,
    ):
        yield centre, gateway, kept


class _OwnCity(City):
    """The city, whose newest tracks are told with their own ids, times and pictures: a grid shows each once."""

    newest = 0

    def _body_row(self, row: dict[str, Any], body: Body) -> dict[str, Any]:
        if row["day"] < self.newest:
            return super()._body_row(row, body)
        record = self._record(row, self.cameras[0])
        record["media"] = [{**record["media"][0], "id": _picture(self.rng.randrange(PICTURES))}]
        path = record.pop("path")
        return super()._body_row(row, body) | {"record": pack(record), "path": pack_path(path)}


def _fill(data: Path, count: int) -> None:
    data.mkdir(parents=True)
    database, city, today = Database.open("sqlite", data), _OwnCity(), day_of(time.time_ns())
    city.name(database)
    city.newest = today - math.ceil(1.1 * SCROLLED / (count / DAYS))
    for day in range(today - DAYS, today):
        city.begin(day)
        city.fill(database, day, count // DAYS)
    database.close()


def _picture(number: int) -> str:
    return f"{number:032x}"


def _show(gateway: FakeGateway) -> None:
    """Best shots as gateways send them: JPEG, 256 px high, some ten kilobytes."""
    dice, now = np.random.default_rng(1), rfc3339(SystemClock().wall_ns())
    for number in range(PICTURES):
        rough = dice.integers(0, 256, (24, 10, 3), dtype=np.uint8)
        fine = dice.normal(0, 12, (256, 110, 3))
        shot = np.clip(cv2.resize(rough, (110, 256), interpolation=cv2.INTER_CUBIC) + fine, 0, 255).astype(np.uint8)
        body = cv2.imencode(".jpg", shot, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
        gateway.send_medium(manifest(_picture(number), body, start=now, end=now), body)
    wait_for(lambda: any(ack["state"] == "done" for ack in gateway.media_acks(_picture(PICTURES - 1))), 60)


def _tell(gateway: FakeGateway, count: int, every_s: float = 0.0) -> None:
    """New events of now, one by one."""
    for _ in range(count):
        now = rfc3339(SystemClock().wall_ns())
        one = event(fresh_id(), label="person", severity="alarm", zone="plaza", start=now, time=now)
        gateway.envelope("event", time.time_ns() // 1000, one)
        time.sleep(every_s)


@contextmanager
def _signed_in(chromium: Browser, link: str | None) -> Iterator[Any]:
    assert link is not None
    with pages.context(chromium) as first:
        pages.make_first_account(first.new_page(), link)
        yield first.storage_state()


class _Visitor(NamedTuple):
    """Who looks at all pages: signed in by `kept`; `useful` says for each what makes it so."""

    chromium: Browser
    url: str
    kept: Any
    useful: dict[str, str]


def _record(gateway: FakeGateway) -> None:
    """Footage of the last half hour; it is told of, not there."""
    now_s = time.time_ns() / NS - T0_NS / NS
    spans = [span(fresh_id(), now_s - 60 * (30 - minute), now_s - 60 * (29 - minute)) for minute in range(29)]
    for number, one in enumerate(spans, 1):
        gateway.envelope("recording", number, one.model_copy(update={"number": number}))


def _useful(centre: RunningCentre) -> dict[str, str]:
    """All pages, with those of an event and of a track. No video comes from here: a camera's stage is without it."""
    with centre.service() as client:
        event, track = (client.get(f"/api/v1/{what}?limit=1").json()["items"][0]["id"] for what in ("events", "tracks"))
    one = {f"/events/{event}": every.EVENT, f"/search/{track}": every.TRACK}
    return every.useful(_CAMERA_PATH, picture="") | one


@contextmanager
def _page(visitor: _Visitor) -> Iterator[Page]:
    """A page of who is signed in, with an empty cache; it notes when it is useful, and every shift of its layout."""
    with visitor.chromium.new_context(storage_state=visitor.kept, viewport={"width": 1440, "height": 900}) as own:
        own.add_init_script(f"({_WATCH})({json.dumps(visitor.useful)})")
        yield own.new_page()


def _paints(visitor: _Visitor) -> dict[str, float]:
    each = {path: [_paint(visitor, path) for _ in range(ROUNDS)] for path in visitor.useful}
    return {path: round(statistics.median(found), 1) for path, found in each.items()}


def _paint(visitor: _Visitor, path: str) -> float:
    with _page(visitor) as page:
        page.goto(visitor.url + path)
        page.wait_for_function("() => window.usefulAt")
        return float(page.evaluate("window.usefulAt"))


def _searches(visitor: _Visitor) -> dict[str, float]:
    rounds = [_search_each(visitor) for _ in range(ROUNDS)]
    return {name: round(statistics.median(one[name] for one in rounds), 1) for name in rounds[0]}


def _search_each(visitor: _Visitor) -> dict[str, float]:
    """Each choice is made with Enter, on a search that has its results; the last one is a plate that is typed."""
    found = {}
    with _page(visitor) as page:
        page.goto(f"{visitor.url}/search")
        page.locator("[data-testid=track-card]").first.wait_for()
        for name, button in {"people": "label-person", "red": "swatch-red", "a day": "within-24h"}.items():
            found[name] = _enter(page, f"[data-testid={button}]")
        page.goto(f"{visitor.url}/search")
        page.locator("[data-testid=track-card]").first.wait_for()
        page.locator("[data-testid=search-more] summary").click()
        page.locator("[data-testid=plate]").press_sequentially("AB*")  # `fill` would ask at once
        found["plate"] = _enter(page, "[data-testid=plate]")
    return found


def _enter(page: Page, selector: str) -> float:
    page.evaluate(_ENTER)
    page.locator(selector).press("Enter")
    page.wait_for_function("() => window.tookMs")
    return round(float(page.evaluate("window.tookMs")), 1)


def _shifts(visitor: _Visitor, gateway: FakeGateway) -> dict[str, float]:
    """The sum of all shifts while events arrive; what loading moves is counted apart, as `load PAGE`."""
    found: dict[str, float] = {}
    for path in visitor.useful:
        with _page(visitor) as page:
            page.goto(visitor.url + path)
            page.wait_for_function("() => window.usefulAt")
            page.wait_for_timeout(1000)
            loaded = page.evaluate("window.shifts.splice(0)")
            _tell(gateway, EVENTS, EVENT_EVERY_S)
            page.wait_for_timeout(1000)
            moved = page.evaluate("window.shifts")
        found[path], found[f"load {path}"] = _sum(moved), _sum(loaded)
        for value, who in [*moved, *loaded]:
            print(f"  shift {value:.4f} on {path}: {', '.join(who)}")
    return found


def _sum(shifts: list[Any]) -> float:
    return round(sum(value for value, _ in shifts), 4)


def _scroll(visitor: _Visitor) -> dict[str, float]:
    """Wheel gestures down and up through a grid that holds so many results already."""
    with _page(visitor) as page:
        page.goto(f"{visitor.url}/search")
        page.locator("[data-testid=track-card]").first.wait_for()
        held, took_ms = page.evaluate(_FILL, SCROLLED)
        page.wait_for_timeout(1000)
        browser = page.context.new_cdp_session(page)
        browser.send("Performance.enable", {"timeDomain": "threadTicks"})
        page.evaluate(_FRAMES)
        before, began = _busy_s(browser), time.monotonic()
        for way in (1, 1, 1, -1, -1, -1):
            gesture = {"x": 900, "y": 500, "yDistance": 12_000 * way, "speed": 4000, "gestureSourceType": "mouse"}
            browser.send("Input.synthesizeScrollGesture", gesture)
        busy = (_busy_s(browser) - before) / (time.monotonic() - began)
        page.evaluate("window.framesDone = true")
        at = page.evaluate("window.frames_")
    gaps = [after - before for before, after in itertools.pairwise(at)]
    dropped = sum(max(0, round(gap / 16.667) - 1) for gap in gaps)
    return {
        "results": held,
        "loaded_in_s": round(took_ms / 1000, 1),
        "frames": len(gaps),
        "dropped_share": round(dropped / (dropped + len(gaps)), 4),
        "longest_ms": round(max(gaps), 1),
        "main_thread_busy": round(busy, 3),
        "machine_load": round(os.getloadavg()[0], 1),
    }


def _busy_s(browser: CDPSession) -> float:
    """CPU time of the page's main thread: a machine that is busy with other things drops frames, but not for that."""
    return next(
        float(one["value"])
        for one in browser.send("Performance.getMetrics")["metrics"]
        if one["name"] == "TaskDuration"
    )


def bundle_kb() -> float:
    """What the first load of an English reader takes, gzip: the page, its scripts and styles."""
    static = ROOT / "agent/central/static"
    index = (static / "index.html").read_text()
    names = [part.split('"')[0] for part in index.replace("src=", "href=").split('href="/')[1:]]
    files = ["index.html", *(name for name in names if name.endswith((".js", ".css")))]
    return round(sum(len(gzip.compress((static / name).read_bytes())) for name in files) / 1000, 1)


def _print(found: dict[str, Any]) -> None:
    print(f"bundle {found['bundle_gzip_kb']} kB gzip (bound 250)")
    for path, ms in found["useful_ms"].items():
        print(f"{path:32} useful after {ms:7.1f} ms (goal {GOAL_PAINT_MS})   shift {found['shift'][path]}")
    for name, ms in found["search_ms"].items():
        print(f"search: {name:24} results after {ms:7.1f} ms (goal {GOAL_SEARCH_MS})")
    scroll = found["scroll"]
    share, busy = 100 * scroll["dropped_share"], 100 * scroll["main_thread_busy"]
    print(f"scroll over {scroll['results']} results: {share:.1f} % dropped (goal {GOAL_DROPPED:.0%});")
    print(f"  the page's thread was busy {busy:.0f} % of the time, the machine's load was {scroll['machine_load']}")
