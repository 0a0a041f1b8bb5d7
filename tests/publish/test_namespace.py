"""The kernel's own faults, where the machine allows namespaces: a slow queue, a link that is gone without a word."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fixtures.mosquitto import BINARY
from tests.publish.namespace import EVENTS

ROOT = Path(__file__).parents[2]


def _lacking() -> str:
    for tool in ("unshare", "ip", "tc", BINARY):
        if shutil.which(tool) is None:
            return f"{tool} is not installed (Debian packages util-linux, iproute2, mosquitto)"
    trial = "ip link set lo up && tc qdisc add dev lo root tbf rate 1mbit burst 4kb latency 50ms"
    found = subprocess.run(["unshare", "-rn", "sh", "-c", trial], capture_output=True, text=True, check=False)
    return f"no network namespaces here: {found.stderr.strip()}" if found.returncode else ""


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_link_that_vanishes_without_a_word_costs_nothing(tmp_path: Path, tell: Callable[[str], None]) -> None:
    if lacking := _lacking():
        pytest.skip(lacking)
    command = ["unshare", "-rn", sys.executable, "-m", "tests.publish.namespace", str(tmp_path)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=250, check=False)
    assert ran.returncode == 0, ran.stderr[-2000:]
    found = json.loads(ran.stdout.splitlines()[-1])
    assert (found["lost"], found["dropped"], found["rows"], found["vanished"]) == (0, 0, EVENTS + 1, True)
    tell(str(found))
