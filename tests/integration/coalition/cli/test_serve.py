"""`coalition serve`: everything starts together and ends together."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection
from pathlib import Path

import psycopg
import pytest

from coalition.db.embedded import EmbeddedServer, running_address

COMMAND = [sys.executable, "-c", "from coalition.cli import main; main()"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    data = tmp_path / "var"
    yield {
        **kept,
        "COALITION_DATA": str(data),
        "COALITION_BIND": f"127.0.0.1:{_free_port()}",
        "COALITION_JOBS_TICK_SECONDS": "1",
        "COALITION_WORKERS": "1",
    }
    if running_address(data_folder=data):
        EmbeddedServer(data_folder=data).stop()


def _start(environment: Mapping[str, str]) -> subprocess.Popen[str]:
    log = Path(environment["COALITION_DATA"]).with_name("serve.log")
    with log.open("a") as said:
        process = subprocess.Popen(
            [*COMMAND, "serve"],
            env=dict(environment),
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        )
    assert process.stdout is not None
    assert environment["COALITION_BIND"] in process.stdout.readline(), log.read_text()
    return process


def _status(environment: Mapping[str, str], path: str) -> int:
    connection = HTTPConnection(environment["COALITION_BIND"], timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def _children(pid: int) -> set[int]:
    found = set()
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            text = status.read_text()
        except OSError:
            continue
        if f"\nPPid:\t{pid}\n" in text:
            found.add(int(status.parent.name))
    return found


def _alive(pids: set[int]) -> set[int]:
    alive = set()
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state != "Z":
            alive.add(pid)
    return alive


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_signal_stops_server_jobs_and_database(
    number: signal.Signals, environment: dict[str, str]
) -> None:
    process = _start(environment)
    assert _status(environment, "/health/ready") == 200
    assert _status(environment, "/metrics") == 200
    children = _children(process.pid)
    process.send_signal(number)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Stopped." in said
    assert _alive(children) == set()
    assert running_address(data_folder=Path(environment["COALITION_DATA"])) is None


@pytest.mark.skipif(sys.platform != "linux", reason="children notice a lost parent on Linux only")
def test_after_a_supervisor_is_killed_its_children_end_and_the_next_one_takes_over(
    environment: dict[str, str],
) -> None:
    process = _start(environment)
    children = _children(process.pid)
    assert len(children) >= 2
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 30
    while _alive(children) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert _alive(children) == set()

    successor = _start(environment)
    assert _status(environment, "/health/ready") == 200
    successor.terminate()
    successor.communicate(timeout=60)
    assert successor.returncode == 0


def test_a_job_process_that_dies_is_started_again(environment: dict[str, str]) -> None:
    process = _start(environment)
    try:
        before = _children(process.pid)
        (jobs,) = (
            pid
            for pid in before
            if b"coalition.jobs.runner" in Path(f"/proc/{pid}/cmdline").read_bytes()
        )
        os.kill(jobs, signal.SIGKILL)
        deadline = time.monotonic() + 20
        while not (_children(process.pid) - before) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert len(_children(process.pid) - before) == 1
    finally:
        process.terminate()
        process.communicate(timeout=60)


def test_a_port_in_use_is_said_before_anything_starts(environment: dict[str, str]) -> None:
    with socket.socket() as taken:
        host, _, port = environment["COALITION_BIND"].rpartition(":")
        taken.bind((host, int(port)))
        taken.listen()
        done = subprocess.run(
            [*COMMAND, "serve"], env=environment, capture_output=True, text=True, check=False
        )
    assert done.returncode == 1
    assert "COALITION_BIND" in done.stderr
    assert "Traceback" not in done.stderr


def test_commands_tell_what_is_due_and_what_is_wrong(environment: dict[str, str]) -> None:
    def run(*arguments: str, **more: str) -> tuple[int, str]:
        done = subprocess.run(
            [*COMMAND, *arguments],
            env={**environment, **more},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stderr
        return done.returncode, done.stdout + done.stderr

    code, said = run("migrate", "--check")
    assert (code, "0001" in said) == (1, True)
    code, said = run("doctor")
    assert code == 1
    assert "run `coalition migrate`" in said
    assert run("migrate")[0] == 0
    assert run("migrate", "--check")[0] == 0
    code, said = run("doctor")
    assert code == 0, said
    assert "WRONG" not in said
    code, said = run("doctor", COALITION_CURRENCY="RON")
    assert (code, "founded with EUR" in said) == (1, True)
    code, said = run("doctor", COALITION_WORKERS="none")
    assert (code, "COALITION_WORKERS" in said) == (1, True)
    code, said = run("doctor", DATABASE_URL="postgresql://nobody@127.0.0.1:1/x")
    assert code == 1
    assert "DATABASE_URL" in said, said
    code, said = run("serve", COALITION_ENV="live")
    assert (code, "COALITION_SECRET" in said) == (1, True)


def test_the_database_given_is_used_and_none_is_embedded(
    environment: dict[str, str], empty_database_url: str
) -> None:
    process = _start({**environment, "DATABASE_URL": empty_database_url})
    try:
        assert _status(environment, "/health/ready") == 200
        assert not (Path(environment["COALITION_DATA"]) / "postgres").exists()
        with psycopg.connect(empty_database_url) as connection:
            names = connection.execute(
                "SELECT DISTINCT application_name FROM pg_stat_activity"
                " WHERE datname = current_database()"
            ).fetchall()
        assert ("coalition-jobs",) in names
    finally:
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode == 0
