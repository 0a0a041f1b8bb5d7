"""The centre put together: one command, one machine. Everything long-lived is a worker under one supervisor."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypedDict

from agent import __version__
from agent.central.api.build import create_app
from agent.central.api.context import Centre
from agent.central.broker import CENTRE_USER, LOOPBACK, BrokerProcess
from agent.central.broker_choice import choose_broker
from agent.central.clips import Clips
from agent.central.commands import Commander
from agent.central.counts import Counts
from agent.central.directory import Directory
from agent.central.first_sign_in import FirstSignIn
from agent.central.folder import DataFolder, secret, write_private
from agent.central.hooks import HookRunner
from agent.central.ingest import Reception, Writer
from agent.central.live import LiveHub
from agent.central.media_intake import MediaIntake
from agent.central.media_store import MediaFolder
from agent.central.news import Item, News
from agent.central.outgoing import Gate
from agent.central.settings import Settings
from agent.central.store.audit import Audit
from agent.central.store.database import Database
from agent.central.store.finds import Finds
from agent.central.store.health import HealthHistory
from agent.central.store.hooks import Hooks
from agent.central.store.layouts import Layouts
from agent.central.store.lockout import Lockout
from agent.central.store.overlays import Overlays
from agent.central.store.people import People
from agent.central.store.retention import Retention
from agent.central.store.reviews import Reviews
from agent.central.store.searches import Searches
from agent.central.store.sessions import Sessions
from agent.central.store.tokens import Tokens
from agent.central.store.views import Views
from agent.central.watching import Watcher
from agent.central.web_server import WebServer
from agent.config.base import read_secret
from agent.config.central import Central, CentralConfig
from agent.core.clock import Clock, SystemClock, rfc3339
from agent.core.errors import ConfigError, StorageError
from agent.core.notify import Watchdog, notify
from agent.core.signing import Signer
from agent.core.stop import StopToken
from agent.core.supervisor import Supervisor
from agent.wire.mqtt import LinkSettings, MqttLink, client_id
from agent.wire.topics import ROOT, Address

log = logging.getLogger(__name__)

STATIC = Path(__file__).parent / "static"
_SUBSCRIPTIONS = tuple(
    (f"{ROOT}/+/+/{leaf}", 1) for leaf in ("status", "health/#", "camera/#", "media/#", "live/#", "reply/#")
)
_DISK_FLOOR_BYTES = 512 << 20
_READY_S = 30.0
_BROKER_S = 5.0
_END_S = 15.0
_STUCK_S = 120.0


def run_central(
    config: CentralConfig,
    stop: StopToken,
    *,
    ready_file: Path | None = None,
    say: Callable[[str], None] = print,
) -> int:
    """Run the centre until `stop`.

    `ready_file` (0600) gets `{url, mqtt_url, pid, sign_in_url}` when all is up.

    Raises:
        LamppostError: it cannot start as configured.
    """
    _quieten_libraries()
    running = Running.prepare(config, stop)
    try:
        running.start()
        if running.wait_until_up(stop):
            running.announce(ready_file, say)
            notify("READY=1")
            stop.wait()
    finally:
        notify("STOPPING=1")
        stop.set()
        running.end()
        if ready_file is not None:
            ready_file.unlink(missing_ok=True)
    return 0


@dataclass(frozen=True)
class Running:
    """Everything that runs, for the length of one run."""

    folder: DataFolder
    database: Database
    supervisor: Supervisor
    broker: BrokerProcess | None
    mqtt_url: str
    link: MqttLink
    web: WebServer
    first: FirstSignIn
    workers: tuple[Any, ...]

    @classmethod
    def prepare(cls, config: CentralConfig, stop: StopToken) -> Running:
        """Build it all; nothing runs yet."""
        folder = DataFolder(config.central.data)
        folder.prepare()
        signer = Signer.load_or_make(folder.command_key)
        _equip_gateways(config, folder, signer)
        chosen = choose_broker(config, folder)
        password = read_secret(config.central.database_password_file)
        database = Database.open(config.central.database, folder.root, password)
        try:
            _set_service_token(Tokens(database, SystemClock()), config.central.service_token_file)
            return _build(cls, config, stop, folder, signer, chosen, database)
        except BaseException:
            database.close()
            raise

    def start(self) -> None:
        """Take the web's port, then start every worker."""
        self.web.bind()
        if self.broker is not None:
            self.supervisor.start(self.broker)
            self.broker.wait_until_up(_BROKER_S)
        for worker in (self.link, self.web, *self.workers):
            self.supervisor.start(worker)

    def wait_until_up(self, stop: StopToken) -> bool:
        """Wait for the web side and, for a broker of ours, the connection to it; False when `stop` came first."""
        for _ in range(int(_READY_S / 0.05)):
            if self.web.up and (self.link.connected or self.broker is None):
                return True
            if stop.wait(0.05):
                return False
        log.warning("not everything is up after %.0f s (%s); it goes on trying", _READY_S, self._problem())
        return True

    def announce(self, ready_file: Path | None, say: Callable[[str], None]) -> None:
        """Say where it is; the one-time link only to a terminal, else where it lies."""
        sign_in_url = self.first.prepare(self.web.url)
        document = {"url": self.web.url, "mqtt_url": self.mqtt_url, "pid": os.getpid(), "sign_in_url": sign_in_url}
        if ready_file is not None:
            write_private(ready_file, json.dumps(document) + "\n")
        say(f"centre: {self.web.url}")
        if sign_in_url is not None and sys.stdout.isatty():
            say(f"first sign-in, works once: {sign_in_url}")
        elif sign_in_url is not None:
            say(f"first sign-in: open the link in {self.folder.first_sign_in}")

    def end(self) -> None:
        """Wait for the workers and close what they shared."""
        late = self.supervisor.join(_END_S)
        if late:
            log.warning("still busy at the end: %s", ", ".join(late))
        self.web.close()
        self.database.close()

    def _problem(self) -> str:
        return (self.broker.error if self.broker is not None else "") or self.link.error or "no reason known"


