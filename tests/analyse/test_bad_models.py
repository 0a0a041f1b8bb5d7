"""Models, providers and pictures that are not as they should be: one clear line, and whatever can go on goes on."""

from __future__ import annotations

import sys
import types
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from agent.analyse.detect import pool as pool_module
from agent.analyse.detect.detector import ModelDetector
from agent.analyse.detect.onnx import OnnxRunner
from agent.analyse.detect.pool import NO_MODEL, DetectorPool, Engines, begin_detector, files_for
from agent.analyse.detect.port import Floats, Runner, Tensor
from agent.analyse.detect.steady import SteadyDetector, Way
from agent.analyse.detect.tflite import TfliteRunner
from agent.analyse.frames import Frame
from agent.analyse.manifest import LabelSet, Manifest, ModelFile, PlainSpec, ScoredSpec, SsdSpec, YoloxSpec
from agent.analyse.models import LocalFile, Model, ModelStore
from agent.analyse.pipeline import Pipeline
from agent.config.gateway import Camera
from agent.core.errors import ModelError, SourceBroken
from tests.analyse.made_models import LABELS, bright, made, scene
from tests.analyse.scene import at, ids

PLAIN = PlainSpec(kind="plain")
ONE = Engines(threads=1, providers=("cpu",))
PICTURE = scene(64, 64, (10, 20, 40, 50))


def begin(model: Model, provider: str = "cpu", engines: Engines = ONE) -> ModelDetector:
    return begin_detector(model, model.files[0], provider, engines, lambda _: None)


def refusal(model: Model, provider: str = "cpu", engines: Engines = ONE) -> str:
    with pytest.raises(ModelError) as caught:
        begin(model, provider, engines)
    line = str(caught.value)
    assert "\n" not in line
    return line


def store_of(folder: Path, *models: Model) -> ModelStore:
    """The models in a folder with a manifest that names them, and nothing else."""
    manifest = Manifest(model=tuple(model.entry for model in models), labels={"few": LABELS})
    return ModelStore([folder], manifest)


# -- files that are no models, or other models than the manifest says -------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x08\x07" + bytes(5000)])
@pytest.mark.parametrize("suffix", ["onnx", "tflite"])
def test_a_file_that_is_no_model_is_refused(tmp_path, content, suffix):
    path = tmp_path / f"m.{suffix}"
    path.write_bytes(content or b"0")
    model = made(path, PLAIN)
    assert "cannot be loaded" in refusal(model, "cpu" if suffix == "onnx" else "tflite")


def test_half_of_a_real_model_is_refused(data, tmp_path):
    whole = (data / "models" / "yolox_nano_416.onnx").read_bytes()
    (tmp_path / "m.onnx").write_bytes(whole[: len(whole) // 2])
    assert "cannot be loaded" in refusal(made(tmp_path / "m.onnx", YoloxSpec(kind="yolox")))


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (SsdSpec(kind="ssd"), "gives 1 outputs instead of 4"),
        (ScoredSpec(kind="scored"), "gives 1 x 1 x 6 instead of 1 x n x 7"),
        (YoloxSpec(kind="yolox"), "gives 1 x 1 x 6 instead of 1 x 84 x 8"),
        (PlainSpec(kind="plain", columns=("x1", "y1", "x2", "y2", "score", "class", "-")), "1 x n x 7"),
    ],
)
def test_outputs_of_another_number_or_shape_are_named(tmp_path, spec, said):
    assert said in refusal(made(bright(tmp_path / "m.onnx", "plain"), spec))


