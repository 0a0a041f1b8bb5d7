"""Searches find what a look at every single track would find, in both databases."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from agent.central.batch import Batch
from agent.central.store import facets as counting
from agent.central.store import schema, walk
from agent.central.store.deadline import never
from agent.central.store.drawn import Drawn
from agent.central.store.filters import Filters, Near, Range
from agent.central.store.looks import USUAL_SHARE
from agent.central.store.plates import Plate, distance, folded, plain
from agent.central.store.rows import DAY_NS, HOUR_NS, MINUTE_NS
from agent.central.store.search import BadCursor
from agent.core.clock import NS, parse_rfc3339, rfc3339
from agent.core.geometry import inside
from agent.wire import messages as wire
from agent.wire.topics import Address
from tests.central.helpers import CAMERA, SITE, T0_NS, camera_info, event, track
from tests.central.stores import Store
from tests.central.test_drawn import feet_in, random_walk, ways_over

CAMERAS = ["plaza", "gate", "bridge", "dead"]
PLACES = {"plaza": (41.76, -72.68), "gate": (41.77, -72.69), "bridge": (41.90, -72.60)}
LABELS, UNITS = ["person", "vehicle", "animal"], ["m/s", "heights/s", None]
COLOURS = ["green", "red", "black"]
PLATES = ["AB12CDE", "A812CDE", "AB12CD", "XY99ZZZ", "O0O0", "0000", "HR26BK8337", None, None, None]
FIRST_NS = T0_NS - 2 * DAY_NS


def city(rng: random.Random, count: int) -> list[wire.TrackSummary]:
    return [_somebody(rng, f"t{number:03}") for number in range(count)]


def _somebody(rng: random.Random, key: str) -> wire.TrackSummary:
    start_ns = FIRST_NS + rng.randrange(2 * DAY_NS // NS) * NS
    latitude, longitude = 41.76 + rng.random() / 100, -72.68 + rng.random() / 100
    shares = {part: [[name, round(rng.random(), 2)] for name in rng.sample(COLOURS, 2)] for part in ("upper", "lower")}
    return track(
        key, camera=rng.choice(CAMERAS[:3]), final=rng.random() < 0.8, label=rng.choice(LABELS),
        kind=rng.choice(["car", "bus", None]), start=rfc3339(start_ns), end=rfc3339(start_ns + 9 * NS),
        score=round(rng.random(), 3), colours=shares if rng.random() < 0.8 else {},
        size=round(rng.random(), 3), speed=round(20 * rng.random(), 1), speed_unit=rng.choice(UNITS),
        direction=rng.choice(["N", "left", None]), dwell_s=round(100 * rng.random()),
        zones=rng.sample(["plaza", "a%b", "a_b", "gate"], rng.randrange(3)), plate=rng.choice(PLATES),
        position=rng.choice([f"{latitude},{longitude}", None, "nowhere"]), path=random_walk(rng),
    )  # fmt: skip


def fits(one: wire.TrackSummary, filters: Filters) -> bool:
    """The same question, asked of the record."""
    start_ns = parse_rfc3339(one.start)
    pairs = [(name, share) for part in ("upper", "lower") for name, share in one.colours.get(part, [])]
    parts: dict[str | None, list[tuple[str, float]]] = {None: pairs, **one.colours}
    wanted = {part for part, _ in filters.colour}
    return all((
        filters.since_ns is None or start_ns >= filters.since_ns,
        filters.until_ns is None or start_ns < filters.until_ns,
        not filters.camera or any(name.split("/")[-1] == one.camera for name in filters.camera),
        not filters.label or one.label in filters.label,
        not filters.kind or one.kind in filters.kind,
        not filters.direction or one.direction in filters.direction,
        not filters.zone or set(filters.zone) & set(one.zones),
        all(any((part, name) in filters.colour and share >= filters.share for name, share in parts.get(part, []))
            for part in wanted),
        _within(one.size, filters.size), _within(one.score, filters.score), _within(one.dwell_s, filters.dwell_s),
        filters.speed == Range() or (one.speed_unit == filters.speed_unit and _within(one.speed, filters.speed)),
        filters.near is None or _is_near(one.position, filters.near),
        filters.plate is None or _has_plate(one.plate, filters.plate),
        filters.drawn is None or _is_drawn(one.path, filters.drawn),
    ))  # fmt: skip


def _is_drawn(path: Sequence[wire.PathPoint], drawn: Drawn) -> bool:
    feet = feet_in(path)
    within = any(inside(foot, drawn.region) for foot in feet) if drawn.region else True
    return within and (not drawn.line or bool(ways_over(feet, drawn.line)))


def _within(value: float | None, wanted: Range) -> bool:
    least, most = (wanted.least is None or value >= wanted.least), (wanted.most is None or value <= wanted.most)  # type: ignore[operator]
    return least and most


def _is_near(position: str | None, near: Near) -> bool:
    if position in (None, "nowhere"):
        return False
    latitude, longitude = map(float, str(position).split(","))
    wide = math.cos(math.radians(near.latitude))
    return math.hypot(latitude - near.latitude, (longitude - near.longitude) * wide) * 111_195 <= near.metres


def _has_plate(plate: str | None, wanted: Plate) -> bool:
    if plate is None:
        return False
    if wanted.match == "fuzzy":
        return distance(folded(plate), folded(wanted.text)) < 2
    return _like(plate, wanted.text)


def _like(text: str, pattern: str) -> bool:
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(_like(text[at:], pattern[1:]) for at in range(len(text) + 1))
    return bool(text) and pattern[0] in (text[0], "?") and _like(text[1:], pattern[1:])


def question(rng: random.Random) -> Filters:
    """Something to ask, of one to four things."""
    since_ns = FIRST_NS + rng.randrange(2 * DAY_NS // NS) * NS
    one = (rng.choice(["upper", "lower", None]), rng.choice(COLOURS))
    parts = rng.choice([[one], [("upper", "green"), ("upper", "red")], [("upper", "green"), ("lower", "black")]])
    choices: list[dict[str, Any]] = [
        {"since_ns": since_ns},
        {"since_ns": since_ns // HOUR_NS * HOUR_NS, "until_ns": since_ns // HOUR_NS * HOUR_NS + 7 * HOUR_NS},
        {"until_ns": since_ns},
        {"camera": rng.sample(CAMERAS, 2)},
        {"camera": [f"{SITE}/gw-1/gate"]},
        {"label": ["person"]},
        {"label": ["vehicle", "animal"]},
        {"kind": ["bus"]},
        {"colour": parts, "share": rng.choice([USUAL_SHARE, USUAL_SHARE, 0.1, 0.6])},
        {"size": Range(0.2, 0.7)},
        {"speed": Range(5, None)},
        {"speed": Range(None, 9), "speed_unit": "heights/s"},
        {"dwell_s": Range(10, 60)},
        {"score": Range(0.5)},
        {"direction": ["left"]},
        {"zone": [rng.choice(["a%b", "a_b", "plaza"])]},
        {"near": Near(41.765, -72.675, rng.choice([300, 900]))},
        {"plate": Plate.read(rng.choice(["ab12-cde", "AB*", "*Z", "?B12*", "*12*", "oooo", "XY99Z?Z"]))},
        {"drawn": Drawn(region=((0.3, -1), (0.7, -1), (0.7, 2), (0.3, 2)))},
        {"drawn": Drawn(region=((0, 0.5), (1, 0.5), (1, 1), (0, 1)), line=((0.5, 0), (0.5, 1)))},
        {"plate": Plate.read(rng.choice(["AB12CDE", "0000", "HR26BK833", "HR268K8337"]), "fuzzy")},
    ]
    chosen: dict[str, Any] = {}
    for one in rng.sample(choices, rng.randrange(1, 5)):
        chosen |= one
    return Filters(**chosen)


def pages(store: Store, filters: Filters, limit: int) -> list[str]:
    seen: list[str] = []
    cursor = None
    for _ in range(1000):
        page = store.finds.tracks(replace(filters, limit=limit, cursor=cursor))
        assert page["complete"]
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            return seen
    raise AssertionError("pages without end")


def test_every_question_is_answered_as_by_looking_at_each(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(12)
    everybody = city(rng, 250)
    for first in range(0, len(everybody), 50):
        store.put(*everybody[first : first + 50])
    found = 0
    for number in range(40):
        monkeypatch.setattr(counting, "_FEW", 20_000 if number % 2 else 20)
        filters = question(rng)
        expected = {one.id for one in everybody if fits(one, filters)}
        starts = {one.id: one.start for one in everybody}
        newest = pages(store, filters, rng.choice([3, 50, 200]))
        assert newest == sorted(expected, key=lambda key: (starts[key], key), reverse=True), filters
        found += len(expected)
        _check_facets(store, filters, [one for one in everybody if one.id in expected])
    assert found > 300


def _check_facets(store: Store, filters: Filters, expected: list[wire.TrackSummary]) -> None:
    facets = store.finds.tracks(filters, facets=True)["facets"]
    hours = Counter(rfc3339(parse_rfc3339(one.start) // HOUR_NS * HOUR_NS) for one in expected)
    minutes = Counter(rfc3339(parse_rfc3339(one.start) // MINUTE_NS * MINUTE_NS) for one in expected)
    told = {one["start"]: one["count"] for one in facets["minutes"]}
    assert told == minutes if len(hours) <= 3 and counting._FEW == 20_000 else told in ({}, minutes), filters
    assert not told or len(hours) <= 3, "minutes of many hours"
    if facets["exact"]:
        assert {one["start"]: one["count"] for one in facets["hours"]} == hours, filters
        assert {one["camera"]: one["count"] for one in facets["cameras"]} == Counter(one.camera for one in expected)
        if not filters.label:
            assert {one["value"]: one["count"] for one in facets["labels"]} == Counter(one.label for one in expected)
        if not filters.colour:
            green = sum(
                any(name == "green" and share >= USUAL_SHARE for name, share in one.colours.get("upper", []))
                for one in expected
            )
            assert {one["value"]: one["count"] for one in facets["upper"]}.get("green", 0) == green
    else:
        total = sum(one["count"] for one in facets["hours"])
        assert abs(total - len(expected)) <= 6 + 0.5 * len(expected), (filters, total, len(expected))
    assert facets["exact"] or not filters.is_counted()


def test_the_best_fit_comes_first_and_its_pages_stay_true(store: Store) -> None:
    rng = random.Random(2)
    store.put(*city(rng, 200))
    filters = Filters(colour=[("upper", "green"), ("lower", "black")], share=0.1, sort="fit")
    seen: list[str] = []
    shares: list[float] = []
    cursor = None
    while True:
        page = store.finds.tracks(replace(filters, limit=7, cursor=cursor))
        for item in page["items"]:
            of = {part: dict(item["colours"][part]) for part in ("upper", "lower")}
            shares.append(item["score"] * (of["upper"]["green"] + of["lower"]["black"]) / 2)
            seen.append(item["id"])
        store.put(track(f"new{len(seen)}", score=1.0, colours={"upper": [["green", 1.0]], "lower": [["black", 1.0]]}))
        cursor = page["next"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) > 10
    assert shares == sorted(shares, reverse=True)
    assert not any(key.startswith("new") for key in seen[7:])


def test_cameras_in_an_area_and_by_their_whole_name(store: Store) -> None:
    store.put(*(track(f"t-{camera}", camera=camera) for camera in PLACES))
    store.put(track("other", camera="plaza"), gateway="gw-2")
    with store.database.change() as change:
        batch = Batch(store.database, change, store.clock, store.counts)
        for camera, (latitude, longitude) in PLACES.items():
            info = camera_info(camera).model_copy(update={"latitude": latitude, "longitude": longitude})
            batch.take(Address(SITE, "gw-1", ("camera", camera, "info")), wire.encode(info))
        batch.write()
    around = [(41.75, -72.70), (41.78, -72.70), (41.78, -72.67), (41.75, -72.67)]
    assert set(store.tracks(area=around)) == {"t-plaza", "t-gate"}
    assert store.tracks(area=around, camera=["gate"]) == ["t-gate"]
    assert store.tracks(area=[(0, 0), (0, 1), (1, 1)]) == []
    assert set(store.tracks(camera=["plaza"])) == {"t-plaza", "other"}
    assert store.tracks(camera=[f"{SITE}/gw-2/plaza"]) == ["other"]
    assert store.tracks(camera=["nowhere"]) == []


def test_events_are_counted_by_kind_severity_label_and_camera(store: Store) -> None:
    for number in range(30):
        moment = rfc3339(T0_NS - number * HOUR_NS)
        kind, severity = ("line_crossed", "alarm") if number % 3 == 0 else ("loitering", "info")
        more = {"label": "person" if number % 2 else None, "line": "gate" if number % 3 == 0 else None}
        store.put(event(f"e{number}", start=moment, kind=kind, severity=severity, zone="plaza", **more))
    page = store.finds.events(Filters(limit=5), facets=True)
    facets = page["facets"]
    assert facets["exact"]
    assert {one["value"]: one["count"] for one in facets["kinds"]} == {"line_crossed": 10, "loitering": 20}
    assert facets["severities"] == [{"value": "info", "count": 20}, {"value": "alarm", "count": 10}]
    assert facets["labels"] == [{"value": "person", "count": 15}]
    assert (len(facets["hours"]), facets["cameras"][0]["count"]) == (30, 30)
    ids = [item["id"] for item in store.finds.events(Filters(line=["gate"], zone=["plaza"], label=["person"]))["items"]]
    assert ids == ["e3", "e9", "e15", "e21", "e27"]


def test_the_oldest_come_first_when_asked_for_page_by_page(store: Store) -> None:
    """Two of them begin at the same moment, and they lie on four days."""
    hours = (81, 80, 80, 50, 25, 0)
    store.put(*(event(f"e{number}", start=rfc3339(T0_NS - hour * HOUR_NS)) for number, hour in enumerate(hours)))
    seen: list[str] = []
    wanted = Filters(limit=2, sort="oldest", since_ns=T0_NS - 80 * HOUR_NS)
    while True:
        page = store.finds.events(wanted)
        seen += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        wanted = replace(wanted, cursor=page["next"])
    assert seen == ["e1", "e2", "e3", "e4", "e5"]
    assert page["complete"]


def test_a_search_that_nobody_waits_for_any_more_is_not_gone_on_with(store: Store) -> None:
    days = 20
    store.put(*(track(f"t{number:02}", start=rfc3339(T0_NS - number * DAY_NS)) for number in range(days)))
    asked = 0

    def gone() -> bool:
        nonlocal asked
        asked += 1
        return asked > 5

    finds = store.finds.asked(gone)
    page = finds.tracks(Filters(speed=Range(1e6, None)))
    assert (page["items"], page["complete"], asked) == ([], False, 6)
    whole = finds.asked(never).tracks(Filters(limit=1), facets=True)["facets"]
    cut = finds.tracks(Filters(limit=1), facets=True)
    assert whole["exact"]
    assert sum(one["count"] for one in whole["hours"]) == days
    assert cut["facets"] is None


class _Hurried:
    """A clock by which every look takes a second."""

    def __init__(self) -> None:
        self.now_ns = 0

    def mono_ns(self) -> int:
        self.now_ns += NS
        return self.now_ns


EVERYWHERE = Drawn(region=((-1, -1), (2, -1), (2, 2), (-1, 2)))


@pytest.mark.parametrize("drawn", [None, EVERYWHERE])
def test_a_search_that_takes_too_long_says_how_far_it_came_and_goes_on_from_there(
    store: Store, drawn: Drawn | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "_TESTED", 7)
    rng = random.Random(5)
    everybody = city(rng, 60)
    store.put(*everybody)
    store.finds._search._clock = _Hurried()  # type: ignore[assignment]
    seen: list[str] = []
    cursor, pieces = None, 0
    while True:
        page = store.finds.tracks(Filters(limit=10, cursor=cursor, drawn=drawn), 3500)
        seen += [item["id"] for item in page["items"]]
        assert page["complete"] == (page["reached"] is None)
        pieces += not page["complete"]
        cursor = page["next"]
        if cursor is None:
            break
    starts = {one.id: one.start for one in everybody}
    assert seen == sorted(starts, key=lambda key: (starts[key], key), reverse=True)
    assert pieces > 1
    assert not store.finds.tracks(Filters(), 1500, facets=True)["facets"]["exact"]


def test_counts_of_several_colours_of_one_part_are_of_all_of_them(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any of them will do. Half wear the one at one camera, half the other at another, and some both."""
    monkeypatch.setattr(counting, "_FEW", 20)
    green, blue = ["green", 0.5], ["blue", 0.5]
    looks = [(CAMERA, [green]), ("vault", [blue]), (CAMERA, [green, blue]), ("vault", [["red", 0.9]])]
    starts = [rfc3339(T0_NS - number * 60 * NS) for number in range(400)]
    store.put(
        *(
            track(f"{at:03}", camera=looks[at % 4][0], colours={"upper": looks[at % 4][1]}, start=start, end=start)
            for at, start in enumerate(starts)
        )
    )
    asked = [("upper", "green"), ("upper", "blue")]
    for colour, there in ((asked, {CAMERA: 200, "vault": 100}), (asked[:1], {CAMERA: 200})):
        facets = store.finds.tracks(Filters(colour=colour), facets=True)["facets"]
        told = {one["camera"]: one["count"] for one in facets["cameras"]}
        assert told.keys() == there.keys()
        for camera, count in there.items():
            assert told[camera] == pytest.approx(count, rel=0.35), colour
        assert sum(told.values()) == pytest.approx(sum(there.values()), rel=0.1)


