"""Which keys of a JWK Set are used, for which algorithms, and which sets are refused."""

import random

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from tokens import jwk, jwks, private_key

from cds_service.adapters.callers.key_sets import KeySetError, read_key_set

EC, RSA = private_key("ES384"), private_key("RS384")
BOTH = ("ES384", "RS384")

SANDBOX = {
    "kty": "EC",
    "crv": "P-384",
    "kid": "44823f3d-0b01-4a6c-a80e-b9d3e8a7226f",
    "x": "dw_JGR8nB2I6XveNxUOl2qk699ZPLM2nYI5STSdiEl9avAkrm3CkfYMbrrjr8laB",
    "y": "Sm3mLE-n1zYNla_aiE3cb3nZsL51RbC7ysw3q8aJLxGm-hx79RPMYpITDjp7kgzy",
}


def usable(*keys, algorithms=BOTH) -> set[tuple[str, str]]:
    return set(read_key_set(jwks(*keys), algorithms).keys)


def test_two_keys_are_told_apart_by_id_and_algorithm():
    assert usable(jwk(EC, "a"), jwk(RSA, "b")) == {("a", "ES384"), ("b", "RS384")}


def test_a_key_without_alg_serves_what_its_type_can():
    assert usable(jwk(RSA), algorithms=("RS256", "PS384", "ES384")) == {
        ("k1", "RS256"),
        ("k1", "PS384"),
    }


def test_a_key_with_alg_serves_that_one_only():
    assert usable(jwk(RSA, alg="RS256"), algorithms=("RS256", "RS384")) == {("k1", "RS256")}
    assert usable(jwk(RSA, alg="RS256")) == set()
    assert usable(jwk(RSA, alg="ES384")) == set()


@pytest.mark.parametrize("curve", ["ES256", "ES512"])
def test_a_curve_serves_its_own_algorithm_only(curve):
    key = jwk(private_key(curve))
    assert usable(key) == set()
    assert usable(key, algorithms=(curve, "ES384")) == {("k1", curve)}


@pytest.mark.parametrize(
    ("members", "used"),
    [
        ({"use": None}, True),
        ({"use": "enc"}, False),
        ({"use": ["sig"]}, False),
        ({"key_ops": ["verify"]}, True),
        ({"key_ops": ["encrypt"]}, False),
        ({"key_ops": "verify"}, False),
    ],
    ids=str,
)
def test_keys_for_other_purposes_are_passed_over_quietly(members, used):
    found = read_key_set(jwks(jwk(EC, **members)), BOTH)
    assert bool(found.keys) is used
    assert found.notes == ()


def test_a_kid_that_two_keys_share_is_used_for_neither():
    found = read_key_set(jwks(jwk(EC, "a"), jwk(RSA, "a"), jwk(RSA, "b")), BOTH)
    assert set(found.keys) == {("b", "RS384")}
    assert found.kids == {"a", "b"}
    assert found.notes == (
        "key #1 shares its kid with another; each needs its own",
        "key #2 shares its kid with another; each needs its own",
    )


@pytest.mark.parametrize("kid", [None, "", 7, ["a"]])
def test_a_key_without_a_name_is_left_out_and_told(kid):
    found = read_key_set(jwks(jwk(EC, kid), jwk(RSA, "b")), BOTH)
    assert set(found.keys) == {("b", "RS384")}
    assert found.notes == ("key #1 has no kid; give it one",)


SMALL = rsa.generate_private_key(65537, 1024)
UNUSABLE = {
    "a short RSA key": jwk(SMALL),
    "a point off the curve": jwk(EC) | {"y": jwk(EC)["x"]},
    "a member missing": jwk(EC, y=None),
    "a member of another type": jwk(EC) | {"x": 7},
    "an unknown type": {"kty": "XYZ", "kid": "k1"},
    "no type": {"kid": "k1"},
    "a type that is a list": {"kty": ["EC"], "kid": "k1"},
    "an Edwards curve": {"kty": "OKP", "crv": "Ed25519", "x": "AA", "kid": "k1"},
    "no base64": jwk(RSA) | {"n": "é"},
    "an alg that is a list": jwk(EC) | {"alg": ["ES384"]},
}


@pytest.mark.parametrize("what", UNUSABLE)
def test_unusable_keys_are_left_out_and_told(what):
    found = read_key_set(jwks(UNUSABLE[what], jwk(RSA, "b")), BOTH)
    assert set(found.keys) == {("b", "RS384")}
    assert found.notes == ("key #1 serves none of ES384, RS384",)


SECRETS = {
    "an EC private key": ECAlgorithm.to_jwk(EC, as_dict=True),
    "an RSA private key": RSAAlgorithm.to_jwk(RSA, as_dict=True),
    "a shared secret": {"kty": "oct", "k": "c2VjcmV0"},
}


@pytest.mark.parametrize("what", SECRETS)
def test_a_set_with_a_private_key_is_refused_whole(what):
    with pytest.raises(KeySetError, match="key #2 is published with its private half") as caught:
        read_key_set(jwks(jwk(EC), SECRETS[what] | {"kid": "k2"}), BOTH)
    assert caught.value.reason == "keys-private"


def test_a_key_whose_private_half_is_public_serves_tests_only():
    with pytest.raises(KeySetError, match="CDS Hooks Sandbox") as caught:
        read_key_set(jwks(SANDBOX | {"kid": "another name"}), BOTH)
    assert caught.value.reason == "keys-published"
    assert len(read_key_set(jwks(SANDBOX), BOTH, published=True).keys) == 1


@pytest.mark.parametrize(
    "data",
    [
        b"", b"<html>", b"[]", b"{}", b'{"keys": {}}', b'{"keys": [1]}', b'{"keys": NaN}',
        b"[" * 100_000, jwks(*[jwk(EC, str(n)) for n in range(101)]),
    ],
    ids=[
        "nothing", "a page", "a list", "no keys", "keys that are no list", "a key that is none",
        "NaN", "too deep", "too many",
    ],
)  # fmt: skip
def test_what_is_no_set_of_keys(data):
    with pytest.raises(KeySetError) as caught:
        read_key_set(data, BOTH)
    assert caught.value.reason == "keys-malformed"


def test_an_empty_set_is_a_set():
    assert read_key_set(b'{"keys": []}', BOTH).kids == frozenset()


VALUES: list[object] = [
    None, True, 0, -1, 10**40, 1.5, "", "a", "é", "\ud800", "=", [], ["EC"], {}, "EC", "RSA", "oct",
    "OKP", "P-384", "P-521", "secp256k1", "AQAB", "AA", "sig", "verify", "ES384", "RS256", "none",
]  # fmt: skip
NAMES = ["kty", "crv", "x", "y", "n", "e", "alg", "use", "key_ops", "kid"]


@pytest.mark.parametrize("good", [jwk(EC), jwk(RSA)], ids=["EC", "RSA"])
def test_nothing_in_a_set_escapes(good):
    chance = random.Random(7)
    for _ in range(300):
        changes = {name: chance.choice(VALUES) for name in chance.sample(NAMES, 2)}
        try:
            found = read_key_set(jwks(good | changes, jwk(RSA, "b")), BOTH)
        except KeySetError as why:
            assert why.reason == "keys-malformed"  # noqa: PT017  # half a surrogate is no JSON
        else:
            assert all(kid and algorithm in BOTH for kid, algorithm in found.keys)
