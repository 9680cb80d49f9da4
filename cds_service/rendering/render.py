"""From recommendations to the CDS Hooks response, as a plain dict ready for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import quote
from uuid import uuid4

from cds_service.criteria.model import SEVERITY, Outcome, Overlay, Recommendation
from cds_service.issued import Identities, IssuedCard
from cds_service.rendering import pama
from cds_service.rendering.content import Card, OverrideReason
from cds_service.rendering.detail import detail, root_only
from cds_service.rendering.explain import EXPLANATION, explanation_object
from cds_service.rendering.library import Library
from cds_service.rendering.model import OrderAdvice, RenderOptions
from cds_service.rendering.suggestions import offers
from cds_service.rendering.text import reference
from cds_service.rendering.vocabulary import SOURCE_LABEL
from cds_service.rendering.words.reasons import summary

Json = dict[str, Any]

STANDARD_REASONS = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"
_ADHERING = frozenset((Outcome.MRI_URGENT, Outcome.MRI_ROUTINE, Outcome.MRI_MAY))
_OUTCOMES = tuple(Outcome)


class RandomIdentities:
    """uuids that say nothing; feedback on them could not be told from anybody's."""

    def card(self) -> str:
        return str(uuid4())

    def suggestion(self, card: str) -> str:  # noqa: ARG002  # as good as any other
        return str(uuid4())


RANDOM: Final = RandomIdentities()


class Drawn(NamedTuple):
    """A card before it has a uuid."""

    advice: OrderAdvice
    card: Json
    primary: bool
    names: tuple[str, ...]
    """Of its suggestions, in their order."""


def render(
    advices: Sequence[OrderAdvice],
    library: Library,
    options: RenderOptions,
    identities: Identities | None = RANDOM,
) -> Json:
    """The response: primary cards, most urgent order first, then overlays, then ratings.

    `identities` None sends cards without uuids, when feedback could not be stored.
    """
    drawn = draw(advices, library, options)
    if identities is not None:
        for each in drawn:
            identify(each, identities)
    return response(drawn, advices, options)


def draw(advices: Sequence[OrderAdvice], library: Library, options: RenderOptions) -> list[Drawn]:
    """The cards that are sent, in their order."""
    ranked = sorted(advices, key=lambda a: _rank(a.recommendation))
    several = len(ranked) > 1
    cards: list[Drawn] = []
    overlays: list[Drawn] = []
    for advice in ranked:
        primary = _primary(advice, library, options, several)
        if options.show_appropriate or not _nothing_to_do(advice, library, primary.card):
            cards.append(primary)
        overlays += [
            _overlay(advice, overlay, library, options, several)
            for overlay in advice.recommendation.overlays
        ]
    return cards + sorted(overlays, key=lambda each: SEVERITY.index(each.card["indicator"]))


def identify(drawn: Drawn, identities: Identities) -> IssuedCard:
    """Give a card and its suggestions their uuids; what has to be remembered of it."""
    card = drawn.card
    uuid = card["uuid"] = identities.card()
    suggestions = card.get("suggestions", ())
    for suggestion in suggestions:
        suggestion["uuid"] = identities.suggestion(uuid)
    return IssuedCard(
        uuid,
        card["source"]["topic"]["code"],
        card["indicator"],
        drawn.primary,
        tuple((each["uuid"], name) for each, name in zip(suggestions, drawn.names, strict=True)),
    )


def response(
    drawn: Sequence[Drawn], advices: Sequence[OrderAdvice], options: RenderOptions
) -> Json:
    """Cards and ratings as the body of the answer."""
    return {"cards": [each.card for each in drawn]} | _system_actions(advices, options)


def _rank(rec: Recommendation) -> tuple[int, int]:
    return SEVERITY.index(rec.indicator), _OUTCOMES.index(rec.outcome)


def _nothing_to_do(advice: OrderAdvice, library: Library, card: Json) -> bool:
    """An order that adheres, with no suggestion and no safety line: silence is a feature."""
    rec = advice.recommendation
    safety = any(library.statements[i.split(":")[0]].group == "safety" for i in rec.advisory)
    adheres = rec.rating == "appropriate" and rec.outcome in _ADHERING
    return adheres and not safety and "suggestions" not in card


def variant(rec: Recommendation) -> str:
    """Which of an outcome's cards is meant; empty: the plain one."""
    if rec.outcome is Outcome.MRI_EMERGENT:
        if "TRAUMA-SCI" in rec.fired:
            return "cord-injury"
        return "weakness" if root_only(rec) else ""
    if rec.outcome is Outcome.NOT_YET and _possible_cauda_equina(rec):
        return "cauda"
    if rec.outcome is Outcome.CT_FIRST and rec.keep_mri:
        return "keep-mri"
    if rec.outcome is Outcome.DUPLICATE and rec.prior_kind in ("pending", "draft"):
        return rec.prior_kind
    if rec.outcome is Outcome.NO_CRITERIA:
        if "EXT-CAUDA" in rec.fired:
            return "cauda"
        if "EXT-REGION" in rec.fired:
            return "region"
        if rec.step == "P3":
            return "paediatric-trauma"
    return ""


