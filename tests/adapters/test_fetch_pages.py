"""Lists in pages: followed at the same server, and never taken for whole when a page is missing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from calls import call
from chart import ago, condition, order, request
from fetching import KEYS, answer, completed, states
from fhir_stub import EMPTY, FhirStub, allowed, without

from cds_service.adapters.fhir.reader import FhirReader
from cds_service.cdshooks.request import HookRequest
from cds_service.facts.record.prefetch import State
from cds_service.fhir import resources as r

Json = dict[str, Any]
NEXT = {"link": [{"relation": "next", "url": "?page=2"}]}
FIRST = "Procedure?patient=pt-204&_sort=-date&_count=500"


def procedure(number: int, patient: str = "pt-204") -> Json:
    subject = {"reference": f"Patient/{patient}"}
    return {"resourceType": "Procedure", "id": f"p-{number}", "subject": subject}


def page(*numbers: int, following: str | None = None, **members: Any) -> Json:
    link = [{"relation": "next", "url": following}] if following is not None else []
    link.insert(0, {"relation": "self", "url": "https://elsewhere.example/self"})
    entries = [{"resource": procedure(number)} for number in numbers]
    return EMPTY | {"entry": entries, "link": link} | {"total": None} | members


def hold(server: FhirStub, path: str, answer: Json) -> None:
    server.hold(path, {key: value for key, value in answer.items() if value is not None})


def procedures(found: HookRequest) -> list[str | None]:
    value = found.prefetch["procedures"].value
    assert isinstance(value, r.Bundle)
    return [entry.resource.id for entry in value.entry or [] if entry.resource]


@pytest.fixture
def fetch(server: FhirStub, reader: FhirReader):
    """The request after fetching, when nothing was prefetched or what is given was."""

    def fetched(**prefetch: Any) -> HookRequest:
        rest = {key: None for key in KEYS if prefetch} | prefetch
        return completed(allowed(call(prefetch=rest), server.base), server.client(), reader)

    return fetched


@pytest.mark.parametrize(
    "forms",
    [
        pytest.param(("{base}/Procedure?page=2", "{base}/Procedure?page=3"), id="absolute links"),
        pytest.param(("?page=2", "Procedure?page=3"), id="relative links"),
        pytest.param(("{base}?_getpages=x&n=2", "{base}/?_getpages=x&n=3"), id="links of the base"),
        pytest.param(("{base}/_page/a=", "{base}/_page/b="), id="opaque links"),
    ],
)
def test_pages_are_followed_to_the_end(server: FhirStub, fetch: Any, forms: tuple[str, str]):
    second, third = (form.format(base=server.base) for form in forms)
    below = [
        (f"Procedure{url}" if url.startswith("?") else url.removeprefix(server.base))
        for url in (second, third)
    ]
    hold(server, FIRST, page(1, 2, following=second, total=5))
    for path, reply in zip(below, (page(3, 4, following=third), page(5)), strict=True):
        server.answers[_question(path)] = reply
    found = fetch()
    assert states(found)["procedures"] is State.READ
    assert procedures(found) == ["p-1", "p-2", "p-3", "p-4", "p-5"]


def _question(path: str) -> tuple[str, str]:
    from fhir_stub import question

    return question(f"/fhir{path}" if path.startswith(("/", "?")) else f"/fhir/{path}")


def test_the_pages_behind_a_prefetched_first_page_are_followed(server: FhirStub, fetch: Any):
    hold(server, "Procedure?page=2", page(3))
    found = fetch(procedures=page(1, 2, following=f"{server.base}/Procedure?page=2", total=3))
    assert states(found)["procedures"] is State.READ
    assert procedures(found) == ["p-1", "p-2", "p-3"]
    assert len(server.asked) == 1


def test_what_was_prefetched_stays_when_its_next_page_is_of_another_patient(
    server: FhirStub, fetch: Any
):
    other = page() | {"entry": [{"resource": procedure(9, "somebody-else")}]}
    hold(server, "Procedure?page=2", other)
    found = fetch(procedures=page(1, following=f"{server.base}/Procedure?page=2"))
    assert states(found)["procedures"] is State.PARTIAL
    assert procedures(found) == ["p-1"]


def test_a_total_that_the_pages_do_not_reach_leaves_the_list_incomplete(
    server: FhirStub, fetch: Any
):
    hold(server, FIRST, page(1, following="?page=2", total=5))
    hold(server, "Procedure?page=2", page(2))
    assert states(fetch())["procedures"] is State.PARTIAL


def test_no_more_than_five_pages_are_read(server: FhirStub, fetch: Any):
    hold(server, FIRST, page(1, following="?page=2"))
    for number in range(2, 9):
        hold(server, f"Procedure?page={number}", page(number, following=f"?page={number + 1}"))
    found = fetch()
    assert states(found)["procedures"] is State.PARTIAL
    assert procedures(found) == [f"p-{number}" for number in range(1, 6)]


def test_no_more_than_a_thousand_entries_are_read(server: FhirStub, fetch: Any):
    hold(server, FIRST, page(*range(600), following="?page=2"))
    hold(server, "Procedure?page=2", page(*range(600, 1200), following="?page=3"))
    hold(server, "Procedure?page=3", page(1200))
    found = fetch()
    assert states(found)["procedures"] is State.PARTIAL
    assert len(procedures(found)) == 1200
    assert not any("page=3" in path for path in server.asked)


def test_pages_that_are_read_by_the_deadline_count(server: FhirStub, reader: FhirReader):
    hold(server, FIRST, page(1, following="?page=2"))
    released = threading.Event()

    @contextmanager
    def gate(path: str) -> Iterator[None]:
        if "page=2" in path:
            released.wait(20)
        yield

    server.gate = gate
    client = server.client(fetch_budget=0.4)
    found = completed(allowed(call(prefetch={}), server.base), client, reader)
    released.set()
    assert states(found)["procedures"] is State.PARTIAL
    assert procedures(found) == ["p-1"]


def test_one_unreadable_resource_of_a_page_spoils_nothing_and_is_counted(
    server: FhirStub, fetch: Any
):
    hold(server, FIRST, page(1, following="?page=2"))
    odd = {"resourceType": "Procedure", "id": "odd", "subject": 7}
    hold(server, "Procedure?page=2", page(2) | {"entry": [{"resource": odd}]})
    found = fetch()
    assert procedures(found) == ["p-1"]
    assert found.prefetch["procedures"].unreadable == 1
    assert states(found)["procedures"] is State.PARTIAL


def test_a_pending_order_goes_back_as_it_came_whichever_page_it_came_on(
    server: FhirStub, reader: FhirReader
):
    """The suggestion to raise its priority carries the whole order, element by element."""
    pending = order("cpt|72141", authoredOn=ago(20), note=[{"text": "as it came"}])
    other = order("cpt|70551", authoredOn=ago(30))
    chart = request(
        condition("icd|M54.12", 90),
        condition("sct|309521004", 60),
        other | {"status": "active"},
        pending | {"status": "active"},
        draft=order("cpt|72141", "icd|M54.12"),
    )
    body = allowed(chart, server.base)
    prefetched = answer(body, server.client(), reader)
    assert b"as it came" in prefetched
    entries = body["prefetch"]["orders"]["entry"]
    path = "ServiceRequest?patient=pt&status=active,on-hold,completed&_sort=-authored&_count=200"
    server.hold(path, EMPTY | {"entry": entries[:1], "total": 2} | NEXT)
    server.hold("ServiceRequest?page=2", EMPTY | {"entry": entries[1:], "total": 2})
    assert answer(without(body, "orders"), server.client(), reader) == prefetched
    first = EMPTY | {"entry": entries[:1], "total": 2}
    body["prefetch"]["orders"] = first | {
        "link": [{"relation": "next", "url": f"{server.base}/ServiceRequest?page=2"}]
    }
    assert answer(body, server.client(), reader) == prefetched


def test_conditions_on_an_unread_page_are_not_taken_for_none(server: FhirStub, reader: FhirReader):
    chart = request(condition("icd|M54.2", 20), draft=order("cpt|72141", "icd|M54.2"))
    entries = chart["prefetch"]["conditions"]["entry"]
    chart = without(allowed(chart, server.base), "conditions")
    link = [{"relation": "next", "url": "https://elsewhere.example/page/2"}]
    path = "Condition?patient=pt&_sort=-recorded-date&_count=500"
    server.hold(path, EMPTY | {"entry": entries, "total": 1})
    whole = answer(chart, server.client(), reader)
    server.hold(path, EMPTY | {"entry": entries, "total": 1, "link": link})
    partly = answer(chart, server.client(), reader)
    assert b"only partly read: conditions" in partly
    assert b"only partly read" not in whole
