"""Bags that go with people, plug-ins, and all the way to the track message."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Sequence
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agent.analyse.attributes.additions import GROUP, Additions
from agent.analyse.attributes.carry import Carrying
from agent.analyse.attributes.port import Sight
from agent.analyse.detect.pool import DetectorPool, Engines
from agent.analyse.detect.port import Detection
from agent.analyse.frames import Frame
from agent.analyse.models import ModelStore
from agent.analyse.pipeline import Pipeline
from agent.analyse.service import News
from agent.analyse.track.shot import MOST_SHOTS, Gallery, side_of
from agent.analyse.track.track import Track
from agent.config.gateway import Camera
from agent.core.geometry import Box
from agent.core.plugins import Plugins
from agent.wire.framing import Decoder
from agent.wire.messages import TrackSummary
from tests.analyse.scene import ScriptedDetector, at, found, ids, street, whole
from tests.analyse.test_colours import WEARS, dressed

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "lamppost-high-vis"
PICTURE = street()
TOWARDS, AWAY, LEFT = (0.0, 0.1), (0.0, -0.1), (-0.1, 0.0)


def seen(name: str, label: str, box: Box, kind: str = "") -> Track:
    return Track(name, Detection(label, 0.9, box, kind), [0.0] * 8, at(0))


def person(x: float) -> Box:
    return Box(x, 0.4, x + 0.05, 0.65)


def bag(x: float) -> Box:
    return Box(x + 0.035, 0.5, x + 0.06, 0.56)


def walked(person_xs: Sequence[float], bag_xs: Sequence[float]) -> dict[str, object]:
    carrying = Carrying()
    for number, (x, bag_x) in enumerate(zip(person_xs, bag_xs, strict=True)):
        tracks = [seen("p", "person", person(x)), seen(f"b{number}", "bag", bag(bag_x), "backpack")]
        carrying.look(tracks, 16 / 9, at(number / 5))
    return carrying.told("p")


def test_a_bag_that_goes_along_is_carried() -> None:
    xs = np.arange(0.2, 0.6, 0.02).tolist()
    assert walked(xs, xs) == {"carries_bag": True, "bag": "backpack"}


def test_a_bag_that_lies_where_people_pass_or_wait_is_not() -> None:
    xs = np.arange(0.2, 0.6, 0.01).tolist()
    assert walked(xs, [0.4] * len(xs)) == {}
    trembling = (0.4 + np.random.default_rng(1).normal(0, 0.001, 300)).tolist()
    assert walked(trembling, [0.4] * 300) == {}


def test_a_bag_belongs_to_the_nearest() -> None:
    carrying = Carrying()
    for number, x in enumerate(np.arange(0.2, 0.6, 0.02)):
        near, far = seen("near", "person", person(x)), seen("far", "person", person(x + 0.045))
        carrying.look([far, near, seen("b", "bag", Box(x + 0.02, 0.5, x + 0.03, 0.56))], 16 / 9, at(number / 5))
    assert carrying.told("near") == {"carries_bag": True}
    assert carrying.told("far") == {}


class Counts:
    def __init__(self) -> None:
        self.sights = 0

    def see(self, sight: Sight) -> None:
        assert not sight.crop.flags.writeable
        self.sights += 1

    def value(self) -> Any:
        return self.sights


class Raises(Counts):
    def see(self, sight: Sight) -> None:
        super().see(sight)
        if self.sights == 3:
            raise RuntimeError("a fault of its own")


class Strange(Counts):
    value_now: Any = object()

    def value(self) -> Any:
        return self.value_now


def plugins_of(monkeypatch: pytest.MonkeyPatch, **classes: type) -> Plugins:
    module: Any = type(sys)("made_attributes")
    for name, made in classes.items():
        setattr(module, name, made)
    monkeypatch.setitem(sys.modules, "made_attributes", module)
    return Plugins(GROUP, [EntryPoint(name, f"made_attributes:{name}", GROUP) for name in classes])


def test_one_that_raises_is_off_for_all_cameras_and_hurts_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    plugins = plugins_of(monkeypatch, counts=Counts, raises=Raises)
    cameras = [Additions(f"cam-{number}", plugins) for number in range(2)]
    for number in range(5):
        for camera in cameras:
            camera.look(PICTURE, [seen("t", "person", person(0.4))], at(number))
    assert [camera.told("t") for camera in cameras] == [{"counts": 5}, {"counts": 5}]
    assert plugins.notes == [
        "plug-in raises (lamppost.attributes) is off until the next start: RuntimeError: a fault of its own"
    ]


@pytest.mark.parametrize(
    "value", [object(), float("nan"), 1 << 60, "x" * 300, [1] * 20, {"a": [1]}, {1: 2}, "\x00", b"x"]
)
def test_what_cannot_be_sent_is_not(monkeypatch: pytest.MonkeyPatch, value: Any) -> None:
    monkeypatch.setattr(Strange, "value_now", value)
    plugins = plugins_of(monkeypatch, counts=Counts, strange=Strange)
    camera = Additions("cam", plugins)
    camera.look(PICTURE, [seen("t", "person", person(0.4))], at(0))
    assert camera.told("t") == {"counts": 1}
    assert plugins.names == ("counts",)
    assert "strange" in plugins.notes[0]


@pytest.mark.parametrize("value", [True, 3, 0.5, "with hat", [1, 2], ("a", "b"), {"a": 0.5, "b": "c"}, None])
def test_what_can_be_sent_is(monkeypatch: pytest.MonkeyPatch, value: Any) -> None:
    monkeypatch.setattr(Strange, "value_now", value)
    camera = Additions("cam", plugins_of(monkeypatch, strange=Strange))
    camera.look(PICTURE, [seen("t", "person", person(0.4))], at(0))
    assert camera.told("t") == ({} if value is None else {"strange": value})


def test_health_hears_of_a_plugin_that_went_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugins = plugins_of(monkeypatch, raises=Raises)
    news = News(DetectorPool(ModelStore([tmp_path]), Engines(1, ("cpu",), "")), {}, plugins)
    assert not any("raises" in note for note in _notes(news))
    assert news.take() is None
    camera = Additions("cam", plugins)
    for number in range(3):
        camera.look(PICTURE, [seen("t", "person", person(0.4))], at(number))
    assert [note for note in _notes(news) if "raises" in note] == plugins.notes


def _notes(news: News) -> list[str]:
    said = news.take()
    assert said is not None
    (frame,) = Decoder().feed(said)
    notes: list[str] = frame.header["notes"]
    return notes


def test_our_own_names_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    plugins = plugins_of(monkeypatch, carries_bag=Counts, Loud=Counts)
    Additions("cam", plugins)
    assert plugins.names == ()
    assert len(plugins.notes) == 2


def test_the_example_package_works_as_it_is_documented(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As pip installs it: its module, and its entry points where importlib looks for them."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    info = tmp_path / "lamppost_high_vis-1.0.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    lines = [f"[{GROUP}]", *(f"{name} = {value}" for name, value in project["entry-points"][GROUP].items())]
    (info / "entry_points.txt").write_text("\n".join(lines))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.syspath_prepend(str(EXAMPLE))
    plugins = Plugins(GROUP)
    assert plugins.names == ("high_vis",)
    assert plugins.notes == []
    camera, box = Additions("cam", plugins), Box(0.4, 0.3, 0.5, 0.8)
    vest, coat = dressed(PICTURE, box, (60, 240, 205), (90, 60, 40)), dressed(PICTURE, box, (60, 40, 40), (90, 60, 40))
    for number in range(4):
        camera.look(vest, [seen("vest", "person", box)], at(number))
        camera.look(coat, [seen("coat", "person", box)], at(number))
    assert camera.told("vest") == {"high_vis": True}
    assert camera.told("coat") == {"high_vis": False}
    monkeypatch.delitem(sys.modules, "lamppost_high_vis")


def test_a_track_message_says_what_somebody_wore_and_carried(monkeypatch: pytest.MonkeyPatch) -> None:
    tracks = _played(plugins_of(monkeypatch, counts=Counts))
    final = next(track for track in tracks if track.final and track.label == "person")
    assert final.colours["upper"][0][0] == "green"
    assert final.colours["lower"][0][0] == "blue"
    assert final.lab["upper"][1] < -10
    assert final.colour_confidence["upper"] > 0.5
    assert final.attributes["carries_bag"] is True
    assert final.attributes["bag"] == "handbag"
    assert final.attributes["counts"] > 10
    assert final.kind is None  # no finer than its label


def _played(plugins: Plugins) -> list[TrackSummary]:
    def box(number: int) -> Box:
        return Box(0.1 + number * 0.015, 0.3, 0.18 + number * 0.015, 0.78)

    def script(number: int) -> list[Detection]:
        if number >= 30:
            return []
        at_hand = Box(box(number).x1 + 0.06, 0.5, box(number).x1 + 0.1, 0.6)
        return [found(box(number), 0.9, kind="person"), found(at_hand, 0.6, "bag", "handbag")]

    pipeline = Pipeline(
        Camera(id="cam", url="file:///x.mp4"), ScriptedDetector(script), ids(), with_pictures=False, attention=whole,
        attributes=plugins,
    )  # fmt: skip
    told: list[TrackSummary] = []
    for number in range(40):
        picture = dressed(PICTURE, box(number), WEARS["green"], WEARS["blue"]) if number < 30 else PICTURE.copy()
        told += pipeline.process(Frame(number + 1, picture, at(number / 5))).tracks
    return [*told, *pipeline.finish().tracks]


def test_best_shots_show_several_sides() -> None:
    box, gallery, rng = Box(0.3, 0.2, 0.5, 0.7), Gallery(), np.random.default_rng(2)
    picture = np.kron(rng.integers(0, 255, (36, 64, 3), np.uint8), np.ones((10, 10, 1), np.uint8))
    for number, score in enumerate((0.9, 0.88, 0.86)):
        gallery.offer(picture, box, score, at(5 * number), [], TOWARDS)
    gallery.offer(picture, box, 0.6, at(20), [], AWAY)
    assert sorted(shot.side for shot in gallery.shots) == ["away", "towards", "towards"]
    gallery.offer(picture, box, 0.99, at(25), [], TOWARDS)
    gallery.offer(picture, box, 0.1, at(30), [], LEFT)  # too poor
    assert sorted(shot.side for shot in gallery.shots) == ["away", "towards", "towards"]
    assert len(gallery.shots) == MOST_SHOTS
    assert gallery.shots[0].worth == max(shot.worth for shot in gallery.shots)


@pytest.mark.parametrize(
    ("speed", "side"),
    [((0, 0), "still"), ((0.1, 0), "right"), ((-0.1, 0), "left"), ((0, 0.1), "towards"), ((0.01, -0.1), "away")],
)
def test_the_side_follows_from_the_way(speed: tuple[float, float], side: str) -> None:
    assert side_of(speed, Box(0.4, 0.4, 0.45, 0.6)) == side
