"""The manifest, the folders, the hashes, fetching."""

from __future__ import annotations

import fcntl
import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.analyse.manifest import Manifest, ModelFile
from agent.analyse.models import (
    PREFERRED,
    ModelStore,
    bundled_folder,
    load_manifest,
    model_folders,
    user_folder,
)
from agent.core.errors import ModelError

CONTENT = b"a model" * 1000


def manifest(content: bytes = CONTENT) -> Manifest:
    bundled = load_manifest()
    file = ModelFile(name="m.onnx", sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))
    entry = bundled.entry("yolox-nano").model_copy(update={"file": (file,)})
    return bundled.model_copy(update={"model": (entry,)})


def folder(place: Path, content: bytes | None = CONTENT) -> Path:
    place.mkdir(parents=True)
    if content is not None:
        (place / "m.onnx").write_bytes(content)
    return place


def test_the_bundled_manifest_names_yolox_nano_with_our_labels():
    bundled = load_manifest()
    mapping = bundled.labels[bundled.entry("yolox-nano").labels].mapping()
    assert mapping[0] == ("person", "person")
    assert {mapping[2], mapping[5], mapping[7]} == {("vehicle", "car"), ("vehicle", "bus"), ("vehicle", "truck")}
    assert {mapping[1][0], mapping[3][0]} == {"two_wheeler"}
    assert {mapping[24][0], mapping[26][0], mapping[28][0]} == {"bag"}
    assert {mapping[14][0], mapping[20][0]} == {"animal"}
    assert 4 not in mapping


@pytest.mark.parametrize("name", ["yolox-nano", "yolox-tiny", "yolox-s", "nanodet-m", "fastestdet"])
def test_the_bundled_manifest_has_a_licence_a_source_and_labels_for_each(name):
    bundled = load_manifest()
    entry = bundled.entry(name)
    assert entry.licence
    assert "://" in entry.source
    assert {"person", "vehicle", "two_wheeler", "bag", "animal"} <= set(bundled.labels_of(entry).ours)


