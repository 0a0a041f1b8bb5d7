"""The parts that need torch; run by `make test-train`, not by `make test`."""

import numpy as np
import onnxruntime
import pytest
import torch

from models.train.export import Finished, export
from models.train.fit import State, optimiser, rate
from models.train.loss import assign, cost, paired_overlap
from models.train.net import Nano, boxes_of, grid

CELLS, STRIDES = grid(96, 64)
MIDDLES = (CELLS + 0.5) * STRIDES


def rows(*values):
    return torch.tensor(values, dtype=torch.float32).reshape(-1, 6)


def test_the_output_has_a_row_for_each_cell():
    raw = Nano().eval()(torch.zeros(2, 3, 64, 96))
    assert raw.shape == (2, 96 + 24 + 6, 9)
    assert raw.shape[1] == len(CELLS)


def test_raw_numbers_become_corners_as_yolox_means_them():
    raw = torch.zeros(len(CELLS), 4)
    raw[:, :2], raw[13, 2] = 0.5, np.log(3.0)
    x1, y1, x2, y2 = boxes_of(raw, CELLS, STRIDES)[13].tolist()
    assert (x1, y1, x2, y2) == pytest.approx((1.5 * 8 - 12, 1.5 * 8 - 4, 1.5 * 8 + 12, 1.5 * 8 + 4))


def test_overlap_of_a_box_with_itself_and_with_a_far_one():
    box = torch.tensor([[0.0, 0, 10, 10], [20, 20, 30, 30]])
    iou, giou = paired_overlap(box[:1], box)
    assert iou.tolist() == pytest.approx([1, 0])
    assert giou[0] == pytest.approx(1)
    assert giou[1] < 0


def test_cells_near_a_box_answer_for_it_and_ignored_ones_for_nothing():
    boxes = torch.cat([MIDDLES - 8, MIDDLES + 8], 1)
    scores = torch.full((len(CELLS), 5), 0.1)
    found = assign(scores, boxes, MIDDLES, STRIDES, rows((8, 8, 24, 24, 2, 0.8), (60, 30, 90, 60, 0, -1)))
    assert len(found.cells)
    assert found.scores[:, 2].max() == pytest.approx(0.8, abs=0.05)
    assert found.scores[:, [0, 1, 3, 4]].max() == 0
    ignored = ((torch.tensor([60.0, 30]) < MIDDLES) & (torch.tensor([90.0, 60]) > MIDDLES)).all(1)
    assert (found.mask[:, 0] == (~ignored).float()).all()
    assert found.mask[:, 1:].min() == 1


def test_the_smallest_box_has_somebody():
    boxes = torch.cat([MIDDLES - 8, MIDDLES + 8], 1)
    found = assign(torch.full((len(CELLS), 5), 0.1), boxes, MIDDLES, STRIDES, rows((41, 33, 43, 36, 0, 1)))
    assert len(found.cells)


def test_one_picture_can_be_learnt():
    torch.manual_seed(0)
    net = Nano().train()
    picture = torch.full((2, 3, 64, 96), 114.0)
    picture[:, 2, 16:48, 24:72] = 250
    truth = [rows((24, 16, 72, 48, 1, 1))] * 2
    optimiser = torch.optim.AdamW(net.parameters(), lr=3e-3)
    for _ in range(40):
        raw = net(picture)
        found = cost(raw[..., 4:], boxes_of(raw[..., :4], CELLS, STRIDES), MIDDLES, STRIDES, truth)
        optimiser.zero_grad()
        (found.classes + found.boxes).backward()
        optimiser.step()
    scores = raw[0, :, 5].sigmoid()
    box = boxes_of(raw[..., :4], CELLS, STRIDES)[0, scores.argmax()]
    assert scores.max() > 0.4
    assert paired_overlap(box[None], torch.tensor([[24.0, 16, 72, 48]]))[0] > 0.7


def test_an_empty_batch_costs_something_finite():
    raw = Nano()(torch.zeros(1, 3, 64, 96))
    found = cost(raw[..., 4:], boxes_of(raw[..., :4], CELLS, STRIDES), MIDDLES, STRIDES, [torch.zeros(0, 6)])
    assert torch.isfinite(found.classes + found.boxes)
    assert found.positives == 0


def test_a_run_goes_on_where_it_was_saved(tmp_path):
    first = State(Nano(), Nano(), optimiser(Nano()), progress=0.4, step=7, views=99)
    first.save(tmp_path / "last.pt")
    net = Nano()
    second = State(net, Nano(), optimiser(net))
    second.load(tmp_path / "last.pt", again=False)
    assert (second.progress, second.step, second.views) == (0.4, 7, 99)
    assert torch.equal(net.state_dict()["heads.0.box.bias"], first.net.state_dict()["heads.0.box.bias"])
    second.load(tmp_path / "last.pt", again=True)
    assert second.progress == 0


def test_the_rate_rises_then_falls():
    assert rate(0.0, 0) < rate(0.0, 500) > rate(0.5, 500) > rate(1.0, 500) > 0


def test_the_export_says_what_torch_says_for_any_number_of_pictures(tmp_path):
    net = Nano().eval()
    assert export(net, tmp_path / "net.onnx", 96, 64) < 1e-2
    session = onnxruntime.InferenceSession(str(tmp_path / "net.onnx"), providers=["CPUExecutionProvider"])
    pictures = np.random.default_rng(1).uniform(0, 255, (3, 3, 64, 96)).astype(np.float32)
    expected = Finished(net, 96, 64)(torch.from_numpy(pictures)).detach().numpy()
    assert np.allclose(session.run(None, {"images": pictures})[0], expected, atol=1e-2)
