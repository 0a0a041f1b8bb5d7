"""What was recorded, and how much moved in it, as the API says it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from agent.central.api.examples import places, shown

MOST_POINTS = 2_000
"""Of motion in one answer: about as many as a wide screen has room for."""


class Span(BaseModel):
    """Unbroken footage; `reason` is why its last segment was closed, and so why there is a gap after it."""

    start: str
    end: str
    segments: int
    bytes: int
    reason: str


class Segment(BaseModel):
    """One recording file at the gateway; `number` and `link` are its place in the camera's chain.

    Its times are `shift_ms` later than in the file, where the gateway's clock was wrong.
    """

    id: str
    start: str
    end: str
    bytes: int
    epoch: str
    reason: str
    number: int
    link: str
    shift_ms: int


class Density(BaseModel):
    """How much moved: a level for each `step_s` seconds from `start` on, the highest in them; null: nobody looked.

    A level is ten times the square root of the share of the picture in percent: 0 when nothing moved, 10 where 1 % of
    the picture did, 50 at a quarter, 100 at all of it.
    """

    start: str
    step_s: int
    levels: list[int | None]

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"start": "2026-06-01T18:04:00.000Z", "step_s": 5, "levels": [0, 12, 31, 4, None, None, 0]}]
        }
    )


class Recordings(BaseModel):
    """What is recorded at the edge; `truncated` when there was more than fits one answer.

    `motion` is there when points of it were asked for, and anybody looked.
    """

    model_config = shown(places.RECORDINGS)

    spans: list[Span]
    segments: list[Segment]
    motion: Density | None
    truncated: bool
