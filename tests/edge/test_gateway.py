"""What the composition root itself decides."""

from __future__ import annotations

from dataclasses import replace

from agent.core.clock import SystemClock
from agent.edge.gateway import _tell_again
from agent.edge.keeper import MAX_MESSAGES, Keeper
from agent.publish.outbox import Outbox
from agent.record.segment import Segment
from tests.fixtures.clips import make_clip
from tests.record.helpers import new_store, record


def test_segments_whose_message_was_lost_in_a_kill_are_told_at_the_next_start(tmp_path) -> None:
    store, outbox = new_store(tmp_path / "recordings"), Outbox(tmp_path / "outbox.sqlite", SystemClock())
    (closed,), _, _ = record(store, make_clip(tmp_path / "c.mp4"))
    keeper = Keeper(outbox)
    _tell_again(store, [], keeper)
    keeper.flush()
    (message,) = outbox.waiting(10)
    assert closed.id.encode() in message.record
    outbox.close()
    store.close()


def test_however_many_were_adopted_none_is_lost_on_its_way_to_the_outbox(tmp_path) -> None:
    store, outbox = new_store(tmp_path / "recordings"), Outbox(tmp_path / "outbox.sqlite", SystemClock())
    (closed,), _, _ = record(store, make_clip(tmp_path / "c.mp4"))
    adopted: list[Segment] = [replace(closed, id=f"a{number}") for number in range(MAX_MESSAGES + 50)]
    keeper = Keeper(outbox)
    _tell_again(store, adopted, keeper)
    keeper.flush()
    assert (outbox.depth().messages, keeper.problem) == (MAX_MESSAGES + 51, "")
    outbox.close()
    store.close()
