"""A centre per module where its tests do not disturb each other, and one per test where they do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.central.helpers import FakeGateway, RunningCentre, running
from tests.central.stores import open_one, plain_store, store


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[RunningCentre]:
    """A centre with the broker that this machine has."""
    with running(tmp_path / "data") as started:
        yield started


@pytest.fixture
def gateway(centre: RunningCentre) -> Iterator[FakeGateway]:
    """A connected gateway that has said nothing yet."""
    with FakeGateway(centre) as connected:
        yield connected


__all__ = ["open_one", "plain_store", "store"]
