"""What playback asks a gateway for, in Chromium, over a gateway that is only its wire and films that are made here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from agent.core.clock import NS, parse_rfc3339, rfc3339
from agent.wire import messages as wire
from tests.central.accounts import somebody
from tests.central.helpers import (
    GATEWAY,
    PASSWORD,
    SITE,
    T0_NS,
    FakeGateway,
    RunningCentre,
    event,
    manifest,
    running,
    span,
    wait_for,
)
from tests.fixtures.clips import make_clip
from tests.web import pages

pytestmark = pytest.mark.timeout(180)

AT = rfc3339(T0_NS + 3 * NS)
CODECS = {"h264": ("libx264", "avc1.64000D"), "hevc": ("libx265", "hvc1.1.6.L60.90")}
REASON = "The camera's stream broke off"
HOUR_NS = 3600 * NS


class Films:
    """A gateway with cameras whose clips are real films; it makes one after the other, as gateways do."""

    def __init__(self, gateway: FakeGateway, folder: Path, **codecs: str) -> None:
        """`codecs`: of each camera's main stream."""
        self.gateway, self._folder, self._codecs, self._made = gateway, folder, codecs, dict[tuple[float, str], bytes]()
        self.asked: list[wire.ClipArgs] = []
        self._desk, self._jobs = ThreadPoolExecutor(max_workers=1), list[Future[None]]()
        gateway.handlers["clip"] = self._asked
        for camera, codec in codecs.items():
            gateway.hello(camera)
            main = wire.StreamState(stream="main", codec=codec, width=320, height=180, fps=5)
            info = wire.CameraInfo(camera=camera, name=camera.title(), streams=[main])
            gateway.send(gateway.topics.camera(camera, "info"), info, retain=True)

    def end(self) -> None:
        """Give up what waits; a film that could not be made or sent fails the test."""
        self._desk.shutdown(cancel_futures=True)
        for job in self._jobs:
            if not job.cancelled():
                job.result()

    def recorded(self, *parts: tuple[str, float, float, str]) -> None:
        """Of a camera from and to so many seconds after T0, and why it ended then."""
        for number, (camera, first_s, last_s, reason) in enumerate(parts, 1):
            one = span(f"r{number}", first_s, last_s).model_copy(update={"camera": camera, "reason": reason})
            self.gateway.envelope("recording", number, one, camera=camera)
        wait_for(lambda: set(range(1, len(parts) + 1)) <= self.gateway.acked("recording"))

    def qualities(self, camera: str) -> list[str]:
        """What was asked for of a camera, in order."""
        return [args.quality for args in self.asked if args.camera == camera]

    def lengths_s(self) -> list[float]:
        """Of all pieces that were asked for, in order."""
        return [(parse_rfc3339(args.end) - parse_rfc3339(args.start)) / NS for args in self.asked]

    def _asked(self, command: wire.Command) -> wire.Reply:
        args = wire.ClipArgs.model_validate(command.args)
        self.asked.append(args)
        media = f"{args.camera}-{len(self.asked)}"
        self._jobs.append(self._desk.submit(self._make, media, args))
        return wire.Reply(id=command.id, ok=True, result={"media": media, "quality": args.quality})

    def _make(self, media: str, args: wire.ClipArgs) -> None:
        codec = "h264" if args.quality == "proxy" else self._codecs[args.camera]
        length_s = (parse_rfc3339(args.end) - parse_rfc3339(args.start)) / NS
        body = self._film(length_s, codec)
        told: dict[str, Any] = {"kind": "clip", "type": "video/mp4", "codecs": CODECS[codec][1]}
        told |= {"camera": args.camera, "start": args.start, "end": args.end, "quality": args.quality}
        self.gateway.send_medium(manifest(media, body, event=args.event, **told), body)

    def _film(self, length_s: float, codec: str) -> bytes:
        if (length_s, codec) not in self._made:
            path = self._folder / f"{length_s}-{codec}.mp4"
            self._made[length_s, codec] = make_clip(
                path, codec=CODECS[codec][0], seconds=length_s, fps=5, gop=5
            ).read_bytes()
        return self._made[length_s, codec]


@contextmanager
def filming(folder: Path, **codecs: str) -> Iterator[tuple[RunningCentre, Films]]:
    """A centre with such cameras."""
    with running(folder / "centre") as centre, FakeGateway(centre) as gateway:
        films = Films(gateway, folder, **codecs)
        try:
            yield centre, films
        finally:
            films.end()


