"""A small OpenID Connect provider on loopback: Authlib's and joserfc's server half behind plain HTTP.

It lets everybody in at once as `claims`. `spoil` says what it does wrong.
"""

from __future__ import annotations

import base64
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "lamppost", "a secret of the client"


def _right(_claims: dict[str, Any]) -> None:
    """Spoils nothing."""


class Provider:
    """`issuer`; `claims` of whoever signs in next; `userinfo` beside them."""

    def __init__(self) -> None:
        self.key, self.strange_key = (RSAKey.generate_key(2048, {"kid": "one"}) for _ in range(2))
        self.claims: dict[str, Any] = {"sub": "u-1", "preferred_username": "carla", "groups": ["hartford-patrol"]}
        self.userinfo: dict[str, Any] = {}
        self.spoil: Callable[[dict[str, Any]], None] = _right
        self.signs_with = self.key
        self._asked: dict[str, dict[str, str]] = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"

    def discovery(self) -> dict[str, Any]:
        names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        found = {name: f"{self.issuer}/{path}" for name, path in names.items()}
        return found | {"issuer": self.issuer, "userinfo_endpoint": f"{self.issuer}/userinfo"}

    def authorize(self, asked: dict[str, str]) -> str:
        assert (asked["client_id"], asked["response_type"], asked["code_challenge_method"]) == (CLIENT, "code", "S256")
        code = secrets.token_urlsafe(8)
        self._asked[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, form: dict[str, str], authorization: str) -> dict[str, Any] | None:
        asked = self._asked.pop(form["code"], None)
        basic = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        if asked is None or basic != f"{CLIENT}:{SECRET}" or form["redirect_uri"] != asked["redirect_uri"]:
            return None
        if create_s256_code_challenge(form["code_verifier"]) != asked["code_challenge"]:
            return None
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            **self.claims,
        }
        self.spoil(claims)
        signed = jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.signs_with)
        return {"access_token": "access", "token_type": "Bearer", "id_token": signed}


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            match parts.path:
                case "/.well-known/openid-configuration":
                    self._json(provider.discovery())
                case "/keys":
                    self._json({"keys": [provider.key.as_dict(private=False)]})
                case "/userinfo":
                    self._json(provider.userinfo if self.headers["Authorization"] == "Bearer access" else {})
                case "/authorize":
                    self.send_response(302)
                    self.send_header("Location", provider.authorize(asked))
                    self.send_header("Content-Length", "0")
                    self.end_headers()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            found = provider.token(form, self.headers.get("Authorization", ""))
            self._json(found or {"error": "invalid_grant"}, 200 if found else 400)

        def _json(self, document: Any, status: int = 200) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


@contextmanager
def provider() -> Iterator[Provider]:
    """One that runs for the length of a block."""
    made = Provider()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield made
    finally:
        made.server.shutdown()
        made.server.server_close()
        thread.join()
