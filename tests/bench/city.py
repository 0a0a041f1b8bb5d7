"""Tracks in the shape of a real city: 1,400 cameras, a few busy and a few dead, rush hours, quiet nights."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from agent.central.store import day_schema as tables
from agent.central.store import heat
from agent.central.store.database import Database
from agent.central.store.looks import bits_in, look_columns
from agent.central.store.pack import pack, pack_path, points_of
from agent.central.store.places import Place, number_of
from agent.central.store.plates import folded
from agent.central.store.rows import DAY_NS, HOUR_NS, hour_of
from agent.central.store.schema import place
from agent.central.store.tiles import tiles_of_path
from agent.core.clock import NS, rfc3339

CAMERAS, PER_GATEWAY, SITE = 1400, 10, "city"
HOURS = np.array([2, 1, 1, 1, 2, 4, 9, 18, 22, 14, 12, 13, 15, 14, 13, 15, 19, 24, 22, 16, 12, 9, 6, 4], float)
"""How busy the hours of a day are."""
_LABELS = ("person", "vehicle", "two_wheeler", "animal", "bag")
_LABEL_SHARES = (0.56, 0.36, 0.05, 0.02, 0.01)
_NAMES = ("black", "grey", "white", "blue", "red", "green", "brown", "yellow", "orange", "purple", "pink")
_NAME_SHARES = (0.27, 0.21, 0.17, 0.13, 0.07, 0.05, 0.04, 0.02, 0.015, 0.015, 0.01)
_KINDS = ("car", "car", "bus", "truck")
_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
_LOOKS, _BODIES = 4000, 200
_AT_ONCE = 50_000


class Camera(NamedTuple):
    """Where, and how much of the city's traffic passes it."""

    gateway: str
    name: str
    number: int


class Body(NamedTuple):
    """What is looked at only when a track is shown; some tracks share one."""

    record: bytes
    path: bytes
    tiles: int


