"""A ground from points of the picture whose places are known: a homography, and the camera that explains it.

The homography is fitted by the direct linear transform with normalised points (Hartley and Zisserman, Multiple View
Geometry, 2nd ed., algorithm 4.2); the focal length follows from the two constraints on a plane's axes (ch. 8.8,
Zhang 2000) with square pixels and the principal point in the middle of the picture.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from agent.analyse.ground.plane import Anchor, Matrix, Plane
from agent.config.gateway import Place
from agent.config.ground import Ground, plan_of
from agent.core.geometry import Point


def from_points(ground: Ground, place: Place | None, aspect: float) -> Plane:
    """The plane of a camera whose configuration names points; `aspect` is the picture's width over its height."""
    plan = plan_of(ground)
    flat = homography(plan, ground.points)
    upright, camera = stood_up(flat, aspect, ground.hfov)
    north = _north(ground, plan)
    anchor = None
    if ground.positions:
        anchor = Anchor(*ground.positions[0])
    elif place is not None and north is not None and camera is not None:
        anchor = Anchor(place.latitude, place.longitude, camera)
    return Plane(upright, north=north, anchor=anchor)


def homography(plan: Sequence[Point], picture: Sequence[Point]) -> Matrix:
    """From the plan to the picture, 3 x 3, with positive depth at the points."""
    (a, scale_a), (b, scale_b) = _normalised(plan), _normalised(picture)
    rows = []
    for (x, y), (u, v) in zip(a, b, strict=True):
        rows += [[-x, -y, -1, 0, 0, 0, u * x, u * y, u], [0, 0, 0, -x, -y, -1, v * x, v * y, v]]
    flat: Matrix = np.linalg.svd(np.array(rows))[2][-1].reshape(3, 3)
    flat = np.linalg.inv(scale_b) @ flat @ scale_a
    depth = (flat @ np.array([*plan[0], 1.0]))[2]
    return np.asarray(flat * np.sign(depth), np.float64)


def stood_up(flat: Matrix, aspect: float, hfov: float | None) -> tuple[Matrix, Point | None]:
    """The homography with a column for heights, and above which point of the plan the camera hangs.

    Without a field of view both need a plane seen aslant; where no camera explains it, heights are NaN.
    """
    square = np.array([[aspect, 0, -aspect / 2], [0, 1, -0.5], [0, 0, 1.0]])
    one, other, origin = (square @ flat).T
    focal = aspect / 2 / math.tan(math.radians(hfov) / 2) if hfov else _focal(one, other)
    unknown = np.column_stack([flat[:, 0], flat[:, 1], np.full(3, math.nan), flat[:, 2]])
    if focal is None:
        return unknown, None
    lens = np.diag([focal, focal, 1.0])
    axes = np.linalg.inv(lens) @ np.column_stack([one, other, origin])
    scale = (np.linalg.norm(axes[:, 0]) + np.linalg.norm(axes[:, 1])) / 2
    axes /= scale
    turn = np.column_stack([axes[:, 0], axes[:, 1], np.cross(axes[:, 0], axes[:, 1])])
    left, _, right = np.linalg.svd(turn)
    turn = left @ right
    camera = -turn.T @ axes[:, 2]
    up = np.linalg.inv(square) @ lens @ turn[:, 2] * scale
    return np.column_stack([flat[:, 0], flat[:, 1], up, flat[:, 2]]), (float(camera[0]), float(camera[1]))


def worst_miss(plane: Plane, plan: Sequence[Point], picture: Sequence[Point]) -> float:
    """How far the worst of the points lies from where the plane has it, metres; infinite above the horizon."""
    found = [plane.at(point) for point in picture]
    return max(math.inf if one is None else math.dist(one, known) for one, known in zip(found, plan, strict=True))


def _focal(one: Matrix, other: Matrix) -> float | None:
    """In picture heights; least squares over the two constraints: the axes are at right angles and as long."""
    known = np.array([one[0] * other[0] + one[1] * other[1], one[0] ** 2 + one[1] ** 2 - other[0] ** 2 - other[1] ** 2])
    deep = np.array([one[2] * other[2], one[2] ** 2 - other[2] ** 2])
    down = float(known @ known)
    share = -float(known @ deep) / down if down else 0.0
    focal = 1 / math.sqrt(share) if share > 0 else 0.0
    return focal if 0.2 < focal < 30 else None


def _normalised(points: Sequence[Point]) -> tuple[Matrix, Matrix]:
    """Points around 0 at a mean distance of 1.4, and the matrix that does it."""
    array = np.array(points, np.float64)
    middle = array.mean(axis=0)
    scale = math.sqrt(2) / float(np.linalg.norm(array - middle, axis=1).mean())
    matrix = np.array([[scale, 0, -scale * middle[0]], [0, scale, -scale * middle[1]], [0, 0, 1.0]])
    return (array - middle) * scale, matrix


def _north(ground: Ground, plan: Sequence[Point]) -> float | None:
    """The bearing of the plan's y axis."""
    if ground.positions:
        return 0.0
    if ground.bearing is None:
        return None
    (x1, y1), (x2, y2) = plan[:2]
    return (ground.bearing - math.degrees(math.atan2(x2 - x1, y2 - y1))) % 360
