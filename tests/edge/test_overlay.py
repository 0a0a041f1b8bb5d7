"""What the centre has set, as a gateway keeps it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.config.gateway import Camera
from agent.core.errors import ConfigError, LamppostError, StorageError
from agent.core.signing import Signer, Verifier
from agent.edge.overlay import FILE, MOST_BYTES, Overlaid
from agent.wire.messages import Overlay

ZONE = {"name": "plaza", "polygon": [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]]}
MAIN = Camera.model_validate(
    {"id": "main", "url": "rtsp://192.0.2.1/x", "zone": [ZONE], "rule": [{"kind": "zone_entered", "zone": "plaza"}]}
)
YARD = Camera(id="yard", url="rtsp://192.0.2.2/x")

Signed = Callable[..., Overlay]


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return Signer.load_or_make(tmp_path / "command-key.pem")


@pytest.fixture
def signed(signer: Signer) -> Signed:
    def sign(version: int, cameras: dict[str, Any], gateway: str = "g") -> Overlay:
        time = "2026-05-28T20:26:40.000Z"
        overlay = Overlay(site="s", gateway=gateway, version=version, time=time, by="ann", cameras=cameras)
        return overlay.model_copy(update={"signature": signer.sign(overlay.signed_part())})

    return sign


@pytest.fixture
def opened(tmp_path: Path, signer: Signer) -> Callable[..., Overlaid]:
    def open_(*cameras: Camera) -> Overlaid:
        verifier = Verifier.from_pem(signer.public_pem(), "here")
        return Overlaid(cameras or (MAIN, YARD), tmp_path, verifier, ("s", "g"))

    return open_


def test_it_is_in_force_at_once_and_after_a_restart(opened, signed: Signed) -> None:
    one, changed = opened(), []
    state = one.take(signed(1, {"yard": {"name": "The yard"}}), changed.append)
    assert (state.version, state.by, state.problem) == (1, "ann", "")
    assert [(camera.id, camera.name) for camera in changed] == [("yard", "The yard")]
    for overlaid in (one, opened()):
        assert [camera.name for camera in overlaid.cameras] == ["", "The yard"]
        assert overlaid.state() == state
        assert set(overlaid.set_by_centre("yard")) == {"name"}
        assert overlaid.set_by_centre("main") == {}


def test_a_camera_that_is_left_out_goes_back_to_its_file(opened, signed: Signed) -> None:
    one, changed = opened(), []
    one.take(signed(1, {"yard": {"name": "The yard"}}), changed.append)
    one.take(signed(2, {}), changed.append)
    assert [camera.name for camera in changed] == ["The yard", ""]


def test_the_same_again_is_welcome_and_an_older_one_is_not(opened, signed: Signed) -> None:
    one, changed = opened(), []
    newest = signed(3, {"yard": {"name": "A"}})
    one.take(newest, changed.append)
    assert one.take(newest, changed.append).version == 3
    assert len(changed) == 1
    for other in (signed(3, {}), signed(2, {})):
        with pytest.raises(LamppostError, match="version 3 is in force already"):
            one.take(other, changed.append)
    assert one.cameras[1].name == "A"


def test_what_does_not_fit_changes_nothing(opened, signed: Signed, tmp_path: Path) -> None:
    one, changed = opened(), []
    with pytest.raises(ConfigError) as refused:
        one.take(signed(1, {"main": {"zone": []}, "yard": {"url": "x"}, "roof": {}}), changed.append)
    assert [line.partition(":")[0] for line in refused.value.problems] == ["roof", "main", "yard"]
    assert (one.cameras, one.state().version, changed) == ((MAIN, YARD), 0, [])
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda one: one.model_copy(update={"by": "eve"}), "signature"),
        (lambda one: one.model_copy(update={"gateway": "h"}), "another gateway"),
        (lambda one: one.model_copy(update={"signature": "zz"}), "signature"),
    ],
)
def test_only_the_centres_own_words_count(opened, signed: Signed, spoil, said: str) -> None:
    with pytest.raises(LamppostError, match=said):
        opened().take(spoil(signed(1, {"yard": {"name": "A"}})), lambda _: None)


def test_without_a_command_key_nothing_is_set(tmp_path: Path, signed: Signed) -> None:
    with pytest.raises(LamppostError, match="no command key"):
        Overlaid([MAIN], tmp_path, None, ("s", "g")).take(signed(1, {}), lambda _: None)


def test_more_than_a_broker_lets_through_is_refused(opened, signed: Signed) -> None:
    with pytest.raises(LamppostError, match="bytes"):
        opened().take(signed(1, {"yard": {"name": "x" * MOST_BYTES}}), lambda _: None)


def test_a_disk_that_does_not_take_it_leaves_everything_as_it_was(opened, signed: Signed, tmp_path: Path) -> None:
    one = opened()
    (tmp_path / FILE).mkdir()
    with pytest.raises(StorageError, match="cannot be written"):
        one.take(signed(1, {"yard": {"name": "A"}}), lambda _: None)
    assert one.cameras == (MAIN, YARD)


@pytest.mark.parametrize("kept", [b"", b"{", b"\xff\xfe", b'{"v":1}', b"null"])
def test_a_file_that_is_broken_leaves_the_own_settings_in_force_and_says_so(
    opened, tmp_path: Path, kept: bytes
) -> None:
    (tmp_path / FILE).write_bytes(kept)
    one = opened()
    assert one.cameras == (MAIN, YARD)
    assert one.state().problem.endswith("the file's own settings are in force")


def test_a_file_that_somebody_changed_counts_for_nothing(opened, signed: Signed, tmp_path: Path) -> None:
    opened().take(signed(1, {"yard": {"name": "A"}}), lambda _: None)
    document = json.loads((tmp_path / FILE).read_text())
    document["cameras"]["yard"]["name"] = "B"
    (tmp_path / FILE).write_text(json.dumps(document))
    one = opened()
    assert one.cameras == (MAIN, YARD)
    assert "signature" in one.state().problem


def test_a_camera_that_no_longer_fits_goes_by_its_file_and_the_others_by_the_overlay(opened, signed: Signed) -> None:
    opened().take(signed(1, {"main": {"rule": [{"kind": "zone_left", "zone": "plaza"}]}, "yard": {"name": "A"}}), str)
    without_zone = Camera(id="main", url="rtsp://192.0.2.1/x")
    one = opened(without_zone, YARD)
    assert [camera.name for camera in one.cameras] == ["", "A"]
    assert one.cameras[0] == without_zone
    assert "names the zone 'plaza'" in one.state().problem


def test_what_is_hidden_stays_hidden_when_the_rest_no_longer_fits(opened, signed: Signed) -> None:
    hidden = {"polygon": [[0, 0], [0.5, 0], [0.5, 0.5]]}
    laid = {"rule": [{"kind": "zone_left", "zone": "plaza"}], "name": "A", "mask": [hidden]}
    opened().take(signed(1, {"main": laid}), str)
    without_zone = Camera(id="main", url="rtsp://192.0.2.1/x")
    (camera,) = opened(without_zone).cameras
    assert camera == without_zone.model_copy(update={"mask": camera.mask})
    assert [mask.polygon for mask in camera.mask] == [((0, 0), (0.5, 0), (0.5, 0.5))]
