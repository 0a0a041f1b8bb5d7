"""What root does for a gateway, its user can go on with. Who is not root runs the same, as the user themselves."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.cli import main
from agent.core.clock import SystemClock
from agent.core.owner import own_below
from agent.publish.outbox import Outbox
from agent.record.store import SegmentStore
from tests.record.helpers import record

USER = 4711 if os.geteuid() == 0 else os.geteuid()
WHO = ["--reason", "case 1", "--by", "Sgt. Lee"]


@pytest.fixture
def site(clip_h264: Path) -> Iterator[Path]:
    """The folder of a gateway that ran, in a place that all users may enter."""
    root = Path(tempfile.mkdtemp(prefix="lamppost-root-"))
    root.chmod(0o755)
    path = root / "gateway.toml"
    path.write_text(
        f'[gateway]\nid = "g"\nsite = "s"\n[storage]\npath = "{root}/store"\n[[camera]]\nid = "cam"\nurl = "file:/c"\n'
    )
    store = SegmentStore(root / "store/recordings", SystemClock(), key_path=root / "store/gateway-key.pem")
    store.prepare()
    record(store, clip_h264)
    store.close()
    Outbox(root / "store/outbox.sqlite", SystemClock()).close()
    if os.geteuid() == 0:
        for one in [root / "store", *(root / "store").rglob("*")]:
            os.chown(one, USER, USER)
    yield root
    shutil.rmtree(root)


def owners(site: Path) -> set[int]:
    return {one.stat().st_uid for one in (site / "store").rglob("*")}


def test_a_catalogue_that_root_rebuilds_stays_the_gateways(site: Path) -> None:
    recordings = site / "store/recordings"
    shutil.rmtree(recordings / "keys")  # made again, too
    (site / "store/gateway-key.pem").unlink()
    assert main(["archive", "rebuild", "--config", str(site / "gateway.toml")]) == 0
    assert (recordings / "catalogue.sqlite.broken-1").exists()
    assert (recordings / "keys").exists()
    assert owners(site) == {USER}


def test_so_does_what_root_holds(site: Path) -> None:
    span = ["--from", "2026-05-28T20:00:00Z", "--to", "2026-05-28T21:00:00Z"]
    words = ["archive", "hold", "add", "--config", str(site / "gateway.toml"), "--camera", "cam", *span, *WHO]
    assert main(words) == 0
    assert len(list((site / "store/recordings/holds").iterdir())) == 1
    assert owners(site) == {USER}


def test_links_are_not_followed(site: Path, tmp_path: Path) -> None:
    other = tmp_path / "of-root"
    other.write_text("secret")
    link = site / "store/recordings/link"
    link.symlink_to(other)
    own_below(site / "store")
    assert (link.lstat().st_uid, other.stat().st_uid) == (USER, os.geteuid())
