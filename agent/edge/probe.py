"""`lamppost probe`: what a camera offers, asked over RTSP and ONVIF, said in lines for a person."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from agent.camera.onvif import OnvifDevice
from agent.camera.port import Identity, OnvifPort, Profile
from agent.capture.opener import opener_for
from agent.core.clock import NS, Clock
from agent.core.errors import CameraError, ConfigError, LamppostError, SourceError
from agent.core.media import MediaKind, Packet, StreamInfo, TimeSource, TrackInfo
from agent.core.ports import SourceOpener
from agent.core.stop import StopToken

log = logging.getLogger(__name__)

Opener = Callable[[str, str, str, str | None, str | None, Clock], SourceOpener]
"""Like `agent.capture.opener_for`."""

MOST_STREAMS = 8
LOOK_S, LOOK_PACKETS = 2.0, 40


@dataclass(frozen=True, slots=True)
class StreamReport:
    """One stream that was opened and read for some seconds. `fps` is None when too few frames came."""

    url: str
    tracks: tuple[TrackInfo, ...]
    fps: float | None
    frames: int
    time_source: TimeSource
    offset_ns: int | None


@dataclass(frozen=True, slots=True)
class OnvifReport:
    """What the device said of itself."""

    place: str
    identity: Identity
    profiles: tuple[tuple[Profile, str], ...]  # with the stream's address, "" without one
    snapshot: str | None
    ptz: bool
    offset_ns: int | None


@dataclass(slots=True)
class ProbeReport:
    """Everything that could be learnt, and each failure."""

    url: str
    streams: list[StreamReport] = field(default_factory=list)
    onvif: OnvifReport | None = None
    errors: list[LamppostError] = field(default_factory=list)


def probe_camera(
    url: str,
    username: str | None,
    password: str | None,
    clock: Clock,
    *,
    onvif_port: int = 80,
    ca_file: Path | None = None,
    opener: Opener = opener_for,
) -> ProbeReport:
    """Ask a camera what it offers. `url` is rtsp(s):// (ONVIF is asked on that host), http(s):// (ONVIF) or file:.

    Each part that fails becomes one line of the report, and the rest goes on.

    Raises:
        ConfigError: not an address that can be probed.
        SourceError: nothing usable was found.
    """
    parts = _split(url)
    report = ProbeReport(url)
    if parts.scheme in {"http", "https"}:
        _ask_onvif(report, OnvifDevice(url, username, password, clock, ca_file=ca_file))
        addresses = [address for _, address in report.onvif.profiles if address] if report.onvif else []
    else:
        addresses = [url]
    for address in islice(dict.fromkeys(addresses), MOST_STREAMS):
        _ask_stream(report, address, opener("probe", "main", address, username, password, clock), clock)
    if parts.scheme in {"rtsp", "rtsps"}:
        _ask_onvif(report, OnvifDevice(_onvif_url(parts, onvif_port), username, password, clock, ca_file=ca_file))
    if not report.streams and report.onvif is None:
        raise _nothing(report)
    return report


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        known = parts.scheme == "file" or (parts.scheme in {"rtsp", "rtsps", "http", "https"} and parts.hostname)
        _ = parts.port
    except ValueError as error:
        raise ConfigError(f"{url!r} is no address: {error}") from error
    if not known:
        raise ConfigError(f"{url!r} cannot be probed; give rtsp://host/path, http://host or file:/path")
    if parts.password is not None:
        raise ConfigError("the address carries a password; put it into a file and name that with --password-file")
    return parts


def _onvif_url(parts: SplitResult, port: int) -> str:
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"http://{host}:{port}/onvif/device_service" if port != 80 else f"http://{host}/onvif/device_service"


def _nothing(report: ProbeReport) -> SourceError:
    first = report.errors[0] if report.errors else SourceError(f"{report.url}: nothing usable was found")
    return first if isinstance(first, SourceError) else SourceError(str(first))


def _ask_onvif(report: ProbeReport, device: OnvifDevice) -> None:
    try:
        report.onvif = _read_onvif(device, report.errors)
    except LamppostError as error:
        report.errors.append(error)
    finally:
        device.close()


def _read_onvif(device: OnvifPort, errors: list[LamppostError]) -> OnvifReport:
    offset_ns, identity = device.clock_offset_ns(), device.identity()
    try:
        profiles, ptz = device.profiles(), device.has_ptz()
    except (CameraError, SourceError) as error:
        errors.append(error)
        return OnvifReport(device.place, identity, (), None, False, offset_ns)
    with_urls = tuple((profile, _url_of(device, profile, errors)) for profile in profiles[:MOST_STREAMS])
    snapshot = _or_none(lambda: device.snapshot_url(profiles[0].token), errors) if profiles else None
    return OnvifReport(device.place, identity, with_urls, snapshot, ptz, offset_ns)


def _url_of(device: OnvifPort, profile: Profile, errors: list[LamppostError]) -> str:
    return _or_none(lambda: device.stream_url(profile.token), errors) or ""


def _or_none(ask: Callable[[], str | None], errors: list[LamppostError]) -> str | None:
    try:
        return ask()
    except (CameraError, SourceError) as error:
        errors.append(error)
        return None


def _ask_stream(report: ProbeReport, url: str, opener: SourceOpener, clock: Clock) -> None:
    stop = StopToken()
    try:
        source = opener.open(stop)
        try:
            report.streams.append(_look(url, source.info, source.packets(stop), clock))
        finally:
            stop.set()
            source.close()
    except SourceError as error:
        report.errors.append(error)


def _look(url: str, info: StreamInfo, packets: Iterator[Packet], clock: Clock) -> StreamReport:
    """Read some seconds of the stream: what it says of itself is not always what it sends."""
    end_ns = clock.mono_ns() + int(LOOK_S * NS)
    seen: list[Packet] = []
    for packet in packets:
        if packet.track == info.video_index:
            seen.append(packet)
        if len(seen) >= LOOK_PACKETS or clock.mono_ns() > end_ns:
            break
    last = seen[-1] if seen else None
    return StreamReport(
        url=url,
        tracks=info.tracks,
        fps=_fps(seen, info.video),
        frames=len(seen),
        time_source=last.time_source if last else TimeSource.ARRIVAL,
        offset_ns=last.offset_ns if last else None,
    )


def _fps(seen: list[Packet], video: TrackInfo) -> float | None:
    if len(seen) < 3:
        return None
    stamps = sorted(packet.pts for packet in seen)
    span_s = float((stamps[-1] - stamps[0]) * video.time_base)
    return (len(stamps) - 1) / span_s if span_s > 0 else None


def format_report(report: ProbeReport) -> list[str]:
    """The report in lines for a person."""
    lines = [report.url]
    for stream in report.streams:
        lines += _stream_lines(stream)
    if report.onvif is not None:
        lines += _onvif_lines(report.onvif)
    return [*lines, *(f"failed    {error}" for error in report.errors)]


def _stream_lines(stream: StreamReport) -> Iterator[str]:
    yield f"stream    {stream.url}"
    for track in stream.tracks:
        if track.kind is MediaKind.VIDEO:
            fps = f"{stream.fps:.1f} fps" if stream.fps is not None else f"{stream.frames} frame(s) seen"
            yield f"  video   {track.codec} {track.width}x{track.height} {fps}"
        else:
            yield f"  audio   {track.codec} {track.sample_rate} Hz, {track.channels} channel(s)"
    yield f"  time    {_time_line(stream)}"


def _time_line(stream: StreamReport) -> str:
    match stream.time_source:
        case TimeSource.GRAB | TimeSource.SENDER_REPORT:
            return f"the camera sends its own ({stream.time_source.value}), {_offset(stream.offset_ns)}"
        case TimeSource.FILE:
            return "from the file's timestamps"
        case _:
            return "by arrival: the camera sent none that can be used"


def _onvif_lines(onvif: OnvifReport) -> Iterator[str]:
    who = onvif.identity
    yield f"onvif     {onvif.place}"
    yield f"  device  {who.manufacturer} {who.model}, serial {who.serial}"
    yield f"  version firmware {who.firmware}, hardware {who.hardware}"
    yield f"  clock   {_offset(onvif.offset_ns)}"
    yield f"  ptz     {'yes' if onvif.ptz else 'no'}"
    for profile, url in onvif.profiles:
        size = f"{profile.width}x{profile.height} at most {profile.fps:.0f} fps"
        yield f"  profile {profile.token}: {profile.codec or 'unknown codec'} {size}  {url or 'no stream address'}"
    if onvif.snapshot is not None:
        yield f"  picture {onvif.snapshot}"


def _offset(offset_ns: int | None) -> str:
    if offset_ns is None:
        return "clock offset unknown"
    seconds = offset_ns / NS
    note = "" if abs(seconds) < 2 else ": set its clock (NTP), its own times are not used above 2 s"
    return f"camera clock {seconds:+.1f} s against this machine{note}"
