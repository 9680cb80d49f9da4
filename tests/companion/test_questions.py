"""Everything a rating may lack leads somewhere, and every answer is read as it was meant."""

from __future__ import annotations

import inspect
import json
from decimal import Decimal

import msgspec
import pytest
from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse as Oracle
from hypothesis import given
from hypothesis import strategies as st

from cds_service.cdshooks.encode import encode
from cds_service.companion.answers import (
    Entered,
    fhir_answer,
    mistake,
    of_response,
    recorded,
    response,
)
from cds_service.companion.questions import load_questions
from cds_service.content.folders import knowledge_dir
from cds_service.criteria.decision import possible
from cds_service.errors import ConfigurationError
from cds_service.fhir import resources as r

QUESTIONS = load_questions(knowledge_dir())
LOCAL = "http://example.org/fhir/CodeSystem/cspine-cds"
SNOMED = "http://snomed.info/sct"
NORMAL, ABNORMAL = "17621005", "263654008"
LACKING = (
    "is it confirmed: rheumatoid arthritis",
    "route of drug use",
    "region or date of prior surgery",
    "leg findings: lumbar or cervical",
    "result of CT",
    "CT not found",
    "date of injury",
    "neurological examination abnormal: which finding",
    "neurological deficit on the trauma screen: which finding",
    "presenting symptom",
    "symptom onset",
    "neurological examination",
    "conservative therapy",
    "reason for examination",
    "does it come from the neck: weakness of arm",
    "could not read imaging reports",
)
"""Every text that stands under `missing`."""


@pytest.mark.parametrize("missing", LACKING)
def test_whatever_is_missing_is_asked_or_sent_to_its_place(missing):
    ask = QUESTIONS.ask_for(missing)
    assert ask in QUESTIONS.asks
    assert bool(ask.questions) != bool(ask.elsewhere)


def test_the_criteria_know_no_other_missing_answer():
    source = inspect.getsource(possible)
    for text in LACKING:
        words = text.partition(":")[0]
        assert words in source or words.startswith("could not read")
    assert {ask.missing.rstrip(":") for ask in QUESTIONS.asks} <= {
        text if text in source else text.partition(":")[0].replace(" imaging reports", "")
        for text in LACKING
    }


def test_the_most_exact_entry_counts():
    assert QUESTIONS.ask_for("neurological examination").questions == ("neuro-exam-normal",)
    assert "motor-exam" in QUESTIONS.ask_for(LACKING[7]).questions


def test_what_nobody_thought_of_is_left_to_the_record():
    assert QUESTIONS.ask_for("the weather").elsewhere == "Add it to the record."


def test_a_handful_at_most_is_asked_for_one_thing():
    assert max(len(ask.questions) for ask in QUESTIONS.asks) <= 5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[ask]]\nmissing = "x"\nquestions = ["nix"]', "no question nix"),
        ('[[ask]]\nmissing = "x"', "give questions, or elsewhere"),
        ('[[ask]]\nmissing = "x"\nquestion = ["y"]', "questions.toml"),
        ("[[ask", "questions.toml"),
        ('ask = []\n[on_record]\nnix = ["CONS-6WK"]', "no question or statement nix"),
        ('ask = []\n[on_record]\nmotor-exam = ["RF-X"]', "no question or statement RF-X"),
        ('ask = []\n[on_record]\nmotor-exam = "RF-X"', "questions.toml"),
    ],
)
def test_a_mistake_in_the_file_stops_the_start(tmp_path, text, said):
    (tmp_path / "questionnaire.json").write_bytes(
        (knowledge_dir() / "questionnaire.json").read_bytes()
    )
    (tmp_path / "questions.toml").write_text(text)
    with pytest.raises(ConfigurationError, match=said):
        load_questions(tmp_path)


def question(link):
    return QUESTIONS.by_link[link]


@pytest.mark.parametrize(
    ("link", "entered", "answer"),
    [
        ("neuro-exam-normal", Entered("true"), {"valueBoolean": True}),
        ("neuro-exam-normal", Entered("false"), {"valueBoolean": False}),
        ("motor-strength", Entered("4"), {"valueInteger": 4}),
        ("motor-strength", Entered("0"), {"valueInteger": 0}),
        (
            "motor-exam",
            Entered(ABNORMAL),
            {"valueCoding": {"system": SNOMED, "code": ABNORMAL, "display": "Abnormal"}},
        ),
        (
            "conservative-therapy-weeks",
            Entered("6,5", "wk"),
            {
                "valueQuantity": {
                    "value": Decimal("6.5"),
                    "unit": "weeks",
                    "system": "http://unitsofmeasure.org",
                    "code": "wk",
                }
            },
        ),
    ],
)
def test_an_answer_becomes_fhir(link, entered, answer):
    assert fhir_answer(question(link), entered) == answer
    assert mistake(question(link), entered) == ""


