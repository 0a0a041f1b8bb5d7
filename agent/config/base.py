"""Pieces that both files use."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from agent.core.errors import ConfigError
from agent.core.ids import is_id


class Misfits(ValueError):
    """Several mistakes of parts that do not fit each other: where each is, below the table that was checked."""

    def __init__(self, *found: tuple[tuple[str | int, ...], str]) -> None:
        super().__init__("; ".join(text for _, text in found))
        self.found = found


class Section(BaseModel):
    """A frozen table of the file; a key that nobody knows is a mistake, not a wish."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", str_strip_whitespace=True, hide_input_in_errors=True, allow_inf_nan=False
    )


_UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_SIZE = re.compile(r"^\s*(\d{1,18}(?:\.\d+)?)\s*([KMGT]i?B|B)?\s*$", re.IGNORECASE)


def _size(value: object) -> object:
    if not isinstance(value, str):
        return value
    found = _SIZE.match(value)
    if found is None:
        raise ValueError(f"{value!r} is no size; write it as 200GB, 512MB or 64MiB")
    unit = (found[2] or "B").upper()
    scale = 1024 ** "BKMGT".index(unit[0]) if "I" in unit else _UNITS[unit]
    return int(float(found[1]) * scale)


def _identifier(value: str) -> str:
    if not is_id(value):
        raise ValueError(
            f"{value!r} is no id; use 1 to 64 letters, digits, '.', '_' or '-', starting with a letter or digit"
        )
    return value


def _listen(value: str) -> str:
    host, colon, port = value.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise ValueError(f"{value!r} is no address to listen on; write host:port, like 127.0.0.1:8080")
    return value


Size = Annotated[int, BeforeValidator(_size, json_schema_input_type=int | str), Field(ge=0, le=1 << 60)]
"""Bytes; in the file a number or text like `200GB` (powers of 1000) or `64MiB` (powers of 1024)."""

Id = Annotated[str, AfterValidator(_identifier)]
"""A name that is safe as an MQTT topic level and a file name."""

Point = tuple[Annotated[float, Field(ge=0, le=1)], Annotated[float, Field(ge=0, le=1)]]
"""`x y`, 0..1 from the upper left corner of the picture."""

Listen = Annotated[str, AfterValidator(_listen)]
"""`host:port`; port 0 takes a free one."""


MOST_SECRET = 65_536
"""Characters in a secret's file: a file with more is another one."""


def read_secret(path: Path | None) -> str | None:
    """The first line of a secret's file as it stands, blanks too; None without a file.

    Raises:
        ConfigError: it cannot be read, it is too long to be a secret, or its first line is empty.
    """
    if path is None:
        return None
    found = secret_lines(path)[0]
    if not found:
        raise ConfigError(f"the first line of {path} is empty; it should hold a secret")
    return found


def secret_lines(path: Path) -> list[str]:
    """All lines of a secret's file without their ends, at least one; a byte order mark, as Windows writes, is left out.

    Raises:
        ConfigError: it cannot be read, or it is too long to be a secret.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            text = file.read(MOST_SECRET + 1)
    except OSError as error:
        raise ConfigError(f"the secret in {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"the secret in {path} is not UTF-8 text") from error
    if len(text) > MOST_SECRET:
        raise ConfigError(f"{path} has more than {MOST_SECRET} characters; does it hold a secret?")
    return [line.rstrip("\r") for line in text.split("\n")]
