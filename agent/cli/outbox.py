"""The verb `lamppost outbox`: what waits for the centre, carried there on a stick."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from agent.cli.arguments import Steps
from agent.cli.terminal import say, stop_on_signals
from agent.core.errors import ConfigError, LamppostError


def add_outbox_verbs(verbs: Steps[argparse.ArgumentParser]) -> None:
    """`outbox export`, `outbox import`, `outbox receipt`."""
    outbox = verbs.add_parser("outbox", help="carry what waits for the centre there on a stick")
    steps = outbox.add_subparsers(required=True, metavar="STEP")

    export = steps.add_parser("export", help="at the gateway: a signed copy of the outbox; nothing leaves it yet")
    export.add_argument("folder", type=Path, metavar="DIR", help="on the stick; made anew")
    export.add_argument("--config", type=Path, required=True, help="the gateway's file")
    export.set_defaults(verb=_export)

    take = steps.add_parser("import", help="at the centre, while it runs: deliver the copy, and write the receipt")
    take.add_argument("folder", type=Path, metavar="DIR", help="what was exported")
    take.add_argument("--config", type=Path, required=True, help="the centre's file")
    take.add_argument("--trust", metavar="KEY", help="the gateway's key as the export said it, where it is new here")
    take.add_argument("--password-file", type=Path, help="the gateway's at a broker of your own")
    take.set_defaults(verb=_import)

    receipt = steps.add_parser("receipt", help="at the gateway: what the centre has leaves the outbox")
    receipt.add_argument("folder", type=Path, metavar="DIR", help="back from the centre")
    receipt.add_argument("--config", type=Path, required=True, help="the gateway's file")
    receipt.add_argument("--command-key", type=Path, help="the centre's public key, where the file names none")
    receipt.set_defaults(verb=_receipt)


def _export(args: argparse.Namespace) -> int:
    from agent.config.load import load_gateway  # noqa: PLC0415 - verbs load only what they need
    from agent.core.clock import SystemClock  # noqa: PLC0415
    from agent.core.signing import Signer  # noqa: PLC0415
    from agent.publish.stick import count, export  # noqa: PLC0415

    config = load_gateway(args.config)
    storage = config.storage.path
    signer = Signer.load(storage / "gateway-key.pem")
    _, found = export(storage, args.folder, config.gateway.site, config.gateway.id, signer, SystemClock())
    say(f"{count(found)} copied to {args.folder}, signed with key {signer.key_id}")
    say("they stay in the outbox until the centre's receipt is back: lamppost outbox receipt")
    return 0


def _import(args: argparse.Namespace) -> int:
    from agent.central.sticks import check_key, gateway_link, receipt_signer  # noqa: PLC0415
    from agent.config.load import load_central  # noqa: PLC0415
    from agent.core.clock import SystemClock  # noqa: PLC0415
    from agent.publish import stick  # noqa: PLC0415
    from agent.publish.delivery import Delivery  # noqa: PLC0415

    config, clock = load_central(args.config), SystemClock()
    statement = stick.read_statement(args.folder)
    check_key(config, statement.site, statement.gateway, statement.key, args.trust)
    link = gateway_link(config, statement.site, statement.gateway, args.password_file)
    signer, trouble = receipt_signer(config), None
    with (
        tempfile.TemporaryDirectory(prefix="lamppost-stick-") as work,
        stick.opened(args.folder, Path(work) / "outbox", clock) as outbox,
    ):
        try:
            Delivery(statement.site, statement.gateway, outbox, link, clock).run(stop_on_signals("import"))
        except LamppostError as error:
            trouble = error  # what was taken by then is worth a receipt all the same
        left = stick.content(outbox.path)
    receipt = stick.write_receipt(args.folder, statement, left, signer, clock)
    stored = stick.count(stick.Content(receipt.seqs, set(receipt.media)))
    say(f"{stored} stored; the receipt is {args.folder / stick.RECEIPT}")
    if trouble is not None:
        raise trouble
    return 0


def _receipt(args: argparse.Namespace) -> int:
    from agent.config.load import load_gateway  # noqa: PLC0415
    from agent.core.clock import SystemClock  # noqa: PLC0415
    from agent.publish.broker import command_verifier  # noqa: PLC0415
    from agent.publish.outbox import Outbox  # noqa: PLC0415
    from agent.publish.stick import must_be_there, take_receipt  # noqa: PLC0415

    config = load_gateway(args.config)
    verifier = command_verifier(args.command_key or (config.mqtt.command_key_file if config.mqtt else None))
    if verifier is None:
        raise ConfigError("no receipt can be trusted without the centre's key: name it with --command-key")
    outbox = Outbox(must_be_there(config.storage.path), SystemClock())
    try:
        messages, media = take_receipt(args.folder, outbox, config.gateway.site, config.gateway.id, verifier)
    finally:
        outbox.close()
    say(f"{messages} messages and {media} media are at the centre and left the outbox")
    return 0
