"""Accounts in the viewer: an admin makes one, its owner makes it safe, and the audit log has it all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.central.helpers import FakeGateway, RunningCentre, running, wait_for
from tests.web import pages

STATIC = Path(__file__).parents[2] / "agent/central/static/index.html"
pytestmark = pytest.mark.skipif(not STATIC.exists(), reason="the viewer is not built: make viewer")

PASSWORD = "four other words here"


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[RunningCentre]:
    people = {"ask_reason": ["search"]}
    with running(tmp_path / "data", people=people) as centre, FakeGateway(centre) as gateway:
        gateway.hello()
        gateway.hello("vault")
        yield centre


def test_from_the_link_to_the_second_factor(chromium: Browser, centre: RunningCentre) -> None:
    with pages.visit(chromium, centre.sign_in_url) as admin:
        link = _make(admin, "bob")
        with pages.context(chromium, size="phone") as own:
            page = own.new_page()
            _join(page, link)
            _give_reason(page, "case 7")
            expect(page.get_by_test_id("live-tile")).to_have_count(1)  # the plaza, not the vault
            _set_up_a_second_factor(page)
        admin.goto(f"{centre.url}/audit")
        log = admin.get_by_test_id("audit")
        for told in ("Made account", "Used password link", "Gave reason", "Second factor", "case 7"):
            expect(log.get_by_text(told).first).to_be_visible()
        made = log.get_by_role("listitem").filter(has_text="Made account").filter(has_text="bob")
        expect(made.get_by_role("link", name="The plaza")).to_have_attribute("href", "/live/demo/gw-1/plaza")
        admin.get_by_test_id("audit-filters").locator("[name=who]").fill("bob")
        admin.keyboard.press("Enter")
        expect(log.get_by_text("Made account")).to_have_count(0)
        admin.get_by_test_id("verify").click()
        expect(admin.get_by_text("Unbroken")).to_be_visible()


def test_whoever_signs_in_after_somebody_else_gets_a_page_of_their_own(
    chromium: Browser, centre: RunningCentre
) -> None:
    """Lists, pictures and an address of the one before are not for the next; who comes back goes on where they were."""
    with pages.visit(chromium, centre.sign_in_url) as page:
        link = _make(page, "bob")
        with pages.context(chromium) as own:
            _join(own.new_page(), link)
        page.get_by_test_id("nav-search").click()
        _give_reason(page, "case 7")
        page.evaluate("window.neverLeft = true")
        pages.sign_out(page)
        _fill_in(page, pages.USER, pages.PASSWORD)
        expect(page.get_by_test_id("nav-live")).to_be_visible()
        assert page.evaluate("window.neverLeft")
        pages.sign_out(page)
        _fill_in(page, "bob", PASSWORD)
        expect(page).to_have_url(f"{centre.url}/")
        expect(page.get_by_test_id("nav-live")).to_be_visible()
        assert not page.evaluate("window.neverLeft")


def test_an_answer_of_the_log_that_comes_to_nothing_too_late_takes_nothing_away(
    chromium: Browser, centre: RunningCentre
) -> None:
    with pages.visit(chromium, centre.sign_in_url) as page:
        page.goto(f"{centre.url}/audit")
        log, who = page.get_by_test_id("audit"), page.get_by_test_id("audit-filters").locator("[name=who]")
        expect(log.get_by_text("First account").first).to_be_visible()
        slow = list[Route]()

        def wait(route: Route) -> None:
            slow.append(route)

        page.route("**/api/v1/audit?*who=nobody*", wait)
        who.fill("nobody")
        page.keyboard.press("Enter")
        wait_for(lambda: page.wait_for_timeout(50) or slow)
        who.fill(pages.USER)
        page.keyboard.press("Enter")
        page.wait_for_url(f"**who={pages.USER}*")
        expect(log.get_by_text("First account").first).to_be_visible()
        slow[0].abort()
        page.wait_for_timeout(500)
        expect(log.get_by_text("First account").first).to_be_visible()
        expect(page.get_by_role("alert")).to_have_count(0)


def _fill_in(page: Page, name: str, password: str) -> None:
    form = page.get_by_test_id("sign-in")
    form.locator("[name=username]").fill(name)
    form.locator("[name=password]").fill(password)
    form.locator("[type=submit]").click()


def _make(page: Page, name: str) -> str:
    page.get_by_test_id("account").click()
    page.get_by_test_id("menu-person").click()
    page.get_by_test_id("new-person").click()
    form = page.get_by_test_id("person-form")
    form.locator("[name=name]").fill(name)
    form.get_by_text("Operator").click()
    page.get_by_test_id("sees-some").click()
    form.get_by_label("demo/gw-1/plaza").check()
    form.locator("[type=submit]").click()
    shown = page.get_by_test_id("person-link")
    expect(shown).to_be_visible()
    return shown.input_value()


def _join(page: Page, link: str) -> None:
    page.goto(link)
    form = page.get_by_test_id("join")
    form.locator("[name=password]").fill(PASSWORD)
    form.locator("[name=repeat]").fill("something else")
    form.locator("[type=submit]").click()
    expect(form.get_by_role("alert")).to_contain_text("not the same")
    form.locator("[name=repeat]").fill(PASSWORD)
    form.locator("[type=submit]").click()
    expect(page.get_by_test_id("nav-live")).to_be_visible()


def _give_reason(page: Page, reason: str) -> None:
    form = page.get_by_test_id("reason")
    form.locator("[name=reason]").fill(reason)
    form.locator("[type=submit]").click()
    expect(form).to_have_count(0)


def _set_up_a_second_factor(page: Page) -> None:
    page.get_by_test_id("account").click()
    page.get_by_test_id("menu-account").click()
    proof = page.get_by_test_id("factor")
    proof.locator("[name=proof]").fill(PASSWORD)
    proof.locator("[type=submit]").click()
    secret = page.get_by_test_id("factor-secret").inner_text().replace(" ", "")
    scan = page.get_by_test_id("factor-scan")
    scan.locator("[name=code]").fill(pyotp.TOTP(secret).now())
    scan.locator("[type=submit]").click()
    code = page.get_by_test_id("recovery-codes").locator("li").first.inner_text()
    pages.sign_out(page)
    _fill_in(page, "bob", PASSWORD)
    form = page.get_by_test_id("sign-in")
    form.locator("[name=code]").fill(code)
    form.locator("[type=submit]").click()
    expect(page.get_by_test_id("nav-live")).to_be_visible()
