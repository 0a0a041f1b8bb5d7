"""Long occlusions: who comes back is known again by his looks."""

from __future__ import annotations

import base64

import cv2
import numpy as np
import pytest

from agent.analyse.appearance import AppearancePool, ModelAppearance, load_appearance
from agent.analyse.detect.pool import DetectorPool, Engines
from agent.analyse.frames import Frame
from agent.analyse.models import ModelStore
from agent.analyse.pipeline import Pipeline
from agent.analyse.track.tracker import SLEEP_S
from agent.config.gateway import Camera
from agent.core.errors import ModelError
from agent.core.geometry import Box
from tests.analyse.made_models import grid_looks
from tests.analyse.scene import ScriptedDetector, at, found, ids, street, walker, whole, with_block

PICTURE = street()
RED, BLUE, GREEN = (20, 20, 235), (235, 20, 20), (20, 235, 20)


class Colour:
    """People are told apart by the mean colour of their crop: a real, if simple, `Appearance`."""

    name = "colour"

    def __init__(self) -> None:
        self.asked = 0

    def look(self, crops):
        self.asked += len(crops)
        means = [crop.reshape(-1, 3).mean(0) - 110 for crop in crops]
        return [np.asarray(mean / np.linalg.norm(mean), np.float32) for mean in means]


class Broken:
    name = "broken"

    def look(self, _):
        raise ModelError("model x: fails")


def watch(script, appearance, seconds: float = 20.0, *, cars=lambda _: [], **more):
    """Outcomes of a pipeline; `script(t)` gives who is where and in what colour, `cars(t)` what may be before them."""
    now = [0.0]
    scripted = ScriptedDetector(
        lambda _: [found(box) for box, _ in script(now[0])] + [found(box, 0.9, "vehicle") for box in cars(now[0])]
    )
    camera = Camera.model_validate({"id": "cam", "url": "file:/x.mp4", **more})
    pipeline = Pipeline(camera, scripted, ids(), appearance=appearance, attention=whole)
    outcomes = []
    for number in range(round(seconds / 0.2)):
        picture, now[0] = PICTURE.copy(), number * 0.2
        place = 40 * (number % 12)
        picture[0:40, place : place + 60] = 255  # something always moves, so that every picture is looked at
        for box, colour in script(number * 0.2):
            picture = with_block(picture, box, colour)
        outcomes.append(pipeline.process(Frame(number + 1, picture, at(number * 0.2))))
    return [*outcomes, pipeline.finish()]


def who(x: float):
    return walker(x, 0.5, 0.06, 0.3)


def lives(outcomes):
    """Start and end of each track told of, in s."""
    return sorted(
        (round(track.path[0][0], 1), track.dwell_s) for one in outcomes for track in one.tracks if track.final
    )


def away_and_back(colour_after, where_after: float = 0.6, away_s: float = 8.0):
    def script(t: float):
        if t < 4:
            return [(who(0.25 + 0.04 * t), RED)]
        return [] if t < 4 + away_s else [(who(where_after), colour_after)]

    return script


def tracks_of(outcomes):
    return [track for one in outcomes for track in one.tracks if track.final]


def test_who_was_hidden_for_long_keeps_his_track():
    (track,) = tracks_of(watch(away_and_back(RED), Colour()))
    assert track.dwell_s == pytest.approx(19.8)
    assert track.media[0].kind == "snapshot"


def test_what_he_looks_like_goes_with_his_track_and_is_like_himself_alone():
    def vectors(colour):
        (track,) = tracks_of(watch(lambda _: [(who(0.4), colour)], Colour(), 6.0))
        assert track.appearance.model == "colour"
        return np.frombuffer(base64.b64decode(track.appearance.vector), np.int8).astype(float)

    red, again, blue = (one / np.linalg.norm(one) for one in map(vectors, (RED, RED, BLUE)))
    assert red @ again > 0.99
    assert red @ blue < 0.7
    assert all(track.appearance is None for track in tracks_of(watch(lambda _: [(who(0.4), RED)], None, 6.0)))
    assert all(track.appearance is None for track in tracks_of(watch(lambda _: [(who(0.4), RED)], Broken(), 6.0)))


