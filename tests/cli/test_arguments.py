"""Arguments that make no sense are said to be so, before anything else happens."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.cli import main
from agent.cli.arguments import address

CENTRAL = '[central]\ndata = "/tmp/none"\n'
GATEWAY = '[gateway]\nid = "g"\nsite = "s"\n[[camera]]\nid = "cam"\nurl = "file:/c.mp4"\n'


@pytest.mark.parametrize(
    "words",
    [
        ["archive", "hold", "add", "--config", "x", "--camera", "c", "--from", "2026-05-28T20:00:00Z",
         "--to", "2026-05-28T21:00:00Z", "--reason", "r", "--by", "b", "--days", "1e308"],
        ["analyse", "x.mp4", "--fps", "inf"], ["analyse", "x.mp4", "--fps", "1e-320"],
        ["analyse", "x.mp4", "--fps", "nan"],
        ["discover", "--timeout", "1e300"], ["discover", "--timeout", "1e-9"], ["demo", "--for", "1e18"],
        ["models", "bench", "--threads", "-1"], ["models", "bench", "--threads", "100000000"],
        ["sim", "--cameras", "100000000"], ["sim", "--listen", "::1:8554"], ["sim", "--listen", "[]:8554"],
    ],
)  # fmt: skip
def test_numbers_that_nothing_can_count_to(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert f"argument {words[-2]}: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "found"), [("127.0.0.1:8554", "127.0.0.1"), ("[::1]:8554", "::1"), ("localhost:8554", "localhost")]
)
def test_addresses_to_listen_at(text: str, found: str) -> None:
    assert address(text) == (found, 8554)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--central", "--origin"], "--origin: is of a gateway's file"),
        (["--central", "--picture", "nope.jpg"], "--picture: is of a gateway's file"),
        (["--origin", "--picture", "nope.jpg"], "each shows something else"),
        (["--camera", "cam"], "say onto what with --picture"),
        (["--out", "x.jpg", "--origin"], "say onto what with --picture"),
        (["--picture", "."], ".: cannot be read: Is a directory"),
    ],
)
def test_options_that_would_count_for_nothing(
    tmp_path: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "c.toml"
    path.write_text(CENTRAL if "--central" in words else GATEWAY)
    assert main(["config", "show", str(path), *words]) == 2
    printed = capsys.readouterr()
    assert said in printed.err
    assert printed.out == ""


@pytest.mark.parametrize("words", [["--username", "x"], ["--password-file", "x"]])
def test_half_of_what_cameras_ask_for(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sim", *words]) == 2
    assert "go together" in capsys.readouterr().err
