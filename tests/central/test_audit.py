"""The audit log: nothing is changed or taken out unseen, whoever writes beside whom."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyotp
import sqlalchemy as sa

from agent.central.api.lately import LATELY_S, Lately
from agent.central.store.audit import Audit, Sought
from agent.central.store.database import Database
from agent.central.store.schema import audit
from agent.core.clock import NS, SystemClock
from tests.central.accounts import somebody
from tests.central.helpers import PASSWORD, T0_NS, FakeGateway, RunningCentre, manifest, running, track, wait_for
from tests.central.stores import Store
from tests.fixtures.clock import FakeClock


def _filled(store: Store, lines: int = 6) -> Audit:
    log = Audit(store.database, store.clock)
    for number in range(lines):
        log.write("ann", "media.view", f"picture {number}", "192.0.2.1", "case 7")
        store.clock.advance(60)
    return log


CHANGES: list[dict[str, Any]] = [
    {"who": "nobody"}, {"what": "else"}, {"why": ""}, {"origin": "::1"}, {"action": "x"}, {"time_ns": 1},
    {"said": "0" * 64}, {"hash": "0" * 64}, {"salt": None}, {"salt": None, "who": None},
]  # fmt: skip


def test_what_is_changed_is_seen(plain_store: Store) -> None:
    log = _filled(plain_store)
    with plain_store.database.read() as connection:
        right = dict(connection.execute(sa.select(audit).where(audit.c.seq == 3)).mappings().one())
    for change in CHANGES:
        assert log.verify()["verified"]
        _set(plain_store, change)
        verdict = log.verify()
        assert not verdict["verified"], change
        assert verdict["broken_at"] in {3, 4}
        _set(plain_store, right)


def _set(store: Store, values: dict[str, Any]) -> None:
    with store.database.write() as connection:
        connection.execute(sa.update(audit).where(audit.c.seq == 3).values(**values))


def test_what_is_taken_out_is_seen_and_a_cut_end_by_who_kept_the_head(plain_store: Store) -> None:
    log = _filled(plain_store)
    whole = log.verify()
    with plain_store.database.write() as connection:
        connection.execute(sa.delete(audit).where(audit.c.seq == 6))
    cut = log.verify()
    assert cut["verified"]
    assert (cut["lines"], cut["head"]) != (whole["lines"], whole["head"])
    with plain_store.database.write() as connection:
        connection.execute(sa.delete(audit).where(audit.c.seq == 2))
    assert log.verify()["broken_at"] == 2


def test_personal_data_leave_and_the_chain_still_verifies(store: Store) -> None:
    log = _filled(store)
    assert log.erase(T0_NS + 150 * NS) == 3
    verdict = log.verify()
    assert (verdict["verified"], verdict["lines"], verdict["erased"]) == (True, 6, 3)
    items = log.page(10, None)["items"]
    assert [one["what"] for one in items] == ["picture 5", "picture 4", "picture 3", None, None, None]
    assert [one["action"] for one in items] == ["media.view"] * 6
    assert log.erase(T0_NS + 150 * NS) == 0
    log.write("ann", "sign-in", "", "::1")
    assert log.verify()["verified"]


def test_lines_are_found_by_who_action_text_and_time(store: Store) -> None:
    log = Audit(store.database, store.clock)
    for who, action, what, why in (
        ("ann", "media.view", "a%b", ""), ("ann/robot", "media.view", "axb", "Case 7"), ("anna", "sign-in", "", ""),
        ("bob", "medial", "", ""),
    ):  # fmt: skip
        log.write(who, action, what, "::1", why)
        store.clock.advance(10)

    def seqs(**sought: Any) -> list[int]:
        return [one["seq"] for one in log.page(10, None, Sought(**sought))["items"]]

    assert seqs(who="ann") == [2, 1]
    assert seqs(action="media") == [2, 1]
    assert seqs(text="a%b") == [1]
    assert seqs(text="case 7") == [2]
    assert seqs(since_ns=T0_NS + 10 * NS, until_ns=T0_NS + 30 * NS) == [3, 2]
    first = log.page(3, None)
    assert [one["seq"] for one in log.page(3, int(first["next"]))["items"]] == [1]
    log.write("x\x00\ud800" * 50, "a" * 60, "y" * 999, "z" * 99, "w" * 999)
    assert log.verify()["verified"]


def test_two_processes_that_write_at_once_make_one_chain(open_one: Callable[[], Store], tmp_path: Path) -> None:
    store = open_one()
    other = Database.open(store.address, store.folder)
    try:
        logs = [Audit(database, SystemClock()) for database in (store.database, other) for _ in range(3)]
        with ThreadPoolExecutor(len(logs)) as crowd:
            list(crowd.map(lambda log: [log.write("ann", "x", str(n), "::1") for n in range(8)], logs))
        verdict = logs[0].verify()
        assert (verdict["verified"], verdict["lines"]) == (True, len(logs) * 8)
    finally:
        other.close()


def _verify_elsewhere(lines: list[dict[str, Any]]) -> None:
    before = "0" * 64
    for line in lines:
        said = [line[name] for name in ("from", "salt", "what", "who", "why")]
        assert line["said"] == hashlib.sha256(json.dumps(said).encode()).hexdigest()
        told = [before, line["seq"], line["time"], line["action"], line["said"]]
        assert line["hash"] == hashlib.sha256(json.dumps(told).encode()).hexdigest()
        before = line["hash"]


def test_what_is_exported_verifies_elsewhere(centre: RunningCentre) -> None:
    with centre.admin() as admin:
        admin.post("/api/v1/sign-in", json={"username": "=cmd()", "password": "x"})
        answer = admin.get("/api/v1/audit/export")
        assert answer.headers["content-disposition"] == 'attachment; filename="audit.jsonl"'
        lines = [json.loads(line) for line in answer.text.splitlines()]
        assert [line["action"] for line in lines] == ["account.first", "sign-in.refused", "audit.export"]
        _verify_elsewhere(lines)
        table = admin.get("/api/v1/audit/export", params={"form": "csv", "action": "sign-in"})
        (row,) = csv.DictReader(io.StringIO(table.text))
        assert (row["who"], row["action"]) == ("'=cmd()", "sign-in.refused")
        assert admin.get("/api/v1/audit", params={"text": "form=csv"}).json()["items"][0]["action"] == "audit.export"


def test_every_look_is_written_down_with_who_what_why_and_from_where(
    centre: RunningCentre, gateway: FakeGateway
) -> None:
    gateway.hello()
    gateway.envelope("track", 1, track("t1", plate="AB 123"))
    with somebody(centre, "bob", "operator") as api, centre.admin() as admin:
        wait_for(lambda: api.get("/api/v1/tracks").json()["items"])
        assert api.get("/api/v1/audit").status_code == 403
        api.get("/api/v1/tracks", params={"plate": "AB12*"}, headers={"X-Lamppost-Reason": "stolen car"})
        api.post("/api/v1/me/reason", json={"reason": "case 7"}).raise_for_status()
        api.get("/api/v1/tracks", params={"plate": "AB12*"})
        found = admin.get("/api/v1/audit", params={"who": "bob"}).json()["items"]
        assert [(one["action"], one["why"]) for one in found] == [
            ("search.plate", "case 7"), ("account.reason", "case 7"), ("search.plate", "stolen car"),
            ("account.join", ""),
        ]  # fmt: skip
        assert found[0]["what"].startswith("AB12* wildcard")
        assert {one["from"] for one in found} == {"127.0.0.1"}


def test_where_a_reason_is_asked_for_nothing_happens_without_one(tmp_path: Path) -> None:
    asked = {"ask_reason": ["search", "clip.request"]}
    with running(tmp_path / "data", people=asked) as centre, somebody(centre, "bob", "operator") as api:
        assert api.get("/api/v1/me").json()["asks_reason"]
        refused = api.get("/api/v1/tracks", params={"plate": "AB12"})
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "reason_needed")
        assert api.get("/api/v1/tracks").status_code == 200
        assert api.get("/api/v1/tracks", params={"plate": "AB12", "reason": "case 7"}).status_code == 200
        api.post("/api/v1/me/reason", json={"reason": "case 8"}).raise_for_status()
        assert api.get("/api/v1/tracks", params={"plate": "AB12"}).status_code == 200


def test_who_says_no_reason_gets_no_second_factor_whose_codes_nobody_was_shown(tmp_path: Path) -> None:
    with running(tmp_path / "data", people={"ask_reason": ["account"]}) as centre, centre.admin() as api:
        confirm = "/api/v1/me/second-factor/confirm"
        secret = api.post("/api/v1/me/second-factor", json={"password": PASSWORD}).json()["secret"]
        code = {"code": pyotp.TOTP(secret).now()}
        refused = api.post(confirm, json=code)
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "reason_needed")
        assert not api.get("/api/v1/me").json()["second_factor"]
        told = api.post(confirm, json=code, headers={"X-Lamppost-Reason": "new telephone"})
        assert len(told.json()["codes"]) == 10


def test_whatever_part_of_a_medium_one_asks_for_is_a_look_with_a_reason(tmp_path: Path) -> None:
    body = os.urandom(4000)
    with (
        running(tmp_path / "data", people={"ask_reason": ["media"]}) as centre,
        FakeGateway(centre) as gateway,
        somebody(centre, "bob") as api,
        centre.admin() as admin,
    ):
        gateway.hello()
        gateway.send_medium(manifest("m1", body), body)
        wait_for(lambda: any(ack["state"] == "done" for ack in gateway.media_acks("m1")))
        spans: tuple[dict[str, str], ...] = ({}, {"Range": "bytes=1-"}, {"Range": "bytes=-10"})
        for span in spans:
            assert api.get("/api/v1/media/m1", headers=span).status_code == 403, span
        for first in (1, 0, 2000, 3999):  # a player, by its own order
            part = {"Range": f"bytes={first}-", "X-Lamppost-Reason": "case 7"}
            assert api.get("/api/v1/media/m1", headers=part).content == body[first:]
        looks = admin.get("/api/v1/audit", params={"action": "media.view"}).json()["items"]
        assert [(one["who"], one["why"]) for one in looks] == [("bob", "case 7")]
        other = {"Range": "bytes=1-", "X-Lamppost-Reason": "case 8"}
        assert api.get("/api/v1/media/m1", headers=other).status_code == 206
        assert api.get("/api/v1/media/m1", headers={"X-Lamppost-Reason": "case 8"}).content == body
        looks = admin.get("/api/v1/audit", params={"action": "media.view"}).json()["items"]
        assert [one["why"] for one in looks] == ["case 8", "case 8", "case 7"]


def test_what_went_on_for_some_minutes_happens_anew() -> None:
    clock = FakeClock(T0_NS)
    lately = Lately(clock)
    assert not lately.has("a")
    lately.happened("a")
    clock.advance(LATELY_S - 1)
    assert lately.has("a")
    for number in range(10_000):
        lately.happened(number)
    assert not lately.has("a")
    assert lately.has(0)
    clock.advance(LATELY_S)
    assert not lately.has(0)


def test_to_watch_for_a_plate_is_to_look_for_it(tmp_path: Path) -> None:
    asked = {"ask_reason": ["search.plate"]}
    wanted: dict[str, Any] = {"url": "/api/v1/searches/tracks", "params": {"plate": "AB12"}}
    with running(tmp_path / "data", people=asked) as centre, somebody(centre, "bob", "operator") as api:
        refused = api.post(**wanted, json={"name": "x", "watch": True})
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "reason_needed")
        kept = api.post(**wanted, json={"name": "x"}).json()  # nobody has looked yet
        change = {"url": f"/api/v1/searches/{kept['id']}", "json": {"watch": True}}
        assert api.patch(**change).json()["error"]["code"] == "reason_needed"
        assert api.patch(url=change["url"], json={"name": "y"}).status_code == 200
        assert not api.get("/api/v1/searches").json()["items"][0]["watch"]
        why = {"X-Lamppost-Reason": "case 7"}
        assert api.patch(**change, headers=why).json()["watch"]
        assert api.post(**wanted, json={"name": "z", "watch": True}, headers=why).status_code == 201
        with centre.admin() as admin:
            lines = admin.get("/api/v1/audit", params={"action": "search.plate"}).json()["items"]
        assert [(one["who"], one["what"], one["why"]) for one in lines] == [
            ("bob", "AB12 exact: plate=AB12", "case 7")
        ] * 2
