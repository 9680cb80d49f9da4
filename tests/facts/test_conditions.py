"""Which Conditions count: verification, currency, windows, onset in all its forms."""

import pytest
from chart import (
    MET,
    NECK_PAIN,
    NOT_MET,
    UNKNOWN,
    ago,
    condition,
    finding,
    order,
    recommend,
    status,
)

PAIN = condition(NECK_PAIN, 60)
WEAK, MYELOPATHY, CANCER = "sct|26544005", "sct|202664003", "icd|C61"


def words(*codes):
    return {"coding": [{"code": code} for code in codes]}


@pytest.mark.parametrize(
    ("verification", "suspected_row", "confirmed_row"),
    [
        pytest.param(words("confirmed"), MET, MET, id="confirmed"),
        pytest.param(None, MET, MET, id="missing"),
        pytest.param({"text": "sure"}, MET, MET, id="text only"),
        pytest.param(words("unconfirmed"), MET, UNKNOWN, id="unconfirmed"),
        pytest.param(words("provisional"), MET, UNKNOWN, id="provisional"),
        pytest.param(words("differential"), MET, UNKNOWN, id="differential"),
        pytest.param(words("local-word"), MET, UNKNOWN, id="a word nobody knows"),
        pytest.param(words("local-word", "confirmed"), MET, MET, id="a known word beside it"),
        pytest.param(words("entered-in-error"), UNKNOWN, UNKNOWN, id="entered in error"),
        pytest.param(words("refuted"), NOT_MET, NOT_MET, id="refuted"),
    ],
)
def test_verification(verification, suspected_row, confirmed_row):
    """0.3, Condition."""

    def of(code):
        return condition(code, 9, verification=None) | (
            {"verificationStatus": verification} if verification else {}
        )

    assert status("RF-MYELO-DX", PAIN, of(MYELOPATHY)) is suspected_row
    assert status("RF-SYS-MALIG", PAIN, of(CANCER)) is confirmed_row


@pytest.mark.parametrize(
    ("members", "current"),
    [
        pytest.param({"clinical": "active"}, True, id="active"),
        pytest.param({"clinical": "recurrence"}, True, id="recurrence"),
        pytest.param({"clinical": "relapse"}, True, id="relapse"),
        pytest.param({"clinical": "inactive"}, False, id="inactive"),
        pytest.param({"clinical": "remission"}, False, id="remission"),
        pytest.param({"clinical": "resolved"}, False, id="resolved"),
        pytest.param({"clinical": None}, True, id="missing"),
        pytest.param({"clinical": "local-word"}, True, id="a word nobody knows"),
        pytest.param({"clinical": None, "abatementDateTime": ago(1)}, False, id="ended"),
        pytest.param({"clinical": None, "abatementDateTime": ago(-9)}, True, id="will end"),
        pytest.param({"clinical": None, "abatementDateTime": "2026"}, True, id="this year, maybe"),
        pytest.param(
            {"clinical": "active", "abatementDateTime": ago(1)}, True, id="active beats an end"
        ),
        pytest.param(
            {"clinical": None, "abatementPeriod": {"start": ago(20), "end": ago(9)}},
            False,
            id="ended within a period",
        ),
        pytest.param(
            {"clinical": None, "abatementPeriod": {"start": ago(20)}}, False, id="began to end"
        ),
        pytest.param(
            {"clinical": None, "abatementAge": {"value": 45, "code": "a"}}, False, id="at age 45"
        ),
        pytest.param(
            {"clinical": None, "abatementAge": {"value": 46, "code": "a"}}, True, id="at age 46"
        ),
        pytest.param({"clinical": None, "abatementString": "last week"}, True, id="free text"),
    ],
)
def test_currency(members, current):
    """0.3, Condition, currency: the patient was born in January 1980."""
    assert status("RF-MYELO-DX", PAIN, condition(MYELOPATHY, 4000, **members)) is (
        MET if current else UNKNOWN
    )


