"""The viewer as an app of its own: a browser offers to install it, and it says so when the centre is away."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.central.helpers import running
from tests.fixtures.rig import wait_until
from tests.web import pages
from tests.web.conftest import Demo

pytestmark = pytest.mark.timeout(300)

# what is in the worker's stores: the paths of all that it keeps
_KEPT = """async () => {
    const found = [];
    for (const name of await caches.keys())
        for (const { url } of await (await caches.open(name)).keys()) found.push(new URL(url).pathname);
    return found;
}"""


def _controlled(page: Page) -> None:
    page.wait_for_function("() => navigator.serviceWorker.controller?.state === 'activated'")


def test_a_browser_offers_to_install_it(demo: Demo, chromium: Browser) -> None:
    with pages.context(chromium) as context:
        page = context.new_page()
        page.goto(pages.origin(demo.first_link))
        browser = context.new_cdp_session(page)
        errors = browser.send("Page.getInstallabilityErrors")["installabilityErrors"]
        manifest = browser.send("Page.getAppManifest")
        # the only thing that stands against it is that tests browse without a profile
        assert [error["errorId"] for error in errors if error["errorId"] != "in-incognito"] == []
        assert manifest["errors"] == []
        assert manifest["url"].endswith("/manifest.webmanifest")


@pytest.mark.slow
def test_without_the_centre_the_frame_says_so(chromium: Browser, tmp_path: Path) -> None:
    with pages.context(chromium, locale="es-ES") as context:
        page = context.new_page()
        with running(tmp_path / "data") as centre:
            page.goto(centre.url)
            _controlled(page)
            kept = page.evaluate(_KEPT)
            assert "/" in kept
            assert not [path for path in kept if path.startswith("/api/")]
        page.reload()
        expect(page.get_by_text("La central no responde")).to_be_visible()
        page.goto(centre.url + "/search?label=person")
        expect(page.get_by_text("La central no responde")).to_be_visible()


@pytest.mark.slow
def test_a_new_build_takes_the_place_of_the_old_one(chromium: Browser, tmp_path: Path) -> None:
    with pages.context(chromium) as context, running(tmp_path / "data") as centre:
        page = context.new_page()
        page.goto(centre.url)
        _controlled(page)
        before = page.evaluate("caches.keys()")
        page.evaluate("caches.open('lamppost-older').then((store) => store.put('/', new Response('old')))")
        assert sorted(page.evaluate("caches.keys()")) == sorted([*before, "lamppost-older"])
        page.evaluate("navigator.serviceWorker.getRegistration().then((worker) => worker.unregister())")
        page.reload()
        wait_until(lambda: page.evaluate("caches.keys()") == before, 15, "the old store's end")
