"""The messages, versioned, as frozen models: their JSON Schema is made from here.

Times are RFC 3339 UTC with milliseconds; boxes are `[x1, y1, x2, y2]`, 0..1, y down; unknown keys are ignored, so
that an older reader understands a newer writer. One file per family; `ALL` is the list.
"""

from __future__ import annotations

from agent.wire.messages.base import (
    CHUNK_BYTES,
    MAX_JSON_BYTES,
    VERSION,
    ClockState,
    Corners,
    MediaKindName,
    Message,
    Sha256,
    Share,
    Text,
    Time,
    decode,
    encode,
    squeeze,
    validate,
)
from agent.wire.messages.commands import BelongsArgs, ClipArgs, Command, LiveArgs, LiveStopArgs, Reply, WatchArgs
from agent.wire.messages.history import (
    CameraSample,
    GatewaySample,
    HealthSample,
    camera_over,
    gateway_over,
    sample_over,
)
from agent.wire.messages.media import MOST_PIECES, ClipQuality, MediaAck, MediaGone, MediaManifest
from agent.wire.messages.records import (
    CLASSES_OF_LEAF,
    COLOURED_PARTS,
    COLOURS,
    DURABLE_CLASSES,
    RECORD_TYPES,
    STILL_KINDS,
    Ack,
    ColourName,
    DurableClass,
    Envelope,
    EnvelopeHead,
    Event,
    MediaRef,
    Opened,
    PathPoint,
    RecordingSpan,
    TrackSummary,
    leaf_of,
    open_records,
)
from agent.wire.messages.settings import ConfigureArgs, Overlay, OverlayState
from agent.wire.messages.state import (
    AuditResult,
    BoxNow,
    CameraHealth,
    CameraInfo,
    CameraState,
    Disk,
    FrameBoxes,
    Health,
    NamedShape,
    OutboxDepth,
    Status,
    StreamState,
    UplinkState,
    WaitingClass,
    WorkerHealth,
)

ALL: tuple[type[Message], ...] = (
    Envelope, Event, TrackSummary, RecordingSpan, HealthSample, Ack, MediaAck, Status, Health, CameraInfo, CameraState,
    FrameBoxes, MediaManifest, MediaGone, Command, LiveArgs, LiveStopArgs, ClipArgs, WatchArgs, BelongsArgs,
    ConfigureArgs, Reply,
)  # fmt: skip

__all__ = [
    "ALL", "CHUNK_BYTES", "CLASSES_OF_LEAF", "COLOURED_PARTS", "COLOURS", "DURABLE_CLASSES", "MAX_JSON_BYTES",
    "MOST_PIECES", "RECORD_TYPES", "STILL_KINDS", "VERSION", "Ack", "AuditResult", "BelongsArgs", "BoxNow",
    "CameraHealth", "CameraInfo", "CameraSample", "CameraState", "ClipArgs", "ClipQuality", "ClockState",
    "ColourName", "Command", "ConfigureArgs", "Corners", "Disk", "DurableClass", "Envelope", "EnvelopeHead", "Event",
    "FrameBoxes", "GatewaySample", "Health", "HealthSample", "LiveArgs", "LiveStopArgs", "MediaAck", "MediaGone",
    "MediaKindName", "MediaManifest", "MediaRef", "Message", "NamedShape", "Opened", "OutboxDepth", "Overlay",
    "OverlayState", "PathPoint", "RecordingSpan", "Reply", "Sha256", "Share", "Status", "StreamState", "Text", "Time",
    "TrackSummary", "UplinkState", "WaitingClass", "WatchArgs", "WorkerHealth", "camera_over", "decode", "encode",
    "gateway_over", "leaf_of", "open_records", "sample_over", "squeeze", "validate",
]  # fmt: skip