def test_folders_come_in_order(monkeypatch, tmp_path):
    monkeypatch.setenv("LAMPPOST_MODELS", str(tmp_path / "env"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    assert model_folders(tmp_path / "config") == (
        tmp_path / "env",
        tmp_path / "config",
        tmp_path / "xdg" / "lamppost" / "models",
        bundled_folder(),
    )
    assert user_folder().parent.parent == tmp_path / "xdg"


def test_the_first_folder_with_the_file_decides(tmp_path):
    first, second = folder(tmp_path / "a", None), folder(tmp_path / "b")
    assert ModelStore([first, second], manifest()).verify("yolox-nano") == [second / "m.onnx"]
    (first / "m.onnx").write_bytes(CONTENT)
    assert ModelStore([first, second], manifest()).verify("yolox-nano") == [first / "m.onnx"]


@pytest.mark.parametrize("content", [CONTENT[:-1] + b"x", CONTENT[:-1], b""])
def test_a_file_with_other_content_is_refused_in_one_line_that_says_what_to_do(tmp_path, content):
    store = ModelStore([folder(tmp_path / "a", content)], manifest())
    with pytest.raises(ModelError) as caught:
        store.verify("yolox-nano")
    line = str(caught.value)
    assert "m.onnx" in line
    assert "lamppost models fetch yolox-nano" in line
    assert "\n" not in line
    assert store.ranked() == ["yolox-nano"]  # a file is there; that it is broken is said when it is opened
    assert [row.state for row in store.rows()] == ["wrong hash"]


def test_an_absent_model_and_an_unknown_one_are_told_apart(tmp_path):
    store = ModelStore([folder(tmp_path / "a", None)], manifest())
    with pytest.raises(ModelError, match="is in none of"):
        store.find("yolox-nano")
    with pytest.raises(ModelError, match="unknown; known are: yolox-nano"):
        store.find("no-such")
    assert store.ranked() == []
    assert [row.state for row in store.rows()] == ["absent"]


def test_fetch_from_a_folder_checks_and_goes_on_where_it_broke_off(tmp_path):
    source, into = folder(tmp_path / "source"), tmp_path / "into"
    into.mkdir()
    (into / "m.onnx.part").write_bytes(CONTENT[:100])
    seen: list[tuple[int, int]] = []
    store = ModelStore([into], manifest())
    path = store.fetch("yolox-nano", source, into, lambda done, size: seen.append((done, size)))
    assert path.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert store.verify("yolox-nano") == [path]
    assert [entry.name for entry in into.iterdir()] == ["m.onnx"]


def test_fetch_of_wrong_content_leaves_nothing_behind(tmp_path):
    source, into = folder(tmp_path / "source", b"x" * len(CONTENT)), tmp_path / "into"
    with pytest.raises(ModelError, match="wrong hash"):
        ModelStore([], manifest()).fetch("yolox-nano", source, into)
    assert list(into.iterdir()) == []


def test_fetch_of_a_short_file_keeps_what_came(tmp_path):
    source, into = folder(tmp_path / "source", CONTENT[:500]), tmp_path / "into"
    with pytest.raises(ModelError, match="broke off after 500 of"):
        ModelStore([], manifest()).fetch("yolox-nano", source, into)
    assert (into / "m.onnx.part").read_bytes() == CONTENT[:500]


def test_fetch_from_nowhere_says_so(tmp_path):
    store = ModelStore([], manifest())
    with pytest.raises(ModelError, match="cannot be copied"):
        store.fetch("yolox-nano", tmp_path / "absent", tmp_path)
    with pytest.raises(ModelError, match="not a folder and not an http"):
        store.fetch("yolox-nano", "ftp://example/m.onnx", tmp_path)
    with pytest.raises(ModelError, match="cannot be fetched"):
        store.fetch("yolox-nano", "http://127.0.0.1:9/m.onnx", tmp_path)


class _Server(http.server.BaseHTTPRequestHandler):
    """Gives CONTENT, with ranges; `pieces` says how much of each answer comes before the line breaks."""

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        begins = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        begins += self.server.shift  # type: ignore[attr-defined]
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(CONTENT) - begins))
        if wanted:
            self.send_header("Content-Range", f"bytes {begins}-{len(CONTENT) - 1}/{len(CONTENT)}")
        self.end_headers()
        pieces = self.server.pieces  # type: ignore[attr-defined]
        self.wfile.write(CONTENT[begins : begins + pieces.pop(0) if pieces else None])
        self.server.asked.append(wanted)  # type: ignore[attr-defined]
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[http.server.HTTPServer]:
    with http.server.HTTPServer(("127.0.0.1", 0), _Server) as server:
        server.asked, server.pieces, server.shift = [], [], 0  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_fetch_over_http_resumes(server, tmp_path):
    (tmp_path / "m.onnx.part").write_bytes(CONTENT[:3000])
    url = f"http://127.0.0.1:{server.server_port}/models/"
    path = ModelStore([], manifest()).fetch("yolox-nano", url, tmp_path)
    assert path.read_bytes() == CONTENT
    assert server.asked == ["bytes=3000-"]


