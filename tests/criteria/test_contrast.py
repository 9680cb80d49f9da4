"""EXT-CONTRAST-*, EXT-GAD-ALLERGY: when contrast helps, when it is rarely needed, when it is unsafe."""

import pytest
from chart import (
    MET,
    NECK_PAIN,
    NOT_MET,
    concept,
    condition,
    observation,
    order,
    procedure,
    quantity,
    recommend,
    recommend_all,
    resource,
    status,
)

PAIN = condition(NECK_PAIN, 100)
FEVER = observation("loinc|8310-5", quantity("39.0", "Cel"), 1)
CANCER = condition("icd|C61", 400)
ARTHRITIS = condition("icd|M06.9", 400)
STIFF_SPINE = condition("icd|M45.9", 400)
FUSED = procedure("sct|81099000", on=300)
WITHOUT, WITH, BOTH, UNSTATED = "cpt|72141", "cpt|72142", "cpt|72156", "loinc|24935-9"
PER_AREA = "mL/min/{1.73_m2}"


def egfr(value, days=5, unit=PER_AREA, **more):
    return observation("loinc|62238-1", quantity(value, unit, **more), days)


def cards(*facts, code=WITHOUT, **rest):
    """Overlay cards as (id, indicator, codes suggested)."""
    found = recommend(PAIN, *facts, draft=order(code), **rest)
    return [(o.id, o.indicator, o.suggest_codes) for o in found.overlays]


def lines(*facts, code=WITHOUT, **rest):
    return recommend(PAIN, *facts, draft=order(code), **rest).advisory


@pytest.mark.parametrize(
    ("statement", "indication"),
    [
        pytest.param("EXT-CONTRAST-INFECT", FEVER, id="fever"),
        pytest.param("EXT-CONTRAST-MALIG", CANCER, id="cancer"),
        pytest.param("EXT-CONTRAST-POSTOP", FUSED, id="earlier fusion"),
    ],
)
@pytest.mark.parametrize(
    ("code", "expected"),
    [
        pytest.param(WITHOUT, MET, id="ordered without contrast"),
        pytest.param("loinc|30667-0", MET, id="ordered without contrast, in LOINC"),
        pytest.param(BOTH, NOT_MET, id="ordered without and with"),
        pytest.param(WITH, NOT_MET, id="ordered with contrast only"),
        pytest.param(UNSTATED, NOT_MET, id="contrast not stated"),
    ],
)
def test_contrast_is_worth_a_thought(statement, indication, code, expected):
    assert status(statement, PAIN, indication, draft=order(code)) is expected


@pytest.mark.parametrize(
    "statement", ["EXT-CONTRAST-INFECT", "EXT-CONTRAST-MALIG", "EXT-CONTRAST-POSTOP"]
)
def test_no_indication_no_contrast(statement):
    assert status(statement, PAIN) is NOT_MET
    facts = (PAIN, observation("intractable-pain"), procedure("sct|91251008", start=30, end=0))
    assert recommend(*facts).outcome == "MRI_URGENT"
    assert status(statement, *facts) is NOT_MET


def test_no_contrast_where_ct_comes_first():
    injured = condition("icd|S19.9XXA", 0)
    assert recommend(PAIN, injured, FEVER).outcome == "CT_FIRST"
    assert status("EXT-CONTRAST-INFECT", PAIN, injured, FEVER) is NOT_MET


@pytest.mark.parametrize(
    "statement",
    ["EXT-CONTRAST-INFECT", "EXT-CONTRAST-MALIG", "EXT-CONTRAST-POSTOP", "EXT-CONTRAST-NONE"],
)
def test_contrast_switched_off(statement):
    """ext.contrast."""
    code = WITH if statement == "EXT-CONTRAST-NONE" else WITHOUT
    facts = (PAIN, FEVER, CANCER, FUSED)
    assert status(statement, *facts, draft=order(code)) is MET
    off = {"ext.contrast": "false"}
    assert status(statement, *facts, draft=order(code), options=off) is NOT_MET


