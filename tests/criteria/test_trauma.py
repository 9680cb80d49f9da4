"""TRAUMA-*, EXT-TRAUMA-*, EXT-OBTUNDED: acute injuries, CT first, and MRI after a CT."""

import pytest
from chart import (
    MET,
    NECK_PAIN,
    NOT_MET,
    UNKNOWN,
    ago,
    answers,
    condition,
    observation,
    order,
    procedure,
    recommend,
    report,
    resource,
    status,
)
from injuries import (
    CORD_INJURY,
    CT,
    FRACTURE,
    LIGAMENT,
    NORMAL,
    TINGLING_HAND,
    WEAK_LIMB,
    WHIPLASH,
    ccr,
    coma_score,
    ct,
    injury,
    nexus,
)

ANKYLOSED = condition("icd|M45.9", 4000)


def ct_series(days, **members):
    code = {"coding": [{"system": "http://www.ama-assn.org/go/cpt", "code": "72125"}]}
    usual = {"status": "available", "started": ago(days), "procedureCode": [code]}
    return resource("ImagingStudy", **usual | members)


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((injury(0),), MET, id="injured today"),
        pytest.param((injury(7),), MET, id="7 days ago is acute"),
        pytest.param((injury(8),), NOT_MET, id="8 days ago is not"),
        pytest.param((injury(None, recorded=7),), MET, id="only recorded, 7 days ago"),
        pytest.param((injury(None),), NOT_MET, id="nobody wrote down when"),
        pytest.param((injury(0, verification="provisional"),), MET, id="suspected is enough"),
        pytest.param((injury(0, verification="refuted"),), NOT_MET, id="refuted"),
        pytest.param((injury(0, clinical="resolved"),), NOT_MET, id="resolved"),
        pytest.param((injury(0, "icd|S19.9XXS"),), NOT_MET, id="a late effect"),
        pytest.param((injury(0, "sct|282749008"),), NOT_MET, id="head and neck, site not said"),
        pytest.param(
            (injury(0, "sct|282749008", site="sct|45048000"),), MET, id="head and neck, the neck"
        ),
        pytest.param((injury(400), injury(3)), MET, id="of several injuries the latest counts"),
        pytest.param((injury(3), ct(3)), NOT_MET, id="CT on the day of the injury"),
        pytest.param((injury(3), ct(2)), NOT_MET, id="CT the day after"),
        pytest.param((injury(3), ct(4)), MET, id="the CT is older than the injury"),
        pytest.param((injury(3), report("sct|169068008", 3)), MET, id="CT of the neck is none"),
        pytest.param(
            (injury(3), report("loinc|35904-2", 3)), MET, id="guidance of a biopsy is none"
        ),
        pytest.param((injury(3), report("loinc|24934-2", 3)), MET, id="CT myelography is none"),
        pytest.param((injury(3), ct(3, status="preliminary")), NOT_MET, id="preliminary report"),
        pytest.param((injury(3), ct(3, status="registered")), MET, id="report only registered"),
        pytest.param((injury(3), ct(3, status="cancelled")), MET, id="report cancelled"),
        pytest.param((injury(3), ct(None)), MET, id="report without a date"),
        pytest.param(
            (injury(3), ct(None, effectivePeriod={"start": ago(2)})),
            NOT_MET,
            id="dated as a period",
        ),
        pytest.param((injury(3), ct(None, issued=ago(2))), NOT_MET, id="dated by its issue"),
        pytest.param((injury(3), ct_series(3)), NOT_MET, id="CT series available"),
        pytest.param((injury(3), ct_series(3, status="cancelled")), MET, id="series cancelled"),
        pytest.param((injury(3), ct_series(3, started=None)), MET, id="series without a date"),
        pytest.param(
            (injury(3), ct_series(3, procedureCode=None)), MET, id="series without a code"
        ),
        pytest.param((injury(3), procedure(CT, on=3)), NOT_MET, id="CT as a procedure"),
        pytest.param((injury(3), procedure(CT, start=3)), NOT_MET, id="procedure as a period"),
        pytest.param((injury(3), procedure(CT)), MET, id="procedure without a date"),
        pytest.param((injury(3), procedure(CT, on=3, status="not-done")), MET, id="CT not done"),
        pytest.param((injury(0), nexus()), NOT_MET, id="NEXUS low risk"),
        pytest.param((injury(0), ccr(), coma_score(15)), NOT_MET, id="C-Spine Rule low risk"),
        pytest.param((injury(0), nexus(), condition(WEAK_LIMB, 0)), MET, id="low risk, but weak"),
        pytest.param(
            (injury(0), nexus(), condition("sct|22325002", 0)), MET, id="low risk, abnormal gait"
        ),
        pytest.param((injury(0), nexus(), ANKYLOSED), MET, id="low risk, but a stiff spine"),
        pytest.param((injury(0, CORD_INJURY),), NOT_MET, id="confirmed cord injury: no waiting"),
    ],
)
def test_ct_comes_first_in_acute_trauma(chart, expected):
    """TRAUMA-CT-INITIAL."""
    assert status("TRAUMA-CT-INITIAL", *chart) is expected


