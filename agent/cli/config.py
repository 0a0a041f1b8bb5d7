"""The verbs below `lamppost config`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from agent.cli.arguments import Steps
from agent.core.errors import ConfigError


def add_config_verbs(verbs: Steps[argparse.ArgumentParser]) -> None:
    """`config` and its steps."""
    config = verbs.add_parser("config", help="check, show or describe a configuration")
    steps = config.add_subparsers(required=True, metavar="STEP")
    for name, step, text in (
        ("check", _config_check, "report every mistake with its line"),
        ("show", _config_show, "what is in force, defaults included"),
        ("schema", _config_schema, "the JSON Schema"),
    ):
        parser = steps.add_parser(name, help=text)
        parser.add_argument("file", type=Path, nargs="?" if name == "schema" else None, metavar="FILE")
        parser.add_argument("--central", action="store_true", help="a centre's file, not a gateway's")
        parser.set_defaults(verb=step)
        if name == "show":
            origin = "a line for each value, with where it came from: the file, the centre, or the default"
            parser.add_argument("--origin", action="store_true", help=origin)
            _picture_arguments(parser)


def _picture_arguments(parser: argparse.ArgumentParser) -> None:
    picture = "draw zones, lines, rules and ground onto this JPEG or PNG of the camera instead"
    parser.add_argument("--picture", type=Path, metavar="FRAME", help=picture)
    parser.add_argument("--camera", metavar="NAME", help="whose, when the file has several")
    parser.add_argument("--out", type=Path, metavar="DRAWING", help="where to (FRAME with -drawn in its name)")


def _config_check(args: argparse.Namespace) -> int:
    from agent.config.load import load_central, load_gateway  # noqa: PLC0415

    if args.central:
        load_central(args.file)
        said = []
    else:
        from agent.edge.explain import explain  # noqa: PLC0415

        said = explain(load_gateway(args.file))
    print("\n".join([f"{args.file}: good", *said]))
    return 0


def _config_show(args: argparse.Namespace) -> int:
    from agent.config.load import load_central, show  # noqa: PLC0415

    _must_go_together(args)
    if args.central:
        print(json.dumps(show(load_central(args.file)), indent=2))
        return 0
    if args.picture is not None:
        return _config_draw(args)
    from agent.edge.origin import in_force, origins  # noqa: PLC0415

    if args.origin:
        print("\n".join(origins(args.file)))
        return 0
    config, overlaid = in_force(args.file)
    if problem := overlaid.state().problem:
        print(problem, file=sys.stderr)
    print(json.dumps(show(config), indent=2))
    return 0


def _must_go_together(args: argparse.Namespace) -> None:
    """Raises: ConfigError where an option would count for nothing."""
    given = [name for name in ("origin", "picture", "camera", "out") if getattr(args, name) not in {None, False}]
    if args.central and given:
        raise ConfigError(f"--{given[0]}: is of a gateway's file; leave it, or --central, out")
    if args.origin and args.picture is not None:
        raise ConfigError("--origin and --picture: each shows something else; leave one out")
    if args.picture is None and (extra := [name for name in given if name != "origin"]):
        raise ConfigError(f"--{extra[0]}: is of a drawing; say onto what with --picture")


def _config_draw(args: argparse.Namespace) -> int:
    from agent.edge.offline import camera_named  # noqa: PLC0415
    from agent.edge.origin import in_force  # noqa: PLC0415
    from agent.edge.sketch import sketch_file  # noqa: PLC0415

    camera = camera_named(in_force(args.file)[0], args.camera)
    out = args.out or args.picture.parent / f"{args.picture.stem}-drawn.jpg"
    sketch_file(camera, args.picture, out)
    print(out)
    return 0


def _config_schema(args: argparse.Namespace) -> int:
    from agent.config.central import CentralConfig  # noqa: PLC0415
    from agent.config.gateway import GatewayConfig  # noqa: PLC0415

    print(json.dumps((CentralConfig if args.central else GatewayConfig).model_json_schema(), indent=2))
    return 0
