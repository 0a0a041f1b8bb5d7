"""The plaza: a paved square with trees and benches, a street behind it, shops across the street."""

from __future__ import annotations

from agent.sim.scene.backdrop import Place
from agent.sim.scene.facade import Front
from agent.sim.scene.ground import X_M, Ground, rectangle, strip
from agent.sim.scene.props import Prop
from agent.sim.scene.story import Cast
from agent.sim.scene.trees import Tree

ZONES = {"plaza": ((-4.2, 9.5), (4.2, 9.5), (6.2, 20.5), (-6.2, 20.5))}


def lay(ground: Ground) -> None:
    """Slabs, darker bands, the street with its lanes."""
    left, right = X_M
    ground.paving(rectangle(left, 4, right, 28), (0.9, 0.6), (168, 180, 188))
    for y in (10.5, 16.5, 22.5):
        ground.paving(rectangle(left, y, right, y + 0.9), (0.3, 0.3), (128, 136, 148), -18, 8)
    for x in (-12.6, -6.3, 0.0, 6.3, 12.6):
        ground.paving(rectangle(x - 0.3, 4, x + 0.3, 25), (0.3, 0.3), (134, 140, 150), -18, 8)
    ground.grass([(-17, 15.5), (-9.4, 15.5), (-9.4, 21.5), (-20, 21.5)])
    ground.paving(rectangle(left, 25.2, right, 28), (0.5, 0.5), (146, 150, 154))
    ground.paint(rectangle(left, 27.8, right, 28.05), (186, 190, 192))
    ground.asphalt(rectangle(left, 28.05, right, 35.6))
    ground.dashes((left, 31.8), (right, 31.8), 0.16, 1.6, 1.6)
    for y in (28.4, 35.2):
        ground.paint(strip((left, y), (right, y), 0.10), (206, 210, 212))
    ground.paint(rectangle(left, 35.6, right, 35.9), (184, 188, 190))
    ground.paving(rectangle(left, 35.9, right, 46), (0.6, 0.6), (150, 154, 158))
    ground.drain(2.2, 12.4)
    ground.drain(-7.0, 30.0, 0.7)


PLACE = Place(
    name="plaza",
    title="City Plaza",
    height_m=5.4,
    pitch_deg=14.0,
    hfov_deg=58.0,
    lay=lay,
    fronts=(
        Front((-40, 39.2), (-22, 39.2), 12.5, (128, 160, 186), (70, 110, 60)),
        Front((-22, 39.2), (-9.5, 39.2), 14.0, (88, 104, 158), (60, 60, 150), bricks=True),
        Front((-9.5, 39.2), (1.5, 39.2), 12.0, (186, 206, 214), (150, 90, 50)),
        Front((1.5, 39.2), (15, 39.2), 14.5, (140, 150, 154), (50, 120, 190), window_m=(1.5, 1.8), pitch_m=2.7),
        Front((15, 39.2), (26, 39.2), 12.0, (112, 142, 190), (60, 130, 80), bricks=True),
        Front((26, 39.2), (44, 39.2), 13.0, (170, 186, 190), (90, 60, 130)),
    ),
    props=(
        Prop("bench", -4.4, 19.8),
        Prop("bench", 5.0, 19.8),
        Prop("bench", -7.9, 16.6, 0.2, 0.98),
        Prop("bin", -2.7, 20.1, colour=(84, 104, 70)),
        Prop("bin", 7.2, 13.2, colour=(84, 104, 70)),
        Prop("lamp", -8.4, 24.6),
        Prop("lamp", 1.4, 24.6),
        Prop("lamp", 10.8, 24.6),
        Prop("planter", 9.2, 18.8, colour=(150, 158, 162)),
        Prop("rack", 7.4, 22.5),
        *(Prop("bollard", x, 27.2) for x in (-14, -11, -5, -2, 4, 7, 13, 16)),
    ),
    trees=(
        Tree(-11.2, 19.0, 1.25),
        Tree(11.6, 20.4, 1.15, (66, 136, 112)),
        Tree(-4.6, 25.4, 0.95),
        Tree(5.0, 37.0, 1.0),
        Tree(-17.5, 37.0, 1.0),
        Tree(17.6, 25.8, 1.1),
    ),
    shades=(((-34, 4), (-4.6, 4), (-9.0, 9.2), (-34, 12.5)),),
)


def play(cast: Cast) -> None:
    """One round of the plaza."""
    cast.walker(1, [(-10.5, 14.2), (10.5, 15.0)])
    cast.walker(9, [(14.5, 17.4), (-1.0, 16.6), (-13, 13.0)])
    cast.pair(19, [(-9.5, 11.2), (-1.0, 12.6), (9.8, 11.4)])
    cast.walker(31, [(1.2, 4.2), (-1.0, 14.0), (-15.5, 23.6)])
    cast.walker(38, [(12.0, 12.4), (2.0, 15.2), (0.4, 17.2, 3.0), (-14.5, 17.6)])
    cast.walker(52, [(-17, 26.4), (17, 26.6)])
    cast.walker(26, [(18, 26.2), (-18, 26.6)])
    cast.walker(46, [(-13.5, 17.0), (3.4, 13.0), (8.8, 8.6)])
    cast.walker(57, [(25, 37.4), (-25, 37.6)])
    cast.sitter(-4.7, 19.7, -90)
    cast.sitter(5.3, 19.7, -78)
    cast.left_bag(
        "suitcase",
        [(11.5, 15.0), (1.7, 14.3, 3.2), (-0.6, 20.0), (-16, 24.4)],
        1,
        32.0,
        [(-10.6, 12.0), (1.0, 13.9, 3.0), (10.0, 11.6)],
        1,
    )
    cast.borrowed_bicycle(
        6.6,
        22.0,
        8,
        -3.0,
        [(-15.6, 24.3), (6.2, 21.5, 3.0), (10.0, 22.9), (18, 23.8)],
        41.0,
        [(18.5, 23.2), (6.6, 22.6, 3.2), (3.0, 24.0), (-17, 24.2)],
    )
    cast.parked_bicycle(8.7, 22.3, 12)
    cast.parked_bicycle(-6.4, 21.6, 172)
    cast.rider(16, [(-16.5, 23.4), (16.5, 23.6)])
    cast.rider(50, [(22, 29.2), (-22, 29.2)], 5.0)
    for start, way, kind in (
        (3, 1, "car"),
        (8, -1, "car"),
        (15, 1, "van"),
        (21, -1, "car"),
        (29, 1, "car"),
        (36, -1, "van"),
        (43, 1, "car"),
        (54, -1, "car"),
    ):
        lane = 30.0 if way > 0 else 33.6
        cast.vehicle(start, [(-25.0 * way, lane), (25.0 * way, lane)], kind)
