"""What the sun, clouds, lamps and the camera's exposure do to a picture."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from agent.sim.sketch.drawing import HEIGHT, WIDTH, Picture
from agent.sim.sketch.stage import Effect

SHADE_TINT = np.array([1.05, 1.0, 0.96], np.float32)
"""Shade is lit by the blue sky."""


def gain(change: Callable[[float], float]) -> Effect:
    """The whole picture is brighter by a factor of the second."""
    return lambda picture, second, _: picture * np.float32(change(second))


def lamp(on_s: float, off_s: float, spot: tuple[int, int], radius: float, strength: float) -> Effect:
    """A lamp that lights its surroundings from one second to another."""
    ys, xs = np.mgrid[0:HEIGHT, 0:WIDTH]
    away = (xs - spot[0]) ** 2 + (ys - spot[1]) ** 2
    glow = (1 + strength * np.exp(-away / (2 * radius**2))).astype(np.float32)[..., None]
    return lambda picture, second, _: picture * glow if on_s <= second < off_s else picture


def square(x: float, y: float, w: float, h: float) -> Picture:
    """The corners of a slanting square, px."""
    return np.array([[x, y], [x + w, y], [x + w + h / 3, y + h], [x + h / 3, y + h]], np.float32)


def shade(shape: Callable[[float], Picture | None], strength: float = 0.55, soft: int = 3) -> Effect:
    """A polygon (px) of shadow by the second, or of sun when `strength` is above 1."""

    def apply(picture: Picture, second: float, _: np.random.Generator) -> Picture:
        points = shape(second)
        if points is None:
            return picture
        mask = np.zeros((HEIGHT, WIDTH), np.float32)
        cv2.fillPoly(mask, [np.round(points).astype(np.int32)], 1.0)
        mask = cv2.GaussianBlur(mask, (2 * soft + 1,) * 2, 0).astype(np.float32)
        return np.asarray(picture * (1 - mask[..., None] * (1 - np.float32(strength) * SHADE_TINT)), np.float32)

    return apply


def cloud(at_s: float, seconds: float, strength: float, width: float = 120.0) -> Effect:
    """The edge of a cloud's shadow goes over the picture at `at_s`, and back after `seconds`; it is `width` px soft."""
    xs = np.arange(WIDTH, dtype=np.float32)[None, :, None]

    def apply(picture: Picture, second: float, _: np.random.Generator) -> Picture:
        came, went = ((second - at) * 60.0 for at in (at_s, at_s + seconds))
        covered = np.clip((came - xs) / width, 0, 1) - np.clip((went - xs) / width, 0, 1)
        return np.asarray(picture * (1 - covered * np.float32(1 - strength)), np.float32)

    return apply


def auto_exposure(target: float, settle_s: float = 1.5) -> Effect:
    """The camera keeps the picture's mean at `target` grey levels, with some delay."""
    state = {"second": 0.0, "gain": 1.0}

    def apply(picture: Picture, second: float, _: np.random.Generator) -> Picture:
        share = 1 - np.exp(-max(0.0, second - state["second"]) / settle_s)
        wanted = float(np.clip(target / max(5.0, float(picture.mean())), 0.4, 3.0))
        state["gain"] += (wanted - state["gain"]) * share if second else wanted - state["gain"]
        state["second"] = second
        return picture * np.float32(state["gain"])

    return apply


def infrared(at_s: float, until_s: float = 1e9) -> Effect:
    """The camera sees without colour from `at_s` on."""

    def apply(picture: Picture, second: float, _: np.random.Generator) -> Picture:
        if not at_s <= second < until_s:
            return picture
        return np.repeat(picture.mean(axis=2, keepdims=True) * np.float32(0.8) + 10, 3, axis=2)

    return apply


def signal(spot: tuple[int, int], every_s: float, radius: int = 4) -> Effect:
    """A signal that shines red and green in turn, its two lamps one above the other."""

    def apply(picture: Picture, second: float, _: np.random.Generator) -> Picture:
        x, y = spot
        red = second % (2 * every_s) < every_s
        cv2.rectangle(picture, (x - radius - 2, y - radius - 2), (x + radius + 2, y + 3 * radius + 4), (30, 30, 30), -1)
        place, colour = ((x, y), (60, 60, 250)) if red else ((x, y + 2 * radius + 2), (120, 240, 90))
        cv2.circle(picture, place, radius, colour, -1, cv2.LINE_AA)
        return picture

    return apply


def board(rng: np.random.Generator, corner: tuple[int, int], size: tuple[int, int], every_s: float) -> Effect:
    """A lit board that shows another picture every so often."""
    pages = [
        cv2.resize(rng.uniform(30, 240, (4, 5, 3)).astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
        for _ in range(4)
    ]

    def apply(picture: Picture, second: float, _: np.random.Generator) -> Picture:
        (x, y), (w, h) = corner, size
        picture[y : y + h, x : x + w] = pages[int(second / every_s) % len(pages)]
        return picture

    return apply
