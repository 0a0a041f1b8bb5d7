"""Where whole media rest: one suite over a folder and a store that speaks S3, and the way from one to the other."""

from __future__ import annotations

import base64
import hashlib
import os
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from agent.central.api.guard import SECURITY_HEADERS, _headers_for
from agent.central.media_kept import Kept, Link, Media, Medium
from agent.central.media_rows import MediaRows
from agent.central.media_store import MediaFolder, media_at
from agent.central.media_upload import MediaUpload
from agent.central.s3 import S3Media
from agent.central.store import schema
from agent.central.store.leaving import Leaving
from agent.config.central import Media as MediaConfig
from agent.core.errors import ConfigError, StorageError
from agent.core.stop import StopToken
from tests.central.helpers import GATEWAY, SITE, T0_NS, FakeGateway, manifest, running, wait_for
from tests.central.stores import Store
from tests.fixtures.s3 import S3Server, s3_server

BODY = os.urandom(700_000)


def medium_of(key: str, body: bytes = BODY, kind: str = "image/jpeg") -> Medium:
    return Medium(key, hashlib.sha256(body).hexdigest(), kind)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    pytest.importorskip("moto", reason="moto is not installed: pip install '.[dev]'")
    with s3_server(tmp_path_factory.mktemp("s3")) as started:
        yield started


@pytest.fixture
def s3(server: S3Server) -> Iterator[Callable[..., Any]]:
    opened: list[Any] = []

    def make(**more: Any) -> Any:
        opened.append(S3Media.open(server.config(**more)))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


def bring(kept: Kept, tmp_path: Path, key: str, body: bytes = BODY) -> Medium:
    source = tmp_path / f"{key}.new"
    source.write_bytes(body)
    medium = medium_of(key, body)
    kept.keep(medium, source)
    assert not source.exists()
    return medium


def read(kept: Kept, medium: Medium, first: int, last: int) -> bytes | None:
    found = kept.read(medium, first, last)
    return None if found is None else b"".join(found)


def keeps_its_word(kept: Kept, tmp_path: Path) -> None:
    """The suite of `Kept`."""
    medium = bring(kept, tmp_path, "m1")
    assert read(kept, medium, 0, len(BODY) - 1) == BODY
    for first, last in ((0, 0), (10, 300_000), (len(BODY) - 5, len(BODY) - 1), (5, 4)):
        assert read(kept, medium, first, last) == BODY[first : last + 1]
    assert bring(kept, tmp_path, "m1") == medium
    other = bring(kept, tmp_path, "m2")  # the same bytes, another medium: each leaves by itself
    kept.remove(medium)
    kept.remove(medium)
    assert read(kept, medium, 0, 9) is None
    assert read(kept, other, 0, 9) == BODY[:10]
    kept.remove(other)
    kept.remove(Medium("never", "", ""))
    empty = bring(kept, tmp_path, "m3", b"")
    assert read(kept, empty, 0, -1) == b""
    kept.remove(empty)


def test_a_folder_keeps_media_whole_and_gives_parts(tmp_path: Path) -> None:
    keeps_its_word(folder_at(tmp_path / "media"), tmp_path)


@pytest.mark.slow
def test_a_store_that_speaks_s3_keeps_media_whole_and_gives_parts(s3: Callable[..., Any], tmp_path: Path) -> None:
    keeps_its_word(s3(prefix="hartford/"), tmp_path)


def row_of(medium: Medium, size: int, start_ns: int = T0_NS, **more: Any) -> dict[str, Any]:
    row = {
        "id": medium.id, "site": SITE, "gateway": GATEWAY, "camera": "plaza", "kind": "snapshot", "type": medium.type,
        "bytes": size, "sha256": medium.sha256, "start_ns": start_ns, "end_ns": start_ns, "codecs": "", "event": None,
        "track": None, "quality": None, "state": "ready", "reason": "", "manifest": None, "created_ns": start_ns,
    }  # fmt: skip
    return row | more


