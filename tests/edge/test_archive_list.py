"""`lamppost archive list` on a real store: beside a gateway, after a kill, and what it answers."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from agent.cli import main
from agent.core.clock import NS, SystemClock, rfc3339
from agent.record.journal import Journal
from agent.record.segment import Segment
from agent.record.store import SegmentStore
from tests.fixtures.clips import make_clip
from tests.record.helpers import START_NS, Recording, read_all


class Site:
    """A gateway's file and store, with three segments: a gap of 60 s after the first, none after the second."""

    def __init__(self, root: Path) -> None:
        clip = make_clip(root / "c.mp4")
        self.config = root / "gateway.toml"
        self.config.write_text(
            f'[gateway]\nid = "g"\nsite = "s"\n[storage]\npath = "{root}/store"\n'
            f'[[camera]]\nid = "cam"\nurl = "{clip.as_uri()}"\n'
        )
        self.store = SegmentStore(root / "store/recordings", SystemClock(), key_path=root / "store/gateway-key.pem")
        self.store.prepare()
        self.journal = Journal(self.store)
        self.journal.begin("1", None)
        info, packets = read_all(clip)
        length_ns = packets[-1].wall_ns + packets[-1].wall_ns - packets[-2].wall_ns - packets[0].wall_ns
        with Recording(self.store) as recording:
            for number, later_ns in enumerate((0, length_ns + 60 * NS, 2 * length_ns + 60 * NS)):
                moved = [replace(packet, wall_ns=packet.wall_ns + later_ns) for packet in packets]
                recording.feed(replace(info, epoch=f"e{number}"), moved, "lost")
        self.segments: list[Segment] = recording.segments

    def asked(self, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[str]]:
        code = main(["archive", "list", "--config", str(self.config), *words])
        return code, capsys.readouterr().out.splitlines()


@pytest.fixture
def site(tmp_path: Path):
    made = Site(tmp_path)
    yield made
    made.store.close()


def test_segments_stand_in_order_with_their_place_in_the_chain(site: Site, capsys) -> None:
    code, lines = site.asked(capsys, "--json")
    rows = [json.loads(line) for line in lines]
    assert code == 0
    assert [(row["number"], row["link"], row["id"]) for row in rows] == [
        (one.number, one.link, one.id) for one in site.segments
    ]
    assert rows[0]["start"] == rfc3339(START_NS)
    assert (rows[0]["held"], rows[0]["wanted"], rows[0]["tier"], rows[0]["reason"]) == (False, True, 0, "lost")
    _, lines = site.asked(capsys, "--from", rows[1]["start"], "--to", rows[2]["start"])
    assert len(lines) == 1
    assert "number 2" in lines[0]


def test_corrected_times_stand_beside_the_recorded_ones(site: Site, capsys) -> None:
    with site.store.catalogue.transaction() as db:
        db.execute("UPDATE segment SET start_ns = start_ns + ?, end_ns = end_ns + ?, shift_ns = ?", (NS, NS, NS))
    _, lines = site.asked(capsys, "--json")
    row = json.loads(lines[0])
    assert (row["start"], row["recorded_start"], row["shift_s"]) == (rfc3339(START_NS + NS), rfc3339(START_NS), 1.0)
    _, lines = site.asked(capsys)
    assert f"corrected by +1.000 s, recorded as {rfc3339(START_NS)}" in lines[0]


def test_gaps_have_reasons(site: Site, capsys) -> None:
    last_ns = site.segments[-1].end_ns
    code, lines = site.asked(capsys, "--gaps", "--json", "--to", rfc3339(last_ns))
    (gap,) = [json.loads(line) for line in lines]
    assert code == 0
    assert (gap["start"], gap["end"]) == (rfc3339(site.segments[0].end_ns), rfc3339(site.segments[1].start_ns))
    assert (gap["why"], gap["text"]) == ("offline", "the camera's stream broke off")


def test_was_it_recorded_then(site: Site, capsys) -> None:
    first, second = site.segments[:2]
    code, (line,) = site.asked(capsys, "--at", rfc3339(second.start_ns + NS))
    assert (code, line.startswith("yes: cam: ")) == (0, True)
    assert "number 2" in line
    code, (line,) = site.asked(capsys, "--at", rfc3339(first.end_ns + 30 * NS))
    assert code == 1
    assert line.startswith(f"no: cam: {rfc3339(first.end_ns)} to {rfc3339(second.start_ns)} (60.0 s): offline: ")
    code, (line,) = site.asked(capsys, "--at", rfc3339(first.end_ns + 30 * NS), "--json")
    answer = json.loads(line)
    assert (code, answer["recorded"], answer["gap"]["why"]) == (1, False, "offline")


