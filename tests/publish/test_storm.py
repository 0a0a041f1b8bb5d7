"""Whatever a broker hands to a gateway: it is counted, nothing falls, and memory has an end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from agent.core.clock import NS, SystemClock, rfc3339
from agent.core.signing import Signer, Verifier
from agent.publish.commands import CommandDesk
from agent.publish.outbox import Outbox
from agent.publish.uplink import Uplink
from agent.wire.messages import DURABLE_CLASSES, Ack, Command, Event, MediaAck, encode
from agent.wire.mqtt import LinkSettings
from tests.fixtures.storm import Storm, rss_mb

ROOT = "lamppost/v1/town/pole"
ARGS = {
    "live": {"camera": "cam", "stream": "sub", "lease": "l1", "seconds": 20},
    "live_stop": {"lease": "l1"},
    "watch": {"camera": "cam", "seconds": 20},
    "belongs": {"camera": "cam", "event": "e1", "by": "ann"},
    "clip": {"camera": "cam", "start": "2026-01-01T00:00:00Z", "end": "2026-01-01T00:00:09Z"},
}


def _good(outbox: Outbox, signer: Signer, clock: SystemClock) -> list[tuple[str, bytes]]:
    now_ns = clock.wall_ns()
    now, later = rfc3339(now_ns), rfc3339(now_ns + 3600 * NS)
    good = [
        (f"{ROOT}/ack/{kind}", encode(Ack(outbox=outbox.id, seqs=list(range(1, 9)), now=now)))
        for kind in DURABLE_CLASSES
    ]
    states = ({"state": "want", "missing": [(0, 3)]}, {"state": "done"}, {"state": "refused", "reason": "no"})
    good += [(f"{ROOT}/ack/media", encode(MediaAck(id="m", now=now, **state))) for state in states]
    for verb, args in ARGS.items():
        asked = Command(
            id=f"c-{verb}", verb=verb, site="town", gateway="pole", issued=now, expires=later, args=args, signature=""
        )
        signed = asked.model_copy(update={"signature": signer.sign(asked.signed_part())})
        good.append((f"{ROOT}/command/{verb}", encode(signed)))
    return good


def _storm(folder: Path, count: int, tell: Callable[[str], None]) -> None:
    clock, signer = SystemClock(), Signer.load_or_make(folder / "key.pem")
    outbox = Outbox(folder / "outbox.db", clock)
    done: list[str] = []
    handlers = {verb: (lambda _, v=verb: done.append(v) or {}) for verb in ARGS}
    verifier = Verifier.from_pem(signer.public_pem(), "test")
    desk = CommandDesk("town", "pole", verifier, clock, handlers, outbox.replies)
    uplink = Uplink("town", "pole", outbox, LinkSettings("mqtt://127.0.0.1:1", ""), clock, commands=desk, version="1")
    moment = "2026-01-01T00:00:00Z"
    kept = Event(id="e", camera="cam", kind="motion", phase="start", time=moment, start=moment)
    for _ in range(20):
        outbox.put("event", "cam", kept)
    began = 0.0
    try:
        for number, (topic, payload) in enumerate(Storm(_good(outbox, signer, clock), seed=1).messages(count)):
            taker = uplink.media if topic.endswith("/media") else uplink
            assert taker.on_message(topic, payload, number % 50 == 0) is True
            if number % 500 == 499:
                uplink._hear([])
                uplink.media._hear([])
            began = began or (rss_mb() if number >= count // 10 else 0.0)
        grown = rss_mb() - began
        heard = uplink.health().heard
        assert heard == count
        assert desk.reasons.total() > count // 10
        last = outbox.put("event", "cam", kept)
        assert outbox.waiting(99)[-1].seq == last == 21
        assert grown < 50
        tell(f"{count} messages: {dict(desk.reasons)} of commands refused, {len(done)} done, {grown:.1f} MB grown")
    finally:
        outbox.close()


def test_a_gateway_bears_some_thousands(tmp_path: Path, tell: Callable[[str], None]) -> None:
    _storm(tmp_path, 5_000, tell)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_gateway_bears_half_a_million(tmp_path: Path, tell: Callable[[str], None]) -> None:
    _storm(tmp_path, 500_000, tell)