def _possible_cauda_equina(rec: Recommendation) -> bool:
    finding = rec.findings.get("EXT-CAUDA")
    return finding is not None and finding.met


def _primary(
    advice: OrderAdvice,
    library: Library,
    options: RenderOptions,
    several: bool,
) -> Drawn:
    rec = advice.recommendation
    text = library.card(rec.outcome, variant(rec))
    card = _card(text, rec.indicator, options) | {
        "summary": summary(text, advice, library),
        "detail": detail(text, advice, library, options, several=several),
    }
    found, names = _suggestions(text, advice, library, options)
    card |= found
    reasons = [_reason(name, library, options) for name in text.override_reasons]
    if reasons:
        card["overrideReasons"] = reasons
    links = _links(advice, options)
    if links:
        card["links"] = links
    if options.explanation:
        explained = explanation_object(advice, library, options.version)
        card["extension"] = {EXPLANATION: explained}
    return Drawn(advice, card, True, names)


def _overlay(
    advice: OrderAdvice,
    overlay: Overlay,
    library: Library,
    options: RenderOptions,
    several: bool,
) -> Drawn:
    text = library.card(overlay.id, overlay.indicator)
    card = _card(text, overlay.indicator, options) | {
        "summary": summary(text, advice, library),
        "detail": detail(text, advice, library, options, several=several, overlay=overlay),
    }
    found, names = _suggestions(text, advice, library, options, overlay)
    card |= found
    links = _catalogue(options, overlay.id)
    if links:
        card["links"] = links
    return Drawn(advice, card, False, names)


def _card(text: Card, indicator: str, options: RenderOptions) -> Json:
    source: Json = {
        "label": SOURCE_LABEL,
        "topic": {
            "system": f"{options.canonical}/CodeSystem/recommendation",
            "code": str(text.code),
            "display": text.title,
        },
    }
    if options.catalogue_url:
        source["url"] = options.catalogue_url
    return {"indicator": indicator, "source": source}


def _suggestions(
    text: Card,
    advice: OrderAdvice,
    library: Library,
    options: RenderOptions,
    overlay: Overlay | None = None,
) -> tuple[Json, tuple[str, ...]]:
    """Members of a card, and the names of the suggestions among them."""
    found: list[Json] = []
    names: list[str] = []
    for name in text.suggestions:
        words = library.suggestions[name]
        for label, actions in offers(name, words, advice, options, overlay):
            found.append({"label": label, "actions": actions})
            names.append(name)
    if not found:
        return {}, ()
    if text.recommend_first:
        found[0]["isRecommended"] = True
    members = {"suggestions": found, "selectionBehavior": text.selection_behavior}
    return members, tuple(names)


def _reason(name: str, library: Library, options: RenderOptions) -> Json:
    return reason_coding(library.override_reasons[name], options.canonical)


def reason_coding(reason: OverrideReason, canonical: str) -> Json:
    """An override reason as it stands on cards."""
    local = f"{canonical}/CodeSystem/override-reason"
    system = STANDARD_REASONS if reason.system == "standard" else local
    return {"system": system, "code": reason.code, "display": reason.display}


def _links(advice: OrderAdvice, options: RenderOptions) -> list[Json]:
    """Links of a primary card: what there is to do first, then what it rests on."""
    rec = advice.recommendation
    links: list[Json] = []
    if options.smart_url and advice.app_context:
        label = "Answer the open questions"
        smart = {"label": label, "url": options.smart_url, "type": "smart"}
        links.append(smart | {"appContext": advice.app_context})
    prior = rec.prior.reference if rec.prior else ""
    if rec.outcome is Outcome.DUPLICATE and options.report_url and reference(prior)[0] == "`":
        url = options.report_url.replace("{reference}", quote(prior.split("#")[0]))
        label = "Open the earlier study or order"
        links.append({"label": label, "url": url, "type": "absolute"})
    return links + _catalogue(options, rec.step)


def _catalogue(options: RenderOptions, name: str) -> list[Json]:
    """To the page of a statement, or of the step that decided: it says less than what fired."""
    if not options.catalogue_url:
        return []
    url = f"{options.catalogue_url}/{name}"
    return [{"label": "Criteria and sources", "url": url, "type": "absolute"}]


def _system_actions(advices: Sequence[OrderAdvice], options: RenderOptions) -> Json:
    """Rating updates: extensions only, no change of meaning. An unrated draft is not listed, nor one
    that carries this very rating already (SA-4).
    """
    updates = [
        {
            "type": "update",
            "description": "Record the appropriateness rating on the order",
            "resource": rated,
        }
        for advice in advices
        if (rated := pama.rated(advice.order, advice, options)) != advice.order
    ]
    out: Json = {}
    if options.system_actions and updates:
        out["systemActions"] = updates
    elif options.empty_system_actions:
        out["systemActions"] = []
    if options.legacy_system_actions and updates:
        out["extension"] = {"systemActions": updates}
    return out
