"""The same store on PostgreSQL, started here and stopped again."""

from __future__ import annotations

import multiprocessing
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cds_service.adapters.callers.replay import ReplayStore
from cds_service.adapters.callers.tokens import StoreDown
from cds_service.ports import free_port

pytestmark = pytest.mark.integration
LATER = 4_000_000_000


def program(name: str) -> str:
    places = [str(path) for path in Path("/usr/lib/postgresql").glob("*/bin")]
    found = shutil.which(name, path=os.pathsep.join([*places, os.environ.get("PATH", "")]))
    if found is None:
        pytest.skip(f"PostgreSQL is not installed here: no {name}")
    return found


def not_root() -> str | None:
    """PostgreSQL refuses to run as root: the user to run it as, or None to stay as we are."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    initdb, postgres = program("initdb"), program("postgres")
    folder = Path("/tmp") / f"cds-service-pg-{os.getpid()}"
    folder.mkdir(mode=0o700)
    user, port = not_root(), free_port(0)
    if user:
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
    process = None
    try:
        subprocess.run(
            [initdb, "-D", str(folder / "data"), "-U", "cds", "--auth=trust", "--no-sync"],
            check=True, stdout=subprocess.DEVNULL, user=user, cwd=folder,
        )  # fmt: skip
        process = subprocess.Popen(
            [postgres, "-D", str(folder / "data"), "-k", str(folder), "-p", str(port), "-F",
             "-c", "listen_addresses=127.0.0.1"],
            stderr=subprocess.DEVNULL, user=user, cwd=folder,
        )  # fmt: skip
        address = f"postgresql://cds@127.0.0.1:{port}/postgres"
        wait(address)
        yield address
    finally:
        if process is not None:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=30)
        shutil.rmtree(folder)


def wait(url: str) -> None:
    store = ReplayStore(url, rest=lambda: time.monotonic() * 1000)
    for _ in range(200):
        try:
            store.first_time("is it there?", "", LATER)
        except StoreDown:
            time.sleep(0.05)
        else:
            store.close()
            return
    raise AssertionError("PostgreSQL did not start")


def race(url: str, ready: object, results: object) -> None:
    store = ReplayStore(url)
    ready.wait()  # type: ignore[attr-defined]
    results.put([number for number in range(300) if store.first_time("b", str(number), LATER)])  # type: ignore[attr-defined]
    store.close()


def test_a_token_is_new_once(url):
    store = ReplayStore(url)
    assert [store.first_time("a", "\x00 any text", LATER) for _ in range(3)] == [True, False, False]
    assert store.prepare() is None
    store.close()


def test_expired_tokens_are_forgotten(url):
    moment = [0.0]
    store = ReplayStore(url, lambda: 5_000_000_000, lambda: moment[0])
    assert store.first_time("c", "1", LATER)
    moment[0] += 61
    store.first_time("c", "2", LATER + 2_000_000_000)
    assert store.first_time("c", "1", LATER)
    store.close()


def test_two_processes_racing_on_the_same_tokens_admit_each_once(url):
    context = multiprocessing.get_context("spawn")
    ready, results = context.Barrier(2), context.Queue()
    processes = [context.Process(target=race, args=(url, ready, results)) for _ in range(2)]
    for process in processes:
        process.start()
    admitted = [results.get(timeout=120) for _ in processes]
    for process in processes:
        process.join(timeout=60)
    assert sorted(admitted[0] + admitted[1]) == list(range(300))


def test_a_server_that_is_gone_lets_nobody_in():
    store = ReplayStore(f"postgresql://cds@127.0.0.1:{free_port(0)}/postgres")
    with pytest.raises(StoreDown):
        store.first_time("a", "1", LATER)
    store.close()