@pytest.mark.parametrize(
    ("born", "options", "expected"),
    [
        pytest.param("2010-03-03", {}, NOT_MET, id="15 years, 16 tomorrow"),
        pytest.param("2010-03-02", {}, MET, id="16 today"),
        pytest.param("2010", {}, NOT_MET, id="born in 2010: perhaps 15"),
        pytest.param(None, {}, MET, id="age not known"),
        pytest.param("2020-01-01", {"ext.age": False}, MET, id="rules for children switched off"),
        pytest.param("2009-01-01", {"trauma.ageMin": 18}, NOT_MET, id="trauma.ageMin of 18"),
    ],
)
def test_children_have_rules_of_their_own(born, options, expected):
    """TRAUMA-CT-INITIAL."""
    assert status("TRAUMA-CT-INITIAL", injury(0), born=born, options=options) is expected


@pytest.mark.parametrize(
    ("options", "days", "expected"),
    [
        pytest.param({"trauma.acuteDays": 3}, 3, MET, id="within a shorter limit"),
        pytest.param({"trauma.acuteDays": 3}, 4, NOT_MET, id="beyond it"),
        pytest.param({"trauma.acuteDays": 14}, 14, MET, id="within a longer limit"),
    ],
)
def test_how_long_an_injury_is_acute_is_a_setting(options, days, expected):
    """trauma.acuteDays."""
    assert status("TRAUMA-CT-INITIAL", injury(days), options=options) is expected


def test_an_injury_named_by_the_order_alone_is_asked_for_its_date():
    found = recommend(condition(NECK_PAIN, 3), draft=order("cpt|72141", WHIPLASH))
    assert found.findings["TRAUMA-CT-INITIAL"].status is NOT_MET
    assert (found.outcome, found.possible) == ("INSUFFICIENT", ("date of injury",))


