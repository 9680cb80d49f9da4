"""Appropriateness ratings on an order, as the Argonaut guide "CDS Hooks for PAMA" shapes them.

The programme behind the guide was paused and its rules withdrawn from 2024: the rating is a
reporting convenience, and nothing here claims more.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from cds_service.rendering.model import OrderAdvice, RenderOptions

Json = dict[str, Any]

BASE = "http://fhir.org/argonaut/Extension/"
RATING = BASE + "pama-rating"
CONSULTED = BASE + "pama-rating-qcdsm-consulted"
CONSULT_ID = BASE + "pama-rating-consult-id"
APPLIED = BASE + "pama-rating-auc-applied"
RATING_SYSTEM = "http://fhir.org/argonaut/CodeSystem/pama-rating"
OURS = frozenset((RATING, CONSULTED, CONSULT_ID, APPLIED))

CT_DRAFT = "ct"
"""Names the CT draft where the consult id is made, so that it differs from the MRI's."""
CT_RATING, CT_CATEGORY = "appropriate", "Usually appropriate"


def consult_id(advice: OrderAdvice, options: RenderOptions, part: str = "") -> str:
    """`urn:uuid:…`, the same for the same order and advice.

    Another when outcome, rating, a statement that fired, its evidence or the rules changed. So an order
    that cannot be rated keeps it while a reason or study is added that does not decide either.
    """
    rec = advice.recommendation
    evidence = sorted(
        {
            (item.reference, item.date or "")
            for name in rec.fired
            if (finding := rec.findings.get(name.split(":")[0])) is not None
            for item in finding.evidence
        }
    )
    facts = [options.patient_id, advice.reference, rec.outcome.value, rec.rating]
    seed = json.dumps([*facts, sorted(rec.fired), options.version, evidence, part])
    return uuid5(uuid5(NAMESPACE_URL, options.canonical), seed).urn


def carried_id(order: Mapping[str, Any]) -> str | None:
    """The consult id that an order came with."""
    extensions = order.get("extension")
    for extension in extensions if isinstance(extensions, list) else ():
        if isinstance(extension, dict) and _url(extension) == CONSULT_ID:
            value = extension.get("valueUri")
            return value if isinstance(value, str) else None
    return None


def rated(resource: Mapping[str, Any], advice: OrderAdvice, options: RenderOptions) -> Json:
    """A copy of the order with its rating; unchanged when there is none to give."""
    rec = advice.recommendation
    if not options.pama or rec.rating is None:
        return dict(resource)
    return _with(resource, _extensions(rec.rating, rec.acr, consult_id(advice, options), options))


def rated_ct(resource: Mapping[str, Any], advice: OrderAdvice, options: RenderOptions) -> Json:
    """A copy of a CT order with the rating of the suggested next study."""
    if not options.pama:
        return dict(resource)
    consult = consult_id(advice, options, CT_DRAFT)
    return _with(resource, _extensions(CT_RATING, CT_CATEGORY, consult, options))


def _extensions(code: str, acr: str | None, consult: str, options: RenderOptions) -> list[Json]:
    # The PAMA coding comes first; finer categories follow it (CDS Hooks for PAMA).
    coding = [{"system": RATING_SYSTEM, "code": code}]
    if acr:
        system = f"{options.canonical}/CodeSystem/acr-category"
        coding.append({"system": system, "code": acr.lower().replace(" ", "-"), "display": acr})
    out: list[Json] = [{"url": RATING, "valueCodeableConcept": {"coding": coding}}]
    if options.g_code:
        out.append({"url": CONSULTED, "valueString": options.g_code})
    out.append({"url": CONSULT_ID, "valueUri": consult})
    out.append({"url": APPLIED, "valueUri": f"{options.canonical}/catalogue"})
    return out


def _with(resource: Mapping[str, Any], ours: list[Json]) -> Json:
    """Our extensions in place of earlier ones; foreign extensions keep their places.

    The copy shares everything else with `resource`: nothing below the top is changed.
    """
    copy = dict(resource)
    old = copy.get("extension")
    new: list[Any] = []
    placed = False
    for extension in old if isinstance(old, list) else []:
        if not (isinstance(extension, dict) and _url(extension) in OURS):
            new.append(extension)
        elif not placed:
            new += ours
            placed = True
    copy["extension"] = new if placed else [*new, *ours]
    return copy


def _url(extension: Mapping[str, Any]) -> str:
    """Its URL; anything but a text is none (a draft may hold whatever a client made)."""
    url = extension.get("url")
    return url if isinstance(url, str) else ""
