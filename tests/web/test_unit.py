"""The viewer's own unit tests (vitest), run as part of the suite."""

from __future__ import annotations

from tests.web.test_build import ROOT, build_viewer


def test_the_viewers_own_tests_pass() -> None:
    build_viewer.run_tests(build_viewer.Viewer(ROOT))
