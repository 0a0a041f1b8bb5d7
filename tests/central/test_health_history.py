"""How gateways were: taken in once, shown in steps, thinned to hours, gone with all else."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from agent.central.batch import Batch
from agent.central.store.health import MINUTES_DAYS, HealthHistory
from agent.central.store.reach import Reach
from agent.central.store.schema import health_sample
from agent.core.clock import NS, rfc3339
from agent.wire import messages as wire
from agent.wire.topics import Address
from tests.central.accounts import somebody
from tests.central.helpers import CAMERA, GATEWAY, SITE, T0_NS, FakeGateway, RunningCentre, wait_for
from tests.central.stores import Store

HOUR_NS = 3600 * NS
FIRST_NS = T0_NS // HOUR_NS * HOUR_NS
ALWAYS = (0, 1 << 62)


def sample(minute: float, online: float = 1.0, **more: Any) -> wire.HealthSample:
    """One of a minute, after FIRST_NS."""
    camera = {"id": CAMERA, "online": online, "fps": 15.0, "recorded": 900}
    document = {"time": rfc3339(FIRST_NS + int(minute * 60) * NS), "span_s": 60, "cameras": [camera]} | more
    return wire.HealthSample.model_validate(document)


def put(store: Store, *samples: wire.HealthSample, first: int = 1, gateway: str = GATEWAY) -> Batch:
    envelope = wire.Envelope.model_validate({
        "site": SITE, "gateway": gateway, "outbox": "o", "class": "health", "seq": first,
        "seqs": list(range(first, first + len(samples))), "records": [one.model_dump(mode="json") for one in samples],
    })  # fmt: skip
    with store.database.change() as change:
        batch = Batch(store.database, change, store.clock, store.counts)
        batch.take(Address(SITE, gateway, ("health", "history")), wire.encode(envelope))
        batch.write()
    return batch


def rows(store: Store) -> list[tuple[int, bool]]:
    query = sa.select(health_sample.c.time_ns, health_sample.c.hour).order_by(health_sample.c.time_ns)
    with store.database.read() as connection:
        return [((time_ns - FIRST_NS) // (60 * NS), hour) for time_ns, hour in connection.execute(query)]


def test_what_comes_twice_stands_once_and_is_acknowledged_twice(store: Store) -> None:
    batch = put(store, sample(0), sample(1))
    assert list(batch.acks.values()) == [[1, 2]]
    assert list(put(store, sample(0), sample(1)).acks.values()) == [[1, 2]]
    assert rows(store) == [(0, False), (1, False)]
    assert store.counts.reasons() == {}


def test_a_broken_sample_is_counted_and_its_neighbours_stay(store: Store) -> None:
    bad = sample(1).model_copy(update={"load": float("1e300")})
    put(store, sample(0), bad, sample(2))
    assert (rows(store), store.counts.reasons()) == ([(0, False), (2, False)], {"broken_health": 1})


def test_a_day_in_steps(store: Store) -> None:
    put(store, *(sample(m, temperature_c=40 + m, uplink_bytes=10, online=m % 2) for m in range(10)))
    history = HealthHistory(store.database)
    found = history.gateway(SITE, GATEWAY, FIRST_NS, FIRST_NS + HOUR_NS, 300)
    assert [(one.time, one.span_s, one.temperature_c, one.uplink_bytes) for one in found] == [
        (rfc3339(FIRST_NS), 300, 44, 50), (rfc3339(FIRST_NS + 300 * NS), 300, 49, 50),
    ]  # fmt: skip
    cameras = history.camera((SITE, GATEWAY, CAMERA), FIRST_NS, FIRST_NS + HOUR_NS, 600)
    assert [(time, span_s, one.online, one.recorded) for time, span_s, one in cameras] == [
        (rfc3339(FIRST_NS), 600, 0.5, 9000)
    ]
    assert history.gateway(SITE, GATEWAY, FIRST_NS + HOUR_NS, 1 << 62, 300) == []
    assert history.camera((SITE, GATEWAY, "other"), *ALWAYS, 60) == []


def test_nobody_sees_beyond_their_reach(store: Store) -> None:
    put(store, sample(0))
    history = HealthHistory(store.database)
    place = (SITE, GATEWAY, CAMERA)
    assert not history.limited(Reach.of([f"{SITE}/other"])).gateway(SITE, GATEWAY, *ALWAYS, 60)
    other = history.limited(Reach.of([f"{SITE}/{GATEWAY}/other"]))
    assert not other.gateway(SITE, GATEWAY, *ALWAYS, 60)  # sums of cameras that are out of reach
    assert not other.camera(place, *ALWAYS, 60)
    assert history.limited(Reach.of(["/".join(place)])).camera(place, *ALWAYS, 60)


def test_after_a_week_minutes_become_hours_and_after_keep_days_nothing_is_left(store: Store) -> None:
    put(store, *(sample(m, temperature_c=m, uplink_bytes=1) for m in range(0, 180, 10)))
    history, week_ns = HealthHistory(store.database), MINUTES_DAYS * 24 * HOUR_NS
    assert history.thin(FIRST_NS + week_ns + HOUR_NS + NS, 30) == 1
    assert rows(store) == [(0, True), *((m, False) for m in range(60, 180, 10))]
    first = history.gateway(SITE, GATEWAY, *ALWAYS, 60)[0]
    assert (first.time, first.span_s, first.temperature_c, first.uplink_bytes) == (rfc3339(FIRST_NS), 360, 50, 6)
    (point, *_) = history.camera((SITE, GATEWAY, CAMERA), *ALWAYS, 60)
    assert (point[1], point[2].recorded) == (360, 5400)
    assert history.thin(FIRST_NS + week_ns + 4 * HOUR_NS, 30) == 2
    assert history.thin(FIRST_NS + week_ns + 4 * HOUR_NS, 30) == 0
    assert rows(store) == [(0, True), (60, True), (120, True)]
    history.thin(FIRST_NS + 30 * 24 * HOUR_NS + 90 * 60 * NS, 30)
    assert rows(store) == [(120, True)]


def test_what_comes_on_a_stick_weeks_later_joins_its_hour(store: Store) -> None:
    history, later_ns = HealthHistory(store.database), FIRST_NS + 20 * 24 * HOUR_NS
    put(store, sample(0, uplink_bytes=1), sample(1, uplink_bytes=1))
    history.thin(later_ns, 30)
    put(store, sample(2, uplink_bytes=5), first=3)
    history.thin(later_ns, 30)
    (hour,) = history.gateway(SITE, GATEWAY, *ALWAYS, 60)
    assert (rows(store), hour.span_s, hour.uplink_bytes) == ([(0, True)], 180, 7)


def test_what_is_of_another_age_is_counted_and_left_out(store: Store) -> None:
    late, early = sample(60 * 24 * 2), sample(0).model_copy(update={"time": "1970-01-01T00:03:00Z"})
    assert list(put(store, sample(0), late, early).acks.values()) == [[1, 2, 3]]
    assert (rows(store), store.counts.reasons()) == ([(0, False)], {"out_of_time": 2})


def test_many_hours_are_thinned_some_at_a_time(store: Store) -> None:
    hours = 60
    store.clock.advance(3600 * hours)
    put(store, *(sample(60 * h + m) for h in range(hours) for m in (1, 2)))
    assert HealthHistory(store.database).thin(FIRST_NS + 20 * 24 * HOUR_NS, 30) == hours
    assert rows(store) == [(60 * h, True) for h in range(hours)]


def test_over_the_api(centre: RunningCentre, gateway: FakeGateway) -> None:
    gateway.hello()
    gateway.send(gateway.topics.history, gateway.packed("health", 1, sample(0, temperature_c=51.0, load=1.5)))
    wait_for(lambda: gateway.acked("health") == {1})
    when = {"since": rfc3339(FIRST_NS), "until": rfc3339(FIRST_NS + 24 * HOUR_NS)}
    place = f"/api/v1/gateways/{SITE}/{GATEWAY}/health"
    with centre.admin() as api:
        found = api.get(place, params=when).json()
        assert found["step_s"] == 300
        assert [(one["temperature_c"], one["load"], one["span_s"]) for one in found["items"]] == [(51.0, 1.5, 60)]
        camera = api.get(f"/api/v1/cameras/{SITE}/{GATEWAY}/{CAMERA}/health", params=when | {"step": "60"}).json()
        assert [(one["time"], one["fps"], one["recorded"]) for one in camera["items"]] == [
            (rfc3339(FIRST_NS), 15.0, 900)
        ]
        assert api.get(place).json()["items"] == []  # the last day, by itself
        assert api.get(f"/api/v1/gateways/{SITE}/none/health").status_code == 404
        assert api.get(f"/api/v1/cameras/{SITE}/{GATEWAY}/none/health").status_code == 404
        for wrong in (
            {"step": "60", "since": "2020-01-01T00:00:00Z"},
            {"step": "1"},
            {"since": "2200-01-01T00:00:00Z"},
        ):
            assert api.get(place, params=wrong).status_code == 422
        assert api.get("/api/v1/stats").json()["stored"]["envelopes"]["health"] == 1
    with somebody(centre, "guest", places=[f"{SITE}/elsewhere"]) as guest:
        assert guest.get(place, params=when).status_code == 404
