"""Accounts: who there is, what each may do and see, how each proves who it is."""

from __future__ import annotations

import hashlib
import logging
import secrets
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from agent.central.sealing import Sealer, Unsealable, totp_place
from agent.central.store.database import Database
from agent.central.store.pack import Document
from agent.central.store.passwords import hash_password, is_outdated, password_fits
from agent.central.store.reach import EVERYTHING, Reach
from agent.central.store.schema import api_token, familiar, first_link, layout, media_link, saved_search, session, user
from agent.central.store.second_factor import fresh_recovery, fresh_secret, recovery_digest, step_of
from agent.core.clock import NS, Clock, rfc3339
from agent.core.errors import LamppostError

log = logging.getLogger(__name__)

_OF_SOMEBODY = (
    session.c.user, familiar.c.user, api_token.c.owner, saved_search.c.owner, media_link.c.owner, layout.c.owner,
)  # fmt: skip

Role = Literal["viewer", "operator", "investigator", "admin"]
ROLES: tuple[Role, ...] = ("viewer", "operator", "investigator", "admin")
Scope = Literal["read", "search", "media", "live", "command", "admin"]
SCOPES: tuple[Scope, ...] = ("read", "search", "media", "live", "command", "admin")

LINK_S = 24 * 3600
SERVICE = "service"
"""Whom the configuration's token stands for: no account, and nobody can have that name."""
_ADMINS = 0x6C616D71
"""Of PostgreSQL's advisory locks: who holds it changes who is an admin."""


class NotSo(LamppostError):
    """What was asked for cannot be, as accounts stand; `code` is the API's word for why."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks. With a token, `token` is its name and `scopes` what it is for; with a session, `session` is its id."""

    name: str
    role: Role
    reach: Reach = EVERYTHING
    token: str | None = None
    scopes: frozenset[str] | None = None
    session: str | None = None
    reason: str = ""

    @property
    def sees_evidence(self) -> bool:
        """May they take evidence out, and so see what others took out, with their names and reasons?"""
        return ROLES.index(self.role) >= ROLES.index("investigator")

    @property
    def signature(self) -> str:
        """For the audit log: `ann`, or `ann/nightly-report` for a token of hers."""
        return f"{self.name}/{self.token}" if self.token and self.token != self.name else self.name


