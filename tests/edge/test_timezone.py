"""A gateway tells in which time zone it stands."""

from __future__ import annotations

from pathlib import Path

from agent.edge.outfit import machine_timezone


def test_the_machines_zone_is_what_localtime_links_to(tmp_path: Path) -> None:
    link = tmp_path / "localtime"
    link.symlink_to("/usr/share/zoneinfo/America/New_York")
    assert machine_timezone(link) == "America/New_York"


def test_a_machine_that_names_no_zone_tells_none(tmp_path: Path) -> None:
    assert machine_timezone(tmp_path / "missing") == ""
    (tmp_path / "copied").write_bytes(b"TZif2")
    assert machine_timezone(tmp_path / "copied") == ""
    odd = tmp_path / "odd"
    odd.symlink_to("/usr/share/zoneinfo/Mars/Base")
    assert machine_timezone(odd) == ""