def test_outputs_of_another_kind_are_named(tmp_path):
    path = tmp_path / "m.onnx"
    node = helper.make_node("Greater", ["images", "images"], ["rows"])
    info = helper.make_tensor_value_info
    shape = [1, 3, 64, 64]
    graph = helper.make_graph(
        [node], "bool", [info("images", TensorProto.FLOAT, shape)], [info("rows", TensorProto.BOOL, shape)]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version = 9
    onnx.save(model, str(path))
    assert "gives bool instead of numbers" in refusal(made(path, PLAIN))


def test_numbers_that_are_none_are_named(tmp_path):
    assert "NaN" in refusal(made(bright(tmp_path / "m.onnx", "nan"), PLAIN))


def test_another_input_size_than_the_manifest_says_is_named(tmp_path):
    assert "fails" in refusal(made(bright(tmp_path / "m.onnx", "plain"), PLAIN, width=96, height=96))


def test_a_list_of_labels_that_is_too_short_for_the_outputs(data, tmp_path):
    model = ModelStore([data / "models"]).find("yolox-nano")
    labels = model.labels.model_copy(update={"names": model.labels.names[:-1]})
    assert "3549 x 85 instead of 1 x 3549 x 84" in refusal(Model(model.entry, labels, model.files))


def test_classes_beyond_the_labels_are_left_out_and_said_once(tmp_path):
    few = LabelSet(names=("thing",), ours={"person": ("thing",)})
    model = made(bright(tmp_path / "m.onnx", "plain"), PLAIN, labels=few)
    said: list[str] = []
    detector = begin_detector(model, model.files[0], "cpu", ONE, said.append)
    assert detector.detect([PICTURE, PICTURE]) == [[], []]
    (line,) = said
    assert "class 1" in line
    assert "have 1" in line


def test_a_model_of_bytes_takes_no_mean(tmp_path):
    model = made(bright(tmp_path / "m.onnx", "plain", dtype=TensorProto.UINT8), PLAIN, mean=(1, 2, 3))
    assert "mean and scale do not apply" in refusal(model)


# -- providers ---------------------------------------------------------------------------------------------------------


def test_a_provider_that_is_not_there_is_said_and_the_cpu_goes_on(tmp_path):
    store = store_of(tmp_path, made(bright(tmp_path / "m.onnx", "plain"), PLAIN))
    pool = DetectorPool(store, Engines(1, ("tensorrt", "cuda")))
    detector = pool.get("bright")
    assert detector.name == "bright on onnxruntime (cpu)"
    assert len(detector.detect([PICTURE])[0]) == 1
    assert [note.partition(":")[0] for note in pool.notes] == ["bright on tensorrt", "bright on cuda"]
    assert all("is used instead" in note and "\n" not in note for note in pool.notes)


def test_without_a_wish_only_what_is_there_is_tried_and_nothing_is_said(tmp_path):
    pool = DetectorPool(store_of(tmp_path, made(bright(tmp_path / "m.onnx", "plain"), PLAIN)), Engines())
    assert pool.get("bright").detect([PICTURE])[0]
    assert pool.notes == []


def test_the_cpu_is_the_last_resort_whatever_is_wished():
    assert Engines(providers=("cuda",)).order() == ("cuda", "cpu", "tflite")
    assert Engines(providers=("tflite", "cpu")).order() == ("tflite", "cpu")


def test_a_provider_whose_libraries_are_missing_is_no_silent_cpu(tmp_path, monkeypatch):
    """ONNX Runtime offers what it was built with, and then goes on without it when it does not start."""
    monkeypatch.setattr("agent.analyse.detect.onnx.offered", lambda: ("cuda", "cpu"))
    monkeypatch.setattr("agent.analyse.detect.onnx._session", lambda path, *_: ort_cpu(path))
    with pytest.raises(ModelError, match="cuda does not start"):
        OnnxRunner(bright(tmp_path / "m.onnx", "plain"), "cuda", 1, tmp_path)


def ort_cpu(path: Path) -> object:
    import onnxruntime as ort  # noqa: PLC0415

    return ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])


@dataclass
class Failing:
    """A runner that does as another does until its time comes; then as `how` says."""

    runner: Runner
    how: str
    good_runs: int = 2

    @property
    def name(self) -> str:
        return f"onnxruntime ({self.how})"

    @property
    def batch(self) -> int | None:
        return self.runner.batch

    @property
    def dtype(self) -> np.dtype:
        return self.runner.dtype

    def run(self, tensor: Tensor) -> list[Floats]:
        self.good_runs -= 1
        outputs = self.runner.run(tensor)
        if self.good_runs >= 0:
            return outputs
        if self.how == "raises":
            raise ModelError("the device is lost")
        return {
            "nothing": [], "nan": [output * np.float32(np.nan) for output in outputs],
            "shorter": [output[..., :-1] for output in outputs],
        }[self.how]  # fmt: skip


