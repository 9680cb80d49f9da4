"""Tokens that are good, up to the edge of what is allowed."""

import pytest
from tokens import NOW, URL, Incoming, Issuer, Memory, Ring, caller, jwk, jwks, private_key

from cds_service.adapters.callers.tokens import TokenAuthenticator
from cds_service.errors import CallerRefused

N, S = Issuer("north"), Issuer("south", "RS384")


@pytest.fixture
def enter():
    """Who is admitted with a token; a refusal is its reason."""

    def admitted(token, *callers, seen=None, now=NOW, url=URL):
        door = TokenAuthenticator(callers or (caller(N), caller(S)), seen or Memory(), lambda: now)
        try:
            return door.authenticate(Incoming(token), url).name
        except CallerRefused as why:
            return why.reason

    return admitted


def test_both_recommended_algorithms(enter):
    assert enter(N.token()) == "north"
    assert enter(S.token()) == "south"


@pytest.mark.parametrize(
    "algorithm", ["ES256", "ES512", "RS256", "RS512", "PS256", "PS384", "PS512"]
)
def test_others_where_the_client_allows_them(enter, algorithm):
    issuer = Issuer("north", algorithm)
    assert enter(issuer.token(), caller(issuer, algorithms=(algorithm,))) == "north"
    assert enter(issuer.token(), caller(issuer)) == "algorithm"


def test_the_scheme_in_any_letters():
    door = TokenAuthenticator([caller(N)], Memory(), lambda: NOW)
    for scheme in ("Bearer", "bearer", "BEARER"):
        incoming = Incoming(None)
        incoming.headers["Authorization"] = f"{scheme} {N.token()}"
        assert door.authenticate(incoming, URL).name == "north"


GOOD = {
    "no jku": N.token({"jku": None}),
    "keys carried along are not looked at": N.token({"jwk": {}, "x5u": "http://x", "x5c": [1]}),
    "an aud that is a list with our URL in it": N.token(aud=["https://other.example", URL]),
    "a tenant where the client lists none": N.token(tenant="any"),
    "a subject, and claims nobody knows": N.token(sub="app-7", other={"a": [None]}),
    "an hour of life": N.token(exp=NOW + 3600),
    "expired just short of a minute ago": N.token(iat=NOW - 300, exp=NOW - 59),
    "issued a minute ahead": N.token(iat=NOW + 60, exp=NOW + 300),
    "nbf five minutes before iat": N.token(nbf=NOW - 300),
    "nbf a minute ahead": N.token(nbf=NOW + 60),
    "a jti that is a sentence": N.token(jti="any text will do: é \x00 \ud800"),
}


@pytest.mark.parametrize("what", GOOD)
def test_admitted(enter, what):
    assert enter(GOOD[what]) == "north"


def test_feedback_is_meant_by_its_own_address_and_by_the_services(enter):
    for aud in (URL, f"{URL}/feedback"):
        assert enter(N.token(aud=aud), url=f"{URL}/feedback") == "north"
    assert enter(N.token(aud=f"{URL}/feedback")) == "audience"


def test_discovery_is_meant_by_its_own_address(enter):
    discovery = URL.rpartition("/")[0]
    assert enter(N.token(aud=discovery), url=discovery) == "north"
    assert enter(N.token(), url=discovery) == "audience"


def test_further_audiences_are_the_clients_own(enter):
    callers = (caller(N, audiences=("cds",)), caller(S))
    assert enter(N.token(aud="cds"), *callers) == "north"
    assert enter(S.token(aud="cds"), *callers) == "audience"


def test_one_kid_at_two_issuers_is_two_keys(enter):
    other = Issuer("south")
    callers = (caller(N), caller(other))
    assert (N.kid, N.algorithm) == (other.kid, other.algorithm)
    assert enter(N.token(), *callers) == "north"
    assert enter(other.token(), *callers) == "south"
    forged = N.token({"jku": other.jku}, iss=other.issuer)
    assert enter(forged, *callers) == "signature"


