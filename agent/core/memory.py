"""How much memory there is for us, and budgets that queues share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path


class Budget:
    """At most `most_bytes` in all queues that share it, and one packet of each more.

    Each has a part of its own, half of what would be its even share: nobody else can take it, so a queue that
    overflows costs the others nothing they need for going on.
    """

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        self._holders: tuple[Callable[[], int], ...] = ()

    def share(self, held: Callable[[], int]) -> Callable[[], bool]:
        """One more queue; `held` tells its bytes and never waits. Returns what tells whether it may take a packet."""
        self._holders += (held,)

        def has_room() -> bool:
            own = self.most_bytes // (2 * len(self._holders))
            return held() < own or sum(max(own, each()) for each in self._holders) < self.most_bytes

        return has_room


def memory_bytes(root: Path = Path("/")) -> int:
    """What this process may use: the machine's memory, or less where a control group limits it (cgroups(7)).

    `root` is where `proc` and `sys` are found.
    """
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min([machine, *_limits(root)])


def _limits(root: Path) -> Iterator[int]:
    """Of our control group and all around it, in both versions."""
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, controllers, place = (*line.split(":", 2), "", "")[:3]
        if not controllers:
            yield from _around(root / "sys/fs/cgroup", place, ("memory.max", "memory.high"))
        elif "memory" in controllers.split(","):
            yield from _around(root / "sys/fs/cgroup/memory", place, ("memory.limit_in_bytes",))


def _around(top: Path, place: str, names: tuple[str, ...]) -> Iterator[int]:
    folder = top / place.lstrip("/")
    for one in (folder, *folder.parents):
        if one.is_relative_to(top):
            yield from (int(text) for name in names if (text := _text(one / name).strip()).isdigit())


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return ""
