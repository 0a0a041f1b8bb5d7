"""Media in a store that speaks S3 (AWS, MinIO, Ceph, Garage ...), through boto3.

An object is named by its content and its id, `<prefix><first two of the hash>/<sha256>-<id>`: anybody can check it
against its name, and no two media share one, so that each can leave by itself. The store checks the hash, too, while
it takes an object in.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from agent.central.media_kept import PART_BYTES, Medium
from agent.config.base import read_secret
from agent.config.central import Media as MediaConfig
from agent.core.errors import ConfigError, StorageError

try:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, NoCredentialsError
except ModuleNotFoundError:  # an extra
    boto3 = None

_ABSENT = {"NoSuchKey", "404"}
_REFUSED = "[media] access_key_file, secret_key_file, region: {where} refuses the keys ({code})"
_FORBIDDEN = "[media] access_key_file: these keys may not read, write and delete in bucket {bucket!r}"
_SAID = {
    "NoSuchBucket": "[media] bucket: there is no bucket {bucket!r} at {where}; make it, or name another",
    "PermanentRedirect": "[media] region: bucket {bucket!r} is in another region than {where}",
    "RequestTimeTooSkewed": "the clock of this machine is further off than {where} bears: set it (NTP)",
    **dict.fromkeys(("InvalidAccessKeyId", "SignatureDoesNotMatch", "AuthorizationHeaderMalformed"), _REFUSED),
    **dict.fromkeys(("ExpiredToken", "InvalidToken"), _REFUSED),
    **dict.fromkeys(("AccessDenied", "AllAccessDisabled", "403"), _FORBIDDEN),
}
"""What is wrong, and where to mend it, by the store's own word for it."""


class S3Media:
    """See `Elsewhere`."""

    def __init__(self, client: Any, config: MediaConfig) -> None:
        self._client, self._bucket, self._prefix = client, config.bucket, config.prefix
        self._redirect_s = config.redirect_s if config.redirect else 0
        self._where = config.endpoint or f"AWS {config.region or ''}".strip()
        self.error = ""

    @classmethod
    def open(cls, config: MediaConfig) -> Self:
        """Nothing is asked of the store yet: the centre starts without it.

        Raises:
            ConfigError: boto3 is not installed, or a file with a key cannot be read.
        """
        if boto3 is None:
            raise ConfigError("[media] store = 's3' needs one more package (boto3): pip install 'lamppost[s3]'")
        settings = Config(
            connect_timeout=5, read_timeout=30, retries={"mode": "standard", "max_attempts": 2},
            max_pool_connections=32, signature_version="s3v4", region_name=config.region,
            # stores other than AWS know no newer checksums than the one that is sent with each object
            request_checksum_calculation="when_required", response_checksum_validation="when_required",
            s3={"addressing_style": "path" if config.endpoint else "auto"},
        )  # fmt: skip
        client = boto3.client(
            "s3", endpoint_url=config.endpoint, config=settings,
            aws_access_key_id=read_secret(config.access_key_file),
            aws_secret_access_key=read_secret(config.secret_key_file),
            verify=None if config.ca_file is None else str(config.ca_file),
        )  # fmt: skip
        return cls(client, config)

    def keep(self, medium: Medium, source: Path) -> None:
        """See `Kept`."""
        size, digest = source.stat().st_size, b64encode(bytes.fromhex(medium.sha256)).decode()
        with self._asked(), source.open("rb") as body:
            self._client.put_object(
                **self._named(medium), Body=body, ContentLength=size, ContentType=medium.shown_type,
                ChecksumAlgorithm="SHA256", ChecksumSHA256=digest,
            )  # fmt: skip
        source.unlink(missing_ok=True)

    def read(self, medium: Medium, first: int, last: int) -> Iterator[bytes] | None:
        """See `Kept`."""
        if last < first:
            return iter(())
        with self._asked():
            try:
                answer = self._client.get_object(**self._named(medium), Range=f"bytes={first}-{last}")
            except ClientError as error:
                if _code(error) in _ABSENT:
                    return None
                raise
        return self._parts(answer["Body"])

    def link(self, medium: Medium, name: str | None) -> str | None:
        """See `Elsewhere`."""
        if not self._redirect_s:
            return None
        wanted = self._named(medium) | {"ResponseContentType": medium.shown_type}
        if name is not None:
            wanted["ResponseContentDisposition"] = f'attachment; filename="{name}"'
        with self._asked(remember=False):
            return str(self._client.generate_presigned_url("get_object", Params=wanted, ExpiresIn=self._redirect_s))

    @property
    def origin(self) -> str | None:
        """See `Elsewhere`."""
        parts = urlsplit(self.link(Medium("x", "", ""), None) or "")
        return f"{parts.scheme}://{parts.netloc}" if parts.netloc else None

    def remove(self, medium: Medium) -> None:
        """See `Kept`."""
        if not medium.sha256:  # it never came
            return
        with self._asked():
            self._client.delete_object(**self._named(medium))

    def close(self) -> None:
        """Let go of all connections."""
        self._client.close()

    def _named(self, medium: Medium) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": f"{self._prefix}{medium.sha256[:2]}/{medium.sha256}-{medium.id}"}

    def _parts(self, body: Any) -> Iterator[bytes]:
        """What breaks off on the way breaks off for whoever reads: a part must not pass for the whole."""
        try:
            with self._asked():
                yield from body.iter_chunks(PART_BYTES)
        finally:
            body.close()

    @contextmanager
    def _asked(self, *, remember: bool = True) -> Iterator[None]:
        try:
            yield
        except (ClientError, BotoCoreError, HTTPClientError) as error:
            self.error = self._line(error)
            raise StorageError(self.error) from error
        self.error = "" if remember else self.error

    def _line(self, error: Exception) -> str:
        """What is wrong, and where to mend it."""
        if isinstance(error, NoCredentialsError):
            return "[media] access_key_file and secret_key_file: the media store wants keys, and there are none"
        if not isinstance(error, ClientError):
            return f"[media] endpoint: the media store at {self._where} does not answer: {_short(error)}"
        code = _code(error)
        said = _SAID.get(code, "the media store at {where} refuses: {code}: {more}")
        return said.format(bucket=self._bucket, where=self._where, code=code, more=_short(error))


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _short(error: Exception) -> str:
    """Without the address of the very object."""
    return " ".join(str(error).partition(': "http')[0].split())[:200]
