"""Changes of the chart: what the criteria make of them, and what stays as it was."""

import copy
import json

import pytest
from benches import NOW, bench, edited, entry, opened, outcome, place_of
from fhir.resources.R4B import get_fhir_model_class
from samples import terminology

from cds_service.cdshooks.request import decode
from cds_service.errors import EditRefused
from cds_service.workbench import edits
from cds_service.workbench.bench import Asked
from cds_service.workbench.document import read

PALETTE = bench().palette
TODAY = NOW.date().isoformat()


def changed(name, **edit):
    return outcome(edited(opened(name), **edit).call)


def test_a_gait_disturbance_turns_not_yet_into_urgent():
    assert outcome(bench().sample("V01").call) == "NOT_YET"
    assert changed("V01", kind="add", finding="394616008-Condition") == "MRI_URGENT"


def test_what_is_absent_or_only_suspected_is_read_as_such():
    assert changed("V01", kind="add", finding="394616008-Condition", answer="absent") == "NOT_YET"
    cancer = {"kind": "add", "finding": "363346000-Condition"}
    assert changed("V01", **cancer) == "MRI_URGENT"
    assert changed("V01", **cancer, answer="suspected") == "INSUFFICIENT"


def test_a_temperature_at_the_threshold_is_fever_and_below_is_not():
    measure = {"kind": "measure", "measure": "8310-5-Cel"}
    assert changed("V01", **measure, value="38.0") == "MRI_URGENT"
    assert changed("V01", **measure, value="37,9") == "NOT_YET"
    assert changed("V01", kind="measure", measure="8310-5-[degF]", value="100.4") == "MRI_URGENT"


def test_a_temperature_keeps_its_digits():
    request = edited(opened("V01"), kind="measure", measure="8310-5-Cel", value="38.50").request
    assert '"value": 38.50' in request


def test_moving_an_onset_beyond_four_weeks_takes_acute_away():
    request = opened("V01")
    key, place = place_of(request, "Condition/v01-neck-pain")
    moved = edited(request, kind="move", key=key, place=place, date="2025-12-01")
    assert entry(moved.request, "Condition/v01-neck-pain")["onsetDateTime"] == "2025-12-01"
    (told,) = bench().why(moved.call).orders
    acute = next(each for each in told[0].statements() if each.id == "NOT-ACUTE")
    assert acute.verdict != "met"


@pytest.mark.parametrize("state", ["refuted", "entered-in-error"])
def test_a_refuted_red_flag_counts_no_more(state):
    request = edited(opened("V01"), kind="add", finding="394616008-Condition").request
    key, place = place_of(request, "Condition/added-1")
    undone = edited(request, kind="state", key=key, place=str(place), state=state)
    assert outcome(undone.call) == "NOT_YET"
    assert "clinicalStatus" not in entry(undone.request, "Condition/added-1")


def test_a_resolved_problem_has_an_end_and_an_active_one_none():
    request = opened("V01")
    key, place = place_of(request, "Condition/v01-neck-pain")
    resolved = edited(request, kind="state", key=key, place=place, state="resolved").request
    assert entry(resolved, "Condition/v01-neck-pain")["abatementDateTime"] == TODAY
    again = edited(resolved, kind="state", key=key, place=place, state="active").request
    assert "abatementDateTime" not in entry(again, "Condition/v01-neck-pain")


def test_taking_an_entry_out_keeps_the_count_of_the_bundle_true():
    request = opened("V05")
    key, place = place_of(request, "Observation/v05-temperature-earlier")
    gone = edited(request, kind="remove", key=key, place=place)
    bundle = json.loads(gone.request)["prefetch"][key]
    assert bundle["total"] == len(bundle["entry"])
    assert outcome(gone.call) != "MRI_URGENT"


def test_another_value_takes_the_word_of_the_laboratory_with_it():
    request = opened("V07")
    crp = next(
        f"Observation/{each['resource']['id']}"
        for each in json.loads(request)["prefetch"]["obs-labs"]["entry"]
        if each["resource"]["code"]["coding"][0]["code"] == "1988-5"
    )
    key, place = place_of(request, crp)
    low = edited(request, kind="value", key=key, place=place, value="2")
    assert entry(low.request, crp)["valueQuantity"]["value"] == 2
    assert "interpretation" not in entry(low.request, crp)


def test_yes_becomes_no():
    request = opened("V12")
    tender = next(
        f"Observation/{each['resource']['id']}"
        for each in json.loads(request)["prefetch"]["obs-exam"]["entry"]
        if each["resource"].get("valueBoolean") is True
    )
    key, place = place_of(request, tender)
    no = edited(request, kind="value", key=key, place=place, value="no")
    assert entry(no.request, tender)["valueBoolean"] is False