@contextmanager
def watching(chromium: Browser, centre: RunningCentre) -> Iterator[Page]:
    assert centre.sign_in_url is not None
    with pages.visit(chromium, centre.sign_in_url) as page:
        yield page


def play(page: Page, *cameras: str, at: str = AT) -> None:
    """Open Playback there."""
    named = "&".join(f"camera={SITE}/{GATEWAY}/{camera}" for camera in cameras)
    page.goto(f"{pages.origin(page.url)}playback?{named}&at={at}")


def shown(page: Page, camera: str) -> Any:
    """That camera's tile."""
    return page.locator(f"[data-testid=played][data-camera='{SITE}/{GATEWAY}/{camera}']")


def wait_plays(page: Page, camera: str) -> None:
    """Wait until its picture moves."""
    video = shown(page, camera).get_by_test_id("played-video")
    expect(video).to_be_visible(timeout=60_000)
    begun = video.evaluate("(one) => one.currentTime")
    page.wait_for_function(
        "([camera, begun]) => document.querySelector(`[data-camera='${camera}'] [data-testid=played-video]`)"
        "?.currentTime > begun + 0.4",
        arg=[f"{SITE}/{GATEWAY}/{camera}", begun], timeout=60_000,
    )  # fmt: skip


def head_s(page: Page) -> float:
    """Where the playhead is, seconds after T0."""
    return float(page.get_by_test_id("timeline").get_attribute("aria-valuenow") or 0) / 1000 - T0_NS / NS


def test_h265_is_asked_for_coded_anew_the_tile_says_so_and_pictures_are_kept_by_name(
    chromium: Browser, tmp_path: Path
) -> None:
    with filming(tmp_path, plaza="hevc", gate="h264") as (centre, films):
        films.recorded(("plaza", 0, 600, "time"), ("gate", 0, 600, "time"))
        with watching(chromium, centre) as page:
            play(page, "plaza", "gate")
            wait_plays(page, "plaza")
            wait_plays(page, "gate")
            expect(shown(page, "plaza").get_by_test_id("tile-small")).to_have_text("Coded anew")
            expect(shown(page, "gate").get_by_test_id("tile-small")).to_have_count(0)
            assert set(films.qualities("plaza")) == {"proxy"}
            assert set(films.qualities("gate")) == {"full"}
            page.get_by_test_id("step-on").click()
            expect(page.get_by_test_id("play")).to_have_attribute("aria-label", "Play")
            stood = head_s(page)
            page.get_by_test_id("step-on").click()
            assert 0.15 < head_s(page) - stood < 0.25, "five pictures a second"
            page.get_by_test_id("step-back").click()
            assert abs(head_s(page) - stood) < 0.01
            kept: list[str] = []
            page.on("download", lambda one: kept.append(one.suggested_filename))
            page.get_by_test_id("keep-pictures").click()
            expect(page.get_by_test_id("said")).to_have_text("2 pictures kept")
            wait_for(lambda: page.wait_for_timeout(50) or len(kept) == 2)
            assert all(
                re.fullmatch(r"demo-gw-1-(plaza|gate) 2026-05-2\d \d\d\.\d\d\.\d\d\.\d{3} UTC\.jpg", one)
                for one in kept
            )


def test_an_events_clip_in_h265_is_asked_for_coded_anew(chromium: Browser, tmp_path: Path) -> None:
    with filming(tmp_path, plaza="hevc") as (centre, films):
        films.gateway.envelope("event", 1, event("e1", "end", at_s=4))
        wait_for(lambda: films.gateway.acked("event"))
        with watching(chromium, centre) as page:
            page.goto(f"{pages.origin(page.url)}events/e1")
            pages.wait_clip_plays(page, seconds=0.2)
            expect(page.get_by_test_id("clip-quality")).to_contain_text("Coded anew")
            assert films.qualities("plaza") == ["proxy"]


