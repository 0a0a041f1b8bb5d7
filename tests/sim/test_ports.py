"""The ports that a demo chooses for itself."""

from __future__ import annotations

from agent.sim.demo import free_ports


def test_none_is_given_twice():
    ports = free_ports(500)
    assert len(set(ports)) == 500
    assert all(1024 < port < 65536 for port in ports)
