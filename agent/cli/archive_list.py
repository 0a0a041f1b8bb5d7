"""The verb `lamppost archive list`."""

from __future__ import annotations

import argparse

from agent.cli.arguments import Steps, time
from agent.cli.terminal import say


def add_list_verb(steps: Steps[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """`archive list`; returns its parser."""
    listed = steps.add_parser("list", help="what is recorded; what is not, and why; was a camera recorded at a moment?")
    listed.add_argument("--camera", action="append", help="only this one; may be given again")
    listed.add_argument("--from", dest="since", type=time, metavar="TIME", help="RFC 3339, like 2026-01-31T12:00:00Z")
    listed.add_argument("--to", dest="until", type=time, metavar="TIME", help="RFC 3339")
    other = listed.add_mutually_exclusive_group()
    other.add_argument("--gaps", action="store_true", help="what was not recorded, and why")
    other.add_argument("--at", type=time, metavar="TIME", help="yes and the segment, or no and why; exits with 0 or 1")
    listed.add_argument("--json", action="store_true", help="an object a line")
    listed.set_defaults(verb=_list)
    return listed


def _list(args: argparse.Namespace) -> int:
    from agent.config.load import load_gateway  # noqa: PLC0415 - verbs load only what they need
    from agent.edge.archive import show  # noqa: PLC0415
    from agent.edge.archive_list import Wanted  # noqa: PLC0415

    wanted = Wanted(args.since, args.until, args.at)
    return show(load_gateway(args.config), args.camera or [], wanted, say, only_gaps=args.gaps, as_json=args.json)
