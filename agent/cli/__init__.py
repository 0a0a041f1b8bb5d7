"""The command `lamppost`: its verbs, their arguments, their exit codes. A file for each group of verbs.

0 done · 1 it went wrong · 2 wrong arguments or configuration · 3 an unreadable source
130 ended by Ctrl-C · 141 whoever read the output went before its end, as a shell says it of any program
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from agent import __version__
from agent.cli.archive import add_archive_verbs
from agent.cli.camera import add_camera_verbs
from agent.cli.central import add_central_verbs
from agent.cli.config import add_config_verbs
from agent.cli.models import add_model_verbs
from agent.cli.outbox import add_outbox_verbs
from agent.cli.site import add_site_verbs
from agent.cli.terminal import in_words, log_to_stderr
from agent.core.errors import LamppostError

Verb = Callable[[argparse.Namespace], int]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code; errors of ours become one line each on stderr."""
    args = build_parser().parse_args(argv)
    log_to_stderr(args.log_level)
    verb: Verb = args.verb
    try:
        code = verb(args)
        _flush()
    except LamppostError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        _drop_output()  # no word to anybody, but no success either: what was left unsaid may be a fault
        return 128 + signal.SIGPIPE
    except OSError as error:
        print(in_words(error), file=sys.stderr)
        try:
            _flush()
        except OSError:  # it was the output itself that could not be written
            _drop_output()
        return LamppostError.exit_code
    except KeyboardInterrupt:
        return 130
    return code


def _flush() -> None:
    if sys.stdout is not None:  # who started us may have closed it
        sys.stdout.flush()


def _drop_output() -> None:
    """What is still to be written would fail again at the end."""
    # some who call us have a stdout that is no file
    with contextlib.suppress(OSError), Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


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
