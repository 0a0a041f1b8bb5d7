"""The verbs below `lamppost models`."""

from __future__ import annotations

import argparse

from agent.cli.arguments import Steps
from agent.cli.terminal import progress
from agent.core.errors import ConfigError


def add_model_verbs(verbs: Steps[argparse.ArgumentParser]) -> None:
    """`models` and its steps."""
    models = verbs.add_parser("models", help="list, fetch or verify detector models")
    steps = models.add_subparsers(required=True, metavar="STEP")
    steps.add_parser("list", help="known models and where their files are").set_defaults(verb=_models_list)
    fetch = steps.add_parser("fetch", help="bring a model's file here and check it")
    fetch.add_argument("name")
    fetch.add_argument("--from", dest="source", metavar="DIR|URL", help="a folder, or an address of the file")
    fetch.set_defaults(verb=_models_fetch)
    verify = steps.add_parser("verify", help="compare the files with their hashes")
    verify.add_argument("name", nargs="*")
    verify.set_defaults(verb=_models_verify)


def _models_list(_: argparse.Namespace) -> int:
    from agent.analyse.models import ModelStore, model_folders  # noqa: PLC0415

    for row in ModelStore(model_folders()).rows():
        print(f"{row.name:16} {row.state:12} {row.bytes / 1e6:6.1f} MB  {row.licence:12} {row.path or row.source}")
    return 0


def _models_fetch(args: argparse.Namespace) -> int:
    from agent.analyse.models import ModelStore, model_folders  # noqa: PLC0415

    store = ModelStore(model_folders())
    entry = store.manifest.entry(args.name)
    if args.source is None:
        raise ConfigError(
            f"model {args.name}: say where its file is with --from FOLDER-OR-URL; it is from {entry.source}"
        )
    show = progress(args.name)
    print(store.fetch(args.name, args.source, progress=lambda done, of: show(done / of)))
    return 0


def _models_verify(args: argparse.Namespace) -> int:
    from agent.analyse.models import ModelStore, model_folders  # noqa: PLC0415

    store = ModelStore(model_folders())
    names = args.name or [row.name for row in store.rows() if row.path is not None]
    for name in names:
        print(f"{store.verify(name)}: good")
    return 0
