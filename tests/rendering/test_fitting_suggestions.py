"""A card may list any suggestion; only those that fit the recommendation are offered."""

from typing import Any

import msgspec
import pytest
from advice import advise, cied, options, order, recommend

from cds_service.criteria.model import Outcome
from cds_service.rendering.library import Library
from cds_service.rendering.model import OrderAdvice
from cds_service.rendering.render import render
from cds_service.rendering.suggestions import ACTION_TYPES

STAT, URGENT = "Set the priority to stat", "Set the priority to urgent"
ADD_CT, SWAP_CT, CHANGE_CT = (
    "Add a CT, keep the MRI",
    "Order CT instead of the MRI",
    "Change this order to CT",
)
SWAP_PT = "Start physical therapy instead"
ADD_PT = "Start physical therapy, keep the MRI draft"
REMOVE = "Remove the MRI order"


@pytest.fixture(scope="module")
def everything(library: Library) -> Library:
    """The real words, with every suggestion listed on every card."""
    cards = {
        key: msgspec.structs.replace(
            card, suggestions=tuple(ACTION_TYPES), selection_behavior="at-most-one"
        )
        for key, card in library.cards.items()
    }
    return msgspec.structs.replace(library, cards=cards)


@pytest.mark.parametrize(
    ("outcome", "changes", "expected"),
    [
        pytest.param(Outcome.MRI_EMERGENT, {}, [STAT], id="an emergency is raised, never removed"),
        pytest.param(Outcome.MRI_URGENT, {}, [URGENT], id="a red flag is raised, never removed"),
        pytest.param(
            Outcome.MRI_URGENT, {"suggested_priority": None}, [], id="a red flag, urgent already"
        ),
        pytest.param(Outcome.MRI_ROUTINE, {}, [], id="routine: nothing to do"),
        pytest.param(Outcome.MRI_ROUTINE, {"suggest_ct": True}, [ADD_CT], id="a CT beside it"),
        pytest.param(Outcome.MRI_MAY, {}, [], id="may be appropriate: nothing to do"),
        pytest.param(Outcome.NOT_YET, {}, [SWAP_PT, ADD_PT, REMOVE], id="conservative care"),
        pytest.param(
            Outcome.CT_FIRST, {}, [ADD_CT, SWAP_CT, CHANGE_CT, REMOVE], id="CT instead of the MRI"
        ),
        pytest.param(
            Outcome.CT_FIRST,
            {"keep_mri": True, "suggest_delete": False, "rating": "appropriate"},
            [ADD_CT],
            id="CT first, the MRI is kept",
        ),
        pytest.param(Outcome.DUPLICATE, {}, [REMOVE], id="a duplicate"),
        pytest.param(Outcome.INSUFFICIENT, {}, [], id="the record does not tell"),
        pytest.param(Outcome.NO_CRITERIA, {}, [REMOVE], id="another region"),
    ],
)  # fmt: skip
def test_only_what_fits_is_offered(
    everything: Library, outcome: Outcome, changes: dict[str, Any], expected: list[str]
):
    (card,) = render([advise(outcome, **changes)], everything, options())["cards"]
    assert [each["label"] for each in card.get("suggestions", [])] == expected


def test_a_client_that_creates_and_deletes_is_offered_one_way_to_a_ct(everything: Library):
    """Two buttons with one effect leave the clinician wondering what the difference is."""
    only = options(change_in_place=False)
    (card,) = render([advise(Outcome.CT_FIRST)], everything, only)["cards"]
    assert [each["label"] for each in card["suggestions"]] == [ADD_CT, SWAP_CT, REMOVE]


@pytest.mark.parametrize(
    ("codes", "expected"),
    [((), []), (("72141",), ["Change to MRI cervical spine without contrast"])],
    ids=["no better study", "a better study"],
)
def test_a_safety_card_only_ever_changes_the_contrast(everything: Library, codes, expected):
    advice = advise(Outcome.NOT_YET, overlays=(cied(suggest_codes=codes),))
    card = render([advice], everything, options())["cards"][1]
    assert [each["label"] for each in card.get("suggestions", [])] == expected


@pytest.mark.parametrize(
    ("own", "fired", "expected"),
    [
        pytest.param(None, ("CT-OSSIFIED",), None, id="no injury, no priority given"),
        pytest.param("asap", ("CT-OSSIFIED",), "asap", id="no injury, as soon as possible"),
        pytest.param(None, ("TRAUMA-CT-INITIAL",), "urgent", id="an injury"),
        pytest.param("stat", ("TRAUMA-CT-INITIAL",), "stat", id="an injury, at once"),
    ],
)
def test_the_ct_has_the_priority_of_its_reason(library: Library, own, fired, expected):
    raw = {key: value for key, value in order(priority=own).items() if value is not None}
    advice = OrderAdvice(raw, recommend(Outcome.CT_FIRST, fired=fired), "MRI")
    (card,) = render([advice], library, options())["cards"]
    swap, change = card["suggestions"]
    assert swap["actions"][1]["resource"].get("priority") == expected
    assert change["actions"][0]["resource"].get("priority") == expected
