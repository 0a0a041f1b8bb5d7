"""Exports made by the command's own code, and looked at as an investigator would."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from agent.core.clock import NS
from agent.record.export import verify as tool
from agent.record.export.export import Done, Issuer, Request, export
from agent.record.store import SegmentStore
from tests.record.helpers import START_NS

REQUEST = Request(cameras=("cam",), start_ns=START_NS, end_ns=START_NS + 60 * NS, by="D. Ito", reason="incident 4711")


def asked(start_s: float, end_s: float, **more: Any) -> Request:
    return replace(REQUEST, start_ns=START_NS + int(start_s * NS), end_ns=START_NS + int(end_s * NS), **more)


def make_export(store: SegmentStore, target: Path, request: Request = REQUEST) -> Done:
    return export(store, Issuer("hartford", "pole-17", store.signer), request, target, lambda _: None)


def verify(target: Path, *more: str) -> tuple[int, str]:
    """With nothing but the interpreter."""
    command = [sys.executable, "-I", "-S", tool.__file__, str(target), *more]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


def manifest_of(folder: Path) -> dict[str, Any]:
    found = json.loads((folder / "manifest.json").read_text())
    assert isinstance(found, dict)
    return found