class People:
    """The accounts."""

    def __init__(self, database: Database, clock: Clock, sealer: Sealer) -> None:
        self._database, self._clock, self._sealer = database, clock, sealer
        self._nobody = hash_password(secrets.token_hex(16))

    def has_admin(self) -> bool:
        """Is there an admin of everything, who may come in? Who came through a directory before may be none."""
        with self._database.read() as connection:
            return _has_admin(connection)

    def any_user(self) -> bool:
        """Is there anybody?"""
        with self._database.read() as connection:
            return connection.execute(sa.select(user.c.name).limit(1)).first() is not None

    def offer_first(self, token: str) -> None:
        """With this link's token, too, the first account may be made: every web worker has a link of its own."""
        with self._database.write() as connection:
            self._database.upsert(connection, first_link, [{"token_hash": digest(token)}])

    def is_first(self, token: str) -> bool:
        """Is it of such a link?"""
        where = first_link.c.token_hash == digest(token)
        with self._database.read() as connection:
            return connection.execute(sa.select(first_link).where(where)).first() is not None

    def void_first(self) -> None:
        """None of these links is good any more, not even when the last admin should be gone one day."""
        with self._database.write() as connection:
            connection.execute(sa.delete(first_link))

    def add_first(self, name: str, password: str) -> bool:
        """Make the first account, an admin, and void all links to it; False when somebody was faster.

        Raises:
            NotSo: the name is taken by somebody whom a directory let in before.
        """
        hashed = hash_password(password)
        with self._database.write() as connection:
            self._database.alone(connection, _ADMINS)
            if _has_admin(connection):
                return False
            if _is_taken(connection, name):
                raise NotSo("taken", f"there is somebody called {name} already")
            connection.execute(sa.delete(first_link))
            connection.execute(sa.insert(user).values(self._row(name, "admin", EVERYTHING) | {"password": hashed}))
        return True

    def create(self, name: str, role: Role, reach: Reach = EVERYTHING) -> str:
        """Make an account without a password; returns the token of the one-time link that sets one.

        Raises:
            NotSo: the name is taken.
        """
        token, row = secrets.token_urlsafe(24), self._row(name, role, reach)
        with self._database.write() as connection:
            if _is_taken(connection, name):
                raise NotSo("taken", f"there is somebody called {name} already")
            connection.execute(sa.insert(user).values(row | self._link(token)))
        return token

    def link(self, name: str) -> str | None:
        """A fresh one-time link to set a password anew; the old ones are void. None: nobody is called so."""
        token = secrets.token_urlsafe(24)
        found = self._update(name, self._link(token))
        return token if found else None

    def invited(self, token: str) -> str | None:
        """Whose one-time link that is, while it is good."""
        with self._database.read() as connection:
            return connection.scalar(sa.select(user.c.name).where(*self._invited(token)))

    def join(self, token: str, password: str) -> Person | None:
        """Set the password that a one-time link is for. The link is burnt, and all sessions of the account end."""
        if self.invited(token) is None:
            return None
        hashed = hash_password(password)
        with self._database.write() as connection:
            query = sa.select(user).where(*self._invited(token)).with_for_update()
            row = connection.execute(query).mappings().first()
            if row is None:
                return None
            fresh = {"password": hashed, "link_hash": None, "link_ns": None}
            connection.execute(sa.update(user).where(user.c.name == row["name"]).values(**fresh))
            connection.execute(sa.delete(session).where(session.c.user == row["name"]))
        return person_of_row(row)

    def change(self, name: str, **changes: Any) -> Document | None:
        """Another `role`, `places` or `disabled`. Who is disabled is signed out everywhere. None: no such account.

        Raises:
            NotSo: nobody would be left to manage the accounts.
        """
        with self._database.write() as connection:
            self._database.alone(connection, _ADMINS)
            if changes:
                connection.execute(sa.update(user).where(user.c.name == name).values(**changes))
            if changes.get("disabled"):
                connection.execute(sa.delete(session).where(session.c.user == name))
            self._must_be_managed(connection)
        return self.one(name)

    def remove(self, name: str) -> bool:
        """The account goes with all that is its own: whoever is called so later finds nothing of it.

        Raises:
            NotSo: nobody would be left to manage the accounts.
        """
        with self._database.write() as connection:
            self._database.alone(connection, _ADMINS)
            gone = connection.execute(sa.delete(user).where(user.c.name == name)).rowcount
            for column in _OF_SOMEBODY:
                connection.execute(sa.delete(column.table).where(column == name))
            self._must_be_managed(connection)
        return bool(gone)

    def all(self) -> list[Document]:
        """All accounts, by name."""
        with self._database.read() as connection:
            return [shown(row) for row in connection.execute(sa.select(user).order_by(user.c.name)).mappings()]

    def one(self, name: str) -> Document | None:
        """One account."""
        row = self._get(name)
        return shown(row) if row else None

    def person(self, name: str) -> Person | None:
        """Who that is now; None for nobody, and for who is disabled."""
        row = self._get(name)
        return person_of_row(row) if row and not row["disabled"] else None

    def check_password(self, name: str, password: str) -> Document | None:
        """The account's row, when the password fits; takes equally long for a name that nobody has."""
        row = self._get(name)
        kept = (row["password"] if row else None) or self._nobody
        fits = password_fits(password, kept)
        if row is None or not fits or row["password"] is None or row["disabled"]:
            return None
        if is_outdated(kept):
            self._update(name, {"password": hash_password(password)})
        return dict(row)

    def set_password(self, name: str, password: str) -> None:
        """A new password; every session of the account ends."""
        hashed = hash_password(password)
        with self._database.write() as connection:
            fresh = {"password": hashed, "link_hash": None, "link_ns": None}
            connection.execute(sa.update(user).where(user.c.name == name).values(**fresh))
            connection.execute(sa.delete(session).where(session.c.user == name))

    def begin_second_factor(self, name: str) -> str:
        """A fresh secret, which counts from the first right code on.

        Raises:
            NotSo: there is one already.
        """
        secret = fresh_secret()
        sealed = self._sealer.seal(secret, totp_place(name))
        where = (user.c.name == name, user.c.totp_on.is_(False))
        with self._database.write() as connection:
            changed = connection.execute(sa.update(user).where(*where).values(totp_secret=sealed, totp_step=0))
        if not changed.rowcount:
            raise NotSo("already_on", "there is a second factor already; take it off first")
        return secret

    def is_first_code(self, name: str, code: str) -> bool:
        """Would this code switch the second factor on?"""
        row = self._get(name)
        return row is not None and self._first_step(row, code) is not None

    def confirm_second_factor(self, name: str, code: str) -> list[str] | None:
        """Switch it on, when the code is right; returns the recovery codes, which nobody sees again."""
        codes = fresh_recovery()
        with self._database.write() as connection:
            row = self._locked(connection, name)
            step = None if row is None else self._first_step(row, code)
            if step is None:
                return None
            fresh = {"totp_on": True, "totp_step": step, "recovery": [recovery_digest(one) for one in codes]}
            connection.execute(sa.update(user).where(user.c.name == name).values(**fresh))
        return codes

    def use_second_factor(self, name: str, code: str) -> bool:
        """Is it the code of now, or a recovery code? Neither works twice."""
        with self._database.write() as connection:
            row = self._locked(connection, name)
            if row is None or not row["totp_on"]:
                return False
            left, one = row["recovery"] or [], recovery_digest(code)
            step = self._step(row, code)
            if step is None and one not in left:
                return False
            used = {"totp_step": step} if step else {"recovery": [other for other in left if other != one]}
            connection.execute(sa.update(user).where(user.c.name == name).values(**used))
        return True

    def _first_step(self, row: Any, code: str) -> int | None:
        return None if row["totp_on"] or not row["totp_secret"] else self._step(row, code)

    def _step(self, row: Any, code: str) -> int | None:
        """See `step_of`. Where the key that sealed the secret is lost, recovery codes still let their owner in."""
        try:
            secret = self._sealer.open(row["totp_secret"], totp_place(row["name"]))
        except Unsealable as error:
            log.error("%s", error)  # noqa: TRY400 - one clear line
            return None
        return step_of(secret, code, self._clock.wall_ns(), row["totp_step"])

    def drop_second_factor(self, name: str) -> bool:
        """Password alone will do again."""
        return self._update(name, {"totp_secret": None, "totp_on": False, "totp_step": 0, "recovery": None})

    def by_subject(self, subject: str, name: str) -> Document | None:
        """The account of who signed in elsewhere, as it was; None: one would be made, called `name`.

        Raises:
            NotSo: see `enter_by_subject`.
        """
        with self._database.read() as connection:
            row = _by_subject(connection, subject, name)
        return shown(row) if row else None

    def enter_by_subject(self, subject: str, name: str, role: Role, reach: Reach) -> Person:
        """Who signed in elsewhere as `subject`: the account is made, or given the role and places that hold now.

        Raises:
            NotSo: the account is disabled, or somebody else has that name here.
        """
        with self._database.write() as connection:
            self._database.alone(connection, _ADMINS)
            row = _by_subject(connection, subject, name)
            if row is None:
                fresh = self._row(name, role, reach) | {"subject": subject}
                connection.execute(sa.insert(user).values(fresh))
                return Person(name, role, reach)
            now = {"role": role, "places": reach.places}
            connection.execute(sa.update(user).where(user.c.subject == subject).values(**now))
        return Person(row["name"], role, reach)

    def _must_be_managed(self, connection: sa.Connection) -> None:
        if not _has_admin(connection):
            raise NotSo("last_admin", "this is the last admin who sees everything: make another first")

    def _invited(self, token: str) -> list[Any]:
        now_ns = self._clock.wall_ns()
        return [user.c.link_hash == digest(token), user.c.link_ns > now_ns, user.c.disabled.is_(False)]

    def _link(self, token: str) -> Document:
        return {"link_hash": digest(token), "link_ns": self._clock.wall_ns() + LINK_S * NS}

    def _get(self, name: str) -> Any:
        with self._database.read() as connection:
            return connection.execute(sa.select(user).where(user.c.name == name)).mappings().first()

    def _locked(self, connection: sa.Connection, name: str) -> Any:
        """The row, which nobody changes until the transaction ends."""
        return connection.execute(sa.select(user).where(user.c.name == name).with_for_update()).mappings().first()

    def _update(self, name: str, values: Document) -> bool:
        with self._database.write() as connection:
            return bool(connection.execute(sa.update(user).where(user.c.name == name).values(**values)).rowcount)

    def _row(self, name: str, role: Role, reach: Reach) -> Document:
        return {
            "name": name,
            "role": role,
            "places": reach.places,
            "disabled": False,
            "created_ns": self._clock.wall_ns(),
            "totp_on": False,
            "totp_step": 0,
        }