def test_pinned_keys_leave_the_jku_without_a_say(enter):
    pinned = caller(N, keys_file="keys.json")
    assert enter(N.token({"jku": "https://anywhere.example"}), pinned) == "north"


def test_an_rsa_key_that_names_no_algorithm(enter):
    assert "alg" not in S.jwk()
    assert enter(S.token(), caller(S)) == "south"
    assert enter(S.token(), caller(S, S.jwk(alg="RS384"))) == "south"
    assert enter(S.token(), caller(S, S.jwk(alg="RS256"))) == "key-unknown"


def test_keys_change_while_the_service_runs(enter):
    one = caller(N)
    new = Issuer("north", kid="k2")
    new.key = private_key("ES384", "the next one")
    assert enter(new.token(), one) == "key-unknown"
    ring = one.keys
    assert isinstance(ring, Ring)
    ring.keys = Ring(jwks(N.jwk(), jwk(new.key, "k2")), ("ES384",)).keys
    assert enter(N.token(), one) == enter(new.token(), one) == "north"
    ring.keys = Ring(jwks(jwk(new.key, "k2")), ("ES384",)).keys
    assert enter(N.token(), one) == "key-unknown"
    assert enter(new.token(), one) == "north"


def test_no_keys_to_be_had_is_no_fault_of_the_caller():
    one = caller(N)
    assert isinstance(one.keys, Ring)
    one.keys.keys = None
    with pytest.raises(CallerRefused) as caught:
        TokenAuthenticator([one], Memory(), lambda: NOW).authenticate(Incoming(N.token()), URL)
    assert (caught.value.status, caught.value.retry_after) == (503, 5)
    assert caught.value.reason == "keys-unavailable"


class TestReplay:
    def test_a_token_is_good_once(self, enter):
        seen, token = Memory(), N.token()
        assert [enter(token, seen=seen) for _ in range(3)] == ["north", "replayed", "replayed"]

    def test_one_jti_at_two_issuers_is_two_tokens(self, enter):
        seen = Memory()
        assert enter(N.token(jti="one"), seen=seen) == "north"
        assert enter(S.token(jti="one"), seen=seen) == "south"
        assert enter(N.token(jti="one", exp=NOW + 200), seen=seen) == "replayed"

    def test_the_mirrored_signature_of_a_token_is_the_same_token(self, enter):
        """(r, n - s) verifies wherever (r, s) does: that is ECDSA, and what the jti is for."""
        from tokens import b64, unb64

        order = int(
            "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf"
            "581a0db248b0a77aecec196accc52973",
            16,
        )
        token, seen = N.token(), Memory()
        text, _, signature = token.rpartition(".")
        raw = unb64(signature)
        mirrored = raw[:48] + (order - int.from_bytes(raw[48:])).to_bytes(48)
        assert enter(token, seen=seen) == "north"
        assert enter(f"{text}.{b64(mirrored)}", seen=seen) == "replayed"

    def test_it_is_remembered_as_long_as_it_would_be_good(self, enter):
        seen = Memory()
        enter(N.token(jti="one", exp=NOW + 300), seen=seen)
        assert seen.rows == {(N.issuer, "one"): NOW + 360}

    def test_a_client_may_be_let_off(self, enter):
        lax = caller(N, replay="off")
        seen, token = Memory(), N.token()
        seen.down = True
        assert [enter(token, lax, seen=seen) for _ in range(2)] == ["north", "north"]
        assert seen.rows == {}

    def test_without_the_store_nobody_is_admitted(self):
        seen = Memory()
        seen.down = True
        with pytest.raises(CallerRefused) as caught:
            TokenAuthenticator([caller(N)], seen, lambda: NOW).authenticate(
                Incoming(N.token()), URL
            )
        assert (caught.value.status, caught.value.retry_after) == (503, 2)
