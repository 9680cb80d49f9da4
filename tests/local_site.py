"""An evaluator with value sets of a site beside those of the package."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from chart import SYSTEMS, request
from samples import NOW

from cds_service.app import build_evaluator, load_terminology
from cds_service.cdshooks.request import decode
from cds_service.cdshooks.services import SERVICE_ID
from cds_service.client import make_client
from cds_service.criteria.model import Recommendation
from cds_service.settings import Settings


def recommend_at_site(
    folder: Path,
    value_sets: dict[str, str],
    *chart: Any,
    options: dict[str, object] | None = None,
    **rest: Any,
) -> Recommendation:
    """The recommendation where the site adds one code, `system|code`, to each named value set."""
    for name, code in value_sets.items():
        system, _, value = code.partition("|")
        include = [
            {"system": SYSTEMS.get(system, system), "concept": [{"code": value, "display": name}]}
        ]
        document = {"resourceType": "ValueSet", "id": name, "status": "active"}
        text = json.dumps(document | {"compose": {"include": include}})
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
    settings = Settings(dev=True, value_set_folder=folder)
    evaluator: Any = build_evaluator(settings, load_terminology(settings))
    client = make_client(SERVICE_ID, options or {}, dev=True)
    body = json.dumps(request(*chart, **rest)).encode()
    (advice,) = evaluator.advise(decode(body), NOW, client)
    found: Recommendation = advice.recommendation
    return found
