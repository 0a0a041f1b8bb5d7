"""`lamppost central audit`, as a shell has it."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from agent.central.store.audit import Audit
from agent.central.store.database import Database
from agent.cli import main
from agent.core.clock import SystemClock


@pytest.fixture
def file(tmp_path: Path) -> Path:
    database = Database.open("sqlite", tmp_path)
    for number in range(3):
        Audit(database, SystemClock()).write("ann", "media.view", f"picture {number}", "::1")
    database.close()
    found = tmp_path / "central.toml"
    found.write_text(f"[central]\ndata = {json.dumps(str(tmp_path))}\n")
    return found


def test_verify_says_how_long_the_chain_is_and_where_it_breaks(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["central", "audit", "verify", "--config", str(file)]) == 0
    assert "3 lines, unbroken" in capsys.readouterr().out
    with sqlite3.connect(file.parent / "centre.db") as database:
        database.execute("UPDATE audit SET what = 'other' WHERE seq = 2")
    database.close()
    assert main(["central", "audit", "verify", "--config", str(file)]) == 1
    assert capsys.readouterr().err == "audit log: line 2 is missing or was changed\n"


def test_export_writes_lines_and_tables(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["central", "audit", "export", "--config", str(file)]) == 0
    assert [json.loads(line)["what"] for line in capsys.readouterr().out.splitlines()] == [
        "picture 0", "picture 1", "picture 2",
    ]  # fmt: skip
    assert main(["central", "audit", "export", "--config", str(file), "--form", "csv"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "seq,time,who,action,what,why,from,salt,said,hash"


def test_where_there_is_no_centre_one_line_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "central.toml"
    file.write_text(f"[central]\ndata = {json.dumps(str(tmp_path))}\n")
    assert main(["central", "audit", "verify", "--config", str(file)]) == 2
    assert "there is no centre's database here" in capsys.readouterr().err
