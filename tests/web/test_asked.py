"""What is asked for beside the grid of results, in Chromium: fields, counts, the bars of the hours, rarer wishes."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.central.helpers import FakeGateway, camera_info, running
from tests.fixtures.rig import wait_until
from tests.web import pages
from tests.web.street import Street, searching

pytestmark = pytest.mark.timeout(180)


def test_new_results_come_with_new_counts(chromium: Browser, tmp_path: Path) -> None:
    with searching(chromium, tmp_path, count=3) as (page, street):
        counted = page.get_by_test_id("label-person").locator(".counted")
        expect(counted).to_have_text("3")
        street.pass_by(2)
        again = page.get_by_test_id("search-again")
        expect(again).to_contain_text("2 new")
        again.click()
        expect(counted).to_have_text("5")
        bars = page.get_by_test_id("histogram").get_by_role("button")
        assert 50 < bars.count() <= 62, "an hour in minutes"
        told = bars.evaluate_all("(bars) => bars.map((bar) => Number(bar.ariaLabel.split(': ').at(-1)))")
        assert sum(told) == 5


def test_the_first_result_of_all_brings_its_count(chromium: Browser, tmp_path: Path) -> None:
    with searching(chromium, tmp_path, count=1) as (page, street):
        page.goto(page.url + "?min_speed=3")
        expect(page.get_by_text("Nothing fits")).to_be_visible()
        street.pass_by(1, speed=4.0, speed_unit="m/s")
        expect(page.get_by_test_id("track-card")).to_have_count(1)
        expect(page.get_by_test_id("label-person").locator(".counted")).to_have_text("1")


def test_what_is_typed_outlives_news(chromium: Browser, tmp_path: Path) -> None:
    with searching(chromium, tmp_path, count=3) as (page, street):
        page.get_by_test_id("search-more").locator("summary").click()
        for name, said, param in (("plate", "AB?1", r"plate=AB%3F1"), ("min-speed", "2.5", r"min_speed=2\.5")):
            field = page.get_by_test_id(name)
            field.press_sequentially(said)
            before = len(street.told)
            street.pass_by(1)
            expect(page.get_by_test_id("search-again")).to_contain_text("1 new")
            street.gateway.hello()
            assert len(street.told) == before + 1
            page.wait_for_timeout(300)
            expect(field).to_have_value(said)
            field.press("Enter")
            expect(page).to_have_url(re.compile(param))
            expect(field).to_have_value(said)
            page.get_by_test_id("search-clear").click()
            expect(field).to_have_value("")
            expect(page.get_by_test_id("track-card")).to_have_count(len(street.told))


def test_a_line_ends_at_its_second_point_and_search_takes_what_is_drawn_so_far(
    chromium: Browser, tmp_path: Path
) -> None:
    with searching(chromium, tmp_path, count=1) as (page, _):
        page.get_by_test_id("draw-open").click()
        board, wanted = page.get_by_test_id("draw-board"), page.get_by_test_id("draw-search")
        page.get_by_test_id("draw-crossed").click()
        _click(page, (0.3, 0.5))
        expect(board.get_by_test_id("drawing")).to_have_attribute("data-points", "1")
        expect(wanted).to_be_disabled()  # or it would search for everything
        _click(page, (0.7, 0.5))
        expect(board.get_by_test_id("shape-line")).to_be_visible()
        expect(board.get_by_test_id("drawing")).to_have_count(0)
        page.get_by_test_id("draw-region").click()
        _click(page, (0.2, 0.2), (0.8, 0.2), (0.5, 0.8))
        expect(board.get_by_test_id("drawing")).to_have_attribute("data-points", "3")
        wanted.click()
        expect(page).to_have_url(
            re.compile(r"region=0\.\d+,0\.\d+\+0\.\d+,0\.\d+\+0\.\d+,0\.\d+&crossed=0\.\d+,0\.\d+\+0\.\d+,0\.\d+$")
        )


def _click(page: Page, *points: tuple[float, float]) -> None:
    area = page.get_by_test_id("draw-board").get_by_test_id("canvas").bounding_box()
    assert area is not None
    for x, y in points:
        page.mouse.click(area["x"] + area["width"] * x, area["y"] + area["height"] * y)


def test_bars_are_pressed_and_brushed_by_keyboard(chromium: Browser, tmp_path: Path) -> None:
    with searching(chromium, tmp_path, count=3) as (page, _):
        page.goto(page.url + "?within=10h")
        bars = page.get_by_test_id("histogram").get_by_role("button")
        expect(bars).to_have_count(11)
        starts = [bars.nth(number).get_attribute("aria-label") or "" for number in range(11)]
        assert page.locator("[data-testid=histogram] button[tabindex='0']").count() == 1, "one stop of Tab"
        bars.last.focus()
        page.keyboard.press("Shift+ArrowLeft")
        page.keyboard.press("Shift+ArrowLeft")
        expect(bars.nth(8)).to_be_focused()
        said = page.get_by_test_id("brushed")
        expect(said).to_contain_text("3")  # tracks
        page.keyboard.press("Escape")
        expect(said).to_be_empty()
        page.keyboard.press("Shift+Home")
        page.keyboard.press("ArrowRight")
        expect(said).to_be_empty()
        page.keyboard.press("End")
        for _ in range(2):
            page.keyboard.press("Shift+ArrowLeft")
        page.keyboard.press("Space")
        expect(page).to_have_url(re.compile(r"since=.*&until="))
        expect(page.get_by_test_id("track-card")).to_have_count(3)
        assert 2 < _hours(page) <= 3, "until now, and no further"
        page.go_back()
        page.goto(page.url.partition("?")[0] + "?within=10h")
        expect(bars).to_have_count(11)
        assert starts == [bars.nth(number).get_attribute("aria-label") for number in range(11)]
        bars.nth(9).evaluate("(bar) => bar.click()")  # as a screen reader does
        expect(page).to_have_url(re.compile(r"since=.*&until="))
        assert _hours(page) == 1


def _hours(page: Page) -> float:
    """Between the two times in the address."""
    since, until = (
        datetime.fromisoformat(page.evaluate(f"new URLSearchParams(location.search).get('{name}')"))
        for name in ("since", "until")
    )
    return (until - since).total_seconds() / 3600


def test_on_a_narrow_page_filters_say_how_many_narrow_the_search_and_lead_back_to_the_results(
    chromium: Browser, tmp_path: Path, shots: Path
) -> None:
    with searching(chromium, tmp_path, count=3, size="small") as (page, _):
        filters = page.get_by_test_id("search-open")
        expect(filters).to_have_text("Filters")
        filters.click()
        page.get_by_test_id("label-person").click()
        page.get_by_test_id("within-10h").click()
        expect(filters).to_have_text("Filters · 2")
        show = page.get_by_test_id("show-results")
        expect(show).to_be_in_viewport(ratio=1)
        expect(show).to_have_text("Show results · 3 tracks")
        pages.shoot(page, shots, "search-filters-small")
        show.click()
        expect(page.get_by_test_id("search-panel")).to_be_hidden()
        expect(page.get_by_test_id("track-card").first).to_be_in_viewport()


_SPILLS = """() => [...document.querySelectorAll(".figure .segmented button")]
  .filter((button) => button.scrollWidth > button.clientWidth || button.getBoundingClientRect().right >
    button.parentElement.getBoundingClientRect().right)
  .map((button) => button.textContent)"""


@pytest.mark.parametrize("size", ["small", "desktop"])
def test_the_words_of_the_parts_fit_with_colours_in_a_longer_language(
    chromium: Browser, tmp_path: Path, shots: Path, size: str
) -> None:
    with searching(chromium, tmp_path, count=3, size=size, dark=False, locale="es-ES") as (page, _):
        page.goto(page.url + "?colour=upper:green&colour=upper:red&colour=lower:black&colour=vehicle:white")
        if size == "small":
            page.get_by_test_id("search-open").click()
        expect(page.get_by_test_id("part-vehicle")).to_have_text("Vehículo")
        pages.shoot(page, shots, f"search-parts-{size}")
        assert page.evaluate(_SPILLS) == []


def test_who_is_alike_is_told_from_who_is_less(chromium: Browser, tmp_path: Path, shots: Path) -> None:
    with searching(chromium, tmp_path, count=1) as (page, street):
        for upper in ("green", "red", "green", "red", "green"):
            street.pass_by(1, size=0.1, colours={"upper": [[upper, 0.9]], "lower": [["grey", 0.9]]})
        green = [street.told[number] for number in (5, 3, 1)]
        page.goto(f"{page.url}?like={green[0]}")
        cards = page.get_by_test_id("track-card")
        expect(cards).to_have_count(2)
        assert pages.found_tracks(page) == green[1:]
        expect(page.get_by_test_id("found")).to_have_text("2 alike")
        expect(cards.first.get_by_test_id("likeness")).to_have_text("100 %")
        pages.shoot(page, shots, "search-alike-few-desktop")
        assert _exported(page) == green[1:]
        page.get_by_test_id("show-less-alike").click()
        expect(cards).to_have_count(5)
        expect(page.get_by_test_id("found")).to_have_text("5 tracks")
        assert sorted(_exported(page)) == sorted(pages.found_tracks(page))


def _exported(page: Page) -> list[str]:
    """The ids of the tracks in the file that the page's menu leads to."""
    page.get_by_test_id("export").click()
    file = page.request.get(urljoin(page.url, str(page.get_by_test_id("export-jsonl").get_attribute("href"))))
    page.keyboard.press("Escape")
    return [json.loads(line)["id"] for line in file.text().splitlines()]


