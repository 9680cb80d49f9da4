"""One recommendation: rating, indicator, priority, what is listed, and what is offered."""

import pytest
from chart import NECK_PAIN, condition, observation, order, procedure, quantity, recommend, report
from injuries import (
    CORD_INJURY,
    FRACTURE,
    MRI,
    NORMAL,
    TINGLING_HAND,
    WEAK_LIMB,
    coma_score,
    ct,
    injury,
    nexus,
    tender,
)

PAIN = condition(NECK_PAIN, 5)
OLD_PAIN = condition(NECK_PAIN, 100)
RADICULOPATHY = condition("icd|M54.12", 90)
WEAK = condition(WEAK_LIMB, 20)
MYELOPATHY = condition("sct|202664003", 3)
LUMBAR = condition("icd|M54.16", 40)
LOOSE = condition("icd|T84.226A", 100)
STUDY = report(MRI, 1)


def therapy(days):
    return procedure("sct|91251008", start=days, status="in-progress")


SIX_WEEKS = (OLD_PAIN, therapy(42))
USUALLY, MAY, NOT = "Usually appropriate", "May be appropriate", "Usually not appropriate"


@pytest.mark.parametrize(
    ("chart", "outcome", "rating", "acr", "urgency", "indicator"),
    [
        ((MYELOPATHY,), "MRI_EMERGENT", "appropriate", USUALLY, "emergent", "critical"),
        ((OLD_PAIN, WEAK), "MRI_URGENT", "appropriate", USUALLY, "urgent", "warning"),
        (SIX_WEEKS, "MRI_ROUTINE", "appropriate", USUALLY, "routine", "info"),
        ((RADICULOPATHY,), "MRI_MAY", "appropriate", MAY, "routine", "info"),
        ((PAIN,), "NOT_YET", "not-appropriate", NOT, None, "warning"),
        ((injury(0),), "CT_FIRST", "not-appropriate", NOT, None, "warning"),
        ((injury(0), WEAK), "CT_FIRST", "appropriate", None, None, "critical"),
        ((RADICULOPATHY, STUDY), "DUPLICATE", "appropriate", None, None, "warning"),
        ((PAIN, STUDY), "DUPLICATE", "not-appropriate", None, None, "warning"),
        ((OLD_PAIN, STUDY), "DUPLICATE", None, None, None, "warning"),
        ((OLD_PAIN,), "INSUFFICIENT", None, None, None, "info"),
        ((LUMBAR,), "NO_CRITERIA", "no-criteria-apply", None, None, "info"),
    ],
    ids=[
        "emergency", "red flag", "six weeks of therapy", "radiculopathy", "acute neck pain",
        "injured today", "injured today and weak", "radiculopathy, studied", "acute pain, studied",
        "studied, and not rated", "nobody knows", "lumbar",
    ],
)  # fmt: skip
def test_what_each_outcome_carries(chart, outcome, rating, acr, urgency, indicator):
    found = recommend(*chart)
    assert (found.outcome, found.rating, found.acr) == (outcome, rating, acr)
    assert (found.urgency, found.indicator) == (urgency, indicator)
    assert found.suggest_physical_therapy is (outcome == "NOT_YET")
    assert found.suggest_ct is (outcome == "CT_FIRST")
    deleted = outcome in ("NOT_YET", "DUPLICATE") or (
        outcome == "CT_FIRST" and rating != "appropriate"
    )
    assert found.suggest_delete is deleted


@pytest.mark.parametrize(
    ("outcome", "chart", "wanted"),
    [
        pytest.param("MRI_EMERGENT", (MYELOPATHY,), "stat", id="emergency"),
        pytest.param("MRI_URGENT", (OLD_PAIN, WEAK), "urgent", id="red flag"),
        pytest.param("MRI_ROUTINE", SIX_WEEKS, None, id="six weeks of therapy"),
        pytest.param("NOT_YET", (PAIN,), None, id="acute neck pain"),
    ],
)
@pytest.mark.parametrize("priority", [None, "routine", "urgent", "asap", "stat", "unheard-of"])
def test_a_priority_is_raised_and_never_lowered(outcome, chart, wanted, priority):
    ranks = ["routine", "urgent", "asap", "stat"]
    has = ranks.index(priority) if priority in ranks else 0
    needed = wanted is not None and ranks.index(wanted) > has
    found = recommend(*chart, draft=order(MRI, priority=priority))
    assert found.outcome == outcome
    assert found.suggested_priority == (wanted if needed else None)
    if outcome == "MRI_URGENT":
        assert found.indicator == ("warning" if needed else "info")


