"""`make demo`: start the service, fire one sample order at it, show the card."""

from __future__ import annotations

import argparse
import contextlib
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import requests

from cds_service.cdshooks.services import SERVICE_ID
from cds_service.content.fixture_dates import shift
from cds_service.content.scenarios import Scenario, load_scenarios
from cds_service.errors import ConfigurationError
from cds_service.pages.site import BANNER
from cds_service.ports import free_port, require_free
from cds_service.terminal import response_text

USUAL_PORT: Final = 5005
PATIENCE: Final = 30.0
"""Seconds for the service to start on a slow machine."""


def _port(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r}: write a port, 1 to 65535")
    return int(text)


def main(argv: Sequence[str] | None = None) -> int:
    """Show one scenario; keeps the service running until Ctrl-C unless told otherwise."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--scenario", default="V03", help="id of a sample request, such as V01")
    parser.add_argument("--port", type=_port, help="default: 5005, or any free port")
    parser.add_argument("--once", action="store_true", help="stop after the first answer")
    arguments = parser.parse_args(argv)
    # A shell that starts it in the background has Ctrl-C ignored; whoever sends it still means it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the service stops too
    try:
        scenario = _scenario(arguments.scenario)
        with service(arguments.port) as url:
            return _show(scenario, url, once=arguments.once)
    except ConfigurationError as why:
        print(f"demo: {why}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print()
        return 0


def _scenario(name: str) -> Scenario:
    known = {scenario.id: scenario for scenario in load_scenarios()}
    if name not in known:
        raise ConfigurationError(f"no scenario {name}; there are {', '.join(known)}")
    return known[name]


@contextlib.contextmanager
def service(port: int | None = None) -> Iterator[str]:
    """A service in development mode in its own process; yields its address."""
    if port:
        require_free("127.0.0.1", port)
    else:
        port = free_port(USUAL_PORT)
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "cds_service", "serve", "--dev", "--port", str(port)]
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)  # noqa: S603  # fixed
        try:
            _wait(process, url, log)
            yield url
        finally:
            process.terminate()
            process.wait(timeout=35)


def _wait(process: subprocess.Popen[bytes], url: str, log: Any) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if process.poll() is not None:
            log.seek(0)
            raise ConfigurationError(f"the service did not start:\n{log.read().strip()}")
        with contextlib.suppress(requests.RequestException):
            if _session().get(f"{url}/readyz", timeout=2).ok:
                return
        time.sleep(0.05)
    raise ConfigurationError(f"the service did not answer within {PATIENCE:.0f} s at {url}")


def _show(scenario: Scenario, url: str, *, once: bool) -> int:
    body = msgspec.json.encode(shift(scenario.request(), scenario.evaluated, datetime.now(UTC)))
    started = time.perf_counter()
    response = _session().post(
        f"{url}/cds-services/{SERVICE_ID}",
        data=body,
        headers={"Content-Type": "application/json"},
        timeout=10,
    )
    took = (time.perf_counter() - started) * 1000
    width = min(shutil.get_terminal_size().columns, 100)
    print(f"{BANNER}\n")
    print(f"Sample order {scenario.id}: {scenario.title}\n{scenario.story.strip()}\n")
    if response.status_code != 200:
        print(response.text)
        return 1
    print(response_text(response.json(), width))
    print(f"\nAnswered in {took:.0f} ms by {url}/cds-services/{SERVICE_ID}")
    if once:
        return 0
    with tempfile.TemporaryDirectory(prefix="cds-service-") as folder:
        file = Path(folder) / f"{scenario.id}.json"
        file.write_bytes(body)
        print(f"\nOpen    {url}/workbench  (change a chart, see the cards and why)")
        print(f"        {url}/  (all there is)")
        print(f"        {url}/cds-services")
        print(f"Again   curl -sS {url}/cds-services/{SERVICE_ID} \\")
        print(f"          -H 'Content-Type: application/json' -d @{shlex.quote(str(file))}")
        print(
            'Then    feedback on a card, and what it teaches: README.md, "From a card to the report"'
        )
        print("\nThe service runs until Ctrl-C.", flush=True)
        while True:
            time.sleep(3600)


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # a proxy of the environment must not see a call to this machine
    return session


if __name__ == "__main__":
    sys.exit(main())
