"""From a TOML file to a frozen model, with every problem at once: `file:line: path: what is wrong`."""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from agent.config.central import CentralConfig
from agent.config.gateway import GatewayConfig
from agent.config.lines import LineIndex
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


def _load(path: Path, model: type[M]) -> M:
    text = _text(path)
    try:
        return model.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error
    except ValidationError as error:
        lines = LineIndex(text)
        details = error.errors(include_url=False)
        problems = {_problem(path, lines, detail, model) for detail in details if not _follows(detail, details)}
        raise ConfigError(*(text for _, text in sorted(problems))) from error


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


def _problem(path: Path, lines: LineIndex, detail: ErrorDetails, model: type[BaseModel]) -> tuple[int, str]:
    where = detail["loc"]
    number = lines.line(where)
    return number, f"{path}:{number}: {_name(where) or 'file'}: {_say(detail, model)}"


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


def _name(where: tuple[str | int, ...]) -> str:
    name = ""
    for part in where:
        name += f"[{part}]" if isinstance(part, int) else f".{part}" if name else part
    return name


def show(config: BaseModel) -> dict[str, Any]:
    """The configuration as it is in force. Secrets never stand in it: the file holds only paths to them."""
    return config.model_dump(mode="json", exclude_none=True, by_alias=True)
