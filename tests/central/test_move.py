"""A SQLite centre moves to PostgreSQL: all of it, once, whatever cuts it off."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from agent.central import move
from agent.central.folder import DataFolder
from agent.central.move import Move, Stopped
from agent.central.sealing import Sealer
from agent.central.store import schema
from agent.central.store.audit import Audit
from agent.central.store.database import Database
from agent.central.store.filters import Filters
from agent.central.store.people import People
from agent.central.store.rows import DAY_NS
from agent.cli import main
from agent.core.clock import SystemClock, rfc3339
from agent.core.errors import ConfigError, StorageError
from agent.core.stop import StopToken
from tests.central.helpers import T0_NS, event, span, track
from tests.central.stores import Store
from tests.fixtures.postgres import Postgres

_DAY_S = DAY_NS // 10**9
_PICTURE = {"id": "m1", "kind": "snapshot", "type": "image/jpeg", "bytes": 9}


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Store]:
    """A centre with something of everything, on four days."""
    database = Database.open("sqlite", tmp_path)
    store = Store(database, "sqlite", tmp_path)
    for day in range(4):
        at_s, start = -day * _DAY_S, rfc3339(T0_NS - day * DAY_NS)
        some = {"colours": {"upper": [["green", 0.9]]}, "path": [(0, 0.1, 0.1, 0.2, 0.2), (1, 0.3, 0.3, 0.4, 0.4)]}
        store.put(*(track(f"t{day}-{number}", final=True, at_s=at_s, start=start, **some) for number in range(9)))
        store.put(track(f"p{day}", final=True, at_s=at_s, start=start, plate="AB 123", kind="car", label="vehicle"))
        store.put(event(f"e{day}", at_s=at_s, start=start, media=[_PICTURE]))
        store.put(span(f"s{day}", at_s, at_s + 9, number=4 - day))
    People(database, SystemClock(), Sealer([b"k" * 32])).add_first("ann", "a long password")
    for number in range(3):
        Audit(database, SystemClock()).write("ann", "media.view", f"picture {number}", "::1")
    yield store
    database.close()


@contextmanager
def moved_to(address: str, folder: Path) -> Iterator[Store]:
    database = Database.open(address, folder)
    try:
        yield Store(database, address, folder)
    finally:
        database.close()


def small(database: Database) -> dict[str, list[Any]]:
    """Every row of every small table, but for what is of the database itself."""
    own = {table.name for table in (schema.about, schema.lease, schema.process)}
    with database.read() as connection:
        return {
            table.name: sorted(json.dumps(list(row), default=repr) for row in connection.execute(sa.select(table)))
            for table in schema.metadata.sorted_tables
            if table.name not in own
        }


def config(folder: Path) -> Path:
    file = folder / "central.toml"
    file.write_text(f"[central]\ndata = {json.dumps(str(folder))}\n")
    return file


def test_everything_is_there_and_works(old: Store, postgres: Postgres, capsys: pytest.CaptureFixture[str]) -> None:
    address, file = postgres.fresh(), config(old.folder)
    before = old.finds.tracks(Filters(colour=(("upper", "green"),)), facets=True)
    assert main(["central", "move", "--to", address, "--config", str(file)]) == 0
    said = capsys.readouterr().out
    assert "rows of 4 days" in said
    assert f"database = {json.dumps(address)}" in said
    with moved_to(address, old.folder) as new:
        assert new.dump() == old.dump()
        assert small(new.database) == small(old.database)
        assert new.finds.tracks(Filters(colour=(("upper", "green"),)), facets=True) == before
        assert Audit(new.database, SystemClock()).verify()["verified"]
        move.check_whole(new.database)
        new.seq = old.seq
        new.put(track("t0-0", final=True, at_s=0), track("more", at_s=5))  # and it goes on
        assert "more" in new.tracks()
    assert main(["central", "move", "--to", address, "--config", str(file)]) == 2
    assert "holds a centre already" in capsys.readouterr().err


@pytest.mark.slow
def test_one_that_was_cut_off_goes_on_and_nobody_starts_meanwhile(old: Store, postgres: Postgres) -> None:
    """Killed between any two days: by SIGKILL, by its own hand."""
    address = postgres.fresh()
    code = (
        "import os, signal, sys; from pathlib import Path; from agent.central.move import Move;"
        "from agent.central.store.database import Database as D; from agent.core.stop import StopToken;"
        "kill = lambda share: os.kill(os.getpid(), signal.SIGKILL) if share >= float(sys.argv[3]) else None;"
        "source, target = D.open('sqlite', Path(sys.argv[1])), D.open(sys.argv[2], Path());"
        "Move(source, target, 'c', StopToken(), kill).run()"
    )
    for share in ("0", "0.3", "0.5"):
        done = subprocess.run([sys.executable, "-c", code, str(old.folder), address, share], check=False, timeout=60)
        assert done.returncode == -signal.SIGKILL
        with moved_to(address, old.folder) as new, pytest.raises(ConfigError, match="has not ended"):
            move.check_whole(new.database)
    with moved_to(address, old.folder) as new:
        with pytest.raises(ConfigError, match="another centre"):
            Move(old.database, new.database, "other", StopToken(), lambda _: None).run()
        shares = list[float]()
        assert Move(old.database, new.database, "c", StopToken(), shares.append).run().days == 4
        assert new.dump() == old.dump()
        assert small(new.database) == small(old.database)
        move.check_whole(new.database)


def test_asked_to_stop_it_keeps_what_it_has(old: Store, postgres: Postgres) -> None:
    stop = StopToken()
    with moved_to(postgres.fresh(), old.folder) as new:
        with pytest.raises(Stopped, match="goes on from there"):
            Move(old.database, new.database, "c", stop, lambda share: stop.set() if share > 0.4 else None).run()
        assert len(new.database.days.present()) in {2, 3}
        assert Move(old.database, new.database, "c", StopToken(), lambda _: None).run().days == 4
        assert new.dump() == old.dump()


def test_what_the_old_centre_heard_between_two_tries_is_not_left_behind(old: Store, postgres: Postgres) -> None:
    stop = StopToken()
    with moved_to(postgres.fresh(), old.folder) as new:
        with pytest.raises(Stopped):
            Move(old.database, new.database, "c", stop, lambda share: stop.set() if share > 0.5 else None).run()
        first, second = sorted(new.database.days.present())[:2]
        old.put(track("late", final=True, at_s=-2 * _DAY_S, start=rfc3339(second * DAY_NS + 10**9)))
        old.database.days.drop(first)
        assert Move(old.database, new.database, "c", StopToken(), lambda _: None).run().days == 3
        assert new.dump() == old.dump()
        assert new.database.days.present() == old.database.days.present()
        assert "late" in new.tracks()


def test_a_target_that_has_other_rows_than_were_given_is_told(
    old: Store, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A trigger, a broken disk, a hand in the tables: what is read again is not what was written."""
    with moved_to(postgres.fresh(), old.folder) as new:
        with new.database.write() as connection:
            connection.exec_driver_sql(
                "CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS "
                "$$BEGIN NEW.score := 0.5; RETURN NEW; END$$; "
                "CREATE TRIGGER other BEFORE INSERT ON track FOR EACH ROW EXECUTE FUNCTION other()"
            )
        with pytest.raises(StorageError, match=r"track of 2026-05-\d\d: the target has 10 rows where 10 were given"):
            Move(old.database, new.database, "c", StopToken(), lambda _: None).run()
        assert new.tracks() == []


