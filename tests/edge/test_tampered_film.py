"""`lamppost analyse` over drawn streets, filmed and compressed, that somebody then interferes with."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from agent.config.gateway import GatewayConfig
from agent.core.clock import parse_rfc3339
from agent.edge.offline import analyse_file
from agent.sim.scene.render import Renderer
from agent.sim.scene.scene import Spec, scene_for
from tests.fixtures.models import without_models

pytestmark = pytest.mark.slow

SIZE, FPS, LEARN_S, TROUBLE_S, BACK_S = (640, 360), 5, 60, 40, 15
View = Callable[[np.ndarray], np.ndarray]
CONFIG = GatewayConfig.model_validate(
    {
        "gateway": {"id": "g", "site": "s"},
        "camera": [
            {
                "id": "cam", "url": "file:/x.mp4", "still": {"enabled": False},
                "rule": [{"kind": "tamper", "after_s": 10, "frozen_s": 20}],
            },
        ],
    }
)  # fmt: skip


def hood(picture: np.ndarray) -> np.ndarray:
    rows = np.linspace(80, 120, picture.shape[0], dtype=np.float32)
    return np.repeat(rows, picture.shape[1] * 3).reshape(picture.shape)


TROUBLES: dict[str, View] = {
    "covered": hood,
    "moved": lambda picture: np.roll(picture, (30, 110), axis=(0, 1)),
    "defocused": lambda picture: cv2.GaussianBlur(picture, (0, 0), 14),
    "dark": lambda picture: picture * 0.04,
    "bright": lambda picture: picture * 2 + 220,
    "frozen": lambda picture: picture,
    "nothing": lambda picture: picture,
}


PLACE = int(os.environ.get("LAMPPOST_PLACE", "0"))
"""0: the plaza, 1: the crossing, 2: the yard. One a run: each takes a minute."""


@pytest.fixture(scope="module")
def street() -> list[np.ndarray]:
    """What passes, five pictures a second."""
    scene = scene_for(Spec(PLACE, 11, *SIZE))
    renderer, step = Renderer(scene), scene.spec.fps // FPS
    return [renderer.frame(number * step)[0] for number in range((LEARN_S + TROUBLE_S + BACK_S) * FPS)]


def film(path: Path, street: list[np.ndarray], sign: str) -> Path:
    rng = np.random.default_rng(5)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"g": "50", "bf": "0", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        stream.codec_context.time_base = Fraction(1, FPS)
        for number, picture in enumerate(street):
            now = LEARN_S * FPS <= number < (LEARN_S + TROUBLE_S) * FPS
            if not (now and sign == "frozen" and number > LEARN_S * FPS):
                noise = rng.normal(0, 2, (SIZE[1], SIZE[0], 1))
                seen = (TROUBLES[sign] if now else TROUBLES["nothing"])(picture.astype(np.float32)) + noise
                shown = np.clip(seen, 0, 255).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(shown, "bgr24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("sign", TROUBLES)
def test_each_kind_of_tampering_is_told_by_name_and_ends(street, sign, tmp_path, monkeypatch):
    monkeypatch.setenv("LAMPPOST_MODELS", str(without_models(tmp_path / "models")))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    told, begin = io.StringIO(), "2026-03-01T10:00:00Z"
    analyse_file(
        film(tmp_path / "film.mp4", street, sign), config=CONFIG, camera=None, model=None, fps=5.0,
        start_wall_ns=parse_rfc3339(begin), progress=None, tracks=None, mot=None, events_out=told,
    )  # fmt: skip
    events = [one for one in map(json.loads, told.getvalue().splitlines()) if one["kind"] == "tamper"]
    wanted = [] if sign == "nothing" else [(sign, "start"), (sign, "end")]
    assert [(one["attributes"]["sign"], one["phase"]) for one in events] == wanted
    for one, (least, most) in zip(events, ((LEARN_S + 9, LEARN_S + 25), (LEARN_S + 39, LEARN_S + 48)), strict=False):
        since_s = (parse_rfc3339(one["time"]) - parse_rfc3339(begin)) / 1e9
        assert least <= since_s <= most
