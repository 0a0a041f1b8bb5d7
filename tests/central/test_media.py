"""Media in pieces: lost ones, broken ones, and what is served in the end."""

from __future__ import annotations

import hashlib
import os

from agent.central.store import schema
from agent.central.store.database import Database
from tests.central.helpers import (
    CAMERA,
    GATEWAY,
    SITE,
    FakeGateway,
    RunningCentre,
    event,
    gone,
    manifest,
    pieces,
    wait_for,
)


def _done(gateway: FakeGateway, media: str) -> bool:
    return any(ack["state"] == "done" for ack in gateway.media_acks(media))


def test_the_picture_of_a_camera_is_of_an_event_and_no_shot_of_one_thing(
    centre: RunningCentre, gateway: FakeGateway
) -> None:
    gateway.hello()
    gateway.send_medium(manifest("m1", b"all that is seen", event="e1"), b"all that is seen")
    gateway.send_medium(manifest("m2", b"somebody", track="t1"), b"somebody")
    gateway.send_medium(manifest("m3", b"who left it", event="e1", track="t1"), b"who left it")
    wait_for(lambda: all(_done(gateway, name) for name in ("m1", "m2", "m3")))
    with centre.admin() as api:
        camera = api.get(f"/api/v1/cameras/{SITE}/{GATEWAY}/{CAMERA}").json()
        assert camera["snapshot"]["media"] == "m1"


def test_a_picture_arrives_and_is_served_whole_and_in_parts(centre: RunningCentre, gateway: FakeGateway) -> None:
    gateway.hello()
    body = os.urandom(5000)
    ref = {"id": "m1", "kind": "snapshot", "type": "image/jpeg", "bytes": 5000}
    gateway.envelope("event", 1, event("e1", media=[ref]))
    wait_for(lambda: gateway.acked("event"))
    with centre.admin() as api:
        before = api.get("/api/v1/events/e1").json()
        assert (before["media"][0]["state"], before["picture"]) == ("edge", None)
        assert api.get("/api/v1/media/m1").status_code == 404
        gateway.send_medium(manifest("m1", body, event="e1"), body)
        wait_for(lambda: _done(gateway, "m1"))
        after = api.get("/api/v1/events/e1").json()
        assert (after["media"][0]["state"], after["picture"]) == ("sent", "/api/v1/media/m1")
        camera = api.get(f"/api/v1/cameras/{SITE}/{GATEWAY}/{CAMERA}").json()
        assert camera["snapshot"]["url"] == after["picture"]
        gateway.send_medium(manifest("m2", body, track="t1"), body)  # a shot of a track shows no more than that
        wait_for(lambda: _done(gateway, "m2"))
        assert api.get(f"/api/v1/cameras/{SITE}/{GATEWAY}/{CAMERA}").json()["snapshot"] == camera["snapshot"]
        whole = api.get(after["picture"])
        assert (whole.content, whole.headers["content-type"]) == (body, "image/jpeg")
        assert whole.headers["etag"] == f'"{hashlib.sha256(body).hexdigest()}"'
        assert "immutable" in whole.headers["cache-control"]
        for asked, expected in (("bytes=0-9", body[:10]), ("bytes=4990-", body[4990:]), ("bytes=-3", body[-3:])):
            part = api.get(after["picture"], headers={"Range": asked})
            assert (part.status_code, part.content) == (206, expected)
        assert api.get(after["picture"], headers={"Range": "bytes=10-99999"}).headers["content-range"] == (
            "bytes 10-4999/5000"
        )
        for asked in ("bytes=5000-", "bytes=9-5", "bytes=-0"):
            beyond = api.get(after["picture"], headers={"Range": asked})
            assert (beyond.status_code, beyond.json()["error"]["code"]) == (416, "bad_range")
        for asked in ("bytes=0-1,3-4", "lines=0-9", "bytes=-", "bytes=x-"):
            assert api.get(after["picture"], headers={"Range": asked}).content == body
        for known, status in ((whole.headers["etag"], 206), ('"other"', 200)):
            assert api.get(after["picture"], headers={"Range": "bytes=0-9", "If-Range": known}).status_code == status
        assert api.get(after["picture"], headers={"If-None-Match": whole.headers["etag"]}).status_code == 304
        assert "attachment" in api.get(after["picture"], params={"download": 1}).headers["content-disposition"]
        looks = [line for line in api.get("/api/v1/audit").json()["items"] if line["action"] == "media.view"]
        assert looks[0]["who"] == "ann"


def test_a_picture_that_lost_its_end_is_told_and_not_half_sent(centre: RunningCentre, gateway: FakeGateway) -> None:
    gateway.hello()
    body = os.urandom(5000)
    gateway.send_medium(manifest("m1", body, event="e1"), body)
    wait_for(lambda: _done(gateway, "m1"))
    [path] = (centre.data / "media").glob("??/*-m1")
    os.truncate(path, 4000)
    with centre.admin() as api:
        answer = api.get("/api/v1/media/m1")
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "storage")
        assert api.get("/api/v1/media/m1", headers={"Range": "bytes=0-99"}).content == body[:100]


