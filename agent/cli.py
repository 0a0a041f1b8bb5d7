"""The command `lamppost`: its verbs, their arguments, their exit codes.

0 done · 1 it went wrong · 2 wrong arguments or configuration · 3 an unreadable source
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

from agent import __version__
from agent.cli_export import add_export_verb
from agent.cli_hold import add_hold_verbs
from agent.cli_list import add_list_verb
from agent.core.clock import SystemClock, parse_rfc3339
from agent.core.errors import ConfigError, LamppostError
from agent.core.stop import StopToken

log = logging.getLogger("lamppost")

Verb = Callable[[argparse.Namespace], int]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code; errors of ours become one line each on stderr."""
    args = build_parser().parse_args(argv)
    _log_to_stderr(args.log_level)
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
    _add_site_verbs(verbs)
    _add_camera_verbs(verbs)
    _add_config_verbs(verbs)
    _add_archive_verbs(verbs)
    _add_model_verbs(verbs)
    return parser


Verbs = argparse._SubParsersAction  # noqa: SLF001 - argparse has no public name for it


def _add_site_verbs(verbs: Verbs[argparse.ArgumentParser]) -> None:
    demo = verbs.add_parser("demo", help="a whole site on this machine")
    demo.add_argument("--port", type=_port, default=8080, help="of the viewer; 0 takes a free one")
    demo.add_argument("--headless", action="store_true", help="no viewer link, for scripts")
    demo.add_argument("--for", dest="seconds", type=_positive, metavar="SECONDS", help="stop after that long")
    demo.add_argument("--json", action="store_true", help="end with one JSON object on stdout")
    demo.add_argument("--folder", type=Path, help="keep the site's files here instead of in a temporary folder")
    demo.set_defaults(verb=_demo)

    run = verbs.add_parser("run", help="the gateway")
    run.add_argument("--config", type=Path, required=True)
    run.set_defaults(verb=_run)

    central = verbs.add_parser("central", help="the centre")
    central.add_argument("--config", type=Path)
    central.add_argument("--ready-file", type=Path, help="write the addresses here, as JSON, once all is up")
    central.set_defaults(verb=_central)

    status = verbs.add_parser("status", help="what the gateway on this machine says of itself")
    status.add_argument("--address", default="127.0.0.1:9480", help="its status_listen")
    status.add_argument("--json", action="store_true")
    status.set_defaults(verb=_status)

    sim = verbs.add_parser("sim", help="virtual cameras alone")
    sim.add_argument("--cameras", type=int, default=3)
    sim.add_argument("--seed", type=int, default=1)
    sim.add_argument("--listen", default="127.0.0.1:8554", help="host:port of the RTSP server; port 0 takes a free one")
    sim.add_argument("--folder", type=Path, help="where the drawn scenes are kept")
    sim.add_argument("--username", help="ask for it, with Digest")
    sim.add_argument("--password-file", type=Path)
    sim.add_argument("--ready-file", type=Path, help="write the addresses here, as JSON, once all is served")
    sim.set_defaults(verb=_sim)


def _add_camera_verbs(verbs: Verbs[argparse.ArgumentParser]) -> None:
    discover = verbs.add_parser("discover", help="cameras on this network, one a line")
    discover.add_argument("--timeout", type=_positive, default=4.0, metavar="SECONDS")
    discover.add_argument("--interface", action="append", metavar="ADDRESS", help="only here; may be given again")
    discover.set_defaults(verb=_discover)

    probe = verbs.add_parser("probe", help="what a camera offers")
    probe.add_argument("url")
    probe.add_argument("--username")
    probe.add_argument("--password-file", type=Path)
    probe.add_argument("--onvif-port", type=_port, default=80)
    probe.set_defaults(verb=_probe)

    analyse = verbs.add_parser("analyse", help="the gateway's analysis over a recorded file")
    analyse.add_argument("video", type=Path)
    analyse.add_argument("--config", type=Path)
    analyse.add_argument("--camera", help="whose zones, rules and model to use")
    analyse.add_argument("--model")
    analyse.add_argument("--fps", type=_not_negative, default=5.0, help="analysed frames a second; 0 means every frame")
    analyse.add_argument("--start", type=_time, metavar="TIME", help="wall time of the first frame, RFC 3339")
    analyse.add_argument("--tracks", type=Path, metavar="FILE")
    analyse.add_argument("--mot", type=Path, metavar="FILE")
    analyse.set_defaults(verb=_analyse)


