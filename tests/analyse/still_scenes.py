"""Small drawn scenes with known truth for left and taken objects: a street, walkers, things, and every nuisance."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np

from agent.analyse.still.company import Actor
from agent.core.geometry import Box

WIDTH, HEIGHT = 320, 180
FPS = 5


@dataclass(slots=True)
class Thing:
    """Lies from `put_s` to `taken_s` (None: to the end); `put_s` below 0: from the start."""

    x: int
    y: int
    picture: np.ndarray
    put_s: float
    taken_s: float | None = None

    @property
    def box(self) -> Box:
        h, w = self.picture.shape[:2]
        return Box(self.x / WIDTH, self.y / HEIGHT, (self.x + w) / WIDTH, (self.y + h) / HEIGHT)


@dataclass(slots=True)
class Walker:
    """A figure along `stops`: (second, x of the foot, y of the foot); it stands between equal places."""

    label: str
    stops: list[tuple[float, float, float]]
    picture: np.ndarray
    known: float = 0.9
    """The share of pictures in which the detector finds it."""

    def foot(self, second: float) -> tuple[float, float] | None:
        times = [stop[0] for stop in self.stops]
        if not times[0] <= second <= times[-1]:
            return None
        return (
            float(np.interp(second, times, [stop[1] for stop in self.stops])),
            float(np.interp(second, times, [stop[2] for stop in self.stops])),
        )


Effect = Callable[[np.ndarray, float, np.random.Generator], np.ndarray]


@dataclass(slots=True)
class Scene:
    """`effects` change the picture (float32) by the second; `expected`: kind, box, when it begins."""

    seconds: float
    ground: np.ndarray
    things: list[Thing] = field(default_factory=list)
    walkers: list[Walker] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    expected: list[tuple[str, Box, float]] = field(default_factory=list)
    noise: float = 2.0
    seed: int = 1

    def play(self, fps: float = FPS) -> Iterator[tuple[float, np.ndarray, list[Actor]]]:
        rng = np.random.default_rng(self.seed + 7)
        for number in range(int(self.seconds * fps)):
            second = number / fps
            picture = self.ground.astype(np.float32).copy()
            for thing in self.things:
                if thing.put_s <= second < (thing.taken_s if thing.taken_s is not None else 1e9):
                    _paste(picture, thing.picture, thing.x, thing.y)
            actors = self._walk(picture, second, rng)
            for effect in self.effects:
                picture = effect(picture, second, rng)
            if self.noise:
                picture += rng.normal(0, self.noise, picture.shape).astype(np.float32)
            yield second, picture.clip(0, 255).astype(np.uint8), actors

    def _walk(self, picture: np.ndarray, second: float, rng: np.random.Generator) -> list[Actor]:
        actors = []
        for number, walker in enumerate(self.walkers):
            foot = walker.foot(second)
            if foot is None:
                continue
            height, width = walker.picture.shape[:2]
            sway = rng.normal(0, 0.6, 2) if walker.label != "vehicle" else (0, 0)
            x, y = round(foot[0] - width / 2 + sway[0]), round(foot[1] - height + sway[1])
            _paste(picture, walker.picture, x, y)
            box = Box(x / WIDTH, y / HEIGHT, (x + width) / WIDTH, (y + height) / HEIGHT).clipped()
            if box.area > 0 and rng.random() < walker.known:
                actors.append(Actor(f"w{number}", walker.label, box, now=True))
        return actors


def _paste(picture: np.ndarray, small: np.ndarray, x: int, y: int) -> None:
    """`small` is BGRA, alpha 0..255."""
    h, w = small.shape[:2]
    x1, y1, x2, y2 = max(0, x), max(0, y), min(picture.shape[1], x + w), min(picture.shape[0], y + h)
    if x1 >= x2 or y1 >= y2:
        return
    part = small[y1 - y : y2 - y, x1 - x : x2 - x]
    alpha = part[..., 3:].astype(np.float32) / 255
    picture[y1:y2, x1:x2] = picture[y1:y2, x1:x2] * (1 - alpha) + part[..., :3] * alpha


def street(rng: np.random.Generator, level: float = 120.0) -> np.ndarray:
    """Ground with clouds of tone and grain, a wall above, some lines and boxes."""
    picture = np.full((HEIGHT, WIDTH, 3), level, np.float32)
    for size, strength in ((12, 14), (40, 9), (160, 6)):
        grain = rng.normal(0, strength, (max(2, HEIGHT * size // WIDTH), size, 1)).astype(np.float32)
        picture += cv2.resize(grain, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)[..., None]
    picture *= rng.uniform(0.9, 1.1, 3).astype(np.float32)
    picture[: HEIGHT // 3] *= rng.uniform(0.55, 1.3)
    for _ in range(6):
        x, y = int(rng.integers(0, WIDTH - 50)), int(rng.integers(0, HEIGHT // 3 - 10))
        w, h = rng.integers(12, 45, 2).tolist()
        picture[y : y + h, x : x + w] *= rng.uniform(0.6, 1.4, 3).astype(np.float32)
    for _ in range(3):
        y = int(rng.integers(HEIGHT // 3, HEIGHT))
        cv2.line(picture, (0, y), (WIDTH, int(y + rng.integers(-20, 20))), (level * 0.8,) * 3, 1)
    return picture.clip(8, 240)


def thing(rng: np.random.Generator, ground: np.ndarray, size: int | None = None) -> tuple[np.ndarray, int, int]:
    """A bag, box or can whose tone differs from the ground, BGRA, and where it stands."""
    size = size or int(rng.integers(10, 26))
    h, w = size, int(size * rng.uniform(0.6, 1.4))
    x, y = int(rng.integers(20, WIDTH - 20 - w)), int(rng.integers(HEIGHT // 2, HEIGHT - h - 8))
    around = ground[y - 4 : y + h + 4, x - 4 : x + w + 4].reshape(-1, 3).mean(axis=0)
    for _ in range(50):
        colour = rng.uniform(15, 235, 3)
        if np.abs(colour - around).max() > 45:
            break
    picture = np.zeros((h, w, 4), np.float32)
    shade = np.linspace(1.12, 0.8, h)[:, None, None] * np.linspace(1.05, 0.92, w)[None, :, None]
    picture[..., :3] = colour * shade + rng.normal(0, 5, (h, w, 1))
    band = int(rng.integers(1, h - 3))
    picture[band : band + 2, :, :3] *= 0.7
    mask = np.zeros((h, w), np.uint8)
    if rng.random() < 0.5:
        cv2.ellipse(mask, (w // 2, h // 2), (w // 2, h // 2), 0, 0, 360, 255, -1)
    else:
        mask[:] = 255
    picture[..., 3] = cv2.GaussianBlur(mask, (3, 3), 0)
    return picture.clip(0, 255), x, y


def person(rng: np.random.Generator, height: int | None = None) -> np.ndarray:
    h = height or int(rng.integers(44, 70))
    w = h * 2 // 5
    picture = np.zeros((h, w, 4), np.float32)
    picture[..., :3] = rng.uniform(20, 220, 3)
    picture[h // 2 :, :, :3] = rng.uniform(15, 120, 3)
    picture[: h // 6, :, :3] = (110, 140, 190)
    picture[..., :3] += rng.normal(0, 8, (h, w, 1))
    mask = np.zeros((h, w), np.uint8)
    cv2.ellipse(mask, (w // 2, h // 9), (w // 5, h // 9), 0, 0, 360, 255, -1)
    cv2.ellipse(mask, (w // 2, h * 4 // 10), (w * 9 // 20, h // 4), 0, 0, 360, 255, -1)
    cv2.rectangle(mask, (w // 5, h // 2), (w * 4 // 5, h), 255, -1)
    picture[..., 3] = mask
    return picture.clip(0, 255)


def car(rng: np.random.Generator) -> np.ndarray:
    w, h = 84, 34
    picture = np.zeros((h, w, 4), np.float32)
    picture[..., :3] = rng.uniform(20, 220, 3)
    picture[3:14, 20:62, :3] = (70, 60, 50)
    picture[..., :3] += rng.normal(0, 5, (h, w, 1))
    picture[..., 3] = 255
    return picture.clip(0, 255)


def passer(rng: np.random.Generator, begin_s: float, y: float | None = None, speed: float = 45.0) -> Walker:
    y = y if y is not None else float(rng.uniform(HEIGHT * 0.6, HEIGHT * 0.98))
    stops = [(begin_s, -15.0, y), (begin_s + (WIDTH + 30) / speed, WIDTH + 15.0, y)]
    if rng.random() < 0.5:
        stops = [(at, WIDTH - x, y) for at, x, y in stops]
    return Walker("person", stops, person(rng))


def carrier(rng: np.random.Generator, spot: tuple[float, float], at_s: float) -> Walker:
    """Comes to `spot` at `at_s` seconds, bends for a second, and goes on."""
    x, y = spot
    side = -1 if rng.random() < 0.5 else 1
    beside = x + side * 9
    edge = -20.0 if side < 0 else WIDTH + 20.0
    way = abs(edge - beside) / 45
    stops = [(at_s - 0.6 - way, edge, y + 3), (at_s - 0.6, beside, y + 3), (at_s + 0.7, beside, y + 3)]
    return Walker("person", [*stops, (at_s + 0.7 + way, edge, y + 3)], person(rng))


# nuisances


def gain(change: Callable[[float], float]) -> Effect:
    return lambda picture, second, _: picture * np.float32(change(second))


def lamp(on_s: float, off_s: float, x: int, y: int, radius: float, strength: float) -> Effect:
    ys, xs = np.mgrid[0:HEIGHT, 0:WIDTH]
    glow = (1 + strength * np.exp(-((xs - x) ** 2 + (ys - y) ** 2) / (2 * radius**2))).astype(np.float32)[..., None]
    return lambda picture, second, _: picture * glow if on_s <= second < off_s else picture


def shade(shape: Callable[[float], np.ndarray | None], strength: float = 0.55, soft: int = 3) -> Effect:
    """A polygon (px) of shadow by the second, or of sun when `strength` is above 1."""
    tint = np.array([1.05, 1.0, 0.96], np.float32)

    def apply(picture: np.ndarray, second: float, _: np.random.Generator) -> np.ndarray:
        points = shape(second)
        if points is None:
            return picture
        mask = np.zeros((HEIGHT, WIDTH), np.float32)
        cv2.fillPoly(mask, [np.round(points).astype(np.int32)], 1.0)
        mask = cv2.GaussianBlur(mask, (2 * soft + 1,) * 2, 0)[..., None]
        return picture * (1 - mask + mask * strength * tint)

    return apply


def tree(rng: np.random.Generator, x: int, y: int, size: int = 46) -> Effect:
    leaves = rng.uniform(20, 140, (size, size, 1)).astype(np.float32) * np.array([0.5, 1.0, 0.6], np.float32)
    leaves = cv2.GaussianBlur(leaves, (3, 3), 0)

    def apply(picture: np.ndarray, second: float, noise: np.random.Generator) -> np.ndarray:
        dx, dy = 3 * np.sin(second * 2.1) + noise.normal(0, 0.7), 1.5 * np.cos(second * 1.7)
        moved = cv2.warpAffine(leaves, np.float32([[1, 0, dx], [0, 1, dy]]), (size, size), borderMode=cv2.BORDER_WRAP)
        picture[y : y + size, x : x + size] = moved
        return picture

    return apply


def rain(drops: int = 60) -> Effect:
    def apply(picture: np.ndarray, _: float, noise: np.random.Generator) -> np.ndarray:
        for x, y in noise.integers(0, (WIDTH, HEIGHT), (drops, 2)).tolist():
            cv2.line(picture, (x, y), (x + 1, y + 9), (200, 200, 200), 1)
        return picture

    return apply


def shake(px: float) -> Effect:
    def apply(picture: np.ndarray, _: float, noise: np.random.Generator) -> np.ndarray:
        dx, dy = noise.normal(0, px, 2)
        matrix = np.float32([[1, 0, dx], [0, 1, dy]])
        return cv2.warpAffine(picture, matrix, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)

    return apply


def turn(at_s: float, shift: int = 110) -> Effect:
    """The camera turns to another view and stays there."""

    def apply(picture: np.ndarray, second: float, _: np.random.Generator) -> np.ndarray:
        share = min(1.0, max(0.0, (second - at_s) / 1.5))
        return np.roll(picture[:, ::-1] if share >= 1 else picture, int(shift * share), axis=1)

    return apply


def infrared(at_s: float) -> Effect:
    def apply(picture: np.ndarray, second: float, _: np.random.Generator) -> np.ndarray:
        return np.repeat(picture.mean(axis=2, keepdims=True) * 0.8 + 10, 3, axis=2) if second >= at_s else picture

    return apply


def jpeg(quality: int) -> Effect:
    def apply(picture: np.ndarray, _: float, __: np.random.Generator) -> np.ndarray:
        _, coded = cv2.imencode(".jpg", picture.clip(0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, quality])
        return cv2.imdecode(coded, cv2.IMREAD_COLOR).astype(np.float32)

    return apply


def square(x: float, y: float, w: float, h: float) -> np.ndarray:
    return np.array([[x, y], [x + w, y], [x + w + h / 3, y + h], [x + h / 3, y + h]])


# whole scenes: (seed, seconds a thing must lie) -> Scene


def _basis(seed: int, seconds: float, walkers: int = 3) -> tuple[np.random.Generator, Scene]:
    rng = np.random.default_rng(seed)
    scene = Scene(seconds, street(rng, float(rng.uniform(80, 160))), seed=seed)
    scene.walkers = [passer(rng, float(rng.uniform(1, seconds - 4))) for _ in range(walkers)]
    return rng, scene


def _put(rng: np.random.Generator, scene: Scene, at_s: float, size: int | None = None) -> None:
    picture, x, y = thing(rng, scene.ground, size)
    item = Thing(x, y, picture, at_s)
    scene.things.append(item)
    spot = x + picture.shape[1] / 2, y + picture.shape[0]
    scene.walkers.append(carrier(rng, spot, at_s))
    scene.expected.append(("object_left", item.box, at_s))


def left(seed: int, after_s: float) -> Scene:
    rng, scene = _basis(seed, 14 + 2 * after_s + 8)
    _put(rng, scene, 14.0)
    return scene


def left_small(seed: int, after_s: float) -> Scene:
    rng, scene = _basis(seed, 14 + 2 * after_s + 8)
    _put(rng, scene, 14.0, 8)
    return scene


def left_crowd(seed: int, after_s: float) -> Scene:
    rng, scene = _basis(seed, 14 + 3 * after_s + 12, walkers=14)
    _put(rng, scene, 14.0)
    return scene


def removed(seed: int, after_s: float) -> Scene:
    rng, scene = _basis(seed, 18 + 2 * after_s + 8)
    _put(rng, scene, 18.0)
    item = scene.things[0]
    item.put_s, item.taken_s = -1.0, 18.0
    scene.expected = [("object_removed", item.box, 18.0)]
    return scene


def _with(effect: Callable[[np.random.Generator, Scene], list[Effect]], base: Callable[[int, float], Scene]):
    def make(seed: int, after_s: float) -> Scene:
        scene = base(seed, after_s)
        scene.effects += effect(np.random.default_rng(seed + 1000), scene)
        return scene

    return make


def nothing(seed: int, after_s: float) -> Scene:
    return _basis(seed, 16 + 2 * after_s)[1]


def night(base: Callable[[int, float], Scene]):
    def make(seed: int, after_s: float) -> Scene:
        scene = base(seed, after_s)
        scene.effects.append(gain(lambda _: 0.25))
        return scene

    return make


def creeping_shadow(seed: int, after_s: float) -> Scene:
    rng, scene = _basis(seed, 16 + 3 * after_s)
    y, speed = float(rng.uniform(80, 110)), float(rng.uniform(1.0, 3.0))
    scene.effects.append(shade(lambda second: square(40, y, 40 + speed * second, 50), float(rng.uniform(0.45, 0.7))))
    return scene


def stopping_shadow(seed: int, after_s: float) -> Scene:
    rng, scene = _basis(seed, 18 + 2 * after_s)
    stop, y = float(rng.uniform(80, 200)), float(rng.uniform(95, 130))
    strength = float(rng.uniform(0.45, 0.7))
    scene.effects.append(
        shade(lambda s: square(min(stop, -60 + 25 * (s - 10)), y, 45, 25) if s > 10 else None, strength)
    )
    return scene


def sun_patch(seed: int, after_s: float) -> Scene:
    rng, scene = _basis(seed, 18 + 2 * after_s)
    x, y = float(rng.uniform(30, 220)), float(rng.uniform(90, 130))
    strength = float(rng.uniform(1.25, 1.6))
    scene.effects.append(shade(lambda s: square(x, y, 50, 30) if s > 13 else None, strength, soft=1))
    return scene


def headlights(seed: int, after_s: float) -> Scene:
    rng, scene = _basis(seed, 16 + 2 * after_s)
    y = float(rng.uniform(90, 130))
    scene.effects.append(gain(lambda _: 0.4))
    scene.effects.append(shade(lambda s: square((s * 70) % 600 - 100, y, 60, 25), 2.2, soft=8))
    return scene


def stander(seed: int, after_s: float, known: float = 0.75) -> Scene:
    """Somebody comes, stands for long, and goes."""
    rng, scene = _basis(seed, 22 + 2.5 * after_s)
    x, y, stays = float(rng.uniform(60, 260)), float(rng.uniform(120, 170)), 2 * after_s + 4
    stops = [(5.0, -15.0, y), (9.0, x, y), (9.0 + stays, x, y), (13.0 + stays, WIDTH + 15.0, y)]
    scene.walkers.append(Walker("person", stops, person(rng), known))
    return scene


def start_stander(seed: int, after_s: float) -> Scene:
    """Somebody stands there from the start and leaves."""
    rng, scene = _basis(seed, 22 + 2.5 * after_s)
    x, y, goes = float(rng.uniform(60, 260)), float(rng.uniform(120, 170)), float(rng.uniform(3, 16))
    stops = [(0.0, x, y), (goes, x, y), (goes + 5.0, WIDTH + 15.0, y)]
    scene.walkers.append(Walker("person", stops, person(rng)))
    return scene


def parking(seed: int, after_s: float) -> Scene:
    rng, scene = _basis(seed, 18 + 2 * after_s)
    x, y = float(rng.uniform(100, 220)), float(rng.uniform(130, 170))
    scene.walkers = [Walker("vehicle", [(6.0, -50.0, y), (11.0, x, y), (999.0, x, y)], car(rng), 0.95), *scene.walkers]
    box = Box((x - 42) / WIDTH, (y - 34) / HEIGHT, (x + 42) / WIDTH, y / HEIGHT)
    scene.expected = [("vehicle_stopped", box, 11.0)]
    return scene


def leaving(seed: int, after_s: float) -> Scene:
    rng, scene = _basis(seed, 24 + 2 * after_s)
    x, y = float(rng.uniform(100, 220)), float(rng.uniform(130, 170))
    stops = [(0.0, x, y), (16.0, x, y), (20.0, WIDTH + 60.0, y)]
    scene.walkers = [Walker("vehicle", stops, car(rng), 0.95), *scene.walkers]
    return scene


def _trees(rng: np.random.Generator, _: Scene) -> list[Effect]:
    return [tree(rng, int(rng.integers(0, 260)), int(rng.integers(0, 60))) for _ in range(2)]


def _exposure(rng: np.random.Generator, _: Scene) -> list[Effect]:
    low, at_s = float(rng.uniform(0.6, 0.8)), float(rng.uniform(5, 12))
    return [gain(lambda s: 1.0 if s < at_s else low + (1 - low) * 0.5 * (1 + np.cos((s - at_s) / 3)))]


def _lamps(rng: np.random.Generator, scene: Scene) -> list[Effect]:
    x, on_s = int(rng.integers(60, 260)), float(rng.uniform(11, 13))
    return [gain(lambda _: 0.6), lamp(on_s, 999, x, 60, 150, 0.9)]


EVENTS: dict[str, Callable[[int, float], Scene]] = {
    "left": left,
    "left small": left_small,
    "left in a crowd": left_crowd,
    "removed": removed,
    "parking": parking,
    "left, trees": _with(_trees, left),
    "left, exposure": _with(_exposure, left),
    "removed, exposure": _with(_exposure, removed),
    "left, lamps": _with(_lamps, left),
    "left, rain": _with(lambda *_: [rain()], left),
    "left, shaken": _with(lambda *_: [shake(0.5)], left),
    "left, poor JPEG": _with(lambda *_: [jpeg(20)], left),
    "left, night": night(left),
    "removed, night": night(removed),
}
NUISANCES: dict[str, Callable[[int, float], Scene]] = {
    "passers": nothing,
    "creeping shadow": creeping_shadow,
    "stopping shadow": stopping_shadow,
    "sun patch": sun_patch,
    "headlights": headlights,
    "trees": _with(_trees, nothing),
    "exposure": _with(_exposure, nothing),
    "lamps": _with(_lamps, nothing),
    "infrared": _with(lambda *_: [infrared(14.0)], nothing),
    "camera turns": _with(lambda *_: [turn(14.0)], nothing),
    "rain": _with(lambda *_: [rain()], nothing),
    "shake": _with(lambda *_: [shake(0.8)], nothing),
    "somebody stands": stander,
    "stands from the start": start_stander,
    "car leaves": leaving,
}
