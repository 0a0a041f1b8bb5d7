"""Runs the web side: uvicorn on a loop of its own, in a thread of ours."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from agent.core.errors import ConfigError, LinkError
from agent.core.stop import StopToken

_GRACE_S = 2


class WebServer:
    """A worker. `bind` first: it takes the port, so that an address in use is told before anything else starts."""

    name = "web"

    def __init__(
        self,
        make_app: Callable[[], ASGIApp],
        host: str,
        port: int,
        *,
        cert: Path | None = None,
        key: Path | None = None,
        proxies: Sequence[str] = (),
    ) -> None:
        """`proxies` are the networks whose word counts for where a request comes from."""
        self._make_app, self._host, self.port = make_app, host, port
        self._cert, self._key, self._proxies = cert, key, list(proxies)
        self._socket: socket.socket | None = None
        self.up = False

    def bind(self) -> None:
        """Take the port; with port 0 a free one.

        Raises:
            ConfigError: it is taken, or no address of this machine.
        """
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        try:
            self._socket = socket.create_server((self._host, self.port), family=family, backlog=512)
        except OSError as error:
            place = f"{self._host}:{self.port}"
            raise ConfigError(f"{place}: cannot listen there: {error.strerror}; set [central] listen") from error
        # who accepts here inherits it; asyncio sets it by itself only where a socket names its protocol
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port = self._socket.getsockname()[1]

    @property
    def url(self) -> str:
        """Where a browser on this machine finds it."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self._host, self._host)
        shown = f"[{host}]" if ":" in host else host
        return f"{'https' if self._cert else 'http'}://{shown}:{self.port}"

    def close(self) -> None:
        """Give the port back, when `run` never came to it."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def run(self, stop: StopToken) -> None:
        """Serve until `stop`."""
        if self._socket is None:
            self.bind()
        taken, self._socket = self._socket, None
        if taken is None:
            raise LinkError("the web side has no port")
        with taken, contextlib.closing(asyncio.new_event_loop()) as loop:
            try:
                loop.run_until_complete(self._serve(taken, stop))
            finally:
                self.up = False
                loop.run_until_complete(loop.shutdown_asyncgens())
                loop.run_until_complete(loop.shutdown_default_executor())

    async def _serve(self, taken: socket.socket, stop: StopToken) -> None:
        server = uvicorn.Server(self._config())
        serving = asyncio.create_task(server.serve(sockets=[taken]))
        while not serving.done():
            self.up = server.started
            if stop.is_set():
                server.should_exit = True
            await asyncio.wait([serving], timeout=0.1)
        await serving

    def _config(self) -> uvicorn.Config:
        return uvicorn.Config(
            self._make_app(),
            lifespan="off",
            ws="websockets-sansio",
            ws_max_size=64 << 10,  # viewers send nothing
            ws_per_message_deflate=False,  # video does not get smaller
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(self._proxies),
            forwarded_allow_ips=self._proxies,
            timeout_graceful_shutdown=_GRACE_S,
            ssl_certfile=self._cert,
            ssl_keyfile=self._key,
        )