@pytest.mark.parametrize("name", PALETTE.findings)
@pytest.mark.parametrize("answer", ["present", "absent"])
def test_every_finding_of_the_list_is_sound_fhir_and_known_to_the_criteria(name, answer):
    finding = PALETTE.findings[name]
    request = read(opened("V17"))
    if answer == "absent" and finding.carrier not in ("Condition", "Observation"):
        with pytest.raises(EditRefused):
            edits.add_finding(request, PALETTE, name, answer, TODAY, NOW)
        return
    before = copy.deepcopy(request)
    new = edits.add_finding(request, PALETTE, name, answer, TODAY, NOW)
    assert request == before
    assert_one_more_sound_entry(request, new)


@pytest.mark.parametrize("name", PALETTE.measures)
def test_every_measurement_is_sound_fhir_and_read_by_the_criteria(name):
    request = read(opened("V17"))
    assert_one_more_sound_entry(request, edits.add_measure(request, PALETTE, name, "5", TODAY, NOW))


def assert_one_more_sound_entry(old, new):
    known = {id(None)} | {json.dumps(each, default=str) for each in entries(old)}
    (added,) = [each for each in entries(new) if json.dumps(each, default=str) not in known]
    get_fhir_model_class(added["resourceType"]).model_validate(added)
    concept = added.get("code") or added["medicationCodeableConcept"]
    system, code = concept["coding"][0]["system"], concept["coding"][0]["code"]
    assert terminology().sets_of(system, code) or code in terminology().local_codes
    decode(json.dumps(new, default=float).encode())


def entries(request):
    for value in request["prefetch"].values():
        for each in (value or {}).get("entry", []):
            yield each["resource"]


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        ({"kind": "add", "finding": "free text"}, "choose a finding"),
        ({"kind": "add", "finding": "394616008-Condition", "answer": "maybe"}, "present, absent"),
        ({"kind": "add", "finding": "clonus", "answer": "suspected"}, "only a problem"),
        ({"kind": "add", "finding": "clonus", "date": "2026-03-20"}, "not in the future"),
        ({"kind": "add", "finding": "clonus", "date": "last week"}, "choose a date"),
        ({"kind": "measure", "measure": "8310-5-Cel", "value": "warm"}, "write a number"),
        ({"kind": "measure", "measure": "8310-5-Cel", "value": "1e9"}, "write a number"),
        ({"kind": "measure", "measure": "8310-5-Cel", "value": "NaN"}, "write a number"),
        ({"kind": "measure", "measure": "x", "value": "1"}, "choose a measurement"),
        ({"kind": "remove", "key": "conditions", "place": 99}, "not in the chart any more"),
        ({"kind": "remove", "key": "conditions", "place": "x"}, "not in the chart any more"),
        ({"kind": "remove", "key": "__class__", "place": 0}, "not in the chart any more"),
        ({"kind": "state", "key": "obs-exam", "place": 0, "state": "refuted"}, "only a problem"),
        (
            {"kind": "state", "key": "conditions", "place": 0, "state": "?"},
            "choose one of the list",
        ),
        ({"kind": "value", "key": "conditions", "place": 0, "value": "1"}, "only an observation"),
        (
            {"kind": "move", "key": "patient", "place": 0, "date": TODAY},
            "no date that can be moved",
        ),
        ({"kind": "sing"}, "not known here"),
        ({}, "not known here"),
    ],
)
def test_what_cannot_be_done_is_refused_with_what_to_do(edit, says):
    with pytest.raises(EditRefused, match=says):
        bench().change(Asked(request=opened("V01"), edit=edit))


def procedure(request, **members):
    """Reference of the first Procedure with these members."""
    return next(
        f"Procedure/{each['resource']['id']}"
        for each in json.loads(request)["prefetch"]["procedures"]["entry"]
        if each["resource"].items() >= members.items()
    )


def test_a_treatment_cannot_begin_after_its_end():
    request = opened("V09")
    over = procedure(request, performedPeriod={"start": "2024-04-02", "end": "2024-06-11"})
    key, place = place_of(request, over)
    with pytest.raises(EditRefused, match="ended on 2024-06-11"):
        edited(request, kind="move", key=key, place=place, date="2026-01-01")


def test_pain_and_treatment_that_began_earlier_have_lasted_longer():
    request = opened("V09")
    assert outcome(bench().sample("V09").call) == "MRI_MAY"
    for reference in ("Condition/v09-neck-pain", procedure(request, status="in-progress")):
        key, place = place_of(request, reference)
        changed = edited(request, kind="move", key=key, place=place, date="2026-01-01")
        request = changed.request
    assert outcome(changed.call) == "MRI_ROUTINE"


def test_a_bare_resource_that_is_changed_stays_bare():
    request = read(opened("V01"))
    condition = request["prefetch"]["conditions"]["entry"][0]["resource"]
    request["prefetch"]["conditions"] = condition
    moved = edits.move(request, "conditions", 0, "2026-01-05", NOW)
    assert moved["prefetch"]["conditions"] == condition | {"onsetDateTime": "2026-01-05"}
    assert edits.remove(request, "conditions", 0)["prefetch"]["conditions"] is None
    assert request["prefetch"]["conditions"] is condition
