"""Suggestions and ratings: what they would do to an order, and what they must leave alone."""

import copy
from typing import Any

import pytest
from advice import CANONICAL, NUMB, advise, cied, found, options, order, recommend
from fhir.resources.R4B.servicerequest import ServiceRequest

from cds_service.criteria.model import Outcome
from cds_service.facts.finding import Evidence
from cds_service.rendering import actions, pama
from cds_service.rendering.library import Library
from cds_service.rendering.model import OrderAdvice
from cds_service.rendering.render import render
from cds_service.rendering.studies import CT, STUDIES

RATING = "http://fhir.org/argonaut/Extension/pama-rating"


def _suggested(library: Library, advice: OrderAdvice, **changes: Any) -> Any:
    card = render([advice], library, options(**changes))["cards"][0]
    return card.get("suggestions", [])


def _labels(suggestions: list[dict[str, Any]]) -> list[str]:
    return [s["label"] for s in suggestions]


def _ratings(resource: dict[str, Any]) -> list[str]:
    return [
        e["valueCodeableConcept"]["coding"][0]["code"]
        for e in resource.get("extension", [])
        if isinstance(e, dict) and e["url"] == RATING
    ]


def _without_vendor_field(resource: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in resource.items() if k != "vendorField"}


def test_an_update_keeps_every_element_it_does_not_mean_to_change():
    raw = order()
    before = copy.deepcopy(raw)
    raised = actions.with_priority(raw, "stat")
    changed = actions.with_study(raw, STUDIES["72156"])
    assert raw == before
    assert raised == before | {"priority": "stat"}
    assert {k: v for k, v in changed.items() if k != "code"} == {
        k: v for k, v in before.items() if k != "code"
    }
    assert [c["code"] for c in changed["code"]["coding"]] == ["72156", "24937-5"]
    assert changed["code"]["text"] == "MRI cervical spine without and with contrast"


def test_a_copy_shares_nothing_with_the_order_received():
    raw = order()
    actions.with_priority(raw, "stat")["note"][0]["text"] = "changed"
    assert raw["note"][0]["text"] == "typed by hand"


@pytest.mark.parametrize(
    ("own", "other", "expected"),
    [
        ("stat", "urgent", "stat"),
        ("routine", "urgent", "urgent"),
        (None, "urgent", "urgent"),
        ("asap", None, "asap"),
        ("nonsense", None, None),
        (None, None, None),
    ],
)
def test_a_priority_is_never_lowered(own: str | None, other: str | None, expected: str | None):
    assert actions.higher_priority({"priority": own}, other) == expected


def test_a_red_flag_offers_the_higher_priority_on_the_whole_order(library: Library):
    (suggestion,) = _suggested(library, advise(Outcome.MRI_URGENT))
    assert suggestion["label"] == "Set the priority to urgent"
    assert suggestion["isRecommended"] is True
    (action,) = suggestion["actions"]
    assert action["type"] == "update"
    assert action["resource"]["vendorField"] == {"kept": True}
    assert action["resource"]["priority"] == "urgent"
    assert _ratings(action["resource"]) == ["appropriate"]


def test_conservative_care_can_replace_the_order_or_stand_beside_it(library: Library):
    replace, add, remove = _suggested(library, advise(Outcome.NOT_YET))
    assert [a["type"] for a in replace["actions"]] == ["delete", "create"]
    assert replace["actions"][0]["resourceId"] == "ServiceRequest/draft-1"
    assert "resource" not in replace["actions"][0]
    draft = replace["actions"][1]["resource"]
    assert (draft["status"], draft["intent"]) == ("draft", "order")
    assert draft["code"]["coding"][0]["code"] == "91251008"
    assert draft["reasonCode"] == order()["reasonCode"]
    assert "extension" not in draft
    assert [a["type"] for a in add["actions"]] == ["create"]
    assert [a["type"] for a in remove["actions"]] == ["delete"]
    assert [s.get("isRecommended") for s in (replace, add, remove)] == [True, None, None]