def test_a_text_that_postgresql_does_not_take_is_named(old: Store, postgres: Postgres) -> None:
    with old.database.write() as connection:
        connection.execute(sa.update(schema.user).values(name="n" * 300))
    with moved_to(postgres.fresh(), old.folder) as new, pytest.raises(StorageError, match="too long"):
        Move(old.database, new.database, "c", StopToken(), lambda _: None).run()


def test_beside_a_running_centre_and_from_or_to_the_wrong_place_one_line_says_so(
    old: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = config(old.folder)
    with DataFolder(old.folder).claimed():
        assert main(["central", "move", "--to", "postgresql://a@127.0.0.1:1/b", "--config", str(file)]) == 2
    assert "a centre runs over this data folder" in capsys.readouterr().err
    assert main(["central", "move", "--to", "sqlite", "--config", str(file)]) == 2
    assert "no other way" in capsys.readouterr().err
    assert main(["central", "move", "--to", "postgresql://a@127.0.0.1:1/b", "--config", str(file)]) != 0
    assert "cannot be opened" in capsys.readouterr().err
    empty = tmp_path / "empty"
    empty.mkdir()
    assert main(["central", "move", "--to", "postgresql://a@b/c", "--config", str(config(empty))]) == 2
    assert "no centre's database here" in capsys.readouterr().err
    assert not (empty / "centre.db").exists()
