"""Writes the pages of docs/reference from the code and the models' manifest: `python docs/make_reference.py`."""

# ruff: noqa: INP001 - a script, not a module

from __future__ import annotations

import argparse
import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from agent.analyse.manifest import DecoderSpec, LabelSet, ModelEntry, ModelFile
from agent.analyse.models import load_manifest
from agent.cli import build_parser
from agent.wire import messages as wire
from agent.wire import topics

REFERENCE = Path(__file__).parent / "reference"

NOTE = "<!-- Made by docs/make_reference.py from the code; change that, not this. -->"

_MESSAGES = (
    f"Everything a gateway and the centre say to each other over MQTT. Version {wire.VERSION}; JSON in UTF-8, at most "
    f"{wire.MAX_JSON_BYTES} bytes, where bytes are scarce compressed with zlib (RFC 1950; the first "
    "one is `x` then, and `{` else); unknown keys are ignored. Times are RFC 3339 UTC with milliseconds; boxes are "
    "`[x1, y1, x2, y2]`, 0..1, y down."
)
_COMMAND = (
    "One command, `lamppost`. Exit codes: 0 done, 1 it went wrong, 2 wrong arguments or configuration, 3 an unreadable "
    "source. Errors are one line each on stderr. The first SIGINT or SIGTERM stops in order, the second at once."
)
_START, _END, _NOW = "2026-06-01T18:04:05.120Z", "2026-06-01T18:04:35.120Z", "2026-06-01T18:04:36.000Z"
_ID, _TRACK, _MEDIA = "019715b2c3d47000a1b2c3d4e5f60718", "019715b2c3d47000a1b2c3d4e5f60719", "019715b2c3d47000aa00"
_HASH = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
_BOX = (0.41, 0.52, 0.47, 0.78)
_CLOCK = wire.ClockState(offset_ms=-38.0, synced=True)
_PICTURE = wire.MediaRef(id=_MEDIA, kind="snapshot", type="image/jpeg", bytes=48211, width=640, height=360)
_EVENT = wire.Event(
    id=_ID, camera="main-and-park", kind="line_crossed", phase="start", time=_START, start=_START, label="person",
    score=0.87, box=_BOX, rule="line_crossed", line="gate", direction="left", tracks=[_TRACK], media=[_PICTURE],
    clock=_CLOCK,
)  # fmt: skip

