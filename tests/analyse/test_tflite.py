"""Whole-number models: fed and read through their quantisation."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from agent.analyse.detect.tflite import TfliteRunner
from agent.core.errors import ModelError
from tests.analyse.made_tflite import one_operator

SHAPE = (1, 2, 3, 3)
QUANTIZE, DEQUANTIZE = schema.BuiltinOperator.QUANTIZE, schema.BuiltinOperator.DEQUANTIZE
FLOATS = ("float32", 0.0, 0)
GREYS = np.linspace(0, 255, 18, dtype=np.float32).reshape(SHAPE)


def test_a_model_of_grey_levels_takes_the_bytes_as_they_are(tmp_path):
    path = one_operator(tmp_path / "m.tflite", DEQUANTIZE, ("uint8", 1.0, 0), FLOATS, SHAPE)
    runner = TfliteRunner(path, "tflite", 1, "")
    assert runner.dtype == np.uint8
    assert runner.batch == 1
    (answer,) = runner.run(GREYS.astype(np.uint8))
    assert answer.tolist() == GREYS.astype(np.uint8).tolist()


@pytest.mark.parametrize(("kind", "scale", "zero"), [("int8", 2.0, -128), ("uint8", 0.5, 10), ("int8", 0.0078125, 0)])
def test_floats_are_turned_into_the_numbers_a_model_takes(tmp_path, kind, scale, zero):
    path = one_operator(tmp_path / "m.tflite", DEQUANTIZE, (kind, scale, zero), FLOATS, SHAPE)
    runner = TfliteRunner(path, "tflite", 1, "")
    assert runner.dtype == np.float32
    limits = np.iinfo(kind)
    (answer,) = runner.run(GREYS)
    wanted = np.clip(GREYS, (limits.min - zero) * scale, (limits.max - zero) * scale)  # beyond is cut off, not wrapped
    assert answer == pytest.approx(wanted, abs=scale / 2 + 1e-6)


def test_whole_numbers_that_come_out_are_read_back(tmp_path):
    path = one_operator(tmp_path / "m.tflite", QUANTIZE, FLOATS, ("uint8", 2.0, 3), SHAPE)
    (answer,) = TfliteRunner(path, "tflite", 1, "").run(GREYS)
    assert answer == pytest.approx(GREYS, abs=1.0)


def library(folder: Path, *options: str) -> str:
    """A delegate's library, built here."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler")
    target, source = folder / "delegate.so", Path(__file__).with_name("delegate.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", *options, "-o", target, source], check=True)
    return str(target)


def test_a_delegate_is_loaded_and_asked(tmp_path):
    path = one_operator(tmp_path / "m.tflite", DEQUANTIZE, ("uint8", 1.0, 0), FLOATS, SHAPE)
    runner = TfliteRunner(path, "edgetpu", 1, library(tmp_path))
    assert runner.name == "ai-edge-litert (edgetpu)"
    (answer,) = runner.run(GREYS.astype(np.uint8))
    assert answer.tolist() == GREYS.astype(np.uint8).tolist()


def test_a_delegate_without_its_device_is_one_line(tmp_path):
    path = one_operator(tmp_path / "m.tflite", DEQUANTIZE, ("uint8", 1.0, 0), FLOATS, SHAPE)
    with pytest.raises(ModelError, match="or its device is not there") as caught:
        TfliteRunner(path, "edgetpu", 1, library(tmp_path, "-DNO_DEVICE"))
    assert "no Edge TPU is plugged in" in str(caught.value)
    assert "\n" not in str(caught.value)
