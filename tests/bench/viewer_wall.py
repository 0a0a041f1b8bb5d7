"""A wall of sixteen live tiles in Chromium: does each play at the camera's rate, and what does that cost whom?

Sixteen cameras of 640x360 at 15 frames a second, a gateway, a centre and the browser on this one machine; Chromium
decodes and draws without a GPU. Cameras, gateway and centre are told apart from the browser: in the street they stand
elsewhere.
"""

from __future__ import annotations

import os
import signal
import statistics
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from tests.bench.cameras import crowd, server
from tests.bench.measure import cpu_s
from tests.bench.quiet import FPS
from tests.bench.uplink_live import start, start_centre
from tests.fixtures.rig import free_port
from tests.web import pages

TILES, MEASURE_S, SETTLE_S = 16, 20.0, 8.0
FULL = 0.97
"""Of the camera's rate: a tile that shows so much of it plays at full rate."""

_PLAYED = """() => [...document.querySelectorAll('[data-testid=live-tile] video')].map((video) => {
    const { totalVideoFrames, droppedVideoFrames } = video.getVideoPlaybackQuality();
    return [totalVideoFrames, droppedVideoFrames, video.currentTime];
})"""
_ALL_PLAY = f"() => ({_PLAYED})().filter(([,, time]) => time > 0).length >= {TILES}"


def run() -> dict[str, object]:
    """Frames a second of each tile, dropped ones, and CPU seconds a second of each part."""
    clip, port = crowd("640x360", (640, 360)), free_port()
    with tempfile.TemporaryDirectory(prefix="lamppost-wall-") as name, server(port, [clip] * TILES) as camera:
        parts: list[Any] = []
        try:
            said = start_centre(Path(name), parts)
            parts.append(_gateway(Path(name), said, port))
            with pages.browser() as chromium:
                found = _measure(
                    chromium, said["sign_in_url"], {"cameras": camera, "centre": parts[0].pid, "gateway": parts[1].pid}
                )
        finally:
            for part in reversed(parts):
                part.send_signal(signal.SIGTERM)
            for part in parts:
                part.wait(30)
    _print(found)
    return found


def _gateway(folder: Path, said: dict[str, Any], port: int) -> Any:
    keys = folder / "centre/gateways/town/pole"
    lines = ["[gateway]", 'id = "pole"', 'site = "town"', f'status_listen = "127.0.0.1:{free_port()}"', "[storage]"]
    lines += [f'path = "{folder}/gateway"', "[mqtt]", f'url = "{said["mqtt_url"]}"', 'username = "pole"']
    lines += [f'password_file = "{keys}/password"', f'command_key_file = "{keys}/command_key.pem"']
    lines += ["[analysis]", "enabled = false"]
    for number in range(TILES):
        url = f"rtsp://127.0.0.1:{port}/{number}"
        lines += ["[[camera]]", f'id = "cam-{number:02}"', f'url = "{url}"', f'sub_url = "{url}"', 'record = "off"']
    (folder / "gateway.toml").write_text("\n".join(lines) + "\n")
    return start(["run", "--config", f"{folder}/gateway.toml"], folder)


def _measure(chromium: Browser, link: str, pids: dict[str, int]) -> dict[str, Any]:
    with chromium.new_context(viewport={"width": 1920, "height": 1080}) as own:
        page = own.new_page()
        pages.make_first_account(page, link)
        page.wait_for_function(_ALL_PLAY, timeout=120_000)
        page.wait_for_timeout(SETTLE_S * 1000)
        before, spent = page.evaluate(_PLAYED), _spent(chromium, pids)
        page.wait_for_timeout(MEASURE_S * 1000)
        after, spent_then = page.evaluate(_PLAYED), _spent(chromium, pids)
        stalled = _stalled(page)
    rates = [(now[0] - now[1] - was[0] + was[1]) / MEASURE_S for was, now in zip(before, after, strict=True)]
    dropped = [now[1] - was[1] for was, now in zip(before, after, strict=True)]
    behind = [MEASURE_S - (now[2] - was[2]) for was, now in zip(before, after, strict=True)]
    cpu = {name: round((spent_then[name] - spent[name]) / MEASURE_S, 2) for name in spent}
    return {
        "tiles": len(rates),
        "camera_fps": FPS,
        "fps_least": round(min(rates), 2),
        "fps_median": round(statistics.median(rates), 2),
        "dropped": sum(dropped),
        "stood_s_most": round(max(behind), 2),
        "stalled_tiles": stalled,
        "cpu_cores": cpu,
        "cores": os.cpu_count(),
        "machine_load": round(os.getloadavg()[0], 1),
        "limit": _limit(rates, cpu),
    }


def _stalled(page: Page) -> int:
    return page.locator("[data-testid=live-tile]:not([data-tone=ok])").count()


def _limit(rates: Iterable[float], cpu: dict[str, float]) -> str:
    """In words: nothing, or what keeps tiles from playing at full rate."""
    if min(rates) >= FULL * FPS:
        return "none: every tile plays at the camera's rate"
    cores, load, busy = os.cpu_count() or 1, os.getloadavg()[0], sum(cpu.values())
    if busy > 0.85 * cores:
        return f"the CPU: {busy:.1f} of {cores} cores go into this bench alone, {cpu['browser']:.1f} into the browser"
    if load > cores:
        return f"other work on this machine: its load is {load:.1f} on {cores} cores"
    return "not the CPU"


def _spent(chromium: Browser, pids: dict[str, int]) -> dict[str, float]:
    """CPU seconds so far; the browser's are those of all its processes, as it counts them itself."""
    session = chromium.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    found = {name: sum(cpu_s(one) for one in _family(pid)) for name, pid in pids.items()}
    return found | {"browser": sum(float(one["cpuTime"]) for one in processes)}


def _family(pid: int) -> list[int]:
    """The process and its children, and theirs."""
    children = [
        int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()
    ]
    return [pid, *(one for child in children for one in _family(child))]


def _print(found: dict[str, Any]) -> None:
    least, median = found["fps_least"], found["fps_median"]
    print(f"{found['tiles']} tiles: {median} frames a second in the median, {least} at least, of {FPS}")
    print(f"dropped {found['dropped']}; cores: {found['cpu_cores']}; limit: {found['limit']}")