@pytest.mark.parametrize(
    ("code", "facts", "expected"),
    [
        pytest.param(BOTH, (), MET, id="without and with, no indication"),
        pytest.param("loinc|24937-5", (), MET, id="the same in LOINC"),
        pytest.param(BOTH, (FEVER,), NOT_MET, id="without and with, fever"),
        pytest.param(BOTH, (CANCER,), NOT_MET, id="without and with, cancer"),
        pytest.param(BOTH, (FUSED,), NOT_MET, id="without and with, earlier fusion"),
        pytest.param(BOTH, (ARTHRITIS,), NOT_MET, id="without and with, arthritis"),
        pytest.param(BOTH, (STIFF_SPINE,), NOT_MET, id="without and with, spondylitis"),
        pytest.param(WITH, (), MET, id="with contrast only"),
        pytest.param("sct|60443006", (), MET, id="with contrast only, in SNOMED CT"),
        pytest.param(WITH, (FEVER,), MET, id="with contrast only is not usual with fever either"),
        pytest.param(WITHOUT, (), NOT_MET, id="without contrast"),
        pytest.param(UNSTATED, (), NOT_MET, id="not stated"),
    ],
)
def test_contrast_that_is_rarely_needed(code, facts, expected):
    """EXT-CONTRAST-NONE."""
    assert status("EXT-CONTRAST-NONE", PAIN, *facts, draft=order(code)) is expected


def allergy(code="rx|1310171", clinical="active", verification="confirmed", **more):
    states = {"clinicalStatus": clinical, "verificationStatus": verification}
    coded = {k: {"coding": [{"code": v}]} for k, v in states.items() if v}
    return resource(
        "AllergyIntolerance", **({"code": concept(code) if code else None} | coded | more)
    )


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        pytest.param(allergy(), MET, id="gadolinium"),
        pytest.param(allergy(clinical=None, verification=None), MET, id="status not stated"),
        pytest.param(allergy(verification="unconfirmed"), MET, id="not confirmed"),
        pytest.param(allergy("sct|292097002"), MET, id="reaction to MRI contrast"),
        pytest.param(
            allergy(None, reaction=[{}, {"substance": concept("rx|1310171")}]),
            MET,
            id="gadolinium as the substance of a reaction",
        ),
        pytest.param(allergy(id=None), MET, id="no id"),
        pytest.param(condition("sct|292097002", 900), MET, id="coded as a condition"),
        pytest.param(allergy(clinical="inactive"), NOT_MET, id="inactive"),
        pytest.param(allergy(clinical="resolved"), NOT_MET, id="resolved"),
        pytest.param(allergy(verification="refuted"), NOT_MET, id="refuted"),
        pytest.param(allergy(verification="entered-in-error"), NOT_MET, id="entered in error"),
        pytest.param(allergy("rx|7258"), NOT_MET, id="naproxen"),
    ],
)
def test_reaction_to_gadolinium(item, expected):
    """EXT-GAD-ALLERGY."""
    assert status("EXT-GAD-ALLERGY", PAIN, item, draft=order(BOTH)) is expected
    assert status("EXT-GAD-ALLERGY", PAIN, item, draft=order(WITHOUT)) is NOT_MET


PREGNANT = condition("icd|Z33.1", 60)