def test_a_track_whose_camera_was_never_named_is_passed_over(plain_store: Store) -> None:
    """The machine died after a day's file was written and before the small tables were: it is sent again."""
    plain_store.put(track("known"), track("unknown", camera="vault"))
    with plain_store.database.write() as connection:
        connection.execute(sa.delete(schema.place).where(schema.place.c.camera == "vault"))
    assert plain_store.tracks() == ["known"]
    assert plain_store.finds.track("unknown") is None
    plain_store.put(track("unknown", camera="vault"))
    assert sorted(plain_store.tracks()) == ["known", "unknown"]


@pytest.mark.parametrize(
    "cursor", ["x", "W10", "bnVsbA", "WzEsMl0", "WzEsICJhXHUwMDAwIl0", "W05hTiwgMSwgImEiLCAxXQ", "[" * 300]
)
@pytest.mark.parametrize("sort", ["time", "fit"])
def test_a_cursor_that_is_none_of_ours_is_refused(open_one: Callable[[], Store], cursor: str, sort: Any) -> None:
    with pytest.raises(BadCursor):
        open_one().finds.tracks(Filters(cursor=cursor, sort=sort))


def test_plates_are_read_folded_and_compared() -> None:
    assert [plain(text) for text in ("hr-26 bk 8337", "ÄB·12", "京A12", "")] == ["HR26BK8337", "AB12", "A12", ""]
    assert folded("O0QD") == folded("0000")
    assert [
        distance(*pair) for pair in (("AB", "AB"), ("AB", "AC"), ("AB", "ABC"), ("AB", "B"), ("AB", "BA"), ("A", "ABC"))
    ] == [0, 1, 1, 1, 2, 2]
    for wrong in ("", "***", "?", "A*B*C*D*E*F", "-", "A" * 40 + "*"):
        with pytest.raises(ValueError):
            Plate.read(wrong, "wildcard")
