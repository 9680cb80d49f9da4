"""The log: one line for each call, and nothing about the patient in any of them."""

import io
import json

import pytest
from calls import DRAFT, HOOK_INSTANCE, NOW, bundle, call, condition, context, lines, post

from cds_service.app import create_app
from cds_service.settings import Settings
from cds_service.web.call_log import ALLOWED, make_logger

MARK = "Xylocanth"


def test_one_line_for_a_call(web, log):
    response = post(web)
    banner, line = lines(log)
    assert banner["event"].startswith("DEVELOPMENT MODE")
    assert line["event"] == "call"
    assert line["hook_instance"] == HOOK_INSTANCE
    assert line["hook"] == "order-select"
    assert line["client"] == "development"
    assert line["service"] == "cervical-mri"
    assert line["outcomes"] == ["NOT_YET"]
    assert line["status"] == 200
    assert line["bytes_in"] == len(json.dumps(call()))
    assert line["bytes_out"] == len(response.data)
    assert line["ms"] > 0


def test_the_time_of_each_stage(web, log):
    post(web)
    line = lines(log)[-1]
    stages = [line[f"{stage}_ms"] for stage in ("verify", "read", "decode", "evaluate", "render")]
    assert all(ms >= 0 for ms in stages)
    assert sum(stages) <= line["ms"] + 0.1
    assert "fetch_ms" not in line, "nobody reads from a FHIR server here"


def test_the_stage_that_failed_has_no_time(web, log):
    post(web, b"{")
    line = lines(log)[-1]
    assert "read_ms" in line
    assert "decode_ms" not in line


def test_keys_of_the_prefetch_that_were_missing(log):
    """Names of keys only: absent, failed and partly read, as the cards say them."""
    body = call(
        prefetch=call()["prefetch"]
        | {
            "devices": {"resourceType": "OperationOutcome", "id": MARK},
            "imaging": bundle(link=[{"relation": "next", "url": f"https://{MARK}"}]),
        }
    )
    web = create_app(Settings(dev=True), clock=lambda: NOW, logger=make_logger(log)).test_client()
    assert post(web, body).status_code == 200
    line = lines(log)[-1]
    assert line["failed"] == ["devices"]
    assert line["partial"] == ["imaging"]
    assert "obs-labs" in line["absent"]
    assert not {"conditions", "procedures"} & set(line["absent"])
    assert MARK not in log.getvalue()


def test_a_method_that_does_not_exist_is_not_quoted(web, log):
    web.open("/cds-services", method=MARK.upper())
    assert lines(log)[-1]["method"] == "other"


def test_pages_and_health_are_not_logged(web, log):
    web.get("/readyz")
    web.get("/")
    assert len(lines(log)) == 1


def test_unknown_keys_are_dropped():
    stream = io.StringIO()
    make_logger(stream).info("call", patient=MARK, status=200)
    (line,) = lines(stream)
    assert line["status"] == 200
    assert line.keys() <= ALLOWED
    assert MARK not in stream.getvalue()


def test_refusals_are_logged_by_their_fixed_text(web, log):
    post(web, call(hook=MARK))
    assert lines(log)[-1]["refused"].startswith("hook: ")
    assert MARK not in log.getvalue()


def test_what_was_passed_over_is_counted(web, log):
    post(web, call(context=context(selections=[MARK])))
    assert lines(log)[-1]["selections_unmatched"] == 1
    assert MARK not in log.getvalue()


def test_a_hook_instance_that_is_no_uuid_is_remarked(web, log):
    assert post(web, call(hookInstance=MARK)).status_code == 200
    assert lines(log)[-1]["hook_instance"] == "not a UUID"


CANARIES = {
    "in the hookInstance": call(hookInstance=MARK),
    "in the names": call(context=context(userId=MARK, patientId=MARK), prefetch={}),
    "in a resource": call(
        prefetch={"conditions": bundle(condition(id=MARK, note=[{"text": MARK}]))}
    ),
    "in an unreadable resource": call(prefetch={"conditions": bundle({"resourceType": MARK})}),
    "in the draft": call(context=context(draftOrders=bundle(DRAFT | {"id": MARK}))),
    "in the token": call(
        fhirServer=f"https://{MARK}", fhirAuthorization={"access_token": MARK, "scope": MARK}
    ),
    "in a wrong patient": call(prefetch={"patient": {"resourceType": "Patient", "id": MARK}}),
}


@pytest.mark.parametrize("where", CANARIES)
@pytest.mark.parametrize("fails", [None, ValueError(MARK), KeyError(MARK)])
def test_a_recognisable_patient_is_nowhere(web, log, evaluator, where, fails, capfd):
    evaluator.fails = fails
    response = post(web, CANARIES[where], query_string={"q": MARK}, headers={"X-Mark": MARK})
    assert MARK not in log.getvalue()
    assert MARK not in "".join(capfd.readouterr())
    if response.status_code != 200:
        assert MARK not in response.get_data(as_text=True)