def person_of_row(row: Any, **more: Any) -> Person:
    """Who an account's row tells of."""
    return Person(row["name"], row["role"], Reach.of(row["places"]), **more)


def _has_admin(connection: sa.Connection) -> bool:
    query = sa.select(user.c.places).where(user.c.role == "admin", user.c.disabled.is_(False))
    return any(places is None for places in connection.scalars(query))


def _by_subject(connection: sa.Connection, subject: str, name: str) -> Any:
    row = connection.execute(sa.select(user).where(user.c.subject == subject)).mappings().first()
    if row is None and _is_taken(connection, name):
        raise NotSo("taken", f"somebody else is called {name} here; an admin can remove that account")
    if row is not None and row["disabled"]:
        raise NotSo("disabled", "this account is disabled")
    return row


def _is_taken(connection: sa.Connection, name: str) -> bool:
    """Names that differ in capitals alone would be taken for each other."""
    same = sa.func.lower(user.c.name) == name.lower()
    return name.lower() == SERVICE or connection.scalar(sa.select(user.c.name).where(same)) is not None


def digest(token: str) -> str:
    """What is kept of a token, which is random enough that a plain hash hides it."""
    return hashlib.sha256(token.encode()).hexdigest()


def shown(row: Any) -> Document:
    """An account in the API's shape, without a secret."""
    return {
        **{name: row[name] for name in ("name", "role", "places", "disabled")},
        "second_factor": row["totp_on"],
        "waiting": row["password"] is None and row["subject"] is None,
        "elsewhere": row["subject"] is not None,
        "created": rfc3339(row["created_ns"]),
        "last_seen": None if row["seen_ns"] is None else rfc3339(row["seen_ns"]),
    }
