"""The web side's port."""

import socket

from starlette.applications import Starlette

from agent.central.web_server import WebServer


def test_no_answer_waits_for_the_browser_to_acknowledge_its_head() -> None:
    """Head and body are two writes: of an answer on a kept connection the second one waited 40 ms."""
    server = WebServer(Starlette, "127.0.0.1", 0)
    server.bind()
    assert server._socket is not None
    try:
        with socket.create_connection(("127.0.0.1", server.port)), server._socket.accept()[0] as accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    finally:
        server.close()
