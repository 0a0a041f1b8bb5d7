"""What is asked often, or of much, is read from an index in both databases, and in its order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from agent.central.store.filters import Filters
from agent.central.store.health import HealthHistory
from agent.central.store.leaving import Leaving
from agent.central.store.places import Place
from agent.central.store.reviews import Reviews, Wanted
from agent.central.store.schema import clip, media
from agent.core.clock import NS
from tests.central.helpers import CAMERA, GATEWAY, SITE, T0_NS, event, track
from tests.central.stores import Store


class Plans:
    """How each statement that is executed meanwhile is done where a database has every reason to use an index."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []

    def of(self, *words: str) -> str:
        """Of the statement that has these words, however often it was executed."""
        fitting = {plan for text, plan in self.found if all(word in text for word in words)}
        assert len(fitting) == 1, self.found
        return fitting.pop()


@contextmanager
def plans(store: Store) -> Iterator[Plans]:
    told = Plans()

    def look(connection: sa.Connection, cursor: Any, text: str, parameters: Any, *_: Any) -> None:
        if not text.startswith(("SELECT", "DELETE", "UPDATE")):
            return
        if connection.dialect.name == "sqlite":
            rows = cursor.execute(f"EXPLAIN QUERY PLAN {text}", parameters).fetchall()
        else:
            cursor.execute("SET enable_seqscan = off; SET enable_sort = off; SET enable_bitmapscan = off")
            rows = cursor.execute(f"EXPLAIN {text}", parameters).fetchall()
            cursor.execute("RESET enable_seqscan; RESET enable_sort; RESET enable_bitmapscan")
        plan = "\n".join(str(row[-1]) for row in rows)
        told.found.append((text, re.sub(r"'\d+'", "?", plan)))  # PostgreSQL shows the values

    sa.event.listen(sa.Engine, "before_cursor_execute", look)
    try:
        yield told
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", look)


def _is_sorted(plan: str) -> bool:
    """Does the database sort all that it finds, and not only what begins at the same moment?"""
    return re.search(r"TEMP B-TREE FOR ORDER BY|(^|-> +)Sort  \(", plan, re.MULTILINE) is not None


def test_events_of_a_severity_are_read_from_its_index(store: Store) -> None:
    store.put(event("e1", severity="alarm"), event("e2"), event("e3"))
    with plans(store) as told:
        assert [one["id"] for one in store.finds.events(Filters(severity="alarm"))["items"]] == ["e1"]
    plan = told.of("FROM event ", "event.severity = ", "LIMIT")
    assert "severity_start_ns" in plan, plan
    assert not _is_sorted(plan), plan
    made = told.of("FROM event_review", "IS NOT NULL")
    assert "ix_event_review_made" in made or store.database.kind == "postgresql"  # of nothing, any index is as good


def test_what_people_made_of_it_counts_for_lists_and_counts(store: Store) -> None:
    store.put(event("e1", severity="alarm"), event("e2"), event("e3"), event("e4", severity="alarm"))
    reviews, here = Reviews(store.database, store.clock), [Place(SITE, GATEWAY, CAMERA)]
    for key, severity in (("e1", "info"), ("e2", "alarm")):
        assert reviews.change(here, {key: 0}, Wanted({"severity": severity}), "ann").done == [key]
    for severity, keys in (("alarm", ["e4", "e2"]), ("info", ["e3", "e1"])):
        page = store.finds.events(Filters(severity=severity), facets=True)
        assert [one["id"] for one in page["items"]] == keys
        assert page["facets"]["severities"] == [{"value": severity, "count": 2}]


def test_sums_of_all_cameras_are_found_by_their_labels(store: Store) -> None:
    """And not by a look at the counts of every camera."""
    store.put(track("t1"), track("t2"))
    with plans(store) as told:
        page = store.finds.tracks(Filters(), facets=True)
    assert page["facets"]["labels"] == [{"value": "person", "count": 2}]
    assert "label" in told.of("SELECT sum(tally.tracks)")


