"""The analysing child when things go wrong: killed, stopped, fed with broken streams, given broken models."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.config.gateway import Analysis
from agent.core.clock import SystemClock
from agent.edge.child import FALLS_TO_QUARANTINE, AnalysisChild
from agent.wire import framing
from tests.analyse.packets import packets_of
from tests.edge.children import camera, fresh, play, until


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
    assert one.child.restarts == 0


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
