"""Killed before every single step on the disk: of a first start, of one over the leavings of a kill, of one without
the catalogue."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent.core.clock import NS
from tests.crash import site
from tests.crash.lab import FRAGMENT, START_NS, Films, Footage, Losses, Nursery, seed, sound_after, times
from tests.crash.plan import Life

BEFORE_THE_HOUR_NS = START_NS + (3600 - START_NS // NS % 3600 - 5) * NS
_SPARE = 5
"""Threads take turns as they like, so one run has a few steps more than another."""


@dataclass
class Stage:
    """A folder as it was before, and what is then done there."""

    films: Films
    nursery: Nursery
    folder: Path
    seconds: int
    start_ns: int
    before: Path | None = None
    earlier: tuple[Life, ...] = ()
    lost: bool = False
    """The catalogue: until all is listed again nobody can verify, and nothing is deleted for its size."""

    def live(self, die_at_step: int) -> tuple[Path, Life]:
        root, notes = self.folder / "store", self.folder / "notes"
        shutil.rmtree(root, ignore_errors=True)
        notes.unlink(missing_ok=True)
        if self.before is not None:
            shutil.copytree(self.before, root)
        plan = self.films.plan(
            root, notes, start_ns=self.start_ns, seconds=self.seconds, max_bytes=self.films.bytes_of(20),
            die_at_step=die_at_step, count_steps=True,
        )  # fmt: skip
        return root, self.nursery.run(plan)

    def steps(self) -> int:
        _, life = self.live(0)
        assert life.ended
        return life.steps

    def die_before(self, steps: Iterable[int]) -> tuple[Losses, dict[str, int]]:
        """Each death, what the disk must then say, and how often which step was the one not taken."""
        losses, died = Losses(self.films), dict[str, int]()
        for step in steps:
            root, life = self.live(step)
            assert life.trouble == ()
            if not (self.lost and site.is_partial(root)):
                assert site.verify(root) == [], f"before {life.died_before}, step {step}"
            sound_after(root)
            footage = Footage(self.films, root)
            assert not self.lost or self.closed_before() <= {row.path for row in footage.rows}
            assert footage.holes(life) == []
            assert footage.strangers([*self.earlier, life]) == []
            assert footage.revenants([*self.earlier, life]) == []
            losses.add(footage, life, most=0 if life.ended else FRAGMENT)
            died[life.died_before] = died.get(life.died_before, 0) + 1
        return losses, died

    def closed_before(self) -> set[str]:
        return (
            {str(path.relative_to(self.before)) for path in self.before.glob("*/*/*/*.mp4")} if self.before else set()
        )


@pytest.fixture(scope="module")
def worn(films: Films, nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Life]:
    """A folder with closed segments of each camera, and one of each left open by a kill."""
    folder = tmp_path_factory.mktemp("worn")
    life = nursery.run(films.plan(folder / "store", folder / "notes", seconds=60, die_at_s=24.7))
    assert not life.ended
    assert len(site.unfinished(folder / "store")) == len(films.paths)
    return folder / "store", life


@pytest.fixture
def first_start(films: Films, nursery: Nursery, tmp_path: Path) -> Stage:
    return Stage(films, nursery, tmp_path, seconds=4, start_ns=START_NS)


@pytest.fixture
def later_start(films: Films, nursery: Nursery, worn: tuple[Path, Life], tmp_path: Path) -> Stage:
    """Mends, records on into the next hour, closes, and deletes what came before."""
    before, life = worn
    return Stage(films, nursery, tmp_path, seconds=17, start_ns=BEFORE_THE_HOUR_NS, before=before, earlier=(life,))


@pytest.fixture
def lost_start(films: Films, nursery: Nursery, worn: tuple[Path, Life], tmp_path: Path) -> Stage:
    """Footage of two hours and tombstones, a segment of each camera left open by a kill; the catalogue is gone."""
    before, first = tmp_path / "before", worn[1]
    shutil.copytree(worn[0], before)
    second = nursery.run(
        films.plan(
            before, tmp_path / "before-notes", start_ns=BEFORE_THE_HOUR_NS, seconds=60, die_at_s=20.7,
            max_bytes=films.bytes_of(30),
        )
    )  # fmt: skip
    assert second.deleted
    assert len(list(before.glob("*/*/*"))) > len(films.paths)
    for path in before.glob(f"{site.CATALOGUE}*"):
        path.unlink()
    start_ns = BEFORE_THE_HOUR_NS + 60 * NS
    return Stage(
        films, nursery, tmp_path, seconds=4, start_ns=start_ns, before=before, earlier=(first, second), lost=True
    )


def spread(steps: int, most: int) -> list[int]:
    """So many of the steps, one at random from each part of equal length."""
    number = seed()
    print(f"LAMPPOST_SEED={number}, {steps} steps")  # noqa: T201 - shown when the test fails
    chance, part = random.Random(number), steps / most
    return [1 + int((turn + chance.random()) * part) for turn in range(most)]


def test_a_kill_between_two_steps_of_a_first_start_is_mended(first_start: Stage) -> None:
    first_start.die_before(spread(first_start.steps(), 6))


def test_a_kill_between_two_steps_of_a_later_start_is_mended(later_start: Stage) -> None:
    losses, died = later_start.die_before(spread(later_start.steps(), 20))
    print(losses.report("steps of a later start"), died)  # noqa: T201


def test_a_kill_between_two_steps_of_a_start_without_the_catalogue_is_mended(lost_start: Stage) -> None:
    losses, died = lost_start.die_before(spread(lost_start.steps(), 20))
    print(losses.report("steps of a start without the catalogue"), died)  # noqa: T201


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.usefixtures("nursery")  # a process that outlives the test is there before it
@pytest.mark.parametrize(
    ("stage", "more"),
    [
        ("first_start", {"mkdir"}),
        ("later_start", {"mkdir", "unlink", "ftruncate", "DELETE"}),
        ("lost_start", {"ftruncate", "CREATE", "DROP"}),
    ],
)
def test_a_kill_between_any_two_steps_is_mended(
    stage: str, more: set[str], request: pytest.FixtureRequest, tell: Callable[[str], None]
) -> None:
    acted: Stage = request.getfixturevalue(stage)
    most = acted.steps() + _SPARE - 1
    wanted = times("STEPS", most)
    losses, died = acted.die_before(spread(most, wanted) if wanted < most else range(1, most + 1))
    tell(f"{losses.report(f'steps of a {stage}')} {died}")
    if wanted >= most:
        assert {"open", "write", "fdatasync", "fsync", "rename", "INSERT", "COMMIT"} | more <= set(died)