def test_pieces_that_were_lost_or_broken_are_wanted_again(centre: RunningCentre, gateway: FakeGateway) -> None:
    body = os.urandom(4500)
    parts, announced = pieces(body), manifest("m1", body)
    gateway.send(gateway.topics.manifest("m1"), announced)
    first = wait_for(lambda: gateway.media_acks("m1"))[0]
    assert (first["state"], first["missing"]) == ("want", [[0, 4]])
    gateway.send(gateway.topics.chunk("m1", 0), parts[0])
    gateway.send(gateway.topics.chunk("m1", 2), bytes(1024))
    gateway.send(gateway.topics.chunk("m1", 3), parts[3][:-1])
    gateway.send(gateway.topics.chunk("m1", 99), parts[3])
    gateway.send(gateway.topics.chunk("m1", 4), parts[4])
    again = wait_for(lambda: gateway.media_acks("m1")[1:])[0]
    assert (again["state"], again["missing"]) == ("want", [[1, 3]])
    for number in (1, 2, 3):
        gateway.send(gateway.topics.chunk("m1", number), parts[number])
    wait_for(lambda: _done(gateway, "m1"))
    gateway.send(gateway.topics.manifest("m1"), announced)
    wait_for(lambda: len([ack for ack in gateway.media_acks("m1") if ack["state"] == "done"]) == 2)
    with centre.service() as api:
        assert api.get("/api/v1/media/m1").content == body
        assert api.get("/api/v1/stats").json()["rejected"]["broken_chunk"] == 3
    assert list((centre.data / "media/incoming").iterdir()) == []


def test_pieces_that_fit_a_whole_that_does_not_are_refused(centre: RunningCentre, gateway: FakeGateway) -> None:
    body = os.urandom(2000)
    gateway.send_medium(manifest("m1", body, sha256="0" * 64), body)
    answer = wait_for(lambda: [ack for ack in gateway.media_acks("m1") if ack["state"] == "refused"])
    assert "cut it anew" in answer[0]["reason"]
    with centre.service() as api:
        assert api.get("/api/v1/stats").json()["stored"]["media"] == 0
        assert api.get("/api/v1/media/m1").status_code == 404
    assert list((centre.data / "media/incoming").iterdir()) == []


def test_a_manifest_that_contradicts_itself_is_counted_and_nothing_is_written(
    centre: RunningCentre, gateway: FakeGateway
) -> None:
    body = os.urandom(2000)
    good = manifest("m1", body)
    gateway.send(gateway.topics.manifest("m1"), good.model_copy(update={"bytes": 4 << 30}))
    gateway.send(gateway.topics.manifest("m2"), good)
    gateway.send(gateway.topics.manifest("m1"), b"{}")
    gateway.send(gateway.topics.chunk("nobody", 0), body)
    with centre.service() as api:
        expected = {"broken_manifest": 3, "chunk_without_manifest": 1}
        wait_for(lambda: api.get("/api/v1/stats").json()["rejected"] == expected)
    assert list((centre.data / "media/incoming").iterdir()) == []


def test_media_of_another_age_are_refused_and_no_cameras_picture(centre: RunningCentre, gateway: FakeGateway) -> None:
    """A clock that is years ahead for an hour: what it dated would never leave, and stay the newest for ever."""
    gateway.hello()
    ahead = {"start": "2199-01-01T00:00:00.000Z", "end": "2199-01-01T00:00:00.000Z", "event": "e1"}
    gateway.send_medium(manifest("m1", b"of the future", **ahead), b"of the future")
    answer = wait_for(lambda: [ack for ack in gateway.media_acks("m1") if ack["state"] == "refused"])
    assert "a clock is wrong" in answer[0]["reason"]
    gateway.send(gateway.topics.root + "/media/m2/gone", gone("m2", **ahead))
    wait_for(lambda: _done(gateway, "m2"))
    gateway.send_medium(manifest("m3", b"of today", event="e1"), b"of today")
    wait_for(lambda: _done(gateway, "m3"))
    with centre.admin() as api:
        assert api.get(f"/api/v1/cameras/{SITE}/{GATEWAY}/{CAMERA}").json()["snapshot"]["media"] == "m3"
        assert api.get("/api/v1/stats").json()["rejected"]["out_of_time"] >= 2
    database = Database.open("sqlite", centre.data)
    with database.read() as connection:
        assert list(connection.scalars(schema.media.select().with_only_columns(schema.media.c.id))) == ["m3"]
    database.close()


