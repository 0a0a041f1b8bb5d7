"""What cameras see and how, set from here: zones, lines, rules, masks and the like."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from agent.central.api.context import Centre, here, note, person_of
from agent.central.api.errors import ApiError, not_found
from agent.central.api.examples import places, shown
from agent.central.api.models import REFUSALS, Body, not_there, refused
from agent.central.settings import Changed
from agent.config.base import Id
from agent.core.errors import ConfigError
from agent.wire.messages import CameraInfo

CONFLICT = refused(
    409, "somebody else has changed it", "conflict", "version 3 is the newest, not 2: look at it and change it again"
)

router = APIRouter(tags=["cameras"], responses=REFUSALS | not_there("camera"))

Here = Annotated[Centre, Depends(here)]


class SettingsOut(BaseModel):
    """How a camera is set. `in_force` is what its gateway goes by; `set_here` what the centre lays over the file.

    `state`: `waiting` until the gateway says that it has the newest version; `refused` with the reason in `error`.
    Whoever changes it names the `version` that was seen.
    """

    model_config = shown(places.SETTINGS)

    in_force: dict[str, Any]
    set_here: dict[str, Any]
    version: int
    state: Literal["in_force", "waiting", "refused", "never_set"]
    error: str
    by: str
    time: str | None


class SettingsIn(Body):
    """Exactly what the centre sets of this camera, with the keys of `[[camera]]` in the gateway's file.

    What is left out goes back to the file. `version` is the one that was seen.
    """

    model_config = shown(places.SETTINGS_IN)

    settings: Annotated[
        dict[str, Any],
        Field(examples=[{"line": [{"name": "gate", "points": [[0.2, 0.6], [0.8, 0.6]]}]}]),
    ]
    version: Annotated[int, Field(ge=0, examples=[0])]


@router.get("/cameras/{site}/{gateway}/{camera}/settings")
def get_settings(centre: Here, site: Id, gateway: Id, camera: Id) -> SettingsOut:
    """How a camera is set, and from where."""
    info = _known(centre, site, gateway, camera)
    return SettingsOut.model_validate(centre.settings.of(info, site, gateway)._asdict())


@router.put("/cameras/{site}/{gateway}/{camera}/settings", responses=CONFLICT)
def set_settings(centre: Here, request: Request, site: Id, gateway: Id, camera: Id, body: SettingsIn) -> SettingsOut:
    """Set what a camera sees and how. Kept at once; in force as soon as the gateway is there, without a restart."""
    info = _known(centre, site, gateway, camera)
    keys = ", ".join(sorted(body.settings)) or "as its file says"
    note(request, "camera.settings", f"{site}/{gateway}/{camera} after version {body.version}: {keys}")
    try:
        found = centre.settings.change(info, site, gateway, body.settings, body.version, person_of(request).name)
    except ConfigError as error:
        raise ApiError(422, "invalid", "; ".join(error.problems)) from error
    except Changed as error:
        raise ApiError(409, "conflict", str(error)) from error
    return SettingsOut.model_validate(found._asdict())


def _known(centre: Centre, site: str, gateway: str, camera: str) -> CameraInfo:
    info = centre.views.camera_info(site, gateway, camera)
    if info is None:
        raise not_found("camera")
    return info