def failing(model: Model, how: str, good_runs: int = 2) -> ModelDetector:
    local = model.files[0]
    runner = Failing(OnnxRunner(local.path, "cpu", 1, local.path.parent), how, good_runs)
    return ModelDetector(model.entry, local.file, model.labels, runner, note=lambda _: None)


@pytest.mark.parametrize("how", ["raises", "nothing", "nan", "shorter"])
def test_a_provider_that_fails_at_a_picture_is_replaced_and_the_picture_is_not_lost(tmp_path, how):
    model = made(bright(tmp_path / "m.onnx", "plain"), PLAIN)
    begun: list[str] = []

    def first() -> ModelDetector:
        begun.append("first")
        return failing(model, how)

    def second() -> ModelDetector:
        begun.append("second")
        return begin(model)

    notes: list[str] = []
    detector = SteadyDetector([Way("bright on first", first), Way("bright on second", second)], notes.append)
    answers = [detector.detect([PICTURE]) for _ in range(4)]
    assert answers == [begin(model).detect([PICTURE])] * 4
    assert begun == ["first", "second"]  # what failed is not tried again
    (line,) = notes
    assert line.startswith("bright on first: ")
    assert line.endswith("bright on onnxruntime (cpu) goes on")
    assert detector.trouble == line
    assert "\n" not in line


def test_the_last_one_is_begun_anew_and_given_up_when_that_does_not_help(tmp_path):
    model = made(bright(tmp_path / "m.onnx", "plain"), PLAIN)
    lives = iter([2, 2, 1])  # good runs of each life; the first of each is its own try
    notes: list[str] = []
    detector = SteadyDetector([Way("only", lambda: failing(model, "raises", next(lives)))], notes.append)
    assert detector.detect([PICTURE])[0]
    assert detector.detect([PICTURE])[0]
    assert "begun anew" in notes[0]
    for _ in range(2):
        with pytest.raises(ModelError, match="nothing is left that can run it"):
            detector.detect([PICTURE])
    assert len(notes) == 2


def test_a_provider_that_answers_zeros_is_found_out_at_the_beginning(tmp_path, monkeypatch):
    real = pool_module._runner

    class Zeros(Failing):
        def run(self, tensor: Tensor) -> list[Floats]:
            return [output * 0 for output in self.runner.run(tensor)]

    def runner(path: Path, provider: str, engines: Engines) -> Runner:
        honest = real(path, "cpu", engines)
        return Zeros(honest, provider) if provider == "coreml" else honest

    monkeypatch.setattr(pool_module, "_runner", runner)
    model = made(bright(tmp_path / "m.onnx", "plain"), PLAIN)
    assert "coreml answers something else than the cpu" in refusal(model, "coreml")
    assert begin(model, "xnnpack").detect([PICTURE])[0]  # here it is an honest one


# -- the next model, or motion alone -----------------------------------------------------------------------------------


def two_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelStore:
    """`first`, which the camera asks for, and `second`."""
    monkeypatch.setattr("agent.analyse.models.PREFERRED", ("first", "second"))
    models = [made(bright(tmp_path / f"{name}.onnx", "plain"), PLAIN, name=name) for name in ("first", "second")]
    return store_of(tmp_path, *models)


@pytest.mark.parametrize("asked", ["first", None])
def test_a_broken_model_leaves_the_next_best(tmp_path, monkeypatch, asked):
    store = two_models(tmp_path, monkeypatch)
    (tmp_path / "first.onnx").write_bytes(b"rotten")
    pool = DetectorPool(store, ONE)
    detector = pool.get_or_next(asked)
    assert detector is not None
    assert detector.name == "second on onnxruntime (cpu)"
    (note,) = pool.notes
    assert "first.onnx has 6 bytes" in note
    assert note.endswith("second on onnxruntime (cpu) is used instead")
    assert pool.trouble(asked) == (note if asked else "")
    with pytest.raises(ModelError, match=r"first\.onnx"):
        pool.get("first")


