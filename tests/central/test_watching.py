"""Saved searches, and what is watched for."""

from __future__ import annotations

import random
from typing import Any

import pytest

from agent.central.batch import Batch
from agent.central.store.drawn import Drawn
from agent.central.store.filters import Filters, Near, Range
from agent.central.store.people import People
from agent.central.store.plates import Plate
from agent.central.store.reach import Reach
from agent.central.store.searches import Searches
from agent.central.store.tokens import Tokens
from agent.central.watching import MOST_A_MINUTE, Watcher
from agent.core.clock import rfc3339
from agent.wire import messages as wire
from agent.wire.topics import Address
from tests.central.accounts import somebody
from tests.central.helpers import (
    CAMERA,
    GATEWAY,
    PASSWORD,
    SITE,
    T0_NS,
    FakeGateway,
    RunningCentre,
    track,
    wait_for,
)
from tests.central.stores import SEALER, Store
from tests.central.test_drawn import random_walk

GREEN = {"upper": [["green", 0.6]]}


class Watch:
    """A store into which tracks are put while somebody watches."""

    def __init__(self, store: Store) -> None:
        self.store, self.searches = store, Searches(store.database, store.clock)
        self.people = People(store.database, store.clock, SEALER)
        self.people.add_first("ann", PASSWORD)
        self.watcher = Watcher(self.searches, store.clock)
        self.seq = 0

    def save(self, name: str, owner: str = "ann", **filters: Any) -> str:
        return self.searches.save(owner, name, "tracks", "", Filters(**filters), shared=False, watch=True)

    def put(self, *tracks: wire.TrackSummary, fails: bool = False) -> list[wire.Event]:
        self.store.clock.advance(6)
        try:
            with self.store.database.change() as change:
                batch = Batch(self.store.database, change, self.store.clock, self.store.counts, self.watcher)
                for one in tracks:
                    self.seq += 1
                    head = {"site": SITE, "gateway": GATEWAY, "outbox": "o", "class": "track", "seq": self.seq}
                    envelope = wire.Envelope.model_validate(head | {"records": [one.model_dump(mode="json")]})
                    batch.take(Address(SITE, GATEWAY, ("camera", one.camera, "track")), wire.encode(envelope))
                batch.write()
                if fails:
                    raise OSError("the disk is full")
        except OSError:
            return []
        self.watcher.settle(batch.raised)
        return batch.raised

    def told(self) -> list[dict[str, Any]]:
        return list(self.store.finds.events(Filters(kind=["watched_for"]))["items"])


@pytest.fixture
def watch(plain_store: Store) -> Watch:
    return Watch(plain_store)


@pytest.fixture
def anywhere(store: Store) -> Watch:
    """In either database."""
    return Watch(store)


def test_a_track_that_fits_raises_one_alarm_however_often_it_comes(anywhere: Watch) -> None:
    key = anywhere.save("green shirts", label=["person"], colour=[("upper", "green")])
    anywhere.put(track("t1", at_s=30), track("t2", colours=GREEN))
    anywhere.put(track("t2", at_s=60, colours=GREEN), track("t1", at_s=60, colours=GREEN))  # now it is seen on t1, too
    anywhere.put(track("t1", at_s=90, colours=GREEN, final=True))
    found = anywhere.told()
    assert sorted(one["tracks"][0] for one in found) == ["t1", "t2"]
    (one,) = [one for one in found if one["tracks"] == ["t2"]]
    assert (one["severity"], one["rule"], one["camera"], one["site"]) == ("alarm", "green shirts", CAMERA, SITE)
    assert one["attributes"]["watch"] == key
    anywhere.put()
    saved = anywhere.searches.one(key)
    assert saved is not None
    assert (saved["raised"], saved["held_back"]) == (2, 0)


def test_what_was_not_committed_is_raised_when_it_is_tried_again(watch: Watch) -> None:
    watch.save("anybody", label=["person"])
    assert watch.put(track("t1"), fails=True) == []
    assert watch.told() == []
    assert [one.tracks for one in watch.put(track("t1"))] == [["t1"]]
    other = Watcher(watch.searches, watch.store.clock)  # after a restart nobody remembers, and it is the same event
    watch.watcher = other
    assert watch.put(track("t1", at_s=60)) == []
    assert len(watch.told()) == 1


