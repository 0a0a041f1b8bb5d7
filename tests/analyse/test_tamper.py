"""Tampering is told, each kind by its name; nights, headlights, lorries, rain and crowds are not."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest

from agent.analyse.motion import small_grey
from agent.analyse.observe import Observation, Scene
from agent.analyse.rules.judge import Judge
from agent.config.gateway import Camera
from agent.sim.scene.render import Renderer
from agent.sim.scene.scene import Spec, scene_for
from tests.analyse.scene import at

LEARN_S = 60.0
STEP_S = 0.5
View = Callable[[np.ndarray, float], np.ndarray]


def camera(*rules: dict, **keys) -> Camera:
    return Camera.model_validate({"id": "c", "url": "file:/x.mp4", "rule": rules, **keys})


@pytest.fixture(scope="module", params=[0, 1], ids=["plaza", "crossing"])
def street(request) -> np.ndarray:
    """A drawn street, small and grey."""
    renderer = Renderer(scene_for(Spec(request.param, 7, 640, 360)))
    return small_grey(cv2.cvtColor(renderer.empty(0), cv2.COLOR_BGR2GRAY)).astype(np.float32)


def play(street, view: View, seconds: float, step_s: float = STEP_S, noise: float = 2.0, **keys) -> list[tuple]:
    """What is told when the street is as ever for a minute, and then seen through `view` (which is told since when)."""
    rule = {"kind": "tamper", "after_s": 10, "frozen_s": 30, **keys}
    judge = Judge(camera(rule))
    told = []
    for number, grey in enumerate(pictures(street, view, seconds, step_s, noise)):
        observation = Observation(at(number * step_s), (), scene=Scene(grey, ()))
        told += [(one.facts["sign"], one.phase, number * step_s - LEARN_S) for _, _, one in judge.step(observation)]
    return told


def pictures(street, view: View, seconds: float, step_s: float, noise: float) -> Iterator[np.ndarray]:
    rng = np.random.default_rng(1)
    for number in range(round((LEARN_S + seconds) / step_s)):
        since_s = number * step_s - LEARN_S
        seen = street if since_s < 0 else view(street.copy(), since_s)
        shake = rng.normal(0, noise, street.shape).astype(np.float32) if noise else 0
        yield np.clip(seen + shake, 0, 255).astype(np.uint8)


def covered(street, _):
    rows = np.linspace(90, 130, street.shape[0], dtype=np.float32)
    return np.repeat(rows[:, None], street.shape[1], axis=1)


def moved(street, _):
    return np.roll(street, (25, 70), axis=(0, 1))


def defocused(street, _):
    return cv2.GaussianBlur(street, (0, 0), 9)


TROUBLES = {
    "covered": covered, "moved": moved, "defocused": defocused, "dark": lambda street, _: street * 0.04,
    "bright": lambda street, _: np.clip(street * 2 + 220, 0, 255),
}  # fmt: skip


@pytest.mark.parametrize("sign", TROUBLES)
def test_each_kind_is_told_by_its_name_once(street, sign):
    told = play(street, TROUBLES[sign], 40)
    assert [(name, phase) for name, phase, _ in told] == [(sign, "start")]
    assert 9 <= told[0][2] <= 14


@pytest.mark.parametrize("shift", [(0, 8), (-6, 3), (4, -12)])
def test_a_camera_that_was_only_nudged_was_moved(street, shift):
    told = play(street, lambda street, _: np.roll(street, shift, axis=(0, 1)), 30)
    assert [(name, phase) for name, phase, _ in told] == [("moved", "start")]


@pytest.mark.parametrize("sign", TROUBLES)
def test_it_is_over_when_the_picture_is_back(street, sign):
    def view(street, since_s):
        return TROUBLES[sign](street, since_s) if since_s < 30 else street

    told = play(street, view, 50)
    assert [(name, phase) for name, phase, _ in told] == [(sign, "start"), (sign, "end")]
    assert 30 <= told[1][2] <= 36


def test_a_camera_that_was_moved_gets_used_to_its_new_view(street):
    told = play(street, moved, 140)
    assert [phase for _, phase, _ in told] == ["start", "end"]
    assert told[1][2] < 80


def test_a_frozen_picture_is_told_and_a_quiet_street_is_not(street):
    assert play(street, lambda street, _: street, 60) == []
    frozen = [np.clip(street + np.random.default_rng(2).normal(0, 2, street.shape), 0, 255).astype(np.uint8)]

    def clock(picture, number):
        ticking = picture.copy()
        cv2.putText(ticking, f"{number % 1000:03d}", (4, 14), cv2.FONT_HERSHEY_PLAIN, 0.8, 255)
        return ticking

    rule = {"kind": "tamper", "frozen_s": 30}
    judge = Judge(camera(rule))
    told = [
        (one.facts["sign"], number / 2)
        for number in range(100)
        for _, _, one in judge.step(Observation(at(number / 2), (), scene=Scene(clock(frozen[0], number), ())))
    ]
    assert [name for name, _ in told] == ["frozen"]
    assert told[0][1] == pytest.approx(30, abs=1)


def lamps(street, level: float):
    """As dark as `level`, with three lamps that light their surroundings."""
    night = street * level
    for x, y in ((60, 60), (170, 50), (270, 80)):
        rows, columns = np.ogrid[: street.shape[0], : street.shape[1]]
        night += (1 - level) * street * 0.9 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 1800)
        cv2.circle(night, (x, y - 20), 3, 250.0 * (1 - level) + 20, -1)
    return night


def night_falls(street, since_s):
    return lamps(street, max(0.06, 1 - since_s / 2400))


def glare(street, since_s):
    night = lamps(street, 0.08) if since_s > 2 else street
    if since_s % 20 < 4:
        rows, columns = np.ogrid[: street.shape[0], : street.shape[1]]
        night = night + 300 * np.exp(-((columns - 60 - 12 * (since_s % 20)) ** 2 + (rows - 120) ** 2) / 9000)
    return night


def lorry(street, since_s):
    edge = int(np.clip(since_s % 30 - 10, 0, 8) / 8 * 640)
    street[10:170, max(0, edge - 320) : min(320, edge)] = 150
    return street


def infrared(street, since_s):
    if since_s < 10:
        return lamps(street, 0.1)
    bright = 60 + 0.5 * street
    return 255 * (bright / 255) ** 0.7


def rain(street, since_s):
    rng = np.random.default_rng(int(since_s * 2))
    for x, y in zip(rng.integers(0, 320, 250), rng.integers(0, 170, 250), strict=True):
        cv2.line(street, (int(x), int(y)), (int(x) + 1, int(y) + 9), 200, 1)
    return cv2.GaussianBlur(street, (0, 0), 0.8) * 0.85 + 20


def crowd(street, since_s):
    rng = np.random.default_rng(3)
    for number in range(40):
        x = int(rng.integers(0, 320) + since_s * rng.normal(0, 8)) % 320
        y = int(rng.integers(60, 120))
        cv2.rectangle(street, (x, y), (x + 14, y + 44), float(40 + 5 * number), -1)
    return street


def exposure(street, since_s):
    return np.clip(street * (1.7 if since_s % 12 < 5 else 0.6), 0, 255)


def wind(street, since_s):
    sway = np.random.default_rng(int(since_s * 10)).normal(0, 1.5, 2)
    return np.roll(street, (round(sway[0]), round(sway[1])), axis=(0, 1))


def sun_and_clouds(street, since_s):
    shadow = np.ones_like(street)
    cv2.fillPoly(shadow, [np.array([[0, 60], [200, 40], [320, 120], [320, 180], [0, 180]])], 0.5)
    return street * (shadow if since_s % 40 > 20 else 1)


HARMLESS = {
    "night falls": (night_falls, 3000, 5.0), "headlights": (glare, 120, STEP_S), "lorries": (lorry, 180, STEP_S),
    "infrared": (infrared, 60, STEP_S), "rain": (rain, 90, STEP_S), "a crowd": (crowd, 90, STEP_S),
    "wind": (wind, 90, STEP_S), "exposure": (exposure, 90, STEP_S), "sun and clouds": (sun_and_clouds, 120, STEP_S),
}  # fmt: skip


@pytest.mark.parametrize("what", HARMLESS)
def test_what_a_street_does_by_itself_raises_nothing(street, what):
    view, seconds, step_s = HARMLESS[what]
    assert play(street, view, seconds, step_s) == []


def test_a_mask_over_half_the_picture_does_not_hide_a_hood(street):
    masked = street.copy()
    masked[:, :160] = 96
    masked[60:120, :160:8] = 96

    def hood(_, __):
        view = np.full_like(street, 100)
        view[:, :160] = 96
        return view

    keys = {"mask": [{"polygon": [[0, 0], [0.5, 0], [0.5, 1], [0, 1]]}]}
    rule = {"kind": "tamper", "after_s": 10}
    judge = Judge(camera(rule, **keys))
    told = [
        one.facts["sign"]
        for number, grey in enumerate(pictures(masked, hood, 30, STEP_S, 1.5))
        for _, _, one in judge.step(Observation(at(number * STEP_S), (), scene=Scene(grey, ())))
    ]
    assert told == ["covered"]


def test_only_the_signs_that_were_asked_for_are_told(street):
    assert play(street, covered, 40, signs=["moved", "frozen"]) == []


CLIPS = ("aban3.mp4", "easycampus.mp4", "intel_one-by-one-person-detection.mp4")


def filmed(path) -> list[np.ndarray]:
    """Two pictures a second, small and grey, of the first two minutes."""
    film, found, number = cv2.VideoCapture(str(path)), [], 0
    rate = film.get(cv2.CAP_PROP_FPS)
    while (read := film.read())[0] and number < 125 * rate:
        if number * 2 // rate == len(found):
            found.append(small_grey(cv2.cvtColor(read[1], cv2.COLOR_BGR2GRAY)))
        number += 1
    film.release()
    return found


@pytest.mark.slow
@pytest.mark.parametrize("clip", CLIPS)
def test_on_real_footage_troubles_are_told_and_nothing_else(data, clip):
    pictures = filmed(data / "video" / clip)
    smear = cv2.GaussianBlur(np.random.default_rng(4).random(pictures[0].shape), (0, 0), 9).astype(np.float32)
    troubles = {
        "covered": lambda grey: 0 * grey + 90 + 60 * (smear - 0.5), "moved": lambda grey: np.roll(grey, (3, 9), (0, 1)),
        "defocused": lambda grey: cv2.GaussianBlur(grey, (0, 0), 8), "dark": lambda grey: grey * 0.05,
        "nothing": lambda grey: grey,
    }  # fmt: skip
    for sign, trouble in troubles.items():
        judge, told, rng = Judge(camera({"kind": "tamper", "after_s": 10})), [], np.random.default_rng(1)
        for number, grey in enumerate(pictures):
            seen = trouble(grey.astype(np.float32)) if number > 160 else grey
            noisy = np.clip(seen + rng.normal(0, 1.5, grey.shape), 0, 255).astype(np.uint8)
            verdicts = judge.step(Observation(at(number / 2), (), scene=Scene(noisy, ())))
            told += [one.facts["sign"] for _, _, one in verdicts]
        assert told == ([] if sign == "nothing" else [sign])
