"""What operators see counted of the store."""

from __future__ import annotations

import io
from uuid import uuid4

import pytest
from calls import NOW
from stored import Service, accepted, overridden
from werkzeug.test import Client

from cds_service.adapters.metrics import PrometheusMeter
from cds_service.adapters.store import tables as t
from cds_service.assembly.adapters import build_store
from cds_service.cdshooks.request import HOOKS
from cds_service.settings import Settings
from cds_service.web.call_log import make_logger
from cds_service.web.seams import STORE_EVENTS


def test_an_event_is_counted_as_kept_once_however_often_it_is_sent(serve):
    service = serve(quarantine=2)
    (card,) = service.cards()
    strange = [overridden(str(uuid4())) for _ in range(3)]
    first = [accepted(card), overridden(card, code="other")]
    service.feedback(*first, first[0], strange[0])
    service.feedback(*first, overridden(card), *strange)
    assert len(service.rows(t.FEEDBACK)) == service.counted["feedback_kept"] == 3
    assert len(service.rows(t.FEEDBACK_QUARANTINE)) == service.counted["feedback_set_apart"]
    assert service.counted["feedback_repeated"] == 1 + 2 + 1
    assert service.counted["feedback_dropped"] > 0
    events = sum(number for kind, number in service.counted.items() if kind.startswith("feedback"))
    assert events == 10


def test_what_was_not_kept_is_not_counted(service, monkeypatch):
    (card,) = service.cards()

    def fails(*_):
        raise OSError

    monkeypatch.setattr("cds_service.adapters.store.feedback.write", fails)
    service.feedback(accepted(card), status=503)
    assert not any(kind.startswith("feedback") for kind in service.counted)


@pytest.fixture
def counting(tmp_path):
    """A store as `serve` makes it, and the page of its figures."""
    meter = PrometheusMeter(("cervical-mri",), HOOKS)
    settings = Settings(dev=True, store=f"sqlite:///{tmp_path / 'store.db'}")
    store = build_store(settings, make_logger(io.StringIO()), meter)
    assert store is not None

    def figures():
        page = Client(meter.exposition()).get("/").get_data(as_text=True)
        return {
            event: float(line.rpartition(" ")[2])
            for event in STORE_EVENTS
            for line in page.splitlines()
            if line.startswith(f'cds_store_events_total{{event="{event}"}}')
        }

    yield Service(store), figures
    store.close()


def test_the_figures_of_the_store_are_on_the_page_of_metrics(counting):
    service, figures = counting
    assert figures() == dict.fromkeys(STORE_EVENTS, 0)
    (card,) = service.cards()
    service.feedback(accepted(card), accepted(card), overridden(str(uuid4()), at=NOW))
    store = service.store
    store._process().writer.down = True
    service.cards()
    store._process().writer.down = False
    assert figures() == dict.fromkeys(STORE_EVENTS, 0) | {
        "card_without_uuid": 1,
        "feedback_kept": 1,
        "feedback_repeated": 1,
        "feedback_set_apart": 1,
    }
