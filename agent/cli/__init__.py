"""The command `lamppost`: its verbs, their arguments, their exit codes. A file for each group of verbs.

0 done · 1 it went wrong · 2 wrong arguments or configuration · 3 an unreadable source
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from agent import __version__
from agent.cli.archive import add_archive_verbs
from agent.cli.camera import add_camera_verbs
from agent.cli.central import add_central_verbs
from agent.cli.config import add_config_verbs
from agent.cli.models import add_model_verbs
from agent.cli.outbox import add_outbox_verbs
from agent.cli.site import add_site_verbs
from agent.cli.terminal import log_to_stderr
from agent.core.errors import LamppostError

Verb = Callable[[argparse.Namespace], int]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code; errors of ours become one line each on stderr."""
    args = build_parser().parse_args(argv)
    log_to_stderr(args.log_level)
    verb: Verb = args.verb
    try:
        return verb(args)
    except LamppostError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        # whoever read our output has gone; nothing to say to anybody
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


def build_parser() -> argparse.ArgumentParser:
    """The whole command line, also read by the documentation's tests."""
    parser = argparse.ArgumentParser(
        prog="lamppost", description="Records, analyses and reports what street cameras see; and the centre for it."
    )
    parser.add_argument("--version", action="version", version=f"lamppost {__version__}")
    parser.add_argument("--log-level", default="info", choices=["debug", "info", "warning", "error"])
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    add_site_verbs(verbs)
    add_central_verbs(verbs)
    add_camera_verbs(verbs)
    add_config_verbs(verbs)
    add_archive_verbs(verbs)
    add_model_verbs(verbs)
    add_outbox_verbs(verbs)
    return parser
