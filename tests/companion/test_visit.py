"""One visit: what is asked, and how what is said moves with the answers."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from chart import ago, concept, condition, resource
from hypothesis import given
from hypothesis import strategies as st
from samples import CLIENT, NOW, SAMPLES, add, draft, evaluator, few, of_patient, terminology, text
from treated import THERAPY as PHYSIOTHERAPY

from cds_service.cdshooks.encode import encode
from cds_service.cdshooks.request import decode
from cds_service.companion.answers import Entered
from cds_service.companion.asking import MOST_ASKED
from cds_service.companion.questions import load_questions
from cds_service.companion.visit import (
    Companion,
    Visit,
    access,
    bound,
    chart_of,
    draft_for,
)
from cds_service.content.folders import knowledge_dir
from cds_service.errors import DataNotAvailable
from cds_service.handles import Handle

NORMAL, ABNORMAL = "17621005", "263654008"
QUESTIONS = load_questions(knowledge_dir())
COMPANION = Companion(evaluator(), QUESTIONS, terminology().local_system)


def visit(name="V17", **more):
    request = decode(text(name))
    members: dict[str, Any] = {
        "client": "north",
        "patient": request.context.patient_id,
        "user": "Practitioner/x",
        "server": "https://ehr.example/r4",
        "until": NOW + timedelta(hours=1),
        "response_id": "companion-1",
        "handle": "h",
        "chart": chart_of(request),
        "draft": msgspec.Raw(encode(request.context.draft_orders[0])),
    }
    made = Visit(**members | more)
    # As it is between two clicks.
    return msgspec.json.decode(msgspec.json.encode(made), type=Visit)


def view(entered=None, name="V17", **more):
    return COMPANION.view(visit(name, **more), entered or {}, NOW, CLIENT)


def links(found):
    return [each.question.link_id for each in found.asked]


def outcome(found):
    return found.now.advice.recommendation.outcome


def test_exactly_what_is_missing_is_asked():
    found = view()
    assert outcome(found) == "INSUFFICIENT"
    assert links(found) == [
        "neuro-exam-normal", "conservative-therapy-weeks", "conservative-therapy-none",
    ]  # fmt: skip
    assert [missing for missing, _ in found.elsewhere] == ["symptom onset"]
    assert not found.moved
    assert not found.answered


@pytest.mark.parametrize(
    ("entered", "result"),
    [
        ({"neuro-exam-normal": Entered("true")}, "NOT_YET"),
        ({"neuro-exam-normal": Entered("false")}, "INSUFFICIENT"),
        ({"motor-exam": Entered(ABNORMAL)}, "MRI_URGENT"),
        (
            {
                "neuro-exam-normal": Entered("true"),
                "conservative-therapy-weeks": Entered("8", "wk"),
            },
            "MRI_ROUTINE",
        ),
    ],
)
def test_what_is_said_moves_with_the_answers(entered, result):
    found = view(entered)
    assert outcome(found) == result
    assert found.moved == (result != "INSUFFICIENT")


FINDINGS = ["motor-exam", "sensory-exam", "reflex-exam", "gait-exam", "hand-clumsiness"]
THERAPY = ["conservative-therapy-weeks", "conservative-therapy-none"]


def unanswered(found):
    return [each.question.link_id for each in found.asked if not each.entered.value]


def test_an_answer_that_raises_a_question_shows_it_below():
    found = view({"neuro-exam-normal": Entered("false")})
    assert links(found) == ["neuro-exam-normal", *FINDINGS]


def test_five_questions_at_most_are_open_the_most_telling_first():
    """Strength, gait and hands say more than the weeks of treatment, which wait for room."""
    found = view({"neuro-exam-normal": Entered("false")})
    assert unanswered(found) == FINDINGS
    assert found.more
    entered = {"neuro-exam-normal": Entered("false"), "sensory-exam": Entered(NORMAL)}
    found = view(entered)
    assert unanswered(found) == [THERAPY[0], *(each for each in FINDINGS if each != "sensory-exam")]


def test_questions_that_had_no_room_come_when_there_is_some():
    entered = {"neuro-exam-normal": Entered("false"), "hand-clumsiness": Entered("false")}
    entered |= dict.fromkeys(FINDINGS[:4], Entered(NORMAL))
    found = view(entered)
    assert outcome(found) == "INSUFFICIENT"
    assert unanswered(found) == THERAPY
    assert not found.more


def test_a_question_of_the_start_stays_while_there_is_room():
    """The weeks of treatment still turn NOT_YET into an MRI."""
    found = view({"neuro-exam-normal": Entered("true")})
    assert (outcome(found), unanswered(found)) == ("NOT_YET", THERAPY)


def test_questions_stay_while_they_are_answered():
    before = links(view({"neuro-exam-normal": Entered("false")}))
    entered = {"neuro-exam-normal": Entered("false"), "motor-exam": Entered(ABNORMAL)}
    found = view(entered)
    assert (outcome(found), links(found)) == ("MRI_URGENT", before)


@few
@given(
    st.dictionaries(
        st.sampled_from(sorted(QUESTIONS.by_link)),
        st.sampled_from(["true", "false", "4", NORMAL, ABNORMAL]).map(Entered),
        max_size=8,
    )
)
def test_whatever_was_answered_five_are_open_and_every_answer_is_shown(entered):
    found = view(entered)
    assert len(unanswered(found)) <= MOST_ASKED == 5
    assert set(entered) <= set(links(found))


def test_what_was_answered_is_always_shown():
    """The page sends back what it shows: an alarm that is not shown would be gone with the next click."""
    entered = {
        "iv-drug-use": Entered("false"),
        "ct-cspine-negative": Entered("true"),
        "neuro-exam-normal": Entered("false"),
        "hand-clumsiness": Entered("true"),
    }
    found = view(entered)
    assert outcome(found) == "MRI_URGENT"
    assert set(entered) <= set(links(found))


def with_record(key, resource):
    request = SAMPLES["V17"].request()
    add(request, key, of_patient(request, resource))
    return chart_of(decode(json.dumps(request).encode()))


def test_treatment_on_record_stands_beside_its_question_with_its_date_and_answers_nothing():
    """When it ended is not told, so it may be of one day or of forty."""
    treated = resource(
        "Procedure",
        code=concept(PHYSIOTHERAPY),
        status="completed",
        performedPeriod={"start": ago(40)},
    )
    found = view(chart=with_record("procedures", treated))
    assert outcome(found) == "INSUFFICIENT"
    asked = {each.question.link_id: each for each in found.asked}
    weeks = asked["conservative-therapy-weeks"]
    assert weeks.entered == Entered()
    assert weeks.recorded is None
    assert {each.reference for each in weeks.evidence} == {f"Procedure/{treated['id']}"}
    assert any(ago(40) in (each.date or "") for each in weeks.evidence)
    assert not found.answered


def test_a_finding_on_record_stands_beside_its_question():
    """A weakness nobody confirmed to be of the neck is no examination of today."""
    request = SAMPLES["V17"].request()
    del draft(request)["reasonCode"]
    weak = condition("sct|26544005", 400)
    add(request, "conditions", of_patient(request, weak))
    found = view(
        {"neuro-exam-normal": Entered("false")},
        chart=chart_of(decode(json.dumps(request).encode())),
        draft=msgspec.Raw(json.dumps(draft(request)).encode()),
    )
    for each in found.asked:
        if each.question.link_id in ("neuro-exam-normal", "motor-exam"):
            assert [e.reference for e in each.evidence] == [f"Condition/{weak['id']}"], each
        else:
            assert each.evidence == ()


def test_an_answer_of_this_visit_is_nothing_of_the_record():
    found = view({"motor-exam": Entered(ABNORMAL)})
    assert found.reasons
    assert all(each.evidence == () for each in found.asked)


def test_what_is_no_answer_changes_nothing():
    found = view({"conservative-therapy-weeks": Entered("long", "wk")})
    assert outcome(found) == "INSUFFICIENT"
    assert not found.answered
    assert found.asked[1].mistake


def test_answers_for_questions_nobody_asks_are_left_out():
    assert links(view({"nix": Entered("true")})) == links(view())


def test_a_chart_that_could_not_be_read_is_no_answer():
    with pytest.raises(DataNotAvailable):
        view(chart={})


def test_an_order_that_has_its_rating_asks_nothing():
    found = view(name="V01")
    assert links(found) == []
    assert found.reasons


def test_the_order_comes_back_as_it_was_with_its_rating():
    found = view({"motor-exam": Entered(ABNORMAL)})
    draft = SAMPLES["V17"].request()["context"]["draftOrders"]["entry"][0]["resource"]
    added = {key: value for key, value in found.now.order.items() if key != "extension"}
    assert added == {key: value for key, value in draft.items() if key != "extension"}
    urls = [each["url"] for each in found.now.order["extension"]]
    assert "http://fhir.org/argonaut/Extension/pama-rating" in urls


def test_an_order_that_has_this_very_rating_is_as_it_came():
    entered = {"motor-exam": Entered(ABNORMAL)}
    rated = msgspec.Raw(encode(view(entered).now.order))
    assert view(entered).order is not None
    assert view(entered, draft=rated).order is None
    other = {"neuro-exam-normal": Entered("true")}
    assert view(other, draft=rated).order is not None


def test_without_a_rating_the_order_comes_back_without_one():
    found = view({"neuro-exam-normal": Entered("false")})
    assert "extension" not in found.now.order
    assert found.order is None


def test_what_is_kept_names_the_order_before_and_after():
    entered = {"motor-exam": Entered(ABNORMAL)}
    found = view(entered)
    at = visit(consult_ids=("urn:uuid:1",))
    kept = COMPANION.answers(at, entered, found, NOW, CLIENT, NOW + timedelta(hours=24))
    assert kept.consult_ids == ("urn:uuid:1", found.now.consult_id)
    assert (kept.client, kept.user) == ("north", "Practitioner/x")
    response = msgspec.json.decode(kept.response)
    assert response["subject"] == {"reference": f"Patient/{at.patient}"}
    assert [item["linkId"] for item in response["item"]] == ["motor-exam"]


@pytest.mark.parametrize(
    ("client", "patient", "user", "good"),
    [
        ("north", "p", "Practitioner/x", True),
        ("south", "p", "Practitioner/x", False),
        ("north", "q", "Practitioner/x", False),
        ("north", "p", "Practitioner/y", False),
        ("north", "p", None, False),
    ],
)
def test_a_handle_is_bound_to_client_patient_and_user(client, patient, user, good):
    handle = Handle(client="north", patient="p", user="Practitioner/x", order="ServiceRequest/o",
                    expires=NOW, consult_ids=(), draft=msgspec.Raw(b"{}"))  # fmt: skip
    assert bound(handle, client, patient, user) is good
    assert not bound(None, client, patient, user)


def test_without_an_order_the_criteria_are_tried_on_a_chosen_study():
    request = decode(text("V17"))
    draft = msgspec.Raw(encode(draft_for("72156", request.context.patient_id)))
    found = view(handle=None, draft=draft)
    assert found.now.advice.study == "Cervical spine MRI, without then with contrast"
    assert "reason for examination" in [missing for missing, _ in found.elsewhere]


def test_a_token_shows_itself_nowhere():
    assert "secret" not in repr(access("secret", None, 300, "p"))
    assert "V17" not in repr(visit())
    assert visit().patient not in repr(visit())
