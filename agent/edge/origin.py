"""What is in force on a gateway, and where each value came from: the file, the centre, or nobody said otherwise."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from agent.config.gateway import GatewayConfig
from agent.config.lines import LineIndex
from agent.config.lines import Path as Where
from agent.config.load import load_gateway, name, show
from agent.core.errors import ConfigError
from agent.edge.overlay import Overlaid
from agent.publish.broker import command_verifier


def in_force(path: Path) -> tuple[GatewayConfig, Overlaid]:
    """The file's configuration with what the centre has laid over it.

    Raises:
        ConfigError: the file has mistakes.
    """
    config = load_gateway(path)
    try:
        verifier = command_verifier(config.mqtt.command_key_file) if config.mqtt is not None else None
    except ConfigError:  # not readable for whoever asks: then the overlay is not believed, and that is said
        verifier = None
    place = config.gateway.site, config.gateway.id
    overlaid = Overlaid(config.camera, config.storage.path, verifier, place)
    return config.model_copy(update={"camera": overlaid.cameras}), overlaid


def origins(path: Path) -> list[str]:
    """A line for each value: `camera[0].record = "events"  # line 21`.

    Raises:
        ConfigError: the file has mistakes.
    """
    config, overlaid = in_force(path)
    text = path.read_text()
    document, lines, state = tomllib.loads(text), LineIndex(text), overlaid.state()

    def origin(where: Where) -> str:
        if _is_laid_over(where, config, overlaid, document):
            return f"the centre, version {state.version}, {state.by}, {state.time}"
        return f"line {lines.line(where)}" if _stands_in(document, where) else "default"

    shown = [f"{name(where)} = {json.dumps(value)}  # {origin(where)}" for where, value in _leaves(show(config), ())]
    return [*shown, *([f"# {state.problem}"] if state.problem else [])]


def _leaves(value: object, where: Where) -> Iterator[tuple[Where, object]]:
    if isinstance(value, dict) and value:
        for key, below in value.items():
            yield from _leaves(below, (*where, key))
    elif isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
        for number, one in enumerate(value):
            yield from _leaves(one, (*where, number))
    else:
        yield where, value


def _is_laid_over(where: Where, config: GatewayConfig, overlaid: Overlaid, document: dict[str, Any]) -> bool:
    match where:
        case ("camera", int(number), str(key), *below):
            own = document["camera"][number].get("mask", []) if key == "mask" else []
            first = below[0] if below and isinstance(below[0], int) else 0
            return key in overlaid.set_by_centre(config.camera[number].id) and first >= len(own)
    return False


def _stands_in(document: Any, where: Where) -> bool:
    for part in where:
        if isinstance(document, list) and isinstance(part, int):
            inside = part < len(document)
        else:
            inside = isinstance(document, dict) and part in document
        if not inside:
            return False
        document = document[part]
    return True