def test_old_samples_are_found_by_an_index(store: Store) -> None:
    with plans(store) as told:
        HealthHistory(store.database).thin(T0_NS, 30)
    assert "hour_time_ns" in told.of("DELETE FROM health_sample")
    assert "hour_time_ns" in told.of("SELECT DISTINCT health_sample.site")


def _medium(key: str, start_ns: int) -> dict[str, Any]:
    return {
        "id": key, "site": SITE, "gateway": GATEWAY, "camera": CAMERA, "kind": "snapshot", "type": "image/jpeg",
        "bytes": 10, "sha256": "", "start_ns": start_ns, "end_ns": start_ns, "codecs": "", "state": "ready",
        "reason": "", "created_ns": start_ns,
    }  # fmt: skip


def test_media_leave_in_the_order_of_an_index(store: Store) -> None:
    for number in range(3):
        store.put_medium(**_medium(f"m{number}", T0_NS - number))
    gone: list[str] = []
    with plans(store) as told:
        assert Leaving(store.database, lambda medium: gone.append(medium.id)).beyond(25) == 1
    assert gone == ["m2"]
    plan = told.of("FROM media", "NOT (EXISTS", "ORDER BY")
    assert "ix_media_state_start_ns_id" in plan
    assert not _is_sorted(plan), plan
    with plans(store) as told:
        Leaving(store.database, lambda medium: gone.append(medium.id)).older_than(T0_NS)
    assert {*gone} == {"m2", "m1"}
    assert "ix_media_start_ns" in told.of("FROM media", "media.start_ns < ", "LIMIT")


def test_what_was_hidden_and_not_taken_away_is_found_without_a_look_at_all_that_left(store: Store) -> None:
    """Every minute, while tens of millions are known to be gone."""
    for number in range(4):
        store.put_medium(**_medium(f"m{number}", T0_NS - number))
    gone: list[str] = []
    leaving = Leaving(store.database, lambda medium: gone.append(medium.id))
    leaving.beyond(22)
    with store.database.write() as connection:  # whoever hid it died
        half = {"state": "gone", "reason": "it had to make room for newer ones", "bytes": 10}
        connection.execute(sa.update(media).where(media.c.id == "m2").values(**half))
    with plans(store) as told:
        leaving.beyond(22)
    assert gone == ["m3", "m2", "m2"]
    assert "ix_media_half_gone" in told.of("FROM media", "THEN bytes")


def test_media_that_people_asked_for_leave_last_and_in_that_order_too(store: Store) -> None:
    asked = {
        "command": "x", "site": SITE, "gateway": GATEWAY, "camera": CAMERA, "start_ns": 0, "end_ns": 1,
        "state": "ready", "error": "", "quality": "full", "created_ns": 0, "deadline_ns": 0,
    }  # fmt: skip
    for number in range(4):
        store.put_medium(**_medium(f"m{number}", T0_NS + number))
    with store.database.write() as connection:
        connection.execute(sa.insert(clip).values(asked | {"id": "c", "media": "m0"}))
    gone: list[str] = []
    with plans(store) as told:
        assert Leaving(store.database, lambda medium: gone.append(medium.id)).beyond(0) == 4
    assert gone == ["m1", "m2", "m3", "m0"]
    ordered = [(text, plan) for text, plan in told.found if "FROM media" in text and "ORDER BY" in text]
    assert [text.count("NOT (EXISTS") for text, _ in ordered] == [2, 1]  # not asked for, and not held
    assert not any(_is_sorted(plan) for _, plan in ordered), ordered


def test_a_clip_is_found_by_its_camera_and_span(store: Store) -> None:
    with plans(store) as told:
        store.finds.clips_over((SITE, GATEWAY, CAMERA), T0_NS, T0_NS + NS, 600 * NS)
    assert "site_gateway_camera_start_ns_end_ns" in told.of("FROM clip")
