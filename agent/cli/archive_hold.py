"""The verbs below `lamppost archive hold`."""

from __future__ import annotations

import argparse
from pathlib import Path

from agent.cli.arguments import Steps, positive, time
from agent.cli.terminal import say


def add_hold_verbs(steps: Steps[argparse.ArgumentParser]) -> None:
    """The steps of `archive hold`."""
    add = steps.add_parser("add", help="hold footage, recorded or still to come")
    add.add_argument("--camera", action="append", required=True, help="may be given again")
    add.add_argument("--from", dest="start", type=time, required=True, metavar="TIME", help="RFC 3339")
    add.add_argument("--to", dest="end", type=time, required=True, metavar="TIME", help="RFC 3339")
    add.add_argument("--reason", required=True, help="why, such as a case's number")
    add.add_argument("--by", required=True, help="who wants it")
    over = add.add_mutually_exclusive_group()
    over.add_argument("--until", type=time, metavar="TIME", help="when the hold ends by itself; else it is for ever")
    over.add_argument("--days", type=positive, help="the same, counted from now")
    add.set_defaults(verb=_add)

    listing = steps.add_parser("list", help="all holds, one a line")
    listing.add_argument("--released", action="store_true", help="also those that are over")
    listing.set_defaults(verb=_list)

    release = steps.add_parser("release", help="let go of a hold")
    release.add_argument("hold", metavar="ID")
    release.add_argument("--by", required=True, help="who lets go")
    release.add_argument("--reason", required=True)
    release.set_defaults(verb=_release)

    for step in steps.choices.values():
        step.add_argument("--config", type=Path, required=True, help="the gateway's file")


def _add(args: argparse.Namespace) -> int:
    from agent.config.load import load_gateway  # noqa: PLC0415 - verbs load only what they need
    from agent.edge.archive_hold import Wanted, add  # noqa: PLC0415

    wanted = Wanted(args.camera, args.start, args.end, args.reason, args.by, args.until, args.days)
    return add(load_gateway(args.config), wanted, say)


def _list(args: argparse.Namespace) -> int:
    from agent.config.load import load_gateway  # noqa: PLC0415
    from agent.edge.archive_hold import list_all  # noqa: PLC0415

    return list_all(load_gateway(args.config), say, released=args.released)


def _release(args: argparse.Namespace) -> int:
    from agent.config.load import load_gateway  # noqa: PLC0415
    from agent.edge.archive_hold import release  # noqa: PLC0415

    return release(load_gateway(args.config), args.hold, args.by, args.reason, say)
