"""What every test gets: no leaks, no silent skips where CI forbids them."""

from __future__ import annotations

import faulthandler
import logging
import os
import threading
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

# anyio imports its parts when they are first used: in a server's thread, where pytest's rewriting of assertions (anyio
# is a plug-in of pytest, too) breaks CPython 3.11.7 ("AST constructor recursion depth mismatch")
for _name in dir(anyio):
    getattr(anyio, _name)

pytest_plugins = [
    "tests.fixtures.clips",
    "tests.fixtures.gst",
    "tests.fixtures.mosquitto",
    "tests.fixtures.postgres",
    "tests.fixtures.clock",
    "tests.fixtures.rig",
]

DATA = Path(os.environ.get("LAMPPOST_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))


SITES = {
    "e2e/test_demo.py": "site 1",
    **dict.fromkeys(
        (f"web/test_{name}.py" for name in ("editor", "map", "spanish", "steady", "viewer", "wall")), "site 1"
    ),
    **dict.fromkeys(
        (f"web/test_{name}.py" for name in ("installed", "people", "playback", "review", "search")), "site 2"
    ),
}
"""Tests of a whole site stay together: each site keeps a core busy, and has its scenes drawn first."""
LONGEST = (*SITES, "e2e/test_faults.py", "edge/test_events_mode.py")


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real footage and models; tests that need it skip, by name, where it is absent."""
    if not DATA.is_dir():
        pytest.skip("no test data: set LAMPPOST_TEST_DATA")
    return DATA


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run side by side file by file.

    Slow ones are long enough to run each by itself, but for those that share a site. The longest files begin first:
    others run beside their waiting.
    """
    items.sort(key=lambda item: LONGEST.index(_file(item)) if _file(item) in LONGEST else len(LONGEST))
    for item in items:
        group = SITES.get(_file(item), _file(item))
        if item.get_closest_marker("slow"):
            shares = "demo" in getattr(item, "fixturenames", ())
            group = SITES.get(_file(item), "site 1") if shares else item.nodeid
        item.add_marker(pytest.mark.xdist_group(group))


def _file(item: pytest.Item) -> str:
    return f"{item.path.parent.name}/{item.path.name}"


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Say what was measured, in the summary of the run; several processes at once have no other place."""
    return lambda text: record_property("told", text)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    for report in terminalreporter.stats.get("passed", ()):
        for text in (value for name, value in report.user_properties if name == "told"):
            terminalreporter.write_line(f"{report.nodeid.rpartition('::')[2]}: {text}")


def _children() -> set[int]:
    found: set[int] = set()
    for task in Path("/proc/self/task").iterdir():
        try:
            found.update(int(pid) for pid in (task / "children").read_text().split())
        except OSError:
            continue
    return found


def _files() -> dict[str, str]:
    found = {}
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found[entry.name] = str(entry.readlink())
        except OSError:
            continue
    return found


_OURS = ("/tmp/", "socket:", "pipe:")


@pytest.fixture(autouse=True)
def no_leaks(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves a thread, a process or a file behind."""
    threads, children, files = set(threading.enumerate()), _children(), _files()
    yield
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        left = [thread.name for thread in set(threading.enumerate()) - threads if thread.is_alive()]
        orphans = _children() - children
        opened = [path for fd, path in _files().items() if fd not in files and path.startswith(_OURS)]
        if not (left or orphans or opened):
            return
        time.sleep(0.05)
    kept = request.session.stash.setdefault(_KEPT, set())
    fresh = [item for item in (*left, *map(str, orphans), *opened) if item not in kept]
    kept.update(fresh)
    if fresh:
        pytest.fail(f"left behind: threads {left}, processes {sorted(orphans)}, files {opened}")


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    """Commands that a test runs set logging up, to a stream that is gone after the test."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


_KEPT: pytest.StashKey[set[str]] = pytest.StashKey()


_STDERR: pytest.StashKey[int] = pytest.StashKey()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_STDERR] = os.dup(2)  # while nothing is captured


def _watched(item: pytest.Item) -> Generator[None, Any, Any]:
    """End the process of a test that takes twice its time, with all stacks: a call into C that hangs hears no alarm.

    The run ends with it, and names it; pytest-xdist itself would hang if it replaced a process that has a whole group.
    """
    mark = item.get_closest_marker("timeout")
    usual = item.config.getoption("timeout") or item.config.getini("timeout")
    seconds = 2 * float(mark.args[0] if mark else usual)
    faulthandler.dump_traceback_later(seconds, exit=True, file=item.config.stash[_STDERR])
    try:
        return (yield)
    finally:
        faulthandler.cancel_dump_traceback_later()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, Any, Any]:
    """Each step by itself: a failure in one of them ends all alarms."""
    return (yield from _watched(item))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """See `pytest_runtest_setup`."""
    return (yield from _watched(item))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, Any, Any]:
    """See `pytest_runtest_setup`."""
    return (yield from _watched(item))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """With LAMPPOST_NO_SKIP a skip is a failure: CI has everything the tests use."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if report.skipped and os.environ.get("LAMPPOST_NO_SKIP") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped where no skip is allowed: {item.nodeid}: {report.longrepr}"
