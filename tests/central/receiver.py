"""A receiver of webhooks on loopback: keeps what it is told, and answers as it is told to."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver:
    """`answers` are used up one by one, then 204; `heard` are headers and bodies. `wait` holds every answer back."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.wait = threading.Event()
        self.wait.set()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?to=dispatch"

    def told(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.heard]

    def is_signed(self, number: int, secret: str) -> bool:
        """As a receiver checks it by the standard."""
        headers, body = self.heard[number]
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        key = base64.b64decode(secret.removeprefix("whsec_"))
        expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        return headers["webhook-signature"] == f"v1,{expected}"


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
            receiver.wait.wait(20)
            status = receiver.answers.pop(0) if receiver.answers else 204
            self.send_response(status)
            if status in {301, 302, 307}:
                self.send_header("Location", receiver.url + "&again=1")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


@contextmanager
def receiver() -> Iterator[Receiver]:
    """One that listens for the length of a block."""
    made = Receiver()
    made.server.daemon_threads = False
    thread = threading.Thread(target=made.server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield made
    finally:
        made.wait.set()
        made.server.shutdown()
        thread.join()
        made.server.server_close()
