"""The centre put together: one command, one machine; or its two sides in processes of their own, as many as it takes.

Everything long-lived is a worker under one supervisor.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.central.base import Base, equip_gateways
from agent.central.between import CENTRE, MediaRoute, SharedNews
from agent.central.broker import BrokerProcess
from agent.central.broker_choice import choose_broker, shared_broker
from agent.central.broker_turn import BrokerTurn
from agent.central.configured import configured_database
from agent.central.counts import Counts
from agent.central.duty import Duty
from agent.central.first_sign_in import FirstSignIn
from agent.central.folder import DataFolder, secret, write_private
from agent.central.health import Health, PeerCounts
from agent.central.hearing import IngestEar, WebEar
from agent.central.ingest import Writer
from agent.central.ingest_side import make_ingest
from agent.central.media_intake import Progress
from agent.central.media_side import MediaSide
from agent.central.move import check_whole
from agent.central.news import Item, News
from agent.central.presence import SAME_FILES, Presence, myself
from agent.central.roles import answers, dealt_out, everything, link_settings, retained
from agent.central.sealing import Sealer, seal_anew
from agent.central.store.hooks import Hooks
from agent.central.store.people import SERVICE
from agent.central.store.processes import Alone, Processes, Role
from agent.central.store.searches import Searches
from agent.central.store.tokens import Tokens
from agent.central.store.views import Views
from agent.central.web_server import WebServer
from agent.central.web_side import Reports, WebSide, make_desk, make_web
from agent.config.central import CentralConfig
from agent.core.clock import Clock, SystemClock
from agent.core.errors import ConfigError
from agent.core.notify import Watchdog, notify, status
from agent.core.ports import Worker
from agent.core.signing import Signer
from agent.core.stop import StopToken
from agent.core.supervisor import Supervisor
from agent.wire.mqtt import MqttLink
from agent.wire.topics import Address

log = logging.getLogger(__name__)

_READY_S = 30.0
_BROKER_S = 5.0
_END_S = 15.0
_STUCK_S = 120.0


def run_central(
    config: CentralConfig,
    stop: StopToken,
    *,
    role: Role = "whole",
    ready_file: Path | None = None,
    say: Callable[[str], None] = print,
) -> int:
    """Run the centre, or one side of it, until `stop`.

    `ready_file` (0600) gets `{url, mqtt_url, pid, sign_in_url}` when all is up; of ingest `url` is null.

    Raises:
        LamppostError: it cannot start as configured.
    """
    _quieten_libraries()
    with ExitStack() as kept:
        running = kept.enter_context(_prepared(config, stop, role))
        try:
            running.start()
            if running.wait_until_up(stop):
                running.announce(ready_file, say)
                notify("READY=1", status(running.told))
                stop.wait()
        finally:
            notify("STOPPING=1")
            stop.set()
            running.end()
            if ready_file is not None:
                ready_file.unlink(missing_ok=True)
    return 0


@dataclass
class Running:
    """Everything that runs, for the length of one run."""

    base: Base
    supervisor: Supervisor
    mqtt_url: str
    link: MqttLink
    presence: Presence
    workers: list[Worker]
    broker: BrokerProcess | None = None
    web: WebServer | None = None
    first: FirstSignIn | None = None
    told: str = field(default="", init=False)

    def start(self) -> None:
        """Take the web's port, then start every worker."""
        if self.web is not None:
            self.web.bind()
        self.presence.enter()
        seal_anew(self.base.database, self.base.sealer)  # not before: one whose key is not the others' does not come in
        if self.broker is not None:
            self.supervisor.start(self.broker)
            self.broker.wait_until_up(_BROKER_S)
        served: list[Worker] = [] if self.web is None else [self.web]
        for worker in (self.link, *served, *self.workers, self.presence):
            self.supervisor.start(worker)

    def wait_until_up(self, stop: StopToken) -> bool:
        """Wait for the web side and, where nothing works without it, the broker; False when `stop` came first."""
        needs_link = self.broker is not None or self.base.me.role != "whole"
        for _ in range(int(_READY_S / 0.05)):
            if (self.web is None or self.web.up) and (self.link.connected or not needs_link):
                return True
            if stop.wait(0.05):
                return False
        reason = self.base.broker_state(self.link)["error"] or "no reason known"
        log.warning("not everything is up after %.0f s (%s); it goes on trying", _READY_S, reason)
        return True

    def announce(self, ready_file: Path | None, say: Callable[[str], None]) -> None:
        """Say where it is; the one-time link only to a terminal, else where it lies."""
        url = None if self.web is None else self.web.url
        sign_in_url = None if self.first is None or url is None else self.first.prepare(url)
        document = {"url": url, "mqtt_url": self.mqtt_url, "pid": os.getpid(), "sign_in_url": sign_in_url}
        if ready_file is not None:
            write_private(ready_file, json.dumps(document) + "\n")
        self.told = f"centre: {url}" if url is not None else f"ingest: from {self.mqtt_url}"
        say(self.told)
        if sign_in_url is not None and sys.stdout.isatty():
            say(f"first sign-in, works once: {sign_in_url}")
        elif sign_in_url is not None:
            say(f"first sign-in: open the link in {self.base.folder.first_sign_in}")

    def end(self) -> None:
        """Wait for the workers and give the port back."""
        late = self.supervisor.join(_END_S)
        if late:
            log.warning("still busy at the end: %s", ", ".join(late))
        if self.web is not None:
            self.web.close()


