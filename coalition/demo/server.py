"""The hub that the demo talks to: a process of its own, started and stopped by the demo."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import requests

from coalition.config import Config
from coalition.processes import SUPERVISOR_VARIABLE

__all__ = ["HubProcess", "ServerError", "environment_of"]

_COALITION = "from coalition.cli import main; main()"
_START_SECONDS = 60.0


class ServerError(Exception):
    """The hub does not start or a command of it failed; the message says where to look."""


def environment_of(config: Config, *, database_url: str) -> dict[str, str]:
    """The environment from which a child process reads this very configuration."""
    values = {
        "COALITION_ENV": config.environment,
        "COALITION_NAME": config.name,
        "COALITION_CURRENCY": config.currency,
        "COALITION_TIME_ZONE": config.time_zone,
        "COALITION_DATA": str(config.data_folder),
        "COALITION_BIND": config.bind,
        "DATABASE_URL": database_url,
        SUPERVISOR_VARIABLE: str(os.getpid()),
    }
    return {**os.environ, **values}


def run_command(*arguments: str, environment: Mapping[str, str], log: Path | None = None) -> str:
    """Run a `coalition` command to its end and return what it printed.

    Raises:
        ServerError: it failed; the message holds what it said.
    """
    done = subprocess.run(
        [sys.executable, "-c", _COALITION, *arguments],
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    if log is not None:
        with log.open("a") as file:
            file.write(done.stdout + done.stderr)
    if done.returncode:
        said = (done.stdout + done.stderr).strip()
        raise ServerError(f"coalition {' '.join(arguments)} failed:\n{said}")
    return done.stdout


class HubProcess:
    """`coalition serve` on the demo's database. Use it as a context manager."""

    def __init__(self, *, config: Config, environment: Mapping[str, str], log: Path) -> None:
        """The hub listens where the configuration says."""
        host, _, port = config.bind.rpartition(":")
        self._host, self._port = host, int(port)
        self._environment = dict(environment)
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def base_url(self) -> str:
        """The hub's address, as clients on this machine use it."""
        everywhere = {"", "0.0.0.0", "[::]"}  # noqa: S104 - read here, not chosen
        host = "127.0.0.1" if self._host in everywhere else self._host
        return f"http://{host}:{self._port}"

    def __enter__(self) -> Self:
        """Start the hub and wait until it is ready.

        Raises:
            ServerError: the port is taken, or the hub does not become ready.
        """
        self._check_port()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _COALITION, "serve"],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # an interrupt at the terminal is the demo's to handle
            )
        try:
            self._wait_until_ready(self._process)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def _check_port(self) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self._host or "127.0.0.1", self._port))
            except OSError as error:
                raise ServerError(
                    f"cannot listen on {self._host}:{self._port} ({error.strerror}); "
                    "choose another address with COALITION_BIND"
                ) from error

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_SECONDS
        with requests.Session() as session:
            session.trust_env = False
            while time.monotonic() < deadline:
                if process.poll() is not None:
                    break
                try:
                    if session.get(f"{self.base_url}/health/ready", timeout=2).ok:
                        return
                except requests.RequestException:
                    pass
                time.sleep(0.1)
        raise ServerError(f"the hub did not start; its log is {self._log}")

    def wait(self) -> None:
        """Wait until the hub ends by itself.

        Raises:
            ServerError: it did, which it should not.
        """
        if self._process is not None:
            code = self._process.wait()
            raise ServerError(f"the hub stopped with {code}; its log is {self._log}")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the hub."""
        process = self._process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
