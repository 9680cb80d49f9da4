"""Is what we hold and what we send FHIR R4? Asked by `cds-service check`, of models we did not write.

Not at start: importing and asking takes longer than everything else a start does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from cds_service.cdshooks.encode import encode
from cds_service.cdshooks.request import decode
from cds_service.cdshooks.services import prefetch_templates
from cds_service.client import Client
from cds_service.content.folders import knowledge_dir
from cds_service.content.scenarios import load_scenarios
from cds_service.facts.terminology.value_sets import Terminology
from cds_service.web.seams import EvaluatorProtocol

Json = dict[str, Any]


def problems(
    terminology: Terminology,
    evaluator: EvaluatorProtocol,
    clients: Sequence[Client],
    site: Path | None = None,
) -> Iterator[str]:
    """One sentence for each resource that is no FHIR R4: value sets (`site`: their folder), the
    questionnaire, and what is sent for the sample orders; and for each query of discovery that asks
    for no FHIR resource.
    """
    folders = [knowledge_dir() / "value_sets", *([site] if site else [])]
    files = [file for folder in folders for file in sorted(folder.glob("*.json"))]
    for file in (*files, knowledge_dir() / "questionnaire.json"):
        yield from faults(file.name, json.loads(file.read_text(encoding="utf-8-sig")))
    for key, query in prefetch_templates(terminology.codes, white_cells=True).items():
        yield from unknown_query(key, query)
    for name, resource in sent(evaluator, clients):
        yield from faults(name, resource)


def sent(evaluator: EvaluatorProtocol, clients: Iterable[Client]) -> Iterator[tuple[str, Json]]:
    """Every resource of the answers to the sample orders, with where it stands."""
    for scenario in load_scenarios():
        request = decode(scenario.path.read_bytes())
        for client in clients:
            answer = json.loads(encode(evaluator.evaluate(request, scenario.evaluated, client)))
            offered = [each for card in answer["cards"] for each in card.get("suggestions", ())]
            actions = [action for each in offered for action in each["actions"]]
            for action in (*actions, *answer.get("systemActions", ())):
                if "resource" in action:
                    place = f"answer to {scenario.id} for {client.name}: {action['description']}"
                    yield place, action["resource"]


def faults(name: str, resource: Json) -> Iterator[str]:
    """Where a resource departs from the model of its type."""
    kind = resource.get("resourceType")
    try:
        model = get_fhir_model_class(str(kind))
    except ValueError:
        yield f"{name}: {kind} is no resource of FHIR R4"
        return
    try:
        model.model_validate(resource)
    except ValidationError as why:
        for error in why.errors(include_url=False, include_input=False):
            place = ".".join(str(part) for part in error["loc"])
            yield f"{name}: {place}: {error['msg']}"


def unknown_query(key: str, query: str) -> Iterator[str]:
    """A prefetch template must begin with a type of resource."""
    kind = re.split(r"[/?]", query)[0]
    try:
        get_fhir_model_class(kind)
    except ValueError:
        yield f"discovery: prefetch {key}: {kind} is no resource of FHIR R4"
