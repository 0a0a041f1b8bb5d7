"""Search in the viewer, in Chromium, against the demo: everybody in a green shirt, and nobody else."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

from tests.fixtures.rig import wait_until
from tests.web import pages
from tests.web.conftest import Demo
from tests.web.drawn import Drawn

pytestmark = pytest.mark.timeout(600)

SHARE = 0.7
ALONE = 10
"""Sights of somebody whose clothes are surely his own."""
_FETCH = "async (path) => (await fetch('/api/v1' + path)).json()"


def asked(page: Page, path: str) -> Any:
    """What the API answers the person who is signed in."""
    return page.evaluate(_FETCH, path)


def look_for_green(page: Page) -> None:
    """Somebody in a green shirt."""
    page.get_by_test_id("label-person").click()
    page.get_by_test_id("part-upper").click()
    page.get_by_test_id("swatch-green").click()
    expect(page.get_by_test_id("results")).to_have_attribute("aria-busy", "false")


@pytest.mark.parametrize(("size", "dark"), [("desktop", True), ("phone", False)])
def test_a_person_in_a_green_shirt_is_found_and_her_clip_plays(
    demo: Demo, chromium: Browser, shots: Path, size: str, dark: bool
) -> None:
    with pages.visit(chromium, demo.first_link, size=size, dark=dark) as page:
        pages.open_search(page)
        pages.shoot(page, shots, f"search-{size}")
        if size == "phone":
            page.get_by_test_id("search-open").click()
        look_for_green(page)
        expect(page).to_have_url(re.compile(r"/search\?label=person&colour=upper:green$"))
        pages.shoot(page, shots, f"search-green-{size}")
        page.get_by_test_id("track-card").first.click(timeout=120_000)
        expect(page.get_by_test_id("track-details")).to_contain_text("green")
        assert pages.wait_clip_plays(page) > 1
        expect(page.locator(".clip .overlay .box").first).to_be_visible()
        pages.shoot(page, shots, f"track-{size}")
        page.get_by_role("button", name="Path").click()
        expect(page.get_by_test_id("way")).to_be_visible()
        pages.shoot(page, shots, f"track-way-{size}")
        page.keyboard.press("Escape")
        expect(page).to_have_url(re.compile(r"/search\?label=person&colour=upper:green$"))
        wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        assert not wide, "the page is wider than the screen"


def test_whoever_is_found_was_drawn_in_green_and_who_was_is_found(demo: Demo, chromium: Browser) -> None:
    if demo.folder is None:
        pytest.skip("the truth of somebody else's demo is not at hand")
    drawn = Drawn(demo.folder)
    with pages.visit(chromium, demo.first_link) as page:
        wait_until(
            lambda: _well_in_green(page, drawn) or _looked_at_too_seldom(page), 400, "somebody in green comes by"
        )
        pages.open_search(page)
        with page.expect_request(_asks_for_green) as shown:
            look_for_green(page)
        expect(page.get_by_test_id("track-card").first).to_be_visible()
        there = _well_in_green(page, drawn)
        found = all_tracks(page, urlsplit(shown.value.url).query)
        assert {track["id"] for track in found} >= set(pages.found_tracks(page)), "the page shows what it asked for"
    well = [track for track in found if _seen_well(track, drawn)]
    mistaken = [track["id"] for track in well if "green" not in drawn.shows(track)]
    assert mistaken == [], "tracks are found of people who wear no green"
    # by people: on a machine that is busy one who meets others goes on as two tracks, of which one may be unknown
    assert there <= _in_green(found, drawn), "people in green were seen well, and are not found"


def _asks_for_green(request: Request) -> bool:
    """For results, not for their counts."""
    asked_for = parse_qs(urlsplit(request.url).query)
    return "facets" not in asked_for and asked_for.get("colour") == ["upper:green"]


def all_tracks(page: Page, query: str) -> list[dict[str, Any]]:
    """Everything that a query finds, page by page to its end."""
    found: list[dict[str, Any]] = []
    asked_for = dict(parse_qsl(query)) | {"limit": "200"}
    while True:
        answer = asked(page, f"/tracks?{urlencode(asked_for)}")
        found += answer["items"]
        if answer["next"] is None:
            return found
        asked_for["cursor"] = answer["next"]


def _well_in_green(page: Page, drawn: Drawn) -> set[tuple[str, str]]:
    """Who wears green and was seen well; asked once a second at most."""
    page.wait_for_timeout(1000)
    return _in_green([track for track in all_tracks(page, "label=person") if _seen_well(track, drawn)], drawn)


def _looked_at_too_seldom(page: Page) -> bool:
    """Paths have two points a second, unless so many other tests run beside that pictures are few: then nobody is seen
    well, and only who is found is judged."""
    paths = [one["path"] for one in all_tracks(page, "label=person") if one["final"] and one["path"]]
    return len(paths) >= 40 and sum(len(path) for path in paths) < 1.3 * sum(path[-1][0] for path in paths)


def _in_green(tracks: list[dict[str, Any]], drawn: Drawn) -> set[tuple[str, str]]:
    """Camera and id of the drawn people among them who wear green."""
    people = [(track["camera"], person) for track in tracks if (person := drawn.person(track))]
    return {(camera, person["id"]) for camera, person in people if person["colours"].get("upper") == "green"}


def _seen_well(track: dict[str, Any], drawn: Drawn) -> bool:
    """Long enough, tall enough, and alone for long enough, for everybody to see what she wears."""
    tallest = max((y2 - y1 for _, _, y1, _, y2 in track["path"]), default=0.0)
    return track["final"] and len(track["path"]) >= 15 and tallest >= 0.15 and drawn.alone(track) >= ALONE


PLAZA_GATE = ((0.3, 0.45), (0.3, 0.95))
"""A line over the plaza that somebody crosses every few seconds: who goes to the right crosses it from B to A."""


def _click(page: Page, *points: tuple[float, float]) -> None:
    area = page.get_by_test_id("draw-board").get_by_test_id("canvas").bounding_box()
    assert area is not None
    for x, y in points:
        page.mouse.click(area["x"] + area["width"] * x, area["y"] + area["height"] * y)


@pytest.mark.slow
def test_whoever_crossed_a_drawn_line_was_drawn_on_both_sides_of_it_and_who_was_is_found(
    demo: Demo, chromium: Browser, shots: Path
) -> None:
    if demo.folder is None:
        pytest.skip("the truth of somebody else's demo is not at hand")
    drawn = Drawn(demo.folder)
    with pages.visit(chromium, demo.first_link) as page:
        pages.open_search(page)
        expect(page.get_by_test_id("draw-none")).to_be_visible()
        page.goto(pages.origin(demo.first_link) + "search?label=person&camera=demo/gateway-1/plaza")
        page.get_by_test_id("draw-open").click()
        _turn_the_tablet(page)
        page.get_by_test_id("draw-crossed").click()
        _click(page, *PLAZA_GATE)
        page.get_by_test_id("way-right_to_left").click()
        pages.shoot(page, shots, "search-draw-desktop")
        page.get_by_test_id("draw-search").click()
        expect(page).to_have_url(re.compile(r"&crossed=0\.3\d*,0\.4\d*\+0\.3\d*,0\.9\d*&crossed_way=right_to_left"))
        expect(page.get_by_test_id("drawn-crossed")).to_contain_text("B to A")
        there = wait_until(lambda: _went_right(page, drawn), 180, "somebody crosses the line to the right and is gone")
        keys = wait_until(lambda: _shown(page, there), 30, "tracks that crossed it are found")
        found = [asked(page, f"/tracks/{track}") for track in keys]
        pages.shoot(page, shots, "search-drawn-desktop")
        page.get_by_test_id("drawn-crossed").click()
        expect(page).not_to_have_url(re.compile("crossed"))
    assert all(_feet(track)[0] < PLAZA_GATE[0][0] + 0.02 or _turned(track) for track in found)
    people = [person for track in found if (person := drawn.person(track))]
    assert len(people) >= SHARE * len(found), "who is found was never drawn"


def _shown(page: Page, least: set[str]) -> list[str]:
    """What is found by now, once these are among it."""
    page.get_by_test_id("search-again").click()
    page.wait_for_timeout(1000)
    found = list(pages.found_tracks(page))
    return found if least <= set(found) else []


def _went_right(page: Page, drawn: Drawn) -> set[str]:
    """Tracks of drawn people that began clearly left of the line and ended clearly right of it."""
    page.wait_for_timeout(1000)
    tracks = asked(page, "/tracks?label=person&camera=demo/gateway-1/plaza&limit=200")["items"]
    gone = [track for track in tracks if track["final"] and drawn.person(track)]
    over = [track for track in gone if all(0.55 < foot < 0.9 for *_, foot in track["path"])]  # not past the line's ends
    return {track["id"] for track in over if _feet(track)[0] < 0.25 and _feet(track)[-1] > 0.35 and not _turned(track)}


def _turn_the_tablet(page: Page) -> None:
    """And back: the filters fold away, and what is drawn on stays."""
    before = page.viewport_size
    assert before is not None
    page.set_viewport_size({"width": 768, "height": 1024})
    expect(page.get_by_test_id("draw-board")).to_be_visible()
    page.set_viewport_size(before)


def _feet(track: dict[str, Any]) -> list[float]:
    return [(x1 + x2) / 2 for _, x1, _, x2, _ in track["path"]]


def _turned(track: dict[str, Any]) -> bool:
    """Not straight on from left to right."""
    feet = _feet(track)
    return any(b < a - 0.05 for a, b in itertools.pairwise(feet))


def test_a_region_is_put_by_keyboard_and_drawn_by_touch_on_a_phone(demo: Demo, chromium: Browser, shots: Path) -> None:
    with pages.visit(chromium, demo.first_link, size="phone", dark=False) as page:
        page.goto(pages.origin(demo.first_link) + "search?camera=demo/gateway-1/plaza")
        page.get_by_test_id("search-open").click()
        page.get_by_test_id("draw-open").click()
        expect(page.get_by_test_id("draw-board")).to_be_visible()  # and has taken the focus
        page.keyboard.press("Escape")
        expect(page.get_by_test_id("draw-open")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_test_id("draw-board")).to_be_visible()
        page.get_by_test_id("draw-region").focus()
        page.keyboard.press("Enter")
        corner = page.get_by_role("button", name=re.compile("Corner 1 of"))
        corner.focus()
        page.keyboard.press("ArrowLeft")
        page.get_by_test_id("draw-along").click()
        _click(page, (0.1, 0.8), (0.8, 0.8), (0.8, 0.8))
        pages.shoot(page, shots, "search-draw-phone")
        assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        page.get_by_test_id("draw-search").click()
        expect(page).to_have_url(re.compile(r"region=0\.345,0\.4\+.*&along=0\.\d+"))
        page.get_by_test_id("search-clear").click()
        expect(page).to_have_url(re.compile(r"/search$"))


def test_what_no_camera_has_can_be_taken_off(demo: Demo, chromium: Browser) -> None:
    """A link of last year may name a zone that is gone: what hides everything must be there to be pressed."""
    with pages.visit(chromium, demo.first_link) as page:
        page.goto(pages.origin(demo.first_link) + "search?zone=old+gate&direction=NW")
        zone = page.get_by_test_id("search-more").get_by_role("button", name="old gate")
        expect(zone).to_have_attribute("aria-pressed", "true")
        expect(page.get_by_test_id("direction-NW")).to_have_attribute("aria-pressed", "true")
        zone.click()
        expect(page).to_have_url(re.compile(r"/search\?direction=NW$"))


def test_a_search_is_an_address_and_can_be_cleared(demo: Demo, chromium: Browser) -> None:
    with pages.visit(chromium, demo.first_link) as page:
        page.goto(pages.origin(demo.first_link) + "search?label=animal&colour=upper:green&within=1h")
        expect(page.get_by_text("Nothing fits")).to_be_visible()
        expect(page.get_by_test_id("within-1h")).to_have_attribute("aria-pressed", "true")
        page.get_by_test_id("search-clear").click()
        expect(page).to_have_url(re.compile(r"/search$"))
        expect(page.get_by_test_id("track-card").first).to_be_visible()


def test_the_page_of_a_track_shows_all_its_shots(demo: Demo, chromium: Browser, shots: Path) -> None:
    with pages.visit(chromium, demo.first_link) as page:
        track = wait_until(lambda: _with_strip(page), 180, "a track with a strip of small pictures")
        held: list[Route] = []
        # Playwright puts a mark on the function, which a built-in one does not bear
        page.route("**/api/v1/tracks/*", lambda route: held.append(route))  # noqa: PLW0108
        page.goto(pages.origin(demo.first_link) + f"search/{track['id']}")
        expect(page.get_by_test_id("track-skeleton")).to_be_visible()
        for route in held:
            route.continue_()
        page.unroute("**/api/v1/tracks/*")
        expect(page.get_by_test_id("track-details")).to_be_visible()
        whole = [one for one in track["media"] if one["kind"] == "snapshot" and one["url"]]
        expect(page.get_by_test_id("track-shots").locator("img")).to_have_count(len(whole))
        small = page.get_by_test_id("sprites")
        small.scroll_into_view_if_needed()
        expect(small.locator("image").first).to_be_visible()
        assert small.locator("li").count() >= 2
        assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        pages.shoot(page, shots, "track-strip-desktop")


def _with_strip(page: Page) -> dict[str, Any] | None:
    """A track that is over and was seen for a while, with pictures and strip here."""
    page.wait_for_timeout(1000)
    for track in asked(page, "/tracks?limit=200")["items"]:
        here = {one["kind"] for one in track["media"] if one["url"]}
        if track["final"] and here >= {"snapshot", "sprite"} and len(track["path"]) >= 8:
            return dict(track)
    return None


def test_similar_tracks_are_one_step_away(demo: Demo, chromium: Browser, shots: Path) -> None:
    with pages.visit(chromium, demo.first_link) as page:
        page.goto(pages.origin(demo.first_link) + "search?label=vehicle")
        page.get_by_test_id("track-card").first.click(timeout=120_000)
        page.get_by_test_id("watch-for").click()
        expect(page.get_by_test_id("watch-words")).to_contain_text("raises an alarm")
        page.keyboard.press("Escape")
        expect(page.get_by_test_id("watch-dialog")).to_have_count(0)
        expect(page.get_by_test_id("others")).to_be_visible(timeout=120_000)
        pages.shoot(page, shots, "track-others-desktop")
        page.get_by_test_id("find-alike").click()
        expect(page).to_have_url(re.compile(r"/search\?like=\w+$"))
        expect(page.get_by_test_id("alike-by")).to_contain_text("by colours and size alone")
        one, wider = page.get_by_test_id("track-card").first, page.get_by_test_id("show-less-alike")
        expect(one.or_(wider).first).to_be_visible()
        if wider.is_visible():
            wider.click()
        expect(one.get_by_test_id("likeness")).to_contain_text("%")
        pages.shoot(page, shots, "search-alike-desktop")
        key = one.get_attribute("data-track") or "none"
        one.hover()
        one.get_by_test_id("card-alike").click()
        expect(page).to_have_url(re.compile(f"like={key}$"))
        page.get_by_test_id("drop-like").click()
        expect(page).to_have_url(re.compile(r"/search$"))


def test_counts_stand_beside_the_choices_and_a_bar_of_the_hours_narrows_the_time(
    demo: Demo, chromium: Browser, shots: Path
) -> None:
    with pages.visit(chromium, demo.first_link) as page:
        page.goto(pages.origin(demo.first_link) + "search?within=10h&direction=right")
        expect(page.get_by_test_id("track-card").first).to_be_visible(timeout=120_000)
        expect(page.get_by_test_id("direction-right")).to_have_attribute("aria-pressed", "true")
        counted = int(page.get_by_test_id("label-person").locator(".counted").inner_text())
        told = asked(page, "/tracks?direction=right&facets=true&limit=1")["facets"]
        assert {one["value"] for one in told["labels"]} <= {"person", "vehicle", "two_wheeler", "bag", "animal"}
        assert counted <= sum(one["count"] for one in told["labels"] if one["value"] == "person")
        bars = page.get_by_test_id("histogram").get_by_role("button")
        expect(bars).to_have_count(11)
        pages.shoot(page, shots, "search-facets-desktop")
        bars.last.click()
        expect(page).to_have_url(re.compile(r"since=.*until="))
        expect(page.get_by_test_id("within-10h")).to_have_attribute("aria-pressed", "false")
        expect(page.get_by_test_id("results")).to_have_attribute("aria-busy", "false")