@pytest.mark.parametrize(
    ("members", "counts"),
    [
        pytest.param({"onset": 90}, True, id="begun 90 days ago"),
        pytest.param({"onset": 91}, False, id="begun 91 days ago"),
        pytest.param({"recorded": 90}, True, id="recorded 90 days ago"),
        pytest.param({"recorded": 91}, False, id="recorded 91 days ago"),
        pytest.param({"onset": 900, "recorded": 9}, True, id="old, recorded lately"),
        pytest.param({"onset": "2025"}, True, id="begun some day last year"),
        pytest.param({"onset": "2024"}, False, id="begun the year before"),
        pytest.param({"onset": "not a date"}, False, id="no date at all"),
        pytest.param({"onset": ago(-1)}, False, id="dated tomorrow"),
        pytest.param({"onsetPeriod": {"start": ago(9)}}, True, id="a period"),
        pytest.param({"onsetPeriod": {"end": ago(9)}}, False, id="a period without a start"),
        pytest.param({"onsetAge": {"value": 46, "code": "a"}}, True, id="at age 46, now"),
        pytest.param({"onsetAge": {"value": 46, "unit": "a"}}, True, id="at age 46, unit only"),
        pytest.param({"onsetAge": {"value": 20, "code": "a"}}, False, id="at age 20"),
        pytest.param({"onsetAge": {"value": 46, "code": "mo"}}, False, id="at 46 months"),
        pytest.param({"onsetAge": {"value": 400, "code": "a"}}, False, id="at age 400"),
        pytest.param({"onsetAge": {"code": "a"}}, False, id="an age without a number"),
        pytest.param({"onsetString": "last week"}, False, id="free text is not read"),
        pytest.param({"problem": True}, True, id="problem list, no date"),
        pytest.param({"encounter": {"reference": "Encounter/now"}}, True, id="this encounter"),
        pytest.param({"encounter": {"reference": "Encounter/then"}}, False, id="another encounter"),
    ],
)
def test_symptoms_count_while_they_are_recent_or_listed(members, counts):
    """0.3, symptom and finding codes; symptom.lookbackDays."""
    found = status(
        "RF-NEURO-MOTOR", PAIN, condition(WEAK, **{"problem": False} | members), encounter="now"
    )
    assert found is (MET if counts else UNKNOWN)


@pytest.mark.parametrize(
    ("clinical", "members", "says"),
    [
        pytest.param("active", {}, None, id="active needs no word"),
        pytest.param(None, {}, None, id="missing needs no word"),
        pytest.param("inactive", {}, "inactive", id="inactive"),
        pytest.param("remission", {}, "in remission", id="remission"),
        pytest.param(
            "resolved", {"abatementDateTime": "2019"}, "resolved 2019", id="resolved, with its year"
        ),
        pytest.param(None, {"abatementDateTime": "2020-05"}, "ended 2020-05", id="abated only"),
        pytest.param("relapse", {}, "relapse", id="relapse"),
    ],
)
def test_the_evidence_says_whether_it_is_over(clinical, members, says):
    cancer = condition(CANCER, "2015", clinical=clinical, **members)
    (shown,) = finding("RF-SYS-MALIG", PAIN, cancer).evidence
    assert shown.note == says


def test_a_resolved_condition_as_reason_of_the_order_says_both():
    old = condition(CANCER, "2015", clinical="resolved", abatementDateTime="2019")
    why = order(reasonReference=[{"reference": f"Condition/{old['id']}"}])
    shown = finding("RF-SYS-MALIG", PAIN, old, draft=why).evidence
    assert {e.note for e in shown} <= {"resolved 2019", "reason of the order, resolved 2019"}
    assert shown


def test_an_age_says_nothing_without_a_birth_date():
    listed = condition(WEAK, problem=False, onsetAge={"value": 46, "code": "a"})
    assert status("RF-NEURO-MOTOR", PAIN, listed, born=None) is UNKNOWN


