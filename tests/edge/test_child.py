"""The analysing child as the gateway keeps it: a real process over a real socket."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.config.gateway import Analysis, Camera
from agent.core.backoff import Backoff
from agent.core.clock import SystemClock
from agent.core.media import Packet
from agent.core.stop import StopToken
from agent.core.supervisor import Supervisor
from agent.edge.child import FALLS_TO_QUARANTINE, AnalysisChild
from agent.wire import framing
from agent.wire.messages import Event, FrameBoxes, TrackSummary
from tests.analyse.made_models import bright
from tests.analyse.packets import packets_of
from tests.fixtures.clips import make_clip
from tests.fixtures.models import ABSENT, without_models

PLAZA = {
    "zone": [{"name": "right", "polygon": [[0.5, 0.0], [1.0, 0.0], [1.0, 1.0], [0.5, 1.0]]}],
    "rule": [{"kind": "zone_entered", "zone": "right"}],
}


def camera(camera_id: str = "cam", **more) -> Camera:
    return Camera.model_validate({"id": camera_id, "url": "file:/x.mp4", **more})


@pytest.fixture(autouse=True)
def no_model(monkeypatch, tmp_path):
    monkeypatch.setenv("LAMPPOST_MODELS", str(without_models(tmp_path / "models")))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", seconds=6)


class Gateway:
    """A child under a supervisor, and all it said."""

    def __init__(self, cameras: list[Camera], **more) -> None:
        self.events: list[Event] = []
        self.tracks: list[TrackSummary] = []
        self.pictures: list[tuple[dict, bytes]] = []
        self.frames: list[FrameBoxes] = []
        self.moved: dict[int, int] = {}
        self.stop = StopToken()
        self.child = AnalysisChild(
            cameras,
            more.pop("analysis", Analysis()),
            SystemClock(),
            on_event=self.events.append,
            on_track=self.tracks.append,
            on_picture=lambda header, jpeg: self.pictures.append((header, jpeg)),
            on_frame=self.frames.append,
            on_motion=lambda told: self.moved.update(told.get("cam", ())),
            backoff=Backoff(0.05, 0.2),
            **more,
        )
        self._supervisor = Supervisor(SystemClock(), self.stop)
        self._supervisor.start(self.child)

    def close(self) -> None:
        self.stop.set()
        assert self._supervisor.join(10) == []

    def stats(self, camera_id: str = "cam"):
        return self.child.stats()[camera_id]


@pytest.fixture
def gateway() -> Iterator[Callable[..., Gateway]]:
    made: list[Gateway] = []

    def make(*cameras: Camera, **more) -> Gateway:
        made.append(Gateway(list(cameras) or [camera(**PLAZA)], **more))
        return made[-1]

    yield make
    for one in made:
        one.close()


def until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)


def play(gateway: Gateway, clip: Path, camera_id: str = "cam", *, end: bool = True, pace_s: float = 0.01) -> None:
    """A clip through the sink, faster than real time but slowly enough that nothing is dropped."""
    info, packets = packets_of(clip)
    sink = gateway.child.sink(camera_id)
    sink.opened(replace(info, camera=camera_id))
    for packet in packets:
        sink.packet(fresh(packet))
        time.sleep(pace_s)
    if end:
        sink.closed("end")


def fresh(packet: Packet) -> Packet:
    return replace(packet, arrived_mono_ns=time.monotonic_ns(), arrived_wall_ns=time.time_ns())


def test_a_clip_gives_events_a_track_pictures_and_statistics(gateway, clip):
    one = gateway()
    until(lambda: one.child.status.startswith("motion"))
    play(one, clip, pace_s=0.03)
    until(lambda: one.tracks and len(one.events) == 2)
    assert one.child.status == "motion only: no model found"
    assert sum("no model found" in note for note in one.child.notes) == 1
    start, end = one.events
    assert (start.phase, end.phase, start.id == end.id, start.zone) == ("start", "end", True, "right")
    (track,) = one.tracks
    assert (track.final, track.label, track.direction) == (True, "object", "right")
    pictures = {header["id"]: (header, jpeg) for header, jpeg in one.pictures}
    header, jpeg = pictures[start.media[0].id]
    assert (header["event"], header["camera"], header["type"]) == (start.id, "cam", "image/jpeg")
    assert cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR).shape == (180, 320, 3)
    assert track.media[0].id in pictures
    until(lambda: one.stats().tracks == 1)
    assert one.stats().decoded == 60
    assert one.stats().analysed + one.stats().skipped == 60
    assert one.stats().events == 1
    assert one.stats().error == ""
    assert one.frames == []
    until(lambda: len(one.moved) >= 5)
    assert max(one.moved.values()) > 5, "what walked through the picture moved"


def test_a_film_that_players_turn_is_looked_at_as_they_show_it(gateway, tmp_path):
    one = gateway()
    until(lambda: one.child.status.startswith("motion"))
    play(one, make_clip(tmp_path / "lying.mp4", seconds=6, rotation=90), pace_s=0.03)
    until(lambda: one.tracks and len(one.events) == 2)
    assert {event.zone for event in one.events} == {"right"}
    assert one.tracks[0].direction == "right"
    shapes = {cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR).shape for _, jpeg in one.pictures}
    assert (180, 320, 3) in shapes
    assert (320, 180, 3) not in shapes


def test_whatever_is_configured_of_a_camera_the_child_understands(gateway):
    hours = {"from": "08:00", "to": "18:00", "record": "events"}
    one = gateway(camera(**PLAZA, schedule=[hours], record="off", username="u", name="n", priority="low"))
    until(lambda: one.child.status.startswith("motion") or one.child.restarts)
    assert one.child.restarts == 0, one.child.last_fall


def test_a_camera_is_looked_at_by_other_settings_while_the_child_goes_on(gateway, clip):
    one = gateway(camera(**PLAZA), camera("yard", **PLAZA))
    until(lambda: one.child.status.startswith("motion"))
    pid = one.child.pid
    play(one, clip, "yard", end=False, pace_s=0.03)
    until(lambda: [event.camera for event in one.events] == ["yard"])
    renamed = [{**PLAZA["zone"][0], "name": "other"}]
    one.child.configure(camera(zone=renamed, rule=[{"kind": "zone_entered", "zone": "other"}]))
    one.child.configure(camera("yard", mask=[{"polygon": [[0, 0], [1, 0], [1, 1], [0, 1]]}]))
    until(lambda: [event.phase for event in one.events] == ["start", "end"])
    play(one, clip, pace_s=0.03)
    play(one, clip, "yard", pace_s=0.03)
    until(lambda: [event.phase for event in one.events[2:]] == ["start", "end"])
    assert {(event.camera, event.zone) for event in one.events[2:]} == {("cam", "other")}
    assert (one.child.pid, one.child.restarts) == (pid, 0)


def test_settings_of_a_child_that_fell_are_those_of_the_next(gateway, clip):
    one = gateway(camera())
    until(lambda: one.child.status.startswith("motion"))
    os.kill(one.child.pid, signal.SIGKILL)
    one.child.configure(camera(**PLAZA))
    until(lambda: one.child.restarts == 1 and one.child.status.startswith("motion"))
    play(one, clip, pace_s=0.03)
    until(lambda: [event.phase for event in one.events] == ["start", "end"])


def test_boxes_come_only_while_somebody_watches(gateway, clip):
    one = gateway()
    one.child.watch("cam", 20)
    until(lambda: one.child.status.startswith("motion"))
    play(one, clip)
    until(lambda: any(frame.boxes for frame in one.frames))
    assert {frame.camera for frame in one.frames} == {"cam"}


def test_when_the_gateway_stops_the_child_says_its_last_words(gateway, clip):
    one = gateway()
    until(lambda: one.child.status.startswith("motion"))
    play(one, clip, end=False)
    until(lambda: one.stats().decoded >= 59)
    one.close()
    finals = [track.final for track in one.tracks]  # on a busy machine pictures are skipped, and one walk is two tracks
    assert finals
    assert all(finals)
    assert one.child.pid is None


def test_a_stopped_child_never_makes_push_wait_and_goes_on_at_a_keyframe(gateway, clip):
    one = gateway()
    until(lambda: one.child.status.startswith("motion"))
    play(one, clip, end=False)
    until(lambda: one.stats().decoded >= 59)
    pid = one.child.pid
    os.kill(pid, signal.SIGSTOP)
    _, packets = packets_of(clip)
    sink, slowest_s = one.child.sink("cam"), 0.0
    filler = b"\x0c" + b"\xff" * 120_000 + b"\x80"  # H.264 section 7.3.2.7
    big = [replace(packet, data=packet.data + len(filler).to_bytes(4, "big") + filler) for packet in packets]
    for turn in range(20):
        for packet in big:
            began = time.perf_counter()
            sink.packet(replace(fresh(packet), pts=packet.pts + turn * 10**6, dts=packet.dts + turn * 10**6))
            slowest_s = max(slowest_s, time.perf_counter() - began)
    assert one.stats().dropped > 800  # of 1200: the rest is two groups and what the pump had taken
    before = one.stats().decoded
    os.kill(pid, signal.SIGCONT)
    assert slowest_s < 5  # it did not wait for the child, which could not move
    until(lambda: one.stats().decoded > before)
    assert one.child.pid == pid
    assert one.child.restarts == 0
    assert one.stats().broken == 0  # it began at a keyframe again: nothing without its reference


def test_a_killed_child_is_started_again_and_goes_on_in_the_same_session(gateway, clip):
    one = gateway()
    until(lambda: one.child.status.startswith("motion"))
    info, packets = packets_of(clip)
    sink = one.child.sink("cam")
    sink.opened(info)
    for packet in packets[:15]:
        sink.packet(fresh(packet))
    until(lambda: one.stats().decoded > 5)
    before = one.child.pid
    os.kill(before, signal.SIGKILL)
    until(lambda: one.child.pid not in {None, before})
    until(lambda: one.child.status.startswith("motion"))
    for packet in packets[15:]:
        sink.packet(fresh(packet))
        time.sleep(0.01)
    until(lambda: one.stats().decoded >= 50)
    assert one.child.restarts == 1
    assert one.stats().broken == 0
    assert not one.stats().quarantined


DEADLY = b"this packet ends the analysis"
SABOTEUR = f"""
import os, runpy, signal
from agent.analyse import decode
whole = decode.FrameDecoder.decode
def deadly(self, unit):
    if {DEADLY!r} in unit.data:
        os.kill(os.getpid(), signal.SIGKILL)
    return whole(self, unit)