def _build(
    cls: type[Running], config: CentralConfig, stop: StopToken, folder: DataFolder, signer: Signer,
    chosen: tuple[BrokerProcess | None, str, str], database: Database,
) -> Running:  # fmt: skip
    broker, mqtt_url, link_url = chosen
    central, clock, counts, news = config.central, SystemClock(), Counts(), News()
    known = {(gateway.site, gateway.id) for gateway in config.gateway} or None
    views, desk = Views(database, clock), _desk(config, database, clock)

    def publish(topic: str, payload: bytes) -> bool:
        return link.publish(topic, payload)

    media_folder = MediaFolder(folder.media, _DISK_FLOOR_BYTES)
    media_folder.prepare()
    media = MediaIntake(media_folder, database, clock, counts, news, publish)
    finds = Finds(database, clock, media.progress)
    commander = Commander(signer, clock, publish, lambda: link.connected, views.is_online)
    live = LiveHub(commander, clock)

    def to_live(address: Address, payload: bytes) -> None:
        (commander.on_reply if address.path[0] == "reply" else live.on_message)(address, payload)

    def changed(reason: str = "") -> None:
        if reason and not stop.is_set():
            log.warning("the broker is gone: %s", reason)
        news.tell(Item("centre", ()))

    reception = Reception(clock, counts, known, to_live=to_live, to_media=media.on_message)
    writer = Writer(
        reception.queue, database, clock, counts, news, publish, Watcher(desk["searches"], clock), desk["hooks"]
    )
    link = MqttLink(
        _link_settings(central, folder, link_url, embedded=broker is not None), on_message=reception.on_message,
        on_up=changed, on_down=changed, clock=clock, name="link",
    )  # fmt: skip
    clips = Clips(database, finds, commander, clock, news, is_limited=views.is_limited, cancel=media.cancel)
    settings = Settings(Overlays(database), views, commander, signer, clock)
    first = FirstSignIn(folder.first_sign_in, desk["people"])
    health = Health(broker, link, database, views, writer, counts, first, directory=config.oidc is not None)
    centre = Centre(
        clock=clock, stop=stop, settings=settings, views=views, finds=finds, history=HealthHistory(database),
        first=first, clips=clips, commander=commander, live=live, news=news, media=media_folder, counts=counts,
        health=health.report, static=STATIC, local_only=_place(central)[0] in LOOPBACK and not central.behind_proxy,
        started_ns=clock.wall_ns(), ground=config.map, **desk,
    )  # fmt: skip
    retention = Retention(database, clock, central.keep_days, media_folder.remove, config.people.audit_days)
    hooks = HookRunner(desk["hooks"], Gate(config.webhooks.allow), clock)
    workers = (writer, media, commander, live, clips, settings, hooks, retention, _watchdog(writer, clock))
    return cls(folder, database, Supervisor(clock, stop), broker, mqtt_url, link, _web(central, centre), first, workers)


def _watchdog(writer: Writer, clock: Clock) -> Watchdog:
    """A database that fails says so and is tried again; a writer that hangs without a word needs a restart."""
    return Watchdog(clock, lambda: bool(writer.error) or writer.lag_s < _STUCK_S)