def test_before_all_and_in_the_future(site: Site, capsys) -> None:
    code, (line,) = site.asked(capsys, "--at", "2001-01-01T00:00:00Z")
    assert code == 1
    assert line == f"no: cam: up to {rfc3339(START_NS)}: before: nothing was recorded before"
    assert main(["archive", "list", "--config", str(site.config), "--at", "2099-01-01T00:00:00Z"]) == 2


def test_a_camera_of_which_nothing_was_ever_recorded_says_why(site: Site, capsys) -> None:
    site.config.write_text(site.config.read_text() + '[[camera]]\nid = "idle"\nurl = "rtsp://127.0.0.1:1/x"\n')
    site.journal.camera("trouble", "idle", "it sends MJPEG", since_ns=SystemClock().wall_ns() - 100 * NS)
    code, (line,) = site.asked(capsys, "--gaps", "--camera", "idle")
    assert code == 0
    assert "trouble: it could not be recorded: it sends MJPEG" in line


@pytest.mark.parametrize(
    "words",
    [
        ("--from", "2026-06-02T00:00:00Z", "--to", "2026-06-01T00:00:00Z"),
        ("--from", "3000-01-01T00:00:00Z"), ("--to", "9999-01-01T00:00:00Z"), ("--at", "1900-01-01T00:00:00Z"),
        ("--gaps", "--at", "2026-06-01T00:00:00Z"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused(site: Site, words: tuple[str, ...], capsys) -> None:
    try:
        code, _ = site.asked(capsys, *words)
    except SystemExit as ended:
        code = ended.code
    assert code == 2


def test_deleted_footage_says_when_and_why(site: Site, capsys) -> None:
    second = site.segments[1]
    site.store.delete([second], "age")
    code, (line,) = site.asked(capsys, "--at", rfc3339(second.start_ns + NS))
    assert code == 1
    assert "deleted: numbers 2 to 2 (1 for age), the last at 20" in line


def test_it_reads_beside_a_gateway_and_after_one_that_was_killed_and_changes_nothing(site: Site, capsys) -> None:
    asked = ("--gaps", "--to", rfc3339(SystemClock().wall_ns()))
    assert site.store.is_in_use()
    _, beside = site.asked(capsys, *asked)
    assert ": unknown: " in beside[-1] or ": offline: " in beside[-1]
    site.store.close()
    assert not site.store.is_in_use()
    before = {path: path.stat().st_mtime_ns for path in site.store.root.rglob("*")}
    _, after = site.asked(capsys, *asked)
    assert after[-1].endswith("killed: the gateway was killed, or lost power, and does not run")
    assert {path: path.stat().st_mtime_ns for path in site.store.root.rglob("*")} == before
    site.journal.end()
    _, after = site.asked(capsys, "--gaps")
    assert after[-1].endswith("stopped: the gateway was stopped")


def test_a_segment_that_is_still_open_counts(site: Site, capsys, tmp_path: Path) -> None:
    newest = site.segments[-1]
    path = site.store.path_of(newest)
    with site.store.catalogue.transaction() as db:
        db.execute("DELETE FROM segment WHERE id = ?", (newest.id,))
        db.execute("UPDATE chain SET number = ?, link = ?", (newest.number - 1, newest.previous))
    path.rename(path.with_name(path.name + ".open"))
    code, (line,) = site.asked(capsys, "--at", rfc3339(newest.start_ns + NS))
    assert (code, line) == (0, "yes: cam: in a segment that is not listed yet")


def test_a_folder_that_one_may_not_look_into_says_who_may(site: Site, monkeypatch, capsys) -> None:
    real = Path.stat

    def stat(path: Path, **more: bool) -> os.stat_result:
        if path.name == "recordings":  # root, as which tests may run, may look anywhere
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path, **more)

    monkeypatch.setattr(Path, "stat", stat)
    assert main(["archive", "list", "--config", str(site.config)]) == 1
    assert "recordings: Permission denied; run it as the gateway's user" in capsys.readouterr().err
