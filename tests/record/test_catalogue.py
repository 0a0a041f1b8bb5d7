"""The catalogue: what goes in comes out, and it is found fast."""

from dataclasses import replace
from pathlib import Path

import pytest

from agent.core.clock import NS
from agent.core.errors import StorageError
from agent.record.catalogue import Catalogue
from tests.record.helpers import START_NS, segment


def test_a_row_comes_back_as_it_went_in_and_only_once(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path / "c.sqlite")
    one = replace(segment(1), offset_ns=-5_000_000, key=False)
    assert catalogue.add(one)
    assert not catalogue.add(one)
    assert catalogue.oldest(5) == [one]
    assert catalogue.totals() == (1, 1000)
    catalogue.close()


def test_a_span_finds_what_overlaps_it_and_nothing_else(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path / "c.sqlite")
    for number in range(100):
        catalogue.add(segment(number))
        catalogue.add(segment(number, "other"))
    found = catalogue.find("cam", START_NS + 195 * NS, START_NS + 215 * NS)
    assert [one.id for one in found] == ["cam-19", "cam-20", "cam-21"]
    exact = catalogue.find("cam", START_NS + 200 * NS, START_NS + 210 * NS)
    assert [one.id for one in exact] == ["cam-20"]
    assert catalogue.find("cam", START_NS - NS, START_NS) == []
    assert catalogue.totals("other") == (100, 100_000)
    catalogue.close()


def test_a_span_is_looked_up_through_the_index(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path / "c.sqlite")
    catalogue.totals()
    query = (
        "EXPLAIN QUERY PLAN SELECT * FROM segment WHERE garbage = 0 AND camera = 'c' AND start_ns > 1 AND start_ns < 9"
    )
    with catalogue.transaction() as db:
        plan = str(db.execute(query + " ORDER BY start_ns").fetchall())
    assert "USING INDEX segment_by_time (camera=? AND start_ns>? AND start_ns<?)" in plan
    assert "TEMP B-TREE" not in plan
    catalogue.close()


def test_a_broken_catalogue_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "c.sqlite").write_bytes(b"this is no database, whatever it says" * 100)
    with pytest.raises(StorageError, match=r"c\.sqlite: file is not a database; look at the disk"):
        Catalogue(tmp_path / "c.sqlite").totals()


def test_the_newest_segments_are_found_newest_first(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path / "c.sqlite")
    for number in range(4):
        catalogue.add(segment(number))
    assert [one.id for one in catalogue.newest(2)] == ["cam-3", "cam-2"]
    catalogue.close()


PLANS = {
    "SELECT * FROM segment WHERE garbage = 0 AND held = 0 AND camera = 'c' AND tier = 0 AND number > 5 "
    "ORDER BY number": ("segment_free_of_camera (camera=? AND tier=? AND number>?)"),
    "SELECT * FROM segment WHERE garbage = 0 AND tier = 0 AND start_ns < 9 AND number < (SELECT number FROM chain "
    "WHERE chain.camera = segment.camera) ORDER BY start_ns": "segment_by_tier (tier=? AND start_ns<?)",
}


@pytest.mark.parametrize(("query", "plan"), PLANS.items())
def test_who_keeps_footage_in_bounds_reads_through_indexes(tmp_path: Path, query: str, plan: str) -> None:
    catalogue = Catalogue(tmp_path / "c.sqlite")
    with catalogue.transaction() as db:
        found = str(db.execute("EXPLAIN QUERY PLAN " + query).fetchall())
    assert plan in found
    assert "TEMP B-TREE" not in found
    catalogue.close()


def test_a_file_that_went_with_its_disk_is_never_begun_again(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path / "disk" / "c.sqlite")
    (tmp_path / "disk").mkdir()
    catalogue.add(segment(1))
    (tmp_path / "disk").rename(tmp_path / "unplugged")
    (tmp_path / "disk").mkdir()
    with pytest.raises(StorageError, match="is gone; is the disk mounted"):
        catalogue.totals()
    assert list((tmp_path / "disk").iterdir()) == []
    (tmp_path / "disk").rmdir()
    (tmp_path / "unplugged").rename(tmp_path / "disk")
    assert catalogue.totals() == (1, 1000)
    catalogue.close()
