"""Playback's timeline and export, in Chromium, over a gateway that is only its wire: what is chosen and marked."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from agent.core.clock import NS, parse_rfc3339, rfc3339
from agent.wire import messages as wire
from tests.central.accounts import somebody
from tests.central.helpers import PASSWORD, T0_NS, event, manifest, wait_for
from tests.web import pages
from tests.web.test_footage import HOUR_NS, Films, filming, head_s, play, shown, wait_plays, watching

pytestmark = pytest.mark.timeout(180)

PER_PAGE, MOST_MARKED = 200, 1_000
"""So many events the API gives at once, and the timeline marks of a camera."""


def exporting(films: Films) -> list[wire.ExportArgs]:
    """Has the gateway take exports; what was asked for, in order."""
    asked: list[wire.ExportArgs] = []

    def take(command: wire.Command) -> wire.Reply:
        asked.append(wire.ExportArgs.model_validate(command.args))
        return wire.Reply(id=command.id, ok=True, result={"media": f"zip-{len(asked)}"})

    films.gateway.handlers["export"] = take
    return asked


def send_export(films: Films, args: wire.ExportArgs) -> None:
    """The file of the first export."""
    body = b"z" * 1500
    told: dict[str, Any] = {"camera": args.camera, "start": args.start, "end": args.end}
    told |= {"kind": "export", "type": "application/zip"}
    films.gateway.send_medium(manifest("zip-1", body, **told), body)


def test_a_span_is_chosen_with_its_edges_and_cameras_that_come_later_are_not_exported(
    chromium: Browser, tmp_path: Path, shots: Path
) -> None:
    with filming(tmp_path, plaza="h264", gate="h264") as (centre, films):
        films.recorded(("plaza", 0, 240, "time"), ("gate", 0, 240, "time"))
        asked = exporting(films)
        with watching(chromium, centre) as page:
            play(page, "plaza")
            wait_plays(page, "plaza")
            page.get_by_test_id("export-from").click()
            expect(page.get_by_test_id("play")).to_have_attribute("aria-label", "Play")
            page.get_by_test_id("export-cancel").click()
            expect(page.get_by_test_id("export-span")).to_have_count(0)
            page.get_by_test_id("export-from").click()
            lacks = page.get_by_test_id("export-lacks")
            expect(lacks).to_contain_text("Go to where it ends")
            begin = head_s(page)
            end = page.get_by_test_id("export-edge-to")
            end.focus()
            page.keyboard.press("PageDown")
            page.keyboard.press("ArrowLeft")
            expect(lacks).to_contain_text("Say why")
            assert round(head_s(page) - begin) == 9, "the picture of the edge is shown"
            box = end.bounding_box()
            assert box is not None
            page.mouse.move(box["x"] + 4, box["y"] + 10)
            page.mouse.down()
            page.mouse.move(box["x"] + 104, box["y"] + 10, steps=3)
            page.mouse.up()
            wait_for(lambda: page.wait_for_timeout(50) or head_s(page) > begin + 12)
            pages.shoot(page, shots, "playback-export-span")
            page.get_by_test_id("export-why").fill("incident 4711")
            expect(lacks).to_be_empty()
            page.get_by_test_id("export-to").click()
            wait_for(lambda: page.wait_for_timeout(50) or asked)
            send_export(films, asked[0])
            done = page.get_by_test_id("exported")
            expect(done).to_have_text(re.compile(r"Download Plaza · \d\d:\d\d:\d\d.\d\d:\d\d:\d\d · 1\.5 kB"))
            length_s = (parse_rfc3339(asked[0].end) - parse_rfc3339(asked[0].start)) / NS
            assert abs(length_s - (head_s(page) - begin)) < 0.1
            with page.expect_download() as file:
                done.click()
            assert re.fullmatch(r"plaza 2026-05-2\d \d\d\.\d\d\.\d\d UTC\.zip", file.value.suggested_filename)
            page.get_by_test_id("playback-cameras").click()
            page.get_by_role("menuitemcheckbox", name="Gate").click()
            expect(page.get_by_test_id("played")).to_have_count(2)
            expect(shown(page, "gate").get_by_test_id("played-video")).to_be_visible(timeout=60_000)
            expect(done).to_have_count(1)
            assert [args.camera for args in asked] == ["plaza"]


def test_the_first_view_is_what_is_recorded_with_marks_from_its_begin_on(
    chromium: Browser, tmp_path: Path, shots: Path
) -> None:
    with filming(tmp_path, plaza="h264") as (centre, films):
        films.recorded(("plaza", 0, 300, "time"))
        happens(films, range(PER_PAGE + 50))
        with watching(chromium, centre) as page:
            play(page, "plaza", at=rfc3339(T0_NS + 270 * NS))
            timeline = page.get_by_test_id("timeline")
            wait_for(lambda: page.wait_for_timeout(50) or _seen_s(page) < 400)
            recorded, whole = timeline.locator(".recorded").bounding_box(), timeline.bounding_box()
            assert recorded is not None
            assert whole is not None
            assert recorded["width"] > whole["width"] * 0.7
            first = page.get_by_test_id("happened").first.bounding_box()
            assert first is not None
            assert abs(first["x"] - recorded["x"]) < 10, "the oldest of more events than a page holds is marked"
            pages.shoot(page, shots, "playback-marks")
            happens(films, range(PER_PAGE + 50, MOST_MARKED + 50))
            page.reload()
            counted = page.get_by_test_id("events-in-hour")
            expect(counted).to_have_attribute("title", re.compile("1,050 events in that hour"))
            bar, first = counted.bounding_box(), page.get_by_test_id("happened").first.bounding_box()
            assert bar is not None
            assert first is not None
            assert abs(bar["x"] + bar["width"] - first["x"]) < 10, "counted up to the first of those that are marked"
            pages.shoot(page, shots, "playback-counted")


def happens(films: Films, numbers: range) -> None:
    """Events of these numbers, one each fifth of a second from T0 on."""
    starts = {number: rfc3339(T0_NS + number * NS // 5) for number in numbers}
    told = [event(f"e{number}", start=at, time=at) for number, at in starts.items()]
    for begin in range(0, len(told), 50):
        films.gateway.envelope("event", numbers[begin] + 1, *told[begin : begin + 50])
    wait_for(lambda: numbers[begin] + 1 in films.gateway.acked("event"))


def _seen_s(page: Page) -> float:
    """How much time the timeline shows."""
    timeline = page.get_by_test_id("timeline")
    ends = [float(timeline.get_attribute(f"aria-value{end}") or 0) for end in ("min", "max")]
    return (ends[1] - ends[0]) / 1000


def test_where_nothing_was_recorded_it_stops_and_leads_to_what_is_nearest(chromium: Browser, tmp_path: Path) -> None:
    with filming(tmp_path, plaza="h264") as (centre, films):
        films.recorded(("plaza", 0, 300, "time"))
        with watching(chromium, centre) as page:
            play(page, "plaza", at=rfc3339(T0_NS + 30 * HOUR_NS))
            expect(page.get_by_test_id("played-note")).to_contain_text("Nothing was recorded")
            expect(page.get_by_test_id("play")).to_have_attribute("aria-label", "Play")
            page.get_by_test_id("nearest").click()
            expect(shown(page, "plaza").get_by_test_id("played-video")).to_be_visible(timeout=60_000)
            assert round(head_s(page)) == 290


_RUN_TOGETHER = """() => [...document.querySelectorAll('.timeline-scale span')]
    .map((one) => one.getBoundingClientRect()).some(({ left }, i, all) => i > 0 && left < all[i - 1].right)"""


def test_on_a_telephone_what_one_plays_with_stays_in_reach(chromium: Browser, tmp_path: Path, shots: Path) -> None:
    with filming(tmp_path, plaza="h264", gate="h264", yard="h264") as (centre, films):
        films.recorded(*((camera, 0.0, 300.0, "time") for camera in ("plaza", "gate", "yard")))
        with centre.admin(), somebody(centre, "otto", role="operator"):
            pass
        for size, locale in (("phone", "en-GB"), ("small", "es-ES")):
            width, height = pages.SIZES[size]
            with chromium.new_context(
                viewport={"width": width, "height": height}, has_touch=True, locale=locale
            ) as own:
                page = own.new_page()
                pages.sign_in_again(page, centre.url, user="otto", password=PASSWORD)
                play(page, "plaza", "gate", "yard")
                wait_plays(page, "plaza")
                expect(page.get_by_test_id("timeline")).to_be_in_viewport(ratio=0.9)
                rows = {_row(page, name) for name in ("play", "playback-at", "gaps", "export-from")}
                assert len(rows) == 2, f"two rows, not more: {rows}"
                pages.shoot(page, shots, f"playback-three-{size}")
                page.get_by_test_id("export-from").click()
                expect(page.get_by_test_id("export-edge-to")).to_be_visible()
                expect(page.get_by_test_id("timeline")).to_be_in_viewport(ratio=0.9)
                assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
                pages.shoot(page, shots, f"playback-three-{size}-export")
                page.get_by_test_id("timeline").hover()
                page.mouse.wheel(0, -600)
                expect(page.locator(".timeline-scale span").first).to_have_text(re.compile(r"^\d\d:\d\d:\d\d$"))
                assert not page.evaluate(_RUN_TOGETHER)


def _row(page: Page, name: str) -> int:
    """How far down its middle is, in twenties of px."""
    box = page.get_by_test_id(name).bounding_box()
    assert box is not None
    return round((box["y"] + box["height"] / 2) / 20)
