"""How gateways and cameras were: what charts are drawn from."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends, Query

from agent.central.api.context import Centre, here
from agent.central.api.errors import ApiError, there
from agent.central.api.models import REFUSALS, CameraHistory, CameraPoint, GatewayHealth, Moment, not_there
from agent.central.store.health import MOST_POINTS
from agent.config.base import Id
from agent.core.clock import NS, parse_rfc3339

router = APIRouter(responses=REFUSALS)

Here = Annotated[Centre, Depends(here)]
_LEAST_STEP_S, _USUAL_POINTS = 60, 300
_DAY_NS = 86_400 * NS


class Window(NamedTuple):
    """Nanoseconds since 1970, and seconds."""

    since_ns: int
    until_ns: int
    step_s: int


def window(
    centre: Here,
    since: Moment | None = None,
    until: Moment | None = None,
    step: Annotated[int | None, Query(ge=_LEAST_STEP_S, le=7 * 86_400)] = None,
) -> Window:
    """The last day, where nothing is said; `step` in seconds is chosen for about 300 points, 2000 are the most."""
    until_ns = parse_rfc3339(until) if until else centre.clock.wall_ns()
    since_ns = parse_rfc3339(since) if since else until_ns - _DAY_NS
    if until_ns <= since_ns:
        raise ApiError(422, "invalid", "until: must be after since")
    seconds = (until_ns - since_ns) / NS
    step_s = step or max(_LEAST_STEP_S, -(-int(seconds / _USUAL_POINTS) // _LEAST_STEP_S) * _LEAST_STEP_S)
    if seconds / step_s > MOST_POINTS:
        raise ApiError(422, "invalid", f"step: at most {MOST_POINTS} points in one answer; take a longer step")
    return Window(since_ns, until_ns, step_s)


When = Annotated[Window, Depends(window)]


@router.get("/gateways/{site}/{gateway}/health", tags=["gateways"], responses=not_there("gateway"))
def gateway_health(centre: Here, when: When, site: Id, gateway: Id) -> GatewayHealth:
    """How a gateway was: minutes of the last week, hours before that, as long as everything else is kept."""
    there(next(iter(centre.views.gateways(site, gateway)), None), "gateway")
    return GatewayHealth(step_s=when.step_s, items=centre.history.gateway(site, gateway, *when))


@router.get("/cameras/{site}/{gateway}/{camera}/health", tags=["cameras"], responses=not_there("camera"))
def camera_health(centre: Here, when: When, site: Id, gateway: Id, camera: Id) -> CameraHistory:
    """How a camera was: minutes of the last week, hours before that, as long as everything else is kept."""
    there(next(iter(centre.views.cameras(site, gateway, camera)), None), "camera")
    found = centre.history.camera((site, gateway, camera), *when)
    points = [CameraPoint(time=time, span_s=span_s, **one.model_dump()) for time, span_s, one in found]
    return CameraHistory(step_s=when.step_s, items=points)