def test_who_is_known_again_only_behind_a_line_has_crossed_it_once():
    x = lambda t: 0.27 + 0.02 * t  # noqa: E731
    script = lambda t: [] if 4 <= t < 10 else [(who(x(t)), RED)]  # noqa: E731
    bonnet = lambda t: [Box(x(t) - 0.1, 0.4, x(t) + 0.1, 0.8)] if 10 <= t < 14 else []  # noqa: E731
    gate = {"name": "gate", "points": [[0.5, 0.0], [0.5, 1.0]]}
    rule = {"kind": "line_crossed", "line": "gate", "labels": ["person"]}
    outcomes = watch(script, Colour(), cars=bonnet, line=[gate], rule=[rule])
    (track,) = [one for one in tracks_of(outcomes) if one.label == "person"]
    assert track.dwell_s == pytest.approx(19.8)
    assert [event.phase for one in outcomes for event in one.events] == ["start", "end"]


def test_without_a_model_of_appearance_he_is_somebody_new():
    assert len(tracks_of(watch(away_and_back(RED), None))) == 2


def test_somebody_else_is_somebody_else():
    assert len(tracks_of(watch(away_and_back(BLUE), Colour()))) == 2


def test_who_cannot_have_come_so_far_is_somebody_else():
    assert len(tracks_of(watch(away_and_back(RED, 0.9, 3.4), Colour()))) in {1, 2}
    tiny = lambda t: [(walker(0.6, 0.5, 0.02, 0.08), RED)] if t > 12 else [(who(0.3), RED)] if t < 4 else []  # noqa: E731
    assert len(tracks_of(watch(tiny, Colour()))) == 2


def test_of_two_who_look_alike_nobody_is_guessed():
    def script(t: float):
        if t < 4:
            return [(who(0.25 + 0.04 * t), RED), (who(0.75 - 0.04 * t), RED)]
        return [] if t < 12 else [(who(0.5), RED)]

    assert len(tracks_of(watch(script, Colour()))) == 3


def test_two_who_differ_both_come_back():
    def script(t: float):
        if t < 4:
            return [(who(0.25 + 0.04 * t), RED), (who(0.75 - 0.04 * t), GREEN)]
        return [] if t < 12 else [(who(0.6), RED), (who(0.35), GREEN)]

    told = tracks_of(watch(script, Colour()))
    assert len(told) == 2
    assert {track.path[-1][1] > track.path[0][1] for track in told} == {True, False}


def test_a_sleeper_is_told_of_in_the_end_with_the_time_he_was_last_seen():
    outcomes = watch(away_and_back(RED, away_s=99), Colour(), SLEEP_S + 12)
    (index,) = [number for number, one in enumerate(outcomes) if one.tracks and one.tracks[0].final]
    assert outcomes[index].tracks[0].dwell_s == pytest.approx(3.8)
    assert SLEEP_S < index * 0.2 - 4 < SLEEP_S + 4


def test_only_people_whose_looks_are_known_sleep():
    camera = Camera.model_validate({"id": "cam", "url": "file:/x.mp4"})
    tracker = Pipeline(camera, ScriptedDetector(lambda _: []), ids(), appearance=Colour())._tracker
    ended = []
    for number in range(40):
        cars = [found(walker(0.3 + 0.02 * number), 0.8, "vehicle")] if number < 15 else []
        ended += tracker.update(cars, at(number * 0.2), lambda _: False).ended
    assert [track.id for track in ended] == ["id1"]
    assert tracker.sleeping == ()


def test_nothing_is_told_of_a_sleeper_between():
    outcomes = watch(lambda t: [(who(0.3 + 0.01 * t), RED)] if t < 31 else [], Colour(), 60)
    assert [track.final for one in outcomes for track in one.tracks] == [False, True]


