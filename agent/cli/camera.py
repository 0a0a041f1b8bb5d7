"""The verbs about cameras and what they show: `discover`, `probe`, `analyse`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from agent.cli.arguments import Steps, not_negative, port, positive, time
from agent.cli.terminal import progress
from agent.core.clock import SystemClock


def add_camera_verbs(verbs: Steps[argparse.ArgumentParser]) -> None:
    """`discover`, `probe`, `analyse`."""
    discover = verbs.add_parser("discover", help="cameras on this network, one a line")
    discover.add_argument("--timeout", type=positive, default=4.0, metavar="SECONDS")
    discover.add_argument("--interface", action="append", metavar="ADDRESS", help="only here; may be given again")
    discover.set_defaults(verb=_discover)

    probe = verbs.add_parser("probe", help="what a camera offers")
    probe.add_argument("url")
    probe.add_argument("--username")
    probe.add_argument("--password-file", type=Path)
    probe.add_argument("--onvif-port", type=port, default=80)
    probe.set_defaults(verb=_probe)

    analyse = verbs.add_parser("analyse", help="the gateway's analysis over a recorded file")
    analyse.add_argument("video", type=Path)
    analyse.add_argument("--config", type=Path)
    analyse.add_argument("--camera", help="whose zones, rules and model to use")
    analyse.add_argument("--model")
    analyse.add_argument("--fps", type=not_negative, default=5.0, help="analysed frames a second; 0 means every frame")
    analyse.add_argument("--start", type=time, metavar="TIME", help="wall time of the first frame, RFC 3339")
    analyse.add_argument("--tracks", type=Path, metavar="FILE")
    analyse.add_argument("--mot", type=Path, metavar="FILE")
    analyse.set_defaults(verb=_analyse)


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
        progress=progress(args.video.name),
    )  # fmt: skip
    return 0
