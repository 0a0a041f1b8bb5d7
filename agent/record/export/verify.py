"""Checks an export of footage: is everything there, and as the gateway stated and signed it?

    python verify.py [FOLDER | FILE.zip] [--key FINGERPRINT]

Needs Python 3.8 or newer and nothing else; looks at the folder it lies in when none is named. Prints what it found in
plain sentences and ends with 0 when all is good, else with 1. Ed25519 after RFC 8032, SHA-2 from Python itself.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
import zipfile
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import IO, Any, Callable, Iterator, Tuple

FORMAT, VERSION, MANIFEST = "lamppost-export", 1, "manifest.json"
SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)?")
SHORTEST_PIN = 16

# Ed25519 ------------------------------------------------------------------------------------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT = pow(2, (P - 1) // 4, P)

Point = Tuple[int, int, int, int]
"""Extended coordinates: x = X/Z, y = Y/Z, xy = T/Z."""

NEUTRAL: Point = (0, 1, 1, 0)


def verified(public: bytes, message: bytes, signature: bytes) -> bool:
    """Is this the signature of `message` by the holder of the key? (RFC 8032 section 5.1.7, without cofactor)."""
    if len(public) != 32 or len(signature) != 64:
        return False
    point = decoded(public)
    scalar = int.from_bytes(signature[32:], "little")
    if point is None or scalar >= ORDER:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    return encoded(_sum_of_products(scalar, BASE, challenge, _negative(point))) == signature[:32]


def decoded(data: bytes) -> Point | None:
    """The point that 32 bytes stand for; None when they stand for none, or are not the one way to write it."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & ((1 << 255) - 1)
    if y >= P:
        return None
    x = _root_of((y * y - 1) * pow(D * y * y + 1, -1, P) % P)
    if x is None or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def encoded(point: Point) -> bytes:
    """The 32 bytes of a point."""
    inverse = pow(point[2], -1, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _root_of(square: int) -> int | None:
    root = pow(square, (P + 3) // 8, P)
    for one in (root, root * ROOT % P):
        if one * one % P == square:
            return one
    return None


def _add(a: Point, b: Point) -> Point:
    left, right = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    c, d = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = right - left, d - c, d + c, right + left
    return e * f % P, g * h % P, f * g % P, e * h % P


def _negative(a: Point) -> Point:
    return P - a[0], a[1], a[2], P - a[3]


def _sum_of_products(m: int, a: Point, n: int, b: Point) -> Point:
    """`m` times `a` plus `n` times `b`, bit by bit together."""
    steps = (None, a, b, _add(a, b))
    found = NEUTRAL
    for bit in range(max(m.bit_length(), n.bit_length()) - 1, -1, -1):
        found = _add(found, found)
        step = steps[(m >> bit & 1) | (n >> bit & 1) << 1]
        found = found if step is None else _add(found, step)
    return found


BASE = decoded((4 * pow(5, -1, P) % P).to_bytes(32, "little")) or NEUTRAL

# What is looked at ----------------------------------------------------------------------------------------------------


class Export:
    """A folder, or a ZIP file with the same in it."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._zip = zipfile.ZipFile(str(place)) if place.is_file() else None

    def names(self) -> list[str]:
        """All files."""
        if self._zip is not None:
            return [name for name in self._zip.namelist() if not name.endswith("/")]
        return [one.relative_to(self.place).as_posix() for one in self.place.rglob("*") if not one.is_dir()]

    def open(self, name: str) -> IO[bytes]:
        """One of them."""
        if not SAFE_NAME.fullmatch(name):
            raise ValueError("the manifest names a file in a way that is not allowed")
        return self._zip.open(name) if self._zip is not None else (self.place / name).open("rb")


def canonical(document: dict[str, Any]) -> bytes:
    """What is signed: keys sorted, no spaces, UTF-8."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def unsigned(statement: dict[str, Any]) -> bytes:
    """What the signature of a statement covers."""
    return canonical({name: value for name, value in statement.items() if name != "signature"})


def link(statement: dict[str, Any]) -> str:
    """By which the next segment refers to this one."""
    return hashlib.sha256(unsigned(statement)).hexdigest()


def utc(ns: int) -> str:
    """A time in words."""
    moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=ns // 1000)
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + " UTC"


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands there twice")
    return found


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is no number")


class Check:
    """One look at an export; `faults` counts what is not as it should be."""

    def __init__(self, export: Export, pin: str, say: Callable[[str], None]) -> None:
        self._export, self._pin, self._say = export, pin, say
        self._keys: dict[str, bytes] = {}
        self._known = {MANIFEST}
        self.faults = 0

    def run(self) -> bool:
        """Look at everything; True when all is good."""
        try:
            manifest = self._manifest()
            if manifest is not None:
                self._all(manifest)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, RecursionError) as error:
            self._fault(f"{MANIFEST} does not say what it should ({type(error).__name__}: {error}).")
        return not self.faults

    def _fault(self, text: str) -> None:
        self.faults += 1
        self._say(f"FAULT: {text}")

    def _manifest(self) -> dict[str, Any] | None:
        try:
            with self._export.open(MANIFEST) as file:
                found = json.loads(file.read().decode(), object_pairs_hook=_once, parse_constant=_no_constant)
        except (OSError, KeyError, ValueError, RecursionError, zipfile.BadZipFile) as error:
            self._fault(f"{MANIFEST} cannot be read ({error}).")
            return None
        if not isinstance(found, dict) or found.get("format") != FORMAT or found.get("version") != VERSION:
            self._fault(f"{MANIFEST} is no {FORMAT} of version {VERSION}; a newer verifier may know it.")
            return None
        return found

    def _all(self, manifest: dict[str, Any]) -> None:
        self._keys = {name: bytes.fromhex(text) for name, text in manifest["keys"].items()}
        self._signer(manifest)
        self._say(
            f"Exported {manifest['made']} at site {manifest['site']}, gateway {manifest['gateway']}, "
            f"by {manifest['by']}: {manifest['reason']}"
        )
        if manifest["synced"] is not True:
            self._say("The gateway's clock was not known to be synchronised then.")
        self._file(manifest["verifier"])
        for camera in manifest["cameras"]:
            self._camera(camera)
        self._strangers()

    def _signer(self, manifest: dict[str, Any]) -> None:
        name = manifest["key"]
        if not self._signed(manifest):
            self._fault(f"The manifest is not signed by the key {name}; nothing in it can be relied on.")
            return
        fingerprint = hashlib.sha256(self._keys[name]).hexdigest()
        self._say(f"The manifest is signed by the key {fingerprint}.")
        if not self._pin:
            self._say("Whose key that is cannot be seen here: compare it with the gateway's, or name that with --key.")
        elif not fingerprint.startswith(self._pin):
            self._fault(f"That is not the key you named, {self._pin}.")

    def _signed(self, statement: dict[str, Any]) -> bool:
        public = self._keys.get(statement["key"])
        if public is None or hashlib.sha256(public).hexdigest()[:16] != statement["key"]:
            return False
        return verified(public, unsigned(statement), bytes.fromhex(statement["signature"]))

    def _file(self, entry: dict[str, Any], *, start: int = 0) -> str:
        """Compare a file with what is stated; returns the hash of its first `start` bytes when it is as stated."""
        name = entry["name"]
        self._known.add(name)
        try:
            whole, first, size = self._hashes(name, start)
        except (OSError, KeyError, zipfile.BadZipFile) as error:
            self._fault(f"{name} cannot be read ({error}).")
            return ""
        if size != entry["bytes"]:
            self._fault(f"{name} has {size} bytes; exported were {entry['bytes']}.")
        elif whole != entry["sha256"]:
            self._fault(f"{name} was changed after the export (SHA-256 differs).")
        else:
            return first
        return ""

    def _hashes(self, name: str, start: int) -> tuple[str, str, int]:
        whole, first, size = hashlib.sha256(), hashlib.sha256(), 0
        with self._export.open(name) as file:
            for piece in iter(lambda: file.read(1 << 20), b""):
                whole.update(piece)
                first.update(piece[: max(0, start - size)])
                size += len(piece)
        return whole.hexdigest(), first.hexdigest(), size

    def _camera(self, camera: dict[str, Any]) -> None:
        name = camera["camera"]
        ids = {segment["head"]["id"] for segment in camera["segments"]}
        for clip in camera["clips"]:
            self._clip(name, clip, ids)
        for gap in camera["gaps"]:
            self._say(f"{name}: no footage from {utc(gap['start_ns'])} to {utc(gap['end_ns'])}: {gap['text']}.")
        for segment in camera["segments"]:
            self._segment(name, segment)
        self._chain(name, [one["tail"] for one in camera["segments"] if one["tail"]], camera["tombstones"])

    def _clip(self, camera: str, clip: dict[str, Any], ids: Any) -> None:
        before = self.faults
        self._file(clip)
        if not ids.issuperset(clip["segments"]):
            self._fault(f"{clip['name']}: it names segments that the manifest does not describe.")
        if self.faults == before:
            span = f"{utc(clip['start_ns'])} to {utc(clip['end_ns'])}"
            self._say(f"{camera}: {clip['name']} is as exported; it shows {span}.")
        for part in clip["reencoded"]:
            span = f"{utc(part['start_ns'])} to {utc(part['end_ns'])}"
            self._say(f"{camera}: in {clip['name']}, {part['pictures']} pictures of {span} were re-encoded.")

    def _segment(self, camera: str, segment: dict[str, Any]) -> None:
        head, tail, original = segment["head"], segment["tail"], segment["original"]
        if tail is None:
            self._say(f"{camera}: the last segment was still being written; only the manifest speaks for it.")
        elif (head["id"], head["camera"], tail["camera"]) != (tail["id"], camera, camera):
            self._fault(f"{camera}: segment {tail['number']}: its notes are of different segments.")
        elif not self._signed(tail):
            self._fault(f"{camera}: segment {tail['number']}: its signature does not fit.")
        if original is not None:
            first = self._file(original, start=tail["size"] if tail else 0)
            if tail and first and first != tail["sha256"]:
                self._fault(f"{original['name']} is not what was recorded (SHA-256 differs from the signed one).")

    def _chain(self, camera: str, tails: list[dict[str, Any]], stones: list[dict[str, Any]]) -> None:
        before = self.faults
        for stone in stones:
            if stone["camera"] != camera or not self._signed(stone):
                self._fault(
                    f"{camera}: the deletion of {stone['first']} to {stone['last']}: its signature does not fit."
                )
        tails = sorted(tails, key=lambda one: int(one["number"]))
        for one, following in zip(tails, tails[1:]):
            for problem in broken(one, following, stones):
                self._fault(f"{camera}: {problem}")
        if tails and self.faults == before:
            numbers = f"{tails[0]['number']} to {tails[-1]['number']}" if len(tails) > 1 else tails[0]["number"]
            over = ", over deletions that are signed too" if stones else ""
            self._say(f"{camera}: its signed chain is unbroken from the first to the last segment ({numbers}){over}.")

    def _strangers(self) -> None:
        names = self._export.names()
        for name in sorted(set(names) - self._known):
            self._say(f"{name} is not part of the export; nothing is said of it.")
        if len(set(names)) != len(names):
            self._fault("the ZIP file holds two files of one name.")


def broken(one: dict[str, Any], following: dict[str, Any], stones: list[dict[str, Any]]) -> Iterator[str]:
    """Why a segment does not follow another in the chain, over tombstones if numbers are missing."""
    number, at = one["number"], link(one)
    while number + 1 < following["number"]:
        stone = next((each for each in stones if each["first"] == number + 1 <= each["last"]), None)
        if stone is None or stone["last"] >= following["number"]:
            yield f"segments {number + 1} to {following['number'] - 1} are missing and no deletion is stated."
            return
        if stone["previous"] != at:
            yield f"the deletion of {stone['first']} to {stone['last']} does not follow segment {number}."
        number, at = stone["last"], stone["link"]
    if following["number"] != number + 1 or following["previous"] != at:
        yield f"segment {following['number']} does not follow segment {number}."


def main(arguments: list[str] | None = None) -> int:
    """Check what the command line names."""
    parser = argparse.ArgumentParser(description="Checks an export of footage; ends with 0 when all is good, else 1.")
    parser.add_argument("export", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument("--key", default="", help="the gateway's fingerprint, or at least its first 16 hex digits")
    args = parser.parse_args(arguments)
    pin = args.key.lower().replace(":", "").strip()
    if pin and not re.fullmatch(f"[0-9a-f]{{{SHORTEST_PIN},64}}", pin):
        parser.error(f"--key takes {SHORTEST_PIN} to 64 hex digits")
    try:
        check = Check(Export(args.export), pin, print)
        good = check.run()
    except (OSError, zipfile.BadZipFile) as error:
        print(f"FAULT: {args.export} cannot be read ({error}).")
        return 1
    print("All is as it was exported." if good else f"{check.faults} faults: do not rely on this export.")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
