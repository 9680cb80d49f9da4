"""Requests people paste: read with the place of a mistake, moved in time, never guessed at."""

import json
import re
from contextlib import suppress

import pytest
from benches import bench, opened, outcome
from hypothesis import given
from hypothesis import strategies as st
from samples import SAMPLES

from cds_service.errors import EditRefused
from cds_service.workbench.bench import Asked
from cds_service.workbench.document import INDENTED, read, write


def use(text, written=""):
    return bench().change(Asked(text=text, written=written))


def test_a_pasted_request_is_used_as_it_is():
    text = SAMPLES["V03"].path.read_text("utf-8")
    assert outcome(use(text).call) == "MRI_EMERGENT"


def test_a_request_is_fired_as_the_hook_it_is_of():
    request = json.loads(opened("V01")) | {"hook": "order-sign"}
    del request["context"]["selections"]
    signed = use(json.dumps(request))
    assert (signed.hook, json.loads(signed.call)["hook"]) == ("order-sign", "order-sign")
    assert "selections" not in json.loads(signed.call)["context"]
    again = bench().change(Asked(request=signed.request))
    assert json.loads(again.call)["context"]["selections"] == ["ServiceRequest/v01-mri-draft"]


def test_a_request_of_another_hook_is_refused():
    request = json.loads(opened("V01")) | {"hook": "patient-view"}
    with pytest.raises(EditRefused, match="order-sign and order-select"):
        use(json.dumps(request))


def test_a_mark_at_the_head_of_a_file_is_passed_over():
    assert outcome(use("\ufeff" + opened("V03")).call) == "MRI_EMERGENT"


def test_a_request_of_long_ago_says_how_old_it_is():
    text = opened("V01")
    old = re.sub(r"\b20(\d\d)-", lambda year: f"20{int(year[1]) - 2:02d}-", text)
    assert use(old).old == "2024-03-02"
    assert use(old, "2024-03-02").old == "", "its dates were moved"
    assert use(text).old == ""
    assert bench().change(Asked(request=old)).old == "", "it was said when it came"


def test_a_long_request_is_written_without_indentation():
    request = json.loads(opened("V01"))
    assert write(request).startswith("{\n")
    request["extension"] = {"org.example.filler": "x" * INDENTED}
    assert write(request).startswith('{"')
    assert json.loads(write(request)) == request


def test_dates_move_to_today_when_the_day_it_was_written_for_is_given():
    old = SAMPLES["V01"].path.read_text("utf-8").replace("2026-", "2024-")
    assert "2026-02-2" in use(old, "2024-03-02").request
    assert "2026-02-2" not in use(old).request


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{\n  "hook": "order-select",\n  "context": {,}\n}', "line 3, column 15"),
        ("[]", "not one JSON object"),
        ("{}", "hook: send a non-empty string"),
        ('{"hook": "order-select", "hookInstance": "x"}', "context: send an object"),
        ('{"hook": NaN}', "no JSON number"),
        ("[" * 100_000, "nested too deeply"),
        ('{"hook": "\\ud800"}', "not valid JSON"),
        (f'{{"hook": {"1" * 5000}}}', "thousands of digits"),
        (f'{{"prefetch": {"[" * 400}{"]" * 400}}}', "nested too deeply"),
    ],
)
def test_a_mistake_is_named_with_its_place(text, says):
    with pytest.raises(EditRefused, match=says):
        use(text)


@pytest.mark.parametrize("written", ["yesterday", "0001-01-01", "2026-13-01"])
def test_a_day_that_is_none_is_refused(written):
    with pytest.raises(EditRefused, match="written for"):
        use(opened("V01"), written)


def test_nothing_to_work_on_is_refused():
    with pytest.raises(EditRefused, match="open a patient"):
        bench().change(Asked())
    with pytest.raises(EditRefused, match="choose a patient"):
        bench().change(Asked(sample="V99"))


@given(st.text())
def test_any_text_is_read_or_refused(text):
    with suppress(EditRefused):
        read(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(
    ["code", "value", "valueQuantity", "valueBoolean", "status", "clinicalStatus", "entry", "item",
     "onsetDateTime", "effectivePeriod", "component", "answer", "coding", "text", "link", "name",
     "birthDate", "performedPeriod", "type", "procedureCode", "verificationStatus"]
)  # fmt: skip
TYPES = st.sampled_from(
    ["Condition", "Observation", "Procedure", "MedicationRequest", "ImagingStudy", "Device",
     "QuestionnaireResponse", "DiagnosticReport", "Patient", "OperationOutcome", "Basic"]
)  # fmt: skip


@given(
    st.dictionaries(
        st.sampled_from(["patient", "conditions", "obs-exam", "obs-labs", "orders", "devices"]),
        st.tuples(TYPES, st.dictionaries(NAMES, JSON, max_size=4)),
        max_size=3,
    ),
    st.booleans(),
)
def test_a_chart_of_odd_resources_is_shown_not_a_defect(odd, bundled):
    request = json.loads(opened("V17"))
    for key, (kind, members) in odd.items():
        resource = {"resourceType": kind, "id": "x"} | members
        bundle = {"resourceType": "Bundle", "entry": [{"resource": resource}]}
        request["prefetch"][key] = bundle if bundled else resource
    try:
        done = use(json.dumps(request))
    except EditRefused:
        return  # another patient
    assert len(done.chart.sections) == 6


@given(
    st.dictionaries(
        st.sampled_from(["kind", "key", "place", "date", "state", "value", "finding", "measure",
                         "answer", "order", "code", "priority", "response", "card", "suggestion"]),
        JSON | st.sampled_from(["add", "measure", "move", "state", "value", "remove", "accept",
                                "study", "priority", "conditions", "obs-exam", 0, "0", "2026-03-01"]),
    )
)  # fmt: skip
def test_any_edit_is_carried_out_or_refused(edit):
    with suppress(EditRefused):
        bench().change(Asked(request=opened("V01"), edit=edit))


def test_a_request_is_written_as_it_was_read():
    text = opened("V07")
    assert write(read(text)) == text


@pytest.mark.parametrize(
    "text", ["\ufffdPNG\r\n\x1a\n", "PK\x03\x04", " \n<html>", "hook: order-select"]
)
def test_what_is_no_json_at_all_is_called_so(text):
    with pytest.raises(EditRefused, match="this is no JSON") as refused:
        bench().change(Asked(text=text))
    assert "column" not in str(refused.value)
