"""Who may import whom, and where what is spoken."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import grimp
import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

from tests.architecture.contracts import within

ROOT = Path(__file__).parents[2]
PACKAGES = ("adapters", "coalition", "settlement", "partner_sdk")
NOUNS = ("agreements", "events", "ledger", "members", "partners", "redemptions", "sales")

# Where statements are written. Elsewhere only these names of SQLAlchemy may be used: services hand
# a connection on, the composition roots make and dispose engines, the edge knows errors.
SQL_ROOMS = (
    "coalition.*.store", "coalition.*.tables", "coalition.*.*.store", "coalition.*.*.tables",
    "coalition.db", "coalition.feed",
    "coalition.directory", "coalition.setup", "coalition.prepare", "coalition.jobs",
    "coalition.http.store", "coalition.http.tables", "coalition.cli.doctor",
    "settlement.store", "settlement.*.store", "settlement.*.tables", "settlement.*.numbering",
    "settlement.migrations",
)  # fmt: skip
TYPES_OF_SQLALCHEMY = {"Connection", "Engine", "exc"}


def _modules() -> Iterator[tuple[str, Path]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


@cache
def _graph() -> grimp.ImportGraph:
    return grimp.build_graph(*PACKAGES)


def test_the_contracts_between_modules_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert lint_imports(no_cache=True) == EXIT_STATUS_SUCCESS


def test_there_is_no_drawer_for_odds_and_ends() -> None:
    names = {"common", "utils", "util", "helpers", "misc", "shared"}
    assert [name for name, _ in _modules() if names & set(name.split("."))] == []


def test_a_noun_never_imports_the_routes_or_the_rows_of_its_sister() -> None:
    found = []
    for module in sorted(_graph().modules):
        noun = module.split(".")[1] if module.startswith("coalition.") else ""
        if noun not in NOUNS:
            continue
        for imported in sorted(_graph().find_modules_directly_imported_by(module)):
            room = any(within(imported, f"coalition.*.{room}") for room in ("api", "tables"))
            if room and imported.split(".")[1] in NOUNS and imported.split(".")[1] != noun:
                found.append(f"{module} -> {imported}")
    assert found == []


def test_statements_are_written_in_stores_and_tables_only() -> None:
    found = []
    for module, path in _modules():
        if any(within(module, room) for room in SQL_ROOMS):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names = [a.name for a in node.names if a.name.split(".")[0] == "sqlalchemy"]
                found += [f"{module}: import {name}" for name in names]
            elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in (
                "sqlalchemy",
                "psycopg",
            ):
                if node.module == "sqlalchemy.exc":
                    continue
                wrong = {alias.name for alias in node.names} - TYPES_OF_SQLALCHEMY
                found += [f"{module}: {node.module} {name}" for name in sorted(wrong)]
    assert found == []


def test_the_environment_is_read_by_the_configuration_only() -> None:
    allowed = {
        "coalition.config", "coalition.settings", "coalition.processes", "coalition.metrics",
        "settlement.config",
    }  # fmt: skip
    found = [
        module
        for module, path in _modules()
        if module.startswith(("coalition", "settlement"))
        and module not in allowed
        and not module.startswith("coalition.demo")  # starts processes as a person would
        and ("os.environ" in path.read_text() or "os.getenv" in path.read_text())
    ]
    assert found == []


def test_clocks_and_random_ids_are_banned_outside_the_edges() -> None:
    """Ruff does the work (TID251); this keeps its list from being emptied."""
    settings = (ROOT / "pyproject.toml").read_text()
    for name in ("datetime.datetime.now", "datetime.date.today", "time.time", "uuid.uuid4"):
        assert f'"{name}".msg' in settings


def test_files_stay_readable() -> None:
    """300 lines is the aim and 400 the end; migrations are as long as what they make.

    verify.py is one file, so that one hash vouches for it and a person can carry it.
    """
    long = [
        f"{path.relative_to(ROOT)}: {lines}"
        for _, path in _modules()
        if (lines := len(path.read_text().splitlines())) > 400
        and "/migrations/versions/" not in path.as_posix()
        and not path.as_posix().endswith("/wire/verifier/verify.py")
    ]
    assert long == []