def test_a_medium_of_another_gateway_cannot_be_taken_over(centre: RunningCentre, gateway: FakeGateway) -> None:
    body = os.urandom(1500)
    gateway.send_medium(manifest("m1", body), body)
    wait_for(lambda: _done(gateway, "m1"))
    database = Database.open("sqlite", centre.data)
    with database.write() as connection:
        connection.execute(schema.media.update().values(gateway="gw-9"))
    database.close()
    gateway.send(gateway.topics.manifest("m1"), manifest("m1", body))
    wait_for(lambda: gateway.media_acks("m1")[-1]["state"] == "refused")
    with centre.service() as api:
        assert api.get("/api/v1/media/m1").content == body


def test_a_manifest_in_parts_and_in_other_pieces_keeps_what_has_come(
    centre: RunningCentre, gateway: FakeGateway
) -> None:
    body = os.urandom(6000)
    coarse = manifest(
        "m1",
        body,
        chunk_bytes=2048,
        chunks=[hashlib.sha256(body[at : at + 2048]).hexdigest() for at in (0, 2048, 4096)],
    )
    topic, fine = gateway.topics.manifest("m1"), manifest("m1", body)
    gateway.send(topic, coarse.model_copy(update={"chunks": []}))
    assert wait_for(lambda: gateway.media_acks("m1"))[-1]["state"] == "unknown"
    gateway.send(topic, coarse.model_copy(update={"chunks": coarse.chunks[:2]}))
    gateway.send(topic, coarse.model_copy(update={"chunks": coarse.chunks[2:], "first": 2}))
    assert wait_for(lambda: gateway.media_acks("m1")[1:])[-1]["missing"] == [[0, 2]]
    gateway.send(gateway.topics.chunk("m1", 1), body[2048:4096])
    gateway.send(topic, coarse.model_copy(update={"chunks": []}))
    assert wait_for(lambda: gateway.media_acks("m1")[2:])[-1]["missing"] == [[0, 0], [2, 2]]
    gateway.send(topic, fine.model_copy(update={"chunks": []}))
    assert wait_for(lambda: gateway.media_acks("m1")[3:])[-1]["state"] == "unknown"
    gateway.send(topic, fine)
    assert wait_for(lambda: gateway.media_acks("m1")[4:])[-1]["missing"] == [[0, 1], [4, 5]]
    for number in (0, 1, 4, 5):
        gateway.send(gateway.topics.chunk("m1", number), pieces(body)[number])
    wait_for(lambda: _done(gateway, "m1"))
    with centre.service() as api:
        assert api.get("/api/v1/media/m1").content == body


def test_pages_of_a_manifest_may_overlap_and_the_last_one_is_answered_again(
    centre: RunningCentre, gateway: FakeGateway
) -> None:
    """A link that breaks takes answers along, and a gateway that starts anew may cut its pages otherwise."""
    whole = manifest("m1", os.urandom(6000))
    topic = gateway.topics.manifest("m1")
    for first, last in ((0, 2), (2, 4), (0, 3), (3, 5), (5, 6)):
        gateway.send(topic, whole.model_copy(update={"chunks": whole.chunks[first:last], "first": first}))
    assert wait_for(lambda: gateway.media_acks("m1"))[0]["missing"] == [[0, 5]]
    gateway.send(topic, whole.model_copy(update={"chunks": whole.chunks[4:], "first": 4}))
    assert wait_for(lambda: gateway.media_acks("m1")[1:])[0]["missing"] == [[0, 5]]
    with centre.service() as api:
        assert api.get("/api/v1/stats").json()["rejected"] == {}


def test_what_will_never_come_is_said_with_its_reason(centre: RunningCentre, gateway: FakeGateway) -> None:
    gateway.hello()
    refs = [{"id": key, "kind": "snapshot", "type": "image/jpeg", "bytes": 9} for key in ("m1", "m2")]
    gateway.envelope("event", 1, event("e1", media=refs))
    wait_for(lambda: gateway.acked("event"))
    body = os.urandom(3000)
    gateway.send(gateway.topics.manifest("m1"), manifest("m1", body, event="e1"))
    gateway.send(gateway.topics.chunk("m1", 0), pieces(body)[0])
    gateway.send(gateway.topics.gone("m1"), gone("m1", event="e1"))
    lost = gone("c1", "its footage was deleted", kind="clip", event="e1", quality="full")
    gateway.send(gateway.topics.gone("c1"), lost)
    wait_for(lambda: _done(gateway, "m1") and _done(gateway, "c1"))
    gateway.send(gateway.topics.gone("c1"), lost)  # the acknowledgement was lost
    wait_for(lambda: len(gateway.media_acks("c1")) == 2)
    with centre.service() as api:
        found = api.get("/api/v1/events/e1").json()
        assert [(ref["state"], ref["reason"]) for ref in found["media"]] == [
            ("gone", "the outbox is full"),
            ("edge", ""),
        ]
        assert [(clip["state"], clip["error"], clip["quality"]) for clip in found["clips"]] == [
            ("failed", "its footage was deleted", "full")
        ]
        assert api.get("/api/v1/stats").json()["stored"]["media"] == 0
    assert list((centre.data / "media/incoming").iterdir()) == []