@pytest.mark.slow
def test_a_clip_that_turns_out_to_be_unplayable_is_had_coded_anew(chromium: Browser, tmp_path: Path) -> None:
    """The camera says H.264; what comes is none that the browser knows."""
    with filming(tmp_path, plaza="h264") as (centre, films):
        films.recorded(("plaza", 0, 600, "time"))
        films.gateway.envelope("event", 1, event("e1", "end", at_s=4))
        wait_for(lambda: films.gateway.acked("event"))
        with watching(chromium, centre) as page:
            broken: list[str] = []

            def first_ones(route: Route) -> None:
                """No film but once more of each: what was recorded, not what is coded anew."""
                media = route.request.url.rpartition("/")[2]
                number = int(media.rpartition("-")[2])
                if films.asked[number - 1].quality == "full":
                    broken.append(media)
                    route.fulfill(status=200, content_type="video/mp4", body=b"no film" * 100)
                else:
                    route.continue_()

            page.route("**/api/v1/media/plaza-*", first_ones)
            play(page, "plaza")
            wait_plays(page, "plaza")
            assert films.qualities("plaza")[:2] == ["full", "proxy"]
            assert broken
            before = len(films.asked)
            page.goto(f"{pages.origin(page.url)}events/e1")
            pages.wait_clip_plays(page, seconds=0.2)
            assert films.qualities("plaza")[before:] == ["full", "proxy"]


def test_a_clip_that_cannot_be_shown_at_all_does_not_hold_the_others(chromium: Browser, tmp_path: Path) -> None:
    with filming(tmp_path, plaza="h264", gate="h264") as (centre, films):
        films.recorded(("plaza", 0, 600, "time"), ("gate", 0, 600, "time"))
        with watching(chromium, centre) as page:
            page.route(
                "**/api/v1/media/gate-*", lambda route: route.fulfill(content_type="video/mp4", body=b"no film" * 100)
            )
            play(page, "plaza", "gate")
            expect(shown(page, "gate").get_by_test_id("played-note")).to_contain_text("cannot play", timeout=60_000)
            wait_plays(page, "plaza")
            head = head_s(page)
            wait_for(lambda: page.wait_for_timeout(50) or head_s(page) > head + 0.5)
            assert films.qualities("gate")[:2] == ["full", "proxy"]


@pytest.mark.slow
def test_fast_playback_asks_for_longer_pieces_and_for_few_at_once(chromium: Browser, tmp_path: Path) -> None:
    with filming(tmp_path, plaza="h264") as (centre, films):
        films.recorded(("plaza", 0, 1200, "time"))
        with watching(chromium, centre) as page:
            play(page, "plaza")
            wait_plays(page, "plaza")
            assert set(films.lengths_s()) == {20}
            page.get_by_test_id("speed").select_option("16")
            wait_for(lambda: page.wait_for_timeout(50) or head_s(page) > 500, 120)
            page.get_by_test_id("play").click()
            lengths = films.lengths_s()
            assert max(lengths) == 80
            assert len(lengths) < 15, "500 s and what is ahead are some ten pieces"
            assert sum(lengths) < 500 + 192 + 200, "nothing is fetched twice"


def test_jumps_reach_events_that_are_not_on_the_timeline_and_say_when_there_are_no_more(
    chromium: Browser, tmp_path: Path
) -> None:
    with filming(tmp_path, plaza="h264") as (centre, films):
        films.recorded(("plaza", 0, 100, "time"))
        starts = [T0_NS - 50 * HOUR_NS, T0_NS + 60 * NS, T0_NS + 70 * HOUR_NS, T0_NS + 71 * HOUR_NS]
        told = [event(f"e{number}", start=rfc3339(start), time=rfc3339(start)) for number, start in enumerate(starts)]
        films.gateway.envelope("event", 1, *told)
        wait_for(lambda: films.gateway.acked("event"))
        with watching(chromium, centre) as page:
            play(page, "plaza")
            wait_plays(page, "plaza")
            page.keyboard.press(" ")
            for wanted in (*starts[1:], None):
                page.keyboard.press("n")
                _arrives(page, wanted, "There is no event after this moment")
            for wanted in (starts[2], starts[1], starts[0], None):
                page.get_by_test_id("event-before").click()
                _arrives(page, wanted, "There is no event before this moment")


def _arrives(page: Page, start_ns: int | None, none: str) -> None:
    """Two seconds before that event; or there is none, and it says so."""
    if start_ns is None:
        expect(page.get_by_test_id("said")).to_have_text(none)
    else:
        moment = rfc3339(start_ns - 2 * NS)[:19]
        expect(page).to_have_url(re.compile(f"&at={re.escape(moment)}"))


