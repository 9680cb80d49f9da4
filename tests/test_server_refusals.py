"""What never becomes a call: the server refuses it as the service would, and writes none of it down."""

import json
import socket
import threading
import uuid
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from calls import MARK, call
from gunicorn.config import Config
from gunicorn.http import errors as parser
from test_server import Running, free_port, served

from cds_service.web.errors import ANSWERS
from cds_service.worker import JsonLogger, TimedPool, Worker, refusal, waited

POST = (
    b"POST /cds-services/cervical-mri HTTP/1.1\r\nHost: cds\r\nContent-Type: application/json\r\n"
)


@pytest.fixture(scope="module")
def metrics_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, metrics_port: int) -> Iterator[Running]:
    environment = {"CDS_SERVICE_METRICS_PORT": str(metrics_port)}
    with served(tmp_path_factory.mktemp("server") / "log", **environment) as running:
        yield running


def answer(server: Running, sent: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of what comes back for these bytes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while more := connection.recv(1 << 16):
            received += more
    head, _, body = received.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    return int(first.split()[1]), dict(line.split(": ", 1) for line in rest), body


REFUSED = [
    pytest.param(f"{MARK}\r\n\r\n".encode(), 400, id="no request line"),
    pytest.param(f"{MARK} / HTTP/1.1\r\n\r\n".encode(), 400, id="no method"),
    pytest.param(f"GET /{MARK} HTTP/9.9\r\n\r\n".encode(), 400, id="no version"),
    pytest.param(f"GET /{MARK * 500} HTTP/1.1\r\n\r\n".encode(), 414, id="address too long"),
    pytest.param(POST + f"A: {MARK * 1000}\r\n\r\n".encode(), 431, id="header too long"),
    pytest.param(POST + f"A: {MARK}\r\n".encode() * 101 + b"\r\n", 431, id="too many headers"),
    pytest.param(POST + f"{MARK} : x\r\n\r\n".encode(), 400, id="no header name"),
    pytest.param(POST + f"A: b\r\n {MARK}\r\n\r\n".encode(), 400, id="folded header"),
    pytest.param(POST + f"A: {MARK}\x00\r\n\r\n".encode(), 400, id="NUL in a header"),
    pytest.param(POST + f"Expect: {MARK}\r\n\r\n".encode(), 417, id="unknown expectation"),
    pytest.param(
        POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
        id="length and chunks (smuggling)",
    ),
    pytest.param(
        POST + f"Transfer-Encoding: {MARK}\r\n\r\n".encode(), 501, id="unknown transfer coding"
    ),
    pytest.param(
        POST + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\n{}  ", 400, id="two lengths"
    ),
    pytest.param(POST + f"Content-Length: {MARK}\r\n\r\n".encode(), 400, id="length no number"),
    pytest.param(
        POST + f"Transfer-Encoding: chunked\r\n\r\n{MARK}\r\n".encode(), 400, id="no chunk size"
    ),
    pytest.param(
        POST + f"Transfer-Encoding: chunked\r\n\r\n5\r\n{MARK}".encode(), 400, id="chunk too long"
    ),
    pytest.param(
        POST + f"Transfer-Encoding: chunked\r\n\r\nff\r\n{MARK}".encode(), 400, id="chunk cut off"
    ),
    pytest.param(
        POST + f"Content-Length: 500\r\n\r\n{MARK}".encode(), 400, id="body cut off"
    ),
]  # fmt: skip


@pytest.mark.parametrize(("sent", "status"), REFUSED)
def test_it_is_refused_with_an_outcome_that_quotes_nothing(server, sent, status):
    found, headers, body = answer(server, sent)
    assert found == status
    assert headers["Content-Type"] == "application/json"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Access-Control-Allow-Origin"] == "*", "development mode: any page may read it"
    outcome = json.loads(body)
    assert outcome["resourceType"] == "OperationOutcome"
    uuid.UUID(outcome["id"])
    (issue,) = outcome["issue"]
    assert issue["details"]["text"] == ANSWERS[status].text
    assert MARK.lower() not in (body + str(headers).encode()).decode().lower()
    logged = server.log.read_text()
    assert outcome["id"] in logged
    assert MARK.lower() not in logged.lower()
    assert all(json.loads(line) for line in logged.splitlines())


def test_the_server_goes_on(server):
    for sent in (f"{MARK}\r\n\r\n", f"GET /{MARK * 500} HTTP/1.1\r\n\r\n"):
        answer(server, sent.encode())
    assert server.post(json=call()).status_code == 200


def test_refusals_of_the_server_are_counted(server, metrics_port):
    def count() -> float:
        page = server.session.get(f"http://127.0.0.1:{metrics_port}/", timeout=5).text
        wanted = 'cds_calls_total{hook="none",outcome="none",service="none",status="414"}'
        (line,) = [line for line in page.splitlines() if line.startswith(wanted)] or [" 0"]
        return float(line.rpartition(" ")[2])

    before = count()
    answer(server, f"GET /{MARK * 500} HTTP/1.1\r\n\r\n".encode())
    assert count() == before + 1


def test_in_production_no_page_reads_what_the_server_refuses():
    """Whose page asked is lost with the headers that could not be read."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        worker = Worker.__new__(Worker)
        worker.app = SimpleNamespace(open_to_pages=False, note_refusal=lambda *_: None)
        worker.handle_error(None, ours, None, parser.LimitRequestHeaders("x"))
        answer = theirs.recv(1 << 16)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b"Vary: Origin" in answer
    assert b"Access-Control" not in answer


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (parser.LimitRequestLine(5000, 4094), 414),
        (parser.InvalidResponseHeader("x"), 500),
        (ValueError(MARK), 500),
    ],
)
def test_our_own_mistakes_are_500_and_theirs_are_not(error, status):
    assert refusal(error)[0] == status
    assert status in ANSWERS


def test_the_pool_says_how_long_work_has_waited_for_a_thread():
    now = [100.0]
    busy, free = threading.Event(), threading.Event()

    def first() -> None:
        busy.set()
        free.wait(10)

    with TimedPool(1, clock=lambda: now[0]) as pool:
        begun = pool.submit(first)
        assert busy.wait(10)
        second = pool.submit(waited)
        now[0] = 100.25
        free.set()
        begun.result(10)
        assert second.result(10) == 0.25
    assert waited() == 0, "elsewhere nothing has waited"


def test_work_that_finds_a_thread_free_has_not_waited():
    now = iter(range(1000))
    busy, free = threading.Event(), threading.Event()

    def first() -> None:
        busy.set()
        free.wait(10)

    with TimedPool(2, clock=lambda: next(now)) as pool:
        pool.submit(first)
        assert busy.wait(10)
        assert pool.submit(waited).result(10) == 0
        free.set()


def test_messages_of_the_server_are_lines_of_our_log_without_foreign_texts(capsys):
    """Numbers of processes are filled in; what may come from outside is not, nor are errors quoted."""
    logger = JsonLogger(Config())
    logger.critical("WORKER TIMEOUT (pid:%s)", 4711)
    logger.warning("ignored %s", MARK)
    try:
        raise ValueError(MARK)
    except ValueError as error:
        logger.exception(error)  # noqa: TRY401  # the server does
        logger.error("Socket error processing request.")
    logger.info("Listening at: %s", MARK)
    logger.debug("Ignored premature client disconnection. %s", MARK)
    said = capsys.readouterr().err
    assert MARK not in said
    found = [json.loads(line) for line in said.splitlines()]
    assert [line["event"] for line in found] == [
        "WORKER TIMEOUT (pid:4711)",
        "ignored %s",
        "failed",
        "Socket error processing request.",
    ]
    assert [line["level"] for line in found] == ["error", "warning", "error", "error"]
    assert {line.get("error") for line in found} == {None, "ValueError"}