def test_a_line_that_breaks_is_taken_up_again_as_long_as_something_comes(server, tmp_path):
    server.pieces = [1000, 2000]
    url = f"http://127.0.0.1:{server.server_port}/m.onnx"
    path = ModelStore([], manifest()).fetch("yolox-nano", url, tmp_path)
    assert path.read_bytes() == CONTENT
    assert server.asked == [None, "bytes=1000-", "bytes=3000-"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["m.onnx"]


def test_a_line_that_brings_nothing_more_is_given_up_and_what_came_is_kept(server, tmp_path):
    server.pieces = [1000, 0]
    url = f"http://127.0.0.1:{server.server_port}/m.onnx"
    with pytest.raises(ModelError, match=r"broke off after 1000 of 7000 bytes.*what came is kept"):
        ModelStore([], manifest()).fetch("yolox-nano", url, tmp_path)
    assert (tmp_path / "m.onnx.part").read_bytes() == CONTENT[:1000]


def test_a_server_that_goes_on_elsewhere_is_not_believed(server, tmp_path):
    (tmp_path / "m.onnx.part").write_bytes(CONTENT[:3000])
    server.shift = 5
    with pytest.raises(ModelError, match="goes on at byte 3005, not at 3000"):
        ModelStore([], manifest()).fetch("yolox-nano", f"http://127.0.0.1:{server.server_port}/m.onnx", tmp_path)


def test_two_fetches_do_not_write_one_file(tmp_path):
    with (tmp_path / "m.onnx.part").open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(ModelError, match="another fetch"):
            ModelStore([], manifest()).fetch("yolox-nano", folder(tmp_path / "source"), tmp_path)


def test_a_label_that_the_model_does_not_have_is_refused(tmp_path):
    text = (bundled_folder() / "manifest.toml").read_text().replace('["car", "bus", "truck"]', '["cart"]')
    (tmp_path / "manifest.toml").write_text(text)
    with pytest.raises(ModelError, match="cart"):
        load_manifest(tmp_path / "manifest.toml")


def two_files(tmp_path: Path, *whole: bool) -> ModelStore:
    place = folder(tmp_path / "two", None)
    files = []
    for number, good in enumerate(whole):
        content = f"file {number}".encode() * 100
        files.append(ModelFile(name=f"m{number}.onnx", sha256=hashlib.sha256(content).hexdigest(), bytes=len(content)))
        (place / f"m{number}.onnx").write_bytes(content if good else content[::-1])
    known = manifest()
    entry = known.model[0].model_copy(update={"file": tuple(files)})
    return ModelStore([place], known.model_copy(update={"model": (entry,)}))


def test_a_model_of_several_files_is_found_with_all_that_are_whole(tmp_path):
    model = two_files(tmp_path, True, True).find("yolox-nano")
    assert [local.file.name for local in model.files] == ["m0.onnx", "m1.onnx"]
    assert model.broken == ()


def test_a_broken_file_beside_a_whole_one_is_said_and_left_out(tmp_path):
    store = two_files(tmp_path, False, True)
    model = store.find("yolox-nano")
    assert [local.file.name for local in model.files] == ["m1.onnx"]
    assert "m0.onnx has the wrong hash" in model.broken[0]
    with pytest.raises(ModelError, match=r"m0\.onnx"):
        store.verify("yolox-nano")


OWN = """
[[model]]
name = "own"
licence = "ours"
source = "trained by us"
input = { width = 64, height = 64 }
decoder = { kind = "ssd", first_class = 1 }
labels = "own"
file = [{ name = "own.tflite", sha256 = "%s", bytes = 7 }]

[labels.own]
names = ["walker"]
ours = { person = ["walker"] }
"""


def test_a_folder_may_bring_models_of_its_own(tmp_path):
    place = folder(tmp_path / "a", None)
    (place / "own.tflite").write_bytes(b"content")
    (place / "manifest.toml").write_text(OWN % hashlib.sha256(b"content").hexdigest())
    store = ModelStore([place])
    assert store.notes == ()
    assert store.ranked() == ["own"]
    assert store.find("own").labels.mapping() == {0: ("person", "walker")}
    assert store.manifest.entry("yolox-nano").name == "yolox-nano"


def test_a_folder_with_a_broken_manifest_costs_only_its_own_models(tmp_path):
    place = folder(tmp_path / "a", None)
    (place / "manifest.toml").write_text("[[model]]\nname = 1\n")
    store = ModelStore([place])
    (note,) = store.notes
    assert str(place / "manifest.toml") in note
    assert "\n" not in note
    assert store.manifest.entry("yolox-nano")


def test_preferred_models_come_first_whatever_the_order_of_the_manifest(tmp_path):
    known = load_manifest()
    place = folder(tmp_path / "a", None)
    for entry in known.model:
        (place / entry.file[0].name).write_bytes(b"x")
    ranked = ModelStore([place], known).ranked()
    assert set(ranked) == {entry.name for entry in known.model if entry.detects}
    assert [name for name in ranked if name in PREFERRED] == ranked[: len(set(ranked) & set(PREFERRED))]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("width = 416, height = 416", "width = 400, height = 416", "multiples of 32"),
        ('kind = "yolox"', 'kind = "yolov9"', "decoder"),
        ('sha256 = "695e', 'sha256 = "xx', "sha256"),
        ("scale = [255.0, 255.0, 255.0]", "scale = [0.0, 1.0, 1.0]", "scale must not be 0"),
        ('labels = "coco"', 'labels = "coco"\nthreshold = 3', "threshold"),
    ],
)
def test_mistakes_in_a_manifest_are_said_in_one_line(tmp_path, old, new, said):
    text = (bundled_folder() / "manifest.toml").read_text()
    assert old in text
    path = tmp_path / "manifest.toml"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ModelError, match=said) as caught:
        load_manifest(path)
    assert "\n" not in str(caught.value)


@settings(max_examples=30, deadline=None)
@given(text=st.one_of(st.text(max_size=200), st.sampled_from(["[[model]]", "model = 1", "[labels]\na = 1"])))
def test_any_text_as_manifest_is_read_or_refused_with_a_model_error(text, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "fuzz.toml"
    path.write_text(text, encoding="utf-8", errors="ignore")
    with pytest.raises(ModelError):
        load_manifest(path)
