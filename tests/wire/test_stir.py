"""Motion as it travels: a byte a second, bounded, and nothing that is no level."""

from __future__ import annotations

import base64

import pytest

from agent.core.errors import WireError
from agent.wire.messages import (
    MOST_MOTION_S,
    UNSEEN,
    RecordingSpan,
    decode,
    encode,
    pack_motion,
    unpack_motion,
    validate,
)
from tests.central.helpers import span


def test_levels_come_back_as_they_were_and_nothing_is_sent_of_what_nobody_saw() -> None:
    levels = bytes([0, 7, 100, UNSEEN, 3])
    assert unpack_motion(pack_motion(levels) or "") == levels
    assert pack_motion(bytes([UNSEEN] * 9)) is None
    assert pack_motion(b"") is None
    told = decode(RecordingSpan, encode(span("a", 0, 5, motion=pack_motion(levels))))
    assert told.motion is not None
    assert unpack_motion(told.motion) == levels
    assert b"motion" not in encode(span("a", 0, 5))


def test_the_longest_motion_fits_and_one_that_is_longer_is_cut() -> None:
    packed = pack_motion(bytes([1]) * (MOST_MOTION_S + 5))
    assert packed is not None
    assert len(unpack_motion(packed)) == MOST_MOTION_S
    assert span("a", 0, 600, motion=packed).motion == packed


@pytest.mark.parametrize("text", [
    base64.b64encode(bytes([101])).decode(), base64.b64encode(bytes([0, 254])).decode(), "", "AAA", "A===", "AB=C",
    "AA A", "AAAA\n", "é" * 4, 5, ["AAAA"], base64.b64encode(bytes(MOST_MOTION_S + 1)).decode(),
])  # fmt: skip
def test_what_is_no_motion_is_refused(text: object) -> None:
    document = span("a", 0, 5).model_dump(mode="json") | {"motion": text}
    with pytest.raises(WireError, match="motion"):
        validate(RecordingSpan, document)
