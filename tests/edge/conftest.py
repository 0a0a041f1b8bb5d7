from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.config.gateway import Camera
from tests.edge.children import PLAZA, Gateway, camera
from tests.fixtures.clips import make_clip
from tests.fixtures.models import without_models


@pytest.fixture
def no_model(monkeypatch, tmp_path):
    monkeypatch.setenv("LAMPPOST_MODELS", str(without_models(tmp_path / "models")))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", seconds=6)


@pytest.fixture
def gateway(no_model) -> Iterator[Callable[..., Gateway]]:
    made: list[Gateway] = []

    def make(*cameras: Camera, **more) -> Gateway:
        made.append(Gateway(list(cameras) or [camera(**PLAZA)], **more))
        return made[-1]

    yield make
    for one in made:
        one.close()
