"""The verbs that run something: `demo`, `run`, `status`, `sim`."""

from __future__ import annotations

import argparse
from pathlib import Path

from agent.cli.arguments import Steps, address, count, port, positive
from agent.cli.terminal import progress, say, stop_on_signals
from agent.core.errors import ConfigError


def add_site_verbs(verbs: Steps[argparse.ArgumentParser]) -> None:
    """`demo`, `run`, `status`, `sim`."""
    demo = verbs.add_parser("demo", help="a whole site on this machine")
    demo.add_argument("--port", type=port, default=8080, help="of the viewer; 0 takes a free one")
    demo.add_argument("--headless", action="store_true", help="no viewer link, for scripts")
    demo.add_argument("--for", dest="seconds", type=positive, metavar="SECONDS", help="stop after that long")
    demo.add_argument("--json", action="store_true", help="end with one JSON object on stdout")
    demo.add_argument("--folder", type=Path, help="keep the site's files here instead of in a temporary folder")
    demo.set_defaults(verb=_demo)

    run = verbs.add_parser("run", help="the gateway")
    run.add_argument("--config", type=Path, required=True)
    run.set_defaults(verb=_run)

    status = verbs.add_parser("status", help="what the gateway on this machine says of itself")
    status.add_argument("--address", default="127.0.0.1:9480", help="its status_listen")
    status.add_argument("--json", action="store_true")
    status.set_defaults(verb=_status)

    sim = verbs.add_parser("sim", help="virtual cameras alone")
    sim.add_argument("--cameras", type=count, default=3)
    sim.add_argument("--seed", type=int, default=1)
    help_ = "host:port of the RTSP server; port 0 takes a free one"
    sim.add_argument("--listen", type=address, default="127.0.0.1:8554", help=help_)
    sim.add_argument("--folder", type=Path, help="where the drawn scenes are kept")
    sim.add_argument("--username", help="ask for it, with Digest")
    sim.add_argument("--password-file", type=Path)
    sim.add_argument("--ready-file", type=Path, help="write the addresses here, as JSON, once all is served")
    sim.set_defaults(verb=_sim)


def _demo(args: argparse.Namespace) -> int:
    from agent.sim.demo import DemoOptions, run_demo  # noqa: PLC0415 - verbs load only what they need

    options = DemoOptions(args.port, args.headless, args.seconds, args.json, args.folder)
    return run_demo(options, stop_on_signals("demo"), say)


def _run(args: argparse.Namespace) -> int:
    from agent.config.load import load_gateway  # noqa: PLC0415
    from agent.edge.gateway import run_gateway  # noqa: PLC0415

    return run_gateway(load_gateway(args.config), stop_on_signals("gateway"))


def _sim(args: argparse.Namespace) -> int:
    from agent.config.base import read_secret  # noqa: PLC0415
    from agent.sim.folder import user_scenes  # noqa: PLC0415
    from agent.sim.site import serve  # noqa: PLC0415

    if (args.username is None) != (args.password_file is None):
        raise ConfigError("--username and --password-file go together: the cameras ask for both, or for none")
    host, number = args.listen
    folder = args.folder or user_scenes()
    if folder is None:
        raise ConfigError("there is no cache folder that can be written to keep the scenes in; name one with --folder")
    return serve(
        folder, args.cameras, args.seed, host, number, stop_on_signals("virtual cameras"),
        say=say, progress=progress("drawing the scene"), ready_file=args.ready_file,
        username=args.username, password=read_secret(args.password_file),
    )  # fmt: skip


def _status(args: argparse.Namespace) -> int:
    from agent.edge.status import fetch_status, format_status  # noqa: PLC0415

    health = fetch_status(args.address)
    print(health.model_dump_json(indent=2) if args.json else format_status(health))
    return 0
