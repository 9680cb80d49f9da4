"""Which Observations count, and every accepted way to say yes or no."""

import pytest
from chart import MET, NECK_PAIN, NOT_MET, UNKNOWN, ago, concept, condition, observation, status

PAIN = condition(NECK_PAIN, 60)
HANDS = "hand-clumsiness"
YES, NO, UNSURE = MET, NOT_MET, UNKNOWN


def flagged(code):
    return {"interpretation": [{"coding": [{"code": code}]}]}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param(True, YES, id="true"),
        pytest.param(False, NO, id="false"),
        *(
            pytest.param(code, expected, id=name)
            for code, expected, name in (
                ("sct|373066001", YES, "yes"),
                ("sct|52101004", YES, "present"),
                ("sct|10828004", YES, "positive"),
                ("sct|263654008", YES, "abnormal"),
                ("loinc|LA33-6", YES, "LOINC yes"),
                ("loinc|LA9633-4", YES, "LOINC present"),
                ("sct|2667000", NO, "absent"),
                ("sct|260385009", NO, "negative"),
                ("sct|260415000", NO, "not detected"),
                ("sct|17621005", NO, "normal"),
                ("sct|373067005", NO, "no"),
                ("loinc|LA32-8", NO, "LOINC no"),
                ("loinc|LA9634-2", NO, "LOINC absent"),
                ("sct|404684003", UNSURE, "a code that says neither"),
            )
        ),
        *(pytest.param(word, YES, id=f"'{word}'") for word in ("present", "Positive", "YES")),
        *(
            pytest.param(word, NO, id=f"'{word}'")
            for word in ("absent", "negative", "none", "No", " normal ", "not present")
        ),
        pytest.param("no clumsiness seen", UNSURE, id="free text"),
        pytest.param(1, UNSURE, id="a bare 1"),
        pytest.param(None, UNSURE, id="no value"),
    ],
)
def test_yes_and_no(answer, expected):
    """0.3, negation forms."""
    assert status("RF-MYELO-HAND", PAIN, observation(HANDS, answer)) is expected


@pytest.mark.parametrize(
    ("flag", "expected"),
    [
        *((flag, YES) for flag in ("A", "AA", "H", "HH", "POS", "DET")),
        *((flag, NO) for flag in ("N", "NEG", "ND")),
        *((flag, UNSURE) for flag in ("L", "LL", "HU", "IND")),
    ],
)
def test_flag_without_a_value(flag, expected):
    """0.3, interpretation."""
    assert status("RF-MYELO-HAND", PAIN, observation(HANDS, None, **flagged(flag))) is expected


@pytest.mark.parametrize(
    ("state", "counts"),
    [
        *((state, True) for state in ("final", "amended", "corrected", "preliminary")),
        *((s, False) for s in ("registered", "cancelled", "entered-in-error", "unknown", None)),
    ],
)
def test_status(state, counts):
    """0.3, Observation."""
    seen = {k: v for k, v in (observation(HANDS) | {"status": state}).items() if v is not None}
    assert status("RF-MYELO-HAND", PAIN, seen) is (MET if counts else UNKNOWN)


@pytest.mark.parametrize(
    ("dates", "counts"),
    [
        pytest.param({"effectiveDateTime": ago(30)}, True, id="30 days ago"),
        pytest.param({"effectiveDateTime": ago(31)}, False, id="31 days ago"),
        pytest.param({"effectiveDateTime": "2026-02"}, True, id="some day of last month"),
        pytest.param({"effectiveDateTime": "2026-01"}, False, id="some day of January"),
        pytest.param({"effectiveDateTime": ago(-1)}, False, id="tomorrow"),
        pytest.param({"effectiveInstant": f"{ago(9)}T08:00:00Z"}, True, id="an instant"),
        pytest.param(
            {"effectivePeriod": {"start": ago(40), "end": ago(9)}}, True, id="the end of a period"
        ),
        pytest.param({"effectivePeriod": {"start": ago(9)}}, True, id="the start of a period"),
        pytest.param({"issued": f"{ago(9)}T08:00:00Z"}, True, id="when it was issued"),
        pytest.param({}, False, id="undated is never used"),
    ],
)
def test_dates(dates, counts):
    """0.3, exam.lookbackDays."""
    seen = observation(HANDS, True, None) | dates
    assert status("RF-MYELO-HAND", PAIN, seen) is (MET if counts else UNKNOWN)


def test_a_component_is_read_like_its_parent():
    """0.3, component[]."""
    panel = observation("loinc|32434-3", None)
    panel["component"] = [
        {"code": concept(HANDS), "valueBoolean": True},
        {"code": concept("motor-strength"), "valueInteger": 4},
        {"code": concept("loinc|32434-3"), "valueBoolean": True},
    ]
    assert status("RF-MYELO-HAND", PAIN, panel) is MET
    assert status("RF-NEURO-MOTOR", PAIN, panel) is MET
    nothing = panel | {"component": [{"code": concept("loinc|32434-3"), "valueBoolean": True}]}
    assert status("RF-MYELO-HAND", PAIN, nothing) is UNKNOWN


def test_two_components_are_two_entries_one_component_is_one():
    """CORD-PATTERN, by entry."""
    panel = observation("loinc|32434-3", None)
    gait = {"code": concept("gait-exam"), "valueString": "abnormal"}
    babinski = {"code": concept("babinski-sign"), "valueBoolean": True}
    assert status("CTX-SYMPTOM", panel | {"component": [gait, babinski]}) is MET
    assert status("CTX-SYMPTOM", panel | {"component": [gait]}) is NOT_MET


def test_observations_without_an_id_are_told_apart():
    chart = [observation("gait-exam", "abnormal"), observation("babinski-sign")]
    for entry in chart:
        del entry["id"]
    assert status("CTX-SYMPTOM", *chart) is MET


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param(True, NOT_MET, id="true: normal"),
        pytest.param("sct|17621005", NOT_MET, id="Normal"),
        pytest.param("normal", NOT_MET, id="the word"),
        pytest.param(False, UNKNOWN, id="false: abnormal, nobody says what"),
        pytest.param("sct|263654008", UNKNOWN, id="Abnormal, nobody says what"),
        pytest.param("unremarkable", UNKNOWN, id="free text"),
    ],
)
def test_the_whole_examination(answer, expected):
    """CF-2, neuro-exam-normal."""
    assert status("RF-NEURO-MOTOR", PAIN, observation("neuro-exam-normal", answer)) is expected
