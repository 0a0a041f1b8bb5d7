"""People of a running centre, made over its API as an admin makes them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests.central.helpers import PASSWORD, RunningCentre


def make(admin: httpx.Client, name: str, role: str = "viewer", places: list[str] | None = None) -> str:
    """An account; returns the token of its link."""
    answer = admin.post("/api/v1/people", json={"name": name, "role": role, "places": places})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["link"].partition("token=")[2])


@contextmanager
def somebody(centre: RunningCentre, name: str, role: str = "viewer", places: list[str] | None = None) -> Iterator[Any]:
    """A client of somebody new, signed in."""
    with centre.admin() as admin:
        token = make(admin, name, role, places)
    with centre.client() as api:
        api.post("/api/v1/join", json={"token": token, "password": PASSWORD}).raise_for_status()
        yield api


@contextmanager
def program(centre: RunningCentre, owner: httpx.Client, **wanted: Any) -> Iterator[httpx.Client]:
    """A client with a fresh token of somebody's."""
    answer = owner.post("/api/v1/tokens", json={"name": "robot", "scopes": ["read"]} | wanted)
    assert answer.status_code == 201, answer.text
    bearer = {"Authorization": f"Bearer {answer.json()['token']}"}
    with httpx.Client(base_url=centre.url, headers=bearer, timeout=15) as api:
        yield api