@contextmanager
def _prepared(config: CentralConfig, stop: StopToken, role: Role) -> Iterator[Running]:
    """Build it all; nothing runs yet."""
    _check(config, role)
    folder = DataFolder(config.central.data)
    folder.prepare()
    with ExitStack() as kept:
        if role == "whole":
            kept.enter_context(folder.claimed())
        with folder.preparing():
            signer, sealer = Signer.load_or_make(folder.command_key), Sealer.of(config.central)
            equip_gateways(config, folder, signer)
            broker, mqtt_url, link_url = (choose_broker if role == "whole" else shared_broker)(config, folder)
        database = configured_database(config.central)
        kept.callback(database.close)
        check_whole(database)
        me, clock = myself(role), SystemClock()
        media = MediaSide.build(config.media, folder.media, database, clock)
        base = Base(config, stop, clock, folder, signer, sealer, database, media, Counts(), me, broker, link_url)
        yield {"whole": _whole, "ingest": _ingest, "web": _web}[role](base, mqtt_url)


def _check(config: CentralConfig, role: Role) -> None:
    if role != "whole" and config.central.database == "sqlite":
        raise ConfigError(
            f"[central] database: `central {role}` shares its database with other processes, which takes PostgreSQL; "
            "with sqlite run `lamppost central` alone"
        )


def _whole(base: Base, mqtt_url: str) -> Running:
    clock, news, database = base.clock, News(), base.database
    desk = make_desk(base)
    _set_service_token(desk["tokens"], base.config.central.service_token_file)

    def publish(topic: str, payload: bytes) -> bool:
        return link.publish(topic, payload)

    def to_live(address: Address, payload: bytes) -> None:
        web.on_answer(address, payload)

    ingest = make_ingest(base, news, publish, to_live, desk["searches"], desk["hooks"])
    changed = _teller(base, news)
    settings = link_settings(base.config.central, base.folder, base.link_url, "lamppost-centre", everything())
    link = MqttLink(
        settings, on_message=ingest.reception.on_message, on_up=changed, on_down=changed, clock=clock, name="link"
    )
    processes = Processes(database) if database.kind == "postgresql" else Alone()
    presence = Presence(processes, base.me, lambda: ingest.report() | _told_by(base))
    first = FirstSignIn(base.folder, desk["people"])
    health = Health(base, link, Views(database, clock), presence, first, ingest.report)
    web = make_web(
        base, desk, news, publish, lambda: link.connected, progress=ingest.media.progress,
        cancel=ingest.media.cancel, first=first, reports=Reports(health.report, health.processes, base.counts),
    )  # fmt: skip
    workers: list[Worker] = [ingest.writer, ingest.media, *base.media.workers, *ingest.once]
    workers += [web.commander, web.live, web.settings, web.holding, _watchdog(ingest.writer, clock)]
    supervisor = Supervisor(clock, base.stop)
    return Running(base, supervisor, mqtt_url, link, presence, workers, base.broker, web.server, first)


