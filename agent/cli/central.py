"""The verb `lamppost central`: the centre, and what is done to its store from a shell."""

from __future__ import annotations

import argparse
import gc
import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from agent.cli.arguments import Steps
from agent.cli.terminal import progress, say, stop_on_signals
from agent.core.errors import ConfigError

if TYPE_CHECKING:
    from agent.central.store.audit import Audit


def add_central_verbs(verbs: Steps[argparse.ArgumentParser]) -> None:
    """`central`, `central ingest`, `central web`, `central move`, `central audit verify`, `... export`."""
    central = verbs.add_parser("central", help="the centre")
    central.add_argument("--config", type=Path)
    central.add_argument("--ready-file", type=Path, help="write the addresses here, as JSON, once all is up")
    central.set_defaults(verb=_central, role="whole", listen=None)
    steps = central.add_subparsers(metavar="STEP")

    ingest = steps.add_parser("ingest", help="one of several processes: takes what gateways send (PostgreSQL, MQTT 5)")
    _add_side(ingest, "ingest")
    web = steps.add_parser("web", help="one of several processes: serves API and viewer, behind a proxy")
    _add_side(web, "web")
    web.add_argument("--listen", metavar="HOST:PORT", help="instead of [central] listen: each has a port of its own")

    move = steps.add_parser("move", help="carry a SQLite centre over into PostgreSQL; may be cut off and go on")
    move.add_argument("--to", metavar="URL", required=True, help="postgresql://user@host:5432/name, an empty database")
    move.add_argument("--to-password-file", type=Path, metavar="FILE", help="its password, apart from the address")
    move.add_argument("--config", type=Path, required=True, help="the file of the centre that moves")
    move.set_defaults(verb=_move)

    audit = steps.add_parser("audit", help="who did what").add_subparsers(required=True, metavar="STEP")
    verify = audit.add_parser("verify", help="is the chain of the audit log unbroken? Beside a running centre, too")
    verify.add_argument("--config", type=Path, required=True, help="the centre's file")
    verify.set_defaults(verb=_verify)
    export = audit.add_parser("export", help="the audit log to stdout, the oldest line first")
    export.add_argument("--config", type=Path, required=True, help="the centre's file")
    export.add_argument("--form", choices=["jsonl", "csv"], default="jsonl")
    export.set_defaults(verb=_export)


def _add_side(parser: argparse.ArgumentParser, role: str) -> None:
    parser.add_argument("--config", type=Path, required=True, help="the centre's file, the same for all")
    parser.add_argument("--ready-file", type=Path, help="write the addresses here, as JSON, once all is up")
    parser.set_defaults(verb=_central, role=role, listen=None)


def _central(args: argparse.Namespace) -> int:
    from agent.config.load import listening_at, load_central  # noqa: PLC0415 - verbs load only what they need

    config = load_central(args.config)
    if args.listen is not None:
        config = listening_at(config, args.listen)
    with _equipped():
        from agent.central.app import run_central  # noqa: PLC0415
    _calm_the_collector()
    what = "centre" if args.role == "whole" else args.role
    return run_central(config, stop_on_signals(what), role=args.role, ready_file=args.ready_file, say=say)


def _move(args: argparse.Namespace) -> int:
    from agent.config.base import read_secret  # noqa: PLC0415
    from agent.config.load import load_central  # noqa: PLC0415

    config = load_central(args.config).central
    with _equipped():
        from agent.central.folder import DataFolder  # noqa: PLC0415
        from agent.central.move import Move  # noqa: PLC0415
        from agent.central.store.database import Database  # noqa: PLC0415
        from agent.core.signing import Signer  # noqa: PLC0415
    if config.database != "sqlite" or args.to == "sqlite":
        raise ConfigError(
            f"{args.config}: [central] database: a centre moves from sqlite to postgresql://..., no other way"
        )
    folder, password = DataFolder(config.data), read_secret(args.to_password_file)
    if not (folder.root / "centre.db").exists():
        raise ConfigError(f"{folder.root}: there is no centre's database here; set [central] data")
    with ExitStack() as kept:
        kept.enter_context(folder.claimed())
        source = Database.open("sqlite", folder.root)
        kept.callback(source.close)
        target = Database.open(args.to, folder.root, password)
        kept.callback(target.close)
        centre = Signer.load_or_make(folder.command_key).public_hex
        moved = Move(source, target, centre, stop_on_signals("the move"), progress("moving")).run()
    say(f"{moved.rows} rows of {moved.days} days and of the small tables are there, each compared")
    say(f"now write in {args.config}, [central]: database = {json.dumps(args.to)}")
    say(f"what was moved from still lies in {folder.root} (centre.db, days); media and keys there stay in use")
    return 0


def _verify(args: argparse.Namespace) -> int:
    with _audit(args.config) as log:
        verdict = log.verify()
    if not verdict["verified"]:
        print(f"audit log: line {verdict['broken_at']} is missing or was changed", file=sys.stderr)
        return 1
    say(f"{verdict['lines']} lines, unbroken; the personal parts of {verdict['erased']} have left after their time")
    say(f"head: {verdict['head']}")
    return 0


def _export(args: argparse.Namespace) -> int:
    with _audit(args.config) as log:
        from agent.central.api.auditing import as_csv, as_json  # noqa: PLC0415

        for text in (as_csv if args.form == "csv" else as_json)(log.lines()):
            sys.stdout.write(text)
    return 0


@contextmanager
def _audit(file: Path) -> Iterator[Audit]:
    from agent.config.load import load_central  # noqa: PLC0415
    from agent.core.clock import SystemClock  # noqa: PLC0415

    config = load_central(file).central
    with _equipped():
        from agent.central.configured import configured_database  # noqa: PLC0415
        from agent.central.store.audit import Audit  # noqa: PLC0415
    if config.database == "sqlite" and not (config.data / "centre.db").exists():
        raise ConfigError(f"{config.data}: there is no centre's database here; set [central] data")
    database = configured_database(config)
    try:
        yield Audit(database, SystemClock())
    finally:
        database.close()


@contextmanager
def _equipped() -> Iterator[None]:
    """A gateway is installed without what the centre needs."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise ConfigError(f"the centre needs more packages ({error.name}): pip install 'lamppost[central]'") from error


def _calm_the_collector() -> None:
    """Ingest makes many small objects that live for one batch: looking for cycles among them took half its time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