TINGLES = condition(TINGLING_HAND, 3)


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((injury(3), ct(3, NORMAL), TINGLES), MET, id="normal CT, tingling hand"),
        pytest.param((injury(30), ct(30, NORMAL), TINGLES), MET, id="injured 30 days ago"),
        pytest.param((injury(31), ct(31, NORMAL), TINGLES), NOT_MET, id="injured 31 days ago"),
        pytest.param((ct(3, NORMAL), TINGLES), NOT_MET, id="no injury"),
        pytest.param((injury(3), TINGLES), NOT_MET, id="no CT"),
        pytest.param((injury(3), ct(3), TINGLES), UNKNOWN, id="the result is free text"),
        pytest.param(
            (injury(3), ct(3, NORMAL, status="preliminary"), TINGLES), UNKNOWN, id="preliminary"
        ),
        pytest.param((injury(3), ct_series(3), TINGLES), UNKNOWN, id="no report at all"),
        pytest.param(
            (injury(3), ct(3), answers(3, ct_cspine_negative=True), TINGLES),
            MET,
            id="free text, and stated to be negative",
        ),
        pytest.param(
            (injury(3), ct(3), answers(4, ct_cspine_negative=True), TINGLES),
            UNKNOWN,
            id="stated before the injury",
        ),
        pytest.param(
            (injury(3), answers(3, ct_cspine_negative=True), TINGLES),
            NOT_MET,
            id="stated to be negative, but no CT on record",
        ),
        pytest.param(
            (injury(3), ct(3, NORMAL), answers(3, ct_cspine_negative=False), TINGLES),
            NOT_MET,
            id="coded normal, and stated not to be",
        ),
        pytest.param(
            (injury(3), ct(3, NORMAL), ct(2, FRACTURE), TINGLES),
            NOT_MET,
            id="normal at first, then a fracture",
        ),
        pytest.param(
            (injury(3), ct(3, NORMAL), ct(2, LIGAMENT, status="preliminary"), TINGLES),
            NOT_MET,
            id="normal at first, then a preliminary report of instability",
        ),
        pytest.param((injury(3), ct(3, NORMAL)), NOT_MET, id="no neurological finding"),
        pytest.param(
            (injury(3), ct(3, NORMAL), condition(TINGLING_HAND, 4)),
            NOT_MET,
            id="the tingling is older than the injury",
        ),
        pytest.param(
            (injury(3), ct(3, NORMAL), condition(TINGLING_HAND, None, recorded=3)),
            MET,
            id="no onset: recorded on the day of the injury",
        ),
        pytest.param(
            (injury(3), ct(3, NORMAL), condition(TINGLING_HAND)),
            NOT_MET,
            id="tingling without date",
        ),
        pytest.param(
            (injury(3), ct(3, NORMAL), condition(TINGLING_HAND, 3, verification="provisional")),
            MET,
            id="suspected is enough",
        ),
        pytest.param(
            (injury(3), ct(3, NORMAL), observation("hoffmann-sign", True, 1)), MET, id="Hoffmann"
        ),
        pytest.param(
            (injury(3), ct(3, NORMAL), condition("icd|R29.2", 3, verification="provisional")),
            NOT_MET,
            id="a suspected reflex change fires no row",
        ),
        pytest.param(
            (injury(3), ct(3, NORMAL), observation("hand-clumsiness", True, 1)), MET, id="clumsy"
        ),
    ],
)
def test_findings_after_a_negative_ct(chart, expected):
    """TRAUMA-NEG-CT."""
    assert status("TRAUMA-NEG-CT", *chart) is expected


def test_an_order_reason_proves_no_onset_after_the_injury():
    draft = order("cpt|72141", TINGLING_HAND)
    assert status("TRAUMA-NEG-CT", injury(3), ct(3, NORMAL), draft=draft) is NOT_MET


def test_tingling_after_a_normal_ct_persists_even_where_it_is_no_red_flag():
    """The statement speaks of symptoms; neuro.subjectiveSensoryIsRedFlag does not reach it."""
    options = {"neuro.subjectiveSensoryIsRedFlag": False}
    found = recommend(injury(3), ct(3, NORMAL), TINGLES, options=options)
    assert found.outcome == "MRI_URGENT"
    assert "TRAUMA-NEG-CT" in found.fired
    assert "RF-NEURO-SENS" not in found.fired


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        pytest.param((injury(3), ct(3), condition(LIGAMENT, 3)), MET, id="instability coded"),
        pytest.param(
            (injury(3), ct(3), condition(LIGAMENT, 3, verification="provisional")),
            MET,
            id="suspected is enough",
        ),
        pytest.param(
            (injury(3), ct(3), observation("suspected-ligament-injury", True, 3)),
            MET,
            id="answered",
        ),
        pytest.param(
            (injury(30), ct(30), observation("suspected-ligament-injury", True, 30)),
            MET,
            id="answered 30 days ago",
        ),
        pytest.param(
            (injury(3), ct(3), observation("suspected-ligament-injury", True, 31)),
            NOT_MET,
            id="answered 31 days ago",
        ),
        pytest.param((injury(3), ct(3, LIGAMENT)), MET, id="seen on CT"),
        pytest.param((injury(3), condition(LIGAMENT, 3)), NOT_MET, id="CT not yet done"),
        pytest.param((injury(31), ct(31), condition(LIGAMENT, 31)), NOT_MET, id="31 days ago"),
        pytest.param((ct(3), condition(LIGAMENT, 3)), NOT_MET, id="no injury"),
        pytest.param((injury(3, WHIPLASH), ct(3, NORMAL)), NOT_MET, id="whiplash alone"),
        pytest.param((injury(3, "icd|S13.4XXA"), ct(3, NORMAL)), NOT_MET, id="sprain alone"),
        pytest.param((injury(3, "icd|S13.101A"), ct(3)), MET, id="dislocation coded"),
    ],
)
def test_suspected_ligament_disruption(chart, expected):
    """TRAUMA-LIG."""
    assert status("TRAUMA-LIG", *chart) is expected
