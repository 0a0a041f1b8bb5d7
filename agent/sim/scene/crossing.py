"""The crossing: a zebra over a two-lane road, with a signal that stops cars while people walk."""

from __future__ import annotations

from agent.sim.scene.backdrop import Place, Walk
from agent.sim.scene.facade import Front
from agent.sim.scene.ground import X_M, Ground, rectangle, strip
from agent.sim.scene.props import Prop
from agent.sim.scene.story import Cast
from agent.sim.scene.trees import Tree

ZONES = {"zebra": ((-2.3, 13.4), (2.3, 13.4), (2.3, 21.2), (-2.3, 21.2))}
_NEAR, _FAR = 15.2, 19.2  # the middle of the lanes


def lay(ground: Ground) -> None:
    """Pavement, road with stop lines and stripes, pavement, a strip of lawn."""
    left, right = X_M
    ground.paving(rectangle(left, 4, right, 13.0), (0.7, 0.7), (158, 164, 166), -26, 7)
    ground.paving(rectangle(-2.6, 11.6, 2.6, 13.0), (0.25, 0.25), (120, 178, 206), -34, 6)
    ground.paint(rectangle(left, 12.8, right, 13.1), (190, 194, 196))
    ground.asphalt(rectangle(left, 13.1, right, 21.4), (92, 90, 88))
    for x in range(-2, 3):
        ground.paint(rectangle(x - 0.27, 13.5, x + 0.27, 21.0), (218, 222, 224))
    ground.dashes((left, 17.2), (-4.4, 17.2), 0.15, 2.0, 1.6)
    ground.dashes((4.4, 17.2), (right, 17.2), 0.15, 2.0, 1.6)
    ground.paint(strip((-3.9, 13.3), (-3.9, 17.1), 0.34), (214, 218, 220))
    ground.paint(strip((3.9, 17.3), (3.9, 21.2), 0.34), (214, 218, 220))
    for y in (13.35, 21.15):
        ground.paint(strip((left, y), (-4.2, y), 0.12), (60, 190, 214))
        ground.paint(strip((4.2, y), (right, y), 0.12), (60, 190, 214))
    ground.paint(rectangle(left, 21.4, right, 21.7), (186, 190, 192))
    ground.paving(rectangle(left, 21.7, right, 46), (0.6, 0.6), (146, 154, 160), -22, 7)
    ground.paving(rectangle(-2.6, 21.7, 2.6, 22.9), (0.25, 0.25), (120, 178, 206), -34, 6)
    ground.grass(rectangle(left, 26.6, -3.5, 29.6))
    ground.grass(rectangle(5.0, 26.6, right, 29.6))
    ground.drain(7.4, 13.7, 0.6)
    ground.drain(-5.6, 10.4, 0.7)


PLACE = Place(
    name="crossing",
    title="Main St Crossing",
    height_m=5.0,
    pitch_deg=14.5,
    hfov_deg=56.0,
    lay=lay,
    fronts=(
        Front((-38, 32.0), (-16, 32.0), 12.5, (150, 172, 180), (120, 90, 40), pitch_m=2.8),
        Front((-16, 32.0), (-4.2, 32.0), 13.5, (74, 96, 150), (60, 130, 160), bricks=True),
        Front((-4.2, 32.0), (4.8, 32.0), 11.8, (196, 202, 196), (60, 60, 60), window_m=(1.9, 2.0), pitch_m=2.6),
        Front((4.8, 32.0), (17, 32.0), 13.0, (122, 168, 200), (90, 50, 120)),
        Front((17, 32.0), (36, 32.0), 12.0, (104, 122, 170), (70, 120, 60), bricks=True),
    ),
    props=(
        Prop("signal", -3.4, 12.4),
        Prop("signal", 3.4, 22.1, -1.0),
        Prop("lamp", -7.6, 22.4),
        Prop("lamp", 7.8, 22.4),
        Prop("bench", -7.2, 26.0),
        Prop("bench", 6.6, 26.0),
        Prop("bin", -4.9, 26.0, colour=(60, 110, 170)),
        Prop("bin", 5.4, 11.8, colour=(60, 110, 170)),
        Prop("planter", -6.3, 8.2, colour=(120, 132, 150)),
        Prop("rack", 9.8, 24.9),
        *(Prop("bollard", x, 12.5) for x in (-6.6, -5.2, 5.2, 6.6)),
    ),
    trees=(
        Tree(-13.2, 28.0, 1.15, (60, 120, 96)),
        Tree(12.8, 28.2, 1.2),
        Tree(-4.9, 28.4, 0.85, (58, 138, 120)),
        Tree(9.4, 9.4, 0.85),
    ),
    walks=(Walk(3.4, 21.9, 2.95, ((19.0, 28.0), (46.5, 55.0))), Walk(-3.4, 12.2, 2.95, ((19.0, 28.0), (46.5, 55.0)))),
    shades=(((2.6, 4), (34, 4), (34, 9.6), (5.0, 7.4)),),
)


