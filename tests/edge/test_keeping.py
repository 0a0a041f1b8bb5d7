"""From the configuration to the workers that keep recordings in bounds."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.config.load import load_gateway
from agent.core.clock import NS
from agent.core.stop import StopToken
from agent.edge.archive import open_store, verify
from agent.edge.keeping import Keeping
from agent.record.verify import Level
from tests.fixtures.clock import FakeClock
from tests.record.helpers import record

DAY_S = 86_400


@pytest.fixture
def config_file(tmp_path: Path, clip_h264: Path) -> Path:
    path = tmp_path / "gateway.toml"
    path.write_text(
        f"""
[gateway]
id = "g"
site = "s"
[storage]
path = "{tmp_path}/main"
min_free = 0
[storage.archive]
path = "{tmp_path}/second"
after_days = 2
keep_days = 90
min_free = 0
[[camera]]
id = "cam"
url = "file:{clip_h264}"
[[camera]]
id = "short"
url = "file:{clip_h264}"
keep_days = 1
priority = "low"
"""
    )
    return path


class Once(StopToken):
    """Ends a worker at its first rest; a mover that only holds back goes on."""

    def wait(self, timeout_s: float | None = None) -> bool:
        if timeout_s is None or timeout_s >= 1:
            self.set()
        return self.is_set()


def test_what_is_configured_moves_lives_and_goes_and_problems_are_told(
    config_file: Path, tmp_path: Path, clip_h264: Path
) -> None:
    config, clock = load_gateway(config_file), FakeClock()
    store = open_store(config, read_only=False)
    store.prepare()
    segments = []
    for number in range(3):
        segments += record(store, clip_h264, clock.wall_ns() + number * 10 * NS)[0]
    keeping = Keeping(config.storage, config.camera, store, clock, lambda _: None)
    assert [worker.name for worker in keeping.workers] == ["retention", "archive", "sweep"]

    def day(number: int) -> list[int]:
        clock.advance(number * DAY_S)
        for worker in keeping.workers:
            worker.run(Once())
        return [one.tier for one in store.catalogue.oldest(9)]

    assert day(1) == [0, 0, 0]
    assert day(2) == [1, 1, 0]  # a camera's newest stays
    assert day(40) == [1, 1, 0]  # longer than `keep_days` of the first disk
    said: list[str] = []
    assert verify(config, [], Level.HASHES, said.append) == 0
    assert keeping.problems() == []
    (tmp_path / "second" / ".lamppost-store").unlink()
    assert day(1) == [1, 1, 0]
    assert "archive: " in keeping.problems()[0]
    assert "is the disk mounted?" in keeping.problems()[0]
    assert keeping.retention.allows("short") == ""
    store.close()
