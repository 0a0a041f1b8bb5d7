"""The verb `analyse`: the gateway's own pipeline over a recorded file, as fast as it can."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO
from zoneinfo import ZoneInfo

from agent.analyse.appearance import load_appearance
from agent.analyse.attributes.additions import GROUP as ATTRIBUTES
from agent.analyse.decode import Decoded, FrameDecoder
from agent.analyse.detect.pool import DetectorPool, Engines
from agent.analyse.frames import Frame, Sampler, as_fraction
from agent.analyse.models import ModelStore, model_folders
from agent.analyse.pipeline import Outcome, Pipeline
from agent.capture.files import FileOpener
from agent.config.gateway import Analysis, Camera, GatewayConfig
from agent.core.clock import NS, SystemClock, parse_rfc3339
from agent.core.errors import ConfigError
from agent.core.plugins import Plugins
from agent.core.ports import PacketSource
from agent.core.stop import StopToken
from agent.edge.mot import MotWriter
from agent.edge.outputs import must_differ, put, written
from agent.wire.messages import Event, TrackSummary

log = logging.getLogger(__name__)

Progress = Callable[[float], None]
"""Share of the file that is done, 0..1."""


def analyse_file(
    video: Path,
    *,
    config: GatewayConfig | None,
    camera: str | None,
    model: str | None,
    fps: float,
    tracks: Path | None,
    mot: Path | None,
    start_wall_ns: int | None,
    events_out: TextIO,
    progress: Progress | None,
) -> None:
    """Write the events of `video` as JSON lines to `events_out`, its tracks and MOTChallenge rows where asked.

    `fps` pictures a second are looked at (0: every one), by the file's own timestamps. Without `start_wall_ns` times
    count from 1970-01-01, so they say how far into the file they are. The same file gives the same output.

    Raises:
        ConfigError: no such camera, or several and none named; two of the files are the same.
        ModelError: the model asked for is absent or broken.
        SourceError: the file cannot be read, or broke off; what came before is written.
    """
    chosen = _camera(video, config, camera, model)
    must_differ(video, [path for path in (tracks, mot) if path is not None], events_out)
    analysis = config.analysis if config is not None else Analysis()
    store = ModelStore(model_folders(analysis.models))
    detectors = DetectorPool(store, Engines.of(analysis))
    detector = detectors.get_or_next(None) if chosen.model is None else detectors.get(chosen.model)
    looks = None if chosen.appearance is None else load_appearance(store, chosen.appearance, analysis.threads)
    _warn(detectors.notes)
    plugins = Plugins(ATTRIBUTES)
    _warn(plugins.notes)
    pipeline = Pipeline(
        chosen,
        detector,
        counted_ids(chosen.id),
        fps=fps,
        with_pictures=False,
        appearance=looks,
        zone=_zone(config),
        attributes=plugins,
    )
    start_ns = start_wall_ns or 0
    opener = FileOpener(chosen.id, "main", video, SystemClock(), realtime=False, loop=False, start_wall_ns=start_ns)
    stop = StopToken()
    source = opener.open(stop)
    with contextlib.closing(source), _Writers(events_out, tracks, mot, start_ns) as writers:
        seen = _watched(source, stop, video.stat().st_size, progress)
        said, loaded = len(detectors.notes), len(plugins.notes)
        _run(pipeline, seen, fps, source.info.video.time_base, writers, start_ns)
        _warn([*detectors.notes[said:], *plugins.notes[loaded:], *filter(None, [pipeline.notes])])


def _warn(notes: Sequence[str]) -> None:
    for note in notes:
        log.warning("%s", note)


def counted_ids(seed: str) -> Callable[[int], str]:
    """Ids like `core.ids.new_id`, but the same ones each time."""
    count = 0

    def make(wall_ns: int) -> str:
        nonlocal count
        count += 1
        digest = int.from_bytes(hashlib.sha256(f"{seed}:{count}".encode()).digest()[:10])
        value = (wall_ns // 1_000_000 & (1 << 48) - 1) << 80 | digest
        return f"{value & ~(0xF << 76) & ~(0b11 << 62) | 0x7 << 76 | 0b10 << 62:032x}"

    return make


def _run(
    pipeline: Pipeline,
    seen: Iterator[tuple[int, Decoded]],
    fps: float,
    time_base: Fraction,
    writers: _Writers,
    start_ns: int,
) -> None:
    first: Decoded | None = None
    sampler = Sampler(as_fraction(fps), time_base)
    try:
        for number, picture in seen:
            first = first or picture
            if sampler.takes(picture.pts):
                # the frame's own time base is not asked: those that the decoder gives out last have none
                wall_ns = start_ns + round((picture.pts - first.pts) * time_base * NS)
                outcome = pipeline.process(Frame(number, picture, wall_ns))
                writers.write(outcome, number, picture.whole_size)
    finally:  # a file that broke off still tells what was in it
        writers.write(pipeline.finish(), None, (1, 1))


def _watched(
    source: PacketSource, stop: StopToken, size: int, progress: Progress | None
) -> Iterator[tuple[int, Decoded]]:
    """Every picture of the file with its number from 1, and the share of the file that is read."""
    video, index = source.info.video, source.info.video_index
    decoder = FrameDecoder(video.codec, video.extradata, video.time_base, video.rotation)
    numbers, done = itertools.count(1), 0
    for packet in source.packets(stop):
        done += len(packet.data)
        if packet.track != index:
            continue
        for picture in decoder.decode(packet):
            yield next(numbers), picture
        if progress is not None:
            progress(min(1.0, done / max(1, size)))
    yield from zip(numbers, decoder.flush(), strict=False)


def _camera(video: Path, config: GatewayConfig | None, name: str | None, model: str | None) -> Camera:
    if config is None and name is not None:
        raise ConfigError(f"--camera {name}: names a camera of a configuration; give it with --config")
    alone = Camera(id="camera", url=video.resolve().as_uri())
    chosen = alone if config is None else camera_named(config, name)
    return chosen if model is None else chosen.model_copy(update={"model": model})


def _zone(config: GatewayConfig | None) -> ZoneInfo | None:
    timezone = None if config is None else config.gateway.timezone
    return None if timezone is None else ZoneInfo(timezone)


def camera_named(config: GatewayConfig, name: str | None) -> Camera:
    """The camera of that id or name; without one the only camera there is.

    Raises:
        ConfigError: there is no such camera, or there are several.
    """
    fitting = [camera for camera in config.camera if name is None or name in {camera.id, camera.name}]
    if len(fitting) == 1:
        return fitting[0]
    known = ", ".join(camera.id for camera in config.camera)
    if fitting:
        raise ConfigError(f"the configuration has several cameras; name one: --camera {known.replace(', ', ' | ')}")
    raise ConfigError(f"no camera {name!r} in the configuration; it has: {known}")


class _Writers:
    """Where the words go: events, tracks, MOTChallenge rows."""

    def __init__(self, events: TextIO, tracks: Path | None, mot: Path | None, start_ns: int) -> None:
        self._events, self._tracks_path, self._mot_path, self._start_ns = events, tracks, mot, start_ns
        self._files = contextlib.ExitStack()
        self._tracks: TextIO | None = None
        self._mot: MotWriter | None = None

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as opening:
            self._tracks = self._open(opening, self._tracks_path)
            mot = self._open(opening, self._mot_path)
            self._mot = MotWriter(mot) if mot is not None else None
            self._files = opening.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._files.__exit__(kind, error, trace)

    def write(self, outcome: Outcome, number: int | None, size: tuple[int, int]) -> None:
        """Write what a picture brought; `number` None is the end of the file."""
        for event in outcome.events:
            self._line(self._events, event, {"video_s": self._seconds(event.time)})
        for track in outcome.tracks:
            if self._tracks is not None:
                times = {"start_s": self._seconds(track.start), "end_s": self._seconds(track.end)}
                self._line(self._tracks, track, times)
        if self._mot is not None and outcome.observation is not None:
            self._mot.add(number, outcome.observation, size)

    def _open(self, files: contextlib.ExitStack, path: Path | None) -> TextIO | None:
        return None if path is None else files.enter_context(written(path))

    def _line(self, file: TextIO, record: Event | TrackSummary, more: dict[str, float]) -> None:
        put(file, json.dumps(record.model_dump(mode="json", exclude_none=True, by_alias=True) | more) + "\n")

    def _seconds(self, time: str) -> float:
        return max(0.0, round((parse_rfc3339(time) - self._start_ns) / NS, 3))
