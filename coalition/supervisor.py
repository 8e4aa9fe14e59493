"""The supervisor: the database when it is embedded, the HTTP server and the job processes.

It alone starts and stops them. Children run in sessions of their own, so that Ctrl-C reaches the
supervisor only, which then stops them in order: HTTP first, then jobs, then the database.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from importlib.metadata import entry_points
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from coalition.config import Config
from coalition.db.embedded import EmbeddedServer
from coalition.db.engine import create_engine_for
from coalition.logging import logger
from coalition.metrics import MULTIPROCESS_VARIABLE
from coalition.prepare import prepare_database
from coalition.processes import SUPERVISOR_VARIABLE
from coalition.settings import child_environment

_log = logger(__name__)

_READY_SECONDS = 60.0
_STOP_SECONDS = 40.0  # a little more than gunicorn gives its workers (coalition/gunicorn_settings)
_LONGEST_PAUSE = 30.0
_PROCESSES = "coalition.processes"


class ServeError(Exception):
    """The hub cannot be started, or its HTTP server ended; the message says why."""


class Supervisor:
    """Runs one hub. Use it as a context manager; `wait` keeps it going."""

    def __init__(self, *, config: Config, jobs: bool = True) -> None:
        """`jobs=False` runs no background processes: the caller does their work itself."""
        self._config = config
        self._jobs = jobs
        self._stack = ExitStack()
        self._address: str | None = config.database_url
        self._http: subprocess.Popen[bytes] | None = None

    @property
    def database_address(self) -> str:
        """Address of the database in use."""
        if self._address is None:
            raise ServeError("the hub is not started")
        return self._address

    @property
    def base_url(self) -> str:
        """Where the HTTP server answers."""
        host, _, port = self._config.bind.rpartition(":")
        return f"http://{'127.0.0.1' if host in ('0.0.0.0', '') else host}:{port}"  # noqa: S104 - compared, not bound

    def start(self) -> None:
        """Start everything and wait until the HTTP server accepts connections.

        Raises ServeError, EmbeddedError or ConfigError; nothing is left running then.
        """
        try:
            _require_free(self._config.bind)
            if self._config.database_url is None:
                server = EmbeddedServer(data_folder=self._config.data_folder)
                self._stack.enter_context(server)
                self._address = server.address
            engine = create_engine_for(self.database_address, pool_size=1)
            try:
                prepare_database(engine=engine, config=self._config, now=datetime.now(UTC))
            finally:
                engine.dispose()
            environment = self._environment()
            self._background = _Background(self._commands(), environment)
            self._stack.callback(self._background.stop)
            self._http = self._stack.enter_context(
                _child([sys.executable, "-m", "gunicorn", *_GUNICORN], environment)
            )
            self._await_http(self._http)
        except BaseException:
            self._stack.close()
            raise

    def wait(self) -> None:
        """Watch over the processes until interrupted.

        A background process that ends is started again, after a growing pause. Raises ServeError
        when the HTTP server ends: then it is for whoever runs the hub to start it anew.
        """
        while True:
            if self._http is not None and self._http.poll() is not None:
                raise ServeError(f"the HTTP server ended with code {self._http.returncode}")
            self._background.revive()
            time.sleep(0.5)

    def stop(self) -> None:
        """Stop everything, in the reverse order of starting."""
        self._stack.close()

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()

    def _environment(self) -> dict[str, str]:
        metrics = self._config.data_folder / "metrics"
        shutil.rmtree(metrics, ignore_errors=True)
        metrics.mkdir(parents=True)
        return child_environment(
            config=self._config,
            extra={
                "DATABASE_URL": self.database_address,
                MULTIPROCESS_VARIABLE: str(metrics),
                SUPERVISOR_VARIABLE: str(os.getpid()),
            },
        )

    def _commands(self) -> list[list[str]]:
        """The hub's jobs, and the function of each installed extension that needs a process."""
        if not self._jobs:
            return []
        points = sorted(entry_points(group=_PROCESSES), key=lambda each: each.name)
        others = [
            [sys.executable, "-c", f"from {each.module} import {each.attr}; {each.attr}()"]
            for each in points
        ]
        return [[sys.executable, "-m", "coalition.jobs.runner"], *others]

    def _await_http(self, process: subprocess.Popen[bytes]) -> None:
        """Wait until a worker answers: the port is open before any has started."""
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise ServeError(f"the HTTP server ended with code {process.returncode}")
            if _answers(self.base_url):
                return
            time.sleep(0.05)
        raise ServeError(f"the HTTP server does not answer on {self._config.bind}")


def _answers(base_url: str) -> bool:
    address = urlsplit(base_url)
    connection = HTTPConnection(address.hostname or "", address.port, timeout=5)
    try:
        connection.request("GET", "/health/live")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


_GUNICORN = (
    "-c",
    str(Path(__file__).with_name("gunicorn_settings.py")),
    "coalition.app:create_app()",
)


class _Background:
    """Background processes that are started again when they end."""

    def __init__(self, commands: list[list[str]], environment: dict[str, str]) -> None:
        self._commands = commands
        self._environment = environment
        self._stacks = [ExitStack() for _ in commands]
        self._processes = [self._launch(number) for number in range(len(commands))]
        self._pauses = [1.0] * len(commands)
        self._not_before = [0.0] * len(commands)

    def _launch(self, number: int) -> subprocess.Popen[bytes]:
        return self._stacks[number].enter_context(_child(self._commands[number], self._environment))

    def revive(self) -> None:
        """Start what ended again, unless its pause is not over."""
        for number, process in enumerate(self._processes):
            now = time.monotonic()
            if process.poll() is None or now < self._not_before[number]:
                continue
            _log.error("process_ended", process=self._commands[number][-1], code=process.returncode)
            self._stacks[number].close()
            self._processes[number] = self._launch(number)
            self._not_before[number] = now + self._pauses[number]
            self._pauses[number] = min(2 * self._pauses[number], _LONGEST_PAUSE)

    def stop(self) -> None:
        """Tell all to stop, then wait for each."""
        for process in self._processes:
            if process.poll() is None:
                process.terminate()
        for stack in self._stacks:
            stack.close()


@contextmanager
def _child(
    command: Sequence[str], environment: dict[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """A child process; at the end of the block it is asked to stop, and killed if it does not."""
    process = subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _require_free(bind: str) -> None:
    host, _, port = bind.rpartition(":")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), int(port)))
        except OSError as error:
            raise ServeError(
                f"cannot listen on {bind} ({error.strerror}); stop what does, or set COALITION_BIND"
            ) from error
