"""The verbs below `lamppost models`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from agent.cli.arguments import Steps, count, positive
from agent.cli.terminal import progress
from agent.config.gateway import Analysis, Provider
from agent.core.errors import ConfigError, LamppostError, ModelError

if TYPE_CHECKING:
    from agent.analyse.manifest import ModelFile
    from agent.analyse.models import ModelRow, ModelStore
    from agent.analyse.speed import Speed


def add_model_verbs(verbs: Steps[argparse.ArgumentParser]) -> None:
    """`models` and its steps."""
    models = verbs.add_parser("models", help="list, fetch, verify or measure detector models")
    steps = models.add_subparsers(required=True, metavar="STEP")

    listed = steps.add_parser("list", help="known models and where their files are")
    listed.add_argument("--json", action="store_true", help="every file of every model")
    listed.set_defaults(verb=_list)

    fetch = steps.add_parser("fetch", help="bring a model's file here and check it")
    fetch.add_argument("name")
    fetch.add_argument(
        "--from", dest="source", metavar="DIR|URL", help="a folder, or an address of the file; else where it is from"
    )
    fetch.add_argument("--file", help="which of the model's files; else the first that is there")
    fetch.add_argument("--into", type=Path, metavar="DIR", help="else [analysis] models, else the user's folder")
    fetch.set_defaults(verb=_fetch)

    verify = steps.add_parser("verify", help="compare the files with their hashes")
    verify.add_argument("name", nargs="*")
    verify.set_defaults(verb=_verify)

    bench = steps.add_parser("bench", help="how fast models are on this machine, and how many cameras that buys")
    bench.add_argument("name", nargs="*", help="all that are ready when none is named")
    bench.add_argument("--threads", type=count, help="measured beside one thread; else as many as there are cores")
    bench.add_argument(
        "--provider", action="append", choices=get_args(Provider), help="as in [analysis]; may be given again"
    )
    bench.add_argument("--seconds", type=positive, default=5.0, help="of each measurement")
    bench.add_argument("--json", action="store_true")
    bench.set_defaults(verb=_bench)

    for step in (listed, fetch, verify, bench):
        step.add_argument("--config", type=Path, help="the gateway's file, for its folder of models")


def _list(args: argparse.Namespace) -> int:
    rows = _store(args).rows()
    if args.json:
        print(json.dumps([_row(row) for row in rows], indent=2))
        return 0
    for row in _of_each_model(rows):
        source = row.path or row.file.url or row.entry.source
        print(f"{row.entry.name:16} {row.state:12} {row.file.bytes / 1e6:6.1f} MB  {row.entry.licence:12} {source}")
    return 0


def _of_each_model(rows: list[ModelRow]) -> list[ModelRow]:
    """The file of each model that says most of it: one that is ready, else one that is broken, else the first."""
    order = ("ready", "wrong hash", "absent")
    best: dict[str, ModelRow] = {}
    for row in sorted(rows, key=lambda row: order.index(row.state)):
        best.setdefault(row.entry.name, row)
    return [best[name] for name in dict.fromkeys(row.entry.name for row in rows)]


def _row(row: ModelRow) -> dict[str, object]:
    measured = row.file.measured
    return {
        "name": row.entry.name, "state": row.state, "file": row.file.name, "bytes": row.file.bytes,
        "sha256": row.file.sha256, "path": str(row.path) if row.path else None, "url": row.file.url or None,
        "licence": row.entry.licence, "source": row.entry.source,
        "measured": measured.model_dump() if measured else None,
    }  # fmt: skip


def _fetch(args: argparse.Namespace) -> int:
    store = _store(args)
    file = _wanted(store, args)
    source = args.source or file.url
    if not source:
        origin = store.manifest.entry(args.name).source
        raise ConfigError(f"model {args.name}: say where its file is with --from FOLDER-OR-URL; it is from {origin}")
    show = progress(args.name)
    into = args.into or _analysis(args).models
    print(store.fetch(args.name, source, into, progress=lambda done, of: show(done / of), file=file))
    return 0


def _wanted(store: ModelStore, args: argparse.Namespace) -> ModelFile:
    """The file that is named; else the one that the source has; else the first with an address."""
    if args.file is not None:
        return store.file_of(args.name, args.file)
    files = store.manifest.entry(args.name).file
    if args.source is None:
        fitting = [file for file in files if file.url]
    else:
        place = Path(args.source)
        fitting = [file for file in files if file.name == place.name or (place / file.name).is_file()]
    return (fitting or list(files))[0]


def _verify(args: argparse.Namespace) -> int:
    store = _store(args)
    here = dict.fromkeys(row.entry.name for row in store.rows() if row.path is not None)
    problems: list[str] = []
    for name in args.name or here:
        try:
            print("\n".join(f"{path}: good" for path in store.verify(name)))
        except ModelError as error:
            problems.append(str(error))
    if problems:
        raise ModelError("\n".join(problems))
    return 0


def _bench(args: argparse.Namespace) -> int:
    store = _store(args)
    ready = dict.fromkeys(row.entry.name for row in store.rows() if row.state == "ready" and row.entry.detects)
    if not (args.name or ready):
        raise ModelError("no model is ready; run: lamppost models fetch yolox-nano")
    found: list[Speed] = []
    for measured in _measured(args, list(args.name or ready)):
        found.append(measured)
        if not args.json:
            print(_line(measured), flush=True)
    if args.json:
        print(json.dumps([asdict(row) for row in found], indent=2))
    return 0 if found else ModelError.exit_code


def _measured(args: argparse.Namespace, names: list[str]) -> Iterator[Speed]:
    """Each model on one thread and on all; what cannot be measured is said on stderr."""
    from agent.analyse.detect.pool import Engines  # noqa: PLC0415 - verbs load only what they need
    from agent.analyse.speed import speed_of  # noqa: PLC0415

    analysis = _analysis(args)
    providers = tuple(args.provider or analysis.providers)
    threads_wanted = dict.fromkeys((1, args.threads or os.cpu_count() or 1))
    jobs = [(name, threads) for name in names for threads in threads_wanted]
    show = progress("measuring")
    for number, (name, threads) in enumerate(jobs):
        show(number / len(jobs))
        try:
            measured = speed_of(
                name, Engines(threads, providers, analysis.edgetpu_library), args.seconds, analysis.models
            )
        except LamppostError as error:
            print(error, file=sys.stderr)
            continue
        for note in measured.notes:
            print(note, file=sys.stderr)
        yield measured
    show(1.0)


def _line(row: Speed) -> str:
    threads = f"{row.threads} thread{'s' if row.threads > 1 else ''}"
    return (
        f"{row.engine:36} {threads:10} p50 {row.p50_ms:6.1f} ms  p95 {row.p95_ms:6.1f} ms  {row.per_second:6.1f}/s  "
        f"{row.memory_mb:5.0f} MB  {row.cameras} cameras at 5 fps"
    )


def _store(args: argparse.Namespace) -> ModelStore:
    from agent.analyse.models import ModelStore, model_folders  # noqa: PLC0415

    store = ModelStore(model_folders(_analysis(args).models))
    for note in store.notes:
        print(note, file=sys.stderr)
    return store


def _analysis(args: argparse.Namespace) -> Analysis:
    from agent.config.load import load_gateway  # noqa: PLC0415

    return load_gateway(args.config).analysis if args.config else Analysis()
