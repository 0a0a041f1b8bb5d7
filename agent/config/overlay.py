"""What the centre may set of a camera: laid over what the gateway's file says, never written into it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from agent.config.gateway import Camera
from agent.config.load import name, problems
from agent.core.errors import ConfigError

LAID_OVER = frozenset(
    {"name", "place", "ground", "model", "appearance", "sprites", "still", "zone", "line", "rule", "mask"}
)
"""What is seen and how; never who a camera is, its secrets, or what of it is kept."""


def laid_over(camera: Camera, settings: Mapping[str, Any]) -> Camera:
    """The camera with `settings` (keys of `LAID_OVER`, values as the file would have them) instead of its own.

    Masks are added: what an installer has hidden stays hidden.

    Raises:
        ConfigError: all that does not fit, one a line.
    """
    strange = sorted(set(settings) - LAID_OVER)
    if strange:
        raise ConfigError(*(f"{camera.id}: {key}: cannot be set from the centre" for key in strange))
    own = camera.model_dump(by_alias=True, exclude_unset=True)
    masks = settings.get("mask", ())
    if isinstance(masks, list | tuple):
        settings = {**settings, "mask": [*own.get("mask", ()), *masks]}
    try:
        return Camera.model_validate({**own, **settings})
    except ValidationError as error:
        said = {f"{camera.id}: {name(where) or 'camera'}: {what}" for where, what in problems(error, Camera)}
        raise ConfigError(*sorted(said)) from error


def shown(camera: Camera) -> dict[str, Any]:
    """What is in force of `LAID_OVER`, as the file would have it; defaults are left out."""
    return camera.model_dump(mode="json", by_alias=True, exclude_defaults=True, include=set(LAID_OVER))
