"""Looks into a built wheel: what must be in it is, what must not be is not. Prints its name; exit 1 with one line."""

# ruff: noqa: INP001 - a script, not a module

from __future__ import annotations

# ruff: noqa: INP001 - a script, not a module
import sys
import zipfile
from pathlib import Path

NEEDED = (
    "agent/cli/__main__.py",
    "agent/central/static/index.html",
    "agent/_models/manifest.toml",
    "agent/_models/lamppost-nano.onnx",
    "agent/_models/lamppost-nano-int8.onnx",
    "agent/py.typed",
)
UNWANTED = ("agent/central/web/", "node_modules/", "tests/", "_models/train/")


def problems(names: list[str]) -> list[str]:
    """What is wrong with a wheel that holds these files."""
    missing = [f"{name} is missing" for name in NEEDED if name not in names]
    strays = [f"{name} does not belong in it" for name in names if any(part in name for part in UNWANTED)]
    if not any(name.startswith("agent/central/static/") and name.endswith(".js") for name in names):
        missing.append("the viewer has no script")
    return missing + strays[:5]


def main(path: Path) -> int:
    """Check one wheel."""
    try:
        with zipfile.ZipFile(path) as wheel:
            found = problems(wheel.namelist())
    except (OSError, zipfile.BadZipFile) as error:
        found = [f"cannot be read: {error}"]
    for problem in found:
        sys.stderr.write(f"{path}: {problem}\n")
    if not found:
        sys.stdout.write(f"{path} ({path.stat().st_size / 1e6:.1f} MB)\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
