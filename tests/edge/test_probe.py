"""`lamppost probe` over a real file, a real ONVIF device and addresses where nobody is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.capture.files import FileOpener
from agent.core.clock import SystemClock
from agent.core.errors import ConfigError, SourceError, SourceRefused, SourceUnreachable
from agent.core.ports import SourceOpener
from agent.edge.probe import format_report, probe_camera
from agent.sim.onvif import VirtualOnvif
from agent.sim.onvif_answers import VirtualIdentity, VirtualProfile
from agent.sim.site import VirtualSite

CLOCK = SystemClock()
IDENTITY = VirtualIdentity(name="Plaza", serial="b8a44f001122")
PROFILES = [
    VirtualProfile("main", "Main", 320, 180, 10, "h264", "rtsp://198.51.100.9:8554/main"),
    VirtualProfile("sub", "Sub", 160, 90, 5, "h264", "rtsp://198.51.100.9:8554/sub"),
]


@pytest.fixture
def device() -> Iterator[VirtualOnvif]:
    device = VirtualOnvif(IDENTITY, PROFILES, "viewer", "light", CLOCK, snapshot=lambda _: b"")
    device.start()
    yield device
    device.close()


@pytest.fixture
def from_clip(clip_h264: Path):
    """Opens the clip whatever address is asked for, and remembers the addresses."""
    asked: list[str] = []

    def opener(camera: str, stream: str, url: str, *_: object) -> SourceOpener:
        asked.append(url)
        if url.endswith("/sub"):
            raise_at = Path("/nowhere.mp4")
            return FileOpener(camera, stream, str(raise_at), CLOCK, realtime=False, loop=False)
        return FileOpener(camera, stream, str(clip_h264), CLOCK, realtime=False, loop=False)

    opener.asked = asked
    return opener


def test_a_file_is_described(clip_h264: Path) -> None:
    lines = format_report(probe_camera(f"file:{clip_h264}", None, None, CLOCK))
    assert any("h264 320x180 10.0 fps" in line for line in lines)
    assert not any(line.startswith("failed") for line in lines)


def test_an_onvif_device_is_asked_and_its_streams_are_opened_where_we_dialled(device: VirtualOnvif, from_clip) -> None:
    report = probe_camera(device.url, "viewer", "light", CLOCK, opener=from_clip)
    assert from_clip.asked == ["rtsp://127.0.0.1:8554/main", "rtsp://127.0.0.1:8554/sub"]
    text = "\n".join(format_report(report))
    assert "AXIS Virtual P3245, serial B8A44F001122" in text
    assert "profile main: h264 320x180 at most 10 fps  rtsp://127.0.0.1:8554/main" in text
    assert "h264 320x180 10.0 fps" in text
    assert len(report.streams) == 1, "the second stream failed"
    assert [line for line in text.splitlines() if line.startswith("failed")], "and is named"


def test_a_camera_is_read_over_rtsp_and_asked_over_onvif(tmp_path: Path) -> None:
    site = VirtualSite(tmp_path, cameras=1, size=(320, 180), seconds=4, fps=10, username="viewer", password="light")
    site.prepare(lambda _: None)
    site.start()
    url = site.cameras[0].main_url
    device = VirtualOnvif(IDENTITY, PROFILES, "viewer", "light", CLOCK)
    device.start()
    try:
        lines = format_report(probe_camera(url, "viewer", "light", CLOCK, onvif_port=device.port))
        with pytest.raises(SourceRefused):
            probe_camera(url, "viewer", "dark", CLOCK, onvif_port=device.port)
    finally:
        device.close()
        site.close()
    assert any("h264 320x180 10." in line for line in lines), lines
    assert any("the camera sends its own (sender_report)" in line for line in lines), lines
    assert any("serial B8A44F001122" in line for line in lines), lines


def test_a_camera_without_rtsp_is_still_described_over_onvif(device: VirtualOnvif) -> None:
    report = probe_camera("rtsp://127.0.0.1:9/x", "viewer", "light", CLOCK, onvif_port=device.port)
    assert report.onvif is not None
    assert report.streams == []
    (failed,) = [line for line in format_report(report) if line.startswith("failed")]
    assert "127.0.0.1" in failed


def test_nothing_usable_is_a_source_error(device: VirtualOnvif) -> None:
    with pytest.raises(SourceUnreachable):
        probe_camera("rtsp://127.0.0.1:9/x", None, None, CLOCK, onvif_port=9)
    with pytest.raises(SourceRefused) as caught:
        probe_camera(device.url, "viewer", "dark", CLOCK)
    assert caught.value.exit_code == 3
    with pytest.raises(SourceError):
        probe_camera("file:/nowhere.mp4", None, None, CLOCK)


@pytest.mark.parametrize(
    "url", ["", "ftp://host/", "rtsp://", "rtsp://u:secret@host/", "rtsp://host:99999/", "http://[x"]
)
def test_what_cannot_be_probed_is_said_at_once(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        probe_camera(url, None, None, CLOCK)
    assert "secret" not in str(caught.value)
