"""The rule: a sign of tampering that lasts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from agent.analyse.observe import Observation
from agent.analyse.rules.latch import Latch
from agent.analyse.rules.port import Happening
from agent.analyse.rules.tamper.signs import Signs
from agent.config.rules import Sign
from agent.core.clock import NS
from agent.core.geometry import Point

EACH_NS = 9 * NS // 10
CLEAR_S = 3.0
VIEWS: frozenset[Sign] = frozenset({"covered", "moved", "defocused"})
LIGHTS: frozenset[Sign] = frozenset({"dark", "bright"})
"""Where all is black or white there is no noise that could tell a frozen picture."""
USED_TO_NS: dict[Sign, int] = {"moved": 60 * NS}
USED_TO_OTHERS_NS = 3600 * NS
"""After so long the picture is taken to be as it should be, and the event is over."""


class _Trouble:
    """One latch: the view is lost, however; it is dark; it is bright; it is frozen."""

    def __init__(self, latch: Latch) -> None:
        self.latch = latch
        self.shown: Counter[Sign] = Counter()
        self.sign: Sign = "covered"


class Tamper:
    """An event for each trouble, named by the sign that shows most until it counts. Silent in the first 40 s."""

    def __init__(
        self, signs: Sequence[Sign], after_s: float, frozen_s: float, hidden: Sequence[Sequence[Point]] = ()
    ) -> None:
        self._wanted, self._frozen_ns = frozenset(signs), round(frozen_s * NS)
        self._signs = Signs(hidden)
        self._view, self._dark, self._bright = (_Trouble(Latch(after_s, CLEAR_S)) for _ in range(3))
        self._frozen = _Trouble(Latch(0, 0))
        self._looked_ns = 0
        self._blind = False

    def step(self, observation: Observation) -> list[Happening]:
        """See `Rule.step`."""
        grey, wall_ns = observation.scene.grey, observation.wall_ns
        self._blind = self._blind or observation.blind_s > 0
        if grey is None or 0 <= wall_ns - self._looked_ns < EACH_NS:
            return []
        self._looked_ns, blind, self._blind = wall_ns, self._blind, False
        sign, still_ns = self._signs.look(grey, wall_ns)
        found: dict[_Trouble, Sign | None] = {
            self._view: sign if sign in VIEWS else None, self._dark: sign if sign == "dark" else None,
            self._bright: sign if sign == "bright" else None,
            self._frozen: "frozen" if still_ns >= self._frozen_ns and sign not in LIGHTS else None,
        }  # fmt: skip
        said = [one for trouble, now in found.items() if (one := self._turn(trouble, now, wall_ns, blind=blind))]
        self._get_used(wall_ns)
        return said

    def _turn(self, trouble: _Trouble, sign: Sign | None, wall_ns: int, *, blind: bool) -> Happening | None:
        latch = trouble.latch
        if latch.idle:
            trouble.shown.clear()
        if sign is not None:
            trouble.shown[sign] += 1
        turn = latch.step(sign is not None, wall_ns, blind=blind)
        if turn == "start":
            trouble.sign = trouble.shown.most_common(1)[0][0]
        if turn is None or trouble.sign not in self._wanted:
            return None
        end_ns = latch.off_at_ns if turn == "end" else None
        return Happening(trouble.sign, turn, "tamper", latch.since_ns, end_ns, None, facts={"sign": trouble.sign})

    def _get_used(self, wall_ns: int) -> None:
        for trouble in (self._view, self._dark, self._bright):
            most_ns = USED_TO_NS.get(trouble.sign, USED_TO_OTHERS_NS)
            if trouble.latch.on and wall_ns - trouble.latch.since_ns > most_ns:
                self._signs.begin_again()
