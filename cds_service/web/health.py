"""Probes for the machinery around the service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request
from structlog.typing import FilteringBoundLogger

from cds_service import __version__
from cds_service.cdshooks.encode import encode
from cds_service.web.errors import ANSWERS, outcome
from cds_service.web.seams import Check


def health(version: str, checks: Mapping[str, Check], logger: FilteringBoundLogger) -> Blueprint:
    """`/livez`: the process runs; `/readyz`: it has read its content, and what it needs is there.

    `version` is that of rules and value sets together. `/readyz?exclude=NAME` leaves a check out, as
    Kubernetes' own probes do: a balancer that may not take cards away leaves out the store.
    """
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/livez")
    def alive() -> Response:
        """Say that the process runs."""
        return _status("alive")

    @blueprint.get("/readyz")
    def ready() -> Response:
        """Say that calls are answered: the app exists only once all content was read and checked."""
        excluded = request.args.getlist("exclude")
        wanted = {name: check for name, check in checks.items() if name not in excluded}
        failing = [name for name, check in wanted.items() if not _holds(name, check, logger)]
        if failing:
            answer = ANSWERS[503]
            return outcome(503, answer.code, "not ready", f"failing: {', '.join(failing)}")
        return _status("ready", content=version, checks=["content", *wanted])

    return blueprint


def _holds(name: str, check: Check, logger: FilteringBoundLogger) -> bool:
    try:
        check()
    except Exception as why:  # noqa: BLE001  # whatever it is, the service cannot do its work
        # Never its text: drivers quote addresses and statements.
        logger.warning("check failed", check=name, error=type(why).__name__)
        return False
    return True


def _status(word: str, **more: Any) -> Response:
    body = encode({"status": word, "version": __version__, **more})
    return Response(body, content_type="application/json")