def test_a_model_that_dies_later_leaves_the_next_best_to_all_cameras(tmp_path, monkeypatch):
    store = two_models(tmp_path, monkeypatch)
    lives = iter([2])  # good runs: its own try and one picture; then it cannot even begin

    def begin_dying(model: Model, local: LocalFile, *more: object) -> ModelDetector:
        if model.entry.name == "second":
            return begin_detector(model, local, *more)  # type: ignore[arg-type]
        if (good_runs := next(lives, None)) is None:
            raise ModelError("the device is lost")
        return failing(model, "raises", good_runs)

    monkeypatch.setattr(pool_module, "begin_detector", begin_dying)
    pool = DetectorPool(store, ONE)
    named, best = pool.get_or_next("first"), pool.get_or_next(None)
    assert named is not None
    assert best is not None
    assert [named.name, best.name] == ["first on onnxruntime (raises)"] * 2
    for detector in (named, named, best, best):
        assert len(detector.detect([PICTURE])[0]) == 1
    assert [named.name, best.name] == ["second on onnxruntime (cpu)"] * 2
    assert pool.names() == "second on onnxruntime (cpu)"
    assert len(pool.notes) == 2
    assert "nothing is left that can run it" in pool.notes[0]
    assert "second on onnxruntime (cpu) goes on" in pool.notes[1]


def test_without_any_model_the_pool_says_so_once(tmp_path):
    pool = DetectorPool(ModelStore([tmp_path]), ONE)
    assert [pool.get_or_next(None), pool.get_or_next(None)] == [None, None]
    assert pool.notes == [NO_MODEL]
    assert pool.names() == ""
    with pytest.raises(ModelError):
        pool.get("yolox-nano")


def test_a_model_that_is_asked_for_and_absent_leaves_motion_and_a_line(tmp_path):
    pool = DetectorPool(ModelStore([tmp_path]), ONE)
    assert pool.get_or_next("yolox-s") is None
    assert "yolox_s.onnx is in none of" in pool.trouble("yolox-s")
    assert "called object" in pool.trouble("yolox-s")
    assert pool.notes == [pool.trouble("yolox-s")]


def test_one_session_serves_all_cameras(data):
    pool = DetectorPool(ModelStore([data / "models"]), ONE)
    assert pool.get("yolox-nano") is pool.get("yolox-nano")
    assert pool.get_or_next(None) is pool.get_or_next(None)
    assert pool.notes == []
    assert pool.names() == "yolox-nano on onnxruntime (cpu)"


def test_a_pipeline_whose_detector_is_lost_goes_on_by_motion_and_says_so():
    class Lost:
        name = "lost"
        at_once = 1

        def detect(self, pictures):
            raise ModelError(f"nothing is left that can look at {len(pictures)}")

    pipeline = Pipeline(Camera(id="c", url="rtsp://h/s"), Lost(), ids())
    found = [
        pipeline.process(Frame(n, scene(320, 180, (10 + 12 * n, 60, 50 + 12 * n, 120)), at(n / 5))).observation
        for n in range(12)
    ]
    assert "motion only" in pipeline.trouble
    assert {seen.label for seen in found[-1].seen} == {"object"}


def test_a_picture_without_size_is_one_line_and_the_next_one_is_looked_at(tmp_path):
    pipeline = Pipeline(
        Camera(id="c", url="rtsp://h/s"), begin(made(bright(tmp_path / "m.onnx", "plain"), PLAIN)), ids()
    )
    for number in range(8):
        if number == 4:
            with pytest.raises(SourceBroken, match="picture 4 is 64 x 0 px"):
                pipeline.process(Frame(number, np.zeros((0, 64, 3), np.uint8), at(number / 5)))
            continue
        left = 40 + 10 * number
        outcome = pipeline.process(Frame(number, scene(320, 180, (left, 60, left + 60, 120)), at(number / 5)))
    assert [(seen.label, seen.now, seen.confirmed) for seen in outcome.observation.seen] == [("person", True, True)]


