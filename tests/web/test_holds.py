"""Holds in the viewer, over gateways that are only their wire: made where one looks, seen, followed, released."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

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
    running,
    track,
    wait_for,
)
from tests.web import pages
from tests.web.test_footage import filming, head_s, play, wait_plays, watching
from tests.web.test_steady import WATCH as WATCH_SHIFTS

pytestmark = pytest.mark.timeout(180)

PLAZA, GATE = (f"{SITE}/{GATEWAY}/{camera}" for camera in ("plaza", "gate"))
PAGE = 30
"""So many holds the viewer asks for at once."""


def _hold(api: httpx.Client, reason: str, *cameras: str, first_s: float = 0, last_s: float = 60) -> str:
    """Make one over the API, seconds after T0; its id."""
    start, end = (rfc3339(T0_NS + int(at_s * NS)) for at_s in (first_s, last_s))
    body = {"cameras": cameras or [PLAZA], "start": start, "end": end, "reason": reason}
    return str(api.post("/api/v1/holds", json=body).raise_for_status().json()["id"])


@contextmanager
def _ann(centre: RunningCentre) -> Iterator[httpx.Client]:
    """Who is at the page, over the API."""
    with centre.client() as api:
        api.post("/api/v1/sign-in", json={"username": pages.USER, "password": pages.PASSWORD}).raise_for_status()
        yield api


def _cards(page: Page) -> Locator:
    return page.get_by_test_id("hold")


@contextmanager
def _signed_in(chromium: Browser, address: str, user: str) -> Iterator[Page]:
    with pages.context(chromium) as own:
        page = own.new_page()
        pages.sign_in_again(page, address, user=user, password=PASSWORD)
        yield page


def test_the_marked_span_of_playback_is_held_and_stands_on_its_timeline(
    chromium: Browser, tmp_path: Path, shots: Path
) -> None:
    with filming(tmp_path, plaza="h264", gate="h264") as (centre, films):
        films.recorded(("plaza", 0, 240, "time"), ("gate", 0, 240, "time"))
        with watching(chromium, centre) as page:
            play(page, "plaza")
            wait_plays(page, "plaza")
            page.get_by_test_id("export-from").click()
            begin_s = head_s(page)
            page.get_by_test_id("export-edge-to").focus()
            page.keyboard.press("PageDown")
            page.get_by_test_id("hold-open").click()
            dialog, submit = page.get_by_test_id("hold-dialog"), page.get_by_test_id("hold-submit")
            expect(dialog.locator("[name=reason]")).to_be_focused()
            expect(dialog.get_by_role("checkbox", checked=True)).to_have_count(1)
            expect(submit).to_be_disabled()
            expect(page.get_by_test_id("hold-lacks")).to_contain_text("Say why")
            page.keyboard.type("case 4711")
            page.keyboard.press("Enter")
            expect(dialog).to_contain_text("It is held")
            expect(page.get_by_test_id("held-span")).to_have_attribute("title", "Held: case 4711")
            page.get_by_test_id("hold-close").click()
            expect(page.get_by_test_id("hold-open")).to_be_focused()
            expect(page.get_by_test_id("held-mark")).to_have_text("Held: case 4711")
            assert "Held: case 4711" in str(page.get_by_test_id("timeline").get_attribute("aria-valuetext"))
            pages.shoot(page, shots, "playback-held")
            with centre.service() as api:
                hold = api.get("/api/v1/holds").json()["items"][0]
                first_s, last_s = ((parse_rfc3339(hold[name]) - T0_NS) / NS for name in ("start", "end"))
                assert 0 <= begin_s - first_s < 1
                assert 0 <= last_s - (begin_s + 10) < 1, "whole seconds, and all that was marked"
                assert hold["cameras"] == [PLAZA]


def test_a_hold_of_an_event_begins_minutes_before_it_and_keys_of_its_form_are_not_the_pages(
    chromium: Browser, tmp_path: Path
) -> None:
    with running(tmp_path / "centre") as centre, FakeGateway(centre) as gateway:
        gateway.hello()
        gateway.envelope("event", 1, event("e1", "end", at_s=4), event("e2", "end", at_s=4))
        gateway.envelope("track", 1, track("t1", final=True, at_s=8))
        wait_for(lambda: gateway.acked("event") and gateway.acked("track"))
        with watching(chromium, centre) as page:
            for path in ("events/e1", "search/t1"):
                page.goto(pages.origin(page.url) + path)
                page.get_by_test_id("hold-open").click()
                dialog = page.get_by_test_id("hold-dialog")
                dialog.get_by_role("checkbox").focus()
                page.keyboard.press("j")
                page.keyboard.press("Escape")
                expect(dialog).to_have_count(0)
                assert page.url.endswith(path)
            page.goto(pages.origin(page.url) + "events/e1")
            page.get_by_test_id("hold-open").click()
            page.get_by_test_id("hold-dialog").locator("[name=reason]").fill("case 12")
            page.get_by_test_id("hold-submit").click()
            expect(page.get_by_test_id("held-mark")).to_have_text("Held: case 12")
            page.get_by_test_id("hold-show").click()
            expect(_cards(page)).to_contain_text("case 12")
            with centre.service() as api:
                hold = api.get("/api/v1/holds").json()["items"][0]
            begin, end = (parse_rfc3339(hold[name]) for name in ("start", "end"))
            assert (T0_NS - begin, end - T0_NS) == (300 * NS, 304 * NS)


def test_holds_come_in_pages_and_others_holds_come_by_themselves(chromium: Browser, tmp_path: Path) -> None:
    with running(tmp_path / "centre") as centre, FakeGateway(centre) as gateway:
        gateway.hello()
        gateway.hello("gate")
        with watching(chromium, centre) as page, _ann(centre) as api:
            wait_for(lambda: len(api.get("/api/v1/cameras").json()["items"]) == 2)
            made = [_hold(api, f"case {number}") for number in range(PAGE + 2)]
            page.goto(pages.origin(page.url) + "holds")
            expect(_cards(page)).to_have_count(PAGE)
            page.get_by_test_id("older-holds").click()
            expect(_cards(page)).to_have_count(PAGE + 2)
            expect(page.get_by_test_id("older-holds")).to_have_count(0)
            assert _cards(page).locator("h2").all_inner_texts()[:: PAGE + 1] == [f"case {PAGE + 1}", "case 0"]
            _hold(api, "somebody else's", GATE)
            expect(_cards(page).first).to_contain_text("somebody else's")
            api.post(f"/api/v1/holds/{made[-1]}/release", json={"reason": "done"}).raise_for_status()
            expect(_cards(page).nth(1)).to_have_attribute("data-state", "over")  # it stays where one reads
            page.goto(f"{pages.origin(page.url)}holds?camera={GATE}")
            expect(_cards(page)).to_have_count(1)
            page.get_by_test_id("holds-over").click()
            expect(page.get_by_text("No hold names this camera")).to_be_visible()


def test_a_hold_is_released_with_a_reason_and_the_audit_log_leads_to_it(chromium: Browser, tmp_path: Path) -> None:
    with running(tmp_path / "centre") as centre, FakeGateway(centre) as gateway:
        gateway.hello()
        with watching(chromium, centre) as page:
            page.goto(pages.origin(page.url) + "holds")
            expect(page.get_by_text("Nothing is held")).to_be_visible()
            page.get_by_test_id("new-hold").click()
            dialog = page.get_by_test_id("hold-dialog")
            dialog.locator("[name=reason]").fill("case 4711")
            expect(page.get_by_test_id("hold-lacks")).to_contain_text("at least one camera")
            dialog.get_by_role("checkbox").check()
            dialog.locator("[name=until]").fill("2020-01-01T10:00")
            expect(page.get_by_test_id("hold-lacks")).to_contain_text("past already")
            dialog.locator("[name=until]").fill("")
            page.get_by_test_id("hold-submit").click()
            card = _cards(page)
            expect(card).to_have_attribute("data-state", "active")
            card.get_by_test_id("release").click()
            expect(page.get_by_test_id("release-submit")).to_be_disabled()
            page.get_by_test_id("release-dialog").locator("[name=reason]").fill("handed over")
            page.get_by_test_id("release-submit").click()
            expect(card).to_have_attribute("data-state", "over")
            expect(card).to_contain_text("handed over")
            expect(card.locator("h2")).to_be_focused()
            page.goto(pages.origin(page.url) + "audit")
            log = page.get_by_test_id("audit")
            expect(log.get_by_text("Released hold")).to_be_visible()
            expect(log.get_by_text("handed over")).to_be_visible()
            log.get_by_role("link", name="hold", exact=True).first.click()
            expect(_cards(page)).to_contain_text("case 4711")


def test_how_far_a_gateway_is_is_said_as_it_comes(chromium: Browser, tmp_path: Path, shots: Path) -> None:
    with running(tmp_path / "centre") as centre, FakeGateway(centre) as gateway:
        gateway.hello()
        answers = {"case 1": wire.Reply(id="1", ok=True, result={"bytes": 1_200_000_000})}
        answers["case 2"] = wire.Reply(id="1", ok=False, error="the disk is gone")

        def answer(command: wire.Command) -> wire.Reply:
            return answers[str(command.args["reason"])].model_copy(update={"id": command.id})

        gateway.handlers["hold"] = answer
        with watching(chromium, centre) as page, _ann(centre) as api:
            gateway.vanish()
            wait_for(lambda: not api.get("/api/v1/gateways").json()["items"][0]["online"])
            first = _hold(api, "case 1")
            page.goto(pages.origin(page.url) + "holds")
            step = page.get_by_test_id("hold-gateway")
            expect(step).to_contain_text("the gateway is offline and hears of it when it is back")
            page.evaluate(WATCH_SHIFTS)
            gateway.come_back()
            expect(step).to_contain_text("Holds it, 1.2 GB")
            gateway.handlers["release"] = lambda _command: None  # it hears, and says nothing
            api.post(f"/api/v1/holds/{first}/release", json={"reason": "done"}).raise_for_status()
            expect(step).to_contain_text("Asked to let go")
            _hold(api, "case 2")
            expect(step.first).to_contain_text("Could not hold it: the disk is gone")
            expect(_cards(page).first).to_contain_text("1 gateway failed")
            page.wait_for_timeout(500)  # it has slid in
            assert page.evaluate("window.shifts") == []
            pages.shoot(page, shots, "holds-states")


def test_who_may_not_sees_what_is_held_and_no_buttons(chromium: Browser, tmp_path: Path) -> None:
    with running(tmp_path / "centre") as centre, FakeGateway(centre) as gateway:
        gateway.hello()
        gateway.hello("gate")
        gateway.envelope("event", 1, event("e1", "end", at_s=4))
        wait_for(lambda: gateway.acked("event"))
        with centre.admin() as api:
            wait_for(lambda: len(api.get("/api/v1/cameras").json()["items"]) == 2)
            _hold(api, "case 4711", PLAZA, GATE)
        with somebody(centre, "olga", "operator"), _signed_in(chromium, centre.url, "olga") as page:
            page.get_by_test_id("account").click()
            page.get_by_test_id("menu-hold").click()
            expect(_cards(page)).to_contain_text("case 4711")
            expect(page.get_by_test_id("release").or_(page.get_by_test_id("new-hold"))).to_have_count(0)
            page.goto(pages.origin(page.url) + "events/e1")
            expect(page.get_by_test_id("held-mark")).to_have_text("Held: case 4711")
            expect(page.get_by_test_id("hold-open")).to_have_count(0)
        with (
            somebody(centre, "ines", "investigator", [PLAZA]),
            _signed_in(chromium, centre.url, "ines") as page,
        ):
            page.goto(pages.origin(page.url) + "holds")
            expect(_cards(page).locator("dd").first).to_have_text("The plaza")
            page.get_by_test_id("release").click()
            page.get_by_test_id("release-dialog").locator("[name=reason]").fill("let me")
            page.keyboard.press("Enter")
            expect(page.get_by_role("alert")).to_contain_text("cameras that you do not see")