@pytest.mark.parametrize("size", ["small", "desktop"])
def test_who_is_watched_for_is_asked_and_told_on_the_page_of_a_track(
    chromium: Browser, tmp_path: Path, shots: Path, size: str
) -> None:
    with searching(chromium, tmp_path, count=1, size=size, dark=size == "small") as (page, street):
        street.pass_by(1, colours={"upper": [["green", 0.8], ["grey", 0.2]], "lower": [["red", 0.7], ["black", 0.3]]})
        page.goto(f"{page.url}/{street.told[-1]}")
        page.get_by_test_id("watch-for").click()
        said, save = page.get_by_test_id("watch-words"), page.get_by_test_id("watch-save")
        expect(said).to_contain_text("Person · Upper clothing: green, at any camera.")
        expect(page.get_by_test_id("watch-lower:red")).to_have_attribute("aria-pressed", "false")
        expect(save).to_be_in_viewport(ratio=1)
        pages.shoot(page, shots, f"watch-for-{size}")
        page.keyboard.press("Escape")
        expect(page.get_by_test_id("watch-dialog")).to_have_count(0)
        expect(page.get_by_test_id("track-details")).to_be_visible()
        page.get_by_test_id("watch-for").click()
        page.get_by_test_id("watch-here").check()
        page.get_by_test_id("watch-name").fill("")
        expect(save).to_be_disabled()
        page.get_by_test_id("watch-name").fill("Green, plaza")
        save.click()
        page.get_by_test_id("watch-saved").click()
        expect(page).to_have_url(re.compile(r"label=person&colour=upper%3Agreen&camera=demo%2Fgw-1%2Fplaza$"))
        if size == "small":
            page.get_by_test_id("search-open").click()
        expect(page.get_by_test_id("saved")).to_contain_text("Green, plazaWatching")


