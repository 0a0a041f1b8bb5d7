"""The verbs below `lamppost archive`; the larger ones have files of their own."""

from __future__ import annotations

import argparse
from pathlib import Path

from agent.cli.archive_export import add_export_verb
from agent.cli.archive_hold import add_hold_verbs
from agent.cli.archive_list import add_list_verb
from agent.cli.arguments import Steps
from agent.cli.terminal import say


def add_archive_verbs(verbs: Steps[argparse.ArgumentParser]) -> None:
    """`archive` and its steps."""
    archive = verbs.add_parser("archive", help="look at recordings, check them, take them out")
    steps = archive.add_subparsers(required=True, metavar="STEP")

    listed = add_list_verb(steps)

    verify = steps.add_parser("verify", help="is everything there, and as it was recorded? only reads")
    levels = ["presence", "sizes", "structure", "chain", "hashes"]
    verify.add_argument("--level", choices=levels, default="chain", help="each looks at all before it, too")
    verify.add_argument("--camera", action="append", help="only this one; may be given again")
    verify.set_defaults(verb=_archive_verify)

    export = add_export_verb(steps)

    rebuild = steps.add_parser("rebuild", help="make the catalogue again from the files; the gateway must not run")
    rebuild.set_defaults(verb=_archive_rebuild)

    hold = steps.add_parser("hold", help="footage that may not be deleted")
    add_hold_verbs(hold.add_subparsers(required=True, metavar="STEP"))

    for step in (listed, export, verify, rebuild):
        step.add_argument("--config", type=Path, required=True, help="the gateway's file")


def _archive_verify(args: argparse.Namespace) -> int:
    from agent.config.load import load_gateway  # noqa: PLC0415
    from agent.edge.archive import verify  # noqa: PLC0415
    from agent.record.verify import Level  # noqa: PLC0415

    return verify(load_gateway(args.config), args.camera or [], Level[args.level.upper()], say)


def _archive_rebuild(args: argparse.Namespace) -> int:
    from agent.config.load import load_gateway  # noqa: PLC0415
    from agent.edge.archive import rebuild  # noqa: PLC0415

    return rebuild(load_gateway(args.config), say)