def test_a_watch_sees_what_its_owner_sees_and_ends_with_it(watch: Watch) -> None:
    watch.people.create("lim", "viewer", Reach.of([f"{SITE}/{GATEWAY}/vault"]))
    key = watch.save("all", owner="lim")
    watch.put(track("t1"), track("t2", camera="vault"))
    watch.put(track("t3"), track("t4", camera="vault"))
    assert sorted(one["tracks"][0] for one in watch.told()) in (["t2", "t4"], ["t4"])  # a camera's very first batch
    watch.people.change("lim", disabled=True)
    watch.put(track("t5", camera="vault"))
    watch.people.change("lim", disabled=False)
    watch.searches.change(key, watch=False)
    watch.put(track("t6", camera="vault"))
    assert "t4" in [one["tracks"][0] for one in watch.told()]
    assert {"t5", "t6"}.isdisjoint(one["tracks"][0] for one in watch.told())


def test_a_flood_is_held_back_and_counted(watch: Watch) -> None:
    key = watch.save("everybody")
    other = watch.save("buses", label=["vehicle"])
    watch.put(*(track(f"t{number}") for number in range(100)), track("bus", label="vehicle"))
    watch.store.clock.advance(60)
    watch.put(track("later"))
    watch.put()
    counted = [watch.searches.one(one) for one in (key, other)]
    assert [(one["raised"], one["held_back"]) for one in counted if one] == [(MOST_A_MINUTE + 1, 71), (1, 0)]


