"""EXT-DUP-RECENT, EXT-DUP-PENDING and CHANGED: the same study, and whether anything is new."""

import pytest
from chart import (
    MET,
    NECK_PAIN,
    NOT_MET,
    ago,
    concept,
    condition,
    observation,
    order,
    procedure,
    quantity,
    recommend,
    report,
    resource,
)
from injuries import FRACTURE, MRI, WEAK_LIMB, ct, injury

RADICULOPATHY = condition("icd|M54.12", 90)
NUMB_HAND = condition("sct|309521004", 82)
STUDY = report(MRI, 45)
EXAM_TODAY = observation("sensory-exam", "sct|263654008", 0, site="sct|53120007")


@pytest.mark.parametrize(
    ("options", "chart", "outcome"),
    [
        pytest.param({}, (EXAM_TODAY,), "MRI_URGENT", id="new on examination"),
        pytest.param({}, (NUMB_HAND, EXAM_TODAY), "DUPLICATE", id="reported before, now examined"),
        pytest.param(
            {"neuro.subjectiveSensoryIsRedFlag": False},
            (NUMB_HAND, EXAM_TODAY),
            "MRI_URGENT",
            id="only what is examined counts: new",
        ),
        pytest.param(
            {"neuro.radiculopathyDxIsDeficit": True},
            (),
            "DUPLICATE",
            id="the diagnosis counts as deficit: older than the study",
        ),
    ],
)
def test_a_sensory_change_is_as_new_as_what_it_rests_on(options, chart, outcome):
    """RF-NEURO-SENS."""
    assert recommend(RADICULOPATHY, STUDY, *chart, options=options).outcome == outcome


VAGUE_STUDY = report(MRI, None, effectivePeriod={"start": "2026-01"})


@pytest.mark.parametrize(
    ("event", "outcome"),
    [
        pytest.param(observation("symptom-worsening", True, 29), "MRI_MAY", id="worse in February"),
        pytest.param(
            observation("symptom-worsening", True, 30), "MRI_MAY", id="worse on 31 January"
        ),
        pytest.param(condition("sct|90460009", 31), "MRI_MAY", id="injured on 30 January"),
        pytest.param(condition("sct|90460009", 59), "MRI_MAY", id="injured on 2 January"),
        pytest.param(condition("sct|90460009", 60), "DUPLICATE", id="injured on 1 January"),
        pytest.param(procedure("sct|81099000", on=40), "MRI_MAY", id="operated on in January"),
        pytest.param(procedure("sct|81099000", on=80), "DUPLICATE", id="operated on in December"),
    ],
)
def test_a_study_dated_by_the_month_saw_nothing_of_that_month_for_certain(event, outcome):
    """CHANGED: done in January; what happened in that month may have come after it."""
    assert recommend(RADICULOPATHY, VAGUE_STUDY, event).outcome == outcome


@pytest.mark.parametrize(
    ("days", "outcome"),
    [
        pytest.param(18, "DUPLICATE", id="seen on the day of the MRI"),
        pytest.param(17, "MRI_URGENT", id="seen the day after"),
    ],
)
def test_a_fracture_on_ct_after_the_study_is_new(days, outcome):
    """EXT-TRAUMA-CTPOS: injured 20 days ago, MRI two days later."""
    found = recommend(injury(20), report(MRI, 18), ct(days, FRACTURE))
    assert "EXT-TRAUMA-CTPOS" in found.fired
    assert found.outcome == outcome


def pending(days=45, **members):
    usual = {"status": "active", "intent": "order", "code": concept(MRI)}
    authored = None if days is None else ago(days)
    return resource("ServiceRequest", authoredOn=authored, **usual | members)