def _add_config_verbs(verbs: Verbs[argparse.ArgumentParser]) -> None:
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


def _add_archive_verbs(verbs: Verbs[argparse.ArgumentParser]) -> None:
    archive = verbs.add_parser("archive", help="look at recordings, check them, take them out")
    steps = archive.add_subparsers(required=True, metavar="STEP")

    listed = add_list_verb(steps, time=_time, say=_say)

    verify = steps.add_parser("verify", help="is everything there, and as it was recorded? only reads")
    levels = ["presence", "sizes", "structure", "chain", "hashes"]
    verify.add_argument("--level", choices=levels, default="chain", help="each looks at all before it, too")
    verify.add_argument("--camera", action="append", help="only this one; may be given again")
    verify.set_defaults(verb=_archive_verify)

    export = add_export_verb(steps, time=_time, say=_say, progress=_progress)

    rebuild = steps.add_parser("rebuild", help="make the catalogue again from the files; the gateway must not run")
    rebuild.set_defaults(verb=_archive_rebuild)

    hold = steps.add_parser("hold", help="footage that may not be deleted")
    add_hold_verbs(hold.add_subparsers(required=True, metavar="STEP"), time=_time, positive=_positive, say=_say)

    for step in (listed, export, verify, rebuild):
        step.add_argument("--config", type=Path, required=True, help="the gateway's file")


def _add_model_verbs(verbs: Verbs[argparse.ArgumentParser]) -> None:
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


def _demo(args: argparse.Namespace) -> int:
    from agent.sim.demo import DemoOptions, run_demo  # noqa: PLC0415 - verbs load only what they need

    options = DemoOptions(args.port, args.headless, args.seconds, args.json, args.folder)
    return run_demo(options, _stop_on_signals("demo"), _say)


def _run(args: argparse.Namespace) -> int:
    from agent.config.load import load_gateway  # noqa: PLC0415
    from agent.edge.gateway import run_gateway  # noqa: PLC0415

    return run_gateway(load_gateway(args.config), _stop_on_signals("gateway"))


def _central(args: argparse.Namespace) -> int:
    from agent.config.load import load_central  # noqa: PLC0415

    config = load_central(args.config)
    try:
        from agent.central.app import run_central  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ConfigError(f"the centre needs more packages ({error.name}): pip install 'lamppost[central]'") from error
    return run_central(config, _stop_on_signals("centre"), ready_file=args.ready_file, say=_say)


def _sim(args: argparse.Namespace) -> int:
    from agent.config.base import read_secret  # noqa: PLC0415
    from agent.sim.site import serve  # noqa: PLC0415

    host, _, port = args.listen.rpartition(":")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lamppost" / "scenes"
    return serve(
        args.folder or cache, args.cameras, args.seed, host, _port(port), _stop_on_signals("virtual cameras"),
        say=_say, progress=_progress("drawing the scene"), ready_file=args.ready_file,
        username=args.username, password=read_secret(args.password_file),
    )  # fmt: skip


def _status(args: argparse.Namespace) -> int:
    from agent.edge.status import fetch_status, format_status  # noqa: PLC0415

    health = fetch_status(args.address)
    print(health.model_dump_json(indent=2) if args.json else format_status(health))
    return 0


def _discover(args: argparse.Namespace) -> int:
    from agent.camera.discovery import discover, format_found  # noqa: PLC0415

    found = discover(args.timeout, SystemClock(), args.interface)
    for camera in found:
        print(format_found(camera))
    if not found:
        print(
            "no camera answered; give addresses to `lamppost probe` by hand where multicast does not pass",
            file=sys.stderr,
        )
    return 0


def _probe(args: argparse.Namespace) -> int:
    from agent.config.base import read_secret  # noqa: PLC0415
    from agent.edge.probe import format_report, probe_camera  # noqa: PLC0415

    report = probe_camera(
        args.url, args.username, read_secret(args.password_file), SystemClock(), onvif_port=args.onvif_port
    )
    print("\n".join(format_report(report)))
    return 0


