"""What the centre may set of a camera, and what never."""

from __future__ import annotations

from typing import Any

import pytest

from agent.config.gateway import Camera
from agent.config.overlay import LAID_OVER, laid_over, shown
from agent.core.errors import ConfigError

SQUARE = [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9], [0.1, 0.9]]
CORNER = [[0.0, 0.0], [0.2, 0.0], [0.2, 0.1]]
ZONE = {"name": "plaza", "polygon": SQUARE}
OWN = Camera.model_validate(
    {
        "id": "main", "url": "rtsp://192.0.2.1/x", "username": "u", "password_file": "/p", "keep_days": 3,
        "zone": [ZONE], "rule": [{"kind": "zone_entered", "zone": "plaza"}], "mask": [{"polygon": CORNER}],
    }
)  # fmt: skip


def test_what_is_set_replaces_what_the_file_has_and_the_rest_stays() -> None:
    line = {"name": "gate", "points": [[0, 0.5], [1, 0.5]]}
    new = laid_over(OWN, {"name": "Main Street", "line": [line], "rule": [{"kind": "line_crossed", "line": "gate"}]})
    assert (new.name, new.line[0].name, new.rule[0].kind) == ("Main Street", "gate", "line_crossed")
    assert (new.zone, new.keep_days, new.url, new.password_file) == (OWN.zone, 3, OWN.url, OWN.password_file)


def test_masks_are_added_and_none_is_taken_away() -> None:
    assert laid_over(OWN, {"mask": []}).mask == OWN.mask
    assert len(laid_over(OWN, {"mask": [{"polygon": SQUARE}]}).mask) == 2


def test_nothing_set_is_the_camera_itself() -> None:
    assert laid_over(OWN, {}) == OWN


@pytest.mark.parametrize(
    "key", ["id", "url", "sub_url", "username", "password_file", "record", "keep_days", "max_bytes", "send_alarms", "x"]
)
def test_who_a_camera_is_its_secrets_and_what_is_kept_cannot_be_set(key: str) -> None:
    with pytest.raises(ConfigError, match=f"main: {key}: cannot be set from the centre"):
        laid_over(OWN, {key: "rtsp://evil/x"})


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"zone": []}, "main: rule[0].zone: names the zone 'plaza', which this camera does not have"),
        ({"zone": [{"name": "plaza", "polygon": [[0, 0], [2, 0], [1, 1]]}]}, "main: zone[0].polygon[1][0]: "),
        ({"zone": [ZONE, ZONE]}, "main: zone[1].name: another zone of this camera is called 'plaza'"),
        ({"rule": [{"kind": "zone_enterd", "zone": "plaza"}]}, "main: rule[0].kind: no kind of rule"),
        ({"still": {"enabled": True, "when": 3}}, "main: still.when: unknown key"),
        ({"mask": 7}, "main: mask: "),
        ({"mask": {"polygon": SQUARE}}, "main: mask: "),
        ({"zone": None}, "main: zone: "),
    ],
)
def test_what_does_not_fit_is_said_with_its_place(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        laid_over(OWN, settings)
    assert any(line.startswith(said) for line in refused.value.problems), refused.value.problems


def test_all_mistakes_come_at_once() -> None:
    with pytest.raises(ConfigError) as refused:
        laid_over(OWN, {"zone": [{"name": "a b", "polygon": SQUARE}], "line": [{"name": "l", "points": []}]})
    assert len(refused.value.problems) >= 2


def test_what_is_shown_can_be_laid_over_again() -> None:
    told = shown(OWN)
    assert set(told) == {"zone", "rule", "mask"}
    bare = Camera(id="main", url="rtsp://192.0.2.1/x")
    assert shown(laid_over(bare, told)) == told
    assert shown(bare) == {}
    assert "url" not in LAID_OVER
