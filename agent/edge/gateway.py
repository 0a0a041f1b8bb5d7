"""`lamppost run`: builds the gateway from its configuration, starts its threads, ends them in order."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial

from agent import __version__
from agent.config.gateway import Camera, GatewayConfig, Mqtt, RecordMode
from agent.config.rules import KEEPS_NOTHING
from agent.core.clock import Clock, SystemClock, parse_rfc3339
from agent.core.notify import Watchdog, notify
from agent.core.ports import Worker
from agent.core.signing import Verifier
from agent.core.stop import StopToken
from agent.core.supervisor import Supervisor
from agent.edge.cameras import CameraUnit, Takers
from agent.edge.catalogue_watch import CatalogueWatch
from agent.edge.child import AnalysisChild
from agent.edge.chronicle import Chronicle, Condition, condition_of
from agent.edge.cutter import Cutter
from agent.edge.evidence import EvidenceDesk
from agent.edge.health import HealthBoard, HealthReporter
from agent.edge.history import History
from agent.edge.holding import HoldDesk
from agent.edge.keeper import Keeper
from agent.edge.keeping import Keeping
from agent.edge.loose_ends import LooseEnds
from agent.edge.memory import Memory
from agent.edge.motion import MotionLedger
from agent.edge.outfit import budget_of, calendar_of, cutter_of, machine_timezone, masks_of, policies_of, rolls_of
from agent.edge.overlay import Overlaid
from agent.edge.requests import Requests
from agent.edge.sight import AnalysisSight
from agent.edge.status import StatusPage
from agent.edge.teller import Teller
from agent.edge.uplink_state import uplink_state
from agent.publish.broker import command_verifier, link_settings
from agent.publish.budget import Budget
from agent.publish.commands import CommandDesk
from agent.publish.live import LiveRelay
from agent.publish.outbox import Outbox
from agent.publish.uplink import Uplink
from agent.publish.wishes import Wishes
from agent.record.audit import SelfAudit
from agent.record.cipher import Keys
from agent.record.clock_watch import ClockWatch
from agent.record.journal import Journal
from agent.record.plan import Plan
from agent.record.ring import Ring
from agent.record.segment import Segment
from agent.record.store import SegmentStore
from agent.wire.messages import Event, FrameBoxes, Message, UplinkState, encode
from agent.wire.topics import GatewayTopics

log = logging.getLogger(__name__)

END_WITHIN_S = 15.0


def run_gateway(config: GatewayConfig, stop: StopToken, clock: Clock | None = None) -> int:
    """Run until `stop`; 0 after an orderly end, 1 when it should be started again.

    Raises:
        LamppostError: it cannot start: the disk, a secret or a key is not as configured.
    """
    gateway = Gateway(config, stop, clock or SystemClock())
    gateway.start()
    notify("READY=1")
    stop.wait()
    notify("STOPPING=1")
    return gateway.end()


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What proves that we recorded, and explains where we did not."""

    journal: Journal
    clock_watch: ClockWatch
    audit: SelfAudit


@dataclass(frozen=True, slots=True)
class _Parts:
    store: SegmentStore
    evidence: _Evidence
    keeping: Keeping
    ring: Ring
    outbox: Outbox
    keeper: Keeper
    teller: Teller
    live: LiveRelay
    child: AnalysisChild | None
    uplink: Uplink | None
    units: tuple[CameraUnit, ...]
    desk: CommandDesk
    budget: Budget
    proof: EvidenceDesk
    sight: AnalysisSight
    cutter: Cutter


