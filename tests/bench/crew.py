"""Processes of threads that do one kind of operation for a while, again and again.

A process is started once and kept, so that a turn measures operations and not starting up. What it
does is named by a function of this package: `make(bed, number)` is called once in the process, and
what it gives is called over and over in every thread, with a number that no other call gets.

A turn lasts for a time, or for a number of calls. Before one of the latter, what a maker's
operation has in `prepare` is called, outside of what is measured, for each number to come. What it
has in `rest` is called by each thread at its end.
"""

from __future__ import annotations

import itertools
import math
import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

from tests.bench.turns import Sample, percentile

Operation = Callable[[int], None]
Maker = Callable[[Any, int], AbstractContextManager[Operation]]

_SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True)
class _Turn:
    """What a process is asked for."""

    seconds: float | None
    calls: int | None


@dataclass(frozen=True, slots=True)
class Result:
    """What one process did in one turn."""

    operations: int
    seconds: float
    latencies_ms: list[float]
    failure: str | None


class Crew:
    """`processes` × `threads` that call what `maker` (`module:function`) makes."""

    def __init__(self, *, maker: str, bed: Any, processes: int, threads: int) -> None:
        self._links: list[Any] = []
        self._processes = []
        for number in range(processes):
            ours, theirs = _SPAWN.Pipe()
            process = _SPAWN.Process(
                target=_serve, args=(theirs, maker, bed, number, threads), daemon=True
            )
            process.start()
            theirs.close()
            self._links.append(ours)
            self._processes.append(process)
        for link in self._links:
            _expect(link.recv())

    def run(self, seconds: float) -> Sample:
        """One turn: every thread works for that long."""
        return self._run(_Turn(seconds, None))

    def run_calls(self, calls: int) -> Sample:
        """One turn: every process makes that many calls."""
        return self._run(_Turn(None, calls))

    def _run(self, turn: _Turn) -> Sample:
        for link in self._links:
            link.send(turn)
        for link in self._links:
            _expect(link.recv())
        for link in self._links:
            link.send("go")
        results: list[Result] = [_expect(link.recv()) for link in self._links]
        latencies = sorted(itertools.chain(*(result.latencies_ms for result in results)))
        return Sample(
            rate=sum(result.operations / result.seconds for result in results),
            p50_ms=percentile(latencies, 0.50) if latencies else None,
            p99_ms=percentile(latencies, 0.99) if latencies else None,
        )

    def __enter__(self) -> Self:
        """The crew is ready once it is made."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let the processes go."""
        for link in self._links:
            link.send(None)
            link.close()
        for process in self._processes:
            process.join(20)


def _expect(result: Any) -> Any:
    failure = getattr(result, "failure", None)
    if failure:
        raise RuntimeError(f"an operation failed: {failure}")
    return result


def _serve(link: Connection, maker: str, bed: Any, number: int, threads: int) -> None:
    module, _, name = maker.partition(":")
    make: Maker = getattr(import_module(module), name)
    numbers = itertools.count()
    with make(bed, number) as operation:
        prepare = getattr(operation, "prepare", None)
        link.send("ready")
        while (turn := link.recv()) is not None:
            calls: Iterator[int] = numbers
            if turn.calls is not None:
                calls = iter([next(numbers) for _ in range(turn.calls)])
                if prepare is not None:
                    wanted = list(calls)
                    for each in wanted:
                        prepare(each)
                    calls = iter(wanted)
            link.send("prepared")
            link.recv()
            link.send(_work(operation, calls, threads, turn.seconds or math.inf))


def _do_nothing() -> None:
    pass


def _work(operation: Operation, numbers: Iterator[int], threads: int, seconds: float) -> Result:
    latencies: list[list[float]] = [[] for _ in range(threads)]
    failures: list[str] = []
    began = time.perf_counter()
    ends_at = began + seconds

    def work(mine: list[float]) -> None:
        try:
            at = time.perf_counter()
            while at < ends_at and not failures:
                number = next(numbers, None)
                if number is None:
                    return
                operation(number)
                done = time.perf_counter()
                mine.append((done - at) * 1000)
                at = done
        except BaseException as error:  # noqa: BLE001 - said to whoever measures
            failures.append(f"{type(error).__name__}: {error}")
        finally:
            getattr(operation, "rest", _do_nothing)()

    workers = [threading.Thread(target=work, args=(mine,)) for mine in latencies]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    taken = time.perf_counter() - began
    merged = list(itertools.chain(*latencies))
    return Result(len(merged), taken, merged, failures[0] if failures else None)
