"""Sets of whole numbers kept as sorted, separate, closed ranges."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator

Range = tuple[int, int]


class Ranges:
    """`[(1, 3), (7, 7)]` is {1, 2, 3, 7}; ranges that touch are one."""

    def __init__(self, ranges: Iterable[Range] = ()) -> None:
        self._ranges: list[Range] = []
        for first, last in sorted(ranges):
            if self._ranges and first <= self._ranges[-1][1] + 1:
                self._ranges[-1] = self._ranges[-1][0], max(self._ranges[-1][1], last)
            elif first <= last:
                self._ranges.append((first, last))

    def add(self, first: int, last: int) -> None:
        """Put `first`..`last` in; an empty range changes nothing."""
        if last < first:
            return
        start = bisect_right(self._ranges, first, key=lambda held: held[0])
        if start > 0 and self._ranges[start - 1][1] >= first - 1:
            start -= 1
        end = start
        while end < len(self._ranges) and self._ranges[end][0] <= last + 1:
            first, last = min(first, self._ranges[end][0]), max(last, self._ranges[end][1])
            end += 1
        self._ranges[start:end] = [(first, last)]

    def without(self, other: Ranges) -> Ranges:
        """What is here and not in `other`; both are walked once, side by side."""
        left, taken, next_taken = Ranges(), other._ranges, 0
        for first, last in self._ranges:
            at = first
            while next_taken < len(taken) and taken[next_taken][0] <= last:
                gone_first, gone_last = taken[next_taken]
                if at < gone_first:
                    left._ranges.append((at, gone_first - 1))
                at = max(at, gone_last + 1)
                if gone_last > last:  # it reaches on, perhaps into what comes next
                    break
                next_taken += 1
            if at <= last:
                left._ranges.append((at, last))
        return left

    def above(self, floor: int) -> Ranges:
        """The part that is greater than `floor`."""
        at = bisect_right(self._ranges, floor, key=lambda held: held[1])
        part = Ranges()
        part._ranges = self._ranges[at:]
        if part._ranges:
            part._ranges[0] = max(part._ranges[0][0], floor + 1), part._ranges[0][1]
        return part

    def end_of_run(self, first: int) -> int:
        """The last number of the unbroken run that begins at `first`; `first` - 1 when it is not here."""
        at = bisect_right(self._ranges, first, key=lambda held: held[0])
        return self._ranges[at - 1][1] if first in self else first - 1

    @property
    def last(self) -> int:
        """The greatest number, 0 when empty."""
        return self._ranges[-1][1] if self._ranges else 0

    def __contains__(self, number: int) -> bool:
        at = bisect_right(self._ranges, number, key=lambda held: held[0])
        return at > 0 and self._ranges[at - 1][1] >= number

    def __iter__(self) -> Iterator[Range]:
        return iter(self._ranges)

    def __len__(self) -> int:
        """How many ranges, not how many numbers: see `count`."""
        return len(self._ranges)

    def count(self) -> int:
        """How many numbers."""
        return sum(last - first + 1 for first, last in self._ranges)
