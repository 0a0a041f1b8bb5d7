"""The `[mqtt]` table becomes settings; what is wrong with its files is one clear line."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.config.gateway import Mqtt
from agent.core.errors import ConfigError
from agent.core.signing import Signer
from agent.publish.broker import command_verifier, link_settings


def test_the_password_is_read_and_never_shown(tmp_path: Path):
    (tmp_path / "password").write_text("s3cret\n")
    found = link_settings(Mqtt(url="mqtts://host", username="pole", password_file=tmp_path / "password"))
    assert (found.password, found.port, found.tls) == ("s3cret", 8883, True)
    assert "s3cret" not in repr(found)


def test_missing_and_empty_files_are_named(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"the secret in .*nothing cannot be read: No such file"):
        link_settings(Mqtt(url="mqtt://host", username="pole", password_file=tmp_path / "nothing"))
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(ConfigError, match="is empty"):
        link_settings(Mqtt(url="mqtt://host", username="pole", password_file=tmp_path / "empty"))
    with pytest.raises(ConfigError, match=r"command_key_file .* cannot be read"):
        command_verifier(tmp_path / "nothing")
    with pytest.raises(ConfigError, match="not an Ed25519 public key"):
        command_verifier(tmp_path / "empty")


def test_the_command_key_verifies_what_the_centre_signs(tmp_path: Path):
    signer = Signer.load_or_make(tmp_path / "private.pem")
    (tmp_path / "key.pem").write_bytes(signer.public_pem())
    verifier = command_verifier(tmp_path / "key.pem")
    assert verifier is not None
    assert verifier.verify({"a": 1}, signer.sign({"a": 1}))
    assert command_verifier(None) is None
