"""Postings: entries of camt.053.xml, documents of 1c.txt, pairs of rows of journal.csv."""

from __future__ import annotations

from partner_sdk.wire.lines import ROUNDING
from settlement.explain import subjects
from settlement.explain.files.issued import SAID, IssuedFiles
from settlement.explain.subjects import Kind, Subject
from settlement.explain.values import Explanation, NothingToExplain, Part, Step
from settlement.rendering.postings import Posting, postings_of


def explain_posting(file: IssuedFiles, subject: Subject) -> Explanation:
    """A posting, or the row of journal.csv that is one side of it. Raises NothingToExplain."""
    postings = postings_of(statement=file.statement)
    number = (subject.number + 1) // 2 if subject.kind == "journal" else subject.number
    if not 1 <= number <= len(postings):
        rows = f", {2 * len(postings)} rows of journal.csv"
        raise NothingToExplain(
            f"{file.statement.statement_id} has {len(postings)} postings "
            f"(entries of camt.053.xml, documents of 1c.txt){rows}"
        )
    posting = postings[number - 1]
    micros = posting.amount_micros
    steps = [
        Step(
            "Posting",
            f"number {number}: NtryRef {number} and EndToEndId "
            f"{f'{file.statement.statement_id}/{number}'[:35]} in camt.053.xml, Номер={number} in "
            f"1c.txt, rows {2 * number - 1} (debit) and {2 * number} (credit) of journal.csv",
        )
    ]
    said = f"Posting {number}: {posting.kind} with {posting.counterparty}"
    if subject.kind == "journal":
        debit = subject.number % 2 == 1
        own = debit == (micros > 0)
        steps.append(
            Step(
                "Row",
                f"{subject.number}, counted below the headings: the "
                f"{'debit' if debit else 'credit'} of "
                f"{'the settlement account' if own else f'the account of {posting.kind}'}",
            )
        )
        said = f"Row {subject.number} of journal.csv, posting {number}: {posting.kind} with " + (
            posting.counterparty
        )
    return file.explained(subject, said, micros, steps, _behind(file, posting, postings))


def _behind(file: IssuedFiles, posting: Posting, postings: tuple[Posting, ...]) -> list[Part]:
    """The exact amount that a posting rounds; for a posting of rounding, what it makes up for."""
    slug, kind = posting.counterparty, posting.kind
    if kind == ROUNDING:
        due = file.position(slug).rounded_net_micros
        return [
            Part(f"the net with {slug}", due, 0, subjects.position(slug).name),
            *(
                Part(f"less posting {each.number}", -each.amount_micros, 0,
                     subjects.posting(each.number).name)
                for each in postings
                if each.counterparty == slug and each.kind != ROUNDING
            ),
        ]  # fmt: skip
    side: Kind = "receivable" if posting.amount_micros > 0 else "payable"
    (turnover,) = (each for each in file.turnovers(slug) if each.kind == kind)
    exact = turnover.receivable_micros if side == "receivable" else -turnover.payable_micros
    parts = [
        Part(
            f"{kind}, {SAID[side]} {slug}",
            exact,
            posting.lines,
            subjects.part_of(side, slug, kind).name,
        )
    ]
    if posting.amount_micros != exact:
        parts.append(
            Part("rounded half even to the minor unit", posting.amount_micros - exact, 0, "")
        )
    return parts


def explain_postings(file: IssuedFiles, subject: Subject) -> Explanation:
    """What the totals of camt.053.xml and 1c.txt add up; a sum counts both ways as above zero."""
    signs = {"credits": (1,), "debits": (-1,), "sum": (1, -1)}[subject.kind]
    parts = [
        Part(
            f"posting {each.number}, {each.kind} with {each.counterparty}",
            abs(each.amount_micros) if subject.kind == "sum" else each.amount_micros,
            each.lines,
            subjects.posting(each.number).name,
        )
        for each in postings_of(statement=file.statement)
        if (1 if each.amount_micros > 0 else -1) in signs
    ]
    title = {"credits": "All credits", "debits": "All debits", "sum": "All entries, either way"}
    return file.explained(
        subject,
        f"{title[subject.kind]}: {len(parts)} postings",
        sum(part.micros for part in parts),
        (),
        parts,
    )
