"""The eleven basic colour names and how each looks on cloth and on lacquer under daylight."""

from __future__ import annotations

from agent.sim.scene.paint import Colour

CLOTH: dict[str, Colour] = {
    "black": (38, 34, 33),
    "white": (226, 232, 234),
    "grey": (134, 132, 128),
    "red": (46, 40, 186),
    "orange": (44, 118, 224),
    "yellow": (58, 200, 232),
    "green": (74, 128, 52),
    "blue": (168, 92, 42),
    "purple": (138, 58, 112),
    "pink": (176, 142, 232),
    "brown": (48, 76, 112),
}
"""Blue, green, red of each name as worn."""

NAMES = tuple(CLOTH)

SKIN: tuple[Colour, ...] = ((168, 196, 232), (140, 176, 218), (104, 142, 192), (70, 104, 152), (48, 72, 108))
HAIR: tuple[Colour, ...] = ((28, 30, 34), (36, 50, 70), (52, 84, 120), (92, 142, 184), (140, 144, 148), (40, 60, 130))
GLASS: Colour = (92, 84, 74)
TYRE: Colour = (34, 33, 33)
METAL: Colour = (128, 126, 122)