def test_what_the_api_can_is_offered(chromium: Browser, tmp_path: Path, shots: Path) -> None:
    two = (("demo", "gw-1"), ("demo", "gw-2"))
    with (
        running(tmp_path / "centre", gateways=two) as centre,
        FakeGateway(centre) as gateway,
        FakeGateway(centre, gateway="gw-2") as other,
    ):
        for one in (gateway, other):
            one.hello()
        info = camera_info().model_copy(update={"latitude": 41.76, "longitude": -72.68})
        gateway.send(gateway.topics.camera("plaza", "info"), info, retain=True)
        street = Street(gateway)
        street.pass_by(1, size=0.3, speed=2.0, speed_unit="heights/s", position="41.7601,-72.68")
        street.pass_by(1, size=0.02, score=0.4, speed=2.0, speed_unit="m/s", position="41.77,-72.68")
        street.pass_by(1, colours={"upper": [["green", 0.3], ["red", 0.7]]})
        assert centre.sign_in_url is not None
        with pages.visit(chromium, centre.sign_in_url) as page:
            pages.open_search(page)
            page.get_by_test_id("search-more").locator("summary").click()
            _offers(page)
            pages.shoot(page, shots, "search-more-desktop")


def _offers(page: Page) -> None:
    """Each of what is asked for less often finds whom it should."""
    for name, said, param, found in (
        ("min-size", "10", "min_size=0.1", ["track-0001"]),
        ("max-size", "2", "max_size=0.02", ["track-0002"]),
        ("min_score", "85", "min_score=0.85", ["track-0003", "track-0001"]),
    ):
        page.get_by_test_id(name).fill(said)
        page.get_by_test_id(name).press("Enter")
        _finds(page, param, found)
    page.get_by_test_id("min-speed").fill("1")
    page.get_by_test_id("min-speed").press("Enter")
    expect(page).to_have_url(re.compile("min_speed=1$"))
    page.get_by_test_id("speed-heights").click()
    _finds(page, "speed_unit=heights/s", ["track-0001"])
    page.get_by_test_id("near").select_option("The plaza")
    page.get_by_test_id("near-metres").fill("100")
    page.get_by_test_id("near-metres").press("Enter")
    _finds(page, "near=41.760000,-72.680000,100", ["track-0001"])
    page.get_by_test_id("swatch-green").click()
    page.get_by_test_id("share").fill("40")
    page.get_by_test_id("share").press("Enter")
    expect(page.get_by_text("Nothing fits")).to_be_visible()
    page.get_by_test_id("share").fill("30")
    page.get_by_test_id("share").press("Enter")
    _finds(page, "share=0.3", ["track-0003"])
    page.get_by_test_id("place").select_option("demo · gw-2")
    expect(page).to_have_url(re.compile(r"site=demo&gateway=gw-2$"))
    expect(page.get_by_text("Nothing fits")).to_be_visible()
    page.get_by_test_id("search-clear").click()
    expect(page.get_by_test_id("searched")).to_have_text("All cameras are searched")
    for area, said in (
        ("41.7,-72.7 41.7,-72.6 41.8,-72.6 41.8,-72.7", "1 camera is"),
        ("1,1 1,2 2,2", "0 cameras are"),
    ):
        page.goto(f"{page.url.partition('?')[0]}?area={area}")
        expect(page.get_by_test_id("searched")).to_have_text(f"{said} searched")


def _finds(page: Page, param: str, tracks: list[str]) -> None:
    """That it stands in the address and finds these; cleared in the end."""
    expect(page).to_have_url(re.compile(re.escape(param)))
    wait_until(lambda: pages.found_tracks(page) == tracks, 10, f"{tracks} are found")
    page.get_by_test_id("search-clear").click()
    expect(page.get_by_test_id("track-card")).to_have_count(3)