@pytest.mark.parametrize("statement", ["EXT-GAD-EGFR", "EXT-GAD-PREG", "EXT-GAD-ALLERGY"])
def test_gadolinium_switched_off(statement):
    """ext.gad; without contrast there is nothing to warn of."""
    facts = (PAIN, PREGNANT, allergy(), egfr(20))
    assert status(statement, *facts, draft=order(BOTH)) is MET
    assert status(statement, *facts, draft=order(WITH)) is MET
    assert status(statement, *facts, draft=order(UNSTATED)) is NOT_MET
    off = {"ext.gad": "false"}
    assert status(statement, *facts, draft=order(BOTH), options=off) is NOT_MET


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param((FEVER,), [("EXT-CONTRAST-INFECT", "info", ("72156",))], id="infection"),
        pytest.param((CANCER,), [("EXT-CONTRAST-MALIG", "info", ("72156",))], id="cancer"),
        pytest.param((FUSED,), [], id="surgery is a line only"),
        pytest.param((FEVER, egfr(20)), [], id="infection and bad kidneys"),
        pytest.param((FEVER, PREGNANT), [], id="infection in pregnancy"),
        pytest.param((CANCER, allergy()), [], id="cancer and an allergy"),
    ],
)
def test_contrast_is_suggested_only_where_it_is_safe(facts, expected):
    assert cards(*facts) == expected


def test_unsafe_contrast_stays_a_line():
    found = lines(FEVER, CANCER, FUSED, allergy())
    assert {"EXT-CONTRAST-INFECT", "EXT-CONTRAST-MALIG", "EXT-CONTRAST-POSTOP"} <= set(found)
    ignored = cards(FEVER, allergy(), options={"ext.gad": "false"})
    assert ignored == [("EXT-CONTRAST-INFECT", "info", ("72156",))]


@pytest.mark.parametrize(
    ("code", "facts", "expected"),
    [
        pytest.param(BOTH, (), ("info", ("72141",)), id="without and with, no indication"),
        pytest.param(WITH, (), ("warning", ("72141",)), id="with only, no indication"),
        pytest.param(WITH, (FEVER,), ("warning", ("72156", "72141")), id="with only, fever"),
        pytest.param(
            WITH, (FEVER, PREGNANT), ("warning", ("72141",)), id="with only, fever in pregnancy"
        ),
    ],
)
def test_what_is_offered_instead_of_contrast(code, facts, expected):
    assert ("EXT-CONTRAST-NONE", *expected) in cards(*facts, code=code)


def test_warnings_about_gadolinium():
    found = cards(egfr(20), PREGNANT, allergy(), CANCER, code=BOTH)
    assert found == [
        ("EXT-GAD-EGFR", "warning", ()),
        ("EXT-GAD-PREG", "warning", ("72141",)),
        ("EXT-GAD-ALLERGY", "warning", ("72141",)),
    ]


def test_injecting_of_long_ago_asks_for_contrast_like_any_infection_flag():
    """It makes no emergency of a weakness (E2), and is a reason for contrast all the same."""
    injected = condition("sct|226034001", "2014", recorded=4000, clinical="inactive")
    assert ("EXT-CONTRAST-INFECT", "info", ("72156",)) in cards(injected)
    assert not [name for name, *_ in cards(injected, code=BOTH) if name == "EXT-CONTRAST-NONE"]


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param((FEVER,), (WITHOUT, WITHOUT), id="fever, twice without contrast"),
        pytest.param((CANCER,), (BOTH, WITHOUT), id="cancer, the second without contrast"),
        pytest.param((), (WITHOUT, BOTH), id="nothing asks for contrast, the second has it"),
    ],
)
def test_a_repeated_order_gets_no_contrast_card(facts, codes):
    """Its own card asks to remove it; changing it would be the opposite."""
    drafts = [order(code, id=f"draft-{number}") for number, code in enumerate(codes)]
    _, second = recommend_all(PAIN, *facts, draft=drafts)
    assert second.outcome == "DUPLICATE"
    assert not [o.id for o in second.overlays if o.id.startswith("EXT-CONTRAST")]
    assert not [name for name in second.advisory if name.startswith("EXT-CONTRAST")]
    _, own = recommend_all(PAIN, *facts, draft=drafts, options={"ext.duplicate": False})
    assert [o.id for o in own.overlays if o.id.startswith("EXT-CONTRAST")]
