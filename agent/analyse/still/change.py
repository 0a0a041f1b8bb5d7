"""What there is to tell of one thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from agent.analyse.still.candidate import Candidate
from agent.analyse.still.verdict import Kind, Verdict
from agent.core.clock import NS
from agent.core.geometry import Box

Phase = Literal["start", "update", "end"]
Outcome = Literal[
    "", "taken", "put_back", "driven_off", "reverted", "absorbed", "replaced", "view_changed", "stream_ended"
]
RESOLVED: dict[Kind, Outcome] = {Kind.LEFT: "taken", Kind.REMOVED: "put_back", Kind.STOPPED: "driven_off"}
"""How it ends when the background is seen again; all other kinds: `reverted`."""


@dataclass(frozen=True, slots=True)
class Change:
    """`lain_s` is for how long it has lain there, or been gone; `by` is who said that it belongs there.

    `owners` were there when it began, `takers` when it ended, the likeliest first.
    """

    key: str
    phase: Phase
    kind: Kind
    start_ns: int
    end_ns: int | None
    box: Box
    verdict: Verdict
    owners: tuple[str, ...]
    near: bool
    lain_s: float
    outline: tuple[tuple[float, float], ...] = ()
    outcome: Outcome = ""
    takers: tuple[str, ...] = ()
    by: str = ""


def change_of(
    one: Candidate, phase: Phase, now_ns: int, outcome: Outcome = "", takers: tuple[str, ...] = (), by: str = ""
) -> Change:
    """One phase of a candidate that has been told, or is about to be."""
    assert one.verdict is not None  # noqa: S101 - only what was judged is told
    end_ns = None
    if phase == "end":
        end_ns = one.gone_since_ns if one.gone_since_ns is not None else now_ns
    outline = tuple(one.region.outline()) if phase == "start" else ()
    return Change(
        one.key, phase, one.verdict.kind, one.since_ns, end_ns, one.box, one.verdict, tuple(one.owners), one.near,
        round(((end_ns or now_ns) - one.since_ns) / NS, 2), outline, outcome, takers, by,
    )  # fmt: skip


def resolved(one: Candidate) -> Outcome:
    """The background is seen again: what that means for this kind of event."""
    return "reverted" if one.verdict is None else RESOLVED.get(one.verdict.kind, "reverted")