def play(cast: Cast) -> None:
    """One round: cars go, then people cross, twice a minute."""
    _traffic(cast)
    _crossers(cast)
    cast.walker(6, [(-9.5, 11.2), (9.5, 11.0)])
    cast.walker(17, [(11.5, 9.8), (-9.0, 9.8)])
    cast.walker(33, [(15.5, 23.6), (-15.5, 24.2)])
    cast.walker(47, [(-15.5, 23.2), (15.5, 23.4)])
    cast.walker(55, [(20.5, 30.6), (-20.5, 30.8)])
    cast.pair(11, [(-16.5, 24.2), (16.5, 23.8)])
    cast.sitter(-7.5, 25.9, -90)
    cast.rider(28, [(-14, 13.75), (-4.8, 13.75), (14, 13.9)], 4.6)
    cast.left_bag(
        "rucksack",
        [(-10.0, 11.2), (-4.4, 11.0, 3.0), (-9.5, 9.2)],
        1,
        39.0,
        [(9.6, 11.4), (-3.5, 10.6, 3.0), (-5.2, 3.8)],
        1,
    )
    cast.borrowed_bicycle(
        9.6,
        24.4,
        6,
        2.0,
        [(20.0, 30.6), (9.1, 25.4, 3.0), (12.0, 23.4), (18, 23.2)],
        36.0,
        [(18.4, 23.6), (9.0, 24.6, 3.0), (10.5, 30.8), (21.0, 30.8)],
    )
    cast.parked_bicycle(-10.2, 24.9, 176)


def _traffic(cast: Cast) -> None:
    """Free road 0 .. 17 s and 31 .. 47 s; who comes later waits at the line until people have crossed."""
    for start, kind in ((1, "car"), (7, "van"), (32, "car"), (40, "car")):
        cast.vehicle(start, [(-21, _NEAR), (21, _NEAR)], kind, 7.5)
    for start, kind in ((4, "car"), (36, "car"), (43, "van")):
        cast.vehicle(start, [(24, _FAR), (-24, _FAR)], kind, 7.5)
    cast.vehicle(14.5, [(-21, _NEAR), (-6.6, _NEAR, 14.0), (21, _NEAR)], "car", 6.5)
    cast.vehicle(45.5, [(-21, _NEAR), (-6.6, _NEAR, 11.5), (21, _NEAR)], "car", 6.5)
    cast.vehicle(15.5, [(24, _FAR), (6.6, _FAR, 12.8), (-24, _FAR)], "car", 6.5)


def _crossers(cast: Cast) -> None:
    cast.walker(14.5, [(-1.8, 4.2), (-0.9, 12.2, 0.4), (-1.0, 22.4), (-4.0, 23.6), (-17.0, 25.0)], 1.5)
    cast.walker(9.4, [(16.5, 23.4), (1.2, 22.6, 1.0), (1.1, 12.0), (9.0, 9.0)], 1.45)
    cast.walker(29.5, [(-20.5, 31.0), (-2.0, 30.6), (0.2, 22.8, 0.5), (0.2, 12.2), (-9.6, 9.0)], 1.5)
    cast.pair(42.8, [(1.9, 2.8), (0.9, 12.2, 1.2), (0.8, 22.6), (4.0, 23.4), (17, 23.2)])
