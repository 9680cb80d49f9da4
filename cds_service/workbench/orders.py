"""Changes of the draft orders, and the call an EHR would make of them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from copy import deepcopy
from decimal import Decimal
from typing import Any, Final
from uuid import uuid4

from cds_service.cdshooks.request import HOOKS
from cds_service.criteria.model import PRIORITIES
from cds_service.errors import EditRefused
from cds_service.facts.terminology.value_sets import Terminology
from cds_service.rendering.pama import OURS as RATING_EXTENSIONS
from cds_service.rendering.studies import CPT
from cds_service.workbench.document import Json, drafts, numbered, opened, reference
from cds_service.workbench.elements import coded

_STUDY_SETS: Final = ("VS-MRICSPINE", "VS-MRICSPINE-MULTI", "VS-CTCSPINE")


def studies(terminology: Terminology) -> dict[str, str]:
    """What may be ordered: CPT codes the criteria know, with our words for them."""
    return {
        code: terminology.display(system, code)
        for name in _STUDY_SETS
        for system, code in terminology.codes(name)
        if system == CPT
    }


def set_study(request: Json, terminology: Terminology, order: str, code: str) -> Json:
    """Order another study, or the same with other contrast. Raises EditRefused."""
    known = studies(terminology)
    if code not in known:
        raise EditRefused("choose a study from the list")
    new, draft = _draft(request, order)
    draft["code"] = coded(CPT, code, known[code])
    # What was said of another study is not true of this one.
    if isinstance(draft.get("extension"), list):
        kept = [each for each in draft["extension"] if not _is_rating(each)]
        draft["extension"] = kept
        if not kept:
            del draft["extension"]
    return new


def set_priority(request: Json, order: str, priority: str) -> Json:
    """Give a draft another priority (FHIR R4, request-priority). Raises EditRefused."""
    if priority not in PRIORITIES:
        raise EditRefused(f"choose a priority: {', '.join(PRIORITIES)}")
    new, draft = _draft(request, order)
    draft["priority"] = priority
    return new


def call(request: Json, hook: str, withheld: Iterable[str] = ()) -> Json:
    """The request as one firing of `hook`, with an id of its own and without the `withheld` keys.

    At order-sign every draft is in scope, so `selections` go (CDS Hooks library, order-sign).
    Raises EditRefused for another hook.
    """
    if hook not in HOOKS:
        raise EditRefused(f"hook: this service answers {' and '.join(HOOKS)}")
    context = dict(request["context"])
    if hook == "order-sign":
        context.pop("selections", None)
    elif "selections" not in context:
        context["selections"] = [reference(each) for each in drafts(request)]
    new = {**request, "hook": hook, "hookInstance": str(uuid4()), "context": context}
    gone = set(withheld)
    if isinstance(new.get("prefetch"), dict):
        new["prefetch"] = {key: value for key, value in new["prefetch"].items() if key not in gone}
    return new


def accept(request: Json, response: str, card: int, suggestion: int) -> Json:
    """Apply the actions of a suggestion: deletes, creates, updates (CDS Hooks, Suggestion).

    `response` is the answer as it came. What was created is selected, as if just picked. Raises
    EditRefused.
    """
    try:
        if card < 0 or suggestion < 0:
            raise ValueError
        chosen = _answer(response)["cards"][card]["suggestions"][suggestion]
        actions = _actions(chosen.get("actions"))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise EditRefused(
            "that suggestion is not in the last answer; fire the hook again"
        ) from None
    return _applied(request, actions)


def annotate(request: Json, response: str) -> Json:
    """Apply the system actions of an answer, as an EHR does that has agreed to them (CDS Hooks, System
    Action). An update of an order that is not here any more is passed over.

    Raises EditRefused for what is no answer.
    """
    try:
        actions = _actions(_answer(response).get("systemActions"))
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise EditRefused("the last answer cannot be read; fire the hook again") from None
    here = {reference(each) for each in drafts(request)}
    return _applied(
        request,
        [
            each
            for each in actions
            if each.get("type") != "update" or reference(each.get("resource") or {}) in here
        ],
    )


def _answer(response: str) -> Any:
    return json.loads(response, parse_float=Decimal)


def _actions(found: Any) -> list[Json]:
    actions = found or []
    if not isinstance(actions, list) or not all(isinstance(each, dict) for each in actions):
        raise ValueError
    return actions


def _applied(request: Json, actions: list[Json]) -> Json:
    """All of them, in the order of a FHIR transaction: deletes, creates, updates."""
    new = _own_context(request)
    for action in actions:
        if action.get("type") == "delete":
            _delete(new, str(action.get("resourceId")))
    for action in actions:
        if action.get("type") == "create":
            _create(new, _resource(action))
    for action in actions:
        if action.get("type") == "update":
            new = _update(new, _resource(action))
    return new


def _is_rating(extension: Any) -> bool:
    return isinstance(extension, dict) and extension.get("url") in RATING_EXTENSIONS


def _resource(action: Json) -> Json:
    resource = action.get("resource")
    if not isinstance(resource, dict):
        raise EditRefused("the suggestion carries no resource; nothing was changed")
    return resource


def _entries(request: Json) -> list[Any]:
    bundle = request["context"]["draftOrders"]
    if not isinstance(bundle.get("entry"), list):
        bundle["entry"] = []
    entries: list[Any] = bundle["entry"]
    return entries


def _own_context(request: Json) -> Json:
    """A request whose drafts and selections may be changed; the record is shared with the old one."""
    return {**request, "context": deepcopy(request["context"])}


def _draft(request: Json, order: str) -> tuple[Json, Json]:
    new = _own_context(request)
    for draft in drafts(new):
        if reference(draft) == order and draft.get("resourceType") == "ServiceRequest":
            return new, draft
    raise EditRefused("that order is not among the drafts any more; load the patient again")


def _delete(request: Json, name: str) -> None:
    entries = _entries(request)
    entries[:] = [
        each
        for each in entries
        if not (isinstance(each, dict) and reference(each.get("resource") or {}) == name)
    ]
    picked = request["context"].get("selections")
    if isinstance(picked, list):
        request["context"]["selections"] = [each for each in picked if each != name]


def _create(request: Json, resource: Json) -> None:
    known = {each.get("id") for each in drafts(request)}
    number = 1
    while f"draft-{number}" in known:
        number += 1
    new = {**deepcopy(resource), "id": f"draft-{number}"}
    _entries(request).append({"resource": new})
    picked = request["context"].get("selections")
    if isinstance(picked, list):
        picked.append(reference(new))


def _update(request: Json, resource: Json) -> Json:
    """Of a draft; else of the order in the record that has the same name."""
    name = reference(resource)
    for entry in _entries(request):
        if isinstance(entry, dict) and reference(entry.get("resource") or {}) == name:
            entry["resource"] = deepcopy(resource)
            return request
    for place, known in numbered(request, "orders"):
        if reference(known) == name:
            new, bundle = opened(request, "orders")
            bundle["entry"][place] = {**bundle["entry"][place], "resource": deepcopy(resource)}
            return new
    raise EditRefused("the suggestion updates an order that is not here; nothing was changed")
