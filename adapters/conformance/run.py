"""Running the kit for one adapter, without a test runner, and telling each case in words."""

from __future__ import annotations

import inspect
import linecache
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Literal

from adapters.conformance.base import cases_of, lacking
from adapters.conformance.suite import AdapterSuite
from adapters.contract import Adapter, Manifest
from adapters.testing.shop import Shop

__all__ = ["CaseResult", "run_kit"]


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What a case came to. `group` and `words` say what it asks; `case` is its name.

    `detail`: of one that failed, what does not hold; of one that is not for this adapter, the
    reasons of its manifest. `place`: where in the kit or in the adapter it failed.
    """

    group: str
    case: str
    state: Literal["passed", "failed", "not_for_it"]
    detail: str = ""
    place: str = ""
    trace: str = ""
    seconds: float = 0.0

    @property
    def words(self) -> str:
        """The name as a sentence."""
        return self.case.removeprefix("test_").replace("_", " ")


def run_kit(
    *, adapter: Adapter, shop: type[Shop], histories: int = 500, matching: str = ""
) -> Iterator[CaseResult]:
    """Run the cases whose names hold `matching`, one after the other."""
    suite = type(
        "Suite", (AdapterSuite,), {"adapter": adapter, "shop": shop, "histories": histories}
    )
    wanted = matching.strip().replace(" ", "_").lower()
    groups = [base.__module__ for base in suite.__mro__]
    cases = sorted(cases_of(suite).items(), key=lambda each: groups.index(each[1].__module__))
    for name, case in cases:
        if wanted in name:
            yield _run(suite, name, case, adapter.manifest)


def _run(suite: type[Any], name: str, case: Any, manifest: Manifest) -> CaseResult:
    group = inspect.getmodule(case)
    words = "" if group is None else (group.__doc__ or "").partition("\n")[0].rstrip(".")
    missing = lacking(case, manifest.capabilities)
    if missing:
        reasons = (f"{each}: {manifest.ignores[each]}" for each in sorted(missing))
        return CaseResult(words, name, "not_for_it", "; ".join(reasons))
    began = perf_counter()
    try:
        getattr(suite(), name)()
    except Exception as error:  # noqa: BLE001 - whatever an adapter does wrong is the result
        detail, place = _told(error)
        return CaseResult(
            group=words,
            case=name,
            state="failed",
            detail=detail,
            place=place,
            trace="".join(traceback.format_exception(error)),
            seconds=perf_counter() - began,
        )
    return CaseResult(words, name, "passed", seconds=perf_counter() - began)


def _told(error: BaseException) -> tuple[str, str]:
    """What does not hold, and where."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return f"{type(error).__name__}: {error}", ""
    last = frames[-1]
    place = f"{last.filename}:{last.lineno}"
    if not isinstance(error, AssertionError):
        return f"{type(error).__name__}: {error}", place
    first_line = str(error).partition("\n")[0]
    if first_line:
        return first_line, place
    line = linecache.getline(last.filename, last.lineno or 0).strip()
    values = _values(error)
    return f"this does not hold: {line.removeprefix('assert ')}{values}", place


def _values(error: BaseException) -> str:
    """The local values that the failed line speaks of, as far as they are short."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    frame = trace.tb_frame
    line = linecache.getline(frame.f_code.co_filename, trace.tb_lineno)
    shown = [
        f"{name}={value!r}"
        for name, value in frame.f_locals.items()
        if name in line and isinstance(value, int | str | bool | list | set | type(None))
    ]
    shown = [each for each in shown if len(each) <= 120]
    return f" ({', '.join(shown)})" if shown else ""