decode.FrameDecoder.decode = deadly
runpy.run_module("agent.analyse", run_name="__main__")
"""


def test_a_stream_that_kills_the_child_three_times_is_quarantined_and_its_neighbour_goes_on(gateway, clip, tmp_path):
    (tmp_path / "saboteur.py").write_text(SABOTEUR)
    one = gateway(camera("good"), camera("bad"), command=(sys.executable, str(tmp_path / "saboteur.py")))
    info, packets = packets_of(clip)
    for name in ("good", "bad"):
        one.child.sink(name).opened(replace(info, camera=name))
    number = 0
    deadly = replace(packets[0], data=packets[0].data + DEADLY)
    while not one.stats("bad").quarantined:
        one.child.sink("bad").packet(fresh(deadly))
        one.child.sink("good").packet(fresh(packets[number % 60]))
        number += 1
        time.sleep(0.02)
        assert number < 2000, "never quarantined"
    assert one.child.restarts >= FALLS_TO_QUARANTINE - 1
    assert "quarantined" in one.stats("bad").error
    assert not one.stats("good").quarantined
    until(lambda: one.child.status.startswith("motion"))
    restarts = one.child.restarts
    before = one.stats("good").decoded
    for packet in packets:
        one.child.sink("bad").packet(fresh(deadly))
        one.child.sink("good").packet(fresh(packet))
        time.sleep(0.01)
    until(lambda: one.stats("good").decoded >= before + 50)
    assert one.child.restarts == restarts


def test_broken_packets_do_not_end_the_child(gateway, clip):
    one = gateway()
    until(lambda: one.child.status.startswith("motion"))
    info, packets = packets_of(clip)
    rng = np.random.default_rng(7)
    sink = one.child.sink("cam")
    sink.opened(info)
    for packet in packets:
        junk = rng.integers(0, 256, int(rng.integers(0, 400)), np.uint8).tobytes()
        sink.packet(fresh(replace(packet, data=junk)))
        time.sleep(0.005)
    until(lambda: one.stats().broken > 20)
    sink.closed("lost")
    play(one, clip)
    until(lambda: one.stats().decoded >= 60)
    assert one.child.restarts == 0


def test_a_model_with_a_wrong_hash_is_said_and_disturbs_nobody(gateway, clip, tmp_path):
    (tmp_path / "models" / "yolox_nano_416.onnx").write_bytes(b"not the model")
    one = gateway(camera("plain"), camera("wants", model="yolox-nano"))
    until(lambda: one.child.status.startswith("motion"))
    assert any("yolox_nano_416.onnx" in note and "fetch" in note for note in one.child.notes)
    play(one, clip, "plain")
    until(lambda: one.tracks)
    until(lambda: one.stats("wants").error)
    assert "yolox_nano_416.onnx" in one.stats("wants").error
    assert one.stats("plain").error == ""


def test_what_runs_the_models_comes_from_the_configuration(gateway, tmp_path):
    (tmp_path / "models" / "manifest.toml").write_text(
        ABSENT + own_manifest(bright(tmp_path / "models" / "own.onnx", "plain"))
    )
    one = gateway(camera("plain"), analysis=Analysis(threads=1, providers=("cuda",)))
    until(lambda: one.child.status == "own on onnxruntime (cpu)")
    (note,) = one.child.notes
    assert note.startswith("own on cuda: ")
    assert note.endswith("own on onnxruntime (cpu) is used instead")
    assert one.stats("plain").error == ""


def own_manifest(path: Path) -> str:
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return f"""
        [[model]]
        name = "own"
        licence = "ours"
        source = "made here"
        input = {{ width = 64, height = 64 }}
        decoder = {{ kind = "plain" }}
        labels = "own"
        file = [{{ name = "{path.name}", sha256 = "{digest}", bytes = {len(content)} }}]
        [labels.own]
        names = ["thing", "person"]
        ours = {{ person = ["person"] }}
    """


BAD_DRIVER = """
import os, runpy, signal
from agent.analyse.detect import pool
real = pool.DetectorPool.__init__
def deadly(self, store, engines):
    real(self, store, engines)
    if engines.providers != ("cpu",):
        os.kill(os.getpid(), signal.SIGSEGV)
