"""The verifier by itself: its arithmetic against a library, and everything that could be changed in an export."""

import ast
import copy
import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.core.signing import Signer, canonical
from agent.record.export import verify as tool
from agent.record.export.export import Done
from tests.fixtures.clips import make_clip
from tests.record.exporting import asked, make_export, manifest_of, verify
from tests.record.helpers import new_store, record

VECTORS = [  # RFC 8032 section 7.1: public key, message, signature
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
        ("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
        ("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
        ("6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("public", "message", "signature"), VECTORS)
def test_the_vectors_of_the_standard(public: str, message: str, signature: str) -> None:
    key, text, signed = (bytes.fromhex(one) for one in (public, message, signature))
    assert tool.verified(key, text, signed)
    assert not tool.verified(key, text + b"x", signed)
    scalar = int.from_bytes(signed[32:], "little") + tool.ORDER  # the same sum, written another way
    assert not tool.verified(key, text, signed[:32] + scalar.to_bytes(32, "little"))


@pytest.mark.parametrize(
    "public",
    [
        tool.P.to_bytes(32, "little"),  # y is 0, but not written so
        (tool.P + 1).to_bytes(32, "little"),
        b"\xff" * 32,
        (1 | 1 << 255).to_bytes(32, "little"),  # x is 0, and negative
        (2).to_bytes(32, "little"),  # no point has this y
        b"", b"\x01" * 31, b"\x01" * 33,
    ],
)  # fmt: skip
def test_what_is_no_key_verifies_nothing(public: bytes) -> None:
    assert len(public) != 32 or tool.decoded(public) is None
    assert not tool.verified(public, b"", b"\x01" + bytes(63))


@settings(max_examples=30, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200), st.integers(0, 511), st.integers(0, 255))
def test_it_agrees_with_a_library(seed: bytes, message: bytes, signature_bit: int, key_bit: int) -> None:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = private.public_key().public_bytes_raw(), private.sign(message)
    assert tool.verified(public, message, signature)
    assert not tool.verified(public, message + b"\0", signature)
    for key, signed in ((public, flipped(signature, signature_bit)), (flipped(public, key_bit), signature)):
        assert tool.verified(key, message, signed) == by_library(key, message, signed)


def flipped(data: bytes, bit: int) -> bytes:
    return (int.from_bytes(data, "little") ^ 1 << bit).to_bytes(len(data), "little")


def by_library(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda deeper: st.lists(deeper) | st.dictionaries(st.text(), deeper),
    )
)
def test_it_writes_json_as_the_gateway_does(content: Any) -> None:
    try:
        said = canonical({"a": content})
    except UnicodeEncodeError:
        return
    assert tool.canonical({"a": content}) == said


def test_it_is_written_for_old_pythons_and_uses_nothing_but_the_standard_library() -> None:
    tree = ast.parse(Path(tool.__file__).read_text(), feature_version=(3, 8))
    modules = [
        name.name if isinstance(node, ast.Import) else node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    ]
    assert set(modules) == {
        "__future__", "argparse", "datetime", "hashlib", "json", "pathlib", "re", "sys", "typing", "zipfile",
    }  # fmt: skip


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Done, Signer]]:
    """Five segments of which the third is deleted; the originals with them."""
    root = tmp_path_factory.mktemp("exported")
    store = new_store(root / "store")
    record(store, make_clip(root / "film.mp4", seconds=45, fps=5, gop=5, size=(64, 48)))
    store.delete([store.catalogue.in_chain("cam", 2, 1)[0]], "age")
    yield make_export(store, root / "out", asked(0, 45, originals=True)), store.signer
    store.close()


@pytest.fixture
def folder(exported: tuple[Done, Signer], tmp_path: Path) -> Path:
    return Path(shutil.copytree(exported[0].place, tmp_path / "export"))


def said_of(place: Path, pin: str = "") -> tuple[bool, list[str]]:
    said: list[str] = []
    good = tool.Check(tool.Export(place), pin, said.append).run()
    return good, [line for line in said if line.startswith("FAULT")]


def test_a_good_export(folder: Path, exported: tuple[Done, Signer]) -> None:
    code, said = verify(folder)
    assert code == 0, said
    assert said.splitlines()[-1] == "All is as it was exported."
    assert "incident 4711" in said
    public = bytes.fromhex(exported[0].manifest.keys[exported[1].key_id])
    fingerprint = hashlib.sha256(public).hexdigest()
    assert verify(folder, "--key", fingerprint)[0] == 0
    assert verify(folder, "--key", exported[1].key_id.upper())[0] == 0
    code, said = verify(folder, "--key", "0" * 64)
    assert code == 1
    assert "FAULT: That is not the key you named" in said


