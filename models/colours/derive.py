"""Makes `agent/analyse/attributes/prototypes.py`: `pip install matplotlib && python models/colours/derive.py`.

The xkcd colour survey (2010; the list of names is CC0, matplotlib carries it) has 949 colours with the name that most
people typed for them on their own screens. Those whose name ends in a basic term ("dark olive green") or in a word that
stands for a shade of one (`SHADES`) are examples of that term. A few centres per term (k-means in CIE L*a*b*) stand for
all of them.

Names that are of two minds ("greenish blue", "orange brown") are left out. Clothes and lacquer on a street are duller
than paint on a screen, and people see through the shade on them: what is orange stays orange. So every example but the
browns stands there in shade, too (`SHADE`). No camera balances white to the last digit: greys of every lightness join
the examples, and what is within `GREY_CHROMA` of grey is no example of a hue.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from matplotlib.colors import XKCD_COLORS, to_rgb

from agent.analyse.attributes.lab import lab_of

LIGHTNESS = 0.8
"""As `names.py` has it."""

NAMES = ("black", "white", "grey", "red", "orange", "yellow", "green", "blue", "purple", "pink", "brown")
SHADES = {
    "navy": "blue", "teal": "green", "turquoise": "blue", "cyan": "blue", "aqua": "blue", "azure": "blue",
    "cerulean": "blue", "cobalt": "blue", "indigo": "purple", "violet": "purple", "lavender": "purple",
    "lilac": "purple", "mauve": "purple", "plum": "purple", "aubergine": "purple", "eggplant": "purple",
    "magenta": "pink", "fuchsia": "pink", "salmon": "pink", "maroon": "red", "burgundy": "red", "crimson": "red",
    "scarlet": "red", "wine": "red", "brick": "red", "rust": "orange", "olive": "green", "lime": "green",
    "khaki": "brown", "tan": "brown", "beige": "brown", "sand": "brown", "taupe": "brown", "chocolate": "brown",
    "chestnut": "brown", "sienna": "brown", "umber": "brown", "bronze": "brown", "mustard": "yellow",
    "gold": "yellow", "ochre": "yellow", "charcoal": "grey", "silver": "grey", "slate": "grey",
    "ivory": "white", "eggshell": "white",
}  # fmt: skip
CENTRES = {"black": 3, "white": 4, "grey": 12}
MOST_CENTRES = 30
GREY_CHROMA = 7.0
BLACK_L, WHITE_L = 21.0, 80.0
SHADE = {"orange": (0.86, 0.74), "yellow": (0.86, 0.74), "pink": (0.86, 0.74)}
SOME_SHADE = (0.86,)
"""Of the coded channels."""
ROOTS = ("black", "white", "gr[ea]y", "red", "orang", "yellow", "green", "blu", "purpl", "pink", "brown")
OUT = Path(__file__).parents[2] / "agent" / "analyse" / "attributes" / "prototypes.py"


def examples() -> dict[str, np.ndarray]:
    """L*, a*, b* of the examples of each name."""
    found: dict[str, list[np.ndarray]] = {name: [] for name in NAMES}
    for full, colour in XKCD_COLORS.items():
        name = _basic(full.removeprefix("xkcd:"))
        if name is not None:
            bgr = np.array(to_rgb(colour))[::-1] * 255
            shades = () if name in (*CENTRES, "brown") else SHADE.get(name, SOME_SHADE)
            found[name] += [lab_of(bgr * share) for share in (1.0, *shades)]
    for lightness in np.arange(0, 101, 3.0):
        found[_grey(lightness)].extend(np.array((lightness, a, b), np.float32) for a in (-3, 3) for b in (-3, 3))
    return {name: _without_dull(name, np.array(points)) for name, points in found.items()}


def _basic(full: str) -> str | None:
    words = re.split(r"[\s/]+", full.lower().replace("gray", "grey"))
    if sum(bool(re.search(rf"\b{root}", full.lower())) for root in ROOTS) > 1:
        return None
    return words[-1] if words[-1] in NAMES else SHADES.get(words[-1])


def _grey(lightness: float) -> str:
    return "black" if lightness < BLACK_L else "white" if lightness > WHITE_L else "grey"


def _without_dull(name: str, points: np.ndarray) -> np.ndarray:
    if name == "grey":  # "pale grey" was typed for white
        return points[points[:, 0] <= WHITE_L + 4]
    chroma = np.hypot(points[:, 1], points[:, 2])
    return points if name in CENTRES else points[chroma > GREY_CHROMA + 5]


def centres(points: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """The best of some runs of k-means."""
    best, least = points[:1], np.inf
    for _ in range(12):
        middle = points[rng.choice(len(points), min(count, len(points)), replace=False)]
        for _ in range(30):
            nearest = np.linalg.norm(points[:, None] - middle, axis=2).argmin(axis=1)
            middle = np.array(
                [points[nearest == i].mean(axis=0) if (nearest == i).any() else middle[i] for i in range(len(middle))]
            )
        error = float((np.linalg.norm(points[:, None] - middle, axis=2).min(axis=1) ** 2).sum())
        if error < least:
            best, least = middle, error
    return best[np.argsort(best[:, 0])]


def main() -> None:
    """Write the prototypes, and print how many of the examples they name as people did."""
    found, rng = examples(), np.random.default_rng(1)
    lines = [
        '"""L*, a*, b* (D65) of typical colours of each basic name. Made by `models/colours/derive.py`."""',
        "",
        "PROTOTYPES: dict[str, tuple[tuple[float, float, float], ...]] = {",
    ]
    scale = np.array((LIGHTNESS, 1, 1))
    middles = {
        name: centres(points * scale, CENTRES.get(name, MOST_CENTRES), rng) / scale for name, points in found.items()
    }
    for name, middle in middles.items():
        lines.append(f'    "{name}": (')
        points = [f"({lightness:.0f}, {a:.0f}, {b:.0f})" for lightness, a, b in middle]
        lines += [f"        {', '.join(points[first : first + 6])}," for first in range(0, len(points), 6)]
        lines.append("    ),")
    OUT.write_text("\n".join([*lines, "}", ""]))
    print({name: len(points) for name, points in found.items()})


if __name__ == "__main__":
    main()
