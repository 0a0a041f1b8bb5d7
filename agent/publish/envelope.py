"""Packs records into the wire's `Envelope`; they are JSON already and are not read again."""

from __future__ import annotations

import json
from collections.abc import Sequence

from agent.publish.outbox import Waiting
from agent.wire.messages import DurableClass, squeeze

Gap = tuple[int, int]


class Packer:
    """Of one gateway."""

    def __init__(self, site: str, gateway: str) -> None:
        self._site, self._gateway = site, gateway

    def pack(
        self, outbox: str, kind: DurableClass, rows: Sequence[Waiting], told: Sequence[Gap], *, compress: bool
    ) -> bytes:
        """One envelope; `told` are the gaps it announces. Compressed (zlib, RFC 1950) where that saves bytes."""
        head: dict[str, object] = {
            "v": 1, "site": self._site, "gateway": self._gateway, "outbox": outbox, "class": kind, "seq": rows[0].seq,
        }  # fmt: skip
        if len(rows) > 1:
            head["seqs"] = [row.seq for row in rows]
        if told:
            head["dropped"] = told
        records = b",".join(row.record for row in rows)
        whole = json.dumps(head, separators=(",", ":")).encode()[:-1] + b',"records":[' + records + b"]}"
        return squeeze(whole) if compress else whole