pool.DetectorPool.__init__ = deadly
runpy.run_module("agent.analyse", run_name="__main__")
"""


def test_a_driver_that_kills_the_child_as_it_loads_is_set_aside(gateway, tmp_path):
    (tmp_path / "bad_driver.py").write_text(BAD_DRIVER)
    one = gateway(command=(sys.executable, str(tmp_path / "bad_driver.py")))
    until(lambda: one.child.status.startswith("motion"))
    assert one.child.restarts == 2
    assert "on the cpu alone" in one.child.notes[0]
    assert not one.stats().quarantined


def test_an_unknown_codec_is_said_and_the_next_session_works(gateway, clip):
    one = gateway()
    until(lambda: one.child.status.startswith("motion"))
    info, packets = packets_of(clip)
    strange = replace(info, tracks=(replace(info.video, codec="nonsense"),))
    sink = one.child.sink("cam")
    sink.opened(strange)
    sink.packet(fresh(packets[0]))
    until(lambda: "nonsense" in one.stats().error)
    play(one, clip)
    until(lambda: one.stats().decoded >= 60 and one.stats().error == "")


def test_the_child_ends_when_its_parent_is_gone(gateway):
    one = gateway()
    until(lambda: one.child.status.startswith("motion"))
    pid = one.child.pid
    one.child._child.sock.shutdown(socket.SHUT_RDWR)
    until(lambda: one.child.pid not in {None, pid})
    assert not Path(f"/proc/{pid}").exists()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
KINDS = ["event", "track", "picture", "frame", "stats", "ready", "nonsense"]
KEYS = ["record", "media", "boxes", "shed", "level", "cameras", "detector", "notes"]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(KINDS), st.dictionaries(st.sampled_from(KEYS), json_values), st.binary(max_size=20))
def test_whatever_the_child_says_is_taken_or_passed_over(kind, header, payload):
    said = []
    child = AnalysisChild(
        [camera()], Analysis(), SystemClock(), on_event=said.append, on_track=said.append,
        on_picture=lambda header, _: said.append(header), on_frame=said.append,
    )  # fmt: skip
    child.take(framing.Frame({"type": kind, **header}, payload))
    assert child.stats()["cam"].decoded == 0
    assert kind == "picture" or said == []


def test_the_parents_side_imports_no_numpy():
    code = (
        "import sys, agent.edge.child, agent.analyse.models; sys.exit('numpy' in sys.modules or 'cv2' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_packets_may_come_from_any_thread_before_and_after_the_child_lives(gateway, clip):
    info, packets = packets_of(clip)
    child = AnalysisChild(
        [camera()], Analysis(), SystemClock(), on_event=print, on_track=print, on_picture=print, on_frame=print
    )
    sink = child.sink("cam")
    sink.opened(info)
    threads = [threading.Thread(target=lambda: [sink.packet(packet) for packet in packets]) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sink.closed("end")
    assert child.stats()["cam"].dropped > 0
    assert child.pid is None