EXAMPLES: dict[str, wire.Message] = {
    type(example).__name__: example
    for example in (
        wire.Envelope(
            site="hartford", gateway="pole-17", outbox="7f3a", kind="event", seq=1041,
            records=[json.loads(wire.encode(_EVENT))],
        ),
        _EVENT,
        wire.TrackSummary(
            id=_TRACK, camera="main-and-park", final=True, label="person", score=0.87, start=_START, end=_END,
            path=[(0.0, *_BOX), (29.8, 0.81, 0.5, 0.87, 0.77)],
            contour=[(0.42, 0.54), (0.46, 0.54), (0.465, 0.77), (0.415, 0.77)],
            kind="person", colours={"upper": [("red", 0.78), ("black", 0.16)], "lower": [("unknown", 1.0)]},
            lab={"upper": (42.1, 58.3, 33.9)}, colour_confidence={"upper": 0.82},
            attributes={"carries_bag": True, "bag": "backpack"},
            appearance=wire.Appearance(model="osnet-x0-25", vector="CvQDAAn+BPE="),
            zones=["plaza"], dwell_s=12.4, clock=_CLOCK,
        ),
        wire.RecordingSpan(
            id="019715b2c3d47000bb00", camera="main-and-park", epoch="019715b2c3d47000cc00", start=_START, end=_END,
            bytes=5_242_880, packets=450, reason="length", sha256=_HASH, number=8127, link=_HASH,
            motion=wire.pack_motion(bytes([0, 0, 7, 12, 12, 9, *[0] * 22, 255, 255, 0])),
        ),
        wire.HealthSample(
            time=_START, span_s=60.0, clock_offset_ms=12.5, disk_free=310_000_000_000, disk_total=500_000_000_000,
            temperature_c=61.0, load=1.8, outbox_messages=4, outbox_media=1, outbox_bytes=48_211,
            uplink_bytes=221_040,
            cameras=[wire.CameraSample(id="main-and-park", online=1.0, fps=15.0, recorded=900, analysis_lag_ms=85.0)],
        ),
        wire.Ack(outbox="7f3a", seqs=[1041, 1042], now=_NOW),
        wire.MediaGone(
            id="019715b2c3d47000ee00-full", camera="main-and-park", kind="clip", reason="it waited for a week",
            start=_START, end=_END, event=_ID, quality="full",
        ),
        wire.MediaAck(id=_MEDIA, state="want", missing=[(3, 5)], now=_NOW),
        wire.Status(state="online", session="019715b2c3d47000dd00", since=_START, version="0.1.0", key=_HASH),
        wire.Health(
            time=_NOW, uptime_s=86_400.5, outbox=wire.OutboxDepth(messages=0, media=1, media_bytes=48211),
            cameras=[wire.CameraHealth(id="main-and-park", online=True, recording=True, analysing=True)],
            disk=wire.Disk(total=500_000_000_000, free=310_000_000_000, recordings=180_000_000_000),
            uplink=wire.UplinkState(
                broker="centre.example:8883, MQTT 5", refused_commands={"unsigned": 1}, limited=True,
                metered=True, rate=118_000.0, hour=2_210_400, month=881_204_233,
                month_limit=5_000_000_000,
                month_by_class={"event": 90_112_000, "snapshot": 791_092_233},
                waiting=[wire.WaitingClass(kind="clip", number=3, bytes=9_411_200, reason="a metered link")],
            ),
            clock=wire.ClockState(synced=True), audit=wire.AuditResult(time=_START, checked=20, failed=0),
        ),
        wire.CameraInfo(
            camera="main-and-park", name="Main Street and Park", latitude=41.7637, longitude=-72.6851, bearing=210.0,
            field_of_view=62.0,
            streams=[wire.StreamState(stream="main", codec="h264", width=1920, height=1080, fps=15.0)],
            shapes=[wire.NamedShape(name="gate", kind="line", points=[(0.2, 0.6), (0.8, 0.6)])],
            settings={"line": [{"name": "gate", "points": [[0.2, 0.6], [0.8, 0.6]]}]}, set_here=["line"],
        ),
        wire.CameraState(
            camera="main-and-park", online=True, recording=True, analysing=True, fps=15.0, since=_START, clock=_CLOCK
        ),
        wire.FrameBoxes(
            camera="main-and-park", time=_NOW,
            boxes=[wire.BoxNow(track=_TRACK, label="person", score=0.87, box=_BOX)],
        ),
        wire.MediaManifest(
            id=_MEDIA, camera="main-and-park", kind="snapshot", type="image/jpeg", bytes=48211, chunk_bytes=98_304,
            sha256=_HASH, chunks=[_HASH], start=_START, end=_START, event=_ID,
        ),
        wire.Command(
            id="019715b2c3d47000ee00", verb="clip", site="hartford", gateway="pole-17", issued=_NOW,
            expires="2026-06-01T18:05:36.000Z", args={"camera": "main-and-park", "start": _START, "end": _END},
            signature="9f0c...",
        ),
        wire.LiveArgs(camera="main-and-park", stream="sub", lease="019715b2c3d47000ff00", seconds=20),
        wire.LiveStopArgs(lease="019715b2c3d47000ff00"),
        wire.ClipArgs(camera="main-and-park", start=_START, end=_END),
        wire.PreviewsArgs(camera="main-and-park", start=_START, end=_END, count=24),
        wire.ExportArgs(camera="main-and-park", start=_START, end=_END, by="ann", reason="incident 4711"),
        wire.WatchArgs(camera="main-and-park", seconds=20),
        wire.BelongsArgs(camera="main-and-park", event=_ID, by="ann"),
        wire.ConfigureArgs(
            overlay=wire.Overlay(
                site="hartford", gateway="pole-17", version=3, time=_NOW, by="ann", signature="51be...",
                cameras={"main-and-park": {"line": [{"name": "gate", "points": [[0.2, 0.6], [0.8, 0.6]]}]}},
            )
        ),
        wire.HoldArgs(
            hold="0197c2aa24357091cfde4f5a6e7d8c9b", cameras=["main-and-park"], start=_START, end=_END, by="ann",
            reason="incident 4711",
        ),
        wire.ReleaseArgs(hold="0197c2aa24357091cfde4f5a6e7d8c9b", by="ann", reason="handed over"),
        wire.Reply(id="019715b2c3d47000ee00", ok=True, result={"media": _MEDIA}),
    )
}  # fmt: skip


