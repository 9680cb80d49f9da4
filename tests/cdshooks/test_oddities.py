"""What is passed over is counted, without a word of it."""

import msgspec
from calls import DRAFT, bundle, call, context

from cds_service.cdshooks.oddities import oddities
from cds_service.cdshooks.request import decode


def counted(**members) -> dict[str, int]:
    return oddities(decode(msgspec.json.encode(call(context=context(**members)))))


def test_nothing_odd():
    assert counted() == {}


def test_selections_that_name_no_draft():
    picked = ["ServiceRequest/draft-mri-1", "ServiceRequest/gone", "draft-mri-1"]
    assert counted(selections=picked) == {"selections_unmatched": 2}


def test_drafts_of_other_patients():
    orders = bundle(
        DRAFT,
        DRAFT | {"id": "b", "subject": {"reference": "Patient/other"}},
        DRAFT | {"id": "c", "subject": {"reference": "https://else.example/Patient/pt-204"}},
        DRAFT | {"id": "d", "subject": {}},
        DRAFT | {"id": "e", "subject": ["Patient/other"]},
    )
    assert counted(draftOrders=orders) == {"drafts_of_other_patients": 2}