def test_why_nothing_was_recorded_is_told_where_one_taps_and_in_a_list(chromium: Browser, tmp_path: Path) -> None:
    with filming(tmp_path, plaza="h264") as (centre, films):
        films.recorded(("plaza", 0, 100, "lost"), ("plaza", 400, 700, "time"))
        with watching(chromium, centre) as page:
            play(page, "plaza")
            wait_plays(page, "plaza")
            timeline = page.get_by_test_id("timeline")
            gap = timeline.locator(".gap").bounding_box()
            assert gap is not None
            page.mouse.click(gap["x"] + gap["width"] / 2, gap["y"] + gap["height"] / 2)
            note = page.get_by_test_id("played-note")
            expect(note).to_contain_text(REASON)
            expect(page.get_by_test_id("play")).to_have_attribute("aria-label", "Play")
            expect(timeline).to_have_attribute("aria-valuetext", re.compile(f"Plaza: {REASON}"))
            page.get_by_test_id("play").click()  # it goes on with the next footage
            wait_for(lambda: page.wait_for_timeout(50) or head_s(page) > 399)
            expect(note).to_have_count(0)
            page.get_by_test_id("gaps").focus()
            page.keyboard.press("Enter")
            expect(page.get_by_test_id("gap")).to_be_focused()
            expect(page.get_by_test_id("gap")).to_contain_text(REASON)
            page.keyboard.press("Enter")
            expect(note).to_contain_text(REASON)
            assert round(head_s(page)) == 100


def test_on_a_telephone_gaps_are_read_and_a_camera_is_taken_away_by_taps(chromium: Browser, tmp_path: Path) -> None:
    with filming(tmp_path, plaza="h264", gate="h264") as (centre, films):
        films.recorded(("plaza", 0, 100, "lost"), ("plaza", 400, 700, "time"), ("gate", 0, 700, "time"))
        with centre.admin():
            pass  # there is an account now
        width, height = pages.SIZES["small"]
        with chromium.new_context(viewport={"width": width, "height": height}, has_touch=True, is_mobile=True) as own:
            page = own.new_page()
            pages.sign_in_again(page, centre.url, user="ann", password=PASSWORD)
            play(page, "plaza", "gate")
            wait_plays(page, "plaza")
            page.get_by_test_id("gaps").tap()
            box = page.get_by_test_id("gap").bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
            page.get_by_test_id("gap").tap()
            expect(shown(page, "plaza").get_by_test_id("played-note")).to_contain_text(REASON)
            remove = shown(page, "plaza").get_by_test_id("tile-remove")
            assert remove.evaluate("(one) => getComputedStyle(one).opacity") == "1", "what takes a tap is seen"
            remove.tap()
            expect(page.get_by_test_id("played")).to_have_count(1)


def test_who_may_not_have_footage_fetched_is_told_so_and_is_not_asked_to_try_again(
    chromium: Browser, tmp_path: Path
) -> None:
    with filming(tmp_path, plaza="h264") as (centre, films):
        films.recorded(("plaza", 0, 600, "time"))
        films.gateway.envelope("event", 1, event("e1", "end", at_s=4))
        wait_for(lambda: films.gateway.acked("event"))
        with somebody(centre, "vera"), pages.context(chromium) as own:
            page = own.new_page()
            pages.sign_in_again(page, centre.url, user="vera", password=PASSWORD)
            play(page, "plaza")
            expect(page.get_by_test_id("played-note")).to_contain_text("takes an operator")
            expect(page.get_by_test_id("play")).to_be_disabled()
            page.keyboard.press(" ")
            page.get_by_test_id("keep-pictures").click()
            expect(page.get_by_test_id("said")).to_have_text("No picture is there to be kept")
            assert round(head_s(page)) == 3
            page.goto(f"{pages.origin(page.url)}events/e1")
            expect(page.get_by_test_id("clip-state")).to_have_attribute("data-state", "refused")
            expect(page.get_by_role("button", name="Try again")).to_have_count(0)
            assert films.asked == []
        with centre.admin() as api:
            api.post("/api/v1/events/e1/clip").raise_for_status()
            wait_for(lambda: api.get("/api/v1/events/e1").json()["clip"]["state"] == "ready")
        with pages.context(chromium) as own:
            page = own.new_page()
            pages.sign_in_again(page, centre.url, user="vera", password=PASSWORD)
            page.goto(f"{pages.origin(page.url)}events/e1")
            pages.wait_clip_plays(page, seconds=0.2)
