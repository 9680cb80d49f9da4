"""Named suggestions: which of them fit a recommendation, and what each would do.

Cards name them, cards/suggestions.toml words them. None is ever applied without the clinician.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cds_service.criteria.model import Outcome, Overlay
from cds_service.rendering import actions, pama
from cds_service.rendering.content import CardTemplate, SuggestionWords
from cds_service.rendering.model import OrderAdvice, RenderOptions
from cds_service.rendering.studies import CT, PHYSICAL_THERAPY, STUDIES

Json = dict[str, Any]
Offer = tuple[str, list[Json]]
"""Label and actions."""

ACTION_TYPES: dict[str, tuple[str, ...]] = {
    "raise-priority": ("update",),
    "change-contrast": ("update",),
    "add-ct": ("create",),
    "replace-with-ct": ("delete", "create"),
    "change-to-ct": ("update",),
    "replace-with-physical-therapy": ("delete", "create"),
    "add-physical-therapy": ("create",),
    "remove-order": ("delete",),
    "raise-pending": ("delete", "update"),
}
"""Every suggestion and the kinds of action it is made of."""


def offers(
    name: str,
    words: SuggestionWords,
    advice: OrderAdvice,
    options: RenderOptions,
    overlay: Overlay | None = None,
) -> list[Offer]:
    """What the suggestion comes to for this order: nothing, one offer, or one for each study."""
    if overlay is not None:
        return _contrast(words, advice, options, overlay) if name == "change-contrast" else []
    build = _BUILDERS.get(name)
    offer = build(words, advice, options) if build else None
    return [offer] if offer else []


def _contrast(
    words: SuggestionWords, advice: OrderAdvice, options: RenderOptions, overlay: Overlay
) -> list[Offer]:
    out = []
    # An update is the whole order: without the priority that the primary card offers to raise,
    # accepting both would take the first back.
    priority = advice.recommendation.suggested_priority
    for code in overlay.suggest_codes:
        study = STUDIES[code]
        order = actions.with_study(advice.order, study)
        if priority is not None:
            order = actions.with_priority(order, priority)
        resource = pama.rated(order, advice, options)
        values = {"study": f"{study.name}, priority {priority}" if priority else study.name}
        action = actions.update(_fill(words.update, values), resource)
        out.append((_fill(words.label, values), [action]))
    return out


def _raise_priority(
    words: SuggestionWords, advice: OrderAdvice, options: RenderOptions
) -> Offer | None:
    priority = advice.recommendation.suggested_priority
    if priority is None:
        return None
    values = {"priority": priority}
    resource = pama.rated(actions.with_priority(advice.order, priority), advice, options)
    action = actions.update(_fill(words.update, values), resource)
    return _fill(words.label, values), [action]


def _add_ct(words: SuggestionWords, advice: OrderAdvice, options: RenderOptions) -> Offer | None:
    if not advice.recommendation.suggest_ct:
        return None
    return words.label, [_ct_draft(words, advice, options)]


def _replace_with_ct(
    words: SuggestionWords, advice: OrderAdvice, options: RenderOptions
) -> Offer | None:
    rec = advice.recommendation
    if not (rec.suggest_ct and rec.suggest_delete):
        return None
    removal = actions.delete(words.delete, advice.reference)
    return words.label, [removal, _ct_draft(words, advice, options)]


def _change_to_ct(
    words: SuggestionWords, advice: OrderAdvice, options: RenderOptions
) -> Offer | None:
    """The same swap as one update, for clients that act on nothing else."""
    rec = advice.recommendation
    if not (options.change_in_place and rec.suggest_ct and rec.suggest_delete):
        return None
    resource = actions.with_study(advice.order, CT)
    priority = actions.higher_priority(advice.order, _ct_priority(advice))
    if priority:
        resource = actions.with_priority(resource, priority)
    resource = pama.rated_ct(resource, advice, options)
    return words.label, [actions.update(_fill(words.update, {"study": CT.name}), resource)]


def _replace_with_physical_therapy(
    words: SuggestionWords, advice: OrderAdvice, options: RenderOptions
) -> Offer | None:
    rec = advice.recommendation
    if not (rec.suggest_physical_therapy and rec.suggest_delete):
        return None
    removal = actions.delete(words.delete, advice.reference)
    return words.label, [removal, _physical_therapy(words, advice, options)]


def _add_physical_therapy(
    words: SuggestionWords, advice: OrderAdvice, options: RenderOptions
) -> Offer | None:
    if not advice.recommendation.suggest_physical_therapy:
        return None
    return words.label, [_physical_therapy(words, advice, options)]


def _remove_order(words: SuggestionWords, advice: OrderAdvice, _: RenderOptions) -> Offer | None:
    rec = advice.recommendation
    if not rec.suggest_delete and rec.outcome is not Outcome.NO_CRITERIA:
        return None
    return words.label, [actions.delete(words.delete, advice.reference)]


def _raise_pending(words: SuggestionWords, advice: OrderAdvice, _: RenderOptions) -> Offer | None:
    priority, pending = advice.recommendation.raise_pending_priority, advice.pending
    if priority is None or pending is None or not advice.recommendation.suggest_delete:
        return None
    values = {"priority": priority}
    removal = actions.delete(words.delete, advice.reference)
    raised = actions.update(_fill(words.update, values), actions.with_priority(pending, priority))
    return _fill(words.label, values), [removal, raised]


_BUILDERS: dict[str, Callable[[SuggestionWords, OrderAdvice, RenderOptions], Offer | None]] = {
    "raise-priority": _raise_priority,
    "add-ct": _add_ct,
    "replace-with-ct": _replace_with_ct,
    "change-to-ct": _change_to_ct,
    "replace-with-physical-therapy": _replace_with_physical_therapy,
    "add-physical-therapy": _add_physical_therapy,
    "remove-order": _remove_order,
    "raise-pending": _raise_pending,
}


def _ct_draft(words: SuggestionWords, advice: OrderAdvice, options: RenderOptions) -> Json:
    draft = actions.study_draft(
        advice.order,
        CT,
        patient_id=options.patient_id,
        encounter_id=options.encounter_id,
        priority=_ct_priority(advice),
    )
    draft = pama.rated_ct(draft, advice, options)
    return actions.create(_fill(words.create, {"study": CT.name}), draft)


def _ct_priority(advice: OrderAdvice) -> str | None:
    """An acute injury is imaged at once when cord or nerves are threatened, else urgently."""
    rec = advice.recommendation
    if "TRAUMA-CT-INITIAL" not in (*rec.fired, *rec.advisory):
        return None
    return "stat" if rec.indicator == "critical" else "urgent"


def _physical_therapy(words: SuggestionWords, advice: OrderAdvice, options: RenderOptions) -> Json:
    draft = actions.physical_therapy_draft(
        advice.order, patient_id=options.patient_id, encounter_id=options.encounter_id
    )
    return actions.create(_fill(words.create, {"study": PHYSICAL_THERAPY}), draft)


def _fill(text: str, values: Mapping[str, str]) -> str:
    return CardTemplate(text).safe_substitute(values)