def insert(store: Store, table: Any, **row: Any) -> None:
    with store.database.write() as connection:
        store.database.upsert(connection, table, [row])


class Away:
    """A store that is away, until it is not."""

    def __init__(self, folder: MediaFolder) -> None:
        self.folder, self.error = folder, "[media] endpoint: the media store does not answer"

    def keep(self, medium: Medium, source: Path) -> None:
        if self.error or medium.id.startswith("poison"):
            raise StorageError(self.error or "the media store refuses this one")
        self.folder.keep(medium, source)


def folder_at(path: Path) -> MediaFolder:
    folder = MediaFolder(path, 0)
    folder.prepare()
    return folder


def test_the_folder_waits_for_a_store_that_is_away_and_nothing_is_lost(plain_store: Store, tmp_path: Path) -> None:
    spool, away = folder_at(tmp_path / "spool"), Away(folder_at(tmp_path / "away"))
    upload = MediaUpload(spool, away, MediaRows(plain_store.database, plain_store.clock))  # type: ignore[arg-type]
    media = [bring(spool, tmp_path, key, key.encode() * 100) for key in ("m1", "m2", "unknown")]
    for medium in media[:2]:
        insert(plain_store, schema.media, **row_of(medium, 200))
    stop = StopToken()
    with pytest.raises(StorageError, match="does not answer"):
        upload.sweep(stop)
    assert (upload.waiting, len(spool.whole())) == (3, 3)
    away.error = ""
    assert upload.sweep(stop) == 2
    assert [media_at(path) for path in spool.whole()] == ["unknown"]
    for key in ("poison", "m4"):
        insert(plain_store, schema.media, **row_of(bring(spool, tmp_path, key, key.encode()), 200))
    with pytest.raises(StorageError, match="refuses this one"):
        upload.sweep(stop)
    assert {media_at(path) for path in spool.whole()} == {"unknown", "poison"}
    assert upload.waiting == 2
    kept = Media(spool, away.folder)  # type: ignore[arg-type]
    assert [read(kept.folder, medium, 0, 9) is None for medium in media] == [True, True, False]
    assert read(away.folder, media[1], 0, 1) == b"m2"


def test_some_that_are_always_refused_do_not_stop_those_behind_them(plain_store: Store, tmp_path: Path) -> None:
    spool, store = folder_at(tmp_path / "spool"), Away(folder_at(tmp_path / "store"))
    store.error = ""
    upload = MediaUpload(spool, store, MediaRows(plain_store.database, plain_store.clock))  # type: ignore[arg-type]
    for age, key in enumerate(("m1", "m2", "poison3", "poison2", "poison1")):
        insert(plain_store, schema.media, **row_of(bring(spool, tmp_path, key, key.encode()), 2))
        when = time.time() - 60 * age
        os.utime(next(path for path in spool.whole() if media_at(path) == key), (when, when))
    for _ in range(2):
        with pytest.raises(StorageError, match="refuses this one"):
            upload.sweep(StopToken())
    assert {media_at(path) for path in spool.whole()} == {"poison1", "poison2", "poison3"}


