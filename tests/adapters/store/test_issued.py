"""What is remembered of an answer."""

from __future__ import annotations

import json
from uuid import UUID

from calls import HOOK_INSTANCE
from samples import SAMPLES, evaluator, terminology

from cds_service.adapters.store import tables as t
from cds_service.assembly.content import build_catalogue
from cds_service.settings import Settings


def test_every_card_has_its_row(service):
    (card,) = service.cards("V01")
    service.written()
    (row,) = service.rows(t.CARDS)
    assert row["uuid"] == UUID(card["uuid"])
    assert (row["code"], row["indicator"], row["is_primary"]) == ("NOT_YET", "warning", True)
    assert {r["uuid"]: r["name"] for r in service.rows(t.SUGGESTIONS)} == {
        UUID(card["suggestions"][0]["uuid"]): "replace-with-physical-therapy",
        UUID(card["suggestions"][1]["uuid"]): "add-physical-therapy",
        UUID(card["suggestions"][2]["uuid"]): "remove-order",
    }
    (rating,) = service.rows(t.RATINGS)
    assert row["rating"] == rating["id"]
    assert (rating["client"], rating["hook"], rating["cards"]) == ("development", "order-select", 1)
    assert 0 < rating["evaluate_us"] < rating["total_us"]
    assert rating["patient"] is rating["practitioner"] is None


def test_how_it_was_judged_is_said_by_its_profile(service):
    (card,) = service.cards("V01")
    explained = card["extension"]["cervical-mri-cds.explanation"]
    service.written()
    (profile,) = service.rows(t.PROFILES)
    assert profile["outcome"] == "NOT_YET"
    assert profile["rating"] == explained["rating"]
    assert profile["version"] == explained["version"]
    assert profile["order_code"] == "72141"
    said = {(row["statement"], row["role"]) for row in service.rows(t.PROFILE_STATEMENTS)}
    assert said == {(each["id"], "fired") for each in explained["fired"]} | {
        (each["id"], "advisory") for each in explained["advisory"]
    }


def test_what_is_printed_and_stored_says_which_options_applied(serve):
    settings = Settings(dev=True, options={"dup.days": 60})
    service = serve(settings)
    (card,) = service.cards("V01")
    service.written()
    (profile,) = service.rows(t.PROFILES)
    assert settings.development_client().variant.startswith(".opt-")
    version = card["extension"]["cervical-mri-cds.explanation"]["version"]
    assert version == evaluator().version + settings.development_client().variant
    assert profile["version"] == version
    assert build_catalogue(settings, terminology()).version == version
    assert service.web.get("/readyz").json["content"] == evaluator().version
    assert len(version) <= 64  # the column of PROFILES


def test_open_questions_are_kept(service):
    (card,) = service.cards("V17")
    service.written()
    missing = card["extension"]["cervical-mri-cds.explanation"]["missing"]
    assert {row["question"] for row in service.rows(t.PROFILE_QUESTIONS)} == set(missing)


def test_orders_judged_alike_share_a_profile(service):
    for _ in range(3):
        service.cards("V01")
    service.cards("V17")
    service.written()
    assert len(service.rows(t.RATINGS)) == 4
    assert len(service.rows(t.PROFILES)) == 2


def test_overlays_are_cards_of_the_same_rating(service):
    cards = service.cards("V19")
    service.written()
    rows = service.rows(t.CARDS)
    assert len(cards) == len(rows) > 1
    assert len({row["rating"] for row in rows}) == 1
    assert sum(row["is_primary"] for row in rows) == 1
    assert "EXT-MRS-CIED" in {row["code"] for row in rows}


def test_an_order_that_gets_no_card_is_remembered_as_silent(serve):
    quiet = Settings(dev=True, options={"cards.showAppropriate": False})
    service = serve(settings=quiet)
    assert service.cards("V10") == []
    service.written()
    (rating,) = service.rows(t.RATINGS)
    assert rating["cards"] == 0
    assert service.rows(t.CARDS) == []


def test_orders_that_are_not_ours_leave_no_trace(service):
    request = SAMPLES["V01"].request()
    coding = request["context"]["draftOrders"]["entry"][0]["resource"]["code"]["coding"]
    coding[:] = [{"system": "http://www.ama-assn.org/go/cpt", "code": "72148"}]
    assert service.cards(request) == []
    service.written()
    assert service.rows(t.RATINGS) == []


def test_two_orders_of_one_call_share_it(service):
    request = SAMPLES["V01"].request()
    entries = request["context"]["draftOrders"]["entry"]
    second = json.loads(json.dumps(entries[0]))
    second["resource"]["id"] = "second"
    entries.append(second)
    request["context"]["selections"] = [
        f"ServiceRequest/{entry['resource']['id']}" for entry in entries
    ]
    assert len(service.cards(request)) == 2
    service.written()
    first, second = service.rows(t.RATINGS)
    assert first["call"] == second["call"]
    assert first["call"] in (first["id"], second["id"])  # where reports count the call
    assert first["id"] != second["id"]
    assert {row["outcome"] for row in service.rows(t.PROFILES)} == {"NOT_YET", "DUPLICATE"}


def test_the_hook_instance_is_kept(service):
    service.cards(SAMPLES["V01"].request() | {"hookInstance": HOOK_INSTANCE})
    service.cards(SAMPLES["V01"].request() | {"hookInstance": "Jane Doe"})
    service.written()
    assert {row["hook_instance"] for row in service.rows(t.RATINGS)} == {UUID(HOOK_INSTANCE), None}


def test_patients_are_known_by_a_keyed_hash_and_only_if_a_key_is_set(serve):
    service, other = serve(hash_key=b"k" * 32), serve(hash_key=b"o" * 32)
    for each in (service, other):
        each.cards("V01"), each.cards("V01"), each.cards("V02")
        each.written()
    rows = service.rows(t.RATINGS)
    assert len({row["patient"] for row in rows}) == 4  # two patients under two keys
    assert all(len(row["patient"]) == len(row["practitioner"]) == 32 for row in rows)