class Gateway:
    """All parts of one gateway and the wires between them."""

    def __init__(self, config: GatewayConfig, stop: StopToken, clock: Clock) -> None:
        self._verifier = _verifier(config.mqtt)
        place = config.gateway.site, config.gateway.id
        self._overlaid = Overlaid(config.camera, config.storage.path, self._verifier, place)
        self._config = config.model_copy(update={"camera": self._overlaid.cameras})
        self._stop, self._clock = stop, clock
        self._topics = GatewayTopics(config.gateway.site, config.gateway.id)
        self._supervisor = Supervisor(clock, stop)
        self._memory = Memory.of_this_machine()
        self._parts = self._build()
        self.board = HealthBoard(
            self._parts.units,
            self._parts.child,
            self._parts.store,
            self._parts.outbox,
            self._supervisor,
            clock,
            self._problems,
            lambda: self._parts.evidence.audit.report,
            self._uplink_state,
            self._overlaid.state,
            self._parts.desk.centre_clock.ahead_ms,
            config.gateway.timezone or machine_timezone(),
        )
        history = History(partial(self._parts.keeper.keep, "health", ""))
        self._reporter = HealthReporter(self.board, self._state, history, clock)

    def start(self) -> None:
        """Start every worker, those who take before those who give."""
        parts, config = self._parts, self._config
        workers: list[Worker] = [*parts.keeping.workers, parts.ring, parts.keeper, parts.teller, parts.live]
        workers += [self._reporter, parts.evidence.clock_watch, parts.evidence.audit, self._chronicle(), parts.proof]
        if parts.uplink is not None:
            workers += parts.uplink.workers
        if parts.child is not None:
            workers.append(parts.child)
        workers += [worker for unit in parts.units for worker in unit.workers]
        workers += [StatusPage(config.gateway.status_listen, self.board.now), Watchdog(self._clock, self.board.healthy)]
        workers.append(CatalogueWatch(parts.store.catalogue.damage))
        self._tie_loose_ends()
        for worker in workers:
            self._supervisor.start(worker)
        log.info("gateway %s at site %s: %d cameras", config.gateway.id, config.gateway.site, len(parts.units))

    def end(self) -> int:
        """Wait for all threads after the stop; 1 when some did not end, or the catalogue must be made again."""
        late = self._supervisor.join(END_WITHIN_S)
        if not late:
            self._parts.evidence.journal.end()
        self._parts.ring.flush()
        self._parts.teller.flush()
        self._parts.keeper.flush()
        self._parts.outbox.close()
        self._parts.store.close()
        if late:
            log.error("did not end within %.0f s: %s", END_WITHIN_S, ", ".join(late))
        return 1 if late or self._parts.store.catalogue.damage.is_noted else 0

    def _build(self) -> _Parts:
        config, clock = self._config, self._clock
        storage = config.storage.path
        archive = config.storage.archive.path if config.storage.archive else None
        keys = Keys.read(config.storage.encryption_key_file)
        store = SegmentStore(
            storage / "recordings", clock, key_path=storage / "gateway-key.pem", archive=archive, keys=keys
        )
        adopted = store.prepare()
        outbox = Outbox(config.storage.path / "outbox.sqlite", clock)
        live = LiveRelay(self._say, self._topics, clock, self._memory.pictures)
        keeper = Keeper(outbox)
        motion = MotionLedger(camera.id for camera in config.camera)
        teller = Teller(store, keeper, clock, motion)
        evidence = _evidence(store, teller, clock)
        teller.tell_again(adopted)
        child = self._child(keeper, motion)
        budget = budget_of(config, outbox, clock)
        cutter = cutter_of(config, store, outbox, self._stop)
        proof = EvidenceDesk(
            policies_of(config), Wishes(outbox.database, clock), cutter, outbox, clock,
            may_send=lambda: not budget.refusal("clip"),
            doomed_before_ns=lambda camera: keeping.retention.doomed_before_ns(camera),  # noqa: PLW0108 - made below
        )  # fmt: skip
        requests = Requests(
            {camera.id: camera.sub_url is not None for camera in config.camera},
            cutter,
            live,
            child,
            clock,
            self._stop,
            lambda overlay: self._overlaid.take(overlay, self._configure),
        )
        holds = HoldDesk(store, [camera.id for camera in config.camera], clock)
        handlers = requests.handlers() | holds.handlers()
        desk = CommandDesk(config.gateway.site, config.gateway.id, self._verifier, clock, handlers, outbox.replies)
        uplink = self._uplink(config.mqtt, outbox, desk, store.signer.public_hex, budget)
        sight = AnalysisSight(config.camera, child, clock)
        ring = Ring(store, clock, rolls_of(config.camera), sight, teller.tell)
        keeping = Keeping(config.storage, config.camera, store, clock, teller.tell, proof.waits)
        units = tuple(self._unit(camera, store, teller, ring, keeping, live, child) for camera in config.camera)
        return _Parts(
            store, evidence, keeping, ring, outbox, keeper, teller, live, child, uplink, units, desk, budget, proof,
            sight, cutter,
        )  # fmt: skip

    def _child(self, keeper: Keeper, motion: MotionLedger) -> AnalysisChild | None:
        config = self._config
        if not config.analysis.enabled:
            return None
        return AnalysisChild(
            config.camera,
            config.analysis,
            self._clock,
            on_event=self._on_event,
            on_track=lambda track: keeper.keep("track", track.camera, track),
            on_picture=keeper.keep_picture,
            on_frame=self._say_frame,
            on_motion=motion.hear,
            on_fall=self._tie_loose_ends,
            budget=self._memory.pictures,
            timezone=config.gateway.timezone,
            state=config.storage.path / "analysis",
        )

    def _chronicle(self) -> Chronicle:
        units, clock = self._parts.units, self._clock

        def look() -> list[Condition]:
            return [condition_of(unit, clock.wall_ns()) for unit in units]

        return Chronicle(self._parts.evidence.journal, look, clock)

    def _uplink(self, mqtt: Mqtt | None, outbox: Outbox, desk: CommandDesk, key: str, budget: Budget) -> Uplink | None:
        if mqtt is None:
            log.warning("no [mqtt] in the configuration: nobody is told; the outbox waits for a centre")
            return None
        gateway = self._config.gateway
        return Uplink(
            gateway.site,
            gateway.id,
            outbox,
            link_settings(mqtt),
            self._clock,
            commands=desk,
            version=__version__,
            key=key,
            budget=budget,
            compress=mqtt.compress,
        )

    def _unit(
        self,
        camera: Camera,
        store: SegmentStore,
        teller: Teller,
        ring: Ring,
        keeping: Keeping,
        live: LiveRelay,
        child: AnalysisChild | None,
    ) -> CameraUnit:
        def on_segment(segment: Segment) -> None:
            if segment.wanted:
                teller.tell(segment)
            else:
                ring.written(segment)

        plan = Plan(camera.record, camera.schedule, calendar_of(self._config.gateway.timezone, camera))
        analysis = child.sink(camera.id) if child else None
        takers = Takers(analysis, live.sink(camera.id, "main"), live.sink(camera.id, "sub"))
        sync_interval_s = self._config.storage.sync_interval_s
        return CameraUnit(
            camera, store, takers, self._clock, plan, sync_interval_s=sync_interval_s, on_segment=on_segment,
            allows=keeping.retention.allows, budget=self._memory.recording,
            set_here=self._overlaid.set_by_centre(camera.id),
        )  # fmt: skip

    def _configure(self, camera: Camera) -> None:
        """The centre has set this camera otherwise."""
        parts, calendar = self._parts, calendar_of(self._config.gateway.timezone, camera)
        for unit in parts.units:
            if unit.camera.id == camera.id:
                unit.configure(camera, self._overlaid.set_by_centre(camera.id), calendar)
        parts.cutter.mask(camera.id, masks_of(camera))
        parts.sight.configure(camera)
        if parts.child is not None:
            parts.child.configure(camera)

    def _on_event(self, event: Event) -> None:
        self._parts.keeper.keep("event", event.camera, event)
        self._hear(event)

    def _tie_loose_ends(self) -> None:
        self._parts.keeper.then(LooseEnds(self._parts.outbox, self._hear).tie)

    def _hear(self, event: Event) -> None:
        parts = self._parts
        if event.kind in KEEPS_NOTHING:
            return
        parts.proof.hear(event)
        end_ns = parse_rfc3339(event.end or event.time) if event.phase == "end" else None
        life = parts.child.restarts if parts.child is not None else 0
        parts.ring.hear(event.id, event.camera, parse_rfc3339(event.start), end_ns, life)

    def _say(self, topic: str, payload: bytes) -> bool:
        uplink = self._parts.uplink
        return uplink is not None and uplink.say(topic, payload)

    def _say_frame(self, boxes: FrameBoxes) -> None:
        self._say(self._topics.camera(boxes.camera, "frame"), encode(boxes))

    def _state(self, leaf: str, message: Message) -> None:
        if self._parts.uplink is not None:
            self._parts.uplink.state(f"{self._topics.root}/{leaf}", message)

    def _uplink_state(self) -> UplinkState | None:
        parts = self._parts
        return uplink_state(parts.budget, parts.outbox, parts.uplink, parts.live.told)

    def _problems(self) -> list[str]:
        parts = self._parts
        recording = {unit.recorder.stats().error for unit in parts.units if unit.recorder}
        found = [f"recording: {error}" for error in sorted(recording) if error]
        if parts.uplink is not None:
            link = parts.uplink.health()
            found += [f"uplink: {link.error}"] if link.error else []
            found += [f"media: {link.media_error}"] if link.media_error and not link.error else []
            found += [parts.desk.problem] if parts.desk.problem else []
        found += _models(parts.child) if parts.child is not None else []
        found += parts.keeping.problems()
        found += [f"ring: {error}"] if (error := parts.ring.error) else []
        found += self._kept_whole()
        evidence = parts.evidence
        found += [f"journal: {error}"] if (error := evidence.journal.error) else []
        return [*found, *filter(None, (evidence.audit.problem, parts.outbox.problem, parts.keeper.problem))]

    def _kept_whole(self) -> list[str]:
        """Cameras that should keep events only and now keep everything."""
        parts, now_ns = self._parts, self._clock.wall_ns()
        return [
            f"{unit.camera.id}: {why}: everything is kept"
            for unit in parts.units
            if (why := parts.ring.why_kept.get(unit.camera.id)) and unit.plan.mode(now_ns) is RecordMode.EVENTS
        ]


def _models(child: AnalysisChild) -> list[str]:
    """What is wrong with the models, without what the status of the analysis says anyway."""
    return [note for note in child.notes if not note.startswith(child.status)]


def _evidence(store: SegmentStore, teller: Teller, clock: Clock) -> _Evidence:
    """A step of the clock while nobody looked is noted first, and footage corrected before anybody is told of it."""
    journal = Journal(store)
    last = journal.last()
    watch = ClockWatch(
        journal,
        store.catalogue,
        clock,
        last=last,
        on_corrected=teller.correct,
    )
    watch.look()
    journal.begin(__version__, last)
    return _Evidence(journal, watch, SelfAudit(store, journal, clock))


def _verifier(mqtt: Mqtt | None) -> Verifier | None:
    verifier = command_verifier(mqtt.command_key_file) if mqtt is not None else None
    if mqtt is not None and verifier is None:
        log.warning("no [mqtt] command_key_file: commands from the centre (live, clips) will be refused")
    return verifier
