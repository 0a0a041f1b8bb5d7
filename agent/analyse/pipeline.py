"""One camera's way from picture to words: mask, motion, detect, track, rules. The gateway and `analyse` share it.

Everything here goes by the pictures and their times: the same pictures give the same words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from agent.analyse.appearance import Appearance
from agent.analyse.detect.moving import moving_objects
from agent.analyse.detect.port import Detector, Image
from agent.analyse.detect.restless import Restless
from agent.analyse.frames import Frame
from agent.analyse.mask import Painter
from agent.analyse.motion import Motion, MotionGate
from agent.analyse.observe import Observation, Seen
from agent.analyse.pictures import Picture, picture_of, take_picture
from agent.analyse.rules.build import rules_of
from agent.analyse.rules.port import Happening, Rule
from agent.analyse.tell import event_of, summary_of
from agent.analyse.track.recall import Recall
from agent.analyse.track.story import Story
from agent.analyse.track.track import Track
from agent.analyse.track.tracker import Step, Tracker
from agent.config.gateway import Camera
from agent.core.clock import NS
from agent.core.errors import ModelError, SourceBroken
from agent.wire.messages import ClockState, Event, TrackSummary

MakeId = Callable[[int], str]

AGAIN_S = 1.0
"""While nothing moves, things that stand are looked at again this often,"""
IDLE_S = 2.0
"""and an empty picture this often: somebody may have been standing there from the start."""


@dataclass(slots=True)
class Outcome:
    """What one picture brought. Pictures are to be sent before the events and tracks that name them."""

    pictures: list[Picture] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    tracks: list[TrackSummary] = field(default_factory=list)
    observation: Observation | None = None
    detected: bool = False


@dataclass(slots=True)
class _Open:
    """An event that has begun."""

    id: str
    happening: Happening


class Pipeline:
    """One per camera. `detector` None follows whatever moves. `make_id` names tracks, events and pictures.

    A detector that is lost for good leaves motion alone, and `trouble` says so.
    """

    def __init__(
        self, camera: Camera, detector: Detector | None, make_id: MakeId, *, with_pictures: bool = True,
        appearance: Appearance | None = None,
    ) -> None:  # fmt: skip
        self._with_pictures, self._with_sprites = with_pictures, with_pictures and camera.sprites
        self._camera, self._detector, self._make_id = camera, detector, make_id
        self._painter = Painter([mask.polygon for mask in camera.mask])
        self._rules: list[Rule] = rules_of(camera)
        self._gate, self._tracker, self._restless = MotionGate(), Tracker(make_id), Restless()
        self._recall = None if appearance is None else Recall(appearance, self._tracker)
        self._stories: dict[str, Story] = {}
        self._open: dict[tuple[int, str], _Open] = {}
        self._detected_ns: int | None = None
        self._last_ns = 0
        self._aspect = 16 / 9
        self._motion: Motion | None = None
        self._clock = ClockState()
        self.trouble = ""

    def process(self, frame: Frame) -> Outcome:
        """Look at one picture (which is painted over where masked) and say what follows from it.

        Raises:
            SourceBroken: the picture has no size; the next one is looked at as if it had not been there.
        """
        outcome = Outcome()
        picture, wall_ns = frame.bgr, frame.wall_ns
        if not picture.size:
            raise SourceBroken(f"picture {frame.number} is {picture.shape[1]} x {picture.shape[0]} px: nothing to see")
        self._painter.paint(picture)
        self._last_ns, self._aspect = wall_ns, picture.shape[1] / picture.shape[0]
        offset_ms = None if frame.offset_ns is None else round(frame.offset_ns / 1e6, 1)
        self._clock = ClockState(offset_ms=offset_ms, synced=frame.synced)
        self._tracker.aspect = self._aspect
        step = self._follow(picture, wall_ns, outcome)
        if self._recall is not None:
            step = self._recall.step(step, picture, wall_ns)
        self._remember(step, picture, wall_ns)
        outcome.observation = self._observation(step, wall_ns)
        self._judge(outcome, picture)
        self._report(step, outcome)
        return outcome

    def finish(self) -> Outcome:
        """The stream is over: end all events and tracks."""
        outcome = Outcome()
        step = self._tracker.finish()
        outcome.observation = self._observation(step, self._last_ns)
        self._judge(outcome, None)
        self._report(step, outcome)
        self._gate, self._detected_ns = MotionGate(), None
        return outcome

    def _follow(self, picture: Image, wall_ns: int, outcome: Outcome) -> Step:
        motion = self._motion = self._gate.look(picture, wall_ns)
        if self._detector is None:
            return self._follow_motion(motion, wall_ns)
        if not self._wants_look(motion, wall_ns):
            return self._tracker.hold(wall_ns)
        outcome.detected, self._detected_ns = True, wall_ns
        try:
            found = self._detector.detect([picture])[0]
        except ModelError as error:
            self._detector, self.trouble = None, f"{error}; motion only: things that move are called object"
            return self._follow_motion(motion, wall_ns)
        return self._tracker.update(found, wall_ns, lambda box: not motion.relearning and not motion.touches(box))

    def _follow_motion(self, motion: Motion, wall_ns: int) -> Step:
        moving = self._restless.without(moving_objects(motion), wall_ns)
        step = self._tracker.update(moving, wall_ns, _nothing_stands)
        self._restless.learn(step.tracks, step.ended, wall_ns)
        return step

    def _wants_look(self, motion: Motion, wall_ns: int) -> bool:
        if not motion.quiet or self._detected_ns is None:
            return True
        # a track that was not found at the last look is looked for at once: it may be gone
        tracks = self._tracker.tracks
        if any(track.seen_ns < self._last_seen_ns() or not track.confirmed for track in tracks):
            return True
        return wall_ns - self._detected_ns >= (AGAIN_S if tracks else IDLE_S) * NS

    def _last_seen_ns(self) -> int:
        return max((track.seen_ns for track in self._tracker.tracks), default=0)

    def _remember(self, step: Step, picture: Image, wall_ns: int) -> None:
        boxes = {track.id: track.box for track in step.tracks if track.seen_ns == wall_ns}
        for track in step.tracks:
            story = self._stories.get(track.id)
            if story is None:
                story = self._stories[track.id] = Story(track, self._camera.zone, with_sprites=self._with_sprites)
            if track.id in boxes:
                others = [box for other, box in boxes.items() if other != track.id]
                story.tell(picture, others, self._motion.mask if self._motion is not None else None)

    def _observation(self, step: Step, wall_ns: int) -> Observation:
        living = tuple(self._seen(track, wall_ns) for track in step.tracks)
        return Observation(wall_ns, living, tuple(self._seen(track, wall_ns) for track in step.ended))

    def _seen(self, track: Track, wall_ns: int) -> Seen:
        foot = self._stories[track.id].birth_foot
        return Seen(
            track.id, track.label, track.kind, track.best_score, track.box, track.confirmed, track.seen_ns == wall_ns,
            foot, track.seen_ns,
        )  # fmt: skip

    def _judge(self, outcome: Outcome, picture: Image | None) -> None:
        observation = outcome.observation
        assert observation is not None  # noqa: S101 - both callers have just set it
        for number, rule in enumerate(self._rules):
            for happening in rule.step(observation):
                self._say(number, rule, happening, outcome, picture)

    def _say(self, number: int, rule: Rule, happening: Happening, outcome: Outcome, picture: Image | None) -> None:
        key = number, happening.key
        if happening.phase == "start":
            self._open[key] = _Open(self._make_id(self._last_ns), happening)
        begun = self._open.pop(key) if happening.phase == "end" else self._open[key]
        media = []
        if happening.phase == "start" and picture is not None and self._with_pictures:
            shot = take_picture(
                picture, self._make_id(self._last_ns), self._camera.id, self._last_ns, event=begun.id,
                track=happening.seen.track,
            )  # fmt: skip
            outcome.pictures.append(shot)
            media = [shot.ref()]
        outcome.events.append(
            event_of(
                happening, begun.happening.seen.box, begun.id, rule.name, rule.severity, self._camera.id, self._last_ns,
                self._clock, media,
                self._attributes(happening),
            )
        )  # fmt: skip

    def _attributes(self, happening: Happening) -> dict[str, object]:
        story = self._stories[happening.seen.track]
        said = {
            "class": story.track.kind, "zones": story.zones_now(), "moving": story.path.direction(self._aspect),
            "speed": round(story.path.speed(self._aspect, story.track.age_s), 3),
        }  # fmt: skip
        return {name: value for name, value in said.items() if value}

    def _report(self, step: Step, outcome: Outcome) -> None:
        for track in step.tracks:
            story = self._stories[track.id]
            if story.due(self._last_ns):
                outcome.tracks.append(self._summary(story, outcome, final=False))
        for track in step.ended:
            story = self._stories.pop(track.id)
            if story.worthy:
                outcome.tracks.append(self._summary(story, outcome, final=True))

    def _summary(self, story: Story, outcome: Outcome, *, final: bool) -> TrackSummary:
        media = self._show(story) if final and self._with_pictures else []
        outcome.pictures += media
        refs = [picture.ref() for picture in media]
        return summary_of(story, self._camera.id, self._aspect, self._clock, refs, final=final)

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

    def _whose(self, track: Track) -> dict[str, str | None]:
        return {"id": self._make_id(self._last_ns), "camera": self._camera.id, "track": track.id}


def _nothing_stands(_: object) -> bool:
    return False
