"""Which port is free, and an early word when one is not."""

import socket
from collections.abc import Iterator

import pytest

from cds_service import ports
from cds_service.errors import ConfigurationError
from cds_service.ports import free_port, require_free


@pytest.fixture
def taken() -> Iterator[int]:
    """A port of this machine on which somebody listens."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_free_port_is_taken_as_usual(taken):
    usual = free_port(0)
    assert free_port(usual) == usual
    require_free("127.0.0.1", usual)


def test_beside_a_taken_port_another_is_found(taken):
    assert free_port(taken) not in (0, taken)


def test_a_taken_port_is_named_with_the_mend(taken):
    with pytest.raises(ConfigurationError, match=rf"127\.0\.0\.1:{taken}: .+ another with --port"):
        require_free("127.0.0.1", taken)


def test_a_taken_port_of_the_newer_kind_of_address():
    with socket.socket(socket.AF_INET6) as other:
        try:
            other.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no IPv6")
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"::1:{port}: "):
            require_free("::1", port)


def test_an_address_of_another_machine():
    with pytest.raises(ConfigurationError, match="192\\.0\\.2\\.1:0: "):
        require_free("192.0.2.1", 0)


def test_a_machine_without_a_free_port(monkeypatch):
    def exhausted(*_: object) -> None:
        raise OSError(98, "Address already in use")

    monkeypatch.setattr(ports, "_bind", exhausted)
    with pytest.raises(ConfigurationError, match="no free port on this machine"):
        free_port(5005)
