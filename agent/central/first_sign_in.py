"""The one-time link with which the first person makes the first account: no default password exists."""

from __future__ import annotations

import secrets
from urllib.parse import parse_qs, urlsplit

from agent.central.folder import DataFolder, write_private
from agent.central.store.people import People


class FirstSignIn:
    """The link lies in the data folder (0600) while there is no admin; it works once, at whatever web worker."""

    def __init__(self, folder: DataFolder, people: People) -> None:
        self._folder, self._path, self._people = folder, folder.first_sign_in, people
        self._open = False

    def prepare(self, base_url: str) -> str | None:
        """The link, None when there is an admin. A link given out before a restart stays good."""
        if self._people.has_admin():
            self._burn()
            return None
        with self._folder.preparing():  # other web workers over this folder share the token
            token = self._kept() or secrets.token_urlsafe(24)
            self._people.offer_first(token)
            url = f"{base_url}/first?token={token}"
            write_private(self._path, url + "\n")
        self._open = True
        return url

    @property
    def is_open(self) -> bool:
        """Does the link still work? Somebody may have used it, or another web worker's."""
        if self._open and self._people.has_admin():
            self._burn()
        return self._open

    @property
    def is_the_only_way(self) -> bool:
        """Does it work, and is there nobody yet who could sign in instead?"""
        return self.is_open and not self._people.any_user()

    def is_good(self, token: str) -> bool:
        """Would the first account be made with this token?"""
        return self._people.is_first(token)

    def use(self, token: str, name: str, password: str) -> bool:
        """Make the first account; False when the token is wrong or burnt.

        Raises:
            NotSo: see `People.add_first`.
        """
        if not self.is_good(token) or not self._people.add_first(name, password):
            return False
        self._burn()
        return True

    def _burn(self) -> None:
        self._open = False
        self._people.void_first()
        self._path.unlink(missing_ok=True)

    def _kept(self) -> str:
        try:
            query = urlsplit(self._path.read_text().strip()).query
        except OSError:
            return ""
        token = parse_qs(query).get("token", [""])[0]
        return token if len(token) >= 32 else ""
