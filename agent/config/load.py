"""From a TOML file to a frozen model, with every problem at once: `file:line: path: what is wrong`."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from agent.config.base import Misfits
from agent.config.central import Central, CentralConfig
from agent.config.gateway import GatewayConfig
from agent.config.lines import LineIndex
from agent.config.lines import Path as Where
from agent.config.rules import TAGS
from agent.core.errors import ConfigError

M = TypeVar("M", bound=BaseModel)

MAX_BYTES = 1 << 20


def load_gateway(path: Path) -> GatewayConfig:
    """Read the gateway's file.

    Raises:
        ConfigError: all problems, one a line.
    """
    return _load(path, GatewayConfig)


def load_central(path: Path | None) -> CentralConfig:
    """Read the centre's file; without one, the defaults.

    Raises:
        ConfigError: all problems, one a line.
    """
    return CentralConfig() if path is None else _load(path, CentralConfig)


def listening_at(config: CentralConfig, listen: str) -> CentralConfig:
    """The same, served elsewhere.

    Raises:
        ConfigError: it cannot be served there.
    """
    try:
        central = Central.model_validate(config.central.model_dump() | {"listen": listen})
    except ValidationError as error:
        raise ConfigError(*(f"--listen {listen}: {said}" for _, said in problems(error, Central))) from error
    return config.model_copy(update={"central": central})


def _load(path: Path, model: type[M]) -> M:
    text = _text(path)
    try:
        return model.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error
    except ValidationError as error:
        lines = LineIndex(text)
        found = {
            (lines.line(where), f"{path}:{lines.line(where)}: {name(where) or 'file'}: {said}")
            for where, said in problems(error, model)
        }
        raise ConfigError(*(text for _, text in sorted(found))) from error


def problems(error: ValidationError, model: type[BaseModel]) -> Iterator[tuple[Where, str]]:
    """All that is wrong, in words: where, and what."""
    details = error.errors(include_url=False)
    for detail in details:
        if not _follows(detail, details):
            yield from _said(detail, model)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigError(f"{path}: larger than {MAX_BYTES} bytes; is this the configuration?")
        return path.read_text()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text: {error.reason} at byte {error.start}") from error


def _follows(detail: ErrorDetails, others: list[ErrorDetails]) -> bool:
    """A list that is too short only because its items are wrong is not a problem of its own."""
    where = detail["loc"]
    return detail["type"] == "too_short" and any(
        other["loc"][: len(where)] == where and len(other["loc"]) > len(where) for other in others
    )


def _said(detail: ErrorDetails, model: type[BaseModel]) -> Iterator[tuple[Where, str]]:
    """Where and what: usually one thing, several where parts do not fit each other."""
    where = _untagged(detail["loc"])
    misfits = detail.get("ctx", {}).get("error")
    if isinstance(misfits, Misfits):
        yield from ((where + below, said) for below, said in misfits.found)
    else:
        yield where, _say(detail, model)


def _untagged(where: Where) -> Where:
    """The path as the file has it: pydantic puts in which of the kinds of rules it took."""
    return tuple(
        part
        for place, part in enumerate(where)
        if not (part in TAGS and place > 1 and where[place - 2] == "rule" and isinstance(where[place - 1], int))
    )


def _say(detail: ErrorDetails, model: type[BaseModel]) -> str:
    match detail["type"]:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            near = difflib.get_close_matches(str(detail["loc"][-1]), _known_keys(model), n=1)
            return "unknown key" + (f"; did you mean {near[0]!r}?" if near else "")
        case "value_error":
            return str(detail["ctx"]["error"])
        case _:
            return detail["msg"][0].lower() + detail["msg"][1:]


def _known_keys(model: type[BaseModel]) -> set[str]:
    keys: set[str] = set(model.model_fields)
    for definition in model.model_json_schema().get("$defs", {}).values():
        keys.update(definition.get("properties", {}))
    return keys


def name(where: Where) -> str:
    """`camera[0].zone[1].polygon`."""
    whole = ""
    for part in where:
        whole += f"[{part}]" if isinstance(part, int) else f".{part}" if whole else part
    return whole


def show(config: BaseModel) -> dict[str, Any]:
    """The configuration as it is in force, without secrets: the file holds paths to them, a database's is masked."""
    return config.model_dump(mode="json", exclude_none=True, by_alias=True)
