"""An explanation: what an amount is, step by step, or of which parts it is the sum."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from partner_sdk.wire import explanations
from partner_sdk.wire.amounts import format_micros6
from partner_sdk.wire.explanations import ExplanationPart, ExplanationStep


class NothingToExplain(Exception):  # noqa: N818 - the name says it
    """There is no such statement, or no such amount in it."""


Step = ExplanationStep


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a sum: micros, how many lines it stands for, and the subject that explains it."""

    what: str
    micros: int
    lines: int
    see: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """What there is to say of one amount of a statement.

    `subject` names it as the commands and the API do; `amount_micros` is signed for the party of
    the statement, None where nothing is owed. The parts, where there are some, sum to the amount.
    """

    statement: str
    heading: str
    subject: str
    title: str
    amount_micros: int | None
    currency: str
    steps: tuple[Step, ...] = ()
    parts: tuple[Part, ...] = ()

    def __post_init__(self) -> None:
        if self.parts and sum(part.micros for part in self.parts) != self.amount_micros:
            raise ValueError(f"the parts of {self.subject} do not add up")

    def text(self) -> tuple[str, ...]:
        """The explanation as lines of text."""
        return tuple(self._text())

    def _text(self) -> Iterator[str]:
        yield self.heading
        yield self.title
        for step in self.steps:
            yield f"  {step.label:<11} {step.text}"
        width = max((len(part.what) for part in self.parts), default=0)
        digits = max((len(format_micros6(part.micros)) for part in self.parts), default=0)
        for part in self.parts:
            yield (
                f"    {part.what:<{width}}  {format_micros6(part.micros):>{digits}}"
                f"  {part.see}".rstrip()
            )
        if self.parts and self.amount_micros is not None:
            total = format_micros6(self.amount_micros)
            yield f"    {'=':<{width}}  {total:>{digits}} {self.currency}"

    def document(self) -> dict[str, Any]:
        """The explanation in wire form."""
        return explanations.Explanation(
            statement=self.statement,
            subject=self.subject,
            title=self.title,
            amount_micros=self.amount_micros,
            currency=self.currency,
            steps=self.steps,
            parts=tuple(
                ExplanationPart(part.what, part.micros, part.lines, part.see or None)
                for part in self.parts
            ),
        ).to_wire()
