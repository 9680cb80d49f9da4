"""Pages for people and for the machinery around the service."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response

from cds_service import __version__
from cds_service.cdshooks.encode import encode
from cds_service.cdshooks.services import SERVICE_ID, TITLE

BANNER: Final = (
    "DEVELOPMENT MODE: no authentication, open to every web page on this machine. "
    "Never use it with real patient data."
)

_HOME: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>{title}</title>
<p><strong>{banner}</strong></p>
<h1>{title}</h1>
<ul>
<li><a href="/cds-services">GET {url}/cds-services</a>: discovery; give this address to a CDS Hooks client</li>
<li>POST {url}/cds-services/{service}: the service, for order-select and order-sign</li>
<li><a href="/readyz">GET {url}/readyz</a>: ready to answer</li>
</ul>
<p>Version {version}</p>
</html>
"""


def health() -> Blueprint:
    """`/livez`: the process runs; `/readyz`: it has read its content and answers calls."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/livez")
    def alive() -> Response:
        """Say that the process runs."""
        return _status("alive")

    @blueprint.get("/readyz")
    def ready() -> Response:
        """Say that calls are answered: the app exists only once all content was read and checked."""
        return _status("ready")

    return blueprint


def home(public_url: str) -> Blueprint:
    """The start page of development mode."""
    blueprint = Blueprint("home", __name__)
    page = _HOME.format(
        title=TITLE, banner=BANNER, url=public_url, service=SERVICE_ID, version=__version__
    )

    @blueprint.get("/")
    def start() -> Response:
        """List the addresses."""
        return Response(page, content_type="text/html; charset=utf-8")

    return blueprint


def _status(word: str) -> Response:
    body = encode({"status": word, "version": __version__})
    return Response(body, content_type="application/json")
