"""Loopback ports: free, remembered, and nobody else's."""

import socket
from pathlib import Path

import pytest

from services.embedded.errors import PortTaken
from services.embedded.ports import GRPC_OFFSET, choose_ports, is_free


def test_ports_are_free_and_different(tmp_path: Path) -> None:
    """Each name gets a port of its own that a server can take."""
    ports = choose_ports(tmp_path, ["one", "two", "three"])

    assert len(set(ports.values())) == 3
    assert all(is_free(port) for port in ports.values())


def test_a_restart_finds_the_same_ports(tmp_path: Path) -> None:
    """Addresses last as long as the data directory."""
    first = choose_ports(tmp_path, ["one", "two"])

    second = choose_ports(tmp_path, ["two", "one"])

    assert second == first


def test_a_remembered_port_that_is_taken_is_replaced(tmp_path: Path) -> None:
    """Somebody else's server does not keep ours from starting."""
    first = choose_ports(tmp_path, ["one", "two"])

    with _taken(first["one"]):
        second = choose_ports(tmp_path, ["one", "two"])

    assert second["one"] != first["one"]
    assert second["two"] == first["two"]


def test_a_taken_port_that_was_asked_for_is_an_error(tmp_path: Path) -> None:
    """A user who names a port wants that one or none."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        with pytest.raises(PortTaken, match=str(port)) as caught:
            choose_ports(tmp_path, ["one"], asked={"one": port})

    assert caught.value.port == port


def test_a_free_port_that_was_asked_for_is_used(tmp_path: Path) -> None:
    """What the user names wins over what is remembered."""
    before = choose_ports(tmp_path, ["one", "two"])

    after = choose_ports(tmp_path, ["one"], asked={"one": before["two"]})

    assert after == {"one": before["two"]}


def test_a_paired_port_has_its_partner_free(tmp_path: Path) -> None:
    """A server that takes a second port by its own rule finds that one free as well."""
    first = choose_ports(tmp_path, ["one"], paired=["one"])

    with _taken(first["one"] + GRPC_OFFSET):
        second = choose_ports(tmp_path, ["one"], paired=["one"])

    assert second["one"] != first["one"]


@pytest.mark.parametrize("content", ["", "[]", '{"one": "x"}', '{"one": 99999999}', '{"one": -1}'])
def test_a_damaged_memory_only_costs_the_old_addresses(tmp_path: Path, content: str) -> None:
    """The file is a convenience: whatever is in it, ports are found."""
    (tmp_path / "ports.json").write_text(content)

    ports = choose_ports(tmp_path, ["one"])

    assert is_free(ports["one"])
    assert choose_ports(tmp_path, ["one"]) == ports


def _taken(port: int) -> socket.socket:
    return socket.create_server(("127.0.0.1", port))
