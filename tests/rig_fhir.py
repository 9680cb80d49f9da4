"""A real FHIR R4 server for integration tests: `tests/rigs/server.mjs` on a free loopback port.

    with serving(chart_of(sample("V03")), bearer="secret") as server:
        server.search("Condition", patient="v03-patient")

The test is skipped, with the reason, when Node or its packages are not installed (`make rigs`).

By hand, `python tests/rig_fhir.py 8103` serves the charts of all sample orders, dated for today, to everybody;
`python tests/rig_fhir.py 8103 http://127.0.0.1:5005` also launches the companion app of the service there.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

Json = dict[str, Any]

RIGS = Path(__file__).parent / "rigs"
OLDEST_NODE = 18
PAGES = 50
READY_IN = 60.0


class FhirRig:
    """A running server: its base address, the token it asks for, and a client that sends it."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path, bearer: str | None) -> None:
        self.process = process
        self.log = log
        self.bearer = bearer
        self.base = ""
        self.session = requests.Session()
        self.session.trust_env = False
        if bearer:
            self.session.headers["Authorization"] = f"Bearer {bearer}"

    def get(self, path: str, **options: Any) -> requests.Response:
        """GET of a path below the base, or of a whole address such as a `next` link."""
        url = path if path.startswith("http") else f"{self.base}/{path}"
        return self.session.get(url, timeout=10, **options)

    def pages(self, path: str, **query: Any) -> Iterator[Json]:
        """Every page of a search, by its `next` links."""
        response = self.get(path, params=query)
        for _ in range(PAGES):
            assert response.status_code == 200, response.text
            page: Json = response.json()
            yield page
            following = [link["url"] for link in page["link"] if link["relation"] == "next"]
            if not following:
                return
            response = self.get(following[0])
        raise AssertionError(f"{path}: more than {PAGES} pages")

    def search(self, path: str, **query: Any) -> list[Json]:
        """Every resource a search finds, on all its pages."""
        return [
            entry["resource"]
            for page in self.pages(path, **query)
            for entry in page.get("entry", [])
        ]

    def wait(self) -> None:
        """Until the metadata is served; fails with the server's own words when it ends instead."""
        until = time.monotonic() + READY_IN
        while time.monotonic() < until:
            assert self.process.poll() is None, self.log.read_text()
            for line in self.log.read_text().splitlines():
                if line.startswith("ready "):
                    self.base = line.removeprefix("ready ")
                    assert self.get("metadata").json()["fhirVersion"] == "4.0.1"
                    return
            time.sleep(0.05)
        raise AssertionError(f"no answer in {READY_IN} s: {self.log.read_text()}")


@contextmanager
def serving(
    *bundles: Json, bearer: str | None = None, port: int = 0, smart: Json | None = None
) -> Iterator[FhirRig]:
    """The server, loaded with transaction Bundles, for as long as the block lasts; port 0 is any.

    `smart`: with an authorization server, whose tokens it takes; see `rigs/authorization.mjs`.
    """
    node = _node()
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{number}.json" for number in range(len(bundles))]
        for file, bundle in zip(files, bundles, strict=True):
            file.write_text(json.dumps(bundle), encoding="utf-8")
        log = Path(folder) / "log"
        given = {"HOST": "127.0.0.1", "PORT": str(port), "BEARER": bearer or ""}
        given["SMART"] = json.dumps(smart)
        with log.open("wb") as stream:
            process = subprocess.Popen(
                [node, "server.mjs"],
                cwd=RIGS,
                env=os.environ | given | {"BUNDLES": json.dumps([str(file) for file in files])},
                stdout=stream,
                stderr=stream,
            )
        rig = FhirRig(process, log, bearer)
        try:
            rig.wait()
            yield rig
        finally:
            rig.session.close()
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def chart_of(request: Json) -> Json:
    """The chart a request brings in its prefetch, as a transaction of PUTs that keep every id."""
    entries: dict[str, Json] = {}
    for value in (request.get("prefetch") or {}).values():
        for resource in _resources(value):
            url = f"{resource['resourceType']}/{resource['id']}"
            entries[url] = {"resource": resource, "request": {"method": "PUT", "url": url}}
    return {"resourceType": "Bundle", "type": "transaction", "entry": list(entries.values())}


def to_be_fetched(request: Json, server: FhirRig, *, keep: tuple[str, ...] = ()) -> Json:
    """The same request without its prefetch, but for the keys to keep, and with access to `server`."""
    kept = {key: request["prefetch"][key] for key in keep}
    bare = {key: value for key, value in request.items() if key != "prefetch"}
    bare |= {"fhirServer": server.base} | ({"prefetch": kept} if kept else {})
    if server.bearer:
        bare["fhirAuthorization"] = {
            "access_token": server.bearer,
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "patient/*.rs",
            "subject": "cds-service",
            "patient": request["context"]["patientId"],
        }
    return bare


def _resources(value: Json | None) -> list[Json]:
    if value is None or value["resourceType"] == "OperationOutcome":
        return []
    if value["resourceType"] != "Bundle":
        return [value]
    found = [entry["resource"] for entry in value.get("entry", []) if "resource" in entry]
    return [resource for resource in found if resource["resourceType"] != "OperationOutcome"]


def _node() -> str:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    if not (RIGS / "node_modules").is_dir():
        pytest.skip("the packages of tests/rigs are not installed: make rigs")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.removeprefix("v").partition(".")[0]) < OLDEST_NODE:
        pytest.skip(f"node {version.strip()} is older than {OLDEST_NODE}")
    return node


def for_hand(service: str) -> Json:
    """`smart` for trying a service in development mode: its app is known, the chart is open."""
    from cds_service.settings.model import DEVELOPMENT_APP

    return {"clientId": DEVELOPMENT_APP, "redirectUri": f"{service}/smart/app", "open": True}


def _serve_samples(port: int, service: str | None) -> None:
    from cds_service.content.fixture_dates import shift
    from cds_service.content.scenarios import load_scenarios

    now = datetime.now(UTC)
    charts = [
        chart_of(shift(scenario.request(), scenario.evaluated, now))
        for scenario in load_scenarios()
    ]
    with serving(*charts, port=port, smart=for_hand(service) if service else None) as rig:
        count = rig.get("Patient?_summary=count").json()["total"]
        print(f"{rig.base} serves {count} patients, v01-patient and on", flush=True)
        rig.process.wait()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        _serve_samples(
            int(sys.argv[1]) if sys.argv[1:] else 0, sys.argv[2] if sys.argv[2:] else None
        )
