"""What a track carries: path, best shots, outline, sprites; and that it stays small."""

from __future__ import annotations

import itertools
import sys

import cv2
import numpy as np
import pytest

from agent.analyse.track.filter import born
from agent.analyse.track.outline import MOST_CORNERS, outline_of
from agent.analyse.track.shot import APART_S, LONGEST_PX, MOST_SHOTS, Gallery
from agent.analyse.track.sprites import MOST_BYTES, MOST_CELLS, MOST_PX, Sprites, read_index
from agent.analyse.track.story import Story
from agent.analyse.track.track import Track
from agent.core.clock import NS
from agent.core.geometry import Box, iou
from tests.analyse.scene import at, found, street, walker, with_block

PICTURE = street()


def decoded(body: bytes):
    return cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR)


def block_of(box: Box, picture=PICTURE):
    return with_block(picture, box)


def noise(seed: int = 5):
    return np.random.default_rng(seed).integers(0, 255, (360, 640, 3), np.uint8)


# -- shots ----------------------------------------------------------------------------------------------------------


def offered(*shots) -> Gallery:
    gallery = Gallery()
    for seconds, box, score, others in shots:
        gallery.offer(block_of(box), box, score, at(seconds), others)
    return gallery


def times(gallery: Gallery) -> list[float]:
    return [(shot.wall_ns - at(0)) / NS for shot in gallery.shots]


def test_the_larger_surer_and_less_hidden_come_first():
    small, large, hidden = walker(0.3), walker(0.5, 0.5, 0.1, 0.4), walker(0.7, 0.5, 0.1, 0.4)
    before = Box(0.65, 0.2, 0.67, 0.9)
    gallery = offered((0, small, 0.8, []), (3, large, 0.8, []), (6, hidden, 0.8, [before]))
    assert times(gallery) == [3, 6, 0]
    assert [shot.worth for shot in gallery.shots] == sorted((shot.worth for shot in gallery.shots), reverse=True)


def test_of_shots_near_in_time_only_the_best_stays():
    box = walker(0.5, 0.5, 0.1, 0.4)
    gallery = offered((0, box, 0.5, []), (1, box, 0.9, []), (1.5, box, 0.6, []), (0.5 + APART_S * 2, box, 0.6, []))
    assert times(gallery) == [1, 4.5]


def test_a_gallery_is_small_and_keeps_the_best_of_a_long_life():
    gallery = Gallery()
    for number in range(300):
        box = walker(0.5, 0.5, 0.05 + 0.1 * (number == 123), 0.3)
        gallery.offer(block_of(box), box, 0.8, at(number), [])
    assert len(gallery.shots) == MOST_SHOTS
    assert times(gallery)[0] == 123
    assert all(max(shot.width, shot.height) <= LONGEST_PX and len(shot.jpeg) < 50_000 for shot in gallery.shots)
    assert all(decoded(shot.jpeg).shape == (shot.height, shot.width, 3) for shot in gallery.shots)


def test_blurred_shots_are_worth_less():
    box = walker(0.5, 0.5, 0.2, 0.5)
    sharp = noise()
    gallery = Gallery()
    gallery.offer(cv2.GaussianBlur(sharp, (15, 15), 0), box, 0.8, at(0), [])
    gallery.offer(sharp, box, 0.8, at(5), [])
    gallery.offer(cv2.GaussianBlur(sharp, (15, 15), 0), box, 0.8, at(10), [])
    assert times(gallery)[0] == 5


def test_a_blurred_thing_is_looked_at_again_after_a_moment():
    box = walker(0.5, 0.5, 0.1, 0.4)
    sharp, gallery = noise(), Gallery()
    blurred = cv2.GaussianBlur(sharp, (0, 0), 3)
    taken = [gallery.offer(picture, box, 0.8, at(s), []) for s, picture in ((0, blurred), (0.2, blurred), (1.4, sharp))]
    assert taken == [True, False, True]


