"""A PostgreSQL server of our own, from the binaries of this machine, in a temporary folder."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from cds_service.ports import free_port

_PATIENCE = 30.0


def binaries() -> Path | None:
    """The folder of `initdb` and `postgres`; None when PostgreSQL is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=_major, reverse=True)
    on_path = shutil.which("postgres")
    if on_path:
        found.append(Path(on_path).resolve())
    return next((file.parent for file in found if (file.parent / "initdb").exists()), None)


def _major(file: Path) -> int:
    name = file.parent.parent.name
    return int(name) if name.isdigit() else 0


class Postgres:
    """One server; it listens on loopback only. `kill` ends it as a power failure would."""

    def __init__(self, folder: Path, bin_: Path, user: str | None, *, durable: bool) -> None:
        self._folder, self._bin, self._user = folder, bin_, user
        self._durable = "on" if durable else "off"
        self.port = free_port(0)
        self._databases = 0
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://cds@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """The URL of an empty one."""
        import psycopg

        self._databases += 1
        name = f"store{self._databases}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)

    def tool(self, name: str, *arguments: object) -> None:
        """Run one of the programs that come with the server, as whoever runs the tests."""
        command = [str(self._bin / name), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr.decode())

    def cpu(self) -> float:
        """Seconds of processor time of all its connections that have ended."""
        assert self._process is not None
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")

    def create(self) -> None:
        self._run("initdb", "-U", "cds", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")

    def start(self) -> None:
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": 60,
            "shared_buffers": "32MB",
            "fsync": self._durable,
        }
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        command = self._as_user([str(self._bin / "postgres"), "-D", self._data, *options])
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            # Processes that were killed may take a moment to give its memory back, and as long as they
            # hold it no other server starts.
            if self._process is None or self._process.poll() is not None:
                with (self._folder / "log").open("ab") as log:
                    self._process = subprocess.Popen(
                        command,
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                        cwd=self._folder,
                        start_new_session=True,
                    )
            with contextlib.suppress(OSError):
                if self._answers():
                    return
            time.sleep(0.05)
        raise RuntimeError(f"PostgreSQL did not start:\n{(self._folder / 'log').read_text()}")

    def kill(self) -> None:
        """SIGKILL to every process of it, then wait until all have gone.

        Its backends are each in a session of their own: the group of the first process is that alone.
        """
        if self._process is None:
            return
        self._send(signal.SIGSTOP, [self._process.pid])  # from now on it forks no more
        backends = _children(self._process.pid)
        self._send(signal.SIGKILL, [self._process.pid, *backends])
        self._process.wait(timeout=_PATIENCE)
        self._process = None
        until = time.monotonic() + _PATIENCE
        while left := [pid for pid in backends if _runs(pid)]:
            if time.monotonic() > until:
                raise RuntimeError(f"{left} outlived SIGKILL")
            time.sleep(0.02)

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """As a machine that hangs: connections stay, and nothing is answered."""
        assert self._process is not None
        first = self._process.pid
        self._send(signal.SIGSTOP, [first])
        pids = [first, *_children(first)]
        self._send(signal.SIGSTOP, pids)
        try:
            yield
        finally:
            self._send(signal.SIGCONT, pids)

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(
                signal.SIGQUIT
            )  # immediate shutdown: nobody needs these data any more
            self._process.wait(timeout=_PATIENCE)
            self._process = None

    @staticmethod
    def _send(number: int, pids: Iterable[int]) -> None:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    def _answers(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self.url(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, name: str, *arguments: str) -> None:
        done = subprocess.run(
            self._as_user([str(self._bin / name), "-D", self._data, *arguments]),
            capture_output=True,
            cwd=self._folder,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(done.stderr.decode())

    def _as_user(self, command: list[str]) -> list[str]:
        if self._user is None:
            return command
        drop = ["setpriv", f"--reuid={self._user}", f"--regid={self._user}", "--clear-groups"]
        return [*drop, "--", *command]


@contextlib.contextmanager
def server(*, durable: bool = False) -> Iterator[Postgres]:
    """A running server, gone afterwards with all its files. Root lends its work to a lesser user.

    `durable`: every commit reaches the disk, as in real life.
    """
    bin_ = binaries()
    assert bin_ is not None
    user = None
    folder = Path(tempfile.mkdtemp(prefix="cds-service-postgres-"))
    if os.geteuid() == 0:
        user = next(name for name in ("postgres", "nobody") if _exists(name))
        os.chown(folder, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
    running = Postgres(folder, bin_, user, durable=durable)
    try:
        running.create()
        running.start()
        yield running
        running.stop()
    finally:
        running.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _runs(pid: int) -> bool:
    """False: it has gone, or nobody has asked yet how it ended."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def _exists(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True
