"""What the configuration names, opened."""

from __future__ import annotations

from agent.central.store.database import Database
from agent.config.base import read_secret
from agent.config.central import Central


def configured_database(central: Central) -> Database:
    """The centre's database, with the password that its file holds.

    Raises:
        ConfigError, StorageError: see `read_secret` and `Database.open`.
    """
    return Database.open(central.database, central.data, read_secret(central.database_password_file))