def test_a_model_that_tells_people_apart_is_no_detector(data):
    store = ModelStore([data / "models"])
    assert "osnet-x0-25" not in store.ranked()
    assert store.find("osnet-x0-25").files
    with pytest.raises(ModelError, match="osnet-x0-25 on cpu: it tells people apart"):
        DetectorPool(store, ONE).get("osnet-x0-25")


def test_a_stream_that_changes_its_size_is_followed_on(tmp_path):
    model = made(bright(tmp_path / "m.onnx", "plain"), PLAIN)
    pipeline = Pipeline(Camera(id="c", url="rtsp://h/s"), begin(model), ids())
    sizes = [(640, 360)] * 6 + [(320, 240)] * 6 + [(1920, 1080)] * 6
    for number, (width, height) in enumerate(sizes):
        left = int(width * (0.2 + 0.02 * number))
        box = left, height // 4, left + width // 5, height // 2
        outcome = pipeline.process(Frame(number, scene(width, height, box), at(number / 5)))
        now = [seen for seen in outcome.observation.seen if seen.now]
        assert [seen.label for seen in now] == ["person"], (number, width)
    assert pipeline.trouble == ""


# -- TFLite ------------------------------------------------------------------------------------------------------------


def broken_library(kind: type[Exception], text: str) -> types.ModuleType:
    """A TFLite library as numpy 2 meets it: it imports, and dies when an interpreter is made."""
    module = types.ModuleType("tflite")

    def interpreter(*_: object, **__: object) -> None:
        raise kind(text)

    module.Interpreter = interpreter  # type: ignore[attr-defined]
    return module


def without_tflite(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ai_edge_litert", "ai_edge_litert.interpreter", "tflite_runtime", "tflite_runtime.interpreter"):
        monkeypatch.setitem(sys.modules, name, None)


def test_a_library_that_imports_and_makes_nothing_is_passed_over(data, monkeypatch):
    dead = broken_library(SystemError, "_ARRAY_API not found")
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", dead)
    monkeypatch.setitem(sys.modules, "tflite_runtime.interpreter", dead)
    path = data / "models" / "yolox_nano_416_dynrange.tflite"
    with pytest.raises(ModelError, match=r"ai-edge-litert: _ARRAY_API not found; tflite-runtime: _ARRAY_API not found"):
        TfliteRunner(path, "tflite", 1, "")
    monkeypatch.undo()
    from ai_edge_litert import interpreter  # noqa: PLC0415

    monkeypatch.setattr("agent.analyse.detect.tflite.LIBRARIES", ("dead.interpreter", "ai_edge_litert.interpreter"))
    monkeypatch.setitem(sys.modules, "dead", dead)
    monkeypatch.setitem(sys.modules, "dead.interpreter", dead)
    assert interpreter
    assert TfliteRunner(path, "tflite", 1, "").name == "ai-edge-litert (cpu)"


def test_without_a_library_it_says_what_to_install(tmp_path, monkeypatch):
    without_tflite(monkeypatch)
    (tmp_path / "m.tflite").write_bytes(b"x")
    assert "pip install 'lamppost[tflite]'" in refusal(made(tmp_path / "m.tflite", PLAIN), "tflite")


def test_an_edge_tpu_that_is_not_there_leaves_the_cpu(data):
    store = ModelStore([data / "models"])
    pool = DetectorPool(store, Engines(1, ("edgetpu",), "libnosuch.so.1"))
    assert pool.get("yolox-nano").name == "yolox-nano on onnxruntime (cpu)"
    (note,) = pool.notes
    assert "libnosuch.so.1" in note


def test_edge_tpu_files_go_to_edge_tpus_alone(tmp_path):
    files = [
        LocalFile(ModelFile(name=name, sha256="0" * 64, bytes=1), tmp_path / name)
        for name in ("m.onnx", "m.tflite", "m_edgetpu.tflite")
    ]
    assert [local.file.name for local in files_for("cpu", files)] == ["m.onnx"]
    assert [local.file.name for local in files_for("tflite", files)] == ["m.tflite"]
    assert [local.file.name for local in files_for("edgetpu", files)] == ["m_edgetpu.tflite", "m.tflite"]
