"""What the centre may ask of a gateway, and what then happens here."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from agent.core.clock import NS, Clock, parse_rfc3339
from agent.core.errors import LamppostError, StorageError
from agent.core.ids import new_id
from agent.core.stop import StopToken
from agent.edge.child import AnalysisChild
from agent.edge.cutter import Cutter, Wanted
from agent.publish.live import LiveRelay
from agent.record.export.export import Request
from agent.wire.messages import (
    BelongsArgs,
    ClipArgs,
    ConfigureArgs,
    ExportArgs,
    LiveArgs,
    LiveStopArgs,
    Overlay,
    OverlayState,
    PreviewsArgs,
    WatchArgs,
)

log = logging.getLogger(__name__)

MAX_CLIP_S = 600
MAX_PREVIEWS_S = 31 * 86_400
FRAGMENT_S = 1.0
"""What is newer than a fragment or two cannot be read back yet."""
WAIT_FOR_FOOTAGE_S = 20.0
"""A clip may end a little in the future: an event's seconds after it are still being recorded."""

Handler = Callable[[Any], dict[str, Any]]


class Requests:
    """The handlers of all commands."""

    def __init__(
        self,
        cameras: dict[str, bool],
        cutter: Cutter,
        live: LiveRelay,
        child: AnalysisChild | None,
        clock: Clock,
        stop: StopToken,
        configure: Callable[[Overlay], OverlayState],
    ) -> None:
        """`cameras` says of each camera whether it has a sub stream."""
        self._configure = configure
        self._cameras, self._cutter = cameras, cutter
        self._live, self._child, self._clock, self._stop = live, child, clock, stop

    def handlers(self) -> dict[str, Handler]:
        """Verb to handler; each takes its checked arguments and gives the reply's result."""
        return {
            "live": self.live,
            "live_stop": self.live_stop,
            "clip": self.clip,
            "previews": self.previews,
            "export": self.export,
            "watch": self.watch,
            "belongs": self.belongs,
            "configure": self.configure,
        }

    def live(self, args: LiveArgs) -> dict[str, Any]:
        """Start or renew a live lease; a camera without a sub stream gives its main one."""
        has_sub = self._known(args.camera)
        stream = args.stream if has_sub else "main"
        found = self._live.start(args.model_copy(update={"stream": stream}))
        return {"stream": found["stream"], "keys": found["keys"]}

    def live_stop(self, args: LiveStopArgs) -> dict[str, Any]:
        """End a lease early."""
        self._live.stop(args.lease)
        return {}

    def watch(self, args: WatchArgs) -> dict[str, Any]:
        """Send boxes for a while."""
        self._known(args.camera)
        if self._child is None:
            raise LamppostError("analysis is switched off on this gateway ([analysis] enabled)")
        self._child.watch(args.camera, args.seconds)
        return {}

    def belongs(self, args: BelongsArgs) -> dict[str, Any]:
        """Turn what an event tells of into background."""
        self._known(args.camera)
        if self._child is None:
            raise LamppostError("analysis is switched off on this gateway ([analysis] enabled)")
        self._child.belongs(args.camera, args.event, args.by)
        log.info("camera %s: %s says that what event %s tells of belongs there", args.camera, args.by, args.event)
        return {}

    def configure(self, args: ConfigureArgs) -> dict[str, Any]:
        """Have settings of the centre in force; the reply says which are."""
        return self._configure(args.overlay).model_dump(mode="json")

    def clip(self, args: ClipArgs) -> dict[str, Any]:
        """Cut a clip and hand it to the outbox."""
        start_ns, end_ns = self._span(args)
        media = new_id(self._clock.wall_ns())
        manifest = self._cutter.make(Wanted(media, args.camera, start_ns, end_ns, args.quality, args.event, asked=True))
        found = {"media": manifest.id, "start": manifest.start, "end": manifest.end, "bytes": manifest.bytes}
        return {**found, "quality": manifest.quality}

    def export(self, args: ExportArgs) -> dict[str, Any]:
        """Take footage out as evidence, and hand it to the outbox."""
        start_ns, end_ns = self._span(args)
        request = Request((args.camera,), start_ns, end_ns, by=args.by, reason=args.reason, as_zip=True)
        manifest = self._cutter.export(new_id(self._clock.wall_ns()), request)
        return {"media": manifest.id, "start": manifest.start, "end": manifest.end, "bytes": manifest.bytes}

    def _span(self, args: ClipArgs | ExportArgs) -> tuple[int, int]:
        """Of a clip, once it can be read; wall ns."""
        self._known(args.camera)
        start_ns, end_ns = parse_rfc3339(args.start), parse_rfc3339(args.end)
        if not 0 < end_ns - start_ns <= MAX_CLIP_S * NS:
            raise LamppostError(
                f"a clip is longer than 0 and at most {MAX_CLIP_S} s; ask for {args.start} and later ends"
            )
        self._wait_until(end_ns)
        return start_ns, end_ns

    def previews(self, args: PreviewsArgs) -> dict[str, Any]:
        """Draw small pictures, one for each of `count` equal parts of a span, and hand their sheet to the outbox."""
        self._known(args.camera)
        start_ns, end_ns = parse_rfc3339(args.start), parse_rfc3339(args.end)
        if not 0 < end_ns - start_ns <= MAX_PREVIEWS_S * NS:
            raise LamppostError(f"previews are of more than 0 and at most {MAX_PREVIEWS_S} s")
        middles = [start_ns + (2 * n + 1) * (end_ns - start_ns) // (2 * args.count) for n in range(args.count)]
        manifest = self._cutter.previews(new_id(self._clock.wall_ns()), args.camera, middles)
        return {"media": manifest.id, "start": manifest.start, "end": manifest.end, "bytes": manifest.bytes}

    def _wait_until(self, end_ns: int) -> None:
        ahead_s = (end_ns - self._clock.wall_ns()) / NS + 2 * FRAGMENT_S
        if ahead_s > WAIT_FOR_FOOTAGE_S:
            raise StorageError(f"the clip ends {ahead_s:.0f} s in the future; ask again then")
        if ahead_s > 0:
            self._stop.wait(ahead_s)

    def _known(self, camera: str) -> bool:
        if camera not in self._cameras:
            raise LamppostError(f"this gateway has no camera {camera!r}; it has {', '.join(sorted(self._cameras))}")
        return self._cameras[camera]
