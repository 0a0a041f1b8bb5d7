"""Whom a track continues: names that rules can rely on, whoever comes back and is lost again."""

from __future__ import annotations

from agent.analyse.observe import Observation, Seen, foot_of
from agent.analyse.rules.lineage import Lineage
from agent.core.geometry import Box, Point
from tests.analyse.scene import at

Sight = tuple[str, float]
"""A track, and when it was last found."""


def sight(track: str, x: float, second: float, found: float) -> Seen:
    box = Box(x, 0.4, x + 0.1, 0.7)
    return Seen(track, "person", "", 0.9, box, foot_of(box), True, second == found, (0.5, 0.7), at(found))


class Play:
    """Tracks stand side by side, a little apart; the names that rules see."""

    def __init__(self) -> None:
        self.lineage = Lineage()
        self.born: dict[str, Point] = {}

    def step(
        self, second: float, *living: Sight, ended: tuple[Sight, ...] = (), woken: tuple[str, str] | None = None
    ) -> dict[str, str]:
        """Own name to the rules' name of whoever lives, and `-name` for who ended."""
        seen, gone = ([self._sight(one, second) for one in some] for some in (living, ended))
        woke = () if woken is None else (woken,)
        gone = [one._replace(confirmed=(woken or "..")[1] != one.track) for one in gone]
        told = self.lineage.step(Observation(at(second), tuple(seen), tuple(gone), woken=woke))
        self.born = {one.ids[-1]: one.birth_foot for one in told.seen}
        names = [one.track for one in told.seen]
        assert len(set(names)) == len(names), "two that live have one name"
        assert not {one.track for one in told.ended} & set(names), "one that lives was said to have ended"
        return {one.ids[-1]: one.track for one in told.seen} | {f"-{one.ids[-1]}": one.track for one in told.ended}

    def _sight(self, one: Sight, second: float) -> Seen:
        track, found = one
        return sight(track, 0.4 + 0.02 * "ABCD".index(track), second, found)


def chain() -> Play:
    """A is missed and goes on as B, that is missed and goes on as C."""
    play = Play()
    assert play.step(0, ("A", 0)) == {"A": "A"}
    assert play.step(0.6, ("A", 0), ("B", 0.6)) == {"B": "A"}
    assert play.step(1.4, ("A", 0), ("B", 0.6), ("C", 1.4)) == {"C": "A"}
    return play


def test_when_the_first_of_a_chain_returns_all_who_continued_him_are_another():
    play = chain()
    assert play.step(1.6, ("A", 1.6), ("B", 0.6), ("C", 1.6)) == {"A": "A", "C": "B"}
    assert play.step(1.8, ("A", 1.8), ("B", 1.8), ("C", 1.8)) == {"A": "A", "B": "B", "C": "C"}


def test_who_was_taken_for_another_begins_where_that_is_found_out():
    """What he did until then was told of the other: rules would see him cross a line again."""
    play = chain()
    assert play.born == {"C": (0.5, 0.7)}
    play.step(1.6, ("A", 1.6), ("B", 0.6), ("C", 1.6))
    foot = foot_of(sight("C", 0.44, 1.6, 1.6).box)
    assert play.born == {"A": (0.5, 0.7), "C": foot}
    play.step(1.8, ("A", 1.8), ("B", 0.6), ("C", 1.8))
    assert play.born["C"] == foot


def test_when_one_between_returns_those_before_keep_their_name():
    play = chain()
    assert play.step(1.6, ("A", 0), ("B", 1.6), ("C", 1.6)) == {"B": "A", "C": "C"}
    assert play.step(1.8, ("A", 1.8), ("B", 1.8), ("C", 1.8)) == {"A": "A", "B": "B", "C": "C"}


def test_a_chain_holds_when_one_between_has_ended():
    play = chain()
    assert play.step(1.6, ("A", 0), ("C", 1.6), ended=(("B", 0.6),)) == {"C": "A"}
    assert play.step(1.8, ("A", 1.8), ("C", 1.8)) == {"A": "A", "C": "C"}


def test_a_chain_holds_over_one_who_was_gone():
    play = Play()
    play.step(0, ("A", 0))
    play.step(0.6, ("A", 0), ("B", 0.6))
    assert play.step(1.0, ("A", 0), ended=(("B", 0.6),)) == {}
    assert play.step(1.2, ("A", 0), ("C", 1.2)) == {"C": "A"}
    assert play.step(1.4, ("A", 1.4), ("C", 1.4)) == {"A": "A", "C": "C"}


def test_who_is_there_again_does_not_end_with_the_one_taken_for_him():
    play = Play()
    play.step(0, ("A", 0))
    play.step(0.6, ("A", 0), ("B", 0.6))
    play.step(1.0, ("A", 0), ended=(("B", 0.6),))
    assert play.step(1.2, ("A", 1.2)) == {"A": "A"}
    assert play.step(5.0, ("A", 5.0)) == {"A": "A", "-B": "B"}


def test_who_wakes_goes_on_as_rules_knew_him_since_and_what_they_knew_before_ends():
    play = Play()
    play.step(0, ("A", 0))
    assert play.step(8, ("A", 0), ("B", 8)) == {"A": "A", "B": "B"}
    assert play.step(10, ("A", 10), ended=(("B", 9.8),), woken=("A", "B")) == {"A": "B", "-A": "A"}
    assert play.step(12, ("A", 12)) == {"A": "B"}
    assert play.step(20, ended=(("A", 12),)) == {"-A": "B"}


def test_who_wakes_and_was_continued_by_the_one_he_was_taken_for_keeps_his_name():
    play = Play()
    play.step(0, ("A", 0))
    assert play.step(1, ("A", 0), ("B", 1)) == {"B": "A"}
    assert play.step(3, ("A", 3), ended=(("B", 2.8),), woken=("A", "B")) == {"A": "A", "-B": "B"}


def test_who_wakes_takes_nothing_from_another_who_went_on_as_him():
    play = Play()
    play.step(0, ("A", 0))
    assert play.step(1, ("A", 0), ("B", 1)) == {"B": "A"}
    assert play.step(8, ("A", 0), ("B", 8), ("C", 8)) == {"B": "A", "C": "C"}
    assert play.step(9, ("A", 9), ("B", 9), ended=(("C", 8.8),), woken=("A", "C")) == {"B": "A", "A": "C"}


def test_who_wakes_in_the_place_of_one_that_went_on_for_another_hands_the_name_back():
    play = Play()
    play.step(0, ("A", 0))
    play.step(8, ("A", 0), ("B", 8))
    assert play.step(9, ("A", 0), ("B", 8), ("C", 9)) == {"A": "A", "C": "B"}
    assert play.step(10, ("A", 10), ("B", 8), ended=(("C", 9.8),), woken=("A", "C"))["A"] == "B"
    assert play.step(11, ("A", 11), ("B", 11)) == {"A": "A", "B": "B"}
