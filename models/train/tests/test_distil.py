"""Views made on the device, the teacher beside them, and what both teach; run by `make test-train`."""

import os
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from models.train.distil import RECIPES, Run, Way, _Place, assign, lesson
from models.train.elder import Elder
from models.train.loss import assign as assign_one
from models.train.mean import mean
from models.train.merge import Taught
from models.train.net import Nano, boxes_of, grid
from models.train.pack import IGNORE
from models.train.views import Recipe, Shelf, stage, views

SIZE = (96, 64)
PLACE = _Place(*grid(*SIZE))
DATA = Path(os.environ.get("LAMPPOST_TEST_DATA", Path(__file__).parents[4] / "shared" / "data"))
ELDER = DATA / "models" / "yolox_nano_416.onnx"


def taught(*rows):
    rows = np.array(rows, np.float32).reshape(-1, 6)
    return Taught(rows[:, :4], rows[:, 4].astype(np.int64), rows[:, 5])


def painted(x1, y1, x2, y2):
    picture = np.full((200, 300, 3), 30, np.uint8)
    picture[y1:y2, x1:x2] = (40, 60, 220)
    return picture


@pytest.fixture(scope="module")
def scene():
    """Three pictures, each with one red box: a street, a drawn one, one that may be something."""
    boxes = [(100, 60, 160, 140), (30, 30, 90, 120), (180, 80, 260, 160)]
    shelves = tuple(Shelf(torch.tensor([n]), torch.ones(1)) for n in range(3))
    rows = [taught((*boxes[0], 0, 1.0)), taught((*boxes[1], 1, 1.0)), taught((*boxes[2], 2, IGNORE))]
    return stage([painted(*box) for box in boxes], rows, [False, True, False], shelves)


def recipe(mosaic=0.0, close=0.0, blended=0.0, mix=(1.0, 0.0, 0.0)):
    return Recipe(1.0, SIZE, mosaic, close, blended, mix)


@pytest.fixture(autouse=True)
def always_the_same():
    torch.manual_seed(7)


@pytest.mark.parametrize("way", [recipe(), recipe(close=1.0), recipe(mosaic=1.0, mix=(0.5, 0.5, 0.0))])
def test_boxes_lie_where_their_pixels_do(scene, way, monkeypatch):
    monkeypatch.setattr("models.train.views.weather", lambda pictures: pictures)
    made = views(scene, way, 40)
    checked = 0
    for picture, rows in zip(made.pictures, made.rows, strict=True):
        red = (picture[2] - picture[0]) > 100
        inside = torch.zeros_like(red)
        for x1, y1, x2, y2, _, weight in rows.tolist():
            if weight:
                inside[max(0, round(y1)) : round(y2), max(0, round(x1)) : round(x2)] = True
                checked += 1
        outside = red & ~inside
        # a pixel of blur at the rim, and boxes that were too much cut off to be kept
        assert outside.float().mean() < 0.05
        if inside.any():
            assert red[inside].float().mean() > 0.6
    assert checked > 30


def test_close_views_show_things_larger(scene):
    def heights(way):
        rows = views(scene, way, 200).rows
        return (rows[..., 3] - rows[..., 1])[rows[..., 5] > 0]

    far, near = heights(recipe()), heights(recipe(close=1.0))
    assert near.quantile(0.9) > 1.3 * far.quantile(0.9)
    assert near.max() > 0.8 * SIZE[1]


def test_drawn_pixels_are_known_and_blends_marked(scene):
    assert views(scene, recipe(mix=(0.0, 1.0, 0.0)), 4).real.max() == 0
    assert views(scene, recipe(mix=(1.0, 0.0, 0.0)), 4).real.min() == 1
    assert views(scene, recipe(blended=1.0), 4).blended.all()


def test_what_may_be_something_stays_so(scene):
    rows = views(scene, recipe(mix=(0.0, 0.0, 1.0)), 20).rows
    assert set(rows[..., 5].unique().tolist()) <= {0.0, IGNORE}


