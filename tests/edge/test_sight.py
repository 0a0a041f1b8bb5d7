"""When the events of a camera can be relied on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

import pytest

from agent.config.gateway import Camera
from agent.edge.child import AnalysisChild
from agent.edge.child_stats import AnalysisStats
from agent.edge.sight import AnalysisSight
from tests.fixtures.clock import FakeClock

ZONE = {"name": "z", "polygon": [[0, 0], [1, 0], [1, 1]]}
RULED = Camera.model_validate(
    {"id": "cam", "url": "file:/x.mp4", "zone": [ZONE], "rule": [{"kind": "zone_entered", "zone": "z"}]}
)
STILL = Camera.model_validate({"id": "cam", "url": "file:/x.mp4", "still": {"enabled": True}})
BARE = Camera.model_validate({"id": "bare", "url": "file:/x.mp4"})
NOTHING = "none of its pictures is analysed"


@dataclass
class Child:
    """Says what the analysing child would."""

    restarts: int = 0
    analysed: int = 0
    quarantined: bool = False
    cameras: list[str] = field(default_factory=lambda: ["cam", "bare"])

    def stats(self) -> dict[str, AnalysisStats]:
        one = AnalysisStats(analysed=self.analysed, quarantined=self.quarantined)
        return dict.fromkeys(self.cameras, one)


@pytest.fixture
def child() -> Child:
    return Child()


@pytest.fixture
def sight(child: Child, clock: FakeClock) -> AnalysisSight:
    return AnalysisSight([RULED, BARE], cast(AnalysisChild, child), clock)


def test_until_the_first_picture_nothing_is_seen(sight: AnalysisSight, child: Child) -> None:
    assert sight.blind("cam") == NOTHING
    child.analysed = 1
    assert sight.blind("cam") == ""


def test_who_has_been_silent_for_five_seconds_sees_nothing_until_it_speaks(
    sight: AnalysisSight, child: Child, clock: FakeClock
) -> None:
    child.analysed = 1
    assert sight.blind("cam") == ""
    clock.advance(4.9)
    assert sight.blind("cam") == ""
    clock.advance(0.2)
    assert sight.blind("cam") == NOTHING
    child.analysed = 2
    assert sight.blind("cam") == ""


def test_a_fall_counts_at_once_however_soon_the_child_is_back(sight: AnalysisSight, child: Child) -> None:
    child.analysed = 10
    assert sight.blind("cam") == ""
    child.restarts, child.analysed = 1, 12
    assert sight.blind("cam") == NOTHING
    child.analysed = 13
    assert sight.blind("cam") == ""


def test_a_camera_in_quarantine_is_not_seen(sight: AnalysisSight, child: Child) -> None:
    child.analysed, child.quarantined = 1, True
    assert sight.blind("cam") == "its analysis is quarantined"


def test_without_a_rule_or_without_the_analysis_there_are_no_events(child: Child, clock: FakeClock) -> None:
    child.analysed = 1
    assert AnalysisSight([BARE], cast(AnalysisChild, child), clock).blind("bare") == "no rule of it makes events"
    counts = Camera.model_validate(
        {"id": "bare", "url": "file:/x.mp4", "zone": [ZONE], "rule": [{"kind": "count", "zone": "z"}]}
    )
    assert AnalysisSight([counts], cast(AnalysisChild, child), clock).blind("bare") == "no rule of it makes events"
    assert AnalysisSight([STILL], cast(AnalysisChild, child), clock).blind("cam") == ""
    off = AnalysisSight([RULED], None, clock)
    assert (off.blind("cam"), off.life) == ("the analysis is switched off", 0)
