"""The one-time link with which the first person makes the first account: no default password exists."""

from __future__ import annotations

import hmac
import secrets
import threading
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from agent.central.folder import write_private
from agent.central.store.people import People


class FirstSignIn:
    """The link lies in `path` (0600) while there is no user; it works once."""

    def __init__(self, path: Path, people: People) -> None:
        self._path, self._people = path, people
        self._lock = threading.Lock()
        self._token = ""

    def prepare(self, base_url: str) -> str | None:
        """The link, None when there are users. A link given out before a restart stays good."""
        if self._people.any_user():
            self._burn()
            return None
        self._token = self._kept() or secrets.token_urlsafe(24)
        url = f"{base_url}/first?token={self._token}"
        write_private(self._path, url + "\n")
        return url

    @property
    def is_open(self) -> bool:
        """Does the link still work?"""
        return bool(self._token)

    def use(self, token: str, name: str, password: str) -> bool:
        """Make the first account; False when the token is wrong or burnt."""
        with self._lock:
            fits = hmac.compare_digest(token.encode(), self._token.encode())
            if not self._token or not fits or not self._people.add_first(name, password):
                return False
            self._burn()
            return True

    def _burn(self) -> None:
        self._token = ""
        self._path.unlink(missing_ok=True)

    def _kept(self) -> str:
        try:
            query = urlsplit(self._path.read_text().strip()).query
        except OSError:
            return ""
        token = parse_qs(query).get("token", [""])[0]
        return token if len(token) >= 32 else ""
