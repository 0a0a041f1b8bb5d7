"""Secrets at rest: a copied database gives none away, and what was moved elsewhere does not open."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pyotp
import pytest
import sqlalchemy as sa

from agent.central.sealing import Sealer, Unsealable, seal_anew, totp_place, webhook_place
from agent.central.store import schema
from agent.central.store.hooks import Hooks
from agent.central.store.people import People
from agent.core.errors import ConfigError
from tests.central.helpers import PASSWORD
from tests.central.stores import Store

OLD, NEW = b"\x01" * 32, b"\x02" * 32


def test_what_is_sealed_opens_at_its_place_alone_and_with_its_key_alone() -> None:
    sealer = Sealer([OLD])
    sealed = sealer.seal("whsec_x", "webhook/a/secret")
    assert "whsec" not in sealed
    assert sealed != sealer.seal("whsec_x", "webhook/a/secret")
    assert sealer.open(sealed, "webhook/a/secret") == "whsec_x"
    assert Sealer([NEW, OLD]).open(sealed, "webhook/a/secret") == "whsec_x"
    for other, place in ((sealer, "webhook/b/secret"), (Sealer([NEW]), "webhook/a/secret")):
        with pytest.raises(Unsealable, match="does not open it"):
            other.open(sealed, place)
    for broken in (sealed[:-4], sealed[:-6] + "AAAAAA", "", "x", "x.y", "ä.ö"):
        with pytest.raises(Unsealable):
            sealer.open(broken, "webhook/a/secret")


def test_signatures_hold_for_all_keys_and_for_nothing_else() -> None:
    signature = Sealer([OLD]).sign("link")
    assert Sealer([NEW, OLD]).verify("link", signature)
    assert not Sealer([NEW]).verify("link", signature)
    assert not Sealer([OLD]).verify("other", signature)
    assert not Sealer([OLD]).verify("link", "ä")


@pytest.mark.parametrize("text", ["", "short", base64.b64encode(b"x" * 31).decode(), "\n".join(["ä"] * 3)])
def test_a_file_without_keys_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "secret.key"
    path.write_text(text)
    with pytest.raises(ConfigError, match="write keys of 32 bytes in base64"):
        Sealer.load(path, make=True)


def test_a_key_is_made_once_and_never_in_the_operators_place(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    with pytest.raises(ConfigError, match="cannot be read"):
        Sealer.load(path, make=False)
    sealed = Sealer.load(path, make=True).seal("x", "here")
    assert Sealer.load(path, make=True).open(sealed, "here") == "x"
    assert path.stat().st_mode & 0o777 == 0o600


def _people(store: Store, sealer: Sealer) -> tuple[People, str, list[str]]:
    people = People(store.database, store.clock, sealer)
    people.add_first("ann", PASSWORD)
    secret = people.begin_second_factor("ann")
    codes = people.confirm_second_factor("ann", pyotp.TOTP(secret).at(store.clock.wall_ns() // 10**9))
    assert codes
    return people, secret, codes


def _kept(store: Store, column: Any) -> str:
    with store.database.read() as connection:
        return str(connection.scalar(sa.select(column)))


def test_the_database_alone_gives_no_secret_away(open_one: Any) -> None:
    store, sealer = open_one(), Sealer([OLD])
    people, secret, _ = _people(store, sealer)
    hooks = Hooks(store.database, store.clock, sealer)
    key, shown = hooks.make("Dispatch", "https://x.example")
    assert sealer.open(_kept(store, schema.user.c.totp_secret), totp_place("ann")) == secret
    assert sealer.open(_kept(store, schema.webhook.c.secret), webhook_place(key)) == shown
    kept = _kept(store, schema.user.c.totp_secret) + _kept(store, schema.webhook.c.secret)
    assert secret not in kept
    assert shown not in kept
    store.clock.advance(60)
    assert people.use_second_factor("ann", pyotp.TOTP(secret).at(store.clock.wall_ns() // 10**9))


def test_another_key_takes_over_and_a_lost_one_is_said(plain_store: Store, caplog: pytest.LogCaptureFixture) -> None:
    store = plain_store
    _, secret, codes = _people(store, Sealer([OLD]))
    hooks = Hooks(store.database, store.clock, Sealer([OLD]))
    key, shown = hooks.make("Dispatch", "https://x.example")
    seal_anew(store.database, Sealer([NEW, OLD]))
    fresh = Sealer([NEW])
    assert fresh.open(_kept(store, schema.user.c.totp_secret), totp_place("ann")) == secret
    assert fresh.open(_kept(store, schema.webhook.c.secret), webhook_place(key)) == shown
    assert not caplog.text
    seal_anew(store.database, Sealer([OLD]))
    assert "user/ann/totp: the centre's key for secrets does not open it; put the key back" in caplog.text
    lost = People(store.database, store.clock, Sealer([OLD]))
    store.clock.advance(60)
    assert not lost.use_second_factor("ann", pyotp.TOTP(secret).at(store.clock.wall_ns() // 10**9))
    assert lost.use_second_factor("ann", codes[0])
    hooks.test(key)
    delivery = hooks.next_of(key)
    assert delivery is not None
    assert delivery.secret is None