def _analyse(args: argparse.Namespace) -> int:
    from agent.config.load import load_gateway  # noqa: PLC0415
    from agent.edge.offline import analyse_file  # noqa: PLC0415

    analyse_file(
        args.video, config=load_gateway(args.config) if args.config else None, camera=args.camera, model=args.model,
        fps=args.fps, tracks=args.tracks, mot=args.mot, start_wall_ns=args.start, events_out=sys.stdout,
        progress=_progress(args.video.name),
    )  # fmt: skip
    return 0


def _config_check(args: argparse.Namespace) -> int:
    from agent.config.load import load_central, load_gateway  # noqa: PLC0415

    (load_central if args.central else load_gateway)(args.file)
    print(f"{args.file}: good")
    return 0


def _config_show(args: argparse.Namespace) -> int:
    from agent.config.load import load_central, load_gateway, show  # noqa: PLC0415

    config = load_central(args.file) if args.central else load_gateway(args.file)
    print(json.dumps(show(config), indent=2))
    return 0


def _config_schema(args: argparse.Namespace) -> int:
    from agent.config.central import CentralConfig  # noqa: PLC0415
    from agent.config.gateway import GatewayConfig  # noqa: PLC0415

    print(json.dumps((CentralConfig if args.central else GatewayConfig).model_json_schema(), indent=2))
    return 0


def _archive_verify(args: argparse.Namespace) -> int:
    from agent.config.load import load_gateway  # noqa: PLC0415
    from agent.edge.archive import verify  # noqa: PLC0415
    from agent.record.verify import Level  # noqa: PLC0415

    return verify(load_gateway(args.config), args.camera or [], Level[args.level.upper()], _say)


def _archive_rebuild(args: argparse.Namespace) -> int:
    from agent.config.load import load_gateway  # noqa: PLC0415
    from agent.edge.archive import rebuild  # noqa: PLC0415

    return rebuild(load_gateway(args.config), _say)


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
    show = _progress(args.name)
    print(store.fetch(args.name, args.source, progress=lambda done, of: show(done / of)))
    return 0


def _models_verify(args: argparse.Namespace) -> int:
    from agent.analyse.models import ModelStore, model_folders  # noqa: PLC0415

    store = ModelStore(model_folders())
    names = args.name or [row.name for row in store.rows() if row.path is not None]
    for name in names:
        print(f"{store.verify(name)}: good")
    return 0


def _stop_on_signals(what: str) -> StopToken:
    """The first signal asks for an orderly stop and says so; the second ends the process at once."""
    stop = StopToken()

    def on_signal(number: int, _: FrameType | None) -> None:
        if stop.is_set():
            log.warning("second signal: ending at once")
            os._exit(128 + number)
        log.info("%s: stopping %s in order; a second signal ends it at once", signal.Signals(number).name, what)
        stop.set()

    signal.signal(signal.SIGINT, on_signal)
    signal.signal(signal.SIGTERM, on_signal)
    return stop


def _log_to_stderr(level: str) -> None:
    logging.basicConfig(
        level=level.upper(), stream=sys.stderr, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s", force=True
    )


def _say(text: str) -> None:
    print(text, flush=True)


def _progress(what: str) -> Callable[[float], None]:
    """A line on a terminal that counts to 100 %, nothing in a pipe."""
    if not sys.stderr.isatty():
        return lambda _: None

    def show(share: float) -> None:
        print(f"\r{what}: {share:4.0%}", end="\n" if share >= 1 else "", file=sys.stderr, flush=True)

    return show


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is no port; ports are 0 to 65535")
    return port


def _positive(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError(f"{text} is not more than 0")
    return value


def _not_negative(text: str) -> float:
    value = float(text)
    if not value >= 0:
        raise argparse.ArgumentTypeError(f"{text} is less than 0")
    return value


def _time(text: str) -> int:
    try:
        return parse_rfc3339(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write it as 2026-01-31T12:00:00Z") from error


if __name__ == "__main__":
    sys.exit(main())
