"""Measuring in turns: contenders run A B C A B C …, and are compared round by round.

A shared machine changes under the measurement. What ran next to each other saw the same machine,
so a ratio is taken within each round, and the median of the rounds is what counts. A turn during
which much of the processors was taken is taken again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from tests.bench.machine import Patience, undisturbed


@dataclass(frozen=True, slots=True)
class Sample:
    """One turn: operations a second, and the latencies of single operations in milliseconds."""

    rate: float
    p50_ms: float | None = None
    p99_ms: float | None = None


Contender = Callable[[], Sample]


@dataclass(frozen=True, slots=True)
class Turns:
    """The samples of every contender, round by round."""

    samples: Mapping[str, Sequence[Sample]]
    stolen: Sequence[float] = ()
    """The share of the processors that was taken during each turn."""

    def rate(self, name: str) -> float:
        """The median rate of a contender."""
        return median(sample.rate for sample in self.samples[name])

    def ratio(self, name: str, base: str) -> Ratio:
        """A contender's rate over another's, pair by pair."""
        pairs = zip(self.samples[name], self.samples[base], strict=True)
        return ratio_of([a.rate / b.rate for a, b in pairs])

    def latency(self, name: str) -> tuple[float | None, float | None]:
        """The medians over the rounds of a contender's p50 and p99, in milliseconds."""
        samples = self.samples[name]
        p50 = [s.p50_ms for s in samples if s.p50_ms is not None]
        p99 = [s.p99_ms for s in samples if s.p99_ms is not None]
        return (median(p50) if p50 else None, median(p99) if p99 else None)


@dataclass(frozen=True, slots=True)
class Ratio:
    """The median of the rounds' ratios, and the lowest and highest of them."""

    median: float
    lowest: float
    highest: float


def ratio_of(values: Sequence[float]) -> Ratio:
    """What rounds say together."""
    return Ratio(median(values), min(values), max(values))


def take_turns(
    *,
    contenders: Mapping[str, Contender],
    rounds: int,
    say: Callable[[str], None],
    patience: Patience,
) -> Turns:
    """Run every contender once unmeasured (caches, prepared statements), then in turns."""
    samples: dict[str, list[Sample]] = {name: [] for name in contenders}
    shares = []
    for name, run in contenders.items():
        run()
        say(f"  warmed up: {name}")
    for number in range(rounds):
        for name, run in contenders.items():
            sample, stolen = undisturbed(run, patience=patience, say=say)
            samples[name].append(sample)
            shares.append(stolen)
            say(f"  round {number + 1}: {name}: {sample.rate:,.0f}/s")
    return Turns(samples, shares)


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value below which that share of the ordered values lies."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
