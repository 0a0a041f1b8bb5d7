import threading

from agent.core.clock import SystemClock
from agent.core.errors import StorageError
from agent.core.stop import StopToken
from agent.edge.keeper import MAX_MESSAGES, Keeper
from agent.publish.outbox import Outbox
from agent.wire.messages import Event


def event(number: int) -> Event:
    moment = "2026-01-01T00:00:00.000Z"
    return Event(id=f"e{number}", camera="park", kind="motion", phase="end", time=moment, start=moment)


def test_what_is_kept_reaches_the_outbox_and_the_rest_at_the_flush(tmp_path) -> None:
    outbox = Outbox(tmp_path / "outbox.sqlite", SystemClock())
    keeper, stop = Keeper(outbox), StopToken()
    arrived = threading.Event()
    outbox.on_put = arrived.set
    thread = threading.Thread(target=keeper.run, args=(stop,))
    thread.start()
    keeper.keep("event", "park", event(1))
    assert arrived.wait(10)
    stop.set()
    thread.join(10)
    keeper.keep("event", "park", event(2))
    header = {"id": "m1", "camera": "park", "kind": "snapshot", "type": "image/jpeg"}
    keeper.keep_picture({**header, "start": event(2).start, "end": event(2).start, "event": "e2"}, b"jpeg")
    keeper.flush()
    assert (outbox.depth().messages, outbox.depth().media) == (2, 1)
    outbox.close()


class Refuses:
    def __init__(self) -> None:
        self.calls = 0

    def put(self, *_: object) -> int:
        self.calls += 1
        raise StorageError("outbox.sqlite: the disk is full")


def test_a_disk_that_refuses_is_reported_and_what_does_not_fit_is_counted() -> None:
    keeper = Keeper(Refuses())  # type: ignore[arg-type]
    for number in range(MAX_MESSAGES + 3):
        keeper.keep("event", "park", event(number))
    keeper.flush()
    assert keeper.problem == "outbox.sqlite: the disk is full (3 messages and pictures lost)"