@pytest.mark.parametrize("rating", ["appropriate", "not-appropriate", "no-criteria-apply"])
def test_how_may_be_appropriate_is_rated_is_a_setting(rating):
    """pama.mayAs."""
    options = {"pama.mayAs": rating}
    assert recommend(RADICULOPATHY, options=options).rating == rating
    assert recommend(RADICULOPATHY, STUDY, options=options).rating == rating
    assert recommend(OLD_PAIN, WEAK, options=options).rating == "appropriate"


@pytest.mark.parametrize(
    ("born", "chart", "rating"),
    [
        pytest.param("2008-03-03", (PAIN,), "no-criteria-apply", id="17: acute neck pain"),
        pytest.param("2008-03-02", (PAIN,), "not-appropriate", id="18: acute neck pain"),
        pytest.param("2008-03-03", (RADICULOPATHY,), "no-criteria-apply", id="17: radiculopathy"),
        pytest.param("2008-03-03", (OLD_PAIN, WEAK), "appropriate", id="17: weakness"),
        pytest.param("2008-03-03", (PAIN, STUDY), "no-criteria-apply", id="17: studied"),
        pytest.param("2008-03-03", (injury(0),), "not-appropriate", id="17: injured today"),
    ],
)
def test_the_criteria_are_for_adults(born, chart, rating):
    """EXT-AGE."""
    found = recommend(*chart, born=born)
    assert found.rating == rating
    assert ("EXT-AGE" in found.advisory) is (born == "2008-03-03")


@pytest.mark.parametrize(
    ("chart", "fired"),
    [
        pytest.param(
            (
                condition("icd|C61", 900),
                tender(),
                condition("sct|22325002", 30),
                condition(TINGLING_HAND, 30),
                condition("icd|R50.9", 2),
                procedure("sct|81099000", on=60),
                OLD_PAIN,
                therapy(42),
                observation("loinc|1988-5", quantity(40, "mg/L"), 1),
            ),
            (
                "RF-NEURO-SENS", "RF-MYELO-GAIT", "RF-INFECT-FEVER", "RF-INFECT-LAB:CRP",
                "RF-SYS-MALIG", "RF-POSTOP", "RF-VERT-TENDER", "CONS-6WK", "EXT-EMERG",
                "POSTOP-MRI-NEXT",
            ),
            id="many at once: grouped, in one order, none cancelled",
        ),
        pytest.param(
            (injury(0), nexus(nexus_intoxication=True), WEAK),
            ("RF-NEURO-MOTOR", "EXT-NEXUS-POS", "TRAUMA-CT-INITIAL"),
            id="acute injury",
        ),
        pytest.param(
            (injury(3), ct(3, FRACTURE)), ("EXT-TRAUMA-CTPOS",), id="fracture on CT"
        ),
        pytest.param(
            (injury(3), ct(3, NORMAL), coma_score(9), tender()),
            ("EXT-OBTUNDED", "EXT-TRAUMA-TENDER"),
            id="tenderness after a normal CT is no red flag beside it",
        ),
        pytest.param((PAIN,), ("NOT-MECH", "NOT-ACUTE"), id="deferred"),
        pytest.param((PAIN, WEAK), ("RF-NEURO-MOTOR",), id="a red flag silences the deferrals"),
        pytest.param((LUMBAR, condition("sct|192970008", 3)), ("EXT-REGION", "EXT-CAUDA"), id="lumbar"),
        pytest.param((condition("icd|C61", 900),), (), id="cancer and nothing cervical"),
    ],
)  # fmt: skip
def test_all_that_holds_is_listed(chart, fired):
    assert recommend(*chart).fired == fired


def test_cauda_equina_beside_neck_pain_is_an_overlay_and_not_fired():
    found = recommend(PAIN, condition("sct|192970008", 3))
    assert found.overlays[0].id == "EXT-CAUDA"
    assert found.overlays[0].indicator == "critical"
    assert "EXT-CAUDA" not in found.fired


@pytest.mark.parametrize(
    ("chart", "advised"),
    [
        pytest.param((WEAK,), True, id="weak, injured 10 days ago, no CT"),
        pytest.param((WEAK, ct(10)), False, id="CT done"),
        pytest.param((condition("icd|R50.9", 2), nexus(1)), False, id="fever, low-risk screen"),
        pytest.param((), False, id="no MRI outcome"),
    ],
)
def test_a_ct_is_added_to_an_mri_after_an_injury(chart, advised):
    """TRAUMA-CT-INITIAL as advisory: window, no CT, no low-risk screen."""
    found = recommend(injury(10), *chart)
    assert ("TRAUMA-CT-INITIAL" in found.advisory) is advised
    assert found.suggest_ct is advised


