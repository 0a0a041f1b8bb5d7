"""Where the drawn cameras hang, and the streets around them: a town that is nowhere, for the map."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

_ORIGIN = (41.76370, -72.68510)
_METRES_A_DEGREE = 111_195.0


class Hung(NamedTuple):
    """A camera's place in the town: metres east and north of its middle, and where it looks (degrees)."""

    east: float
    north: float
    bearing: float
    field_of_view: float


HUNG: dict[str, Hung] = {
    "crossing": Hung(-14, -16, 38, 62),
    "plaza": Hung(150, 62, 342, 70),
    "yard": Hung(262, -118, 96, 66),
}
_STREETS: dict[str, list[tuple[float, float]]] = {
    "Main Street": [(-340, -8), (0, 0), (420, 14)],
    "Park Street": [(-6, -300), (0, 0), (10, 290)],
    "Market Street": [(122, -8), (128, 40), (120, 290)],
    "Foundry Lane": [(232, 8), (226, -90), (240, -290)],
    "Station Road": [(-340, -170), (-2, -160), (226, -168), (420, -160)],
    "Mill Street": [(-340, 150), (6, 156), (122, 150), (420, 166)],
}
_PLAZA = [(134, 30), (210, 34), (206, 108), (132, 104)]
_PARK = [(-300, 20), (-40, 26), (-36, 130), (-300, 124)]
_BUILDINGS = [
    (20, 24, 88, 46), (20, 92, 88, 44), (224, 34, 60, 70), (296, 40, 90, 60), (140, 116, 70, 26), (20, -60, 70, 44),
    (20, -138, 90, 60), (130, -60, 80, 40), (130, -150, 76, 70), (258, -74, 60, 30), (300, -150, 80, 56),
    (-120, -60, 96, 44), (-260, -70, 110, 50), (-120, -140, 90, 58), (-280, -140, 120, 50), (-120, 172, 100, 70),
    (30, 176, 70, 70), (150, 180, 110, 60), (-300, 176, 130, 66),
]  # fmt: skip


def place_of(scene: str) -> dict[str, float] | None:
    """`[camera.place]` of a scene's camera; None for one that the town does not know."""
    hung = HUNG.get(scene)
    if hung is None:
        return None
    longitude, latitude = _at((hung.east, hung.north))
    place = {"latitude": latitude, "longitude": longitude}
    return place | {"bearing": hung.bearing, "field_of_view": hung.field_of_view}


def streets() -> str:
    """The town as GeoJSON (RFC 7946): streets with their names, a square, a park, buildings."""
    features = [_feature("LineString", [_at(one) for one in line], name=name) for name, line in _STREETS.items()]
    features += [_area(_PLAZA, name="City Plaza", kind="square"), _area(_PARK, name="Elm Park", kind="green")]
    features += [_area([(x, y), (x + w, y), (x + w, y + h), (x, y + h)], kind="building") for x, y, w, h in _BUILDINGS]
    return json.dumps({"type": "FeatureCollection", "features": features})


def _at(place: tuple[float, float]) -> tuple[float, float]:
    """Longitude and latitude, as GeoJSON orders them."""
    latitude = _ORIGIN[0] + place[1] / _METRES_A_DEGREE
    longitude = _ORIGIN[1] + place[0] / (_METRES_A_DEGREE * math.cos(math.radians(_ORIGIN[0])))
    return round(longitude, 7), round(latitude, 7)


def _area(corners: Sequence[tuple[float, float]], **properties: str) -> dict[str, Any]:
    ring = [_at(one) for one in corners]
    return _feature("Polygon", [[*ring, ring[0]]], **properties)


def _feature(shape: str, coordinates: list[Any], **properties: str) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": {"type": shape, "coordinates": coordinates}}