@pytest.mark.parametrize(
    ("link", "entered"),
    [
        ("neuro-exam-normal", Entered("yes")),
        ("motor-strength", Entered("6")),
        ("motor-strength", Entered("-1")),
        ("motor-strength", Entered("4.5")),
        ("motor-exam", Entered("363346000")),
        ("conservative-therapy-weeks", Entered("6", "")),
        ("conservative-therapy-weeks", Entered("6", "mo")),
        ("conservative-therapy-weeks", Entered("1001", "wk")),
        ("conservative-therapy-weeks", Entered("NaN", "wk")),
        ("conservative-therapy-weeks", Entered("1e9999999", "wk")),
        ("conservative-therapy-weeks", Entered("some", "wk")),
    ],
)
def test_what_is_no_answer_is_said_and_never_counts(link, entered):
    assert fhir_answer(question(link), entered) is None
    assert mistake(question(link), entered)


def test_a_question_left_open_is_no_mistake():
    assert mistake(question("motor-exam"), Entered()) == ""


@given(
    st.dictionaries(
        st.sampled_from(sorted(QUESTIONS.by_link)) | st.text(max_size=5),
        st.builds(
            Entered,
            st.sampled_from(["true", "false", "0", "5", "12", "2.5", NORMAL, ABNORMAL, ""])
            | st.text(max_size=12),
            st.sampled_from(["wk", "d", ""]) | st.text(max_size=3),
        ),
        max_size=8,
    )
)
def test_whatever_is_entered_the_response_is_fhir_and_comes_back(entered):
    made = response(
        QUESTIONS, entered, identity="companion-1", patient="p1", author="Practitioner/x",
        authored="2026-03-02T12:00:00+01:00",
    )  # fmt: skip
    Oracle.model_validate(json.loads(encode(made)))
    typed = msgspec.json.decode(encode(made), type=r.QuestionnaireResponse)
    back = of_response(QUESTIONS, typed)
    answered = [link for link in entered if link in QUESTIONS.by_link
                and fhir_answer(question(link), entered[link])]  # fmt: skip
    assert list(back) == answered
    for link, again in back.items():
        assert fhir_answer(question(link), again) == fhir_answer(question(link), entered[link])


def coded(link, date, identity="o1", **value):
    return r.Observation(
        id=identity,
        code=r.CodeableConcept([r.Coding(LOCAL, link)]),
        effective_date_time=date,
        **value,
    )


def concept(code):
    return r.CodeableConcept([r.Coding(SNOMED, code)])


def test_the_newest_answer_of_the_record_is_shown_with_its_origin():
    pool = [
        coded("motor-exam", "2025-01-05", "old", value_codeable_concept=concept(NORMAL)),
        coded(
            "motor-exam", "2025-09-05T10:00:00Z", "new", value_codeable_concept=concept(ABNORMAL)
        ),
        coded("gait-exam", "2026-01-05", "other", value_codeable_concept=concept(NORMAL)),
        coded("motor-exam", None, "undated", value_codeable_concept=concept(NORMAL)),
        coded("motor-exam", "2026-01-01", "odd", value_codeable_concept=concept("1")),
        object(),
    ]
    found = recorded(question("motor-exam"), pool, LOCAL)
    assert found is not None
    assert (found.entered.value, found.words, found.date, found.reference) == (
        ABNORMAL, "Abnormal", "2025-09-05", "Observation/new",
    )  # fmt: skip


def test_an_answer_of_another_form_is_shown_too():
    quantity = r.Quantity(value=Decimal("6.0"), code="wk")
    item = r.AnswerItem("conservative-therapy-weeks", [r.Answer(value_quantity=quantity)])
    group = r.AnswerItem("history", item=[item])
    asked = r.QuestionnaireResponse(id="q", authored="2025-05-05", item=[group])
    found = recorded(question("conservative-therapy-weeks"), [asked], LOCAL)
    assert found is not None
    assert (found.words, found.reference) == ("6.0 weeks", "QuestionnaireResponse/q")


def test_a_local_code_of_another_system_is_not_ours():
    made = coded("motor-exam", "2025-01-05", value_codeable_concept=concept(NORMAL))
    assert recorded(question("motor-exam"), [made], "http://elsewhere.example") is None