def test_who_left_by_the_edge_does_not_sleep():
    outcomes = watch(lambda t: [(who(0.8 + 0.1 * t), RED)] if t < 2 else [], Colour())
    (index,) = [number for number, one in enumerate(outcomes) if one.tracks]
    assert index * 0.2 < 7


def test_a_model_that_fails_costs_no_more_than_itself():
    outcomes = watch(away_and_back(RED), Broken())
    assert len(tracks_of(outcomes)) == 2


def test_a_model_that_fails_is_said():
    detector = ScriptedDetector(lambda _: [found(who(0.4))])
    camera = Camera.model_validate({"id": "cam", "url": "file:/x.mp4"})
    pipeline = Pipeline(camera, detector, ids(), appearance=Broken(), attention=whole)
    assert pipeline.notes == ""
    for number in range(4):
        pipeline.process(Frame(number + 1, with_block(PICTURE, who(0.4), RED), at(number * 0.2)))
    assert pipeline.notes == "nobody is known again by his looks any more: model x: fails"


def test_looks_are_taken_seldom():
    colour = Colour()
    watch(lambda _: [(who(0.4), RED)], colour)
    assert colour.asked <= 6


def test_a_small_model_of_ones_own_says_what_he_looks_like(tmp_path):
    (tmp_path / "manifest.toml").write_text(grid_looks(tmp_path / "grid.onnx"))
    appearance = load_appearance(ModelStore([tmp_path]), "grid-looks")

    def told(colour):
        (track,) = tracks_of(watch(lambda _: [(who(0.4), colour)], appearance, 6.0))
        return track.appearance

    red, blue = told(RED), told(BLUE)
    assert red.model == blue.model == "grid-looks"
    assert len(base64.b64decode(red.vector)) == 12
    assert red != blue
    assert red == told(RED)


# -- the model itself -----------------------------------------------------------------------------------------------


@pytest.fixture
def store(data) -> ModelStore:
    return ModelStore([data / "models"])


def test_osnet_tells_two_apart_and_knows_one_again(store):
    appearance = load_appearance(store, "osnet-x0-25")
    rng = np.random.default_rng(4)

    def person(top, legs):
        picture = np.full((200, 80, 3), 120, np.uint8)
        cv2.circle(picture, (40, 25), 16, (150, 170, 200), -1)
        picture[45:110, 20:60], picture[110:195, 25:55] = top, legs
        return np.clip(picture + rng.normal(0, 8, picture.shape), 0, 255).astype(np.uint8)

    one, again, other = appearance.look(
        [person(RED, (30, 30, 30)), person(RED, (30, 30, 30)), person(BLUE, (200, 200, 200))]
    )
    assert one.shape == (512,)
    assert np.linalg.norm(one) == pytest.approx(1, abs=1e-3)
    assert one @ again > 0.9
    assert one @ again > one @ other + 0.1


def test_models_are_not_taken_for_one_another(store):
    with pytest.raises(ModelError, match="cannot tell people apart"):
        load_appearance(store, "yolox-nano")
    with pytest.raises(ModelError, match="osnet-x0-25"):
        DetectorPool(store, Engines()).get("osnet-x0-25")


def test_a_model_that_is_not_there_leaves_a_line(tmp_path):
    appearance, line = AppearancePool(ModelStore([tmp_path]), 1).get("osnet-x0-25")
    assert appearance is None
    assert "osnet_x0_25_msmt17.onnx is in none of" in line
    assert AppearancePool(ModelStore([tmp_path]), 1).get(None) == (None, "")


def test_a_model_that_gives_something_else_is_refused(store):
    class Wide:
        name, batch, dtype = "wide", 1, np.dtype(np.float32)

        def run(self, _):
            return [np.zeros((1, 7), np.float32)]

    with pytest.raises(ModelError, match=r"gives \(1, 7\), not \(1, 512\)"):
        ModelAppearance(store.manifest.entry("osnet-x0-25"), Wide())
