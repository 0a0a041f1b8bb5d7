"""Budgets are kept whoever takes what, and a control group's limit counts as the machine's memory."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.memory import Budget, memory_bytes


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 50)), max_size=200))
def test_all_queues_together_keep_within_it_and_each_has_a_part_of_its_own(moves: list[tuple[int, int]]) -> None:
    budget, held = Budget(400), [0, 0, 0, 0]
    rooms = [budget.share(lambda number=number: held[number]) for number in range(4)]
    for number, size in moves:
        if rooms[number]():
            held[number] += size
        else:
            assert held[number] >= 50
    assert sum(held) < 400 + 4 * 50


def test_what_others_left_alone_can_be_taken() -> None:
    budget, held = Budget(400), [0, 0]
    greedy = budget.share(lambda: held[0])
    modest = budget.share(lambda: held[1])
    while greedy():
        held[0] += 10
    assert held[0] == 300
    while modest():
        held[1] += 10
    assert held == [300, 100]


def made(root: Path, cgroup: str, **limits: str) -> Path:
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(cgroup)
    for name, text in limits.items():
        path = root / "sys/fs/cgroup" / name.replace("__", "/").replace("memory_", "memory.")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize(
    ("cgroup", "limits", "expected"),
    [
        ("0::/a/b\n", {"a__b__memory_max": "max\n", "a__b__memory_high": "900000\n"}, 900_000),
        ("0::/a/b\n", {"a__b__memory_max": "900000\n", "a__memory_max": "800000\n"}, 800_000),
        ("5:cpu:/x\n4:memory:/a\n0::/\n", {"memory__a__memory_limit_in_bytes": "700000\n"}, 700_000),
        ("0::/elsewhere\n", {"memory_max": "600000\n"}, 600_000),  # a container sees its own as the top
    ],
)
def test_the_least_limit_around_us_counts(tmp_path: Path, cgroup: str, limits: dict[str, str], expected: int) -> None:
    assert memory_bytes(made(tmp_path, cgroup, **limits)) == expected


@pytest.mark.parametrize("cgroup", ["", "0::/\n", "nonsense", "0::/../../..\n", "1:memory\n"])
def test_without_a_limit_it_is_the_machines(tmp_path: Path, cgroup: str) -> None:
    assert memory_bytes(made(tmp_path, cgroup)) == memory_bytes(tmp_path / "nothing") > 1 << 28
