"""Which pictures of a run are copied, and which must be re-encoded so that it begins and ends exactly."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from fractions import Fraction
from typing import NamedTuple

ROUNDING_NS = 1000
"""Wall times of pictures are rounded: one that lies so little before a time counts as of that time."""


class Picture(NamedTuple):
    """One of the run, in decode order. `clean`: decoding can begin with it."""

    wall_ns: int
    pts: Fraction
    dts: Fraction
    clean: bool


class Role(IntEnum):
    """What becomes of a picture."""

    DROP = 0
    LEAD = 1
    COPY = 2
    TAIL = 3


class Plan(NamedTuple):
    """A role per picture.

    `encoded_dts` says by `pts` when re-encoded ones are due, `tail_from` where decoding for the tail begins.
    """

    roles: list[Role]
    encoded_dts: dict[Fraction, Fraction]
    tail_from: int

    def places(self, role: Role) -> list[int]:
        """The pictures that have it."""
        return [at for at, one in enumerate(self.roles) if one is role]

    def first(self, role: Role) -> int:
        """The first of them, -1 when there is none."""
        return next(iter(self.places(role)), -1)

    def last(self, role: Role) -> int:
        """The last of them, -1 when there is none."""
        return next(reversed(self.places(role)), -1)


def make_plan(pictures: Sequence[Picture], start_ns: int, end_ns: int) -> Plan:
    """Pictures from `start_ns` on and before `end_ns`.

    The lead reaches from the first of them to the first that a decoder can begin with; everything after that is
    copied as long as it depends on nothing after the end. What does (B-frames do) is the tail.
    """
    shown = [start_ns <= one.wall_ns < end_ns for one in pictures]
    entry = next((at for at, one in enumerate(pictures) if shown[at] and one.clean), len(pictures))
    begin_ns = pictures[entry].wall_ns if entry < len(pictures) else end_ns
    roles = [
        Role.DROP if not shown[at] else Role.LEAD if at < entry or one.wall_ns < begin_ns else Role.COPY
        for at, one in enumerate(pictures)
    ]
    cut = _tail_begin(pictures, roles, entry, end_ns)
    for at in range(cut, len(roles)):
        if roles[at] is Role.COPY:
            roles[at] = Role.LEAD if cut <= entry else Role.TAIL
    return Plan(roles, _encoded_dts(pictures, roles), _tail_from(pictures, roles))


def _tail_begin(pictures: Sequence[Picture], roles: Sequence[Role], entry: int, end_ns: int) -> int:
    """Copied pictures from here on stand, in decode order, after one that is dropped for being too late."""
    count = len(pictures)
    late = (at for at in range(entry, count) if pictures[at].wall_ns >= end_ns)
    cut = next(late, count)
    least = min((pictures[at].pts for at in range(cut, count) if roles[at] is Role.COPY), default=None)
    if least is None:
        return count
    for at in range(cut - 1, entry - 1, -1):  # none that is copied may be shown after one that is re-encoded
        if roles[at] is Role.COPY and pictures[at].pts > least:
            cut = at
            least = min(least, *(pictures[one].pts for one in range(at, count) if roles[one] is Role.COPY))
    return cut


def _tail_from(pictures: Sequence[Picture], roles: Sequence[Role]) -> int:
    tail = [at for at, role in enumerate(roles) if role is Role.TAIL]
    if not tail:
        return len(pictures)
    least = min(pictures[at].pts for at in tail)
    begins = (at for at in range(tail[0], -1, -1) if pictures[at].clean and pictures[at].pts <= least)
    return next(begins, 0)


def _encoded_dts(pictures: Sequence[Picture], roles: Sequence[Role]) -> dict[Fraction, Fraction]:
    """The lead keeps the distance that the copied part has between decoding and showing; the tail takes its own."""
    first = next((one for one, role in zip(pictures, roles, strict=True) if role is Role.COPY), None)
    delay = first.pts - first.dts if first is not None else Fraction(0)
    lead = {one.pts: one.pts - delay for one, role in zip(pictures, roles, strict=True) if role is Role.LEAD}
    tail = [one for one, role in zip(pictures, roles, strict=True) if role is Role.TAIL]
    return lead | dict(zip(sorted(one.pts for one in tail), sorted(one.dts for one in tail), strict=True))
