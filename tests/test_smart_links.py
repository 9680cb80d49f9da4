"""Cards with open questions lead to the companion app, where it can keep what it needs."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa
from calls import NOW
from chart import condition
from samples import SAMPLES, add, draft, of_patient
from stored import DEVELOPMENT, Service

from cds_service.adapters.databases import database_url, transaction
from cds_service.adapters.store import schema
from cds_service.adapters.store import tables as t
from cds_service.adapters.store.store import Store, StoreOptions
from cds_service.adapters.vault import new_vault
from cds_service.settings import Settings

OPEN = "V17"
"""An order with nothing to rate it by."""


@pytest.fixture
def serve(tmp_path):
    url = database_url(f"sqlite:///{tmp_path / 'store.db'}", "test")
    made = []

    def build(settings: Settings = DEVELOPMENT, **options):
        store = Store(url, StoreOptions(**{"vault": new_vault()} | options))
        store.prepare()
        made.append(store)
        return Service(store, settings=settings)

    yield build
    for store in made:
        store.close()


def link_of(cards):
    links = [link for card in cards for link in card.get("links", ()) if link["type"] == "smart"]
    assert len(links) <= 1
    return links[0] if links else None


def test_the_card_of_an_unrated_order_leads_to_the_app(serve):
    service = serve()
    link = link_of(service.cards(OPEN))
    assert link["url"] == f"{DEVELOPMENT.public_url}/smart/launch"
    service.written()
    handle = service.store.companion.handle(link["appContext"], NOW)
    request = SAMPLES[OPEN].request()
    context = request["context"]
    assert (handle.client, handle.patient) == ("development", context["patientId"])
    assert (handle.user, handle.encounter) == (context["userId"], context.get("encounterId"))
    assert json.loads(bytes(handle.draft)) in [
        e["resource"] for e in context["draftOrders"]["entry"]
    ]
    assert handle.consult_ids[0].startswith("urn:uuid:")
    assert handle.expires == NOW + timedelta(hours=24)


def test_a_handle_says_nothing(serve):
    service = serve()
    tokens = {link_of(service.cards(OPEN))["appContext"] for _ in range(20)}
    assert len(tokens) == 20
    assert {len(token) for token in tokens} == {43}  # 256 random bits


@pytest.mark.parametrize("name", [name for name in SAMPLES if name != OPEN])
def test_a_card_without_a_missing_answer_leads_nowhere(serve, name):
    cards = serve().cards(name)
    assert (link_of(cards) is not None) == any(missing(card) for card in cards)


def missing(card):
    return card.get("extension", {}).get("cervical-mri-cds.explanation", {}).get("missing")


def test_of_an_order_without_a_card_nothing_is_kept(serve):
    """In production an order that adheres gets none, whatever else could be asked."""
    service = serve(Settings(dev=True, options={"cards.showAppropriate": False}))
    request = SAMPLES[OPEN].request()
    add(request, "conditions", of_patient(request, condition("icd|M54.12", 50)))
    assert service.cards(request) == []
    service.written()
    assert service.rows(t.COMPANION_HANDLES) == []


def test_the_card_of_a_rated_order_that_lacks_an_answer_leads_to_the_app(serve):
    """EXT-RADICULAR: MRI may be appropriate, and how long it was treated is not told."""
    request = SAMPLES[OPEN].request()
    add(request, "conditions", of_patient(request, condition("icd|M54.12", 50)))
    (card,) = serve().cards(request)
    assert card["source"]["topic"]["code"] == "MRI_MAY"
    assert missing(card) == ["conservative therapy"]
    assert link_of([card])


def told(request, at=NOW, **answers):
    """What the record says of examination and treatment, in a questionnaire of its own."""
    items = [{"linkId": link.replace("_", "-"), "answer": [{"valueBoolean": value}]}
             for link, value in answers.items()]  # fmt: skip
    response = {"resourceType": "QuestionnaireResponse", "id": "told", "status": "completed",
                "authored": at.isoformat(), "item": items}  # fmt: skip
    add(request, "answers", of_patient(request, response))


def unasked():
    """An order that lacks only what the record can say: presenting symptom, onset, reason."""
    request = SAMPLES[OPEN].request()
    del draft(request)["reasonCode"]
    told(request, neuro_exam_normal=True, conservative_therapy_none=True)
    return request


def test_where_nothing_can_be_asked_the_card_leads_nowhere_and_nothing_is_kept(serve):
    service = serve()
    (card,) = service.cards(unasked())
    assert missing(card) == ["presenting symptom", "symptom onset", "reason for examination"]
    assert link_of([card]) is None
    service.written()
    assert service.rows(t.COMPANION_HANDLES) == []


def test_one_question_is_enough(serve):
    request = SAMPLES[OPEN].request()
    del draft(request)["reasonCode"]
    told(request, conservative_therapy_none=True)
    (card,) = serve().cards(request)
    assert "neurological examination" in missing(card)
    assert link_of([card])


@pytest.mark.parametrize(
    ("user", "linked"),
    [
        ("Practitioner/whitfield", True),
        ("https://ehr.example.org/fhir/R4/Practitioner/whitfield", True),
        ("PractitionerRole/whitfield", False),
        ("https://elsewhere.example/Practitioner/whitfield", False),
        ("whitfield", False),
    ],
)
def test_only_a_user_whom_a_log_in_can_name_gets_a_link(serve, user, linked):
    """A PractitionerRole is never the fhirUser of a Practitioner, however often the app is opened."""
    service = serve()
    request = SAMPLES[OPEN].request()
    request["context"]["userId"] = user
    (card,) = service.cards(request)
    assert missing(card)
    assert (link_of([card]) is not None) is linked
    service.written()
    assert len(service.rows(t.COMPANION_HANDLES)) == linked


def test_a_client_without_the_app_gets_no_link(serve, monkeypatch):
    from cds_service.client import make_client

    monkeypatch.setattr(
        Settings, "development_client", lambda self: make_client("development", {}, dev=True)
    )
    service = serve()
    assert link_of(service.cards(OPEN)) is None
    service.written()
    assert service.rows(t.COMPANION_HANDLES) == []


def test_without_a_key_there_is_no_link(serve):
    assert link_of(serve(vault=None).cards(OPEN)) is None


def test_while_the_store_is_down_the_card_goes_out_without_a_link(serve):
    service = serve()
    assert link_of(service.cards(OPEN))
    service.store._process().writer.down = True
    (card,) = service.cards(OPEN)
    assert link_of([card]) is None
    assert card["source"]["topic"]["code"] == "INSUFFICIENT"


def test_an_order_too_large_to_be_kept_has_a_card_without_a_link(serve):
    request = SAMPLES[OPEN].request()
    for entry in request["context"]["draftOrders"]["entry"]:
        entry["resource"]["note"] = [{"text": "x" * 35_000}] * 2
    assert link_of(serve().cards(request)) is None


def test_a_handle_is_written_with_its_card_or_not_at_all(serve):
    service = serve()
    link_of(service.cards(OPEN))
    service.written()
    with transaction(service.store.url, writes=False) as connection:
        counts = [
            connection.scalar(sa.select(sa.func.count()).select_from(table))
            for table in (t.CARDS, t.COMPANION_HANDLES)
        ]
    assert counts == [1, 1]


def test_a_store_behind_by_the_tables_of_the_app_stops_the_start(tmp_path):
    from cds_service.errors import ConfigurationError

    url = database_url(f"sqlite:///{tmp_path / 'old.db'}", "test")
    with transaction(url) as connection:
        schema.upgrade(connection, "0001")
    with pytest.raises(ConfigurationError, match="db upgrade"):
        Store(url, StoreOptions(vault=new_vault())).prepare()
