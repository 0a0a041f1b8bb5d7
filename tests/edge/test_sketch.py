"""`config show --picture` draws what the configuration says; `config check` says it in words."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from agent.cli import main
from agent.config.gateway import Camera, GatewayConfig
from agent.edge.explain import explain
from agent.edge.sketch import LINE, ZONE, sketch

CAMERA = {
    "id": "cam", "url": "file:/x.mp4", "place": {"latitude": 48.2, "longitude": 16.37},
    "ground": {
        "points": [[0.2, 0.9], [0.8, 0.9], [0.65, 0.5], [0.35, 0.5]],
        "metres": [[0, 0], [6, 0], [6, 20], [0, 20]], "bearing": 90,
    },
    "zone": [{"name": "plaza", "polygon": [[0.1, 0.2], [0.4, 0.2], [0.4, 0.4], [0.1, 0.4]]}],
    "line": [{"name": "gate", "points": [[0.6, 0.3], [0.9, 0.3]]}],
    "mask": [{"polygon": [[0, 0.9], [0.1, 0.9], [0.1, 1]]}],
    "rule": [
        {"kind": "loitering", "zone": "plaza", "labels": ["person"], "when": [{"from": "sunset", "to": "sunrise"}]},
        {"kind": "wrong_way", "name": "against it", "arrow": [[0.5, 0.9], [0.5, 0.6]], "cooldown_s": 60},
    ],
}  # fmt: skip
TEXT = """
[gateway]
id = "g"
site = "s"
[[camera]]
id = "cam"
url = "file:/x.mp4"
[[camera.line]]
name = "gate"
points = [[0.2, 0.6], [0.8, 0.6]]
"""


def config(*cameras: dict) -> GatewayConfig:
    return GatewayConfig.model_validate({"gateway": {"id": "g", "site": "s"}, "camera": cameras})


@pytest.mark.parametrize("size", [(360, 640), (1080, 1920), (40, 30)])
def test_everything_is_drawn_where_it_is(size) -> None:
    blank = np.full((*size, 3), 128, np.uint8)
    drawn = sketch(Camera.model_validate(CAMERA), blank)
    assert drawn.shape == blank.shape
    assert (blank == 128).all()
    if size[0] < 100:
        return
    height, width = size
    green, orange = drawn[int(0.3 * height), int(0.399 * width)], drawn[int(0.3 * height), int(0.88 * width)]
    assert np.abs(green.astype(int) - ZONE).max() < 90
    assert np.abs(orange.astype(int) - LINE).max() < 90
    # the arrow over the line points to its right hand: down in the picture, for a line that runs to the right
    column = drawn[:, int(0.75 * width)].astype(int)
    rows = np.flatnonzero(np.abs(column - LINE).max(axis=1) < 60) / height
    assert 0.3 - rows.min() == pytest.approx(0.07, abs=0.03)
    assert rows.max() - 0.3 == pytest.approx(0.07, abs=0.03)
    assert (drawn[int(0.92 * height), int(0.08 * width)] < 60).all()


def test_in_words() -> None:
    bare = {"id": "yard", "url": "file:/y.mp4", "ground": {"hfov": 80}}
    assert explain(config(CAMERA, bare)) == [
        "camera cam: 1 zone, 1 line",
        "  rule 1: loitering plaza; person; info; sunset to sunrise",
        "  rule 2: against it (wrong_way); everything; info; at most every 60 s; always",
        "  ground: from 4 points over 20.0 m, the worst off by 0.00 m; speed in m/s, bearing, position",
        "camera yard: 0 zones, 0 lines",
        "  ground: from the people who pass, by a lens of 80 degrees; the map needs [camera.place]",
    ]


def test_the_command_draws_onto_a_picture(tmp_path: Path, capsys) -> None:
    path, frame = tmp_path / "g.toml", tmp_path / "frame.png"
    path.write_text(TEXT)
    cv2.imwrite(str(frame), np.full((90, 160, 3), 128, np.uint8))
    assert main(["config", "show", str(path), "--picture", str(frame)]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "frame-drawn.jpg")
    assert cv2.imread(str(tmp_path / "frame-drawn.jpg")).shape == (90, 160, 3)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--picture", "nowhere.jpg"], "cannot be read: No such file"),
        (["--picture", "{path}"], "not a picture"),
        (["--picture", "{frame}", "--camera", "other"], "no camera 'other'"),
        (["--picture", "{frame}", "--out", "{folder}/no/where.jpg"], "cannot be written"),
    ],
)
def test_what_cannot_be_drawn_is_one_line(tmp_path: Path, capsys, words: list[str], said: str) -> None:
    path, frame = tmp_path / "g.toml", tmp_path / "frame.png"
    path.write_text(TEXT)
    cv2.imwrite(str(frame), np.full((90, 160, 3), 128, np.uint8))
    more = [word.format(path=path, frame=frame, folder=tmp_path) for word in words]
    assert main(["config", "show", str(path), *more]) == 2
    told = capsys.readouterr()
    assert (told.out, len(told.err.splitlines())) == ("", 1)
    assert said in told.err
