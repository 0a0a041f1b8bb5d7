"""What the net is shown: packs, merged labels, augmentation. The parts that need torch: `make test-train`."""

import numpy as np
import pytest

from models.train.augment import clipped, mosaic, single, weather
from models.train.boxes import overlaps
from models.train.empty import free_window
from models.train.merge import Taught, merge, share_weights
from models.train.pack import IGNORE, Pack, PackWriter, Record
from models.train.street import record_of
from models.train.teacher import merged


def record(*boxes, width=100, height=80):
    return Record("a.jpg", width, height, "here", "CC0", "train", (0, 1, 2, 3, 4), boxes)


def rows(*values):
    return np.array(values, np.float32).reshape(-1, 6)


def taught(*values):
    table = rows(*values)
    return Taught(table[:, :4], table[:, 4].astype(np.int64), table[:, 5])


def test_a_pack_gives_back_what_went_in(tmp_path):
    pictures = [np.full((80, 100, 3), 40, np.uint8), np.full((600, 896, 3), 200, np.uint8)]
    writer = PackWriter(tmp_path / "pack")
    writer.add(pictures[0], record((1, 2, 11, 22, 0, 1.0)))
    assert not (tmp_path / "pack" / "records.jsonl").exists()
    writer.add(pictures[1], record((100, 200, 300, 400, 1, IGNORE)))
    writer.close()
    pack = Pack(tmp_path / "pack")
    assert np.array_equal(pack.picture(0), pictures[0])
    assert pack.records[0].boxes == ((1, 2, 11, 22, 0, 1.0),)
    assert pack.picture(1).shape == (300, 448, 3)  # at most 448 px, and its boxes with it
    assert pack.records[1].boxes == ((50, 100, 150, 200, 1, IGNORE),)


def test_a_line_of_labels_becomes_corners_and_weights():
    line = {
        "file": "a.jpg", "width": 50, "height": 40, "source": "s", "licence": "l", "split": "val", "eval_classes": [0],
        "boxes": [[1, 2, 10, 20, 0, "human"], [5, 5, 2, 2, 1, "ignore"]],
    }  # fmt: skip
    assert record_of(line).boxes == ((1, 2, 11, 22, 0, 1.0), (5, 5, 7, 7, 1, IGNORE))


def test_the_teacher_adds_what_labels_lack_and_what_it_doubts_is_left_alone():
    labels = record((0, 0, 20, 20, 0, 1.0))
    teacher = rows((0, 0, 20, 21, 0, 0.9), (40, 40, 60, 60, 1, 0.7), (70, 10, 90, 30, 0, 0.4), (1, 60, 9, 70, 4, 0.2))
    found = merge(labels, teacher)
    assert found.boxes[:, 0].tolist() == [0, 40, 70]
    assert found.weights.tolist() == pytest.approx([1.0, 0.7, IGNORE])


def test_an_uncertain_label_without_backing_is_dropped_and_with_it_believed():
    labels = record((0, 0, 20, 20, 0, IGNORE), (40, 40, 60, 60, 0, IGNORE))
    found = merge(labels, rows((41, 40, 60, 60, 0, 0.8)))
    assert found.boxes.tolist() == [[40, 40, 60, 60]]
    assert found.weights.tolist() == [0.5]


def test_where_nobody_labelled_the_teacher_is_believed_sooner_and_doubted_longer():
    found = merge(record(), rows((0, 0, 20, 20, 0, 0.42), (40, 40, 60, 60, 0, 0.12)), alone=True)
    assert found.weights.tolist() == pytest.approx([0.42, IGNORE])


def test_drawn_scenes_need_no_teacher():
    assert merge(record((0, 0, 20, 20, 2, IGNORE)), None).weights.tolist() == [IGNORE]


def test_rare_classes_are_shown_more_often():
    person, bicycle = taught((0, 0, 9, 9, 0, 1)), taught((0, 0, 9, 9, 2, 1))
    shares = share_weights([person, bicycle, taught()])
    assert shares.sum() == pytest.approx(1)
    assert shares[1] > shares[0] > shares[2]


def test_two_looks_count_as_one_and_a_single_one_half():
    both = merged(rows((0, 0, 10, 10, 0, 0.9)), rows((0, 0, 10, 11, 0, 0.7), (50, 50, 60, 60, 1, 0.6)))
    assert both[:, 5].tolist() == pytest.approx([0.8, 0.3])


def test_a_cut_box_is_ignored_and_a_sliver_dropped():
    boxes = taught((10, 10, 30, 30, 0, 1), (-30, 10, 10, 30, 0, 1), (-99, 10, 2, 30, 0, 1), (5, 5, 7, 9, 0, 1))
    found = clipped(boxes.boxes, boxes, 100, 80)
    assert found[:, 5].tolist() == [1, IGNORE, IGNORE]
    assert found[1, :4].tolist() == [0, 10, 10, 30]


@pytest.mark.parametrize("seed", range(12))
def test_boxes_stay_on_what_they_mark(seed):
    rng = np.random.default_rng(seed)
    picture = np.full((90, 160, 3), 30, np.uint8)
    picture[20:60, 50:110] = (0, 0, 250)
    sample = picture, taught((50, 20, 110, 60, 0, 1))
    for canvas, found in (single(rng, sample, (128, 96), 0.7, 1.8), mosaic(rng, [sample] * 4, (128, 96))):
        assert canvas.shape == (96, 128, 3)
        for box in found[found[:, 5] > 0]:
            red = canvas[:, :, 2].astype(int) - canvas[:, :, 0] > 100
            x1, y1, x2, y2 = np.rint(box[:4]).astype(int)
            assert red[y1 + 2 : y2 - 2, x1 + 2 : x2 - 2].mean() > 0.95


def test_weather_keeps_shape_and_kind():
    rng = np.random.default_rng(3)
    picture = rng.integers(0, 256, (48, 64, 3)).astype(np.uint8)
    for _ in range(60):
        changed = weather(rng, picture)
        assert changed.shape == picture.shape
        assert changed.dtype == np.uint8


def test_an_empty_window_touches_nobody():
    rng = np.random.default_rng(1)
    taken = np.array([[100, 60, 220, 200]], np.float32)
    window = free_window(rng, 448, 252, taken)
    assert window is not None
    assert overlaps(np.array([window], np.float32), taken).max() == 0
    assert free_window(rng, 448, 252, np.array([[0, 0, 448, 252]], np.float32)) is None