def test_what_the_order_refers_to_counts_whatever_its_age_and_status():
    """0.3, order reasons."""
    old = condition(WEAK, 900, problem=False, clinical="resolved")
    draft = order("cpt|72141", reasonReference=[{"reference": f"Condition/{old['id']}"}])
    found = finding("RF-NEURO-MOTOR", PAIN, old, draft=draft)
    assert (found.status, found.evidence[0].reference) == (MET, f"Condition/{old['id']}")
    assert status("RF-NEURO-MOTOR", PAIN, old) is UNKNOWN
    current = condition(WEAK, 900, problem=False)
    draft = order("cpt|72141", reasonReference=[{"reference": f"Condition/{current['id']}"}])
    assert status("RF-NEURO-MOTOR", PAIN, current, draft=draft) is MET


def test_a_reason_dates_nothing():
    """0.6, D_sym: symptoms known from the order alone have no onset."""
    found = recommend(draft=order("cpt|72141", NECK_PAIN))
    assert (found.outcome, found.missing[0]) == ("INSUFFICIENT", "symptom onset")


def test_a_future_date_is_named():
    """0.1."""
    found = recommend(condition(NECK_PAIN, -3))
    assert found.data_notes == ("1 date(s) in the future left out",)


@pytest.mark.parametrize(
    ("code", "counts"),
    [
        pytest.param("vertebral-tenderness", True, id="a finding"),
        pytest.param("motor-exam", False, id="an examination is no Condition"),
    ],
)
def test_local_codes_on_a_condition(code, counts):
    """0.3: only those of the list."""
    assert status("CTX-SYMPTOM", condition(code, 9)) is (MET if counts else NOT_MET)
    assert status("CTX-SYMPTOM", draft=order("cpt|72141", code)) is (MET if counts else NOT_MET)


def test_a_local_code_that_does_not_count_spoils_no_other_coding():
    weak = condition("motor-exam", 9)
    weak["code"]["coding"] += condition(WEAK)["code"]["coding"]
    assert status("RF-NEURO-MOTOR", PAIN, weak) is MET


def test_conditions_without_an_id_are_told_apart():
    """CORD-PATTERN rests on two entries, with or without ids."""
    chart = [condition("sct|394616008", 30), condition("sct|1845001", 30)]
    for entry in chart:
        del entry["id"]
    assert status("CTX-SYMPTOM", *chart) is MET


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param({"code": {"text": "cervical myelopathy"}}, id="text only"),
        pytest.param({"code": {"coding": [{"display": "cervical myelopathy"}]}}, id="display only"),
        pytest.param({"code": None}, id="no code"),
    ],
)
def test_words_are_not_read(entry):
    """0.3: never by display text."""
    named = {k: v for k, v in (condition(MYELOPATHY, 9) | entry).items() if v is not None}
    assert status("CTX-SYMPTOM", named) is NOT_MET


def test_another_patient_is_never_read():
    """0.3, all resources."""
    other = condition(MYELOPATHY, 9) | {"subject": {"reference": "Patient/somebody-else"}}
    nobody = {k: v for k, v in condition(MYELOPATHY, 9).items() if k != "subject"}
    found = recommend(PAIN, other, nobody)
    assert found.findings["RF-MYELO-DX"].status is UNKNOWN
    assert found.data_notes == ("2 resource(s) about another patient, or naming none, left out",)


def test_family_history_is_no_evidence():
    family = {
        "resourceType": "FamilyMemberHistory",
        "id": "family",
        "status": "completed",
        "patient": {"reference": "Patient/pt"},
        "condition": [{"code": condition(CANCER)["code"]}],
    }
    assert status("RF-SYS-MALIG", PAIN, family) is UNKNOWN
    assert status("RF-SYS-MALIG", PAIN, condition("sct|429740004", 9)) is UNKNOWN
