"""A key is made once, whole or not at all: a pole whose key cannot be read does not start until somebody visits it."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from agent.core.errors import ConfigError
from agent.core.signing import Signer

DIES = """
import os, sys
from pathlib import Path
from agent.core.signing import Signer
step, left = sys.argv[1], [int(sys.argv[2])]
real = getattr(os, step)
def dies(*given, **more):
    left[0] -= 1
    return real(*given, **more) if left[0] else os._exit(9)
setattr(os, step, dies)
Signer.load_or_make(Path(sys.argv[3]))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store" / "gateway-key.pem"


@pytest.mark.parametrize(("step", "time"), [("fdopen", 1), ("fsync", 1), ("link", 1), ("unlink", 2), ("fsync", 2)])
def test_killed_at_any_step_there_is_a_whole_key_or_none_and_the_next_start_goes_on(
    step: str, time: int, path: Path
) -> None:
    killed = subprocess.run([sys.executable, "-c", DIES, step, str(time), str(path)], check=False)
    assert killed.returncode == 9
    there = Signer.load(path).key_id if path.exists() else None
    made = Signer.load_or_make(path)
    assert there in {None, made.key_id}
    assert Signer.load_or_make(path).key_id == made.key_id
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_half_written_file_of_a_killed_start_is_in_nobodys_way(path: Path, monkeypatch) -> None:
    path.parent.mkdir()
    monkeypatch.setattr(os, "getpid", lambda: 1)  # in a container every start has the same number
    monkeypatch.setattr("agent.core.durable.threading.get_ident", lambda: 7)
    half = path.with_name(f"{path.name}.1.7.new")
    half.write_bytes(b"-----BEGIN")
    made = Signer.load_or_make(path)
    assert Signer.load(path).key_id == made.key_id
    assert list(path.parent.iterdir()) == [path]


def test_a_full_disk_leaves_nothing_behind(path: Path, monkeypatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as during:
        during.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            Signer.load_or_make(path)
    assert list(path.parent.iterdir()) == []
    Signer.load_or_make(path)


def test_of_two_who_make_it_at_once_both_have_the_one_that_lasts(path: Path, monkeypatch) -> None:
    both, link = Barrier(2, timeout=10), os.link

    def together(*given: object, **more: object) -> None:
        both.wait()
        link(*given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "link", together)
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(Signer.load_or_make, [path, path]))
    assert {signer.key_id for signer in made} == {Signer.load(path).key_id}
    assert list(path.parent.iterdir()) == [path]


def test_where_a_file_cannot_have_two_names_a_key_is_made_all_the_same(path: Path, monkeypatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")  # link(2) on FAT

    monkeypatch.setattr(os, "link", refused)
    assert Signer.load_or_make(path).key_id == Signer.load_or_make(path).key_id
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("content", [b"", b"-----BEGIN PRIVATE KEY-----\n"])
def test_a_file_that_is_no_key_is_named_and_never_replaced(content: bytes, path: Path) -> None:
    """It may have been the key that the footage is signed with: only a person can tell whether a copy is left."""
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"gateway-key\.pem: not an Ed25519 key; remove it"):
        Signer.load_or_make(path)
    assert path.read_bytes() == content
