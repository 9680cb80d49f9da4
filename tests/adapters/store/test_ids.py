"""uuids that prove their origin."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import RFC_4122, UUID, uuid4

import pytest

from cds_service.adapters.store.ids import Origin, first_of, made_at, new_key, plain

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
ORIGIN = Origin([b"k" * 32])


def test_they_look_like_random_uuids():
    for uuid in (ORIGIN.card("ehr", AT), plain(AT)):
        assert (uuid.version, uuid.variant) == (4, RFC_4122)


def test_they_differ_although_time_and_client_are_the_same():
    assert len({ORIGIN.card("ehr", AT) for _ in range(5000)}) == 5000


def test_they_say_when_they_were_made_and_sort_by_it():
    later = AT + timedelta(seconds=1)
    assert made_at(ORIGIN.card("ehr", AT)) == AT
    assert first_of(AT) < ORIGIN.card("ehr", AT) < first_of(later) < plain(later)


def test_what_was_made_here_is_known_again():
    card = ORIGIN.card("ehr", AT)
    assert ORIGIN.is_card("ehr", card)
    assert ORIGIN.is_suggestion("ehr", card, ORIGIN.suggestion("ehr", AT, card))


@pytest.mark.parametrize("bit", range(128))
def test_no_bit_can_be_changed(bit):
    card = ORIGIN.card("ehr", AT)
    assert not ORIGIN.is_card("ehr", UUID(int=card.int ^ (1 << bit)))


def test_nothing_else_is_taken_for_ours():
    card, other = ORIGIN.card("ehr", AT), ORIGIN.card("ehr", AT)
    suggestion = ORIGIN.suggestion("ehr", AT, card)
    assert not ORIGIN.is_card("other", card)
    assert not ORIGIN.is_card("ehr", suggestion)
    assert not ORIGIN.is_suggestion("ehr", card, card)
    assert not ORIGIN.is_suggestion("ehr", other, suggestion)
    assert not ORIGIN.is_suggestion("other", card, suggestion)
    assert not Origin([new_key()]).is_card("ehr", card)
    assert not any(ORIGIN.is_card("ehr", uuid4()) for _ in range(1000))


def test_older_keys_stay_good():
    turned = Origin([b"k" * 32, b"n" * 32])
    assert turned.is_card("ehr", ORIGIN.card("ehr", AT))
    assert turned.is_card("ehr", turned.card("ehr", AT))
    assert not ORIGIN.is_card("ehr", turned.card("ehr", AT))
