"""`make demo`: a service in its own process, one sample order, the card on the terminal."""

import socket

import pytest

from cds_service.demo import main


def test_unknown_scenario(capsys):
    assert main(["--scenario", "V99"]) == 2
    assert "no scenario V99; there are V01, " in capsys.readouterr().err


@pytest.mark.integration
def test_a_card_as_a_person_reads_it(capsys):
    assert main(["--scenario", "V01", "--once"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("DEVELOPMENT MODE")
    assert "Sample order V01" in out
    assert "Source: When to Order Cervical MRI" in out
    assert "Answered in " in out
    for markup in ("**", "\\", "`"):
        assert markup not in out


@pytest.mark.integration
def test_a_service_that_cannot_start_says_why(capsys):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        assert main(["--port", str(other.getsockname()[1]), "--once"]) == 2
    assert "choose another with --port" in capsys.readouterr().err
