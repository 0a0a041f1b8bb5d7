"""Which events may be said to belong there."""

from __future__ import annotations

import pytest

from agent.core.errors import LamppostError
from agent.edge.child_lying import Lying
from agent.wire import framing
from agent.wire.messages import Event

AT = "2026-05-28T20:26:40.000Z"


def event(phase: str = "start", kind: str = "object_left") -> Event:
    return Event.model_validate({"id": "e1", "camera": "cam", "kind": kind, "phase": phase, "time": AT, "start": AT})


def test_what_goes_on_is_passed_on_once() -> None:
    lying = Lying()
    lying.hear(event())
    lying.belongs("cam", "e1", "ann")
    (frame,) = framing.Decoder().feed(b"".join(lying.to_send()))
    assert frame.header == {"type": "belongs", "camera": "cam", "event": "e1", "by": "ann"}
    assert lying.to_send() == []


@pytest.mark.parametrize(
    "heard",
    [[], [event("start"), event("end")], [event(kind="zone_entered")], [event(), None]],
    ids=["never", "over", "another kind", "the child fell"],
)
def test_what_does_not_go_on_is_refused(heard: list[Event | None]) -> None:
    lying = Lying()
    for one in heard:
        lying.forget() if one is None else lying.hear(one)
    with pytest.raises(LamppostError, match="over"):
        lying.belongs("cam", "e1", "ann")


def test_another_camera_of_that_event_is_refused() -> None:
    lying = Lying()
    lying.hear(event())
    with pytest.raises(LamppostError):
        lying.belongs("other", "e1", "ann")
