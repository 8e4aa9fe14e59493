"""An explanation of an amount of a statement, as the hub tells it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from partner_sdk.wire._read import optional_text, text, whole
from partner_sdk.wire.amounts import format_micros6, parse_decimal

__all__ = ["Explanation", "ExplanationPart", "ExplanationStep"]

Wire = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ExplanationStep:
    """One thing that is said of the amount; without a label it goes on with the one before."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class ExplanationPart:
    """A part of a sum (micros); ``see`` is the amount to ask for next, if there is one."""

    what: str
    micros: int
    lines: int
    see: str | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """An amount (micros, signed for the party; None: nothing is owed), by steps or by parts."""

    statement: str
    subject: str
    title: str
    amount_micros: int | None
    currency: str
    steps: tuple[ExplanationStep, ...]
    parts: tuple[ExplanationPart, ...]

    @classmethod
    def from_wire(cls, value: Wire) -> "Explanation":
        amount = optional_text(value.get("amount"))
        return cls(
            statement=text(value["statement"]),
            subject=text(value["subject"]),
            title=text(value["title"]),
            amount_micros=None if amount is None else parse_decimal(amount),
            currency=text(value["currency"]),
            steps=tuple(
                ExplanationStep(text(step["label"]), text(step["text"])) for step in value["steps"]
            ),
            parts=tuple(
                ExplanationPart(
                    what=text(part["what"]),
                    micros=parse_decimal(part["amount"]),
                    lines=whole(part["lines"]),
                    see=optional_text(part.get("see")),
                )
                for part in value["parts"]
            ),
        )

    def to_wire(self) -> dict[str, Any]:
        amount = self.amount_micros
        return {
            "statement": self.statement,
            "subject": self.subject,
            "title": self.title,
            "amount": None if amount is None else format_micros6(amount),
            "currency": self.currency,
            "steps": [{"label": step.label, "text": step.text} for step in self.steps],
            "parts": [
                {
                    "what": part.what,
                    "amount": format_micros6(part.micros),
                    "lines": part.lines,
                    "see": part.see,
                }
                for part in self.parts
            ],
        }

    def text(self) -> Iterator[str]:
        """Write the explanation as lines of text."""
        yield self.title
        for step in self.steps:
            yield f"  {step.label:<11} {step.text}"
        for part in self.parts:
            yield f"    {part.what}: {format_micros6(part.micros)}  {part.see or ''}".rstrip()
