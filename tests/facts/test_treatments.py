"""Which procedures and orders are conservative treatment of the neck, and for how long."""

import pytest
from chart import ago, concept, condition, procedure, resource
from treated import NONE_RECORDED, THERAPY, d_cons

REFERRAL = "sct|308447003"
NECK, ARM, LEG, FACE = "sct|45048000", "sct|53120007", "sct|61685007", "sct|89545001"


def therapy(code=THERAPY, *, start=30, status="in-progress", **more):
    return procedure(code, start=start, status=status, **more)


@pytest.mark.parametrize(
    ("status", "end", "expected"),
    [
        pytest.param("in-progress", None, "30 days", id="in progress: until today"),
        pytest.param("completed", None, "0–30 days", id="completed without an end: one day proven"),
        pytest.param("stopped", None, "0–30 days", id="stopped, nobody wrote down when"),
        pytest.param("completed", 10, "20 days", id="completed"),
        pytest.param("stopped", 10, "20 days", id="counts up to the stop"),
        pytest.param("not-done", 10, NONE_RECORDED, id="not done"),
        pytest.param("preparation", 10, NONE_RECORDED, id="in preparation"),
        pytest.param("on-hold", 10, NONE_RECORDED, id="on hold"),
        pytest.param("entered-in-error", 10, NONE_RECORDED, id="entered in error"),
        pytest.param("unknown", 10, NONE_RECORDED, id="unknown status"),
        pytest.param(None, 10, NONE_RECORDED, id="no status"),
    ],
)
def test_status_of_a_procedure(status, end, expected):
    assert d_cons(therapy(status=status, end=end)) == expected


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((procedure(THERAPY, on=30),), "0 days", id="one session is one day"),
        pytest.param(
            (procedure(THERAPY, on=30), procedure(THERAPY, on=16), procedure(THERAPY, on=2)),
            "28 days",
            id="a session every two weeks is a course",
        ),
        pytest.param(
            (procedure(THERAPY, on=30, status="in-progress"),), "30 days", id="begun and going on"
        ),
        pytest.param((procedure(THERAPY),), NONE_RECORDED, id="no date"),
        pytest.param((procedure(THERAPY, end=3),), NONE_RECORDED, id="no start"),
        pytest.param((therapy(id=None),), "30 days", id="no id"),
    ],
)
def test_dates_of_a_procedure(chart, expected):
    assert d_cons(*chart) == expected


@pytest.mark.parametrize(
    ("code", "counts"),
    [
        pytest.param("cpt|97110", True, id="therapeutic exercise"),
        pytest.param("cpt|97140", True, id="manual therapy"),
        pytest.param("cpt|98941", True, id="spinal manipulation"),
        pytest.param("sct|239550006", True, id="spinal traction"),
        pytest.param("cpt|64479", True, id="cervical transforaminal injection"),
        pytest.param("cpt|62321", True, id="cervical epidural injection"),
        pytest.param(REFERRAL, False, id="a referral is no treatment"),
        pytest.param("cpt|97012", False, id="traction of an unnamed region"),
        pytest.param("sct|81099000", False, id="an operation"),
        pytest.param("sct|1", False, id="an unknown code"),
    ],
)
def test_which_procedures_are_treatment(code, counts):
    assert d_cons(therapy(code)) == ("30 days" if counts else NONE_RECORDED)


@pytest.mark.parametrize(
    ("site", "counts"),
    [
        pytest.param(NECK, True, id="of the neck"),
        pytest.param(ARM, False, id="of the arm"),
        pytest.param(LEG, False, id="of the leg"),
    ],
)
def test_traction_that_needs_a_site(site, counts):
    assert d_cons(therapy("cpt|97012", site=site)) == ("30 days" if counts else NONE_RECORDED)


