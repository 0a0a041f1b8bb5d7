"""`lamppost models`: list, fetch, verify, bench."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from agent.cli import main
from tests.analyse.made_models import bright

MANIFEST = """
[[model]]
name = "own"
licence = "ours"
source = "made here"
input = {{ width = 64, height = 64 }}
decoder = {{ kind = "plain" }}
labels = "own"
file = [
  {{ name = "own.onnx", sha256 = "{onnx}", bytes = {size} }},
  {{ name = "own.tflite", sha256 = "{tflite}", bytes = 6 }},
]

[labels.own]
names = ["thing", "person"]
ours = {{ person = ["person"] }}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a model of its own, its two files still elsewhere; no other models."""
    place, source = tmp_path / "models", tmp_path / "usb"
    place.mkdir()
    source.mkdir()
    content = bright(source / "own.onnx", "plain").read_bytes()
    (source / "own.tflite").write_bytes(b"tflite")
    numbers = {"onnx": hashlib.sha256(content).hexdigest(), "size": len(content)}
    text = MANIFEST.format(**numbers, tflite=hashlib.sha256(b"tflite").hexdigest())
    (place / "manifest.toml").write_text(text)
    monkeypatch.setenv("LAMPPOST_MODELS", str(place))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return place


def rows(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, object]]:
    assert main(["models", "list", "--json"]) == 0
    return {row["file"]: row for row in json.loads(capsys.readouterr().out)}


def line_of(capsys: pytest.CaptureFixture[str], name: str) -> str:
    assert main(["models", "list"]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.split()[0] == name]
    return line


def test_fetch_list_and_verify(folder, tmp_path, capsys):
    assert "absent" in line_of(capsys, "own")
    assert main(["models", "fetch", "own", "--from", str(tmp_path / "usb")]) == 0
    fetched = Path(capsys.readouterr().out.strip())
    assert fetched == tmp_path / "data" / "lamppost" / "models" / "own.onnx"
    assert "ready" in line_of(capsys, "own")
    assert rows(capsys)["own.tflite"]["state"] == "absent"
    assert main(["models", "verify"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert f"{fetched}: good" in lines
    assert all(line.endswith(": good") for line in lines)  # the bundled model's files, too


def test_fetch_takes_the_file_that_is_asked_for_or_that_the_source_has(folder, tmp_path, capsys):
    usb = tmp_path / "usb"
    assert main(["models", "fetch", "own", "--from", str(usb), "--file", "own.tflite"]) == 0
    assert capsys.readouterr().out.strip().endswith("own.tflite")
    (usb / "own.onnx").unlink()
    assert main(["models", "fetch", "own", "--from", str(usb)]) == 0
    assert capsys.readouterr().out.strip().endswith("own.tflite")
    assert main(["models", "fetch", "own", "--from", str(usb / "own.tflite")]) == 0
    assert main(["models", "fetch", "own", "--from", str(usb), "--file", "other"]) == 2
    assert "it has no file 'other', but own.onnx, own.tflite" in capsys.readouterr().err


def test_fetch_goes_where_the_gateway_looks(folder, tmp_path, capsys):
    usb, kept = str(tmp_path / "usb"), tmp_path / "kept"
    config = tmp_path / "gateway.toml"
    config.write_text(
        f'[gateway]\nid = "g"\nsite = "s"\n[analysis]\nmodels = "{kept}"\n[[camera]]\nid = "c"\nurl = "rtsp://h/s"\n'
    )
    assert main(["models", "fetch", "own", "--from", usb, "--config", str(config)]) == 0
    assert capsys.readouterr().out == f"{kept / 'own.onnx'}\n"
    assert main(["models", "fetch", "own", "--from", usb, "--into", str(tmp_path / "there")]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'there' / 'own.onnx'}\n"


def test_fetch_without_a_source_goes_where_the_file_is_from_or_says_so(folder, capsys):
    assert main(["models", "fetch", "own"]) == 2
    assert "--from FOLDER-OR-URL; it is from made here" in capsys.readouterr().err


def test_verify_names_every_broken_file_and_goes_on(folder, tmp_path, capsys):
    for name in ("own.onnx", "own.tflite"):
        (folder / name).write_bytes((tmp_path / "usb" / name).read_bytes())
    (folder / "own.tflite").write_bytes(b"rotten")
    (folder / "yolox_nano.onnx").write_bytes(b"x")
    assert main(["models", "verify"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert "own.tflite has the wrong hash" in lines[0]
    assert "yolox_nano.onnx has 1 bytes" in lines[1]
    assert rows(capsys)["own.tflite"]["state"] == "wrong hash"


def test_a_manifest_that_cannot_be_read_is_said_and_the_rest_works(folder, capsys):
    (folder / "manifest.toml").write_text("[[model]")
    assert main(["models", "list"]) == 0
    said = capsys.readouterr()
    assert "its models are left out" in said.err
    assert "yolox-nano" in said.out


def test_the_folder_of_the_configuration_counts(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("LAMPPOST_MODELS")
    config = tmp_path / "gateway.toml"
    config.write_text(
        f'[gateway]\nid = "g"\nsite = "s"\n[analysis]\nmodels = "{folder}"\n[[camera]]\nid = "c"\nurl = "rtsp://h/s"\n'
    )
    assert main(["models", "list", "--config", str(config)]) == 0
    assert capsys.readouterr().out.splitlines()[0].startswith("own ")


def test_bench_measures_on_one_thread_and_on_more(folder, tmp_path, capsys):
    (folder / "own.onnx").write_bytes((tmp_path / "usb" / "own.onnx").read_bytes())
    assert main(["models", "bench", "own", "--seconds", "0.05", "--threads", "2", "--provider", "cuda", "--json"]) == 0
    said = capsys.readouterr()
    one, two = json.loads(said.out)
    assert [one["threads"], two["threads"]] == [1, 2]
    for row in (one, two):
        assert row["engine"] == "own on onnxruntime (cpu)"
        assert 0 < row["p50_ms"] <= row["p95_ms"]
        told = row["per_second"]  # rounded to a tenth, after the cameras were counted
        assert int((told - 0.05) / 5) <= row["cameras"] <= int((told + 0.05) / 5)
        assert row["memory_mb"] > 0
    assert "own on cuda: " in said.err


def test_bench_of_a_model_that_is_not_there_is_one_line(folder, capsys):
    assert main(["models", "bench", "own", "--seconds", "0.05", "--threads", "1"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "own.onnx or own.tflite is in none of" in line