def test_a_shot_that_is_coded_late_shows_what_was_there_then():
    box, gallery, picture = walker(0.5, 0.5, 0.1, 0.4), Gallery(), noise()
    gallery.offer(picture, box, 0.8, at(0), [])
    at_once = gallery.shots[0].jpeg
    later = Gallery()
    later.offer(picture, box, 0.8, at(0), [])
    picture[:] = 0
    assert later.shots[0].jpeg == at_once


def test_a_thing_of_a_few_pixels_or_outside_gives_no_shot():
    gallery = Gallery()
    for box in (Box(0.5, 0.5, 0.502, 0.502), Box(0.999, 0.2, 1.0, 0.9), Box(0, 0, 0, 0)):
        assert not gallery.offer(PICTURE, box, 0.9, at(0), [])
    assert gallery.shots == ()


# -- outline --------------------------------------------------------------------------------------------------------


def mask_with(*boxes: Box, width: int = 320, height: int = 180):
    mask = np.zeros((height, width), np.uint8)
    for box in boxes:
        mask[int(box.y1 * height) : int(box.y2 * height), int(box.x1 * width) : int(box.x2 * width)] = 255
    return mask


def test_an_outline_surrounds_what_moves():
    thing = walker(0.5, 0.5, 0.1, 0.4)
    outline = outline_of(mask_with(thing), thing.grown(0.05))
    xs, ys = zip(*outline, strict=True)
    assert 3 <= len(outline) <= MOST_CORNERS
    assert iou(Box(min(xs), min(ys), max(xs), max(ys)), thing) > 0.85


def test_of_several_pieces_the_largest_counts_and_a_ragged_one_has_few_corners():
    rng = np.random.default_rng(1)
    box = Box(0.3, 0.2, 0.7, 0.9)
    mask = mask_with(Box(0.35, 0.25, 0.6, 0.85), Box(0.64, 0.3, 0.68, 0.4))
    mask[rng.random(mask.shape) < 0.02] = 255
    cv2.circle(mask, (150, 90), 50, 255, -1)
    outline = outline_of(cv2.dilate(mask, np.ones((2, 2), np.uint8)), box)
    assert 5 <= len(outline) <= MOST_CORNERS
    assert all(0 <= value <= 1 for point in outline for value in point)


@pytest.mark.parametrize("box", [walker(0.5), Box(0, 0, 0, 0), Box(0.99, 0.99, 1, 1), Box(0, 0, 1, 1)])
def test_nothing_moving_there_means_no_outline(box):
    assert outline_of(mask_with(), box) is None
    assert outline_of(mask_with(Box(0.1, 0.1, 0.12, 0.13)), box) is None


# -- sprites --------------------------------------------------------------------------------------------------------


def sprites_of(boxes, picture=None, step_s: float = 0.2) -> Sprites:
    sprites = Sprites()
    for number, box in enumerate(boxes):
        if sprites.wants(box, at(number * step_s)):
            sprites.add(block_of(box) if picture is None else picture, box, at(number * step_s), None)
    return sprites


