"""The virtual site as a gateway meets it: cached loops, read over RTSP with PyAV."""

from __future__ import annotations

import json
import struct
import threading
import time
from itertools import pairwise

import av
import pytest

from agent.core.errors import ConfigError
from agent.core.stop import StopToken
from agent.sim.scene.cache import prepare, reel_for
from agent.sim.scene.overlay import read_clock
from agent.sim.scene.scene import Spec
from agent.sim.site import VirtualSite, run_site

SHORT = {"size": (320, 180), "fps": 15, "seconds": 4}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """A folder in which one short loop of one camera is drawn."""
    folder = tmp_path_factory.mktemp("sim")
    site = VirtualSite(folder, cameras=1, **SHORT)
    shares = []
    assert site.prepare(shares.append)
    assert shares[-1] == 1.0
    assert shares == sorted(shares)
    return folder


@pytest.fixture
def site(drawn):
    site = VirtualSite(drawn, cameras=1, username="root", password="pass", **SHORT)
    assert site.prepare(lambda _: None)
    site.start()
    yield site
    site.close()


def opened(url, transport="tcp", user="root:pass"):
    options = {"rtsp_transport": transport, "probesize": "32", "analyzeduration": "0"}
    return av.open(url.replace("rtsp://", f"rtsp://{user}@"), options=options, timeout=(5, 5))


def wall_us(packet):
    return next(struct.unpack("<q", bytes(s)[:8])[0] for s in packet.iter_sidedata() if s.data_type == "prft")


def packets_of(source, count):
    found = []
    for packet in source.demux(video=0):
        if packet.size:
            found.append((packet, time.time()))
        if len(found) == count:
            return found
    raise AssertionError("the stream ended")


@pytest.mark.parametrize(("transport", "stream"), [("tcp", "main"), ("udp", "main"), ("tcp", "sub"), ("udp", "sub")])
def test_a_stream_begins_with_a_keyframe_and_carries_the_cameras_time(site, transport, stream):
    camera = site.cameras[0]
    with opened(camera.main_url if stream == "main" else camera.sub_url, transport) as source:
        found = packets_of(source, 10)
    assert found[0][0].is_keyframe
    for packet, arrived in found:
        assert abs(arrived - wall_us(packet) / 1e6) < 1.0
    steps = [wall_us(b) - wall_us(a) for (a, _), (b, _) in pairwise(found)]
    assert all(abs(step - 1e6 / 15) < 2000 for step in steps)


def test_timestamps_run_on_over_the_seam_of_the_loop(site):
    with opened(site.cameras[0].sub_url) as source:
        found = [packet for packet, _ in packets_of(source, 4 * 15 + 10)][
            1:
        ]  # FFmpeg leaves the very first without pts
    assert [b.pts - a.pts for a, b in pairwise(found)] == [6000] * (len(found) - 1)


def test_the_picture_shows_the_frame_that_its_time_says(site):
    camera = site.cameras[0]
    with opened(camera.main_url) as source:
        found = [packet for packet, _ in packets_of(source, 12)]
        walls = [wall_us(packet) for packet in found]
        frames = [frame for packet in found for frame in packet.decode()]
    assert len(frames) > 6
    for wall, picture in zip(walls, frames, strict=False):
        number = round((wall - site.first_frame_wall_ns / 1000) * 15 / 1e6) % 60
        assert read_clock(picture.to_ndarray(format="bgr24")) == number


def test_two_clients_get_the_same_frames(site):
    times = {}

    def read(name, url):
        with opened(url) as source:
            times[name] = {wall_us(packet): bytes(packet) for packet, _ in packets_of(source, 40)}

    threads = [threading.Thread(target=read, args=(name, site.cameras[0].sub_url)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    both = times["a"].keys() & times["b"].keys()
    assert len(both) > 15
    assert all(times["a"][wall] == times["b"][wall] for wall in both)


def test_an_axis_address_with_its_query_is_understood(site):
    port = site.cameras[0].main_url.rsplit(":", 1)[1].split("/")[0]
    base = f"rtsp://127.0.0.1:{port}/axis-media/media.amp?videocodec=h264&camera=1&audio=0"
    sizes = []
    for url in (base, f"{base}&resolution=640x360"):
        with opened(url) as source:
            sizes.append((source.streams.video[0].width, source.streams.video[0].height))
    assert sizes == [(320, 180), (160, 90)]
    with pytest.raises(av.error.HTTPNotFoundError):
        opened(base.replace("camera=1", "camera=9"))


def test_wrong_password_and_wrong_path_are_told_apart(site):
    url = site.cameras[0].main_url
    with pytest.raises(av.error.HTTPUnauthorizedError):
        opened(url, user="root:wrong")
    with pytest.raises(av.error.HTTPNotFoundError):
        opened(f"{url}-not")


def test_truth_and_zones_come_with_the_camera(site):
    camera = site.cameras[0]
    assert (camera.id, camera.name) == ("plaza", "City Plaza")
    assert len(camera.truth.boxes) == camera.truth.frames == 60
    assert all(0 <= value <= 1 for point in camera.zones["plaza"] for value in point)


def test_a_drawn_loop_is_not_drawn_again_and_a_stopped_drawing_leaves_nothing(drawn, tmp_path):
    before = {path: path.stat().st_mtime_ns for path in drawn.rglob("*")}
    assert VirtualSite(drawn, cameras=1, **SHORT).prepare(lambda _: None)
    assert {path: path.stat().st_mtime_ns for path in drawn.rglob("*")} == before
    stop = StopToken()
    stop.set()
    assert not prepare([reel_for(tmp_path, Spec(0, 8, 320, 180, 15, 4))], lambda _: None, stop)
    assert list(tmp_path.iterdir()) == []


def test_a_taken_port_is_one_clear_line(site, drawn):
    port = int(site.cameras[0].main_url.rsplit(":", 1)[1].split("/")[0])
    other = VirtualSite(drawn, cameras=1, port=port, **SHORT)
    other.prepare(lambda _: None)
    with pytest.raises(ConfigError, match="choose another port"):
        other.start()
    other.close()


def test_a_served_site_says_its_addresses_and_writes_the_ready_file(drawn, tmp_path):
    site = VirtualSite(drawn, cameras=1, **SHORT)
    stop, said = StopToken(), []
    ready = tmp_path / "ready.json"

    def say(line):
        said.append(line)
        stop.set()

    assert run_site(site, stop, say, lambda _: None, ready) == 0
    told = json.loads(ready.read_text())
    assert told["cameras"][0]["id"] == "plaza"
    assert told["cameras"][0]["main_url"] in said[0]
    assert told["first_frame_wall_ns"] > 1.7e18
    assert told["cameras"][0]["zones"][0]["name"] == "plaza"
