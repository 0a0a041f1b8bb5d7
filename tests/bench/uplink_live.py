"""Live glass to glass: a clock burnt into a drawn scene is read back from the picture a viewer received.

The whole path as it is installed: a camera over RTSP, `lamppost run`, `lamppost central` with its broker, a WebSocket.
The camera draws and codes each frame when it is due. With Chromium the clock is read from the page itself as well: then
decoding, the player's buffer and the screen count, too.
"""

from __future__ import annotations

import json
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
from websockets.sync.client import connect

from tests.bench.glass_camera import BAND, BITS, COLUMNS, ROWS, read
from tests.fixtures.rig import free_port

SETTLE_S, MEASURE_S = 4.0, 20.0
CHROMIUM = Path("/usr/bin/chromium")
PASSWORD = "a long pass phrase 1"
_READ = """([band, bits, columns, rows]) => {
  const video = document.querySelector('[data-testid=live-video]');
  const canvas = document.createElement('canvas');
  const look = canvas.getContext('2d', { willReadFrequently: true });
  window.seen = [];
  const step = () => {
    requestAnimationFrame(step);
    if (!video.videoWidth || video.readyState < 2) return;
    const [w, h] = [canvas.width = video.videoWidth, Math.round(video.videoHeight * band)];
    canvas.height = h;
    look.drawImage(video, 0, 0);
    let ms = 0;
    for (let bit = 0; bit < bits; bit++) {
      const x = Math.floor(((bit % columns) + 0.5) * w / columns);
      const y = Math.floor((Math.floor(bit / columns) + 0.5) * h / rows);
      if (look.getImageData(x, y, 1, 1).data[1] > 128) ms += 2 ** bit;
    }
    window.seen.push([Date.now(), ms]);
  };
  step();
}"""


def run() -> dict[str, object]:
    """Milliseconds from drawing a frame to having it decoded at the viewer, and to having it on the page."""
    with tempfile.TemporaryDirectory() as name, site(Path(name)) as (url, link):
        found: dict[str, object] = {"gop_s": 1, "fps": 15}
        for stream in ("sub", "main"):
            found[stream] = _summary(_over_the_socket(url, Path(name), stream))
        if CHROMIUM.exists() and link:
            found["page"] = _summary(_in_the_page(link))
    return found


@contextmanager
def site(folder: Path, more: str = "") -> Iterator[tuple[str, str | None]]:
    """A camera, a gateway and a centre; gives the centre's address and the link for the first sign-in."""
    camera = subprocess.Popen([sys.executable, "-m", "tests.bench.glass_camera"], stdout=subprocess.PIPE, text=True)
    parts = [camera]
    try:
        assert camera.stdout is not None
        port = int(camera.stdout.readline())
        said = start_centre(folder, parts)
        _start_gateway(folder, said, port, more, parts)
        yield said["url"], said["sign_in_url"]
    finally:
        for part in reversed(parts):
            part.send_signal(signal.SIGTERM)
        for part in reversed(parts):
            part.wait(30)


def start_centre(folder: Path, parts: list[Any]) -> dict[str, Any]:
    """`lamppost central` that knows the gateway `pole` of `town`; what it says when it is ready."""
    (folder / "token").write_text("a token of enough characters")
    (folder / "token").chmod(0o600)
    lines = [
        "[central]",
        'listen = "127.0.0.1:0"',
        f'mqtt_listen = "127.0.0.1:{free_port()}"',
        f'data = "{folder}/centre"',
    ]
    lines += [f'service_token_file = "{folder}/token"', "[[gateway]]", 'site = "town"', 'id = "pole"']
    (folder / "central.toml").write_text("\n".join(lines) + "\n")
    parts.append(
        start(["central", "--config", f"{folder}/central.toml", "--ready-file", f"{folder}/ready.json"], folder)
    )
    ready = folder / "ready.json"
    while not ready.exists():
        time.sleep(0.1)
    return dict(json.loads(ready.read_text()))


