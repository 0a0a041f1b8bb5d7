"""Ranges of numbers that were dropped: merged where they touch, announced until the centre knows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable


def read_gaps(db: sqlite3.Connection, kind: str, limit: int) -> list[tuple[int, int]]:
    """The oldest gaps of a class, (first, last)."""
    query = "SELECT first, last FROM gap WHERE kind = ? ORDER BY first LIMIT ?"
    return db.execute(query, (kind, limit)).fetchall()


def add_gaps(db: sqlite3.Connection, kind: str, seqs: Iterable[int]) -> None:
    """Remember dropped numbers."""
    for first, last in ranges(seqs):
        touching = "DELETE FROM gap WHERE kind = ? AND first <= ? AND last >= ? RETURNING first, last"
        near = db.execute(touching, (kind, last + 1, first - 1))
        found = [(first, last), *near.fetchall()]
        whole = min(low for low, _ in found), max(high for _, high in found)
        db.execute("INSERT INTO gap VALUES (?, ?, ?)", (kind, *whole))


def forget_gaps(db: sqlite3.Connection, kind: str, told: Iterable[tuple[int, int]]) -> None:
    """The centre knows of these. One that has grown since stays, whole."""
    db.executemany("DELETE FROM gap WHERE kind = ? AND first >= ? AND last <= ?", [(kind, *gap) for gap in told])


def ranges(seqs: Iterable[int]) -> list[tuple[int, int]]:
    """Numbers as ranges (first, last), in order."""
    found: list[tuple[int, int]] = []
    for seq in sorted(seqs):
        if found and found[-1][1] >= seq - 1:
            found[-1] = found[-1][0], seq
        else:
            found.append((seq, seq))
    return found
