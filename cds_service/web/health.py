"""Probes for the machinery around the service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response
from structlog.typing import FilteringBoundLogger

from cds_service import __version__
from cds_service.cdshooks.encode import encode
from cds_service.web.errors import ANSWERS, outcome
from cds_service.web.seams import Check


def health(
    version: str,
    checks: Mapping[str, Check],
    logger: FilteringBoundLogger,
    lesser: Mapping[str, Check] | None = None,
) -> Blueprint:
    """`/livez`: the process runs; `/readyz`: it has read its content, and what cards need is there.

    `version` is that of rules and value sets together. When one of `lesser` fails the service is
    ready but degraded: cards go out, and a balancer that took it away would take them away too.
    """
    lesser = lesser or {}
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/livez")
    def alive() -> Response:
        """Say that the process runs."""
        return _status("alive")

    @blueprint.get("/readyz")
    def ready() -> Response:
        """Say that calls are answered: the app exists only once all content was read and checked."""
        failing = [name for name, check in checks.items() if not _holds(name, check, logger)]
        if failing:
            answer = ANSWERS[503]
            return outcome(503, answer.code, "not ready", f"failing: {', '.join(failing)}")
        looked_at = ["content", *checks, *lesser]
        if less := [name for name, check in lesser.items() if not _holds(name, check, logger)]:
            return _status("degraded", content=version, checks=looked_at, failing=less)
        return _status("ready", content=version, checks=looked_at)

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
