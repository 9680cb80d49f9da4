"""A good token, changed in every way we can think of, is good no more.

A short run here; `make fuzz` makes 100,000 changes. The seed is fixed: every run is the same.
"""

import json
import os
import random
from collections import Counter

import pytest
from tokens import NOW, URL, Incoming, Issuer, b64, caller, unb64

from cds_service.adapters.callers.tokens import TokenAuthenticator
from cds_service.errors import CallerRefused

RUNS = int(os.environ.get("FUZZ", "2000"))
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
ISSUERS = [Issuer("north"), Issuer("south", "RS384")]
ODD = [
    None, True, False, 0, 1, -1, NOW, NOW + 301, 10**20, 1.5, "", " ", "none", "HS256", "ES384",
    "RS384", "k1", "JWT", URL, "https://north.example", "https://south.example", [], [URL], {},
    {"a": 1}, "\x00", "é", "\ud800",
]  # fmt: skip
NAMES = [
    "alg", "typ", "kid", "jku", "jwk", "x5u", "x5c", "x5t", "crit", "b64", "zip", "enc", "cty",
    "iss", "aud", "exp", "iat", "nbf", "jti", "sub", "tenant", "ALG", "Iss", "",
]  # fmt: skip


class Anything:
    """A store that has never seen a token, so that no refusal is its work."""

    def first_time(self, issuer: str, jti: str, until: int) -> bool:
        return True


def flipped(token: str, chance: random.Random) -> str:
    """One bit of one part, written as base64 again."""
    parts = token.split(".")
    which = chance.randrange(3)
    raw = bytearray(unb64(parts[which]))
    raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
    parts[which] = b64(bytes(raw))
    return ".".join(parts)


def another_character(token: str, chance: random.Random) -> str:
    at = chance.randrange(len(token))
    return token[:at] + chance.choice(ALPHABET + ".=+/ ,\té") + token[at + 1 :]


def shortened(token: str, chance: random.Random) -> str:
    at = chance.randrange(len(token))
    return token[:at] + token[at + chance.randrange(1, 9) :]


def cut(token: str, chance: random.Random) -> str:
    at = chance.randrange(len(token))
    return chance.choice((token[:at], token[at:]))


def lengthened(token: str, chance: random.Random) -> str:
    at = chance.randrange(len(token) + 1)
    extra = "".join(chance.choices(ALPHABET + ".=", k=chance.randrange(1, 9)))
    return token[:at] + extra + token[at:]


def last_bits(token: str, chance: random.Random) -> str:
    """Another last character of a part: some decode to the same bytes."""
    parts = token.split(".")
    which = chance.randrange(3)
    parts[which] = parts[which][:-1] + chance.choice(ALPHABET)
    return ".".join(parts)


def padded(token: str, chance: random.Random) -> str:
    parts = token.split(".")
    which = chance.randrange(3)
    parts[which] += chance.choice(("=", "==", "===", "A", "AA", "\n", "%3D", " "))
    return ".".join(parts)


def member(token: str, chance: random.Random) -> str:
    """A member of header or claims set, added or left out, with the old signature."""
    parts = token.split(".")
    which = chance.randrange(2)
    members = json.loads(unb64(parts[which]))
    name = chance.choice([*NAMES, *members])
    if chance.random() < 0.3:
        members.pop(name, None)
    else:
        members[name] = chance.choice(ODD)
    parts[which] = b64(members)
    return ".".join(parts)


def respelled(token: str, chance: random.Random) -> str:
    """The same JSON in another spelling: other blanks, another order, a member twice."""
    parts = token.split(".")
    which = chance.randrange(2)
    members = json.loads(unb64(parts[which]))
    names = [*members]
    chance.shuffle(names)
    text = json.dumps({name: members[name] for name in names}, indent=chance.choice((None, 1)))
    if chance.random() < 0.5:
        text = f'{{"alg": "none", {text[1:]}'
    parts[which] = b64(text)
    return ".".join(parts)


def exchanged(token: str, chance: random.Random) -> str:
    """Parts in another order, twice, or of another token."""
    other = chance.choice(ISSUERS).token(tenant="t")
    pool = [*token.split("."), *other.split("."), ""]
    mixed = ".".join(chance.choices(pool, k=chance.choice((2, 3, 3, 3, 4))))
    return token if mixed == other else mixed  # the other one is good as a whole


CHANGES = [
    flipped, another_character, shortened, cut, lengthened, last_bits, padded, member, respelled,
    exchanged,
]  # fmt: skip


@pytest.mark.parametrize("issuer", ISSUERS, ids=["ES384", "RS384"])
def test_no_change_of_a_good_token_is_admitted(issuer):
    door = TokenAuthenticator([caller(each) for each in ISSUERS], Anything(), lambda: NOW)
    chance = random.Random(2026)
    good = issuer.token()
    assert door.authenticate(Incoming(good), URL).name == issuer.name
    reasons: Counter[str] = Counter()
    tried = 0
    while tried < RUNS // len(ISSUERS):
        changed = chance.choice(CHANGES)(good, chance)
        if changed == good:
            continue
        tried += 1
        with pytest.raises(CallerRefused) as caught:
            door.authenticate(Incoming(changed), URL)
        assert caught.value.status == 401
        reasons[caught.value.reason] += 1
    assert len(reasons) > 8, "the changes reach few of the checks"