@pytest.mark.parametrize("seed", range(5))
def test_a_batch_is_assigned_as_single_pictures_are(seed):
    random = torch.Generator().manual_seed(seed)
    cells = len(PLACE.cells)
    scores = torch.rand(4, cells, 5, generator=random)
    raw = torch.randn(4, cells, 4, generator=random) * 0.3 + torch.tensor([0.5, 0.5, 1.0, 1.2])
    boxes = boxes_of(raw, *PLACE)
    corner = torch.rand(4, 9, 2, generator=random) * torch.tensor([70.0, 40.0])
    rows = torch.cat([corner, corner + 4 + torch.rand(4, 9, 2, generator=random) * 22], -1)
    labels = torch.randint(0, 5, (4, 9, 1), generator=random).float()
    weights = torch.tensor([1.0, 0.6, 0, -1, 1, 0.9, 0, -1, 0.8]).expand(4, 9)[..., None]
    rows = torch.cat([rows, labels, weights], -1)
    target, mask, wanted = assign(scores, boxes, PLACE, rows)
    for number in range(4):
        kept = rows[number][rows[number, :, 5] != 0]
        one = assign_one(scores[number], boxes[number], PLACE.middles, PLACE.strides, kept)
        assert torch.allclose(one.scores, target[number], atol=1e-6)
        assert torch.equal(one.mask, mask[number])
        assert torch.equal(one.boxes, wanted[number][one.cells])


def test_the_teacher_says_what_its_file_says():
    pictures = (torch.rand(1, 3, 416, 416) * 255).round()
    session = onnxruntime.InferenceSession(str(ELDER), providers=["CPUExecutionProvider"])
    rows = torch.from_numpy(session.run(None, {"images": pictures.numpy()})[0])
    found = Elder(ELDER)(pictures, *grid(416, 416))
    each = rows[..., 4:5] * rows[..., 5:]
    assert torch.allclose(found.scores[..., 0], each[..., 0], atol=1e-4)
    assert torch.allclose(found.scores[..., 1], each[..., [2, 5, 7]].amax(-1), atol=1e-4)
    assert torch.allclose(found.boxes, boxes_of(rows[..., :4], *grid(416, 416)), atol=1e-2)


def test_who_says_what_the_teacher_says_pays_nothing_more_for_it(scene):
    made = views(scene, recipe(), 4)
    raw = Nano().eval()(made.pictures).detach()
    said = Elder(ELDER)(made.pictures, *PLACE)
    agrees = torch.cat([raw[..., :4], torch.logit(said.scores.clamp(1e-4, 1 - 1e-4))], -1)
    own = lesson(agrees, made, said, PLACE)
    other = lesson(torch.cat([agrees[..., :4], agrees[..., 4:] + 1.0], -1), made, said, PLACE)
    assert own.heard < other.heard


def test_a_run_learns_and_leaves_a_net_to_go_on_from(scene, tmp_path):
    way = Way((Recipe(1.01, SIZE, 0.5, 0.3, 0.1, (0.6, 0.2, 0.2)),), 8, 3e-3)
    run = Run(tmp_path, scene, Elder(ELDER), way)
    costs = [float(run.learn(0.5).boxes) for _ in range(80)]
    assert np.mean(costs[-10:]) < 0.7 * np.mean(costs[:10]), costs
    run.save("last.pt")
    again = Run(tmp_path, scene, run.elder, way)
    assert all(torch.equal(a, b) for a, b in zip(again.net.parameters(), run.average.parameters(), strict=True))


def test_sizes_go_up_and_every_moment_has_a_recipe():
    assert [one.until for one in RECIPES] == sorted(one.until for one in RECIPES)
    assert RECIPES[-1].until > 1
    assert all(side % 32 == 0 for one in RECIPES for side in one.size)


def test_a_mean_lies_in_the_middle():
    one, other = Nano().state_dict(), Nano().state_dict()
    found = mean([one, other])
    name = "heads.0.box.bias"
    assert torch.allclose(found[name], (one[name] + other[name]) / 2)
    Nano().load_state_dict(found)
