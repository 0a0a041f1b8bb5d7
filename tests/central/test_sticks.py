"""Whose key an outbox on a stick is signed with, as the centre's database knows it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from agent.central.sticks import check_key
from agent.config.central import CentralConfig
from agent.core.errors import ConfigError, StorageError
from tests.fixtures.postgres import Postgres

KEY = "ab" * 32


def centre(database: str, folder: Path, **more: str) -> CentralConfig:
    return CentralConfig.model_validate({"central": {"database": database, "data": str(folder), **more}})


def test_a_database_that_asks_for_a_password_is_told_it(postgres: Postgres, tmp_path: Path) -> None:
    address, secret = postgres.guarded("s3cret"), tmp_path / "secret"
    secret.write_text("wrong\n")
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:  # the server takes its new rules up in its own time
        with pytest.raises((StorageError, ConfigError)) as told:
            check_key(centre(address, tmp_path, database_password_file=str(secret)), "yard", "gw", KEY, None)
        if "password" in str(told.value):
            break
    assert "s3cret" not in str(told.value)
    assert isinstance(told.value, StorageError)
    secret.write_text("s3cret\n")
    with pytest.raises(ConfigError, match="is not known here yet"):
        check_key(centre(address, tmp_path, database_password_file=str(secret)), "yard", "gw", KEY, None)