class City:
    """`tracks` are drawn with a seed: two databases get the same."""

    def __init__(self, seed: int = 1) -> None:
        self.begin(seed)
        self.cameras = [_camera(number) for number in range(CAMERAS)]
        busy = self._dice.lognormal(0, 1, CAMERAS)
        busy[self._dice.random(CAMERAS) < 0.03] = 1e-4  # hardly alive
        self.busy = busy / busy.sum()
        self._looks = [self._look() for _ in range(_LOOKS)]
        self._bodies = [self._body() for _ in range(_BODIES)]

    def begin(self, seed: int) -> None:
        """Draw from here on what this seed gives; cameras and how busy they are stay."""
        self.rng, self._dice = random.Random(seed), np.random.default_rng(seed)

    def fill(self, database: Database, day: int, count: int) -> None:
        """Put `count` tracks more into a day, with all that is kept beside them; the tally comes last."""
        moments = self._moments(count)
        places = self._dice.choice(CAMERAS, count, p=self.busy)
        tallied: Counter[tuple[int, str, int, int]] = Counter()
        for first in range(0, count, _AT_ONCE):
            some = range(first, min(count, first + _AT_ONCE))
            rows = [self._row(day, int(moments[at]), self.cameras[places[at]]) for at in some]
            bodies = [self.rng.choice(self._bodies) for _ in rows]
            for row, body in zip(rows, bodies, strict=True):
                row["tiles"] = body.tiles
            with database.change() as change:
                change.put(day, tables.track, rows)
                change.put(day, tables.track_body, [self._body_row(*both) for both in zip(rows, bodies, strict=True)])
                plates = [self._plate_row(row) for row in rows if row["label"] == "vehicle" and self.rng.random() < 0.4]
                change.put(day, tables.track_plate, plates)
            for row in rows:
                for colour in (0, *(bit + 1 for bit in bits_in(row["colours"]))):
                    for number in (0, row["place"]):
                        tallied[colour, row["label"], number, hour_of(row["start_ns"])] += 1
        names = ("colour", "label", "place", "hour")
        with database.change() as change:
            counts = [dict(zip(names, key, strict=True)) | {"day": day, "tracks": n} for key, n in tallied.items()]
            change.add(day, tables.tally, counts)
            cells = heat.write_counts(dict.fromkeys(range(100, 130), 3))
            seen = {key[1:] for key in tallied if key[0] == 0 and key[2]}
            pictures = [
                {"day": day, "label": label, "place": at, "hour": hour, "cells": cells} for label, at, hour in seen
            ]
            change.put(day, tables.heat, pictures)

    def name(self, database: Database) -> None:
        """Say which camera is which."""
        rows = [
            {"number": one.number, "site": SITE, "gateway": one.gateway, "camera": one.name} for one in self.cameras
        ]
        with database.write() as connection:
            database.upsert(connection, place, rows)

    def records(self, start_ns: int) -> Iterator[tuple[Camera, dict[str, Any]]]:
        """Tracks as gateways send them, 81 a second, without end."""
        while True:
            camera = self.cameras[self._dice.choice(CAMERAS, p=self.busy)]
            row = self._row(start_ns // DAY_NS, start_ns % DAY_NS, camera)
            yield camera, self._record(row, camera)
            start_ns += NS // 81

    def _moments(self, count: int) -> np.ndarray[Any, Any]:
        hours = self._dice.choice(24, count, p=HOURS / HOURS.sum())
        moments: np.ndarray[Any, Any] = np.sort(hours * HOUR_NS + self._dice.integers(0, HOUR_NS, count))
        return moments // 1_000_000 * 1_000_000

    def _row(self, day: int, moment: int, camera: Camera) -> dict[str, Any]:
        start_ns, rng = day * DAY_NS + moment, self.rng
        label, look = self._looks[rng.randrange(_LOOKS)]
        seconds = rng.expovariate(1 / 12) + 1
        return {
            "id": f"{start_ns // 1_000_000:012x}{rng.getrandbits(80):020x}", "day": day, "place": camera.number,
            "final": True, "label": label, "kind": rng.choice(_KINDS) if label == "vehicle" else None,
            "score": round(rng.random(), 3), "start_ns": start_ns, "end_ns": start_ns + int(seconds * NS),
            **look, "size": round(rng.random() / 10, 5),
            "speed": round(rng.random() * 12, 2), "speed_unit": "m/s", "direction": rng.choice(("N", "E", "S", "W")),
            "bearing": None, "dwell_s": round(seconds, 2), "zones": rng.choice((None, None, "\nplaza\n")),
            "latitude": None, "longitude": None,
        }  # fmt: skip

    def _look(self) -> tuple[str, dict[str, Any]]:
        label = self.rng.choices(_LABELS, _LABEL_SHARES)[0]
        parts = {"person": ("upper", "lower"), "vehicle": ("vehicle",)}.get(label, ())
        return label, look_columns({part: self._shares() for part in parts})

    def _shares(self) -> list[tuple[str, float]]:
        names = self.rng.choices(_NAMES, _NAME_SHARES, k=3)
        first = self.rng.uniform(0.3, 0.9)
        return list({names[2]: (1 - first) / 3, names[1]: (1 - first) / 2, names[0]: first}.items())

    def _record(self, row: dict[str, Any], camera: Camera) -> dict[str, Any]:
        points, rng = max(2, int(row["dwell_s"] * 2)), self.rng
        x, y = rng.random() * 0.7, rng.random() * 0.7
        path = [
            (k / 2, *(round(v, 4) for v in (x + k * 2e-3, y, min(1, x + k * 2e-3 + 0.1), y + 0.2)))
            for k in range(min(points, 120))
        ]
        parts = {"person": ("upper", "lower"), "vehicle": ("vehicle",)}.get(row["label"], ())
        names = ("id", "final", "label", "score", "size", "speed", "speed_unit", "direction", "dwell_s")
        return {
            **{name: row[name] for name in names}, "camera": camera.name, "start": rfc3339(row["start_ns"]),
            "end": rfc3339(row["end_ns"]), "path": path, "kind": row["kind"] or row["label"],
            "contour": [(round(x + k / 200, 4), round(y + k / 300, 4)) for k in range(12)],
            "colours": {part: self._shares() for part in parts}, "lab": dict.fromkeys(parts, (42.1, 58.3, 33.9)),
            "colour_confidence": dict.fromkeys(parts, 0.8), "zones": ["plaza"] if row["zones"] else [],
            "plate": self._plate() if row["label"] == "vehicle" and rng.random() < 0.4 else None,
            "media": [{"id": row["id"][:20] + n, "kind": "snapshot", "type": "image/jpeg", "bytes": 9} for n in "ab"],
            "clock": {"offset_ms": -38.0, "synced": True},
        }  # fmt: skip

    def _body(self) -> Body:
        camera = self.cameras[0]
        record = self._record(self._row(20_000, self.rng.randrange(DAY_NS), camera), camera)
        path = pack_path(record.pop("path"))
        return Body(pack(record), path, tiles_of_path(points_of(path)))

    def _body_row(self, row: dict[str, Any], body: Body) -> dict[str, Any]:
        came = {"received_ns": row["start_ns"] + 2 * NS}
        return {"id": row["id"], "day": row["day"], **came, "record": body.record, "path": body.path}

    def _plate_row(self, row: dict[str, Any]) -> dict[str, Any]:
        plate = self._plate()
        text = folded(plate)
        return {name: row[name] for name in ("id", "day", "place", "start_ns")} | {
            "plate": plate,
            "folded": text,
            "reversed": text[::-1],
        }

    def _plate(self) -> str:
        letters = "".join(self.rng.choices(_LETTERS, k=5))
        return f"{letters[:2]}{self.rng.randrange(100):02}{letters[2:]}"


def _camera(number: int) -> Camera:
    gateway, name = f"gw-{number // PER_GATEWAY:03}", f"cam-{number:04}"
    return Camera(gateway, name, number_of(Place(SITE, gateway, name)))
