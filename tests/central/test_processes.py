"""The centre as several processes: who does what, and that people and gateways notice nothing of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from agent.central.between import CENTRE, MediaRoute, SharedNews
from agent.central.media_intake import Progress
from agent.central.news import LAGGING, Item
from agent.central.presence import SAME_FILES, Presence
from agent.central.store.processes import Myself, Processes
from agent.cli import main
from agent.core.clock import rfc3339
from agent.core.errors import ConfigError
from agent.wire import messages as wire
from agent.wire.live import LivePiece
from agent.wire.topics import Address
from tests.central.city import City, Process, Stream, sign_in
from tests.central.helpers import (
    CAMERA,
    GATEWAY,
    PASSWORD,
    SITE,
    T0_NS,
    FakeGateway,
    event,
    fresh_id,
    manifest,
    track,
    wait_for,
)
from tests.central.receiver import receiver
from tests.central.stores import Store
from tests.fixtures.mosquitto import Mosquitto, free_port
from tests.fixtures.postgres import Postgres


def test_news_reach_others_once_with_progress_and_say_when_some_were_lost() -> None:
    sent, up, heard = list[tuple[str, bytes]](), [False], list[Item]()

    def publish(topic: str, payload: bytes) -> bool:
        if up[0]:
            sent.append((topic, payload))
        return up[0]

    here = SharedNews("a", publish, lambda media: Progress(1, 4, 900) if media == "m" else None)
    there = SharedNews("b", lambda *_: True)
    there.listen(heard.append)
    for _ in range(3):
        here.tell(Item("event", ("e",)), Item("media", ("m",)), Item("centre", ()))
    here.send()
    up[0] = True
    here.send()
    here.send()
    [(topic, payload)] = sent
    assert topic == f"{CENTRE}/news/a"
    here.hear(topic, payload)  # our own comes back
    there.hear(topic, payload)
    assert heard == [Item("event", ("e",)), Item("media", ("m",))]
    assert there.progress_of("m") == (1, 4, 900)
    assert there.progress_of("n") is None
    here.went_down()
    here.send()
    there.hear(*sent[-1])
    there.came_up()
    assert heard[2:] == [LAGGING, LAGGING]
    for rubbish in (b"", b"[]", b'{"items": 3}', b'{"items": [["event", "e"]]}', b"\xff", b"x" * 300_000):
        there.hear("lamppost/centre/news/c", rubbish)
    assert len(heard) == 4


def test_the_media_of_a_gateway_go_to_one_process_and_few_move_when_one_goes(plain_store: Store) -> None:
    processes = Processes(plain_store.database)
    names = ("a", "b", "c")
    several = {name: Presence(processes, Myself(name, "ingest", "here", 1), dict) for name in names}
    for _ in range(2):
        for presence in several.values():
            presence.enter()
    gateways = [("s", f"gw-{number}") for number in range(300)]
    owners = [several["a"].owner(*one) for one in gateways]
    assert owners == [several["b"].owner(*one) for one in gateways]
    assert all(owners.count(name) > 60 for name in names)
    processes.leave(several["c"].me)
    several["a"].enter()
    after = [several["a"].owner(*one) for one in gateways]
    assert all(new == old for old, new in zip(owners, after, strict=True) if old != "c")
    assert "c" not in after
    passed, mine = list[str](), list[bytes]()
    route = MediaRoute("a", several["a"].owner, lambda topic, _: bool(passed.append(topic)) or True, lambda *_: True)
    for site, gateway in gateways:
        address = Address(site, gateway, ("media", "m", "manifest"))
        route.take(lambda _, payload: bool(mine.append(payload)) or True, address, b"x")
    assert (len(mine), len(passed)) == (after.count("a"), after.count("b"))
    assert passed[0].startswith(f"{CENTRE}/media/b/s/gw-")


def test_one_process_and_several_do_not_run_over_one_database(plain_store: Store) -> None:
    processes = Processes(plain_store.database)

    def entering(name: str, role: Any, *keys: str) -> Presence:
        report = dict(zip(SAME_FILES, keys, strict=True))
        presence = Presence(processes, Myself(name, role, "a-host", 7), lambda: report)
        presence.enter()
        return presence

    entering("a", "web", "k", "s")
    with pytest.raises(ConfigError, match=r"central web.*on a-host \(pid 7\)"):
        entering("b", "whole", "k", "s")
    with pytest.raises(ConfigError, match=r"command_key\.pem is not the one"):
        entering("c", "ingest", "another", "s")
    with pytest.raises(ConfigError, match=r"secret\.key is not the one"):
        entering("c", "ingest", "k", "another")
    entering("d", "ingest", "k", "s")
    assert [peer.id for peer in processes.alive()] == ["d", "a"]


@pytest.fixture
def city(tmp_path: Path, mosquitto: Callable[..., Mosquitto], postgres: Postgres) -> Iterator[City]:
    made = City(tmp_path, mosquitto().url, postgres.fresh(), (GATEWAY, "gw-2", "gw-3"))
    try:
        yield made
    finally:
        made.end()


def _both_sides(city: City) -> tuple[list[Process], list[Process]]:
    """Two of each, all started at once, as a machine does it when it comes up."""
    started = [(city.start("ingest"), city.start("web")) for _ in range(2)]
    ingest, web = ([pair[side].up() for pair in started] for side in (0, 1))
    return ingest, web


def _settled(city: City, web: Process, ingest: int = 2) -> dict[str, Any]:
    """All see all."""

    def seen() -> Any:
        with city.service(web) as api:
            found = api.get("/api/v1/health").json()
        roles = found["roles"]
        return found if found["ok"] and roles.get("ingest") == {"running": ingest, "well": ingest} else None

    found: dict[str, Any] = wait_for(seen, 40)
    return found


def _duties(city: City, web: Process) -> dict[str, str]:
    with city.service(web) as api:
        items = api.get("/api/v1/processes").json()["items"]
    return {duty: item["id"] for item in items for duty in item["duties"]}


@pytest.mark.slow
def test_two_of_each_are_one_centre(city: City) -> None:
    ingest, (one, other) = _both_sides(city)
    for process in (one, other):
        _settled(city, process)
    assert all(process.document["url"] is None for process in ingest)
    with city.client(one) as ann, city.client(other) as bob, FakeGateway(city) as gateway:  # type: ignore[arg-type]
        _first_account_is_made_once(city, ann, bob)
        wait_for(lambda: {"housekeeping", "settings", "holds"} <= set(_duties(city, one)))
        gateway.hello()
        wait_for(lambda: any(one["online"] for one in ann.get("/api/v1/gateways").json()["items"]), 30)
        streams = [Stream(ann), Stream(bob)]
        _events_reach_both(gateway, streams)
        _a_clip_is_one_for_both(gateway, ann, bob, streams)
        _a_hold_is_asked_for_once(gateway, ann, bob, streams)
        _lockout_holds_at_both(city, one, other)
        _live_pictures_reach_who_asked(gateway, one, other, ann)
        _sign_out_at_one_ends_it_at_the_other(ann, bob)


def _first_account_is_made_once(city: City, ann: httpx.Client, bob: httpx.Client) -> None:
    link = (city.data / "first-sign-in").read_text()
    body = {"token": link.partition("token=")[2].strip(), "username": "ann", "password": PASSWORD}
    assert bob.get("/api/v1/health").json()["first_start"]
    ann.post("/api/v1/first", json=body).raise_for_status()
    assert not bob.get("/api/v1/health").json()["first_start"]
    assert bob.post("/api/v1/first", json=body | {"username": "eve"}).status_code == 403
    bob.cookies.update(ann.cookies)
    assert bob.get("/api/v1/me").json()["name"] == "ann"


def _events_reach_both(gateway: FakeGateway, streams: list[Stream]) -> None:
    keys = [fresh_id() for _ in range(20)]
    for number, key in enumerate(keys, 1):
        gateway.envelope("event", number, event(key))
    for stream in streams:
        assert {stream.next("event")["id"] for _ in keys} == set(keys)
    for seq in range(1, 101):
        gateway.envelope("track", seq, track(fresh_id(), final=True))
    wait_for(lambda: len(gateway.acked("event")) == 20 and len(gateway.acked("track")) == 100)


def _a_clip_is_one_for_both(gateway: FakeGateway, ann: httpx.Client, bob: httpx.Client, streams: list[Stream]) -> None:
    body, media = bytes(range(256)) * 100, fresh_id()
    gateway.handlers["clip"] = lambda asked: wire.Reply(id=asked.id, ok=True, result={"media": media})
    place = {"site": SITE, "gateway": GATEWAY, "camera": CAMERA}
    span = {"start": rfc3339(T0_NS), "end": rfc3339(T0_NS + 5 * 10**9)}
    asked = ann.post("/api/v1/clips", json=place | span)
    assert asked.status_code == 202, asked.text
    again = bob.post("/api/v1/clips", json=place | span)
    assert (again.status_code, again.json()["id"]) == (200, asked.json()["id"])
    wait_for(lambda: bob.get(f"/api/v1/clips/{asked.json()['id']}").json()["state"] == "sending")
    # a manifest and 25 pieces, dealt out to two processes
    gateway.send_medium(manifest(media, body, kind="clip", type="video/mp4"), body)
    for stream in streams:
        assert stream.next("clip", state="ready")["id"] == asked.json()["id"]
    assert bob.get(f"/api/v1/media/{media}").content == body
    assert [ack["state"] for ack in gateway.media_acks(media)][-1] == "done"


def _a_hold_is_asked_for_once(
    gateway: FakeGateway, ann: httpx.Client, bob: httpx.Client, streams: list[Stream]
) -> None:
    span = {"start": rfc3339(T0_NS), "end": rfc3339(T0_NS + 5 * 10**9)}
    made = ann.post("/api/v1/holds", json={"cameras": [f"{SITE}/{GATEWAY}/{CAMERA}"], "reason": "x", **span}).json()
    for stream in streams:
        assert stream.next("hold", state="active")["id"] == made["id"]
    wait_for(lambda: bob.get(f"/api/v1/holds/{made['id']}").json()["gateways"][0]["state"] == "held")
    bob.post(f"/api/v1/holds/{made['id']}/release", json={"reason": "over"}).raise_for_status()
    wait_for(lambda: ann.get(f"/api/v1/holds/{made['id']}").json()["gateways"][0]["state"] == "released")
    assert [one.verb for one in gateway.commands if one.verb in {"hold", "release"}] == ["hold", "release"]


def _lockout_holds_at_both(city: City, one: Process, other: Process) -> None:
    wrong = {"username": "mallory", "password": "not the password"}
    with city.client(one) as here, city.client(other) as there:
        answers = [(here, there)[number % 2].post("/api/v1/sign-in", json=wrong).status_code for number in range(12)]
    assert 429 in answers
    assert answers[-1] == 429
    assert answers.count(401) <= 9


def _live_pictures_reach_who_asked(gateway: FakeGateway, one: Process, other: Process, ann: httpx.Client) -> None:
    leases: list[str] = []

    def live(asked: wire.Command) -> wire.Reply:
        leases.append(asked.args["lease"])
        return wire.Reply(id=asked.id, ok=True, result={"stream": "sub", "keys": False})

    gateway.handlers["live"] = live
    cookie = {"Cookie": f"lamppost_session={ann.cookies['lamppost_session']}"}
    for web in (one, other):
        leases.clear()
        address = f"{web.url.replace('http', 'ws')}/api/v1/live/{SITE}/{GATEWAY}/{CAMERA}"
        with connect(address, additional_headers=cookie) as socket:
            wait_for(lambda: leases)
            data = b"init of " + leases[0].encode()
            piece = LivePiece(init=True, key=False, wall_ns=T0_NS, number=0, mime="video/mp4", data=data)
            gateway.send(gateway.topics.live(leases[0]), piece.encode(), qos=0)
            frames = iter(lambda: socket.recv(10), None)
            assert any(isinstance(one, bytes) and leases[0].encode() in one for one in frames)


def _sign_out_at_one_ends_it_at_the_other(ann: httpx.Client, bob: httpx.Client) -> None:
    assert ann.post("/api/v1/sign-out").status_code == 204
    assert bob.get("/api/v1/me").status_code == 401
    sign_in(bob)
    ann.cookies.update(bob.cookies)
    assert ann.get("/api/v1/audit/verify").json()["verified"]


@pytest.mark.slow
def test_whoever_is_killed_another_goes_on(city: City) -> None:
    ingest, (one, other) = _both_sides(city)
    _settled(city, one)
    wait_for(lambda: "housekeeping" in _duties(city, one))
    before = _duties(city, one)["housekeeping"]
    with city.service(one) as api:
        pids = {item["id"]: item["pid"] for item in api.get("/api/v1/processes").json()["items"]}
    holder = next(process for process in ingest if process.child.pid == pids[before])
    with FakeGateway(city) as gateway, receiver() as heard, city.service(one) as api:  # type: ignore[arg-type]
        gateway.hello()
        wait_for(lambda: api.get(f"/api/v1/gateways/{SITE}/{GATEWAY}").status_code == 200)
        _make_webhook(city, one, heard.url)
        holder.kill()
        gateway.send(gateway.topics.status, wire.Status(
            state="offline", session=gateway.session, since=rfc3339(T0_NS), version="0.1.0"), retain=True)  # fmt: skip
        keys = [fresh_id() for _ in range(30)]

        def all_taken() -> bool:
            """What the broker dealt to the one that died is sent again, as outboxes do."""
            for number, key in enumerate(keys, 1):
                if number not in gateway.acked("event"):
                    gateway.envelope("event", number, event(key))
            time.sleep(1)
            return gateway.acked("event") == set(range(1, 31))

        wait_for(all_taken, 30)
        after = wait_for(lambda: (now := _duties(city, one).get("housekeeping")) != before and now, 40)
        assert after != before
        # what the broker keeps, and what waited for the webhook's turn, are heard by the next
        wait_for(lambda: not api.get(f"/api/v1/gateways/{SITE}/{GATEWAY}").json()["online"], 20)
        wait_for(
            lambda: len({headers["webhook-id"] for headers, _ in heard.heard}) == 30, 40
        )  # who died may have told it, too
        health = _settled(city, other, ingest=1)
        assert health["roles"]["web"] == {"running": 2, "well": 2}
        one.kill()
        with city.client(other) as bob:
            sign_in(bob)
            assert len(bob.get("/api/v1/events", params={"limit": 50}).json()["items"]) == 30
            assert bob.get("/api/v1/audit/verify").json()["verified"]


def _make_webhook(city: City, web: Process, url: str) -> None:
    with city.client(web) as admin:
        link = (city.data / "first-sign-in").read_text()
        body = {"token": link.partition("token=")[2].strip(), "username": "ann", "password": PASSWORD}
        admin.post("/api/v1/first", json=body).raise_for_status()
        admin.post("/api/v1/webhooks", json={"name": "x", "url": url}).raise_for_status()


@pytest.mark.slow
def test_a_broker_that_goes_and_comes_makes_every_stream_look_anew(
    tmp_path: Path, mosquitto: Callable[..., Mosquitto], postgres: Postgres
) -> None:
    broker = mosquitto()
    city = City(tmp_path, broker.url, postgres.fresh())
    try:
        started = [city.start("ingest"), city.start("web")]
        web = [process.up() for process in started][1]
        _settled(city, web, ingest=1)
        with city.service(web) as api:
            stream = Stream(api)
            broker.kill()
            wait_for(lambda: not api.get("/api/v1/health").json()["ok"], 20)
            broker.start()
            stream.next("lagging", 40)
            _settled(city, web, ingest=1)
            with FakeGateway(city) as gateway:  # type: ignore[arg-type]
                key = fresh_id()

                def taken() -> bool:  # as gateways do: a broker that began anew drops what nobody is subscribed to yet
                    gateway.envelope("event", 1, event(key))
                    time.sleep(0.5)
                    return 1 in gateway.acked("event")

                wait_for(taken, 20)
                assert stream.next("event")["id"] == key
    finally:
        city.end()


@pytest.mark.slow
def test_the_embedded_broker_is_run_by_one_of_them_and_then_by_another(tmp_path: Path, postgres: Postgres) -> None:
    city = City(tmp_path, "embedded", postgres.fresh())
    text, port = city.config.read_text(), free_port()
    city.config.write_text(text.replace("[webhooks]", f'mqtt_listen = "127.0.0.1:{port}"\n[webhooks]'))
    city.mqtt_url = f"mqtt://127.0.0.1:{port}"
    try:
        first = city.start("ingest").up()
        web, second = [process.up() for process in (city.start("web"), city.start("ingest"))]
        _settled(city, web)
        with FakeGateway(city) as gateway:  # type: ignore[arg-type]
            gateway.envelope("event", 1, event(fresh_id()))
            wait_for(lambda: gateway.acked("event") == {1})
            first.kill()
            wait_for(gateway.client.is_connected, 20)

            def taken() -> bool:
                gateway.envelope("event", 2, event(fresh_id()))
                time.sleep(1)
                return 2 in gateway.acked("event")

            wait_for(taken, 40)
        assert second.end() == 0
    finally:
        city.end()


@pytest.mark.parametrize(
    ("role", "line", "said"),
    [
        ("web", 'database = "sqlite"', "which takes PostgreSQL"),
        ("ingest", 'database = "sqlite"', "with sqlite run `lamppost central` alone"),
        ("web --listen 0.0.0.0:80", 'database = "postgresql://x/y"', "plain HTTP off this machine"),
        ("ingest", 'database = "postgresql://x/y"\nmqtt_listen = "127.0.0.1:0"', "port 0"),
        ("ingest", 'database = "postgresql://x/y"\nbroker = "embedded-amqtt"', "amqtt cannot"),
    ],
)
def test_what_cannot_be_several_processes_says_so_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], role: str, line: str, said: str
) -> None:
    config = tmp_path / "central.toml"
    config.write_text(f'[central]\ndata = "{tmp_path}/data"\n{line}\n')
    assert main(["central", *role.split(" ")[:1], "--config", str(config), *role.split(" ")[1:]]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) == 1
