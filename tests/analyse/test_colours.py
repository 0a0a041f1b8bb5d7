"""Colours: what they are called, in which light, by how much evidence, and when nobody should say."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from agent.analyse.attributes.backdrop import Backdrop
from agent.analyse.attributes.colours import Colours
from agent.analyse.attributes.lab import lab_of
from agent.analyse.attributes.light import Light, cast_of
from agent.analyse.attributes.names import NAMES, index_of, shares_of, table
from agent.analyse.attributes.sight import worth_of
from agent.analyse.detect.port import Detection, Image
from agent.analyse.mask import Painter
from agent.analyse.track.track import Track
from agent.core.geometry import Box
from agent.wire.messages import COLOURS
from tests.analyse.scene import at
from tests.bench.lights import LAMPS, Lamp

WEARS = {
    "black": (36, 33, 34), "white": (228, 232, 233), "grey": (130, 131, 128), "red": (45, 38, 180),
    "orange": (40, 120, 226), "yellow": (60, 205, 232), "green": (72, 125, 50), "blue": (160, 90, 40),
    "purple": (140, 60, 115), "pink": (180, 145, 230), "brown": (46, 74, 112),
}  # fmt: skip
OPEN = Painter([])
BOX = Box(0.45, 0.30, 0.53, 0.78)
RNG = np.random.default_rng(5)


def track(name: str, box: Box, label: str = "person", kind: str = "") -> Track:
    return Track(name, Detection(label, 0.9, box, kind), [0.0] * 8, at(0))


def street(width: int = 640, height: int = 360) -> Image:
    """Asphalt, pavement, a light wall, a lawn and bricks, with a little texture."""
    rng = np.random.default_rng(1)
    picture = np.full((height, width, 3), (118, 118, 120), np.uint8)
    picture[: height // 3] = (196, 202, 204)
    picture[: height // 4, : width // 4] = (82, 100, 152)
    picture[height // 2 :, : width // 5] = (60, 128, 84)
    noise = rng.normal(0, 4, (height, width, 1)).astype(np.float32)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def dressed(picture: Image, box: Box, upper: tuple[int, int, int], lower: tuple[int, int, int]) -> Image:
    """A copy with somebody in `box`: head, body and legs narrower than the box."""
    copy = picture.copy()
    height, width = copy.shape[:2]

    def fill(x1: float, y1: float, x2: float, y2: float, colour: tuple[int, int, int]) -> None:
        xs = [int((box.x1 + share * box.width) * width) for share in (x1, x2)]
        ys = [int((box.y1 + share * box.height) * height) for share in (y1, y2)]
        copy[ys[0] : ys[1], xs[0] : xs[1]] = colour

    fill(0.38, 0.0, 0.62, 0.14, (130, 160, 205))
    fill(0.22, 0.14, 0.78, 0.52, upper)
    fill(0.28, 0.50, 0.72, 0.94, lower)
    return copy


def infrared(picture: Image) -> Image:
    return np.asarray(cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR), np.uint8)


def told(
    pictures: list[Image], box: Box = BOX, others: tuple[Track, ...] = (), empty: Image | None = None
) -> dict[str, str]:
    """Part -> first name after an `empty` street and then `pictures`, half a second apart."""
    colours, one = Colours(OPEN), track("t", box)
    colours.look(street(*pictures[0].shape[1::-1]) if empty is None else empty, [], [], None, at(0))
    for number, picture in enumerate(pictures):
        colours.look(picture, [one, *others], [one.box, *(other.box for other in others)], None, at(1 + number / 2))
    return {part: "unknown" if colour is None else colour.shares[0][0] for part, colour in colours.told("t").items()}


def test_the_names_are_the_wires() -> None:
    assert NAMES == COLOURS
    assert table().shape == (32768, 14)
    assert np.allclose(table()[:, :11].sum(axis=1), 1, atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_typical_clothes_are_called_as_people_do(name: str) -> None:
    row = table()[index_of(np.array(WEARS[name], np.uint8))]
    assert NAMES[int(row[:11].argmax())] == name
    assert np.allclose(row[11:], lab_of(np.array(WEARS[name])), atol=5)


def test_lab_is_the_standards() -> None:
    for bgr, lab in (((255, 255, 255), (100, 0, 0)), ((0, 0, 255), (53.24, 80.09, 67.20)), ((0, 0, 0), (0, 0, 0))):
        assert np.allclose(lab_of(np.array(bgr)), lab, atol=0.05)


@pytest.mark.parametrize("lightness", range(0, 101, 5))
def test_what_has_no_hue_is_black_grey_or_white(lightness: float) -> None:
    shares = shares_of(np.array([(lightness, a, b) for a in (-2.0, 0.0, 2.0) for b in (-2.0, 0.0, 2.0)], np.float32))
    assert {NAMES[i] for i in shares.argmax(axis=1)} <= {"black", "grey", "white"}


@pytest.mark.parametrize("lamp", LAMPS)
def test_the_light_is_found_on_a_street_with_lawn_and_bricks(lamp: str) -> None:
    lit = LAMPS[lamp].over(street(), np.random.default_rng(2))
    grey = LAMPS[lamp].over(np.full((8, 8, 3), 120, np.uint8), np.random.default_rng(2)).reshape(-1, 3).mean(axis=0)
    red, blue = cast_of(lit.reshape(-1, 3).astype(np.float32))
    assert red == pytest.approx(np.log(grey[2] / grey[1]), abs=0.05)
    assert blue == pytest.approx(np.log(grey[0] / grey[1]), abs=0.08)


def test_a_lawn_is_no_green_light() -> None:
    lawn = street()
    lawn[100:] = (60, 128, 84)
    assert np.allclose(cast_of(lawn.reshape(-1, 3).astype(np.float32)), 0, atol=0.05)


@pytest.mark.parametrize("lamp", LAMPS)
def test_clothes_keep_their_colour_in_every_light(lamp: str) -> None:
    rng, right = np.random.default_rng(4), 0
    for upper, cloth in WEARS.items():
        lower = "blue" if upper != "blue" else "red"
        picture = LAMPS[lamp].over(dressed(street(), BOX, cloth, WEARS[lower]), rng)
        empty = LAMPS[lamp].over(street(), rng)
        colours, one = Colours(OPEN), track("t", BOX)
        colours.look(empty, [], [], None, at(0))
        for number in range(4):
            colours.look(picture, [one], [BOX], None, at(1 + number / 2))
        found = colours.told("t")
        right += found["upper"] is not None and found["upper"].shares[0][0] == upper
    assert right >= (9 if lamp in {"sodium", "dusk"} else 10)


def test_infrared_and_night_have_no_colours() -> None:
    day = dressed(street(), BOX, WEARS["red"], WEARS["blue"])
    assert told([infrared(day)] * 4, empty=infrared(street())) == {}
    assert told([(day * 0.12).astype(np.uint8)] * 4, empty=(street() * 0.12).astype(np.uint8)) == {}


def test_what_was_seen_by_day_is_kept_when_the_camera_switches_to_infrared() -> None:
    colours, one = Colours(OPEN), track("t", BOX)
    day = dressed(street(), BOX, WEARS["red"], WEARS["blue"])
    for number in range(20):
        colours.look(day if number < 8 else infrared(day), [one], [BOX], None, at(number / 2))
    found = colours.told("t")["upper"]
    assert found is not None
    assert found.shares[0][0] == "red"
    assert found.shares[0][1] > 0.5


def test_too_little_to_see_is_unknown() -> None:
    tiny = Box(0.5, 0.5, 0.508, 0.56)
    assert "red" not in told([dressed(street(), tiny, WEARS["red"], WEARS["blue"])] * 6, tiny).values()
    once = told(
        [dressed(street(320, 180), Box(0.5, 0.3, 0.54, 0.5), WEARS["red"], WEARS["blue"])], Box(0.5, 0.3, 0.54, 0.5)
    )
    assert once["upper"] == "unknown"


def test_the_street_behind_a_slim_figure_has_no_vote() -> None:
    wide = Box(BOX.x1 - 0.03, BOX.y1, BOX.x2 + 0.03, BOX.y2)
    assert told([dressed(street(), BOX, WEARS["red"], WEARS["yellow"])] * 4, wide) == {
        "upper": "red",
        "lower": "yellow",
    }


def test_where_the_street_was_never_seen_free_a_sight_says_little() -> None:
    lawn = street()
    lawn[140:] = (60, 128, 84)
    colours, one = Colours(OPEN), track("t", BOX)

    def look(right: float, when_s: float) -> None:
        body = Box(BOX.x1 + right, BOX.y1, BOX.x2 + right, BOX.y2)
        one.box = Box(body.x1 - 0.03, body.y1, body.x2 + 0.03, body.y2)
        colours.look(dressed(lawn, body, WEARS["black"], WEARS["black"]), [one], [one.box], None, at(when_s))

    look(0, 0)
    look(0, 0.5)
    assert set(colours.told("t").values()) == {None}
    for number in range(8):
        look(0.15 + 0.04 * number, 1 + number / 2)
    found = colours.told("t")
    assert {part: found[part] and found[part].shares[0][0] for part in found} == {"upper": "black", "lower": "black"}


def test_who_has_always_stood_there_is_told_in_the_end() -> None:
    picture = dressed(street(), BOX, WEARS["red"], WEARS["blue"])
    colours, one = Colours(OPEN), track("t", BOX)
    for number in range(60):
        colours.look(picture, [one], [BOX], None, at(number / 2))
    found = colours.told("t")
    assert {part: found[part] and found[part].shares[0][0] for part in found} == {"upper": "red", "lower": "blue"}


def test_who_stands_in_front_lends_nobody_his_clothes() -> None:
    front = Box(BOX.x1 - 0.01, 0.5, BOX.x2 + 0.01, 0.95)
    picture = dressed(dressed(street(), BOX, WEARS["red"], WEARS["blue"]), front, WEARS["yellow"], WEARS["yellow"])
    found = told([picture] * 6, others=(track("front", front),))
    assert found["upper"] == "red"
    assert found["lower"] != "yellow"


def test_who_walks_half_hidden_beside_somebody_does_not_wear_his_clothes() -> None:
    """Feet tell nothing here: the box of the one behind is drawn lower than that of the one before him."""
    hidden, front, found = Box(0.46, 0.28, 0.53, 0.78), Box(0.42, 0.30, 0.51, 0.80), Box(0.44, 0.28, 0.52, 0.81)
    picture = dressed(dressed(street(), hidden, WEARS["blue"], WEARS["blue"]), front, WEARS["green"], WEARS["black"])
    assert told([picture] * 6, found, (track("front", front),))["upper"] in {"blue", "unknown"}
    assert told([picture] * 6, front, (track("hidden", hidden),))["upper"] == "green"


def test_two_whose_boxes_meet_keep_their_own_clothes() -> None:
    left, right = Box(0.41, 0.30, 0.49, 0.78), Box(0.47, 0.28, 0.55, 0.77)
    picture = dressed(dressed(street(), right, WEARS["blue"], WEARS["red"]), left, WEARS["green"], WEARS["black"])
    wide = Box(right.x1 - 0.02, right.y1, right.x2, right.y2)
    assert told([picture] * 4, wide, (track("left", left),)) == {"upper": "blue", "lower": "red"}
    assert told([picture] * 4, left, (track("right", wide),)) == {"upper": "green", "lower": "black"}


def test_a_car_is_its_lacquer_not_its_glass() -> None:
    box, picture = Box(0.3, 0.5, 0.55, 0.8), street()
    height, width = picture.shape[:2]
    y1, y2, x1, x2 = int(0.5 * height), int(0.8 * height), int(0.3 * width), int(0.55 * width)
    picture[y1 : y1 + (y2 - y1) // 3, x1 + 20 : x2 - 20] = (90, 84, 76)
    picture[y1 + (y2 - y1) // 3 : y2 - 10, x1:x2] = (46, 40, 186)
    picture[y2 - 22 : y2, x1 + 10 : x1 + 40] = picture[y2 - 22 : y2, x2 - 40 : x2 - 10] = 35
    colours, car = Colours(OPEN), track("car", box, "vehicle", "car")
    colours.look(street(), [], [], None, at(0))
    for number in range(4):
        colours.look(picture, [car], [box], None, at(1 + number / 2))
    found = colours.told("car")["vehicle"]
    assert found is not None
    assert found.shares[0][0] == "red"
    assert found.confidence > 0.5


def test_shares_tell_a_two_coloured_coat() -> None:
    picture = dressed(street(), BOX, WEARS["red"], WEARS["black"])
    height, width = picture.shape[:2]
    middle = int((BOX.x1 + BOX.width / 2) * width)
    picture[
        int((BOX.y1 + 0.14 * BOX.height) * height) : int((BOX.y1 + 0.5 * BOX.height) * height), middle : middle + 14
    ] = (225, 230, 232)
    colours, one = Colours(OPEN), track("t", BOX)
    colours.look(street(), [], [], None, at(0))
    for number in range(5):
        colours.look(picture, [one], [BOX], None, at(1 + number / 2))
    found = colours.told("t")["upper"]
    assert found is not None
    assert {name for name, share in found.shares if share > 0.25} == {"red", "white"}
    assert sum(share for _, share in found.shares) <= 1.01


def test_a_silhouette_before_a_bright_sky_is_believed_less() -> None:
    bright = np.full((360, 640, 3), 250, np.uint8)
    bright[300:] = (60, 120, 60)
    against = told([dressed(bright, BOX, WEARS["black"], WEARS["black"])], empty=bright)
    plain = told([dressed(street(), BOX, WEARS["black"], WEARS["black"])])
    assert plain["upper"] == "black"
    assert against["upper"] == "unknown"


def test_the_white_balance_may_drift() -> None:
    light, backdrop = Light(), Backdrop(OPEN)
    for second in range(120):
        lamp = Lamp(6500 - 15 * second, 6500)
        picture = lamp.over(street(), np.random.default_rng(second))
        backdrop.learn(picture, None, [], at(second))
        light.look(backdrop, picture)
    grey = lamp.over(np.full((8, 8, 3), 120, np.uint8), RNG).reshape(-1, 3).mean(axis=0) * light.now.gains
    assert grey.max() - grey.min() < 0.18 * grey.mean()


@pytest.mark.parametrize(
    ("box", "upper", "lower"),
    [
        (Box(0.4, 0.3, 0.46, 0.6), True, True),
        (Box(0.4, 0.8, 0.46, 1.0), True, False),  # the legs are below the picture
        (Box(0.4, 0.3, 0.405, 0.33), False, False),  # 3 px wide
    ],
)
def test_a_sight_is_worth_what_it_shows(box: Box, upper: bool, lower: bool) -> None:
    worth = worth_of("person", box, (640, 360))
    assert (worth.upper > 0, worth.lower > 0) == (upper, lower)
    assert worth_of("person", Box(0.4, 0.3, 0.5, 0.4), (640, 360)).upper < 0.3  # as wide as high: who sits


def test_a_privacy_mask_is_no_grey_street() -> None:
    painter, light = Painter([[(0.0, 0.0), (1.0, 0.0), (1.0, 0.7), (0.0, 0.7)]]), Light()
    backdrop = Backdrop(painter)
    picture = LAMPS["sodium"].over(street(), np.random.default_rng(2))
    painter.paint(picture)
    backdrop.learn(picture, None, [], at(0))
    light.look(backdrop, picture)
    blue, _, red = light.now.gains / light.now.gains[1]
    assert blue > 1.4
    assert red < 0.9
