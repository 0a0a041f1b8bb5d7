"""Signing in through a directory: OpenID Connect (Core 1.0), the code flow with PKCE (RFC 7636), by Authlib.

The directory says who somebody is; the configuration says what its groups may do and see here. At every sign-in both
are looked at anew.
"""

from __future__ import annotations

import re
import secrets
import threading
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from agent.central.store.people import Role
from agent.central.store.reach import Reach
from agent.config.base import read_secret
from agent.config.central import Grant, Oidc
from agent.core.clock import NS, Clock
from agent.core.errors import ConfigError, LamppostError

_PATIENCE_S = 10
_AGAIN_NS = 10 * NS
_ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
_LEEWAY_S = 60
_NOT_A_NAME = re.compile(r"[^A-Za-z0-9._-]+")


class Refused(LamppostError):
    """The directory, or our configuration, lets nobody in this way; `code` is the page's word for why."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class Asked(NamedTuple):
    """What the browser keeps between leaving for the directory and coming back."""

    state: str
    nonce: str
    verifier: str


class Arrival(NamedTuple):
    """Who came, and what the configuration lets them do and see."""

    subject: str
    name: str
    role: Role
    reach: Reach


@dataclass(frozen=True, slots=True)
class _Provider:
    """What the directory says of itself."""

    issuer: str
    authorize: str
    token: str
    keys: str
    userinfo: str | None


class Directory:
    """One directory. Talks to it only while somebody signs in."""

    def __init__(self, config: Oidc, clock: Clock) -> None:
        try:
            import authlib.integrations.requests_client  # noqa: F401, PLC0415 - an extra
            import joserfc  # noqa: F401, PLC0415
        except ModuleNotFoundError as error:
            raise ConfigError(f"[oidc] needs more packages ({error.name}): pip install 'lamppost[oidc]'") from error
        self._config, self._clock = config, clock
        self._secret = read_secret(config.client_secret_file)
        self._lock = threading.Lock()
        self._known: _Provider | None = None
        self._away: tuple[int, Refused] | None = None

    def leave(self, back: str) -> tuple[str, Asked]:
        """Where to send the browser, and what it must bring back to `back`.

        Raises:
            Refused: the directory does not answer as it should.
        """
        asked = Asked(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48))
        with self._session(back) as session:
            address, _ = session.create_authorization_url(
                self._provider().authorize, state=asked.state, nonce=asked.nonce, code_verifier=asked.verifier
            )
        return address, asked

    def arrive(self, back: str, address: str, asked: Asked) -> Arrival:
        """Who came back from the directory, to `address`.

        Raises:
            Refused: it is nobody, or nobody that may come in.
        """
        claims = self._claims(back, address, asked)
        grant = self._grant(claims)
        name = _NOT_A_NAME.sub("-", str(claims.get(self._config.name_claim) or claims["sub"])).strip("-._")[:64]
        if not name:
            raise Refused("no_name", f"the directory names nobody in {self._config.name_claim}")
        subject = f"{self._config.issuer} {claims['sub']}"[:500]
        return Arrival(subject, name, grant.role, Reach.of(grant.places))

    def _claims(self, back: str, address: str, asked: Asked) -> dict[str, Any]:
        from authlib.common.errors import AuthlibBaseError  # noqa: PLC0415
        from joserfc.errors import JoseError  # noqa: PLC0415
        from requests import RequestException  # noqa: PLC0415

        try:
            with self._session(back) as session:
                provider = self._provider()
                token = session.fetch_token(
                    provider.token, authorization_response=address, state=asked.state,
                    code_verifier=asked.verifier, timeout=_PATIENCE_S,
                )  # fmt: skip
                claims = self._verified(session, token, asked.nonce)
                if self._config.claim not in claims and provider.userinfo is not None:
                    claims = _joined(claims, session.get(provider.userinfo, timeout=_PATIENCE_S).json())
                return claims
        except (AuthlibBaseError, JoseError, RequestException, ValueError, KeyError, TypeError) as error:
            raise Refused("directory", f"the directory's answer is not right: {error}") from error

    def _verified(self, session: Any, token: dict[str, Any], nonce: str) -> dict[str, Any]:
        from authlib.oidc.core import CodeIDToken  # noqa: PLC0415
        from joserfc import jwt  # noqa: PLC0415
        from joserfc.jwk import KeySet  # noqa: PLC0415

        keys = KeySet.import_key_set(
            session.get(self._provider().keys, timeout=_PATIENCE_S, withhold_token=True).json()
        )
        read = jwt.decode(token["id_token"], keys, algorithms=_ALGORITHMS)
        options = {
            "iss": {"values": [self._provider().issuer]},
            "aud": {"essential": True, "values": [self._config.client_id]},
        }
        params = {"nonce": nonce, "client_id": self._config.client_id, "access_token": token.get("access_token")}
        claims = CodeIDToken(read.claims, read.header, options, params)
        claims.validate(leeway=_LEEWAY_S)
        return dict(claims)

    def _grant(self, claims: dict[str, Any]) -> Grant:
        """The first of the configuration that fits."""
        held = claims.get(self._config.claim)
        groups = {str(one) for one in held} if isinstance(held, list) else {str(held)}
        for grant in self._config.grant:
            if grant.value in groups:
                return grant
        raise Refused("no_grant", f"no [[oidc.grant]] fits the {self._config.claim} of {claims['sub']!r:.80}")

    def _session(self, back: str) -> Any:
        from authlib.integrations.requests_client import OAuth2Session  # noqa: PLC0415

        return OAuth2Session(
            self._config.client_id, self._secret, scope=" ".join(self._config.scopes), redirect_uri=back,
            code_challenge_method="S256", token_endpoint_auth_method=self._config.client_auth,
        )  # fmt: skip

    def _provider(self) -> _Provider:
        """One asks, and nobody waits for that: while a directory hangs, who comes must not hold up all else.

        Raises:
            Refused: it does not answer as it should, or is being asked.
        """
        if self._known is not None:
            return self._known
        if not self._lock.acquire(blocking=False):
            raise Refused("directory", "the directory is being asked who it is; try again in a moment")
        try:
            self._known = self._known or self._found()
            return self._known
        finally:
            self._lock.release()

    def _found(self) -> _Provider:
        """Whoever comes right after a try that failed does not wait for another."""
        now_ns = self._clock.mono_ns()
        if self._away is not None and now_ns - self._away[0] < _AGAIN_NS:
            raise self._away[1]
        try:
            return self._discover()
        except Refused as refused:
            self._away = self._clock.mono_ns(), refused
            raise

    def _discover(self) -> _Provider:
        import requests  # noqa: PLC0415

        address = self._config.issuer.rstrip("/") + "/.well-known/openid-configuration"
        try:
            found = requests.get(address, timeout=_PATIENCE_S).json()
            provider = _Provider(
                found["issuer"], found["authorization_endpoint"], found["token_endpoint"], found["jwks_uri"],
                found.get("userinfo_endpoint"),
            )  # fmt: skip
        except (requests.RequestException, ValueError, KeyError, TypeError) as error:
            raise Refused("directory", f"{address} does not answer as it should: {error}") from error
        if provider.issuer.rstrip("/") != self._config.issuer.rstrip("/"):
            raise Refused("directory", f"{address} is of another issuer: {provider.issuer}")
        if not all(map(_is_safe, (provider.authorize, provider.token, provider.keys))):
            raise Refused("directory", f"{address} names addresses without TLS")
        return provider


def _joined(claims: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Core 1.0 section 5.3.2: what is said of another subject must not be used."""
    if more.get("sub") != claims["sub"]:
        raise ValueError("the user info is of somebody else")
    return more | claims


def _is_safe(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "https" or parts.hostname in {"127.0.0.1", "::1", "localhost"}