@pytest.mark.parametrize(
    ("members", "counts"),
    [
        pytest.param({"bodySite": [concept(NECK)]}, True, id="site neck"),
        pytest.param({"bodySite": concept(ARM)}, True, id="site arm"),
        pytest.param({"bodySite": [concept(LEG)]}, False, id="site leg"),
        pytest.param({"bodySite": [concept("sct|1")]}, False, id="a coded site we do not know"),
        pytest.param({"bodySite": [{"text": "knee"}]}, True, id="a site in words does not decide"),
        pytest.param({"reasonCode": concept("icd|M54.2")}, True, id="for neck pain"),
        pytest.param({"reasonCode": [concept("icd|M54.12")]}, True, id="for an arm"),
        pytest.param(
            {"reasonCode": [concept("icd|R20.2")]}, True, id="for numbness, no limb named"
        ),
        pytest.param({"reasonCode": [concept("icd|M53.2X2")]}, True, id="for cervical instability"),
        pytest.param(
            {"reasonCode": [concept("sct|441688003")]}, True, id="for a cervical cord injury"
        ),
        pytest.param(
            {"reasonCode": [concept("icd|M46.22")]}, True, id="for cervical osteomyelitis"
        ),
        pytest.param({"reasonCode": [concept("icd|G82.50")]}, True, id="for all four limbs"),
        pytest.param({"reasonCode": [concept("icd|M54.16")]}, False, id="for the lower back"),
        pytest.param({"reasonCode": [concept("icd|M17.11")]}, False, id="for a knee"),
        pytest.param({"reasonCode": [concept("icd|M21.371")]}, False, id="for a foot drop"),
        pytest.param({"reasonCode": [concept("sct|309537005")]}, False, id="for a numb leg"),
        pytest.param({"reasonCode": [{"text": "knee"}]}, True, id="words do not decide"),
        pytest.param(
            {"reasonCode": [concept("icd|M17.11"), concept("icd|M54.2")]},
            True,
            id="for a knee and the neck",
        ),
    ],
)
def test_treatment_of_something_else(members, counts):
    assert d_cons(therapy() | members) == ("30 days" if counts else NONE_RECORDED)


@pytest.mark.parametrize(
    ("code", "reference", "counts"),
    [
        pytest.param("icd|M54.12", "Condition/why", True, id="a condition of the neck"),
        pytest.param("icd|M54.16", "Condition/why", False, id="a condition of the lower back"),
        pytest.param("icd|M54.16", "Condition/gone", True, id="a condition nobody sent"),
    ],
)
def test_the_condition_behind_a_treatment(code, reference, counts):
    why = condition(code, 30, id="why")
    item = therapy(reasonReference=[{"reference": reference}])
    assert d_cons(why, item) == ("30 days" if counts else NONE_RECORDED)


def ordered(status="completed", *, code=THERAPY, authored=30, **more):
    return resource(
        "ServiceRequest",
        **(
            {
                "status": status,
                "intent": "order",
                "code": concept(code),
                "authoredOn": ago(authored),
            }
            | more
        ),
    )


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        pytest.param(
            ordered(occurrencePeriod={"start": ago(30), "end": ago(2)}), "28 days", id="completed"
        ),
        pytest.param(ordered(occurrenceDateTime=ago(2)), "28 days", id="until the last session"),
        pytest.param(ordered(), "0–30 days", id="completed, no end: one session proven"),
        pytest.param(ordered(code=REFERRAL), "0–30 days", id="a referral that was carried out"),
        pytest.param(ordered("active"), NONE_RECORDED, id="an open referral is no treatment"),
        pytest.param(ordered("revoked"), NONE_RECORDED, id="revoked"),
        pytest.param(ordered(doNotPerform=True), NONE_RECORDED, id="not to be done"),
        pytest.param(ordered(intent="plan"), NONE_RECORDED, id="a plan"),
        pytest.param(ordered(code="cpt|72125"), NONE_RECORDED, id="an order for a CT"),
        pytest.param(ordered(bodySite=[concept(LEG)]), NONE_RECORDED, id="for the leg"),
        pytest.param(
            ordered(reasonCode=[concept("icd|M54.16")]), NONE_RECORDED, id="for the lower back"
        ),
    ],
)
def test_physical_therapy_that_was_ordered(item, expected):
    assert d_cons(item) == expected


def test_an_open_referral_counts_where_configured():
    """cons.ptReferralCounts."""
    assert d_cons(ordered("active"), options={"cons.ptReferralCounts": "true"}) == "30 days"
