"""Who asks goes away: what was done for them alone ends."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import uvicorn
from fastapi import FastAPI

from agent.central.api.gone import WhenGone
from tests.central.helpers import wait_for


class _Asked(FastAPI):
    """`/long` goes on until who asked is gone; `ended` says how each ended."""

    def __init__(self) -> None:
        super().__init__()
        self.ended: list[bool] = []
        self.began = threading.Event()

        @self.get("/long")
        def long(gone: WhenGone, seconds: float) -> bool:
            self.began.set()
            end = time.monotonic() + seconds
            while not gone() and time.monotonic() < end:
                time.sleep(0.005)
            self.ended.append(gone())
            return gone()


@contextmanager
def _served(app: FastAPI) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


def _ask(port: int, path: str) -> socket.socket:
    asking = socket.create_connection(("127.0.0.1", port))
    asking.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return asking


def test_what_is_done_for_somebody_ends_when_they_close_the_connection() -> None:
    app = _Asked()
    with _served(app) as port:
        with _ask(port, "/long?seconds=60"):
            assert app.began.wait(10)
            time.sleep(0.1)
            assert app.ended == []
        wait_for(lambda: app.ended == [True])


def test_who_waits_gets_the_whole_answer_and_may_ask_again() -> None:
    app = _Asked()
    with _served(app) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        answers = [client.get("/long", params={"seconds": seconds}).json() for seconds in (0.2, 0, 0.2)]
    assert answers == app.ended == [False, False, False]