def test_a_strip_shows_the_thing_in_every_cell_and_says_where_it_was():
    boxes = [walker(0.1 + 0.02 * number, 0.5, 0.06, 0.3) for number in range(12)]
    strip = sprites_of(boxes).strip(at(0))
    cells, image = read_index(strip.webp), decoded(strip.webp)
    assert image.shape == (strip.height, strip.width, 3)
    assert len(cells) == 12
    for number, (time, x, wide, high, x1, y1, x2, y2, outline) in enumerate(cells):
        assert time == pytest.approx(number * 0.2)
        assert max(wide, high) <= 96
        assert iou(Box(x1, y1, x2, y2), boxes[number]) > 0.6
        blue, _, red = image[high // 2, x + wide // 2].tolist()
        assert red > 180
        assert blue < 90
        assert outline == []


def test_the_outline_goes_along_in_the_cell():
    sprites, box = Sprites(), Box(0.4, 0.4, 0.6, 0.6)
    sprites.add(block_of(box), box, at(0), ((0.5, 0.5), (0.6, 0.4), (0.0, 1.0)))
    ((*_, outline),) = read_index(sprites.strip(at(0)).webp)
    assert outline[:2] == pytest.approx([127, 127], abs=3)
    assert outline[4:] == [0, 255]


def test_other_readers_take_the_strip_for_a_picture(tmp_path):
    import av  # noqa: PLC0415 - only here

    strip = sprites_of([walker(0.2 + 0.03 * n) for n in range(5)]).strip(at(0))
    path = tmp_path / "strip.webp"
    path.write_bytes(strip.webp)
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
    assert (frame.width, frame.height) == (strip.width, strip.height)


def test_five_a_second_at_most_and_none_while_it_stands():
    often = sprites_of([walker(0.1 + 0.003 * number) for number in range(100)], step_s=0.04)
    assert 10 <= len(often.cells) <= 21
    assert len(sprites_of([walker(0.5)] * 200).cells) == 1


@pytest.mark.parametrize("size", [(0.03, 0.1), (0.1, 0.5), (0.9, 0.9), (0.9, 0.01)])
def test_a_long_life_stays_within_its_bounds(size):
    boxes = [walker(0.05 + 0.9 * (number % 97) / 97, 0.5, *size) for number in range(1500)]
    sprites = sprites_of(boxes, picture=noise())
    assert len(sprites.cells) <= MOST_CELLS
    assert sum(cell.pixels.size for cell in sprites.cells) <= 3 * MOST_PX
    gaps = [b.wall_ns - a.wall_ns for a, b in itertools.pairwise(sprites.cells)]
    assert max(gaps) < 0.2 * sum(gaps)
    strip = sprites.strip(at(0))
    assert len(strip.webp) <= MOST_BYTES
    assert len(read_index(strip.webp)) >= 4


def test_no_cells_no_strip_and_a_foreign_picture_has_no_index():
    assert Sprites().strip(at(0)) is None
    assert read_index(b"RIFF\x00\x00\x00\x00WEBP") == []
    assert read_index(b"") == []


# -- the whole ------------------------------------------------------------------------------------------------------


def test_a_track_of_eight_hours_stays_small():
    def size_of(story: Story) -> int:
        cells = sum(cell.pixels.nbytes + sys.getsizeof(cell.outline) for cell in story.sprites.cells)
        shots = sum(len(shot.jpeg) for shot in story.gallery.shots)
        return cells + shots + 200 * len(story.path.points())

    first = found(walker(0.5))
    track = Track("id1", first, born(np.array([[0.5, 0.5, 0.1, 0.3]]).T, np.ones((2, 1))).T.tolist()[0], at(0))
    track.confirmed = True
    story, sizes = Story(track, []), []
    pictures = [noise(seed) for seed in range(3)]
    for number in range(9600):  # 8 hours, a look each 3 s
        box = walker(0.5 + 0.4 * np.sin(number / 40), 0.5, 0.1, 0.3)
        track.box, track.seen_ns = box, at(number * 3.0)
        story.tell(pictures[number % 3], [], mask_with(box) if number % 2 else None)
        sizes.append(size_of(story))
    assert max(sizes) < 1_000_000
    assert max(sizes[4800:]) <= 1.2 * max(sizes[:4800])
    assert story.path.points()[0][0] == at(0)
    assert story.path.points()[-1][0] == at(9599 * 3.0)
    assert len(story.path.points()) <= 601
    assert len(story.sprites.strip(track.first_ns).webp) <= MOST_BYTES


def test_without_sprites_there_are_none():
    first = found(walker(0.5))
    track = Track("id1", first, [0.0] * 12, at(0))
    track.confirmed = True
    story = Story(track, [], with_sprites=False)
    story.tell(PICTURE, [], None)
    assert story.sprites.cells == ()
    assert len(story.gallery.shots) == 1
