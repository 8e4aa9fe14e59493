"""What a hypervisor took of the processors while something was measured.

On a shared host the machine stands still for moments, or for minutes, and whatever ran then was
measured for what others did. Linux counts that as `steal` (proc(5), /proc/stat).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

_R = TypeVar("_R")
_STAT = Path("/proc/stat")
_STEAL = 7
_FIELDS = 8  # user to steal; a guest's time is in the user's already


@dataclass(frozen=True, slots=True)
class Spell:
    """A stretch of time on this machine, from when it is made."""

    ticks: tuple[int, ...]

    @classmethod
    def begin(cls) -> Spell:
        """From now on."""
        return cls(_ticks())

    def stolen(self) -> float:
        """The share of the processors' time since then that was taken; 0 where none is told."""
        spent = [now - then for now, then in zip(_ticks(), self.ticks, strict=True)]
        return spent[_STEAL] / sum(spent) if sum(spent) else 0.0


def _ticks() -> tuple[int, ...]:
    if not _STAT.exists():
        return (0,) * _FIELDS
    return tuple(int(each) for each in _STAT.read_text().split("\n", 1)[0].split()[1 : _FIELDS + 1])


@dataclass(frozen=True, slots=True)
class Patience:
    """A turn is tried again, after a rest, while more than `most_stolen` of the time was taken."""

    most_stolen: float
    tries: int
    rest_seconds: float


def undisturbed(
    run: Callable[[], _R],
    *,
    patience: Patience,
    say: Callable[[str], None],
    begin: Callable[[], Spell] = Spell.begin,
) -> tuple[_R, float]:
    """Run until little was taken, else keep the best try; gives its share that was taken."""
    best: tuple[_R, float] | None = None
    for number in range(patience.tries):
        if number:
            time.sleep(patience.rest_seconds)
        spell = begin()
        result = run()
        stolen = spell.stolen()
        if best is None or stolen < best[1]:
            best = (result, stolen)
        if stolen <= patience.most_stolen:
            break
        say(f"    {stolen:.0%} of the processors was taken meanwhile")
    if best is None:
        raise ValueError("at least one try")
    return best
