"""Is a cheap link there: the Ethernet of the depot, the Wi-Fi of the truck?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

NETWORK = Path("/sys/class/net")


def cheap_link(names: Sequence[str], network: Path = NETWORK) -> Callable[[], str]:
    """Asks which of these interfaces is up and has its cable or its access point; the first, or nothing.

    `operstate` as in the Linux documentation (networking/operstates): drivers that never say are `unknown`, there
    `carrier` counts.
    """

    def look() -> str:
        return next((name for name in names if _is_up(network / name)), "")

    return look


def _is_up(interface: Path) -> bool:
    state = _read(interface / "operstate")
    return state == "up" or (state == "unknown" and _read(interface / "carrier") == "1")


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""  # not there, or the interface is down: then `carrier` cannot be read
