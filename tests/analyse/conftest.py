"""What several tests of this room look at."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from agent.analyse.detect.port import Image
from agent.core.geometry import Box


@pytest.fixture(scope="session")
def person_picture(data: Path) -> tuple[Image, Box]:
    """A picture of one man, and where he stands (measured by hand)."""
    with av.open(str(data / "video" / "intel_one-by-one-person-detection.mp4")) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number == 108:
                return frame.to_ndarray(format="bgr24"), Box(0.505, 0.03, 0.668, 0.905)
    raise AssertionError("the clip is shorter than it was")