def _ingest(base: Base, mqtt_url: str) -> Running:
    clock, database, central = base.clock, base.database, base.config.central

    def publish(topic: str, payload: bytes) -> bool:
        return link.publish(topic, payload)

    def report() -> dict[str, Any]:
        told = ingest.report()
        return told | _told_by(base) | {"error": told["error"] or _amiss(link)}

    def fits(topic: str, payload: bytes) -> bool:
        return link.fits(topic, payload)

    def progress(media: str) -> Progress | None:
        return ingest.media.progress(media)

    news = SharedNews(base.me.id, publish, progress)
    presence = Presence(Processes(database), base.me, report)
    ingest = make_ingest(
        base, news, publish, lambda _address, _payload: None, Searches(database, clock),
        Hooks(database, clock, base.sealer), owns=presence.owns,
        route=MediaRoute(base.me.id, presence.owner, publish, fits),
    )  # fmt: skip
    ear = IngestEar(ingest.reception, ingest.media, presence.owns)
    name = f"lamppost-ingest-{base.me.id}"
    link = MqttLink(
        link_settings(central, base.folder, base.link_url, name, dealt_out(base.me.id)),
        on_message=ear.on_message, on_up=lambda: _came_up(link), on_down=_gone(base, news), clock=clock, name="link",
    )  # fmt: skip
    states = MqttLink(
        link_settings(central, base.folder, base.link_url, f"{name}-states", retained()),
        on_message=ingest.reception.on_message, on_up=lambda: None, on_down=lambda _reason: None, clock=clock,
        name="states",
    )  # fmt: skip
    duty = Duty("housekeeping", [states, *ingest.once], base.leases, clock)
    workers: list[Worker] = [ingest.writer, ingest.media, *base.media.workers, news, duty]
    workers.append(_watchdog(ingest.writer, clock))
    if base.broker is not None:
        workers.append(BrokerTurn(base.broker, base.folder.broker / "turn"))
    return Running(base, Supervisor(clock, base.stop), mqtt_url, link, presence, workers)


def _web(base: Base, mqtt_url: str) -> Running:
    clock, database = base.clock, base.database

    def publish(topic: str, payload: bytes) -> bool:
        return link.publish(topic, payload)

    def cancel(site: str, gateway: str, media: str) -> None:
        link.publish(f"{CENTRE}/cancel/{site}/{gateway}/{media}", b"-")

    def on_answer(address: Address, payload: bytes) -> None:
        web.on_answer(address, payload)

    news = SharedNews(base.me.id, publish)
    desk = make_desk(base)
    _set_service_token(desk["tokens"], base.config.central.service_token_file)
    ear = WebEar(base, news, on_answer)
    link = MqttLink(
        link_settings(base.config.central, base.folder, base.link_url, f"lamppost-web-{base.me.id}", answers()),
        on_message=ear.on_message, on_up=news.came_up, on_down=_gone(base, news), clock=clock, name="link",
    )  # fmt: skip
    presence = Presence(
        Processes(database), base.me, lambda: _told_by(base) | {"error": _amiss(link)},
        on_change=lambda: news.tell(Item("centre", ())),
    )  # fmt: skip
    first = FirstSignIn(base.folder, desk["people"])
    health = Health(base, link, Views(database, clock), presence, first)
    web: WebSide = make_web(
        base, desk, news, publish, lambda: link.connected, progress=news.progress_of, cancel=cancel, first=first,
        reports=Reports(health.report, health.processes, PeerCounts(presence)),
    )  # fmt: skip
    duties = [Duty(one.name, [one], base.leases, clock) for one in (web.settings, web.holding)]
    workers: list[Worker] = [web.commander, web.live, news, *duties, Watchdog(clock, lambda: True)]
    supervisor = Supervisor(clock, base.stop)
    return Running(base, supervisor, mqtt_url, link, presence, workers, None, web.server, first)


def _told_by(base: Base) -> dict[str, Any]:
    return dict(zip(SAME_FILES, (base.signer.public_hex, base.sealer.name), strict=True))


def _amiss(link: MqttLink) -> str:
    if not link.connected:
        return link.error or "no connection to the broker yet"
    return "" if link.protocol == 5 else "the broker speaks MQTT 3.1.1 only, which has no shared subscriptions"


def _came_up(link: MqttLink) -> None:
    if amiss := _amiss(link):
        log.error("%s: run `lamppost central` alone, or use a broker that speaks MQTT 5", amiss)


def _gone(base: Base, news: SharedNews) -> Callable[[str], None]:
    changed = _teller(base, news)

    def gone(reason: str) -> None:
        news.went_down()
        changed(reason)

    return gone


def _teller(base: Base, news: News) -> Callable[..., None]:
    """The link's `on_up` and `on_down`."""

    def changed(reason: str = "") -> None:
        if reason and not base.stop.is_set():
            log.warning("the broker is gone: %s", reason)
        news.tell(Item("centre", ()))

    return changed


def _watchdog(writer: Writer, clock: Clock) -> Watchdog:
    """A database that fails says so and is tried again; a writer that hangs without a word needs a restart."""
    return Watchdog(clock, lambda: bool(writer.error) or writer.lag_s < _STUCK_S)


def _quieten_libraries() -> None:
    """What they call news is none for an operator; their warnings stay."""
    logging.getLogger("uvicorn").setLevel(logging.WARNING)


def _set_service_token(tokens: Tokens, file: Path | None) -> None:
    if file is None:
        tokens.drop_service(SERVICE)
        return
    token = secret(file)
    if len(token) < 16:
        raise ConfigError(f"{file}: a token of less than 16 characters can be guessed; remove it to have one made")
    tokens.set_service(SERVICE, "operator", token)
