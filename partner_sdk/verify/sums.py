"""Whether a statement adds up: with its lines, in itself, and with the statement before it."""

from partner_sdk.verify.findings import Findings
from partner_sdk.verify.linecheck import LineSums, PairSums
from partner_sdk.wire.amounts import round_half_even_to_minor
from partner_sdk.wire.archive import STATEMENT
from partner_sdk.wire.statement import Position, Statement

__all__ = ["check_continuity", "check_statement", "check_totals"]


def check_statement(*, statement: Statement, findings: Findings) -> None:
    """Check what the statement says about itself, without its lines."""
    if statement.opening_micros + statement.net_micros != statement.closing_micros:
        findings.add("sum", STATEMENT, "opening and net do not add up to the closing")
    if sum(p.rounded_net_micros for p in statement.positions) != statement.net_micros:
        findings.add("sum", STATEMENT, "the positions do not add up to the net")
    for position in statement.positions:
        if not _is_rounded(position, statement.currency):
            findings.add(
                "sum", STATEMENT, f"the position with {position.counterparty} is not rounded right"
            )
    if statement.window.starts_at >= statement.window.ends_at:
        findings.add("statement", STATEMENT, "the window ends before it starts")
    first = statement.previous is None
    if first != (statement.statement_no == 1) or (first and statement.opening_micros):
        findings.add("continuity", STATEMENT, "only a first statement has none before it")


def check_totals(*, statement: Statement, sums: LineSums, findings: Findings) -> None:
    """Check the statement's totals against its lines."""
    lines = statement.lines
    points = sum(found[1] for found in sums.activity.values())
    net_micros = sum(found[2] for found in sums.activity.values())
    if sums.count != lines.count:
        findings.add("sum", STATEMENT, f"says {lines.count} lines where there are {sums.count}")
    if points != lines.points:
        findings.add("sum", STATEMENT, "the points of the lines do not add up to its total")
    if net_micros != lines.net_micros or net_micros != statement.net_micros:
        findings.add("sum", STATEMENT, "the nets of the lines do not add up to its net")
    if sums.merkle_root.hex() != lines.merkle_root:
        findings.add("merkle", STATEMENT, "the root is not that of the lines and salts")
    stated = {a.kind: [a.lines, a.points, a.net_micros] for a in statement.activity}
    if stated != sums.activity or len(stated) != len(statement.activity):
        findings.add("sum", STATEMENT, "the activity by kind is not that of the lines")
    positions = {position.counterparty: position for position in statement.positions}
    if len(positions) != len(statement.positions) or not positions.keys() >= sums.pairs.keys():
        findings.add("sum", STATEMENT, "not each counterparty of the lines has one position")
    for slug, position in positions.items():
        if not _is_of_lines(position, sums.pairs.get(slug, PairSums())):
            findings.add("sum", STATEMENT, f"the position with {slug} is not that of the lines")


def check_continuity(
    *, statement: Statement, previous: Statement, previous_sha256: str, findings: Findings
) -> None:
    """Check that ``previous`` is the statement before, and that this one starts where it ended."""

    def require(holds: bool, message: str) -> None:
        if not holds:
            findings.add("continuity", STATEMENT, message)

    link = statement.previous
    require(
        link is not None
        and (link.statement_id, link.sha256) == (previous.statement_id, previous_sha256),
        "names another statement as the one before it",
    )
    require(statement.party.id == previous.party.id, "is of another party than the one before it")
    require(
        (statement.environment, statement.coalition_name, statement.currency)
        == (previous.environment, previous.coalition_name, previous.currency),
        "is of another coalition, environment or currency than the one before it",
    )
    require(
        statement.statement_no == previous.statement_no + 1,
        "its number does not follow the one before it",
    )
    require(
        statement.window.starts_at >= previous.window.ends_at,
        "its window overlaps the one before it",
    )
    require(
        statement.opening_micros == previous.closing_micros,
        "its opening is not the closing of the one before it",
    )
    left = {p.counterparty: p.residue_out_micros for p in previous.positions}
    brought = {p.counterparty: p.residue_in_micros for p in statement.positions}
    for slug in sorted(left.keys() | brought.keys()):
        require(
            left.get(slug, 0) == brought.get(slug, 0),
            f"the residue with {slug} is not what the one before it left",
        )


def _is_rounded(position: Position, currency: str) -> bool:
    due = position.exact_net_micros + position.residue_in_micros
    return (
        position.exact_net_micros == position.receivable_micros - position.payable_micros
        and position.rounded_net_micros == round_half_even_to_minor(due, currency)
        and due == position.rounded_net_micros + position.residue_out_micros
    )


def _is_of_lines(position: Position, sums: PairSums) -> bool:
    return (position.receivable_micros, position.payable_micros) == (
        sums.receivable_micros,
        sums.payable_micros,
    ) and sums.rounding_micros == position.rounded_net_micros - position.exact_net_micros
