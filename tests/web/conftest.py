"""A whole site for browser tests: `lamppost demo`, as a person starts it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.fixtures.rig import free_port, wait_until
from tests.web.pages import CHROMIUM, browser

OUTPUT = Path(__file__).parents[1] / "output" / "web"
DRAWN_WITHIN_S = 420
AXE = Path(__file__).parents[2] / "agent/central/web/node_modules/axe-core/axe.min.js"


@dataclass(frozen=True)
class Demo:
    """A running site. `first_link` works once; `folder` holds its files (None for one that somebody else started)."""

    first_link: str
    folder: Path | None


@pytest.fixture(scope="package")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo's site; LAMPPOST_DEMO_LINK names the first link of one that runs already.

    It ends with the browser tests: it keeps half a core busy, which other tests can use.
    """
    if link := os.environ.get("LAMPPOST_DEMO_LINK"):
        yield Demo(link, None)
        return
    folder = tmp_path_factory.mktemp("demo")
    command = [sys.executable, "-m", "agent.cli", "demo", "--port", str(free_port()), "--folder", str(folder)]
    with (folder / "demo.log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        try:
            yield Demo(_first_link(folder, process), folder)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def _first_link(folder: Path, process: subprocess.Popen[bytes]) -> str:
    """The link, once the gateway's configuration is there too: its cameras are drawn by then."""

    def ready() -> str | None:
        assert process.poll() is None, (folder / "demo.log").read_text()[-2000:]
        link = folder / "centre/first-sign-in"
        return link.read_text().strip() if (folder / "gateway.toml").exists() and link.exists() else None

    return str(wait_until(ready, DRAWN_WITHIN_S, "the demo's site"))


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, one for all browser tests; while it is open its thread runs an event loop."""
    if not CHROMIUM.exists():
        pytest.skip("no /usr/bin/chromium: install Debian's package chromium")
    with browser() as found:
        yield found


@pytest.fixture(scope="session")
def shots() -> Path:
    """Where pictures of pages are kept as build output."""
    return OUTPUT


@pytest.fixture(scope="session")
def axe() -> str:
    """The script that looks for what keeps people out."""
    if not AXE.exists():
        pytest.skip("no axe-core: it is there where the viewer was built from its sources")
    return AXE.read_text()
