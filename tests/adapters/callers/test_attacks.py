"""Tokens that must never be admitted: the table of attacks, and who is forbidden."""

from __future__ import annotations

import pytest
from attacks import HEADERS, TOKENS, N, S
from calls import lines, post

ATTACKS = HEADERS | {
    name: (reason, lambda make=make: f"Bearer {make()}") for name, (reason, make) in TOKENS.items()
}


@pytest.fixture(scope="module")
def refusal(service):
    """What every refusal looks like."""
    answer = post(service)
    return answer.status_code, [*answer.headers], answer.data


def test_the_table_is_long_enough():
    assert len(ATTACKS) >= 60


@pytest.mark.parametrize("attack", ATTACKS)
def test_refused(service, log, seen, refusal, attack):
    reason, make = ATTACKS[attack]
    header = make()
    remembered = dict(seen.rows)
    answer = post(service, headers={} if header is None else {"Authorization": header})
    assert (answer.status_code, [*answer.headers], answer.data) == refusal
    assert answer.status_code == 401
    assert answer.data == b""
    line = lines(log)[-1]
    assert line["reason"] == reason
    assert seen.rows == remembered, "only tokens that passed every other check are remembered"
    for part in (header or "").split("."):
        assert len(part) < 20 or part not in log.getvalue()


def test_the_same_requests_with_a_good_token_are_answered(service):
    for token in (N.token(), S.token(tenant="clinic-2")):
        assert post(service, headers={"Authorization": f"Bearer {token}"}).status_code == 200


@pytest.mark.parametrize("tenant", [None, "clinic-3", "", ["clinic-1"], 1, "CLINIC-1"], ids=str)
def test_a_tenant_that_is_not_listed_is_forbidden(service, log, seen, tenant):
    remembered = dict(seen.rows)
    answer = post(service, headers={"Authorization": f"Bearer {S.token(tenant=tenant)}"})
    assert answer.status_code == 403
    assert answer.json["resourceType"] == "OperationOutcome"
    assert lines(log)[-1]["reason"] == "tenant"
    assert seen.rows == remembered
