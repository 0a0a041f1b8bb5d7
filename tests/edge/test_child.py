"""The analysing child as the gateway keeps it: a real process over a real socket."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import cv2
import numpy as np

from agent.config.gateway import Analysis
from agent.core.clock import SystemClock
from agent.edge.child import AnalysisChild
from tests.analyse.made_models import bright
from tests.analyse.packets import packets_of
from tests.edge.children import PLAZA, camera, play, until
from tests.fixtures.clips import make_clip
from tests.fixtures.models import ABSENT


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
    assert {event.zone for event in one.events} == {"right"}
    assert one.child.restarts == 1


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
