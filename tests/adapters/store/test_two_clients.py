"""Two clients on one store: neither gets in the other's way, and nobody is followed from one to the other."""

from __future__ import annotations

from uuid import uuid4

from calls import NOW

from cds_service.adapters.store import tables as t
from cds_service.cdshooks.feedback import Event
from cds_service.client import make_client

NORTH, SOUTH = (make_client(name, {}, dev=False) for name in ("north", "south"))


def apart(service, client):
    return sum(row["client"] == client.name for row in service.rows(t.FEEDBACK_QUARANTINE))


def test_who_fills_his_place_for_what_is_not_ours_leaves_the_others_theirs(serve):
    service = serve(quarantine=3)

    def send(client, number):
        events = [Event(uuid4(), "overridden", NOW) for _ in range(number)]
        service.store.keep(events, client, NOW)

    send(NORTH, 5)
    assert (apart(service, NORTH), apart(service, SOUTH)) == (3, 0)
    send(SOUTH, 2)
    send(NORTH, 1)
    assert (apart(service, NORTH), apart(service, SOUTH)) == (3, 2)
    send(SOUTH, 2)
    assert (apart(service, NORTH), apart(service, SOUTH)) == (3, 3)


def test_one_patient_of_two_clients_has_two_hashes(serve):
    """And so has one practitioner; within one client each has one."""
    service = serve(hash_key=b"k" * 32)

    def hashes(client):
        slip = service.store.slip(
            client,
            NOW,
            hook="order-sign",
            hook_instance=None,
            patient="pt-204",
            practitioner="Practitioner/1",
        )
        return slip.patient, slip.practitioner

    assert hashes(NORTH) == hashes(NORTH)
    assert len({*hashes(NORTH), *hashes(SOUTH)}) == 4


def test_the_ends_of_a_name_and_of_an_id_are_not_mixed_up(serve):
    service = serve(hash_key=b"k" * 32)
    first, second = (make_client(name, {}, dev=False) for name in ("a", "ab"))
    assert service.store._hash(first, "bc") != service.store._hash(second, "c")