def test_ct_first_offers_the_swap_and_the_same_as_one_update(library: Library):
    replace, change = _suggested(library, advise(Outcome.CT_FIRST))
    assert [a["type"] for a in replace["actions"]] == ["delete", "create"]
    draft = replace["actions"][1]["resource"]
    assert [c["code"] for c in draft["code"]["coding"]] == [CT.cpt, CT.loinc]
    assert draft["priority"] == "urgent"
    assert draft["requester"] == order()["requester"]
    assert _ratings(draft) == ["appropriate"]
    assert "id" not in draft
    (update,) = change["actions"]
    assert (update["type"], update["resource"]["id"]) == ("update", "draft-1")
    assert update["resource"]["code"]["coding"][0]["code"] == "72125"
    assert _ratings(update["resource"]) == ["appropriate"]


def test_ct_first_with_keep_mri_adds_a_ct_and_never_touches_the_mri(library: Library):
    advice = advise(
        Outcome.CT_FIRST,
        keep_mri=True,
        suggest_delete=False,
        indicator="critical",
        rating="appropriate",
        fired=("RF-NEURO-MOTOR", "TRAUMA-CT-INITIAL"),
    )
    (suggestion,) = _suggested(library, advice)
    (action,) = suggestion["actions"]
    assert (action["type"], action["resource"]["priority"]) == ("create", "stat")
    assert suggestion["isRecommended"] is True


def test_an_mri_outcome_can_add_the_ct(library: Library):
    advice = advise(Outcome.MRI_URGENT, suggest_ct=True, advisory=("TRAUMA-CT-INITIAL",))
    assert _labels(_suggested(library, advice)) == [
        "Set the priority to urgent",
        "Add a CT, keep the MRI",
    ]


@pytest.mark.parametrize("missing", ["encounter", "requester", "reasonCode", "subject"])
def test_a_created_order_is_whole_where_the_order_is_partial(library: Library, missing: str):
    raw = {k: v for k, v in order().items() if k != missing}
    advice = OrderAdvice(raw, recommend(Outcome.CT_FIRST), "MRI")
    draft = _suggested(library, advice)[0]["actions"][1]["resource"]
    assert draft["subject"] == {"reference": "Patient/p1"}
    assert draft["encounter"] == {"reference": "Encounter/e1"}
    ServiceRequest.model_validate(draft)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_resource_we_send_is_valid_r4(library: Library, outcome: Outcome):
    advice = advise(outcome, overlays=(cied(id="EXT-GAD-PREG", suggest_codes=("72141", "72156")),))
    response = render([advice], library, options())
    actions_sent = [*response.get("systemActions", [])]
    for card in response["cards"]:
        for suggestion in card.get("suggestions", []):
            actions_sent += suggestion["actions"]
    assert actions_sent
    for action in actions_sent:
        assert action["description"]
        if "resource" in action:
            ServiceRequest.model_validate(_without_vendor_field(action["resource"]))


def test_a_second_order_is_dropped_and_the_pending_one_raised(library: Library):
    pending = {"resourceType": "ServiceRequest", "id": "sr9", "priority": "routine", "odd": 1}
    rec = recommend(
        Outcome.DUPLICATE,
        prior=Evidence("ServiceRequest/sr9", "MRI of the cervical spine", "2026-02-01"),
        prior_kind="pending",
        raise_pending_priority="urgent",
    )
    both, remove = _suggested(library, OrderAdvice(order(), rec, "MRI", pending=pending))
    assert both["isRecommended"] is True
    assert both["actions"][1]["resource"] == pending | {"priority": "urgent"}
    assert [a["type"] for a in remove["actions"]] == ["delete"]
    unknown_pending = _suggested(library, OrderAdvice(order(), rec, "MRI"))
    assert _labels(unknown_pending) == ["Remove the MRI order"]


def test_contrast_is_offered_once_for_each_study(library: Library):
    overlay = cied(id="EXT-CONTRAST-NONE", indicator="warning", suggest_codes=("72141", "72156"))
    advice = advise(Outcome.MRI_ROUTINE, overlays=(overlay,))
    card = render([advice], library, options())["cards"][1]
    assert _labels(card["suggestions"]) == [
        "Change to MRI cervical spine without contrast",
        "Change to MRI cervical spine without and with contrast",
    ]
    assert [s.get("isRecommended") for s in card["suggestions"]] == [True, None]
    assert card["selectionBehavior"] == "at-most-one"


@pytest.mark.parametrize("outcome", [Outcome.NOT_YET, Outcome.CT_FIRST, Outcome.DUPLICATE])
def test_a_card_that_disagrees_carries_something_to_do(library: Library, outcome: Outcome):
    assert _suggested(library, advise(outcome))