def test_media_beyond_their_room_leave_oldest_first_and_what_was_asked_for_last(open_one: Callable[[], Store]) -> None:
    store, gone = open_one(), list[str]()
    for number in range(6):
        store.put_medium(**row_of(medium_of(f"m{number}"), 100, T0_NS + number, kind="clip"))
    clip = dict.fromkeys(("site", "gateway", "camera", "quality", "state", "error"), "x")
    times = {"start_ns": 0, "end_ns": 1, "created_ns": 0, "deadline_ns": 0, "event": None}
    insert(store, schema.clip, id="asked", command="c1", media="m0", **clip, **times)
    insert(store, schema.clip, id="sent", command="m1", media="m1", **clip, **times)
    leaving = Leaving(store.database, lambda medium: gone.append(medium.id))
    assert leaving.beyond(600) == 0
    assert leaving.beyond(350) == 3
    assert gone == ["m1", "m2", "m3"]
    failed = next(one for one in [store.finds.clip("sent")] if one)
    assert (failed["state"], failed["url"]) == ("failed", None)
    assert failed["error"] == "it had to make room for newer ones; ask for it again"
    assert leaving.beyond(0) == 3
    assert gone[-1] == "m0"

    def broken(_: Medium) -> None:
        raise StorageError("away")

    store.put_medium(**row_of(medium_of("m9"), 100))
    with pytest.raises(StorageError):
        Leaving(store.database, broken).beyond(50)
    assert leaving.beyond(50) == 0
    assert gone[-1] == "m9"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"store": "s3"}, "needs a bucket"),
        ({"store": "s3", "bucket": "b/../c"}, "bucket"),
        ({"store": "s3", "bucket": "abc", "endpoint": "http://s3.example"}, "without TLS"),
        ({"store": "s3", "bucket": "abc", "endpoint": "https://u:p@s3.example"}, "endpoint"),
        ({"store": "s3", "bucket": "abc", "prefix": "../x/"}, ""),
        ({"access_key_file": "/x"}, "belong together"),
    ],
)
def test_what_cannot_be_configured_is_refused(wrong: dict[str, Any], said: str) -> None:
    if said:
        with pytest.raises(ValidationError, match=said):
            MediaConfig(**wrong)
    else:
        MediaConfig(**wrong)  # dots are letters in a key: nothing resolves them


def test_browsers_may_fetch_from_the_store_and_from_nowhere_else() -> None:
    name = "Content-Security-Policy"
    policy = _headers_for(None, "https://s3.example")[name]
    assert policy.count("'self' https://s3.example") == 3
    assert policy.replace(" https://s3.example", "") == SECURITY_HEADERS[name]


@pytest.mark.slow
def test_what_is_wrong_with_the_store_is_said_with_where_to_mend_it(
    server: S3Server, s3: Callable[..., Any], tmp_path: Path
) -> None:
    def said(**more: Any) -> str:
        store = s3(**more)
        source = tmp_path / "x"
        source.write_bytes(b"x")
        with pytest.raises(StorageError) as refused:
            store.keep(medium_of("x", b"x"), source)
        assert source.exists()
        assert store.error == str(refused.value)
        return store.error

    assert said(bucket="other").startswith("[media] bucket: there is no bucket 'other' at http://127.0.0.1:")
    assert "does not answer" in said(endpoint="http://127.0.0.1:9")
    with pytest.raises(ConfigError, match="cannot be read"):
        s3(access_key_file=tmp_path / "none")
    iam = server.client("iam")
    iam.create_user(UserName="nobody")
    keys = iam.create_access_key(UserName="nobody")["AccessKey"]
    files = {"access_key_file": tmp_path / "access", "secret_key_file": tmp_path / "secret"}
    files["access_key_file"].write_text(keys["AccessKeyId"])
    files["secret_key_file"].write_text(keys["SecretAccessKey"])
    server.ask_for_keys(ask=True)
    try:
        assert "may not read, write and delete in bucket 'lamppost'" in said(**files)
        files["secret_key_file"].write_text("wrong")
        assert "refuses the keys (SignatureDoesNotMatch)" in said(**files)
        assert "refuses the keys (InvalidAccessKeyId)" in said()
    finally:
        server.ask_for_keys(ask=False)


@pytest.mark.slow
def test_the_store_is_told_the_hash_of_what_it_takes_in(
    server: S3Server, s3: Callable[..., Any], tmp_path: Path
) -> None:
    medium = bring(s3(), tmp_path, "hashed")
    name = f"{medium.sha256[:2]}/{medium.sha256}-hashed"
    told = server.client().head_object(Bucket="lamppost", Key=name, ChecksumMode="ENABLED")
    assert base64.b64decode(told["ChecksumSHA256"]).hex() == medium.sha256
    Media(folder_at(tmp_path / "media"), s3()).remove(medium)  # as retention does
    assert name not in server.names()