def test_a_child_gets_no_ct_beside_the_mri():
    found = recommend(injury(10), WEAK, born="2012-01-01")
    assert (found.outcome, found.suggest_ct) == ("MRI_URGENT", False)


@pytest.mark.parametrize(
    ("chart", "statement", "attached"),
    [
        pytest.param((OLD_PAIN, WEAK), "SUP-GENERAL", True, id="soft tissue: an MRI outcome"),
        pytest.param((PAIN,), "SUP-GENERAL", False, id="soft tissue: deferred"),
        pytest.param((RADICULOPATHY,), "SUP-ROOT", True, id="root compression"),
        pytest.param((MYELOPATHY,), "SUP-CORD", True, id="the cord"),
        pytest.param((injury(0, CORD_INJURY),), "SUP-CORD", True, id="an injured cord"),
        pytest.param(
            (injury(3), ct(3, NORMAL), WEAK), "SUP-LIG", False, id="older than the injury"
        ),
        pytest.param(
            (injury(3), ct(3, NORMAL), condition(WEAK_LIMB, 3)), "SUP-LIG", True, id="after the CT"
        ),
        pytest.param((PAIN,), "NOT-GENERAL", True, id="the lead of the deferrals"),
        pytest.param((PAIN,), "PITFALL-PREMATURE", True, id="too early"),
        pytest.param(
            (OLD_PAIN, condition("icd|M48.8X2", 90), WEAK), "CT-OSSIFIED", True, id="OPLL"
        ),
        pytest.param((condition("sct|83561009", 900), PAIN), "CTX-HX", True, id="stenosis known"),
        pytest.param((RADICULOPATHY, STUDY), "SUP-ROOT", True, id="beneath a duplicate"),
        pytest.param((LUMBAR, STUDY), "EXT-DUP-RECENT", False, id="a lumbar order"),
    ],
)
def test_lines_of_the_card(chart, statement, attached):
    assert (statement in recommend(*chart).advisory) is attached


@pytest.mark.parametrize(
    ("chart", "rest", "note"),
    [
        pytest.param(
            (), {"born": None}, "no birth date: rules for adults used", id="no birth date"
        ),
        pytest.param((report(MRI, -9),), {}, "1 date(s) in the future left out", id="future"),
        pytest.param(
            (observation("loinc|8310-5", quantity(99, "Cel"), 1),),
            {},
            "1 result(s) without a usable unit or value left out",
            id="a temperature of 99 °C",
        ),
        pytest.param(
            (
                observation("motor-strength", 4, 1, site="sct|53120007"),
                observation("motor-strength", 5, 1, site="sct|53120007"),
            ),
            {},
            "the record conflicts on one day (the positive finding counts): Muscle strength (MRC)",
            id="weak and strong on one day",
        ),
        pytest.param((), {"unread": ["meds"]}, "could not read: prescriptions", id="unread"),
    ],
)
def test_data_notes(chart, rest, note):
    assert note in recommend(PAIN, *chart, **rest).data_notes


OLD = "so not taken as a symptom of today"


@pytest.mark.parametrize(
    ("chart", "named"),
    [
        pytest.param((condition(NECK_PAIN, 150, problem=False),), "Cervicalgia (", id="old"),
        pytest.param((condition(NECK_PAIN, problem=False),), "Cervicalgia (undated)", id="undated"),
        pytest.param((condition("sct|309521004", 150, problem=False),), "Numbness of", id="hand"),
        pytest.param((condition(NECK_PAIN, 150, problem=False), PAIN), None, id="one of today"),
        pytest.param((condition(NECK_PAIN, 150, problem=True),), None, id="on the problem list"),
        pytest.param(
            (condition(NECK_PAIN, 150, problem=False, clinical="resolved"),), None, id="over"
        ),
        pytest.param((condition("sct|309537005", 150, problem=False),), None, id="of a leg"),
    ],
)
def test_a_symptom_too_old_to_count_is_named_where_none_is_left(chart, named):
    notes = [note for note in recommend(*chart).data_notes if OLD in note]
    assert len(notes) == (named is not None)
    assert named is None or named in notes[0]


def test_what_is_denied_and_what_nobody_looked_at():
    found = recommend(PAIN, observation("motor-exam", "sct|17621005", 1))
    assert "RF-NEURO-MOTOR" in found.documented_absent
    assert "RF-NEURO-MOTOR" not in found.not_found
    assert {"RF-NEURO-SENS", "RF-MYELO-GAIT", "RF-INFECT-LAB"} <= set(found.not_found)