def _start_gateway(folder: Path, said: dict[str, Any], port: int, more: str, parts: list[Any]) -> None:
    keys = folder / "centre/gateways/town/pole"
    lines = ["[gateway]", 'id = "pole"', 'site = "town"', f'status_listen = "127.0.0.1:{free_port()}"', "[storage]"]
    lines += [f'path = "{folder}/gateway"', "[mqtt]", f'url = "{said["mqtt_url"]}"', 'username = "pole"']
    lines += [f'password_file = "{keys}/password"', f'command_key_file = "{keys}/command_key.pem"', more, "[analysis]"]
    lines += ["enabled = false", "[[camera]]", 'id = "cam"', f'url = "rtsp://127.0.0.1:{port}/cam/main"']
    lines += [f'sub_url = "rtsp://127.0.0.1:{port}/cam/sub"']
    (folder / "gateway.toml").write_text("\n".join(lines) + "\n")
    parts.append(start(["run", "--config", f"{folder}/gateway.toml"], folder))


def start(arguments: Sequence[str], folder: Path) -> subprocess.Popen[bytes]:
    """The command, with a log in that folder."""
    with (folder / f"{arguments[0]}.log").open("wb") as log:
        return subprocess.Popen([sys.executable, "-m", "agent.cli", *arguments], stdout=log, stderr=log)


def client(url: str, folder: Path) -> httpx.Client:
    """A program at the centre's API."""
    token = (folder / "token").read_text()
    return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=20)


def wait_until_online(url: str, folder: Path) -> None:
    """Until the centre knows the camera and it has a picture."""
    with client(url, folder) as api:
        while not any(item["online"] for item in api.get("/api/v1/cameras").json()["items"]):
            time.sleep(0.2)


def _over_the_socket(url: str, folder: Path, stream: str) -> list[float]:
    """Delays in ms as a program sees them that decodes each frame when it comes."""
    wait_until_online(url, folder)
    headers = {"Authorization": f"Bearer {(folder / 'token').read_text()}"}
    address = f"{url.replace('http', 'ws')}/api/v1/live/town/pole/cam?stream={stream}"
    found: list[float] = []
    with connect(address, additional_headers=headers, max_size=None) as socket:
        began, decoder, wants_init = time.monotonic(), None, False
        while time.monotonic() - began < SETTLE_S + MEASURE_S:
            item = socket.recv(20)
            if isinstance(item, str):
                wants_init = json.loads(item)["type"] == "init"
            elif wants_init:
                decoder, wants_init = _decoder(item), False
            elif decoder is not None:
                for frame in decoder.decode(av.Packet(item[item.find(b"mdat") + 4 :])):
                    delay_ms = time.time_ns() / 1e6 - read(frame.to_ndarray(format="gray"))
                    if time.monotonic() - began > SETTLE_S:
                        found.append(delay_ms)
    return found


def _decoder(init: bytes) -> Any:
    decoder = av.CodecContext.create("h264", "r")
    at = init.find(b"avcC")
    decoder.extradata = init[at + 4 : at - 4 + int.from_bytes(init[at - 4 : at], "big")]
    decoder.thread_count = 1
    return decoder


def _in_the_page(link: str) -> list[float]:
    """Delays in ms as the page shows them, read from the picture at every refresh of the screen."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(link)
        page.locator("input").first.fill("anna")
        for box in page.locator("input[type=password]").all():
            box.fill(PASSWORD)
        page.locator("button[type=submit]").first.click()
        page.get_by_test_id("live-video").first.wait_for(timeout=20_000)
        page.wait_for_timeout(SETTLE_S * 1000)
        page.evaluate(_READ, [BAND, BITS, COLUMNS, ROWS])
        page.wait_for_timeout(MEASURE_S * 1000)
        seen = page.evaluate("window.seen")
        browser.close()
    return [now - shown for now, shown in seen if 0 <= now - shown < 60_000]


def _summary(delays: list[float]) -> dict[str, object]:
    if not delays:
        return {"frames": 0}
    median, late = statistics.median(delays), float(np.percentile(delays, 95))
    return {"frames": len(delays), "median_ms": round(median), "p95_ms": round(late), "most_ms": round(max(delays))}


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
