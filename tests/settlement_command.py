"""The command `settlement` as it is typed, in this process: most of a process would be imports."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from click.testing import Result

from coalition.config import Config
from settlement.cli import run_command

Command = Callable[..., Result]
"""Runs the command with its arguments, as the fixture `settlement` does."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a command wrote, and its exit status."""

    status: int
    output: str
    errors: str


def set_environment(monkeypatch: pytest.MonkeyPatch, config: Config) -> None:
    """Let commands find the test's database, folder and keys, as their environment says."""
    for name, value in {
        "DATABASE_URL": str(config.database_url),
        "COALITION_DATA": str(config.data_folder),
        "COALITION_SECRET": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
        "SETTLEMENT_KEY_PASSPHRASE": "a passphrase of tests",
        "SETTLEMENT_PDF": "no",
        "COLUMNS": "250",
    }.items():
        monkeypatch.setenv(name, value)


def run(*arguments: str) -> Said:
    """Run the command with these arguments."""
    output, errors = io.StringIO(), io.StringIO()
    status: object = 0
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        try:
            run_command(arguments)
        except SystemExit as end:
            status = end.code or 0
    if not isinstance(status, int):
        # As the interpreter does at its end.
        return Said(1, output.getvalue(), f"{errors.getvalue()}{status}\n")
    return Said(status, output.getvalue(), errors.getvalue())