def messages_page() -> str:
    """docs/reference/messages.md."""
    table = (topics.__doc__ or "").split("\n\n", 1)[1].strip()
    parts = [
        "# Messages",
        NOTE,
        _MESSAGES,
        "## Topics",
        f"Below `{topics.ROOT}/<site>/<gateway>/`:",
        table,
        *(_section(model.__name__, model.model_json_schema(by_alias=True), model) for model in wire.ALL),
        "## Parts",
        "These stand inside the messages above.",
        *(_part(name, schema) for name, schema in sorted(_parts().items())),
    ]
    return "\n\n".join(parts) + "\n"


def _section(name: str, schema: dict[str, Any], model: type[wire.Message]) -> str:
    example = json.dumps(json.loads(wire.encode(EXAMPLES[name])), indent=2)
    return f"## {name}\n\n{_doc(model.__doc__)}\n\n{_table(schema)}\n\n```json\n{example}\n```"


def _part(name: str, schema: dict[str, Any]) -> str:
    return f"### {name}\n\n{_doc(schema.get('description'))}\n\n{_table(schema)}"


def _doc(text: str | None) -> str:
    return " ".join((text or "").split())


def _parts() -> dict[str, dict[str, Any]]:
    """Models that stand inside messages, and are none themselves."""
    parts: dict[str, dict[str, Any]] = {}
    for model in wire.ALL:
        parts.update(model.model_json_schema(by_alias=True).get("$defs", {}))
    return {name: schema for name, schema in parts.items() if name not in EXAMPLES}


def _table(schema: dict[str, Any]) -> str:
    rows = ["| key | type | default |", "|---|---|---|"]
    for key, value in schema.get("properties", {}).items():
        default = "required" if key in schema.get("required", ()) else f"`{json.dumps(value.get('default'))}`"
        if isinstance(value.get("default"), dict):
            default = "`{}`"
        rows.append(f"| `{key}` | {_type(value)} | {default} |")
    return "\n".join(rows)


