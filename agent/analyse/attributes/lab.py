"""Colours as people see differences between them: sRGB (IEC 61966-2-1) to CIE L*a*b* (CIE 15) under D65."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_TO_XYZ = np.array(
    ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041))
)
_WHITE = _TO_XYZ.sum(axis=1)
_EDGE = (6 / 29) ** 3


def lab_of(bgr: NDArray[Any]) -> Floats:
    """L* (0..100), a*, b* of colours: `bgr` is [..., 3], blue green red, 0..255."""
    rgb = np.asarray(bgr, np.float64)[..., ::-1] / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    share = linear @ (_TO_XYZ / _WHITE[:, None]).T
    root = np.where(share > _EDGE, np.cbrt(share), share / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = root[..., 0], root[..., 1], root[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1).astype(np.float32)
