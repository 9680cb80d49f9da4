"""GET /cds-services, whichever way it is spelt."""

import pytest
from wire import assert_valid_discovery


@pytest.mark.parametrize("path", ["/cds-services", "/cds-services/"])
def test_both_spellings_answer_without_a_redirect(web, path):
    response = web.get(path)
    assert response.status_code == 200
    assert response.content_type == "application/json"
    assert_valid_discovery(response.json)
    assert [service["hook"] for service in response.json["services"]] == [
        "order-sign",
        "order-select",
    ]


def test_discovery_is_open_in_production_too(production):
    assert production.get("/cds-services").status_code == 200
