"""What the centre wants held: in the gateway's own files, once, however often it is asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.core.clock import NS, rfc3339
from agent.core.errors import LamppostError, StorageError
from agent.edge.holding import HoldDesk
from agent.record.store import SegmentStore
from agent.wire.messages import HoldArgs, ReleaseArgs
from tests.fixtures.clock import FakeClock
from tests.record.helpers import START_NS, new_store, segment


@pytest.fixture
def store(tmp_path: Path, clock: FakeClock) -> Iterator[SegmentStore]:
    made = new_store(tmp_path / "store", clock)
    for number in range(10):
        for camera in ("cam", "old"):
            made.catalogue.add(segment(number, camera))
    yield made
    made.close()


@pytest.fixture
def desk(store: SegmentStore, clock: FakeClock) -> HoldDesk:
    return HoldDesk(store, ["cam", "fresh"], clock)


def _wanted(*cameras: str, **more: Any) -> HoldArgs:
    times = {"start": rfc3339(START_NS + 15 * NS), "end": rfc3339(START_NS + 40 * NS)}
    document = {"hold": "0197c2aa", "cameras": cameras or ("cam",), **times, "by": "ann", "reason": "case 4711"}
    return HoldArgs.model_validate(document | more)


def _over(key: str = "0197c2aa") -> ReleaseArgs:
    return ReleaseArgs(hold=key, by="bob", reason="handed over")


def _free(store: SegmentStore, camera: str = "cam") -> int:
    return len(store.catalogue.free_in_chain(camera, 0, 0, 99))


def test_it_is_held_once_under_the_centres_id_and_let_go_of(store: SegmentStore, desk: HoldDesk) -> None:
    covered = store.catalogue.find("cam", START_NS + 15 * NS, START_NS + 40 * NS)
    for _ in range(2):
        assert desk.hold(_wanted()) == {"bytes": sum(one.bytes for one in covered)}
    assert _free(store) == 10 - len(covered)
    (found,) = store.holds.all()
    assert (found.hold.id, found.hold.owner, found.hold.reason) == ("0197c2aa", "ann", "case 4711")
    assert (found.hold.cameras, found.hold.until_ns) == (("cam",), None)
    for _ in range(2):
        assert desk.release(_over()) == {}
    (found,) = store.holds.all()
    assert found.release is not None
    assert (found.release.owner, found.release.reason, _free(store)) == ("bob", "handed over", 10)


def test_what_was_let_go_of_here_is_not_said_to_be_held(store: SegmentStore, desk: HoldDesk) -> None:
    desk.hold(_wanted())
    store.holds.release("0197c2aa", "carl", "a mistake", START_NS, store.signer)
    with pytest.raises(LamppostError, match="was let go of at the gateway, by carl: a mistake"):
        desk.hold(_wanted())


def test_its_time_is_kept_here_too(store: SegmentStore, desk: HoldDesk, clock: FakeClock) -> None:
    desk.hold(_wanted(until=rfc3339(clock.wall_ns() + 60 * NS)))
    assert store.holds.expire(clock.wall_ns() + 59 * NS, store.signer) == []
    assert [one.id for one in store.holds.expire(clock.wall_ns() + 60 * NS, store.signer)] == ["0197c2aa"]
    assert desk.release(_over()) == {}


def test_a_camera_that_was_here_once_can_be_held_and_one_that_never_was_cannot(
    store: SegmentStore, desk: HoldDesk
) -> None:
    assert desk.hold(_wanted("old", "fresh"))["bytes"] > 0
    with pytest.raises(LamppostError, match="never had a camera 'nobody'"):
        desk.hold(_wanted("cam", "nobody", hold="h2"))
    with pytest.raises(LamppostError, match="ends before it begins"):
        desk.hold(_wanted(hold="h3", end=rfc3339(START_NS)))
    assert [one.hold.id for one in store.holds.all()] == ["0197c2aa"]


def test_of_a_hold_that_never_came_there_is_nothing_to_let_go_of(desk: HoldDesk) -> None:
    assert desk.release(_over("never")) == {}


def test_a_file_that_cannot_be_read_is_not_taken_for_none(store: SegmentStore, desk: HoldDesk) -> None:
    desk.hold(_wanted())
    (store.root / "holds" / "0197c2aa.json").write_text("{")
    for ask in (lambda: desk.release(_over()), lambda: desk.hold(_wanted())):
        with pytest.raises(StorageError, match="cannot be read"):
            ask()
    assert _free(store) < 10