def _type(schema: dict[str, Any]) -> str:
    """A JSON Schema in a few words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"] if one.get("type") != "null")
    if "const" in schema or "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema.get("enum", [schema.get("const")]))
    kind = schema.get("type", "any")
    if kind == "array":
        return f"list of {_items(schema)}{_limits(schema, 'minItems', 'maxItems')}"
    if "pattern" in schema:
        return f"{kind} `{schema['pattern']}`"
    return f"{kind}{_limits(schema, 'minimum', 'maximum')}{_limits(schema, 'minLength', 'maxLength')}"


def _items(schema: dict[str, Any]) -> str:
    if "prefixItems" in schema:
        return "(" + ", ".join(_type(item) for item in schema["prefixItems"]) + ")"
    return _type(schema.get("items", {}))


def _limits(schema: dict[str, Any], least: str, most: str) -> str:
    if "prefixItems" in schema:
        return ""
    low, high = schema.get(least), schema.get(most)
    if low is None and high is None:
        return ""
    return f" ({'' if low is None else f'{low:g}'}..{'' if high is None else f'{high:g}'})"


VERB_EXAMPLES = {
    "demo": "lamppost demo --headless --for 90 --json",
    "run": "lamppost run --config /etc/lamppost/gateway.toml",
    "central": "lamppost central --config /etc/lamppost/central.toml",
    "central audit verify": "lamppost central audit verify --config /etc/lamppost/central.toml",
    "central audit export": "lamppost central audit export --config /etc/lamppost/central.toml --form csv",
    "status": "lamppost status --json",
    "sim": "lamppost sim --cameras 2 --listen 127.0.0.1:8554",
    "discover": "lamppost discover --interface 192.0.2.4",
    "probe": "lamppost probe rtsp://192.0.2.17/axis-media/media.amp --username viewer --password-file camera.password",
    "analyse": "lamppost analyse bus-12.mp4 --fps 5 --tracks tracks.jsonl",
    "config check": "lamppost config check /etc/lamppost/gateway.toml",
    "config show": "lamppost config show /etc/lamppost/gateway.toml",
    "config schema": "lamppost config schema --central",
    "archive verify": "lamppost archive verify --config /etc/lamppost/gateway.toml --level hashes",
    "archive export": (
        "lamppost archive export --config /etc/lamppost/gateway.toml --camera main-and-park "
        "--from 2026-06-01T18:00:00Z --to 2026-06-01T18:10:00Z --out incident-4711 --zip --reason case-4711 --by d.ito"
    ),
    "archive list": "lamppost archive list --config /etc/lamppost/gateway.toml --at 2026-06-01T02:13:00Z",
    "archive rebuild": "lamppost archive rebuild --config /etc/lamppost/gateway.toml",
    "archive hold add": "lamppost archive hold add --config /etc/lamppost/gateway.toml --camera main-and-park "
    "--from 2026-06-01T18:00:00Z --to 2026-06-01T18:30:00Z --reason case-26-1041 --by lee --days 3650",
    "archive hold list": "lamppost archive hold list --config /etc/lamppost/gateway.toml",
    "archive hold release": "lamppost archive hold release 019715b2c3d47000a1b2c3d4e5f60718 "
    "--config /etc/lamppost/gateway.toml --by lee --reason closed",
    "models list": "lamppost models list",
    "models fetch": "lamppost models fetch yolox-nano --from /media/usb",
    "models verify": "lamppost models verify",
    "models bench": "lamppost models bench yolox-nano --seconds 10",
}


def cli_page() -> str:
    """docs/reference/cli.md."""
    parser = build_parser()
    parts = [
        "# The command",
        NOTE,
        f"{parser.description} {_COMMAND}",
        _options(parser),
        *(_verb(name, text, verb) for name, text, verb in verbs(parser)),
    ]
    return "\n\n".join(parts) + "\n"


def verbs(parser: argparse.ArgumentParser, above: str = "") -> Iterator[tuple[str, str, argparse.ArgumentParser]]:
    """Every verb that does something: `config check`, not `config`; with its help and its parser."""
    for action in parser._actions:  # noqa: SLF001 - argparse tells its structure no other way
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            texts = {choice.dest: choice.help or "" for choice in action._choices_actions}  # noqa: SLF001
            for name, verb in action.choices.items():
                deeper = list(verbs(verb, f"{above}{name} "))
                if not deeper or verb.get_default("verb"):  # `central` does something, and has steps too
                    yield f"{above}{name}", texts.get(name, ""), verb
                yield from deeper


def _verb(name: str, text: str, verb: argparse.ArgumentParser) -> str:
    lines = [f"## {name}", f"{text[:1].upper()}{text[1:]}.".replace("..", ".")]
    if name in VERB_EXAMPLES:
        lines.append(f"```sh\n{VERB_EXAMPLES[name]}\n```")
    if options := _options(verb):
        lines.append(options)
    return "\n\n".join(lines)


def _options(parser: argparse.ArgumentParser) -> str:
    rows = []
    for action in parser._actions:  # noqa: SLF001
        if isinstance(action, argparse._HelpAction | argparse._SubParsersAction):  # noqa: SLF001
            continue
        rows.append(f"| {_option(action)} | {_default(action)} | {action.help or ''} |")
    return "\n".join(["| argument | default | meaning |", "|---|---|---|", *rows]) if rows else ""


def _option(action: argparse.Action) -> str:
    takes = action.nargs != 0
    value = action.metavar or action.dest.upper()
    if action.choices:
        value = "{" + ",".join(map(str, action.choices)) + "}"
    if not action.option_strings:
        return f"`{value}`".replace("|", "\\|")
    return f"`{', '.join(action.option_strings)}{f' {value}' if takes else ''}`".replace("|", "\\|")


def _default(action: argparse.Action) -> str:
    if action.required:
        return "required"
    if action.default in {None, argparse.SUPPRESS, False}:
        return ""
    return f"`{action.default}`"


_MODELS = (
    "The models that Lamppost knows, as its [manifest](../../models/manifest.toml) names them. "
    "[How to fetch, choose and add them](../guide/models.md)."
)
_MEASURED = (
    "Average precision at IoU 0.5 on 627 pictures that we train nothing on; most of their labels are what at least two "
    "of YOLOX-nano, NanoDet-m and PicoDet-s agreed on, so that the figures of the first two are flattered. `false`: "
    "boxes on a picture with nothing in it, at the score from which a detection is believed. `ms`: a whole detection "
    "on one thread ({machine}), from the picture to boxes; `ratio`: that over a bare loop that resizes and runs it. "
    "Bags and animals are few in these pictures. Made by `python -m tests.bench detect`; `lamppost models bench` says "
    "what your machine does."
)


def models_page() -> str:
    """docs/reference/models.md."""
    manifest = load_manifest()
    files = [(entry, file) for entry in manifest.model for file in entry.file]
    machines = dict.fromkeys(file.measured.machine for _, file in files if file.measured)
    parts = [
        "# Models", NOTE, _MODELS, _file_table(files), "## What they find, and how fast",
        _MEASURED.format(machine="; ".join(machines)), _measured_table(files),
        "## What they find is called",
        *(_label_table(name, labels) for name, labels in manifest.labels.items()),
        "## Decoders", "How the output of a model is read: the manifest's `decoder`.", _decoder_table(),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _file_table(files: list[tuple[ModelEntry, ModelFile]]) -> str:
    rows = [
        f"| `{entry.name}` | `{file.name}` | {file.bytes / 1e6:.1f} MB | {entry.input.width} x {entry.input.height} "
        f"| {entry.licence} | {entry.source} |"
        for entry, file in files
    ]
    return "\n".join(["| model | file | size | input | licence | source |", "|---|---|---|---|---|---|", *rows])


def _measured_table(files: list[tuple[ModelEntry, ModelFile]]) -> str:
    keys = ("person", "vehicle", "two_wheeler", "bag", "animal")
    rows = [
        f"| `{entry.name}` | `{file.name}` | {' | '.join(f'{getattr(it, key):.3f}' for key in keys)} "
        f"| {it.false_per_empty:.2f} | {it.latency_ms:.1f} | {it.ratio:.2f} |"
        for entry, file in files
        if (it := file.measured)
    ]
    detectors = [entry for entry in load_manifest().model if entry.detects]
    unknown = [f"`{entry.name}`" for entry in detectors if not any(file.measured for file in entry.file)]
    more = f"\n\nNot measured here: {', '.join(unknown)}." if unknown else ""
    head = ["| model | file | " + " | ".join(keys) + " | false | ms | ratio |", "|" + "---|" * 10]
    return "\n".join([*head, *rows]) + more


def _label_table(name: str, labels: LabelSet) -> str:
    rows = [f"| `{ours}` | {', '.join(theirs)} |" for ours, theirs in labels.ours.items()]
    return "\n".join([f"| here | {name} |", "|---|---|", *rows])


def _decoder_table() -> str:
    rows = []
    for spec in get_args(get_args(DecoderSpec)[0]):
        options = ", ".join(f"`{key}`" for key in spec.model_fields if key != "kind")
        (kind,) = get_args(spec.model_fields["kind"].annotation)
        rows.append(f"| `{kind}` | {' '.join(inspect.getdoc(spec).split())} | {options} |")
    return "\n".join(["| kind | what comes out of the model | options |", "|---|---|---|", *rows])


def main() -> None:
    """Write all pages."""
    REFERENCE.mkdir(exist_ok=True)
    (REFERENCE / "messages.md").write_text(messages_page())
    (REFERENCE / "cli.md").write_text(cli_page())
    (REFERENCE / "models.md").write_text(models_page())


if __name__ == "__main__":
    main()
