"""What has been told of: is it still there, as it was?"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from agent.analyse.still.candidate import Candidate
from agent.analyse.still.change import Outcome, resolved
from agent.analyse.still.cues import same_under_light
from agent.analyse.still.layers import Layers
from agent.analyse.still.scale import levels, relit
from agent.analyse.still.verdict import Kind
from agent.core.clock import NS

SEEN_AGAIN_SHARE = 0.65
RESOLVED_S = 1.5
REPLACED_S = 60.0
PALER = 0.02
BESIDE, ALIKE = 0.15, 0.75
"""What was taken is back when it is found so near its old place, in shares of its size, and correlates so well,"""
CLEARER, PLAIN = 0.1, 4.0
"""so much better than the place without it; of what has hardly any contrast (grey levels) nobody can tell."""
KNOWN_S = 60.0
"""What belongs there is known well: its going is a removal, soon after, too."""


def outcome_of(one: Candidate, layers: Layers, now_ns: int, belongs_after_s: float) -> Outcome:
    """How its event ends now; empty while it goes on."""
    same = _same(one, layers) >= 1 - SEEN_AGAIN_SHARE
    again = float((one.region.of(layers.changed) == 0).mean()) >= SEEN_AGAIN_SHARE
    again = again or (not same and (same_under_light(layers, one.region) or _is_back(one, layers)))
    one.gone_since_ns = (one.gone_since_ns or now_ns) if again else None
    one.other_since_ns = None if same or again else (one.other_since_ns or now_ns)
    if one.gone_since_ns is not None and now_ns - one.gone_since_ns >= RESOLVED_S * NS:
        return resolved(one)
    if one.other_since_ns is not None and now_ns - one.other_since_ns >= REPLACED_S * NS:
        return "replaced"
    return "absorbed" if now_ns - one.since_ns >= belongs_after_s * NS else ""


def settle(one: Candidate, layers: Layers, outcome: Outcome) -> None:
    """Its event is over: the layers forget it, or take it for background."""
    whole = one.whole.whole()
    if outcome == "absorbed":
        layers.absorb(whole & (layers.shown_s > 0), known_s=KNOWN_S)
    else:
        layers.forget(whole)


def relight(open_: Sequence[Candidate], layers: Layers) -> None:
    """The memories got another light just now: what is remembered of each thing gets it, too."""
    gain = layers.relit
    if gain is None:
        return
    for one in open_:
        if one.look is not None:
            own = one.region.of(np.broadcast_to(gain, layers.background.shape)).reshape(-1, 3)
            one.look = relit(one.look, own)


def _is_back(one: Candidate, layers: Layers) -> bool:
    """Is what was taken there again, a little beside its old place? Nobody puts a thing back to the pixel."""
    if one.verdict is None or one.verdict.kind is not Kind.REMOVED or one.look is None:
        return False
    rows, columns = one.region.where
    there = levels(layers.background[rows, columns])
    if float(there.std()) < PLAIN:
        return False
    gone = there.copy()
    gone[one.region.mask] = one.look
    down, right = (max(2, round(BESIDE * side)) for side in there.shape[:2])
    top, left = max(0, rows.start - down), max(0, columns.start - right)
    now = layers.picture[top : rows.stop + down, left : columns.stop + right]
    back, away = (float(cv2.matchTemplate(now, look, cv2.TM_CCOEFF_NORMED).max()) for look in (there, gone))
    return back >= ALIKE and back > away + CLEARER


def _same(one: Candidate, layers: Layers) -> float:
    """How much of the thing looks as it did when it was told; it may grow paler slowly."""
    seen = one.region.of(layers.picture).reshape(-1, 3).astype(np.float32)
    if one.look is None:
        one.look = one.region.of(layers.shown).reshape(-1, 3)
    close = np.abs(seen - one.look).max(axis=1) <= np.maximum(one.region.of(layers.threshold), 12)
    one.look[close] += PALER * (seen[close] - one.look[close])
    return float(close.mean())
