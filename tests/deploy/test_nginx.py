"""The example configuration of nginx in front of the service: TLS, limits, slow clients, its errors."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import requests
from calls import CARD, MARK, call
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from test_server import Running, free_port, served

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "nginx.conf"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
THREADS = 2

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(NGINX is None, reason="nginx is not installed"),
]


def certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "cds.example.org")])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "cds.crt").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    (folder / "cds.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


class Proxy:
    """nginx with the shipped file; only ports and paths are this machine's."""

    def __init__(self, folder: Path, service: int, *changes: tuple[str, str]) -> None:
        self.port = free_port()
        self.folder = folder
        certificate(folder)
        text = CONFIGURATION.read_text(encoding="utf-8")
        scratch = "".join(
            f"{kind}_temp_path {folder}/{kind}; "
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        for shipped, here in (
            ("listen 443 ", f"listen 127.0.0.1:{self.port} "),
            ("127.0.0.1:5005", f"127.0.0.1:{service}"),
            ("/etc/nginx/tls/", f"{folder}/"),
            ("/var/log/nginx/", f"{folder}/"),
            ("/run/nginx.pid", f"{folder}/pid"),
            ("http {", f"http {{ {scratch}"),
            *changes,
        ):
            assert shipped in text, shipped
            text = text.replace(shipped, here)
        (folder / "nginx.conf").write_text(text)
        assert NGINX
        self._command = [NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf")]
        subprocess.run([*self._command, "-t"], check=True, capture_output=True, timeout=30)
        self.process = subprocess.Popen(
            [*self._command, "-g", "daemon off;"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.url = f"https://localhost:{self.port}"
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = str(folder / "cds.crt")

    def wait(self) -> None:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError("nginx does not listen")

    def connect(self) -> ssl.SSLSocket:
        context = ssl.create_default_context(cafile=str(self.folder / "cds.crt"))
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        return context.wrap_socket(plain, server_hostname="localhost")

    def post(self, path: str = "/cds-services/cervical-mri", **options) -> requests.Response:
        options = {"timeout": 10} | ({} if "data" in options else {"json": call()}) | options
        return self.session.post(f"{self.url}{path}", **options)

    def logs(self) -> str:
        return "".join((self.folder / name).read_text() for name in ("access.log", "error.log"))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    log = tmp_path_factory.mktemp("service") / "log"
    with served(log, CDS_SERVICE_THREADS=str(THREADS)) as running:
        yield running


@contextmanager
def running(folder: Path, service: int, *changes: tuple[str, str]) -> Iterator[Proxy]:
    started = Proxy(folder, service, *changes)
    try:
        started.wait()
        yield started
    finally:
        started.session.close()
        started.process.terminate()
        started.process.wait(timeout=20)


@pytest.fixture(scope="module")
def proxy(service: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    with running(tmp_path_factory.mktemp("nginx"), service.port) as started:
        yield started


ORIGIN = "https://his.north.example"
"""In the map of the file."""


def assert_readable_by_its_origin(ask: Callable[[str], requests.Response]) -> requests.Response:
    """A page of a client may read what nginx answers, another may not, and no cache mixes them up."""
    for stranger in ("https://evil.example", f"{ORIGIN}.evil.example", "null"):
        answer = ask(stranger)
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert answer.headers["Vary"] == "Origin"
        assert "max-age" in answer.headers["Strict-Transport-Security"]
    answer = ask(ORIGIN)
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Vary"] == "Origin"
    return answer


def assert_outcome(response: requests.Response, status: int) -> None:
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/json"
    outcome = response.json()
    assert outcome["resourceType"] == "OperationOutcome"
    assert re.fullmatch(r"[A-Za-z0-9.-]{1,64}", outcome["id"])
    (issue,) = outcome["issue"]
    assert issue["details"]["text"]
    assert MARK not in response.text
    assert "nginx" not in response.text
    assert "/" not in response.headers.get("Server", ""), "no version"


def test_a_call_through_the_proxy(proxy):
    response = proxy.post()
    assert response.status_code == 200
    assert response.json() == {"cards": [CARD]}
    assert "max-age" in response.headers["Strict-Transport-Security"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_refusals_of_the_service_come_through_unchanged(proxy):
    response = proxy.post(data=b"{", headers={"Content-Type": "application/json"})
    assert_outcome(response, 400)
    assert "-" in response.json()["id"], "the id the log of the service has"
    assert_outcome(proxy.post("/cds-services/other"), 404)


@pytest.mark.parametrize("path", ["/readyz", "/livez", "/metrics", f"/{MARK}"])
def test_health_and_metrics_stay_inside(proxy, path):
    assert_outcome(proxy.session.get(f"{proxy.url}{path}", timeout=10), 404)


@pytest.mark.parametrize("path", ["/", "/criteria", "/criteria/RF-ANY"])
def test_pages_for_people_come_through(proxy, path):
    response = proxy.session.get(f"{proxy.url}{path}", timeout=10)
    assert response.status_code == 200
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    (style,) = re.findall(r'href="(/static/[^"]+/site.css)"', response.text)
    answer = proxy.session.get(f"{proxy.url}{style}", timeout=10)
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["Cache-Control"]


def test_the_companion_app_comes_through(proxy):
    """The service behind it has no client with the app, and says so itself."""
    found = proxy.session.get(
        f"{proxy.url}/smart/launch", headers={"Accept": "text/html"}, timeout=10
    )
    assert (found.status_code, "There is no such page" in found.text) == (404, True)


def test_a_body_that_is_too_large_ends_at_the_proxy(proxy):
    large = b" " * (17 * 1024 * 1024 + 1)
    assert_outcome(
        assert_readable_by_its_origin(lambda of: proxy.post(data=large, headers={"Origin": of})),
        413,
    )


def test_who_may_read_an_answer_of_the_service_the_service_says(proxy):
    """Development mode lets every page read; nginx adds no second header."""
    for path, status in (("/cds-services/cervical-mri", 200), ("/cds-services/other", 404)):
        response = proxy.post(path, headers={"Origin": ORIGIN})
        assert response.status_code == status
        assert response.headers["Access-Control-Allow-Origin"] == "*"


def test_more_calls_from_one_address_than_a_site_needs_are_turned_away(service, tmp_path):
    """The limits of the file, made small enough to meet."""
    with running(
        tmp_path, service.port, ("rate=200r/s", "rate=1r/m"), ("burst=400", "burst=2")
    ) as few:
        assert [few.post().status_code for _ in range(3)] == [200] * 3
        answer = assert_readable_by_its_origin(lambda of: few.post(headers={"Origin": of}))
        assert_outcome(answer, 429)
        assert answer.headers["Retry-After"] == "1"


def test_more_connections_from_one_address_than_a_site_needs_are_turned_away(service, tmp_path):
    with (
        running(
            tmp_path, service.port, ("limit_conn connections 256", "limit_conn connections 2")
        ) as few,
        ExitStack() as stack,
    ):
        for _ in range(2):
            stack.enter_context(few.connect()).sendall(HEAD + b"Content-Length: 1000\r\n\r\n{")
        answers = [few.post() for _ in range(3)]
        assert_outcome(answers[-1], 429)


def test_a_body_larger_than_the_service_takes_is_its_own_413(proxy):
    headers = {"Content-Type": "application/json"}
    assert_outcome(proxy.post(data=b" " * 150_000, headers=headers), 413)


def test_large_headers(proxy):
    assert_outcome(proxy.post(headers={"X-Mark": MARK * 2000}), 431)
    assert proxy.post(headers={"X-Mark": "x" * 4000}).status_code == 200


def test_long_addresses(proxy):
    assert_outcome(proxy.post(f"/cds-services/{MARK * 930}"), 414)
    assert_outcome(proxy.post(f"/cds-services/{MARK * 600}"), 414)


def test_plain_http_is_refused(proxy):
    response = proxy.session.post(
        f"http://127.0.0.1:{proxy.port}/cds-services/cervical-mri", json=call(), timeout=10
    )
    assert_outcome(response, 400)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_current_versions_of_tls(proxy, version):
    context = ssl.create_default_context(cafile=str(proxy.folder / "cds.crt"))
    context.minimum_version = context.maximum_version = version
    with (
        socket.create_connection(("127.0.0.1", proxy.port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secure,
    ):
        assert secure.version() == version.name.replace("_", ".")


HEAD = (
    b"POST /cds-services/cervical-mri HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Type: application/json\r\n"
)


@pytest.mark.parametrize(
    "begun",
    [
        pytest.param(HEAD, id="headers that do not end"),
        pytest.param(HEAD + b"Content-Length: 1000\r\n\r\n{", id="a body that does not come"),
        pytest.param(
            HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{", id="a chunk that does not come"
        ),
    ],
)
def test_slow_clients_cost_no_thread_of_the_service(proxy, begun):
    """Twenty of them for two threads: everybody else is answered."""
    with ExitStack() as stack:
        for _ in range(10 * THREADS):
            slow = stack.enter_context(proxy.connect())
            slow.sendall(begun)
        for _ in range(20):
            assert proxy.post().status_code == 200


def test_chunks_and_a_length_together_are_refused(proxy):
    with proxy.connect() as client:
        client.sendall(HEAD + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
        assert client.recv(64).split()[1] == b"400"


def test_nothing_of_a_request_is_in_the_logs_of_the_proxy(proxy):
    proxy.post(f"/cds-services/cervical-mri?patient={MARK}", headers={"Referer": f"https://{MARK}"})
    proxy.post(f"/{MARK}", headers={"Authorization": f"Bearer {MARK}", "Cookie": MARK})
    proxy.post(data=MARK.encode() * 2_000_000)
    proxy.post(headers={"X-Mark": MARK * 2000})
    assert " POST 200 " in proxy.logs()
    assert MARK not in proxy.logs()


def test_a_service_that_is_gone_is_a_503(tmp_path):
    with running(tmp_path, free_port()) as alone:
        response = assert_readable_by_its_origin(lambda of: alone.post(headers={"Origin": of}))
        assert_outcome(response, 503)
        assert response.headers["Retry-After"] == "1"
        assert json.loads(response.text)["issue"][0]["code"] == "transient"
        page = alone.session.get(f"{alone.url}/criteria", timeout=10)
        assert page.status_code == 503
        assert page.headers["Content-Type"].startswith("text/html")
        assert "load the page again" in page.text