def series(days, code=MRI, **members):
    usual = {"status": "available", "started": ago(days), "procedureCode": [concept(code)]}
    return resource("ImagingStudy", **usual | members)


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((report(MRI, 90),), MET, id="reported 90 days ago"),
        pytest.param((report(MRI, 91),), NOT_MET, id="reported 91 days ago"),
        pytest.param((report(MRI, 0),), MET, id="reported today"),
        pytest.param((report(MRI, -1),), NOT_MET, id="dated tomorrow"),
        pytest.param((report(MRI, None),), NOT_MET, id="without a date"),
        pytest.param((report("loinc|24937-5", 45),), MET, id="with another contrast"),
        pytest.param((report(MRI, 45, status="preliminary"),), MET, id="preliminary report"),
        pytest.param((report(MRI, 45, status="entered-in-error"),), NOT_MET, id="in error"),
        pytest.param((report(MRI, 45, status="registered"),), NOT_MET, id="registered"),
        pytest.param((series(90),), MET, id="series of 90 days ago"),
        pytest.param((series(91),), NOT_MET, id="series of 91 days ago"),
        pytest.param((series(45, status="registered"),), NOT_MET, id="series not available"),
        pytest.param((procedure(MRI, on=45),), MET, id="as a procedure"),
        pytest.param((procedure(MRI, on=45, status="not-done"),), NOT_MET, id="not done"),
        pytest.param((report("cpt|72148", 45),), NOT_MET, id="lumbar MRI"),
        pytest.param((ct(45),), NOT_MET, id="cervical CT"),
        pytest.param((), NOT_MET, id="nothing"),
    ],
)
def test_studied_recently(chart, expected):
    """EXT-DUP-RECENT."""
    found = recommend(RADICULOPATHY, *chart)
    assert found.findings["EXT-DUP-RECENT"].status is expected
    assert found.outcome == ("DUPLICATE" if expected is MET else "MRI_MAY")


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((pending(90),), MET, id="ordered 90 days ago"),
        pytest.param((pending(91),), NOT_MET, id="ordered 91 days ago"),
        pytest.param((pending(status="on-hold"),), MET, id="on hold"),
        pytest.param((pending(intent="filler-order"),), MET, id="the filler's order"),
        pytest.param((pending(intent="plan"),), NOT_MET, id="only planned"),
        pytest.param((pending(status="completed"),), NOT_MET, id="completed"),
        pytest.param((pending(status="revoked"),), NOT_MET, id="revoked"),
        pytest.param((pending(status="draft"),), NOT_MET, id="a draft"),
        pytest.param((pending(doNotPerform=True),), NOT_MET, id="not to be done"),
        pytest.param((pending(code=concept("cpt|72148")),), NOT_MET, id="lumbar MRI"),
        pytest.param((pending(code=None),), NOT_MET, id="an order without a code"),
        pytest.param((pending(None),), NOT_MET, id="without a date"),
        pytest.param((pending(id=None),), MET, id="without an id"),
        pytest.param((pending(id="mine"),), NOT_MET, id="the draft itself, already saved"),
    ],
)
def test_already_ordered(chart, expected):
    """EXT-DUP-PENDING."""
    found = recommend(RADICULOPATHY, *chart, draft=order(id="mine"))
    assert found.findings["EXT-DUP-PENDING"].status is expected
    assert found.outcome == ("DUPLICATE" if expected is MET else "MRI_MAY")


@pytest.mark.parametrize(
    ("options", "outcome"),
    [
        pytest.param({"dup.days": 45}, "DUPLICATE", id="within 45 days"),
        pytest.param({"dup.days": 44}, "MRI_MAY", id="not within 44 days"),
        pytest.param({"ext.duplicate": False}, "MRI_MAY", id="switched off"),
    ],
)
@pytest.mark.parametrize("prior", [STUDY, pending()], ids=["studied", "ordered"])
def test_the_window_is_a_setting(prior, options, outcome):
    """dup.days, ext.duplicate."""
    assert recommend(RADICULOPATHY, prior, options=options).outcome == outcome


SETTLED = [
    pytest.param((), id="nothing new"),
    pytest.param((condition("sct|309521004", 45),), id="numb since the day of the study"),
    pytest.param(
        (condition("sct|309521004", 82, recorded=1),), id="an old numbness recorded again"
    ),
    pytest.param((observation("symptom-worsening", True, 45),), id="worse on the day of the study"),
    pytest.param((observation("prior-mri-nondiagnostic", True, 46),), id="an older one was poor"),
    pytest.param((observation("prior-mri-nondiagnostic", False, 1),), id="it was diagnostic"),
    pytest.param((injury(45),), id="injured on the day of the study"),
    pytest.param((procedure("sct|81099000", on=45),), id="operated on the day of the study"),
    pytest.param((condition("icd|C61", 900),), id="cancer known for years"),
    pytest.param((condition("icd|M45.9", 900),), id="ankylosing spondylitis known for years"),
    pytest.param((condition("sct|226034001", 900),), id="injecting known for years"),
    pytest.param(
        (
            condition(NECK_PAIN, 88),
            observation("loinc|72514-3", quantity(9, "{score}"), 1),
            procedure("sct|91251008", start=80, status="in-progress"),
        ),
        id="pain still intractable",
    ),
]
NEW = [
    pytest.param((condition("sct|309521004", 44),), id="numb since the day after"),
    pytest.param((condition("sct|309521004"),), id="numbness without a date"),
    pytest.param((observation("vertebral-tenderness", True, 1),), id="tender"),
    pytest.param((observation("hoffmann-sign", True, 1),), id="a sign of the cord"),
    pytest.param((observation("hand-clumsiness", True, 1),), id="clumsy"),
    pytest.param((condition("sct|22325002", 5),), id="abnormal gait"),
    pytest.param((condition("sct|267064002", 5),), id="retention of urine"),
    pytest.param((condition("sct|202664003", 20),), id="myelopathy"),
    pytest.param((condition(WEAK_LIMB, 20),), id="weak"),
    pytest.param((condition("icd|C61", 20),), id="cancer"),
    pytest.param((observation("iv-drug-use", True, 1),), id="injecting first heard of"),
    pytest.param((condition("icd|R50.9", 2),), id="fever"),
    pytest.param((observation("symptom-worsening", True, 29),), id="worse"),
    pytest.param((condition("icd|M54.2", 88, clinical="relapse", recorded=3),), id="relapse"),
    pytest.param((observation("prior-mri-nondiagnostic", True, 45),), id="it was not diagnostic"),
    pytest.param((injury(44),), id="injured the day after"),
    pytest.param((procedure("sct|81099000", on=44),), id="operated on the day after"),
    pytest.param((injury(20), ct(20), condition("icd|M53.2X2", 20)), id="ligament injury"),
    pytest.param(
        (injury(20), ct(20, "sct|17621005"), condition("sct|309086004", 19)), id="after normal CT"
    ),
]