@pytest.mark.slow
def test_a_centre_brings_media_to_the_store_and_serves_them_from_there(tmp_path: Path) -> None:
    pytest.importorskip("moto", reason="moto is not installed: pip install '.[dev]'")
    body = os.urandom(5000)
    with (
        s3_server(tmp_path) as server,
        running(tmp_path / "data", media=server.config()) as centre,
        FakeGateway(centre) as gateway,
    ):
        gateway.hello()
        gateway.send_medium(manifest("m1", body), body)
        wait_for(lambda: any(name.endswith("-m1") for name in server.names()))
        wait_for(lambda: not list((centre.data / "media").glob("??/*")))
        with centre.admin() as api:
            _is_served(api, body)
            health = api.get("/api/v1/health").json()
            assert (health["ok"], health["media"]) == (True, {"kind": "s3", "waiting": 0, "error": "", "full": ""})
            server.stop()
            gateway.send_medium(manifest("m2", body), body)
            wait_for(lambda: api.get("/api/v1/health").json()["media"]["error"], 40)
            open_to_all = httpx.get(f"{centre.url}/api/v1/health").json()
            assert (open_to_all["ok"], open_to_all["media"]["error"]) == (False, "sign in to read what is wrong")
            assert api.get("/api/v1/media/m2").content == body
            assert api.get("/api/v1/media/m1").json()["error"]["code"] == "storage"
            server.start("lamppost")
            wait_for(lambda: any(name.endswith("-m2") for name in server.names()), 40)
            assert api.get("/api/v1/media/m2").content == body
            wait_for(lambda: api.get("/api/v1/health").json()["ok"])


def _is_served(api: Any, body: bytes) -> None:
    whole = api.get("/api/v1/media/m1")
    assert (whole.status_code, whole.content, whole.headers["content-type"]) == (200, body, "image/jpeg")
    assert whole.headers["content-length"] == "5000"
    for asked, expected in (("bytes=0-9", body[:10]), ("bytes=4990-", body[4990:]), ("bytes=-3", body[-3:])):
        part = api.get("/api/v1/media/m1", headers={"Range": asked})
        assert (part.status_code, part.content) == (206, expected)
    assert api.get("/api/v1/media/m1", headers={"Range": "bytes=5000-"}).status_code == 416


@pytest.mark.slow
def test_browsers_are_sent_to_the_store_where_that_is_wanted(server: S3Server, tmp_path: Path) -> None:
    body = os.urandom(3000)
    config = server.config(redirect=True, redirect_s=60)
    with running(tmp_path / "data", media=config) as centre, FakeGateway(centre) as gateway, centre.admin() as api:
        gateway.hello()
        gateway.send_medium(manifest("r1", body), body)
        wait_for(lambda: api.get("/api/v1/media/r1").status_code == 307)
        answer = api.get("/api/v1/media/r1", params={"download": 1})
        assert answer.headers["cache-control"] == "no-store"
        assert server.endpoint in api.get("/").headers["content-security-policy"]
        with urllib.request.urlopen(answer.headers["location"], timeout=5) as found:
            assert found.read() == body
            assert found.headers["content-type"] == "image/jpeg"
            assert found.headers["content-disposition"] == ('attachment; filename="plaza 2026-05-28 20.26.40 UTC.jpg"')


def test_a_link_is_given_only_for_what_the_folder_has_no_more(tmp_path: Path) -> None:
    class Linked(Away):
        def link(self, medium: Medium, name: str | None) -> str:
            return f"https://s3.example/{medium.id}?{name}"

    folder = folder_at(tmp_path / "a")
    media = Media(folder, Linked(folder_at(tmp_path / "b")))  # type: ignore[arg-type]
    medium = bring(folder, tmp_path, "m1", b"abc")
    assert b"".join(media.find(medium, 0, 2, None) or ()) == b"abc"  # type: ignore[arg-type]
    folder.remove(medium)
    assert media.find(medium, 0, 2, "x.jpg") == Link("https://s3.example/m1?x.jpg")
