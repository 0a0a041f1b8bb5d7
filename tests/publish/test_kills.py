"""Whatever is killed, whenever: nothing that was in the outbox is lost, and nothing is stored twice."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fixtures.mosquitto import BINARY
from tests.publish.site import check, kill_at_random, running_site, wait_until_drained

pytestmark = pytest.mark.skipif(
    not Path(BINARY).exists(), reason="mosquitto is not installed (Debian package mosquitto)"
)


def _kills(default: int) -> int:
    return int(os.environ.get("LAMPPOST_KILLS", default))


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_gateway_broker_and_centre_killed_at_random_under_load(tmp_path: Path, tell: Callable[[str], None]) -> None:
    with running_site(tmp_path) as site:
        counts = kill_at_random(site, _kills(100), seed=7)
        site.stop_making()
        wait_until_drained(site, 120)
        tell(f"{counts}: {check(site)}")


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("lines", [(), ("max_packet_size 65536",)], ids=["default limits", "64 KiB packets"])
def test_a_mosquitto_that_drops_silently(tmp_path: Path, tell: Callable[[str], None], lines: tuple[str, ...]) -> None:
    """Its default is 1,000 queued messages, and then silence; here thousands come while nobody reads."""
    with running_site(tmp_path, rate=2000, lines=lines) as site:
        for _ in range(4):
            time.sleep(4)
            site.kill("centre")
        site.stop_making()
        wait_until_drained(site, 120)
        tell(check(site))


def test_one_of_each_is_killed(tmp_path: Path, tell: Callable[[str], None]) -> None:
    with running_site(tmp_path, rate=200, resend_s=1) as site:
        for what in ("gateway", "broker", "centre"):
            time.sleep(0.5)
            site.kill(what)
        site.stop_making()
        wait_until_drained(site, 60)
        tell(check(site))
