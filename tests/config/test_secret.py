"""What stands in a secret's file, and what does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.config.base import MOST_SECRET, read_secret
from agent.core.errors import ConfigError


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"secret", "secret"),
        (b"secret\n", "secret"),
        (b"secret\r\n", "secret"),
        (b"secret\nof the camera at the gate\n", "secret"),
        (b"\xef\xbb\xbfsecret\r\n", "secret"),
        (b" pass word \n", " pass word "),
        ("\u00fc\u2028x\n".encode(), "\u00fc\u2028x"),
        (b"x" * 5000 + b"\n", "x" * 5000),
    ],
)
def test_the_first_line_counts_as_it_stands(tmp_path: Path, content: bytes, found: str) -> None:
    path = tmp_path / "secret"
    path.write_bytes(content)
    assert read_secret(path) == found


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "first line of .* is empty"),
        (b"\nsecret\n", "first line of .* is empty"),
        (b"\xff\xfe", "not UTF-8"),
        (b"x" * (MOST_SECRET + 1), "more than 65536 characters"),
    ],
)
def test_what_holds_no_secret_is_one_line(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "secret"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=said):
        read_secret(path)


def test_without_a_file_there_is_none() -> None:
    assert read_secret(None) is None
