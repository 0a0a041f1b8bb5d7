"""The centre's SQLite files lie where they are named, whatever is in the name."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from agent.central.store.engines import sqlite_engine


@pytest.mark.parametrize("name", ["plain", "a#b", "a?b", "50%", "e%41", "ä 🚦"])
def test_a_file_lies_where_it_is_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / name / "centre.db"
    path.parent.mkdir()
    for make in (True, False):
        engine = sqlite_engine(path, make=make)
        with engine.begin() as db:
            assert db.execute(sa.text("PRAGMA database_list")).one()[2] == str(path)
        engine.dispose()
    assert [one.name for one in tmp_path.iterdir()] == [name]


def test_one_that_is_not_there_is_not_made_by_a_reader(tmp_path: Path) -> None:
    engine = sqlite_engine(tmp_path / "none.db", make=False)
    with pytest.raises(sa.exc.OperationalError), engine.begin():
        pass
    engine.dispose()
    assert list(tmp_path.iterdir()) == []
