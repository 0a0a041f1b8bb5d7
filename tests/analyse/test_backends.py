"""What every detector does, whatever runs its model and however that says its boxes: one contract for all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

from agent.analyse.detect.detector import ModelDetector
from agent.analyse.detect.onnx import OnnxRunner, offered
from agent.analyse.detect.pool import Engines, begin_detector
from agent.analyse.detect.port import LOWEST_SCORE, Detector
from agent.analyse.detect.steady import SteadyDetector, Way
from agent.analyse.manifest import PlainSpec, ScoredSpec, SsdSpec
from agent.analyse.models import ModelStore
from agent.core.errors import ModelError
from agent.core.geometry import Box, iou
from tests.analyse.made_models import SCORE, bright, made, scene

ENGINES = Engines(threads=1)
SPECS = {
    "plain": PlainSpec(kind="plain"),
    "share": PlainSpec(kind="plain", unit="share"),
    "ssd": SsdSpec(kind="ssd"),
    "scored": ScoredSpec(kind="scored"),
}


def told(text: str) -> None:
    raise AssertionError(f"nothing should be said, but: {text}")


def begun(path: Path, form: str, provider: str = "cpu", **shape: object) -> ModelDetector:
    model = made(path, SPECS[form], **shape)
    return begin_detector(model, model.files[0], provider, ENGINES, told)


def on_provider(provider: str) -> Callable[[Path], Detector]:
    return lambda folder: begun(bright(folder / "m.onnx", "plain", batch=1), "plain", provider)


MADE: dict[str, Callable[[Path], Detector]] = {
    "plain, any number at once": lambda folder: begun(bright(folder / "m.onnx", "plain"), "plain"),
    "plain, one at a time": lambda folder: begun(bright(folder / "m.onnx", "plain", batch=1), "plain"),
    "plain, always three": lambda folder: begun(bright(folder / "m.onnx", "plain", batch=3), "plain"),
    "plain, shares": lambda folder: begun(bright(folder / "m.onnx", "share"), "share"),
    "plain, centred": lambda folder: begun(bright(folder / "m.onnx", "plain"), "plain", place="centre"),
    "plain, stretched": lambda folder: begun(bright(folder / "m.onnx", "plain"), "plain", place="stretch"),
    "plain, red first": lambda folder: begun(bright(folder / "m.onnx", "plain"), "plain", order="RGB"),
    "plain, bytes": lambda folder: begun(bright(folder / "m.onnx", "plain", dtype=2), "plain"),
    "plain, half precision": lambda folder: begun(bright(folder / "m.onnx", "plain", dtype=10), "plain"),
    "ssd": lambda folder: begun(bright(folder / "m.onnx", "ssd"), "ssd"),
    "scored": lambda folder: begun(bright(folder / "m.onnx", "scored"), "scored"),
    "steady": lambda folder: SteadyDetector(
        [Way("only", lambda: begun(bright(folder / "m.onnx", "plain"), "plain"))], told
    ),
}


# whatever else the installed ONNX Runtime can run on keeps the same contract
MADE |= {f"plain, on {provider}": on_provider(provider) for provider in offered() if provider != "cpu"}


@pytest.fixture(params=list(MADE))
def detector(request: pytest.FixtureRequest, tmp_path: Path) -> Detector:
    return MADE[request.param](tmp_path)


@pytest.mark.parametrize(
    ("size", "box"),
    [
        ((64, 64), (10, 20, 40, 50)),
        ((640, 360), (64, 36, 320, 180)),
        ((360, 640), (90, 160, 180, 320)),
        ((32, 20), (8, 5, 24, 15)),
        ((1920, 1080), (0, 0, 960, 540)),
    ],
)
def test_what_is_there_is_found_where_it_is(detector, size, box):
    width, height = size
    ((found,),) = detector.detect([scene(width, height, box)])
    truth = Box(box[0] / width, box[1] / height, box[2] / width, box[3] / height)
    assert iou(found.box, truth) > 0.8  # the models see 64 px
    assert (found.label, found.kind) == ("person", "person")
    assert found.score == pytest.approx(SCORE, abs=1e-3)


def test_each_picture_has_its_own_answer_in_order(detector):
    many = [scene(64 + 8 * number, 64, (4 * number, 8, 4 * number + 16, 40)) for number in range(20)]
    together = detector.detect(many)
    alone = [found for picture in many for found in detector.detect([picture])]
    assert together == alone
    assert [len(found) for found in together] == [1] * 20


def test_no_pictures_no_answers(detector):
    assert detector.detect([]) == []


def test_nothing_there_nothing_found(detector):
    assert detector.detect([np.full((48, 64, 3), 40, np.uint8)]) == [[]]


def test_a_picture_without_size_has_nothing_in_it_and_stops_nobody(detector):
    good = scene(64, 64, (10, 20, 40, 50))
    nothing = [np.zeros(shape, np.uint8) for shape in ((0, 64, 3), (64, 0, 3), (0, 0, 3))]
    found = detector.detect([*nothing, good])
    assert found[:3] == [[], [], []]
    assert found[3] == detector.detect([good])[0]


def test_one_pixel_is_a_picture(detector):
    (found,) = detector.detect([np.full((1, 1, 3), 255, np.uint8)])
    assert [one.label for one in found] == ["person"]


def test_pictures_of_changing_shape_do_not_shine_through_each_other(detector):
    wide, high = scene(64, 16, (0, 0, 64, 16)), scene(16, 64, (0, 60, 16, 64))
    fresh = detector.detect([high])
    detector.detect([wide, wide, wide])
    assert detector.detect([high]) == fresh
    ((one,),) = fresh
    assert one.box.y1 > 0.85


def test_parts_of_a_picture_are_looked_at_where_they_lie(detector):
    whole = scene(200, 150, (110, 60, 140, 90))
    part = whole[40:104, 100:164]
    whole.flags.writeable = False
    before = whole.copy()
    ((found,),) = detector.detect([part])
    assert iou(found.box, Box(10 / 64, 20 / 64, 40 / 64, 50 / 64)) > 0.9
    assert (whole == before).all()


def test_boxes_and_scores_are_shares_and_the_surest_comes_first(detector):
    random = np.random.default_rng(1)
    pictures = [random.integers(0, 256, (h, w, 3), np.uint8) for w, h in ((64, 64), (200, 30), (31, 97))]
    for found in detector.detect(pictures):
        assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
        for one in found:
            assert 0 <= one.box.x1 < one.box.x2 <= 1
            assert 0 <= one.box.y1 < one.box.y2 <= 1
            assert LOWEST_SCORE <= one.score <= 1


def test_it_has_a_name_for_people(detector):
    assert detector.name in {f"bright on onnxruntime ({provider})" for provider in offered()}


REAL = {
    "yolox-nano": ("yolox-nano", "cpu"),
    "yolox-nano as TFLite": ("yolox-nano", "tflite"),
    "nanodet-m": ("nanodet-m", "cpu"),
    "fastestdet": ("fastestdet", "cpu"),
} | {f"yolox-nano on {provider}": ("yolox-nano", provider) for provider in offered() if provider != "cpu"}


@pytest.fixture(params=list(REAL))
def real(request: pytest.FixtureRequest, data: Path) -> Detector:
    name, provider = REAL[request.param]
    model = ModelStore([data / "models"]).find(name)
    wanted = "tflite" if provider == "tflite" else "onnxruntime"
    local = next(local for local in model.files if local.file.runtime == wanted)
    return begin_detector(model, local, provider, ENGINES, told)


def test_a_real_model_finds_a_person_where_he_stands(real, person_picture):
    picture, box = person_picture
    (found,) = real.detect([picture])
    people = [one for one in found if one.label == "person" and one.score > 0.5]
    assert len(people) == 1
    assert iou(people[0].box, box) > 0.75


def test_a_real_model_keeps_the_contract(real, person_picture):
    picture, _ = person_picture
    part = picture[: picture.shape[0] // 2, 40:300]
    flat = np.full((360, 640, 3), 120, np.uint8)
    empty = np.zeros((0, 10, 3), np.uint8)
    together = real.detect([picture, empty, part, flat])
    assert together == [real.detect([one])[0] for one in (picture, empty, part, flat)]
    assert together[1] == []
    assert [one for one in together[3] if one.score > 0.4] == []


@pytest.mark.parametrize(
    ("batch", "shapes"), [("n", ["1x3x64x64", "8x3x64x64", "8x3x64x64"]), (1, None)], ids=["any number", "one"]
)
def test_tensorrt_is_told_for_how_many_pictures_to_build(tmp_path, monkeypatch, batch, shapes):
    told = {}
    real = ort.InferenceSession

    def session(path, options, providers, **_):
        told.update(one for one in providers if isinstance(one, tuple))
        return real(path, options, providers=["CPUExecutionProvider"])

    monkeypatch.setattr("agent.analyse.detect.onnx.offered", lambda: ("tensorrt", "cpu"))
    monkeypatch.setattr(ort, "InferenceSession", session)
    with pytest.raises(ModelError, match="does not start"):  # there is none here
        OnnxRunner(bright(tmp_path / "m.onnx", "plain", batch=batch), "tensorrt", 1, tmp_path)
    keys = [f"trt_profile_{which}_shapes" for which in ("min", "opt", "max")]
    profile = {key: value for key, value in told["TensorrtExecutionProvider"].items() if "profile" in key}
    assert profile == ({} if shapes is None else dict(zip(keys, [f"images:{shape}" for shape in shapes], strict=True)))


def test_a_model_that_takes_any_number_is_run_once_for_all(tmp_path):
    runs = []

    class Counted(OnnxRunner):
        batch = None  # as on a device that gains by it

        def run(self, tensor):
            runs.append(len(tensor))
            return super().run(tensor)

    model = made(bright(tmp_path / "m.onnx", "plain"), SPECS["plain"])
    local = model.files[0]
    runner = Counted(local.path, "cpu", 1, tmp_path)
    detector = ModelDetector(model.entry, local.file, model.labels, runner, note=told)
    runs.clear()
    detector.detect([scene(64, 64, (1, 1, 9, 9))] * 11)
    assert runs == [8, 3]
