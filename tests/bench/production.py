"""The service as an EHR calls it: tokens checked, calls logged, cards kept, the companion app on."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Final, NamedTuple

from cryptography.fernet import Fernet
from tokens import NOW, URL, Incoming, Issuer, Memory, caller, jwks

from bench import load
from bench.bodies import FHIR_SERVER
from cds_service.adapters.callers.replay import ReplayStore
from cds_service.adapters.callers.tokens import Seen, TokenAuthenticator

ALGORITHMS: Final = ("ES384", "RS384")
_LIFETIME: Final = 900
_CONFIGURATION: Final = """
base_url = "{base_url}"
replay_store = "sqlite:///{folder}/seen.db"
store = "sqlite:///{folder}/store.db"
smart_keys_file = "{folder}/smart.keys"

[[clients]]
name = "{client.name}"
issuer = "{client.issuer}"
keys_file = "{folder}/keys.json"

[[clients.fhir_servers]]
url = "{fhir_server}"

[clients.smart]
client_id = "cds"
"""


class Production(load.Server):
    """With one client, whose tokens are of one algorithm; all it writes lies in `folder`."""

    def __init__(self, port: int, algorithm: str, folder: Path) -> None:
        self._issuer = Issuer("bench", algorithm)
        (folder / "keys.json").write_bytes(jwks(self._issuer.jwk()))
        (folder / "smart.keys").write_bytes(Fernet.generate_key())
        configuration = folder / "cds-service.toml"
        base_url = URL.partition("/cds-services")[0]
        configuration.write_text(
            _CONFIGURATION.format(
                folder=folder, base_url=base_url, client=self._issuer, fhir_server=FHIR_SERVER
            )
        )
        serve = (sys.executable, "-m", "cds_service", "serve", "--workers", "1")
        command = (*serve, "--config", str(configuration), "--port", str(port))
        super().__init__(command, port, log=folder / "log")

    def heads(self, calls: int) -> list[str]:
        """A token for each call, as EHRs send them: none is good for a second one."""
        now = int(time.time())
        return [
            f"Authorization: Bearer {self._issuer.token(iat=now, exp=now + _LIFETIME)}\r\n"
            for _ in range(calls)
        ]


class Check(NamedTuple):
    """Milliseconds of processor time of one token check."""

    algorithm: str
    token: float
    """Signature and claims."""
    remembered: float
    """With the store of tokens seen, an SQLite file."""


def token_check(algorithm: str, calls: int, folder: Path) -> Check:
    """The fastest of some rounds, each with fresh tokens: others may be at this machine too."""
    store = ReplayStore(f"sqlite:///{folder}/seen-{algorithm}.db")
    try:
        return Check(algorithm, _cpu(algorithm, Memory(), calls), _cpu(algorithm, store, calls))
    finally:
        store.close()


def _cpu(algorithm: str, seen: Seen, calls: int, rounds: int = 5) -> float:
    issuer = Issuer("bench", algorithm)
    authenticator = TokenAuthenticator([caller(issuer)], seen, lambda: NOW)
    authenticator.authenticate(Incoming(issuer.token()), URL)
    took = []
    for _ in range(rounds):
        incoming = [Incoming(issuer.token()) for _ in range(calls)]
        begun = time.process_time()
        for each in incoming:
            authenticator.authenticate(each, URL)
        took.append((time.process_time() - begun) * 1000 / calls)
    return min(took)