class Desk(TypedDict):
    """What of the API's services knows people."""

    people: People
    sessions: Sessions
    tokens: Tokens
    searches: Searches
    hooks: Hooks
    reviews: Reviews
    layouts: Layouts
    lockout: Lockout
    audit: Audit
    directory: Directory | None
    ask_reason: frozenset[str]


def _desk(config: CentralConfig, database: Database, clock: Clock) -> Desk:
    people, asked = People(database, clock), config.people
    return Desk(
        people=people,
        sessions=Sessions(database, clock, asked.session_idle_minutes * 60, asked.session_days * 86_400),
        tokens=Tokens(database, clock),
        searches=Searches(database, clock),
        hooks=Hooks(database, clock),
        reviews=Reviews(database, clock),
        layouts=Layouts(database, clock),
        lockout=Lockout(database, clock),
        audit=Audit(database, clock),
        directory=None if config.oidc is None else Directory(config.oidc, people, clock),
        ask_reason=frozenset(asked.ask_reason),
    )


def _web(central: Central, centre: Centre) -> WebServer:
    return WebServer(
        lambda: create_app(centre),
        *_place(central),
        cert=central.tls_cert,
        key=central.tls_key,
        behind_proxy=central.behind_proxy,
    )


def _place(central: Central) -> tuple[str, int]:
    host, _, port = central.listen.rpartition(":")
    return host.strip("[]"), int(port)


@dataclass(frozen=True)
class Health:
    """What `/api/v1/health` reports."""

    broker: BrokerProcess | None
    link: MqttLink
    database: Database
    views: Views
    writer: Writer
    counts: Counts
    first: FirstSignIn
    directory: bool

    def report(self) -> dict[str, Any]:
        """See the API's HealthOut."""
        database_ok = self._database_answers()
        up = self.link.connected
        return {
            "ok": database_ok and up and not self.writer.error,
            "version": __version__,
            "first_start": self.first.is_open,
            "directory": self.directory,
            "broker": {
                "kind": self.broker.kind if self.broker is not None else "external",
                "up": up,
                "error": "" if up else (self.broker.error if self.broker is not None else "") or self.link.error,
                **self._broker_past(),
            },
            "database": {"kind": self.database.kind, "ok": database_ok},
            "ingest": {
                "queued": self.writer.queued,
                "lag_s": round(self.writer.lag_s, 3),
                "messages": self.counts.messages,
            },
        }

    def _broker_past(self) -> dict[str, Any]:
        broker = self.broker
        if broker is None or broker.started_ns is None:
            return {"restarts": 0, "since": None, "last_end": ""}
        return {"restarts": broker.restarts, "since": rfc3339(broker.started_ns), "last_end": broker.last_end}

    def _database_answers(self) -> bool:
        try:
            self.views.check()
        except StorageError:
            return False
        return True


def _quieten_libraries() -> None:
    """What they call news is none for an operator; their warnings stay."""
    logging.getLogger("uvicorn").setLevel(logging.WARNING)


def _equip_gateways(config: CentralConfig, folder: DataFolder, signer: Signer) -> None:
    """What each known gateway needs to join: its password, and the key that signs the centre's commands."""
    for gateway in config.gateway:
        place = folder.gateway(gateway.site, gateway.id)
        secret(place / "password")
        write_private(place / "command_key.pem", signer.public_pem())


def _set_service_token(tokens: Tokens, file: Path | None) -> None:
    if file is None:
        tokens.drop_service("service")
        return
    token = secret(file)
    if len(token) < 16:
        raise ConfigError(f"{file}: a token of less than 16 characters can be guessed; remove it to have one made")
    tokens.set_service("service", "operator", token)


def _link_settings(central: Central, folder: DataFolder, url: str, *, embedded: bool) -> LinkSettings:
    if embedded:
        username: str | None = CENTRE_USER
        password: str | None = secret(folder.broker / "centre.password")
    else:
        username = central.mqtt_username
        password = read_secret(central.mqtt_password_file)
    settings = LinkSettings(
        url=url,
        client_id="",
        username=username,
        password=password,
        ca_file=None if embedded else central.mqtt_ca_file,
        cert_file=None if embedded else central.mqtt_cert_file,
        key_file=None if embedded else central.mqtt_key_file,
        subscriptions=_SUBSCRIPTIONS,
        clean=True,  # gateways keep what is not acknowledged; a broker's queue would only bring it late and twice
        manual_ack=True,
    )
    return replace(settings, client_id=client_id("lamppost-centre", settings))
