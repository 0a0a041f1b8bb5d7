"""The verb `lamppost archive export`."""

from __future__ import annotations

import argparse
from pathlib import Path

from agent.cli.arguments import Steps, time
from agent.cli.terminal import progress, say


def add_export_verb(steps: Steps[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """`archive export`; returns its parser."""
    export = steps.add_parser("export", help="take footage out as evidence, with a verifier beside it")
    export.add_argument("--camera", action="append", required=True, help="may be given again")
    export.add_argument("--from", dest="start", type=time, required=True, metavar="TIME", help="RFC 3339")
    export.add_argument("--to", dest="end", type=time, required=True, metavar="TIME", help="RFC 3339")
    export.add_argument("--out", type=Path, required=True, metavar="DIR", help="must not be there, or be empty")
    export.add_argument("--reason", required=True, help="why; stands in the manifest")
    export.add_argument("--by", required=True, metavar="WHO", help="who wants it; stands in the manifest")
    export.add_argument("--exact", action="store_true", help="to the picture: re-encodes the edges, and says so")
    export.add_argument("--originals", action="store_true", help="the segments as they are stored, too")
    export.add_argument("--zip", action="store_true", help="one file, DIR.zip")
    export.set_defaults(verb=_export)
    return export


def _export(args: argparse.Namespace) -> int:
    from agent.config.load import load_gateway  # noqa: PLC0415 - verbs load only what they need
    from agent.edge.archive import export_footage  # noqa: PLC0415
    from agent.record.export.export import Request  # noqa: PLC0415

    request = Request(
        cameras=tuple(dict.fromkeys(args.camera)), start_ns=args.start, end_ns=args.end, by=args.by,
        reason=args.reason, exact=args.exact, originals=args.originals, as_zip=args.zip,
    )  # fmt: skip
    return export_footage(load_gateway(args.config), request, args.out, say, progress(args.out.resolve().name))
