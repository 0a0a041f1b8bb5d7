"""Signals that ask a command to stop: in order at the first, at once at the second, and what counts as one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.rig import wait_until

WAITING = """
import signal, sys
from agent.cli.terminal import stop_on_signals
signal.signal(signal.SIGHUP, signal.SIG_IGN if "nohup" in sys.argv else signal.SIG_DFL)  # whoever runs the tests
stop = stop_on_signals("the test")
print("ready", flush=True)
stop.wait(30)
if "slow" in sys.argv: __import__("time").sleep(30)
"""


@pytest.fixture
def waiting(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", WAITING, *request.param], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield process
        process.kill()


@pytest.mark.parametrize("waiting", [["slow"]], indirect=True)
def test_one_stop_may_come_twice_and_the_next_ends_it_at_once(waiting: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGHUP):
        waiting.send_signal(number)
    time.sleep(0.8)
    assert waiting.poll() is None
    waiting.send_signal(signal.SIGTERM)
    assert waiting.wait(10) == 128 + signal.SIGTERM


@pytest.mark.parametrize("waiting", [[]], indirect=True)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_each_of_them_asks_for_an_orderly_stop(waiting: subprocess.Popen[bytes], number: signal.Signals) -> None:
    waiting.send_signal(number)
    assert waiting.wait(10) == 0


@pytest.mark.parametrize("waiting", [["nohup"]], indirect=True)
def test_who_is_to_outlive_its_terminal_does(waiting: subprocess.Popen[bytes]) -> None:
    waiting.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        waiting.wait(1)


def test_a_stop_of_the_whole_group_while_scenes_are_drawn_is_an_orderly_one(tmp_path: Path) -> None:
    words = ["sim", "--folder", str(tmp_path), "--listen", "127.0.0.1:0", "--cameras", "1"]
    with subprocess.Popen([sys.executable, "-m", "agent.cli", *words], start_new_session=True) as sim:
        wait_until(lambda: list(tmp_path.glob(".drawing-*/*/*")), 60, "a drawing")
        os.killpg(sim.pid, signal.SIGTERM)
        assert sim.wait(20) == 0
    assert list(tmp_path.iterdir()) == []
