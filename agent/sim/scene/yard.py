"""The yard: a court between brick walls with marked parking, a loading door and a gate to the street."""

from __future__ import annotations

from agent.sim.scene.backdrop import Place
from agent.sim.scene.facade import Front
from agent.sim.scene.ground import X_M, Ground, rectangle, strip
from agent.sim.scene.props import Prop
from agent.sim.scene.story import Cast
from agent.sim.scene.trees import Tree

ZONES = {"court": ((-4.6, 10.0), (3.8, 10.0), (4.2, 22.0), (-5.0, 22.0))}
_BRICK = (82, 100, 152)


def lay(ground: Ground) -> None:
    """Asphalt with parking bays, a cobbled gutter, pavement along the houses."""
    left, right = X_M
    ground.asphalt(rectangle(left, 4, right, 46), (112, 110, 108))
    ground.paving(rectangle(-34, 4, -8.2, 46), (0.5, 0.5), (150, 156, 158), -22, 7)
    ground.paint(rectangle(-8.3, 4, -8.05, 32), (184, 188, 190))
    ground.paving(rectangle(-0.25, 4, 0.25, 30), (0.25, 0.25), (126, 130, 134), -26, 10)
    for y in (12.2, 15.0, 17.8, 20.6, 23.4, 26.2):
        ground.paint(strip((5.6, y), (10.6, y), 0.12), (214, 218, 220))
    ground.paving(rectangle(left, 29.6, right, 33), (0.6, 0.6), (152, 156, 160))
    ground.paint(rectangle(left, 29.4, right, 29.7), (184, 188, 190))
    ground.paint(rectangle(left, 32.8, right, 33.05), (184, 188, 190))
    ground.asphalt(rectangle(left, 33.05, right, 40), (90, 88, 87))
    ground.dashes((left, 36.5), (right, 36.5), 0.15, 1.8, 1.6)
    ground.drain(-3.4, 13.4, 0.7)
    ground.drain(2.6, 19.6, 0.6)


PLACE = Place(
    name="yard",
    title="Foundry Yard",
    height_m=5.6,
    pitch_deg=14.5,
    hfov_deg=57.0,
    lay=lay,
    fronts=(
        Front((-40, 41.5), (-8, 41.5), 13.0, (160, 178, 186), (70, 120, 60)),
        Front((-8, 41.5), (6, 41.5), 14.0, (96, 120, 168), (150, 90, 50), bricks=True),
        Front((6, 41.5), (40, 41.5), 12.0, (176, 190, 196), (60, 60, 150)),
        Front(
            (-10.6, 8.0),
            (-10.6, 29.0),
            9.5,
            _BRICK,
            (64, 84, 52),
            bricks=True,
            shops=False,
            window_m=(1.3, 2.0),
            pitch_m=2.9,
            hides=True,
        ),
        Front(
            (11.4, 28.0),
            (11.4, 8.0),
            8.5,
            (120, 138, 150),
            (120, 80, 40),
            shops=False,
            window_m=(1.6, 1.3),
            pitch_m=3.2,
            hides=True,
        ),
        Front((-10.6, 29.0), (-5.4, 29.0), 3.0, _BRICK, bricks=True, plain=True, hides=True),
        Front((5.0, 28.0), (11.4, 28.0), 3.0, _BRICK, bricks=True, plain=True, hides=True),
    ),
    props=(
        Prop("lamp", -7.6, 20.0),
        Prop("lamp", 4.9, 28.6),
        Prop("bin", -9.4, 16.2, colour=(120, 84, 50)),
        Prop("bin", -9.4, 17.0, colour=(70, 104, 64)),
        Prop("planter", -9.2, 24.6, colour=(92, 112, 150)),
        Prop("bench", -9.0, 20.6, 0.0, -1.0),
        Prop("rack", -5.6, 26.1),
        *(Prop("bollard", x, 29.2) for x in (-4.9, 4.3)),
    ),
    trees=(Tree(-8.2, 26.4, 0.9, (60, 126, 104)), Tree(3.6, 31.6, 0.9)),
    shades=(((4.2, 4), (34, 4), (34, 46), (12, 46), (8.2, 29), (6.6, 14)),),
)


def play(cast: Cast) -> None:
    """One round of the yard."""
    cast.parked(8.4, 13.6, 180)
    cast.parked(8.3, 19.2, 0, "van")
    cast.parked(8.4, 24.8, 180)
    cast.vehicle(2, [(-26, 34.8), (26, 34.8)], "car")
    cast.vehicle(13, [(26, 38.2), (-26, 38.2)], "van")
    cast.vehicle(24, [(-26, 34.8), (26, 34.8)], "car")
    cast.vehicle(37, [(26, 38.2), (-26, 38.2)], "car")
    cast.vehicle(
        17, [(-26, 36.2), (-4.5, 36.2), (-1.0, 33.4), (-0.6, 24.0), (-0.4, 17.4, 11.0), (-0.2, 2.0)], "van", 4.6
    )
    cast.walker(-1, [(-2.0, 4.0), (-2.6, 14.0), (-1.2, 24.0), (0.5, 31.0), (20, 31.6)])
    cast.walker(25, [(20, 31.2), (2.4, 30.6), (-2.0, 22.0), (-5.8, 13.4), (-9.6, 10.0)])
    cast.walker(41, [(-9.2, 11.6), (-2.0, 13.0), (3.2, 11.6), (9.4, 10.4)])
    cast.walker(52, [(8.8, 11.0), (1.4, 13.2), (-2.4, 18.8), (-2.8, 30.4), (-21, 31.4)])
    cast.walker(16, [(-21, 31.0), (20, 31.8)])
    cast.walker(50, [(19, 31.4), (-19, 30.8)])
    cast.pair(33, [(3.4, 3.6), (2.8, 12.0), (1.8, 20.0), (1.0, 30.8), (-21, 31.6)])
    cast.sitter(-9.0, 20.7, -8)
    cast.rider(58, [(21, 31.0), (3.0, 30.6), (0.6, 20.0), (-0.6, 3.0)], 3.8)
    cast.left_bag(
        "parcel",
        [(20, 30.4), (2.4, 30.0), (-3.4, 22.0), (-5.2, 15.4, 3.2), (-2.0, 10.0), (-1.6, 3.8)],
        3,
        37.0,
        [(-2.6, 3.8), (-4.8, 14.6, 3.0), (-9.4, 10.6)],
        1,
    )
    cast.borrowed_bicycle(
        -5.6,
        25.6,
        172,
        -2.0,
        [(-9.4, 9.6), (-6.0, 25.0, 3.0), (-3.2, 24.6), (-2.4, 30.6), (-21, 31.2)],
        38.0,
        [(-21, 31.2), (-2.6, 30.4), (-5.6, 26.2, 3.2), (-3.6, 12.0), (-4.0, 3.8)],
    )
    cast.parked_bicycle(-6.0, 27.6, 8)
