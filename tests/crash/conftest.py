"""Films of four cameras, and the process that records them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.crash import site
from tests.crash.lab import Films, Nursery
from tests.crash.plan import FPS
from tests.fixtures.clips import make_clip

_GOPS = (1, 15, 1, 15)


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Films:
    """Two cameras with a keyframe each second, two with one in fifteen."""
    folder = tmp_path_factory.mktemp("films")
    made = {gop: make_clip(folder / f"gop{gop}.mp4", seconds=15, fps=FPS, gop=gop * FPS) for gop in set(_GOPS)}
    packets = {gop: site.read_clip(path)[1] for gop, path in made.items()}
    assert [sum(packet.key for packet in packets[gop]) for gop in (1, 15)] == [15, 1]
    return Films(
        _GOPS,
        tuple(made[gop] for gop in _GOPS),
        tuple(tuple(packet.data for packet in packets[gop]) for gop in _GOPS),
    )


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    with Nursery() as nursery:
        yield nursery
