"""What the benchmarks and the training call accuracy."""

from __future__ import annotations

import math

import numpy as np
import pytest

from agent.analyse.detect.port import Detection
from agent.core.geometry import Box
from tests.bench.accuracy import LABELS, Judged, Truth, ap50, false_per_empty, truth_of
from tests.bench.detect import noted

ALL = frozenset(LABELS)
HERE, THERE = Box(0.1, 0.1, 0.3, 0.3), Box(0.6, 0.6, 0.8, 0.8)


def truth(*boxes: Box, ignored: tuple[Box, ...] = (), judged: frozenset[str] = ALL) -> Truth:
    def corners(some: tuple[Box, ...]) -> np.ndarray:
        return np.array([(one.x1, one.y1, one.x2, one.y2) for one in some], np.float32).reshape(-1, 4)

    return Truth(corners(boxes), ("person",) * len(boxes), corners(ignored), ("person",) * len(ignored), judged)


def person(box: Box, score: float) -> Detection:
    return Detection("person", score, box)


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        ([person(HERE, 0.9), person(THERE, 0.8)], 1.0),
        ([person(HERE, 0.9)], 0.5),
        ([], 0.0),
        ([person(HERE, 0.9), person(HERE, 0.8)], 0.5),  # a second box on the same thing is wrong, but comes last
        ([person(Box(0.4, 0.4, 0.5, 0.5), 0.95), person(HERE, 0.9), person(THERE, 0.8)], 2 / 3),
        ([Detection("vehicle", 0.9, HERE)], 0.0),
    ],
)
def test_average_precision_by_hand(found, wanted):
    assert ap50([Judged(found, truth(HERE, THERE))], "person") == pytest.approx(wanted)


def test_what_lies_on_an_ignored_box_is_not_judged():
    found = [person(THERE, 0.9), person(Box(0.65, 0.65, 0.7, 0.7), 0.8), person(HERE, 0.5)]
    assert ap50([Judged(found, truth(HERE, ignored=(THERE,)))], "person") == 1.0


def test_pictures_that_do_not_judge_a_label_do_not_count():
    wrong = Judged([person(THERE, 0.9)], truth(judged=frozenset({"vehicle"})))
    assert ap50([wrong, Judged([person(HERE, 0.5)], truth(HERE))], "person") == 1.0
    assert math.isnan(ap50([wrong], "person"))


def test_false_boxes_are_counted_on_pictures_with_nothing_in_them():
    pictures = [
        Judged([person(HERE, 0.5), person(THERE, 0.39)], truth()),
        Judged([], truth()),
        Judged([person(HERE, 0.9)], truth(ignored=(THERE,))),
        Judged([person(HERE, 0.9)], truth(THERE)),
    ]
    assert false_per_empty(pictures, 0.4)["person"] == 0.5
    assert false_per_empty(pictures, 0.4)["all"] == 0.5


def test_a_line_of_labels_is_read():
    row = {
        "width": 100, "height": 50, "eval_classes": [0, 1],
        "boxes": [[10, 10, 20, 20, 0, "human"], [0, 0, 50, 50, 3, "ignore"]],
    }  # fmt: skip
    read = truth_of(row)
    assert read.boxes.tolist() == pytest.approx(np.array([[0.1, 0.2, 0.3, 0.6]]))
    assert (read.labels, read.ignored_labels, read.judged) == (("person",), ("bag",), {"person", "vehicle"})


def test_measurements_are_written_into_the_manifest_and_replaced():
    text = '[[model]]\nname = "a"\n\n[[model.file]]\nname = "a.onnx"\nbytes = 1\n\n[labels]\n'
    values = dict.fromkeys((*LABELS, "false_per_empty", "latency_ms", "ratio"), 0.5)
    once = noted(text, {"machine": "m", "files": {"a.onnx": values}})
    assert "bytes = 1\nmeasured = { person = 0.5, " in once
    assert once.endswith('machine = "m" }\n\n[labels]\n')
    assert noted(once, {"machine": "m", "files": {"a.onnx": values}}) == once