@pytest.mark.parametrize("prior", [STUDY, pending()], ids=["studied", "ordered"])
@pytest.mark.parametrize("chart", SETTLED)
def test_nothing_new(prior, chart):
    """CHANGED does not hold: the study, or the pending order, answers."""
    options = {"exam.lookbackDays": 90}
    found = recommend(RADICULOPATHY, prior, *chart, options=options)
    assert found.outcome == "DUPLICATE"
    assert (found.step, found.suggest_delete, found.indicator) == ("P5", True, "warning")
    assert found.rating == "appropriate"


@pytest.mark.parametrize("prior", [STUDY, pending()], ids=["studied", "ordered"])
@pytest.mark.parametrize("chart", NEW)
def test_something_new(prior, chart):
    """CHANGED holds: the order is rated on its own, and the card names what came before."""
    found = recommend(RADICULOPATHY, prior, *chart)
    assert found.outcome.startswith("MRI_")
    assert {"EXT-DUP-RECENT", "EXT-DUP-PENDING"} & set(found.advisory)
    assert found.prior is None


def test_new_since_the_study_but_not_since_the_order():
    """What came between the two is what the pending order was made for."""
    chart = (RADICULOPATHY, STUDY, condition("sct|309521004", 30))
    assert recommend(*chart).outcome == "MRI_URGENT"
    found = recommend(*chart, pending(20))
    assert (found.outcome, found.prior_kind) == ("DUPLICATE", "pending")
    assert "EXT-DUP-PENDING" in found.fired
    assert "EXT-DUP-RECENT" in found.advisory


def test_the_latest_study_and_the_latest_order_count():
    numb = condition("sct|309521004", 30)
    assert recommend(RADICULOPATHY, numb, report(MRI, 45), report(MRI, 20)).outcome == "DUPLICATE"
    assert recommend(RADICULOPATHY, numb, pending(45), pending(20)).outcome == "DUPLICATE"


@pytest.mark.parametrize(
    ("priority", "raised"),
    [
        pytest.param(None, "urgent", id="no priority: routine"),
        pytest.param("routine", "urgent", id="routine"),
        pytest.param("urgent", None, id="urgent already"),
        pytest.param("stat", None, id="stat is never lowered"),
    ],
)
def test_a_pending_order_for_a_red_flag_is_raised(priority, raised):
    numb = condition("sct|309521004", 60)
    found = recommend(RADICULOPATHY, numb, pending(priority=priority))
    assert (found.outcome, found.underlying) == ("DUPLICATE", "MRI_URGENT")
    assert (found.raise_pending_priority, found.suggested_priority) == (raised, None)


def test_a_study_done_has_no_priority_to_raise():
    found = recommend(RADICULOPATHY, STUDY, condition("sct|309521004", 60))
    assert (found.underlying, found.raise_pending_priority) == ("MRI_URGENT", None)


@pytest.mark.parametrize("key", ["conditions", "obs-exam", "procedures"])
def test_what_could_not_be_read_may_be_new(key):
    """No DUPLICATE where CHANGED cannot be known (criteria, 0.8)."""
    found = recommend(RADICULOPATHY, STUDY, partly=[key])
    assert found.outcome == "MRI_MAY"
    assert "EXT-DUP-RECENT" in found.advisory
    assert any("changed since the earlier study" in note for note in found.data_notes)