def test_what_came_to_nothing_uses_up_nobodys_alarms(watch: Watch) -> None:
    """A full disk, and the same batch is tried until it fits: nobody was told of it before."""
    key = watch.save("all", label=["person"])
    people = [track(f"t{number}") for number in range(MOST_A_MINUTE // 2)]
    for _ in range(4):
        assert watch.put(*people, fails=True) == []
    assert len(watch.put(*people)) == len(people)
    others = [track(f"o{number}") for number in range(MOST_A_MINUTE)]
    assert watch.put(*others, fails=True) == []
    raised = watch.put(*others)
    assert len(raised) == MOST_A_MINUTE - len(people)
    watch.put()
    counted = watch.searches.one(key)
    assert counted
    assert (counted["raised"], counted["held_back"]) == (MOST_A_MINUTE, len(people))


RANDOM = random.Random(7)
PLATES = ["AB123CD", "A8123CD", "AB123", "XY999ZZ", "B", None]


def _any_track(number: int) -> wire.TrackSummary:
    one, some = RANDOM.choice, RANDOM.random
    more: dict[str, Any] = {
        "label": one(["person", "vehicle"]), "kind": one(["car", "bus", None]), "plate": one(PLATES),
        "colours": one([{}, GREEN, {"upper": [["green", 0.2], ["red", 0.5]]}, {"vehicle": [["white", 0.9]]}]),
        "direction": one(["N", "left", None]), "size": some(), "dwell_s": some() * 100, "score": some(),
        "speed": some() * 3, "speed_unit": one(["m/s", "heights/s"]), "zones": one([[], ["gate"], ["gate", "plaza"]]),
        "position": one([None, "41.7637,-72.6851", "41.9,-72.6"]), "camera": one([CAMERA, "vault"]),
        "path": random_walk(RANDOM),
    }  # fmt: skip
    return track(f"r{number}", **more)


QUESTIONS: list[dict[str, Any]] = [
    {"drawn": Drawn(region=((0, 0), (0.6, 0.1), (0.3, 1)), near=0.1), "label": ["person"]},
    {"drawn": Drawn(line=((0.5, 0), (0.5, 1)), way="left_to_right", path=((0.2, 0.5), (0.5, 0.5)), near=0.3)},
    {}, {"label": ["person"]}, {"kind": ["bus", "car"]}, {"camera": [f"{SITE}/{GATEWAY}/vault"]}, {"site": "elsewhere"},
    {"colour": [("upper", "green")]}, {"colour": [(None, "white")]}, {"colour": [("upper", "green")], "share": 0.1},
    {"colour": [("upper", "green"), ("upper", "red"), ("vehicle", "white")]},
    {"colour": [("upper", "green")], "share": 0.5},
    {"size": Range(0.3, 0.6)}, {"dwell_s": Range(None, 50)}, {"score": Range(0.5)},
    {"speed": Range(1), "speed_unit": "m/s"}, {"speed": Range(1), "speed_unit": "heights/s"},
    {"direction": ["N"]}, {"zone": ["plaza"]}, {"near": Near(41.7637, -72.6851, 100)},
    {"plate": Plate("AB123CD", "exact")}, {"plate": Plate("AB123CD", "fuzzy")}, {"plate": Plate("AB?2*", "wildcard")},
    {"label": ["vehicle"], "kind": ["bus"], "colour": [("upper", "green")], "size": Range(0.2)},
]  # fmt: skip


def test_a_watch_finds_what_the_search_finds(anywhere: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.central.watching.MOST_A_MINUTE", 10_000)
    anywhere.put(track("first"), track("second", camera="vault"))
    keys = {anywhere.save(str(number), **asked): asked for number, asked in enumerate(QUESTIONS)}
    raised = anywhere.put(*(_any_track(number) for number in range(150)))
    for key, asked in keys.items():
        told = {event.tracks[0] for event in raised if event.attributes["watch"] == key}
        found = {name for name in anywhere.store.tracks(**asked, limit=200) if name.startswith("r")}
        assert told == found, asked


def test_searches_are_kept_shared_and_removed(centre: RunningCentre) -> None:
    with centre.admin() as ann, somebody(centre, "bob", "viewer", ["demo/gw-1/plaza"]) as bob:
        asked = "/api/v1/searches/tracks?label=person&colour=upper:green&limit=7&cursor=x"
        made = ann.post(asked, json={"name": "Green", "shared": True}).json()
        assert (made["query"], made["owner"], made["kind"]) == ("label=person&colour=upper%3Agreen", "ann", "tracks")
        hidden = ann.post("/api/v1/searches/tracks?camera=demo/gw-1/vault", json={"name": "Vault", "shared": True})
        own = ann.post("/api/v1/searches/events?kind=tamper", json={"name": "Own"}).json()
        assert [one["name"] for one in ann.get("/api/v1/searches").json()["items"]] == ["Green", "Own", "Vault"]
        assert [one["name"] for one in bob.get("/api/v1/searches").json()["items"]] == ["Green"]
        assert bob.delete(f"/api/v1/searches/{made['id']}").status_code == 404
        assert bob.post("/api/v1/searches/tracks?camera=demo/gw-1/vault", json={"name": "x"}).status_code == 404
        for path, body in (
            ("tracks?colour=no", {"name": "x"}), ("events", {"name": "x", "watch": True}), ("tracks", {"name": ""}),
        ):  # fmt: skip
            assert ann.post(f"/api/v1/searches/{path}", json=body).status_code == 422
        assert ann.patch(f"/api/v1/searches/{own['id']}", json={"watch": True}).status_code == 422
        changed = ann.patch(f"/api/v1/searches/{made['id']}", json={"shared": False, "name": "Mine"}).json()
        assert (changed["name"], changed["shared"]) == ("Mine", False)
        assert bob.get("/api/v1/searches").json()["items"] == []
        for key in (made["id"], hidden.json()["id"]):
            assert ann.delete(f"/api/v1/searches/{key}").status_code == 204
        mine = bob.post("/api/v1/searches/tracks", json={"name": "Bob's", "watch": True}).json()
        assert ann.delete(f"/api/v1/searches/{mine['id']}").status_code == 204


def test_an_alarm_shows_in_the_stream_as_the_track_comes(centre: RunningCentre, gateway: FakeGateway) -> None:
    gateway.hello()
    with centre.admin() as api, api.stream("GET", "/api/v1/stream") as stream:
        asked = {"name": "Plate of the day", "watch": True}
        api_2 = "/api/v1/searches/tracks?plate=AB12*&since=2020-01-01T00:00:00Z"
        with centre.admin() as other:
            made = other.post(api_2, json=asked).json()
            assert made["query"] == "plate=AB12%2A"
            gateway.envelope("track", 1, track("t1", plate="AB 123", start=rfc3339(T0_NS + 1)))
            wait_for(lambda: other.get("/api/v1/tracks").json()["items"])
        told = ""
        for line in stream.iter_lines():
            told = line if "watched_for" in line else told
            if told:
                break
        assert "Plate of the day" in told


def test_who_sees_a_gateway_keeps_searches_for_it_by_its_name_alone(watch: Watch) -> None:
    watch.put(track("t1"))
    for places, knows in (
        (["demo"], True), (["demo/gw-1"], True), (["demo/gw-1/plaza"], True), (["gw-1"], False), (["far"], False),
        (["demo/gw-2"], False), ([], False), (None, True),
    ):  # fmt: skip
        for named in (Filters(gateway=GATEWAY), Filters(gateway=GATEWAY, site=SITE)):
            assert watch.searches.may_know(named, Reach.of(places)) is knows, (places, named)


def test_a_watch_of_the_configurations_token_raises_alarms(anywhere: Watch) -> None:
    key = anywhere.save("anybody", owner="service", label=["person"])
    anywhere.save("nobody's", owner="gone", label=["person"])
    anywhere.put(track("t1", final=True))
    assert anywhere.told() == []
    tokens = Tokens(anywhere.store.database, anywhere.store.clock)
    tokens.set_service("service", "operator", "s" * 32)
    anywhere.put(track("t2", final=True))
    assert [(one["attributes"]["watch"], one["tracks"]) for one in anywhere.told()] == [(key, ["t2"])]
    tokens.drop_service("service")
    anywhere.put(track("t3", final=True))
    assert len(anywhere.told()) == 1
