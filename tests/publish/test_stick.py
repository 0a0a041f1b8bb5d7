"""An outbox travels on a stick: copied, delivered once in effect, and emptied only by the centre's receipt."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.cli import main
from agent.core.clock import SystemClock, rfc3339
from agent.core.signing import Signer
from agent.publish.outbox import Outbox
from agent.wire.messages import Event
from tests.central.helpers import GATEWAY, SITE, RunningCentre, running

NOW = rfc3339(1_780_000_000_000_000_000)


def event(number: int, severity: str = "info") -> Event:
    return Event(id=f"e{number}", camera="cam", kind="motion", phase="start", time=NOW, start=NOW, severity=severity)


class Carrier:
    """A gateway without a link, a stick, and a centre."""

    def __init__(self, folder: Path, centre: RunningCentre) -> None:
        self.storage, self.stick, self.centre = folder / "storage", folder / "stick", centre
        self.outbox = Outbox(self.storage / "outbox.sqlite", SystemClock())
        self.key = Signer.load_or_make(self.storage / "gateway-key.pem").key_id
        self.config, self.central = folder / "gateway.toml", folder / "central.toml"
        self.config.write_text(
            f'[gateway]\nid = "{GATEWAY}"\nsite = "{SITE}"\n[storage]\npath = {json.dumps(str(self.storage))}\n'
            '[[camera]]\nid = "cam"\nurl = "rtsp://192.0.2.1/"\n'
        )
        self.central.write_text(
            f"[central]\ndata = {json.dumps(str(centre.data))}\n"
            f'mqtt_listen = "{centre.mqtt_url.removeprefix("mqtt://")}"\n'
        )

    def export(self) -> int:
        return main(["outbox", "export", str(self.stick), "--config", str(self.config)])

    def take(self, *more: str) -> int:
        return main(["outbox", "import", str(self.stick), "--config", str(self.central), *more])

    def receipt(self) -> int:
        key = self.centre.data / "gateways" / SITE / GATEWAY / "command_key.pem"
        return main(["outbox", "receipt", str(self.stick), "--config", str(self.config), "--command-key", str(key)])

    def stats(self) -> dict:
        with self.centre.service() as client:
            return client.get("/api/v1/stats").json()


@pytest.fixture
def carrier(tmp_path: Path) -> Iterator[Carrier]:
    with running(tmp_path / "centre") as centre:
        carrier = Carrier(tmp_path, centre)
        yield carrier
        carrier.outbox.close()


def test_what_is_carried_leaves_the_outbox_when_the_receipt_is_back_and_not_before(carrier: Carrier, capsys):
    for number in range(300):
        carrier.outbox.put("event", "cam", event(number, "alarm" if number < 3 else "info"))
    body = b"x" * 700_000
    carrier.outbox.put_media(id="m1", camera="cam", kind="clip", type="video/mp4", start=NOW, end=NOW, source=body)
    assert carrier.export() == 0
    said = f"300 messages and 1 media copied to {carrier.stick}, signed with key {carrier.key}"
    assert said in capsys.readouterr().out
    carrier.outbox.put("event", "cam", event(300))  # decided while the stick is on its way
    assert carrier.take() == 2
    assert f"add --trust {carrier.key}" in capsys.readouterr().err
    for _ in range(2):  # by two sticks, say
        assert carrier.take("--trust", carrier.key) == 0
        stored = carrier.stats()["stored"]
        assert (stored["event"], stored["media"]) == (300, 1)
    assert carrier.outbox.depth().messages == 301
    for _ in range(2):
        assert carrier.receipt() == 0
        assert [row.seq for row in carrier.outbox.waiting(9)] == [298]
    depth = carrier.outbox.depth()
    assert (depth.messages, depth.media, depth.dropped) == (1, 0, {})
    assert carrier.stats()["lost"] == 0


def test_a_stick_or_a_receipt_that_was_changed_is_refused(carrier: Carrier, capsys):
    carrier.outbox.put("event", "cam", event(1))
    assert carrier.export() == 0
    statement = carrier.stick / "statement.json"
    good = statement.read_text()
    statement.write_text(good.replace(GATEWAY, "gw-2"))
    assert carrier.take("--trust", carrier.key) == 1
    assert "it was changed after the export" in capsys.readouterr().err
    statement.write_text(good)
    rows = (carrier.stick / "outbox.sqlite").read_bytes()
    (carrier.stick / "outbox.sqlite").write_bytes(rows[:-1] + b"!")
    assert carrier.take("--trust", carrier.key) == 1
    assert "not the file that was exported" in capsys.readouterr().err
    (carrier.stick / "outbox.sqlite").write_bytes(rows)
    assert carrier.take("--trust", carrier.key) == 0
    receipt = carrier.stick / "receipt.json"
    receipt.write_text(receipt.read_text().replace("[[1,1]]", "[[1,9]]"))
    assert carrier.receipt() == 1
    assert "its signature is not the centre's" in capsys.readouterr().err
    assert carrier.outbox.depth().messages == 1


def test_a_folder_that_is_no_stick_is_one_clear_line(carrier: Carrier, capsys):
    assert carrier.take() == 1
    assert f"{carrier.stick / 'statement.json'} cannot be read" in capsys.readouterr().err


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Outbox]:
    """A gateway alone, its folder named as nobody should; `gateway.toml` is its file."""
    storage = tmp_path / "50% #1?"
    outbox = Outbox(storage / "outbox.sqlite", SystemClock())
    outbox.put("event", "cam", event(1))
    outbox.put_media(id="m1", camera="cam", kind="clip", type="video/mp4", start=NOW, end=NOW, source=b"x" * 700_000)
    Signer.load_or_make(storage / "gateway-key.pem")
    (tmp_path / "gateway.toml").write_text(
        f'[gateway]\nid = "{GATEWAY}"\nsite = "{SITE}"\n[storage]\npath = {json.dumps(str(storage))}\n'
        '[[camera]]\nid = "cam"\nurl = "rtsp://192.0.2.1/"\n'
    )
    yield outbox
    outbox.close()


@pytest.mark.parametrize("where", ["storage", "storage/outbox.sqlite-media", "link", "linked-file", "linked-media"])
def test_the_outbox_itself_is_never_what_an_export_replaces(site: Outbox, tmp_path: Path, capsys, where: str):
    storage = site.path.parent
    (tmp_path / "link").symlink_to(storage)
    for folder, name in (("linked-file", "outbox.sqlite"), ("linked-media", "outbox.sqlite-media")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).symlink_to(storage / name)
    target = storage / where.removeprefix("storage").strip("/") if where.startswith("storage") else tmp_path / where
    assert main(["outbox", "export", str(target), "--config", str(tmp_path / "gateway.toml")]) == 2
    assert "the gateway's own outbox lies there" in capsys.readouterr().err
    assert (site.depth().messages, site.depth().media) == (1, 1)
    assert len(list((storage / "outbox.sqlite-media").iterdir())) == 1


def test_folders_may_be_named_as_people_like(site: Outbox, tmp_path: Path, capsys):
    stick = tmp_path / "a#b" / "c?d" / "e%41"
    assert main(["outbox", "export", str(stick), "--config", str(tmp_path / "gateway.toml")]) == 0
    assert "1 messages and 1 media copied" in capsys.readouterr().out
    assert len(list((stick / "outbox.sqlite-media").iterdir())) == 1


def test_a_receipt_where_there_is_no_outbox_makes_none(site: Outbox, tmp_path: Path, capsys):
    site.close()
    site.path.unlink()
    key = tmp_path / "centre.pem"
    key.write_bytes(Signer.load_or_make(tmp_path / "centre-key.pem").public_pem())
    words = ["--config", str(tmp_path / "gateway.toml"), "--command-key", str(key)]
    assert main(["outbox", "receipt", str(tmp_path), *words]) == 1
    assert "there is no outbox" in capsys.readouterr().err
    assert not site.path.exists()
