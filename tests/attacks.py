"""Tokens that must never be admitted. Each row of the table says what is wrong with the token."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

from calls import SERVICE
from tokens import NOW, URL, Issuer, b64, jwk, unb64

from cds_service.adapters.callers.tokens import Reason

N, S, MALLORY = Issuer("north"), Issuer("south", "RS384"), Issuer("mallory")
MALLORY.issuer = N.issuer


def hs(secret: bytes, **header: Any) -> str:
    text = f"{b64(N.header(alg='HS384', **header))}.{b64(N.claims())}"
    return f"{text}.{b64(hmac.new(secret, text.encode(), hashlib.sha384).digest())}"


def pem() -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    found: bytes = N.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return found


def swapped(**claims: Any) -> str:
    """A good token whose claims were changed after it was signed."""
    head, body, signature = N.token().split(".")
    return f"{head}.{b64(json.loads(unb64(body)) | claims)}.{signature}"


def reheaded(**header: Any) -> str:
    """A good token whose header was changed after it was signed."""
    _, body, signature = N.token().split(".")
    return f"{b64(N.header(**header))}.{body}.{signature}"


def raw(**claims: str) -> str:
    """A token whose claims are written as JSON text, so that they may be no JSON at all."""
    good = {name: json.dumps(value) for name, value in N.claims().items()} | claims
    text = ",".join(f'"{name}":{value}' for name, value in good.items())
    return N.token(claims=f"{{{text}}}".encode())


def signed_with(signature: bytes) -> str:
    """A good token with another signature."""
    return f"{N.token().rpartition('.')[0]}.{b64(signature)}"


def signature() -> bytes:
    return unb64(N.token().rpartition(".")[2])


def der() -> bytes:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA

    found: bytes = N.key.sign(b"x", ECDSA(hashes.SHA384()))
    return found


R = Reason
HEADERS: dict[str, tuple[Reason, Callable[[], str | None]]] = {
    "no Authorization header": (R.ABSENT, lambda: None),
    "an empty Authorization header": (R.ABSENT, lambda: ""),
    "the scheme alone": (R.MALFORMED, lambda: "Bearer"),
    "another scheme": (R.MALFORMED, lambda: f"Basic {N.token()}"),
    "a token without scheme": (R.MALFORMED, N.token),
    "two tokens": (R.MALFORMED, lambda: f"Bearer {N.token()}, Bearer {N.token()}"),
    "two blanks before the token": (R.MALFORMED, lambda: f"Bearer  {N.token()}"),
    "a blank behind the token": (R.MALFORMED, lambda: f"Bearer {N.token()} x"),
    "padding behind the signature": (R.MALFORMED, lambda: f"Bearer {N.token()}=="),
}  # fmt: skip

TOKENS: dict[str, tuple[Reason, Callable[[], str]]] = {
    "a token of nine kilobytes": (R.SIZE, lambda: N.token(pad="x" * 7000)),
    "five parts, as an encrypted token has": (R.MALFORMED, lambda: f"{N.token()}.AA.AA"),
    "two parts": (R.MALFORMED, lambda: N.token().rpartition(".")[0]),
    "an empty signature": (R.MALFORMED, lambda: signed_with(b"")),
    "base64 of the other alphabet": (R.MALFORMED, lambda: f"{N.token()[:-1]}+"),
    "a header that is no base64": (R.MALFORMED, lambda: "a." + N.token().split(".", 1)[1]),
    "a header that is no JSON": (R.MALFORMED, lambda: N.token(header=b"{")),
    "a header that is a list": (R.MALFORMED, lambda: N.token(header=b"[]")),
    "claims that are no JSON": (R.MALFORMED, lambda: N.token(claims=b"{")),
    "claims that are a list": (R.MALFORMED, lambda: N.token(claims=b"[1]")),
    "claims that are nested without end": (R.MALFORMED, lambda: N.token(claims=b"[" * 5000)),
    "a number of five thousand digits": (R.MALFORMED, lambda: raw(exp="9" * 5000)),
    # The header.
    "no typ": (R.TYP, lambda: N.token({"typ": None})),
    "a typ in small letters": (R.TYP, lambda: N.token({"typ": "jwt"})),
    "an access token": (R.TYP, lambda: N.token({"typ": "at+jwt"})),
    "a typ that is a list": (R.TYP, lambda: N.token({"typ": ["JWT"]})),
    "a critical extension": (R.MALFORMED, lambda: N.token({"crit": ["x"], "x": 1})),
    "a critical extension that the library knows": (R.CRIT, lambda: N.token({"crit": ["b64"], "b64": True})),
    "claims that are not in the token": (R.MALFORMED, lambda: N.token({"crit": ["b64"], "b64": False})),
    "b64 without crit": (R.CRIT, lambda: N.token({"b64": True})),
    "no kid": (R.KID, lambda: N.token({"kid": None})),
    "a kid that is a number": (R.MALFORMED, lambda: N.token({"kid": 1})),
    "a kid that is a list": (R.MALFORMED, lambda: N.token({"kid": ["k1"]})),
    "an unknown kid": (R.KEY, lambda: N.token({"kid": "k2"})),
    "an empty kid": (R.KEY, lambda: N.token({"kid": ""})),
    "a kid that is a path": (R.KEY, lambda: N.token({"kid": "../../dev/null"})),
    "a kid that is a query": (R.KEY, lambda: N.token({"kid": chr(39) + " OR 1=1 --"})),
    "the kid of another client's key": (R.KEY, lambda: S.token({"kid": "rsa", "jku": S.jku}, iss=S.issuer)),
    "a foreign jku": (R.JKU, lambda: N.token({"jku": "https://evil.example/jwks.json"})),
    "a jku with the configured one as its beginning": (R.JKU, lambda: N.token({"jku": N.jku + ".evil.example"})),
    "a jku with a query": (R.JKU, lambda: N.token({"jku": N.jku + "?a"})),
    "a jku that is a list": (R.JKU, lambda: N.token({"jku": [N.jku]})),
    "the jku of another client": (R.JKU, lambda: N.token({"jku": S.jku})),
    "a jku of this machine": (R.JKU, lambda: N.token({"jku": "http://127.0.0.1/"})),
    # The algorithm.
    "no alg": (R.ALGORITHM, lambda: N.token({"alg": None})),
    "alg none with an empty signature": (R.MALFORMED, lambda: f"{b64(N.header(alg='none'))}.{b64(N.claims())}."),
    "alg none with a signature": (R.ALGORITHM, lambda: reheaded(alg="none")),
    "alg NoNe": (R.ALGORITHM, lambda: reheaded(alg="NoNe")),
    "alg that is a list": (R.ALGORITHM, lambda: reheaded(alg=["ES384"])),
    "the public key as a shared secret": (R.ALGORITHM, lambda: hs(pem())),
    "the JWK as a shared secret": (R.ALGORITHM, lambda: hs(json.dumps(N.jwk()).encode())),
    "an empty shared secret": (R.ALGORITHM, lambda: hs(b"")),
    "an algorithm that is not allowed": (R.ALGORITHM, lambda: reheaded(alg="ES256")),
    "an RSA key with another hash": (
        R.ALGORITHM,
        lambda: S.sign(
            f"{b64(S.header(alg='RS256'))}.{b64(S.claims(tenant='clinic-1'))}", algorithm="RS256"
        ),
    ),
    "an RSA algorithm with the kid of an EC key": (R.KEY, lambda: reheaded(alg="RS384")),
    "an EC algorithm with the kid of an RSA key": (R.KEY, lambda: reheaded(kid="rsa")),
    # Keys of the attacker's own.
    "a key of the attacker's under a good kid": (R.SIGNATURE, lambda: MALLORY.token({"jku": N.jku})),
    "a key carried along as jwk": (
        R.SIGNATURE,
        lambda: MALLORY.token({"jku": N.jku, "jwk": jwk(MALLORY.key)}),
    ),
    "a key fetched by x5u": (
        R.SIGNATURE,
        lambda: MALLORY.token({"jku": N.jku, "x5u": "https://evil.example/c"}),
    ),
    "a certificate carried along as x5c": (R.SIGNATURE, lambda: MALLORY.token({"jku": N.jku, "x5c": ["AAAA"]})),
    "a client signing as another": (
        R.SIGNATURE,
        lambda: S.sign(f"{b64(N.header())}.{b64(N.claims())}"),
    ),
    # The signature.
    "claims changed after signing": (R.SIGNATURE, lambda: swapped(sub="admin")),
    "times moved after signing": (R.SIGNATURE, lambda: swapped(exp=NOW + 3000)),
    "a jti changed after signing": (R.SIGNATURE, lambda: swapped(jti="fresh")),
    "a header changed after signing": (R.SIGNATURE, lambda: reheaded(cty="x")),
    "the signature of another token": (R.SIGNATURE, lambda: signed_with(signature())),
    "a signature of zeros": (R.SIGNATURE, lambda: signed_with(bytes(96))),
    "a signature of one byte": (R.SIGNATURE, lambda: signed_with(b"0")),
    "a signature one byte too long": (R.SIGNATURE, lambda: signed_with(signature() + b"0")),
    "a signature in the form that certificates use": (R.SIGNATURE, lambda: signed_with(der())),
    # The issuer.
    "no iss": (R.ISSUER, lambda: N.token(iss=None)),
    "an unknown iss": (R.ISSUER, lambda: N.token(iss="https://evil.example")),
    "an iss that begins like a client's": (R.ISSUER, lambda: N.token(iss=N.issuer + ".evil.example")),
    "an iss with a slash behind": (R.ISSUER, lambda: N.token(iss=N.issuer + "/")),
    "an iss in capitals": (R.ISSUER, lambda: N.token(iss=N.issuer.upper())),
    "an iss that is a list": (R.ISSUER, lambda: N.token(iss=[N.issuer])),
    "an iss that is an object": (R.ISSUER, lambda: N.token(iss={"a": N.issuer})),
    # The audience.
    "no aud": (R.CLAIMS, lambda: N.token(aud=None)),
    "an empty aud": (R.CLAIMS, lambda: N.token(aud="")),
    "an aud of nobody": (R.CLAIMS, lambda: N.token(aud=[])),
    "the aud of another service": (R.AUDIENCE, lambda: N.token(aud=URL + "-2")),
    "the aud of another host": (R.AUDIENCE, lambda: N.token(aud=URL.replace("cds.", "evil."))),
    "the discovery URL as aud of a call": (R.AUDIENCE, lambda: N.token(aud=URL.rpartition("/")[0])),
    "the URL as seen behind the proxy": (R.AUDIENCE, lambda: N.token(aud="http://localhost" + SERVICE)),
    "an aud with a slash behind": (R.AUDIENCE, lambda: N.token(aud=URL + "/")),
    "a list of other audiences": (R.AUDIENCE, lambda: N.token(aud=["a", URL + "/x"])),
    "a list that is not all text": (R.AUDIENCE, lambda: N.token(aud=[URL, 1])),
    "an aud that is an object": (R.AUDIENCE, lambda: N.token(aud={URL: URL})),
    # Times.
    "no exp": (R.CLAIMS, lambda: N.token(exp=None)),
    "no iat": (R.CLAIMS, lambda: N.token(iat=None)),
    "an exp of null": (R.CLAIMS, lambda: raw(exp="null")),
    "an exp that is text": (R.CLAIMS, lambda: N.token(exp=str(NOW + 300))),
    "an iat that is text": (R.CLAIMS, lambda: N.token(iat=str(NOW))),
    "an exp with a fraction": (R.CLAIMS, lambda: N.token(exp=NOW + 300.5)),
    "an exp of infinity": (R.CLAIMS, lambda: raw(exp="Infinity")),
    "an exp that is no number": (R.CLAIMS, lambda: raw(exp="NaN")),
    "an exp of 1e30": (R.CLAIMS, lambda: raw(exp="1e30")),
    "an exp that is true": (R.CLAIMS, lambda: N.token(exp=True)),
    "an exp that is a list": (R.CLAIMS, lambda: N.token(exp=[NOW + 300])),
    "an nbf that is text": (R.CLAIMS, lambda: N.token(nbf="x")),
    "an nbf of null": (R.CLAIMS, lambda: raw(nbf="null")),
    "an exp of four thousand digits": (R.LIFETIME, lambda: raw(exp="9" * 4000)),
    "a token that is good for ten years": (R.LIFETIME, lambda: N.token(exp=NOW + 315_360_000)),
    "a second more than an hour": (R.LIFETIME, lambda: N.token(exp=NOW + 3601)),
    "a second more than this client may": (R.LIFETIME, lambda: S.token(exp=NOW + 901, tenant="clinic-1")),
    "a token that ends before it begins": (R.LIFETIME, lambda: N.token(exp=NOW - 1)),
    "a token that ends as it begins": (R.LIFETIME, lambda: N.token(exp=NOW)),
    "a token that ended a minute ago": (R.EXPIRED, lambda: N.token(iat=NOW - 300, exp=NOW - 60)),
    "a token of 1970": (R.EXPIRED, lambda: N.token(iat=0, exp=300)),
    "a token from more than a minute ahead": (R.EARLY, lambda: N.token(iat=NOW + 61, exp=NOW + 361)),
    "a token that begins in more than a minute": (R.EARLY, lambda: N.token(nbf=NOW + 61)),
    # The nonce.
    "no jti": (R.CLAIMS, lambda: N.token(jti=None)),
    "an empty jti": (R.CLAIMS, lambda: N.token(jti="")),
    "a jti that is a number": (R.CLAIMS, lambda: N.token(jti=7)),
    "a jti that is a list": (R.CLAIMS, lambda: N.token(jti=["a"])),
    "a sub that is a number": (R.CLAIMS, lambda: N.token(sub=7)),
}  # fmt: skip
