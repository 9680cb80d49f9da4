"""EXT-NEURO-MIMIC: a numb hand with an earlier explanation, where a site has codes for it."""

import json
from typing import Any

import pytest
from chart import MET, NECK_PAIN, NOT_MET, condition, recommend, request
from samples import NOW, SETTINGS

from cds_service.assembly.content import build_evaluator, load_terminology
from cds_service.cdshooks.request import decode
from cds_service.cdshooks.services import SERVICE_ID
from cds_service.client import make_client
from cds_service.settings import Settings

PAIN = condition(NECK_PAIN, 60)
NUMB_HAND = condition("sct|309521004", 30)
TUNNEL = "urn:site|tunnel"
ON = {"ext.mimic": True}


@pytest.fixture(scope="module")
def at_site(tmp_path_factory):
    """The recommendation at a site that lists its own code of carpal tunnel syndrome."""
    folder = tmp_path_factory.mktemp("value-sets")
    listed = {"system": "urn:site", "concept": [{"code": "tunnel", "display": "Carpal tunnel"}]}
    document = {
        "resourceType": "ValueSet",
        "status": "active",
        "compose": {"include": [listed]},
    }
    (folder / "VS-MIMIC.json").write_text(json.dumps(document), encoding="utf-8")
    settings = Settings(dev=True, value_set_folder=folder)
    evaluator: Any = build_evaluator(settings, load_terminology(settings))
    client = make_client(SERVICE_ID, ON, dev=True)

    def ask(*chart):
        body = json.dumps(request(*chart)).encode()
        (advice,) = evaluator.advise(decode(body), NOW, client)
        return advice.recommendation

    return ask


@pytest.mark.parametrize(
    ("chart", "holds"),
    [
        pytest.param((NUMB_HAND, condition(TUNNEL, 31)), True, id="there before the numbness"),
        pytest.param((NUMB_HAND, condition(TUNNEL, 30)), False, id="begun the same day"),
        pytest.param((NUMB_HAND, condition(TUNNEL)), False, id="no date"),
        pytest.param(
            (NUMB_HAND, condition(TUNNEL, 90, verification="provisional")), False, id="suspected"
        ),
        pytest.param(
            (condition("sct|309521004"), condition(TUNNEL, 90)), False, id="numbness has no date"
        ),
        pytest.param(
            (NUMB_HAND, condition(TUNNEL, 90), condition("sct|26544005", 5)),
            False,
            id="weakness beside it",
        ),
    ],
)
def test_numb_hand_with_an_earlier_explanation(at_site, chart, holds):
    """EXT-NEURO-MIMIC."""
    found = at_site(PAIN, *chart)
    assert found.findings["EXT-NEURO-MIMIC"].status is (MET if holds else NOT_MET)
    assert found.outcome == ("MRI_MAY" if holds else "MRI_URGENT")


def test_off_by_default_and_without_codes_of_its_own():
    """ext.mimic."""
    assert SETTINGS.value_set_folder is None
    off = recommend(PAIN, NUMB_HAND).findings["EXT-NEURO-MIMIC"]
    assert (off.status, off.reason) == (NOT_MET, "switched off (ext.mimic)")
    on = recommend(PAIN, NUMB_HAND, options=ON)
    assert on.findings["EXT-NEURO-MIMIC"].status is NOT_MET
    assert on.outcome == "MRI_URGENT"
