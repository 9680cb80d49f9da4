"""The log: one line for each call, and nothing about the patient in any of them."""

import io
import json

import pytest
from calls import (
    DRAFT,
    HOOK_INSTANCE,
    NOW,
    Bouncer,
    bundle,
    call,
    condition,
    context,
    lines,
    post,
)
from samples import NOW as NOON
from samples import SAMPLES, sample
from samples import evaluator as real
from werkzeug.test import Client as Browser

from cds_service.adapters.metrics import PrometheusMeter
from cds_service.app import create_app
from cds_service.client import make_client
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


def answered(name, log, meter=None):
    """The line and the answer of a sample order, as a production client gets it."""
    client = make_client("ehr", {}, dev=False)
    web = create_app(
        Settings(),
        lambda: NOON,
        real(),
        clients=(client,),
        authenticator=Bouncer(client),
        meter=meter,
        logger=make_logger(log),
    ).test_client()
    response = post(web, sample(name), headers={"Authorization": "Bearer please"})
    assert response.status_code == 200
    return lines(log)[-1], response.json["cards"]


def test_an_order_that_adheres_has_an_outcome_and_no_card(log):
    adhering = [name for name in SAMPLES if not answered(name, log)[1]]
    assert adhering
    for name in adhering:
        line, _ = answered(name, log)
        assert (line["cards"], line["outcomes"]) == (0, [SAMPLES[name].outcome])


def test_a_safety_card_alone_does_not_stand_for_the_outcome(log):
    meter = PrometheusMeter(["cervical-mri"], ["order-select"])
    line, (card,) = answered("V19", log, meter)
    assert card["source"]["topic"]["code"] == "EXT-MRS-CIED"
    assert (line["outcomes"], line["topics"]) == (["MRI_ROUTINE"], ["EXT-MRS-CIED"])
    told = Browser(meter.exposition()).get("/metrics").get_data(as_text=True)
    assert 'hook="order-select",outcome="MRI_ROUTINE"' in told
    assert 'cds_ratings_total{outcome="MRI_ROUTINE",service="cervical-mri"} 1.0' in told
    assert 'cds_cards_total{outcome="EXT-MRS-CIED",service="cervical-mri"} 1.0' in told


def test_a_call_without_an_order_that_is_rated_has_no_outcome(web, log):
    lumbar = {"coding": [{"system": "http://www.ama-assn.org/go/cpt", "code": "72148"}]}
    drafts = bundle(DRAFT | {"code": lumbar})
    web = create_app(Settings(dev=True), logger=make_logger(log)).test_client()
    assert post(web, call(context=context(draftOrders=drafts))).json == {"cards": []}
    line = lines(log)[-1]
    assert (line["outcomes"], line["topics"]) == ([], [])
