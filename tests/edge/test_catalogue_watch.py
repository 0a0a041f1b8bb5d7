"""A gateway whose catalogue is damaged ends by itself; the next start makes it again."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from agent.config.gateway import GatewayConfig
from agent.core.clock import SystemClock
from agent.core.stop import StopToken
from agent.edge import catalogue_watch
from agent.edge.gateway import run_gateway
from agent.record.damage import Damage
from agent.record.store import SegmentStore
from tests.record.helpers import wait_for


def test_a_damaged_catalogue_ends_the_gateway_in_order(
    tmp_path: Path, clip_h264: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue_watch, "LOOK_S", 0.05)
    config = GatewayConfig.model_validate(
        {
            "gateway": {"id": "gw", "site": "here", "status_listen": "127.0.0.1:0"},
            "storage": {"path": str(tmp_path)}, "analysis": {"enabled": False},
            "camera": [{"id": "street", "url": f"file:{clip_h264}"}],
        }
    )  # fmt: skip
    root, stop, ended = tmp_path / "recordings", StopToken(), list[int]()
    gateway = threading.Thread(target=lambda: ended.append(run_gateway(config, stop)), name="gateway")
    gateway.start()
    try:
        wait_for(lambda: any(root.glob("street/*/*/*.mp4.open")))
        Damage(root / "catalogue.sqlite").note()
        gateway.join(20)
    finally:
        stop.set()
        gateway.join(20)
    assert ended == [1]
    store = SegmentStore(root, SystemClock())
    store.prepare()
    assert store.is_partial
    assert store.catalogue.totals("street").segments > 0
    store.close()
