"""Whether a statement adds up: with its lines, in itself, and with the statement before it."""

from partner_sdk.verify.findings import Findings
from partner_sdk.verify.linecheck import LineSums
from partner_sdk.wire.amounts import round_half_even_to_minor
from partner_sdk.wire.archive import STATEMENT
from partner_sdk.wire.lines import ROUNDING
from partner_sdk.wire.statement import Position, Statement, sum_by_kind

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
    if statement.activity != sum_by_kind(turnovers=statement.turnovers):
        findings.add("sum", STATEMENT, "the activity by kind is not that of the turnovers")
    if not _are_of_turnovers(statement):
        findings.add("sum", STATEMENT, "not each counterparty has one position of its turnovers")
    if statement.window.starts_at >= statement.window.ends_at:
        findings.add("statement", STATEMENT, "the window ends before it starts")
    first = statement.previous is None
    if first != (statement.statement_no == 1) or (first and statement.opening_micros):
        findings.add("continuity", STATEMENT, "only a first statement has none before it")


def check_totals(*, statement: Statement, sums: LineSums, findings: Findings) -> None:
    """Check the statement's totals against its lines."""
    lines = statement.lines
    points = sum(turnover.points for turnover in sums.turnovers)
    net_micros = sum(turnover.net_micros for turnover in sums.turnovers)
    if sums.count != lines.count:
        findings.add("sum", STATEMENT, f"says {lines.count} lines where there are {sums.count}")
    if points != lines.points:
        findings.add("sum", STATEMENT, "the points of the lines do not add up to its total")
    if net_micros != lines.net_micros or net_micros != statement.net_micros:
        findings.add("sum", STATEMENT, "the nets of the lines do not add up to its net")
    if sums.merkle_root.hex() != lines.merkle_root:
        findings.add("merkle", STATEMENT, "the root is not that of the lines and salts")
    if statement.turnovers != sums.turnovers:
        findings.add("sum", STATEMENT, "the turnovers are not those of the lines")


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


def _are_of_turnovers(statement: Statement) -> bool:
    """Whether each counterparty of the lines has one position, which they add up to."""
    sums: dict[str, list[int]] = {
        position.counterparty: [0, 0, 0] for position in statement.positions
    }
    if len(sums) != len(statement.positions):
        return False
    for turnover in statement.turnovers:
        if turnover.counterparty is None:
            continue
        found = sums.get(turnover.counterparty)
        if found is None:
            return False
        if turnover.kind == ROUNDING:
            found[2] += turnover.net_micros
        else:
            found[0] += turnover.receivable_micros
            found[1] += turnover.payable_micros
    return all(
        [p.receivable_micros, p.payable_micros, p.rounded_net_micros - p.exact_net_micros]
        == sums[p.counterparty]
        for p in statement.positions
    )
