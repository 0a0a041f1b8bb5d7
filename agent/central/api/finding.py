"""What can be searched: events and tracks, with how many there are of each."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from agent.central.api.asking import LimitMs, OfEvents, OfTracks, WithFacets
from agent.central.api.context import Centre, here, note
from agent.central.api.errors import there
from agent.central.api.found import EventOut, Events, EventTracks, Neighbours, TrackOut, Tracks
from agent.central.api.gone import WhenGone
from agent.central.api.models import REFUSALS, not_there
from agent.central.store.filters import Filters
from agent.central.store.search import LIMIT_MS
from agent.config.base import Id

router = APIRouter(responses=REFUSALS)

Here = Annotated[Centre, Depends(here)]


@router.get("/events", tags=["events"])
def events(
    centre: Here, chosen: OfEvents, gone: WhenGone, limit_ms: LimitMs = LIMIT_MS, *, facets: WithFacets = False
) -> Events:
    """Events, newest first, or with `sort=oldest` oldest first.

    The parameters mean what they mean for tracks; `zone` and `line` are the rule's own. `severity` is what an event
    counts for now. `acknowledged`, `assigned` and `words` (a part of any note, whatever its case) ask for what people
    have made of it; `assigned=-` asks for what is nobody's.
    """
    return Events.model_validate(centre.finds.asked(gone).events(chosen, limit_ms, facets=facets))


@router.get("/events/{event}/neighbours", tags=["events"], responses=not_there("event"))
def neighbours(centre: Here, event: Id, chosen: OfEvents, gone: WhenGone) -> Neighbours:
    """The next older and the next newer event among those that the filters find (`limit` and `cursor` do nothing)."""
    return Neighbours.model_validate(there(centre.finds.asked(gone).neighbours(event, chosen), "event"))


@router.get("/events/{event}/tracks", tags=["events"], responses=not_there("event"))
def tracks_of_event(centre: Here, event: Id) -> EventTracks:
    """Those of an event's first eight tracks that their gateway has told of by now: it does after half a minute."""
    return EventTracks.model_validate(there(centre.finds.tracks_of_event(event), "event"))


@router.get("/events/{event}", tags=["events"], responses=not_there("event"))
def event(centre: Here, event: Id) -> EventOut:
    """One event."""
    return EventOut.model_validate(there(centre.finds.event(event), "event"))


@router.get("/tracks", tags=["tracks"])
def tracks(
    centre: Here,
    request: Request,
    chosen: OfTracks,
    gone: WhenGone,
    limit_ms: LimitMs = LIMIT_MS,
    *,
    facets: WithFacets = False,
) -> Tracks:
    """Tracks, newest first, with `sort=oldest` oldest first, with `sort=fit` the best fit first of the newest 2,000.

    * `since` is in, `until` is out, both of a track's start.
    * `camera` is an id, or `site/gateway/id`. `area` is a polygon in which cameras stand, `lat,lon lat,lon ...`; `near`
      a circle in which a track was last, `lat,lon,metres`, where the ground is calibrated.
    * `colour` is a name (`green`: of any part) or a part and a name (`upper:green`, `lower:blue`, `vehicle:white`); of
      several for one part any will do, and every part that is named must have one. `share` is how much of the part must
      be of that colour, 0..1, in whole percent.
    * `label` is the class, `kind` the finer one. Speeds are in `speed_unit`; sizes are shares of the picture.
    * `plate` is a number plate: as it is, or with `?` for one character and `*` for some; with `plate_match=fuzzy` also
      those with look-alikes (O and 0, B and 8 ...) or with one character wrong, missing or too many.
    * What is drawn on the picture of the camera that `camera` names (of each, where it names several), `x,y x,y ...`,
      0..1 from the top left, 32 points at most: `region`, a polygon in which the track's foot (the middle of the lower
      edge of its box) was; `crossed`, a line that it crossed, `crossed_way` as seen from the line's first point to its
      last; `along`, a path along which it went, in that direction, for most of the path's length and not further from
      it than `along_within`, a share of the picture. A track must fit all that is drawn.
    * `like` is the id of a track: what looks most like it comes first, of the newest 20,000 that fit all else and have
      its label (or the one that is asked for). They are compared by the vector of their appearance where the gateway of
      that track sent one, with those of the same model alone; else by colours, class and size. `alike` says which.
      With `min_likeness`, 0..1, none comes that looks less like it; `facets` count those, too.
    * `facets=true` counts all that fit, by camera, label, colour and hour; `exact` says whether they were counted or
      estimated. Labels are counted whatever `label` says, colours whatever `colour` says.
    * After `limit_ms` the answer has what was found until then: `complete` is false, `reached` says how far it looked,
      and `next` goes on from there.
    """
    note_plate(request, chosen)
    return Tracks.model_validate(centre.finds.asked(gone).tracks(chosen, limit_ms, facets=facets))


@router.get("/tracks/{track}", tags=["tracks"], responses=not_there("track"))
def track(centre: Here, track: Id) -> TrackOut:
    """One track."""
    return TrackOut.model_validate(there(centre.finds.track(track), "track"))


def note_plate(request: Request, chosen: Filters, query: str | None = None) -> None:
    """Whoever looks for a number plate looks for somebody: that is written down, with the `query` or the request's."""
    if chosen.plate is not None:
        said = request.url.query if query is None else query
        note(request, "search.plate", f"{chosen.plate.text} {chosen.plate.match}: {said}")