def paths(content: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where the values of a document stand."""
    items = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    items = list(items)
    yield from ((*above, name) for name, _ in items)
    for name, value in items:
        yield from paths(value, (*above, name))


def other(value: Any) -> Any:
    match value:
        case bool() | None:
            return value is not True
        case int():
            return value + 1
        case str():
            return value[:-1] + ("0" if value[-1:] != "0" else "1")
        case list():
            return value[:-1] or ["x"]
        case _:
            return {**value, "x": 1}


def test_any_value_that_is_changed_taken_out_or_put_in_is_noticed(folder: Path) -> None:
    content = manifest_of(folder)
    places = list(paths(content))
    assert len(places) > 200
    check = tool.Check(tool.Export(folder), "", lambda _: None)
    check._keys = {name: bytes.fromhex(text) for name, text in content["keys"].items()}
    for number, place in enumerate(places):
        changed = copy.deepcopy(content)
        inside = changed
        for name in place[:-1]:
            inside = inside[name]
        if number % 3 == 2:
            del inside[place[-1]]
        else:
            inside[place[-1]] = other(inside[place[-1]])
        assert tool.unsigned(changed) != tool.unsigned(content) or place == ("signature",), place
        if number % 10 == 0:  # the whole way for some of them: it takes its time
            (folder / "manifest.json").write_text(json.dumps(changed))
            assert not said_of(folder)[0], place


def forged(folder: Path, change: Callable[[dict[str, Any]], None], signer: Signer) -> tuple[bool, list[str]]:
    """Somebody who holds the key that signs manifests, but not those of the segments, changes something."""
    content = manifest_of(folder)
    change(content)
    content["key"] = signer.key_id
    content["signature"] = signer.sign({name: value for name, value in content.items() if name != "signature"})
    (folder / "manifest.json").write_text(json.dumps(content))
    return said_of(folder)


def _number(content: dict[str, Any]) -> None:
    content["cameras"][0]["segments"][1]["tail"]["number"] = 7


def _take_out(content: dict[str, Any]) -> None:
    gone = content["cameras"][0]["segments"].pop(1)
    content["cameras"][0]["clips"][0]["segments"].remove(gone["head"]["id"])


def _no_stone(content: dict[str, Any]) -> None:
    content["cameras"][0]["tombstones"].clear()


def _stone(content: dict[str, Any]) -> None:
    content["cameras"][0]["tombstones"][0]["bytes"] = 1


def _stranger(content: dict[str, Any]) -> None:
    content["cameras"][0]["segments"][0]["head"]["camera"] = "other"


def _tail_hash(content: dict[str, Any]) -> None:
    content["cameras"][0]["segments"][0]["tail"]["sha256"] = "0" * 64


def _key(content: dict[str, Any]) -> None:
    content["keys"] = dict.fromkeys(content["keys"], "00" * 32)


def _outside(content: dict[str, Any]) -> None:
    content["cameras"][0]["clips"][0]["name"] = "../store/cam/current"


def _unnamed(content: dict[str, Any]) -> None:
    content["cameras"][0]["clips"][0]["segments"].append("x")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_number, "segment 7: its signature does not fit"),
        (_take_out, "segments 2 to 3 are missing and no deletion is stated"),
        (_no_stone, "segments 3 to 3 are missing and no deletion is stated"),
        (_stone, "the deletion of 3 to 3: its signature does not fit"),
        (_stranger, "segment 1: its notes are of different segments"),
        (_tail_hash, "segment 1: its signature does not fit"),
        (_key, "The manifest is not signed by the key"),
        (_outside, "names a file in a way that is not allowed"),
        (_unnamed, "names segments that the manifest does not describe"),
    ],
)
def test_a_manifest_signed_anew_does_not_hide_it(
    folder: Path, exported: tuple[Done, Signer], change: Callable[[dict[str, Any]], None], words: str
) -> None:
    good, faults = forged(folder, change, exported[1])
    assert not good
    assert any(words in fault for fault in faults), faults


def test_somebody_elses_key_is_seen_when_the_gateways_is_named(
    folder: Path, exported: tuple[Done, Signer], tmp_path: Path
) -> None:
    thief = Signer.load_or_make(tmp_path / "thief.pem")

    def change(content: dict[str, Any]) -> None:
        content["reason"] = "another"
        content["keys"][thief.key_id] = thief._key.public_key().public_bytes_raw().hex()

    assert forged(folder, change, thief) == (True, [])
    good, faults = said_of(folder, exported[1].key_id)
    assert not good
    assert "not the key you named" in faults[0]


@pytest.mark.parametrize("name", ["cam.mp4", "verify.py", "original"])
@pytest.mark.parametrize("how", ["change", "shorten", "remove"])
def test_a_file_that_is_not_as_exported(folder: Path, name: str, how: str) -> None:
    path = min((folder / "originals").iterdir()) if name == "original" else folder / name
    content = path.read_bytes()
    if how == "remove":
        path.unlink()
    else:
        path.write_bytes(content[:-1] if how == "shorten" else content[:-1] + bytes([content[-1] ^ 1]))
    good, faults = said_of(folder)
    assert not good
    assert len(faults) == 1
    assert path.name in faults[0]


@pytest.mark.parametrize(
    "text",
    [
        b"", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"format":"lamppost-export","version":2}',
        b'{"format":"lamppost-export","version":1}', b'{"format":"lamppost-export","version":1,"keys":{"a":3}}',
        b'{"format":"x","format":"lamppost-export","version":1}', b'{"a":NaN}', b'{"a":1e999}',
    ],
)  # fmt: skip
def test_a_manifest_that_is_none_is_a_fault_and_no_traceback(folder: Path, text: bytes) -> None:
    (folder / "manifest.json").write_bytes(text)
    code, said = verify(folder)
    assert code == 1
    assert "FAULT: manifest.json" in said


def test_what_is_not_there_or_no_zip_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"no zip")
    assert verify(tmp_path / "file")[0] == verify(tmp_path / "nothing")[0] == verify(tmp_path)[0] == 1


def test_a_zip_file_with_two_files_of_one_name(folder: Path, tmp_path: Path) -> None:
    packed = tmp_path / "export.zip"
    with zipfile.ZipFile(packed, "w") as target:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                target.write(path, path.relative_to(folder).as_posix())
        with pytest.warns(UserWarning, match="Duplicate name"):
            target.writestr("cam.mp4", (folder / "cam.mp4").read_bytes())
    good, faults = said_of(packed)
    assert not good
    assert "two files of one name" in faults[0]


def test_files_that_do_not_belong_are_named_and_no_fault(folder: Path) -> None:
    (folder / "notes.txt").write_text("mine")
    code, said = verify(folder)
    assert code == 0
    assert "notes.txt is not part of the export" in said
