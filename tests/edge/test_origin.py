"""`config show`: what is in force, and where it came from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.cli import main
from agent.core.signing import Signer
from agent.edge.overlay import FILE
from agent.wire.messages import Overlay, encode

FILE_TEXT = """\
[gateway]
id = "g"
site = "s"
[storage]
path = "{folder}"
[mqtt]
url = "mqtt://127.0.0.1:1883"
command_key_file = "{folder}/key.pub"
[[camera]]
id = "main"
url = "rtsp://192.0.2.1/x"
mask = [{{ polygon = [[0, 0], [1, 0], [1, 1]] }}]
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    signer = Signer.load_or_make(tmp_path / "key.pem")
    (tmp_path / "key.pub").write_bytes(signer.public_pem())
    cameras = {"main": {"name": "Main", "mask": [{"polygon": [[0, 0.5], [1, 0.5], [1, 1]]}]}}
    overlay = Overlay(site="s", gateway="g", version=3, time="2026-05-28T20:26:40.000Z", by="ann", cameras=cameras)
    signed = overlay.model_copy(update={"signature": signer.sign(overlay.signed_part())})
    (tmp_path / FILE).write_bytes(encode(signed))
    path = tmp_path / "gateway.toml"
    path.write_text(FILE_TEXT.format(folder=tmp_path))
    return path


def test_every_value_has_an_origin(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "show", str(config), "--origin"]) == 0
    origin = dict(line.split("  # ") for line in capsys.readouterr().out.splitlines())
    assert origin['gateway.id = "g"'] == "line 2"
    assert origin["storage.keep_days = 30.0"] == "default"
    centre = "the centre, version 3, ann, 2026-05-28T20:26:40.000Z"
    assert origin['camera[0].name = "Main"'] == centre
    masks = [said for value, said in origin.items() if value.startswith("camera[0].mask")]
    assert masks == ["line 12", centre]


def test_what_is_in_force_is_shown(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "show", str(config)]) == 0
    assert json.loads(capsys.readouterr().out)["camera"][0]["name"] == "Main"


def test_an_overlay_that_nobody_signed_is_told_of(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    overlay = config.with_name(FILE)
    overlay.write_text(overlay.read_text().replace("Main", "Evil"))
    assert main(["config", "show", str(config)]) == 0
    printed = capsys.readouterr()
    assert "Evil" not in printed.out
    assert "signature" in printed.err
    main(["config", "show", str(config), "--origin"])
    assert "signature" in capsys.readouterr().out.splitlines()[-1]
