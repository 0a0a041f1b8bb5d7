"""Are the holds what they were stated to be, does the catalogue follow them, and is what they cover held?"""

from __future__ import annotations

from collections.abc import Iterator

from agent.record.catalogue import LONGEST_NS
from agent.record.holds import FOLDER, Hold, HoldFile, Row, read_file
from agent.record.store import SegmentStore
from agent.record.verify import Problem


class HoldVerification:
    """One look at the holds of a store that was opened for reading. `active` counts those in force."""

    def __init__(self, store: SegmentStore) -> None:
        self._store, self._folder = store, store.root / FOLDER
        self.active = 0

    def run(self) -> Iterator[Problem]:
        """The faults, as they are found."""
        listed = {row.id for row in self._store.holds.rows()}
        for path in sorted(self._folder.glob("*.json")):
            found = read_file(path)
            listed.discard(path.stem)
            place = f"{FOLDER}/{path.name}"
            if found is None:
                yield Problem("holds", place, "cannot be read, or is no hold")
                continue
            for fault in self._store.holds.faults(found):
                yield Problem("holds", place, fault)
            yield from self._file(found, place)
        for hold_id in sorted(listed):
            yield Problem("holds", f"{FOLDER}/{hold_id}.json", "the file is missing")

    def _file(self, found: HoldFile, place: str) -> Iterator[Problem]:
        rows = self._rows(found.hold)
        if found.release is not None:
            if rows:
                yield Problem("holds", place, "was released, and the catalogue still lists it")
            return
        self.active += 1
        stated = {
            Row(found.hold.id, camera, found.hold.start_ns, found.hold.end_ns, found.hold.until_ns)
            for camera in found.hold.cameras
        }
        if set(rows) != stated:
            yield Problem("holds", place, "the catalogue does not say the same")
        for camera in found.hold.cameras:
            if free := self._not_held(camera, found.hold):
                yield Problem(camera, place, f"{free} segments that it covers are not held")

    def _rows(self, hold: Hold) -> list[Row]:
        return [row for row in self._store.holds.rows() if row.id == hold.id]

    def _not_held(self, camera: str, hold: Hold) -> int:
        query = (
            "SELECT count(*) FROM segment WHERE garbage = 0 AND held = 0 AND camera = ? "
            "AND start_ns > ? AND start_ns < ? AND end_ns > ?"
        )
        with self._store.catalogue.transaction() as db:
            values = (camera, hold.start_ns - LONGEST_NS, hold.end_ns, hold.start_ns)
            return int(db.execute(query, values).fetchone()[0])
