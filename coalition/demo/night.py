"""Settling and checking the nights: two helpers that run beside the replay.

Settlement is a program of its own, which the hub does not import: one process settles all nights
of a run, told by lines on its standard input and answering by lines of JSON. Bundles are verified
by the SDK alone, offline, in another process, while the next day is replayed.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from coalition.processes import SUPERVISOR_VARIABLE, end_with_supervisor
from partner_sdk.verify import verify_bundle
from partner_sdk.wire.amounts import parse_decimal

__all__ = ["BundleFacts", "Night", "NightError", "Settlement", "Verifier"]

_SETTLEMENT = "from settlement.cli import main; main()"


class NightError(Exception):
    """A night could not be settled, or a bundle is not what it should be."""


@dataclass(frozen=True, slots=True)
class Night:
    """A settled window: amounts in micros; `gross` is all obligations, `net` what must be paid."""

    business_date: date
    gross: int
    net: int
    statements: int
    lines: int
    seconds: float


class Settlement:
    """The settlement process. Use it as a context manager."""

    def __init__(self, *, environment: Mapping[str, str], log: Path) -> None:
        """`environment` configures the process as the hub's; its log goes to a file."""
        self._environment = dict(environment)
        self._log = log
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        """Start the process; it says nothing before it is asked."""
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _SETTLEMENT, "run", "--stdin"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=self._environment,
                text=True,
                start_new_session=True,  # an interrupt at the terminal is the demo's to handle
            )
        return self

    def settle(self, day: date) -> Night:
        """Settle a business date whose end the business clock has passed.

        Raises:
            NightError: the night failed; the message says why and where the log is.
        """
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise NightError("settlement is not running")
        try:
            process.stdin.write(f"{day.isoformat()}\n")
            process.stdin.flush()
            while True:
                answer = self._answer(process.stdout.readline())
                if answer["business_date"] == day.isoformat():
                    return _night(answer)
        except BrokenPipeError as error:
            raise NightError(f"settlement stopped; its log is {self._log}") from error

    def _answer(self, line: str) -> dict[str, Any]:
        if not line:
            raise NightError(f"settlement stopped; its log is {self._log}")
        answer: dict[str, Any] = json.loads(line)
        if answer["status"] == "failed":
            raise NightError(
                f"the night of {answer['business_date']} failed: "
                f"{answer['error'].splitlines()[0]} (the log is {self._log})"
            )
        return answer

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the process: it stops by itself when its input ends."""
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _night(answer: Mapping[str, Any]) -> Night:
    return Night(
        business_date=date.fromisoformat(answer["business_date"]),
        gross=parse_decimal(answer["gross"]),
        net=parse_decimal(answer["net"]),
        statements=len(answer["statements"]),
        lines=sum(statement["lines"] for statement in answer["statements"]),
        seconds=float(answer["seconds"]),
    )


@dataclass(frozen=True, slots=True)
class BundleFacts:
    """A verified bundle: whose, for which date, and what it says; amounts in micros.

    `owed` and `owing` are what other parties owe the party and what it owes them, before netting.
    """

    party: str
    business_date: str
    lines: int
    owed: int
    owing: int
    net: int


def verify_night(folder: Path, root: bytes, previous: Mapping[str, Path]) -> list[BundleFacts]:
    """Verify every bundle of a night's folder with the SDK's offline verifier.

    Raises:
        NightError: a bundle has a finding; the message names bundle, file and line.
    """
    facts = []
    for bundle in sorted(folder.glob("*.zip")):
        found = verify_bundle(bundle=bundle, root=root, previous=previous.get(bundle.stem))
        if not found.ok or found.statement is None:
            raise NightError(f"{bundle}: {found.findings[0]}")
        statement = found.statement
        facts.append(
            BundleFacts(
                party=statement.party.slug,
                business_date=statement.window.business_date,
                lines=found.lines,
                owed=sum(each.receivable_micros for each in statement.positions),
                owing=sum(each.payable_micros for each in statement.positions),
                net=statement.net_micros,
            )
        )
    return facts


def _begin_worker(parent: int) -> None:
    """Leave an interrupt at the terminal to the parent, and do not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ[SUPERVISOR_VARIABLE] = str(parent)
    end_with_supervisor()


class Verifier:
    """Verifies the nights' bundles in a process of its own, in order. Use as a context manager."""

    def __init__(self, *, statements: Path, root: Path) -> None:
        """`statements` holds a folder for each business date; `root` is the trusted root."""
        self._statements = statements
        self._root = root
        self._nights: list[Future[list[BundleFacts]]] = []
        self._previous: dict[str, Path] = {}
        self._worker = ProcessPoolExecutor(
            max_workers=1,
            mp_context=get_context("spawn"),
            initializer=_begin_worker,
            initargs=(os.getpid(),),
        )

    def __enter__(self) -> Self:
        """Start nothing yet: the process starts with the first night."""
        return self

    def start_after(self, day: date) -> None:
        """Take each party's newest bundle up to (not on) `day` as the one to continue from."""
        for folder in sorted(self._statements.glob("????-??-??")):
            if folder.name < day.isoformat():
                self._previous |= {bundle.stem: bundle for bundle in folder.glob("*.zip")}

    def verify(self, day: date) -> None:
        """Verify a night's bundles in the background; `facts` tells how it went."""
        folder = self._statements / day.isoformat()
        self._nights.append(
            self._worker.submit(
                verify_night, folder, self._root.read_bytes(), self._previous.copy()
            )
        )
        self._previous |= {bundle.stem: bundle for bundle in folder.glob("*.zip")}

    def facts(self) -> list[BundleFacts]:
        """Wait for all nights; raises NightError if a bundle has a finding."""
        return [facts for night in self._nights for facts in night.result()]

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the process."""
        self._worker.shutdown(wait=True, cancel_futures=True)
