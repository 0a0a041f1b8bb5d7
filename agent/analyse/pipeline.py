"""One camera's way from picture to words: mask, motion, detect, track, rules. The gateway and `analyse` share it.

Everything here goes by the pictures and their times: the same pictures give the same words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path

from agent.analyse.appearance import Appearance
from agent.analyse.attention import Attention, Plan
from agent.analyse.attributes.attributes import Attributes
from agent.analyse.detect.moving import moving_objects
from agent.analyse.detect.port import Detector
from agent.analyse.detect.restless import Restless
from agent.analyse.frames import Frame, View
from agent.analyse.gaps import Unseen
from agent.analyse.ground.survey import Survey
from agent.analyse.mask import Painter
from agent.analyse.motion import Motion, MotionGate
from agent.analyse.observe import Observation, Scene, Seen, foot_of
from agent.analyse.overlap import all_but
from agent.analyse.pictures import Picture, picture_of, take_picture
from agent.analyse.rules.judge import Judge, Verdict, only_rules_differ
from agent.analyse.rules.port import Happening
from agent.analyse.still.tell import StillTeller
from agent.analyse.tell import attributes_of, event_of, summary_of
from agent.analyse.track.recall import Recall
from agent.analyse.track.shot import BestShots, Shot
from agent.analyse.track.story import Story
from agent.analyse.track.track import Track
from agent.analyse.track.tracker import Step, Tracker
from agent.config.gateway import Camera
from agent.config.rules import Base
from agent.core.clock import NS
from agent.core.errors import ModelError, SourceBroken
from agent.core.geometry import Box
from agent.core.plugins import Plugins
from agent.wire.messages import ClockState, Event, TrackSummary

MakeId = Callable[[int], str]

IDLE_S = 10.0
"""A camera that has seen nobody and nothing for so long may rest."""


@dataclass(slots=True)
class Outcome:
    """What one picture brought. Pictures are to be sent before the events and tracks that name them."""

    pictures: list[Picture] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    tracks: list[TrackSummary] = field(default_factory=list)
    observation: Observation | None = None
    looks: int = 0
    """How many pictures and parts of them the detector was shown."""
    moving: float | None = None
    """How much of the picture moves (0..1) of what is worth a look; None: it could not be compared with others."""


@dataclass(slots=True)
class _Open:
    """An event that has begun."""

    id: str
    happening: Happening
    box: Box | None


class Pipeline:
    """One per camera. `detector` None follows whatever moves. `make_id` names tracks, events and pictures.

    `fps` says how many pictures a second are wanted, so that rules can be told when they did not come (see `Unseen`).
    `zone` is the time zone of all hours (None: the machine's); what is learnt over days is kept in the folder `state`.

    A detector that is lost for good leaves motion alone, and `trouble` says so.
    """

    def __init__(
        self,
        camera: Camera,
        detector: Detector | None,
        make_id: MakeId,
        *,
        fps: float | None = None,
        with_pictures: bool = True,
        appearance: Appearance | None = None,
        attention: Callable[[], Attention] = Attention,
        zone: tzinfo | None = None,
        state: Path | None = None,
        attributes: Plugins | None = None,
    ) -> None:
        self._with_pictures, self._with_sprites = with_pictures, with_pictures and camera.sprites
        self._camera, self._detector, self._make_id = camera, detector, make_id
        self._painter = Painter([mask.polygon for mask in camera.mask])
        self._zone = zone
        self._rules, self._survey = Judge(camera, zone), Survey(camera.id, camera.ground, camera.place, state)
        self._gate, self._tracker, self._restless = MotionGate(), Tracker(make_id), Restless()
        self._recall = None if appearance is None else Recall(appearance, self._tracker)
        self._motion, self._gated = Motion((), self._gate.grey), True
        self._new_attention, self._attention = attention, attention()
        self._attributes_of = Attributes(camera.id, self._painter, attributes)
        self._best = BestShots()
        self._still: StillTeller | None = None
        if camera.still.enabled:
            self._still = StillTeller(camera, make_id, self._best_shot, with_pictures=with_pictures, zone=zone)
        self._stories: dict[str, Story] = {}
        self._open: dict[tuple[int, str], _Open] = {}
        self._last_ns = 0
        self._unseen, self._blind_s = Unseen(fps), 0.0
        self._glanced_ns = 0
        self._aspect = 16 / 9
        self._clock = ClockState()
        self.trouble = ""

    def process(self, frame: Frame) -> Outcome:
        """Look at one picture (which is painted over where masked) and say what follows from it.

        Raises:
            SourceBroken: the picture has no size; the next one is looked at as if it had not been there.
        """
        outcome, wall_ns, view = Outcome(), frame.wall_ns, View(frame, self._painter)
        width, height = view.size
        if not width * height:
            raise SourceBroken(f"picture {frame.number} is {width} x {height} px: nothing to see")
        self._blind_s = self._unseen.before_s(frame, rested=wall_ns == self._glanced_ns)
        self._last_ns, self._aspect = wall_ns, width / height
        offset_ms = None if frame.offset_ns is None else round(frame.offset_ns / 1e6, 1)
        self._clock = ClockState(offset_ms=offset_ms, synced=frame.synced)
        self._tracker.aspect = self._aspect
        step = self._follow(view, wall_ns, outcome)
        if self._recall is not None:
            step = self._recall.step(step, view.bgr, wall_ns)
        self._survey.look(self._aspect, wall_ns)
        self._remember(step, view if outcome.looks or self._detector is None else None, wall_ns)
        if outcome.looks:
            self._attributes_of.look(view.bgr, step, self._motion if self._gated else None, wall_ns)
        outcome.moving = self._motion.share if self._attention.stirred_ns == wall_ns else 0.0
        outcome.observation = self._observation(step, wall_ns, self._scene(view))
        self._tell(self._rules.step(outcome.observation), outcome, view)
        if self._still is not None:
            self._still.look(
                view.bgr, step.tracks, wall_ns, self._clock, outcome, self._survey.plane,
                detecting=self._detector is not None,
            )  # fmt: skip
        self._report(step, outcome)
        return outcome

    @property
    def last_ns(self) -> int:
        """The time of the last picture that was processed."""
        return self._last_ns

    @property
    def notes(self) -> str:
        """What was set aside because it failed, and what the ground still waits for; empty when all is well."""
        recall = "" if self._recall is None else self._recall.trouble
        return "; ".join(filter(None, (self._rules.trouble, recall, self._survey.trouble)))

    @property
    def calm(self) -> bool:
        """Does nothing move that is followed?"""
        return all(track.stands() for track in self._tracker.tracks)

    @property
    def idle(self) -> bool:
        """Is nobody there but what stands, has nothing moved for a while, and does no event go on?"""
        quiet_s = (self._last_ns - self._attention.stirred_ns) / NS
        steady = self._attention.steady(self._tracker.tracks, self._last_ns)
        settled = self._still is None or self._still.quiet
        return steady and settled and not self._open and quiet_s >= IDLE_S

    def glance(self, frame: Frame) -> bool:
        """While `idle`, before `process`: is there anything new in this picture? Nothing is learnt from it then.

        After True the pictures since the last glance, this one included, are to be processed after all.
        """
        new = self._is_new(frame)
        self._glanced_ns = 0 if new else frame.wall_ns
        return new

    def _is_new(self, frame: Frame) -> bool:
        view, tracks = View(frame, self._painter), self._tracker.tracks
        grey, unusual = self._gate.unusual(view.small)
        if self._detector is None:
            things = self._restless.without(moving_objects(Motion(unusual, grey)), frame.wall_ns)
            unusual = tuple(one.box for one in things)
        plan = self._attention.glance(unusual, grey, tracks, view.size, frame.wall_ns)
        if plan is None or self._detector is None or not plan.regions:
            return plan is None
        try:
            found, _ = self._attention.look(self._detector, view.bgr, plan)
        except ModelError as error:
            self._lose_detector(error)
            return True
        return self._attention.surprised(found, plan, frame.wall_ns)

    def belongs(self, event: str, by: str) -> Outcome:
        """Somebody says that what this event of a thing left or taken tells of belongs there."""
        outcome = Outcome()
        if self._still is not None:
            self._still.belongs(event, by, self._last_ns, self._clock, outcome)
        return outcome

    def rule_by(self, camera: Camera) -> Outcome | None:
        """Other zones, lines and rules from now on: what the old ones told of ends, tracks and what lies there go on.

        None, and nothing has changed, when more of the camera is another than these.
        """
        if not only_rules_differ(self._camera, camera):
            return None
        outcome = Outcome()
        now = self._observation(Step(self._tracker.tracks, ()), self._last_ns, Scene())
        self._tell(self._rules.finish(now), outcome, None)
        self._camera, self._rules = camera, Judge(camera, self._zone)
        for story in self._stories.values():
            story.enter(camera.zone)
        if self._still is not None:
            self._still.camera = camera
        return outcome

    def finish(self) -> Outcome:
        """The stream is over: end all events and tracks."""
        outcome = Outcome()
        step = self._tracker.finish()
        outcome.observation = self._observation(step, self._last_ns, Scene())
        self._tell(self._rules.finish(outcome.observation), outcome, None)
        self._survey.close(self._last_ns)
        if self._still is not None:
            self._still.finish(self._last_ns, self._clock, outcome)
        self._report(step, outcome)
        self._restless.learn(step.tracks, step.ended, self._last_ns)
        self._gate, self._attention = MotionGate(), self._new_attention()
        self._unseen.begin_again()
        return outcome

    def _follow(self, view: View, wall_ns: int, outcome: Outcome) -> Step:
        plan = None if self._detector is None else self._attention.foresee(wall_ns)
        self._gated = plan is None
        if self._gated:
            self._motion = self._gate.look(view.small, wall_ns)
        if self._detector is None:
            return self._follow_motion(wall_ns)
        plan = plan or self._attention.plan(self._motion, self._gate.grey, self._tracker.tracks, view.size, wall_ns)
        if not plan.regions:
            return self._tracker.hold(wall_ns)
        try:
            return self._look(self._detector, view, plan, outcome)
        except ModelError as error:
            self._lose_detector(error)
            return self._follow_motion(wall_ns)

    def _lose_detector(self, error: ModelError) -> None:
        self._detector, self.trouble = None, f"{error}; motion only: things that move are called object"

    def _follow_motion(self, wall_ns: int) -> Step:
        motion = self._motion
        moving = self._restless.without(moving_objects(motion), wall_ns)
        self._attention.stirred_ns = wall_ns if moving or motion.relearning else self._attention.stirred_ns
        step = self._tracker.update(moving, wall_ns, _nothing_stands)
        self._restless.learn(step.tracks, step.ended, wall_ns)
        return step

    def _look(self, detector: Detector, view: View, plan: Plan, outcome: Outcome) -> Step:
        motion = self._motion
        found, outcome.looks = self._attention.look(detector, view.bgr, plan)
        known = [*found, *self._attention.seeds(found, plan)]
        step = self._tracker.update(known, self._last_ns, lambda box: not motion.relearning and not motion.touches(box))
        if self._gated:
            self._attention.learn(found, plan, step.tracks, self._gate.grey, self._last_ns)
        return step

    def _remember(self, step: Step, view: View | None, wall_ns: int) -> None:
        """Have the stories go on; `view` is None where nobody looked: a picture like the last shows nothing better."""
        found = {track.id: track.box for track in step.tracks if track.seen_ns == wall_ns}
        mask = self._motion.mask if self._gated else None
        for track in step.tracks:
            story = self._stories.get(track.id)
            if story is None:
                story = self._stories[track.id] = Story(track, self._camera.zone, with_sprites=self._with_sprites)
            if track.id in found:
                story.go(self._aspect, self._survey.plane, self._blind_s)
                if self._survey.learns and track.confirmed and track.label == "person" and not track.stands():
                    self._survey.note(track.id, track.box, all_but(track.id, found))
                story.tell(None if view is None else view.bgr, all_but(track.id, found), mask)

    def _scene(self, view: View) -> Scene:
        grey = view.small if self._rules.looks_at_pictures else None
        compared = self._gated and not self._motion.relearning
        return Scene(grey, self._motion.boxes if compared else None)

    def _observation(self, step: Step, wall_ns: int, scene: Scene) -> Observation:
        living = tuple(self._seen(track, wall_ns) for track in step.tracks)
        ended = tuple(self._seen(track, wall_ns) for track in step.ended)
        woken = tuple((old.id, new.id) for old, new in step.woken)
        return Observation(wall_ns, living, ended, self._blind_s, scene, self._aspect, self._survey.plane, woken)

    def _seen(self, track: Track, wall_ns: int) -> Seen:
        story = self._stories[track.id]
        return Seen(
            track.id, track.label, track.kind, track.best_score, track.box, foot_of(track.box), track.confirmed,
            track.seen_ns == wall_ns, story.birth_foot, track.seen_ns, story.travel,
        )  # fmt: skip

    def _tell(self, verdicts: Sequence[Verdict], outcome: Outcome, view: View | None) -> None:
        for number, table, happening in verdicts:
            self._say(number, table, happening, outcome, view)
            if happening.facts.get("sign") == "moved" and happening.phase == "start":
                self._survey.begin_again()

    def _say(self, number: int, table: Base, happening: Happening, outcome: Outcome, view: View | None) -> None:
        key = number, happening.key
        if happening.phase == "start":
            self._open[key] = _Open(self._make_id(self._last_ns), happening, self._box_of(happening.seen))
        begun = self._open.pop(key) if happening.phase == "end" else self._open[key]
        media = []
        if happening.phase == "start" and happening.shown and view is not None and self._with_pictures:
            shot = self._shot(view, begun, urgent=table.severity == "alarm")
            outcome.pictures.append(shot)
            media = [shot.ref()]
        facts = self._looks_of(happening.seen) | attributes_of(happening, self._camera.zone, self._blind_s)
        outcome.events.append(
            event_of(
                happening, begun.box, begun.id, table, self._camera.id, self._last_ns, self._clock, media, facts,
                self._survey.plane,
            )
        )  # fmt: skip

    def _box_of(self, seen: Seen | None) -> Box | None:
        """Where it is in this picture: rules may have decided by the sight before it, of who is out again since."""
        story = None if seen is None else self._stories.get(seen.ids[-1])
        return seen and seen.box if story is None else story.track.expected(self._last_ns)

    def _shot(self, view: View, begun: _Open, *, urgent: bool) -> Picture:
        now = self._last_ns
        return take_picture(view.bgr, self._make_id(now), self._camera.id, now, event=begun.id, urgent=urgent)

    def _looks_of(self, seen: Seen | None) -> dict[str, object]:
        """What is known by now of the looks of who did it."""
        story = None if seen is None else self._stories.get(seen.ids[-1])
        return {} if story is None else self._attributes_of.told(story.track).said

    def _report(self, step: Step, outcome: Outcome) -> None:
        for track in step.tracks:
            story = self._stories[track.id]
            if story.due(self._last_ns):
                outcome.tracks.append(self._summary(story, outcome, final=False))
        for track in step.ended:
            story = self._stories.pop(track.id)
            self._survey.forget(track.id)
            self._best.keep(track.id, story.gallery)
            if story.worthy:
                outcome.tracks.append(self._summary(story, outcome, final=True))
            self._attributes_of.drop(track.id)

    def _summary(self, story: Story, outcome: Outcome, *, final: bool) -> TrackSummary:
        media = self._show(story) if final and self._with_pictures else []
        outcome.pictures += media
        refs = [picture.ref() for picture in media]
        looks = self._attributes_of.told(story.track)
        plane, seen = self._survey.plane, None if self._recall is None else self._recall.told(story.track)
        return summary_of(story, looks, self._camera.id, self._aspect, plane, self._clock, refs, seen, final=final)

    def _show(self, story: Story) -> list[Picture]:
        """The best shots of a track and its sprites."""
        track = story.track
        pictures = [
            picture_of(shot.jpeg, self._whose(track), (shot.width, shot.height), (shot.wall_ns, shot.wall_ns))
            for shot in story.gallery.shots
        ]
        strip = story.sprites.strip(track.first_ns)
        if strip is not None:
            span, size = (track.first_ns, track.seen_ns), (strip.width, strip.height)
            pictures.append(picture_of(strip.webp, self._whose(track), size, span, "sprite", "image/webp"))
        return pictures

    def _best_shot(self, track: str) -> Shot | None:
        story = self._stories.get(track)
        return self._best.of(track) if story is None else next(iter(story.gallery.shots), None)

    def _whose(self, track: Track) -> dict[str, str | None]:
        return {"id": self._make_id(self._last_ns), "camera": self._camera.id, "track": track.id}


def _nothing_stands(_: object) -> bool:
    return False