def test_a_missing_answer_is_no_suggestion(library: Library):
    assert _suggested(library, advise(Outcome.INSUFFICIENT)) == []


# ratings


def test_a_rating_names_code_category_mechanism_consultation_and_criteria():
    advice = advise(Outcome.MRI_MAY)
    ours = pama.rated(order(), advice, options())["extension"][1:]
    assert ours[0]["valueCodeableConcept"]["coding"] == [
        {"system": "http://fhir.org/argonaut/CodeSystem/pama-rating", "code": "appropriate"},
        {
            "system": f"{CANONICAL}/CodeSystem/acr-category",
            "code": "may-be-appropriate",
            "display": "May be appropriate",
        },
    ]
    assert ours[1]["valueString"] == "G1004"
    assert ours[2]["valueUri"].startswith("urn:uuid:")
    assert ours[3]["valueUri"] == f"{CANONICAL}/catalogue"


def test_a_rating_is_replaced_not_doubled_and_foreign_extensions_keep_their_places():
    before, after = {"url": "https://a.example", "valueCode": "a"}, {"url": "https://b.example"}
    old = [
        before,
        {"url": RATING, "valueCodeableConcept": {"coding": [{"code": "no-guidelines-apply"}]}},
        after,
        {"url": RATING + "-consult-id", "valueUri": "urn:uuid:old"},
    ]
    once = pama.rated(order(extension=old), advise(Outcome.NOT_YET), options())
    urls = [e["url"] for e in once["extension"]]
    assert urls[0] == "https://a.example"
    assert urls[-1] == "https://b.example"
    assert len(urls) == len(set(urls)) == 6
    assert pama.rated(once, advise(Outcome.NOT_YET), options()) == once
    assert _ratings(once) == ["not-appropriate"]


@pytest.mark.parametrize(
    "odd", [{}, [{"url": ["x"]}], [{"url": {}}], [{"url": None}], ["x"], [None]]
)
def test_an_extension_member_of_the_wrong_shape_does_not_stop_the_rating(odd):
    assert _ratings(pama.rated(order(extension=odd), advise(Outcome.NOT_YET), options()))


def test_without_a_rating_or_with_pama_off_the_order_stays_as_it_is():
    assert pama.rated(order(), advise(Outcome.INSUFFICIENT), options()) == order()
    assert pama.rated(order(), advise(Outcome.NOT_YET), options(pama=False)) == order()


def test_the_mechanism_is_left_out_without_a_g_code():
    urls = [
        e["url"]
        for e in pama.rated(order(), advise(Outcome.NOT_YET), options(g_code=""))["extension"]
    ]
    assert not any(url.endswith("qcdsm-consulted") for url in urls)


def test_the_consult_id_is_stable_for_the_same_facts():
    one = advise(Outcome.MRI_URGENT)
    other = advise(Outcome.MRI_URGENT, data_notes=("laboratory results not read",))
    assert pama.consult_id(one, options()) == pama.consult_id(other, options())


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"outcome": Outcome.MRI_ROUTINE}, id="outcome"),
        pytest.param({"rating": "no-criteria-apply"}, id="rating"),
        pytest.param({"fired": ("RF-NEURO-SENS",)}, id="fired"),
        pytest.param({"findings": {"RF-NEURO-SENS": found("RF-NEURO-SENS", NUMB)}}, id="evidence"),
    ],
)
def test_the_consult_id_changes_with_the_facts(changed: dict[str, Any]):
    outcome = changed.pop("outcome", Outcome.MRI_URGENT)
    new = pama.consult_id(advise(outcome, **changed), options())
    assert new != pama.consult_id(advise(Outcome.MRI_URGENT), options())


def test_the_consult_id_differs_between_patients_versions_and_orders():
    advice = advise(Outcome.MRI_URGENT)
    other = OrderAdvice(order(id="draft-2"), advice.recommendation, advice.study)
    ids = {
        pama.consult_id(advice, options()),
        pama.consult_id(advice, options(), pama.CT_DRAFT),
        pama.consult_id(advice, options(patient_id="p2")),
        pama.consult_id(advice, options(version="r2")),
        pama.consult_id(other, options()),
    }
    assert len(ids) == 5
