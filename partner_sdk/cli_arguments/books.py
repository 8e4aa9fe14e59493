"""The arguments of commands about statements: fetching, proving, accepting, disputing."""

import argparse

from partner_sdk.cli_arguments.words import Commands, add_command, add_group

__all__ = [
    "add_disputes_commands",
    "add_log_commands",
    "add_reconcile_commands",
    "add_records_commands",
]


def add_records_commands(commands: Commands) -> None:
    """Entries, statements and their proof."""
    made = add_command(commands, "transactions", "List your entries, one JSON object a line.")
    made.add_argument("--from", dest="since", metavar="INSTANT", help="2026-11-22T00:00:00Z")
    made.add_argument("--to", dest="until", metavar="INSTANT", help="up to, not including")
    statements = add_group(commands, "statements", "Your statements.")
    add_command(statements, "list", "List them, one JSON object a line.", "statements.list")
    download = add_command(statements, "download", "Fetch a bundle.", "statements.download")
    download.add_argument("statement", metavar="STATEMENT")
    download.add_argument("--out", metavar="FILE", help="default: STATEMENT.zip")
    workbook = add_command(commands, "xlsx", "Write a bundle's lines as a workbook (extra: xlsx).")
    workbook.add_argument("bundle", metavar="BUNDLE")
    workbook.add_argument("--out", metavar="FILE", help="default: BUNDLE with .xlsx for .zip")
    explain = add_command(commands, "explain", "Explain an amount of a statement of yours.")
    explain.add_argument("statement", metavar="STATEMENT", help="stm_..., or its BUNDLE.zip")
    explain.add_argument(
        "amount",
        metavar="AMOUNT",
        help="a line's number, opening, net, closing, activity:KIND, position:PARTY[/KIND], "
        "section:SECTION[/KIND], camt:ENTRY, 1c:DOCUMENT, journal:ROW",
    )
    explain.add_argument("--json", action="store_true", help="answer one JSON object")
    verify = add_command(
        commands, "verify", "Verify a bundle, or the proof of a line; needs no connection."
    )
    verify.add_argument("bundle", metavar="FILE", help="BUNDLE.zip, or what `prove` made")
    verify.add_argument("--root", required=True, metavar="PEM", help="the root you trust")
    verify.add_argument("--previous", metavar="BUNDLE", help="the statement before this one")
    _log_keys(verify, required=False)
    verify.add_argument(
        "--checkpoint", metavar="FILE", help="the log's checkpoint, as somebody else has it"
    )
    verify.add_argument("--crl", metavar="PEM", help="the root's list of revoked signers")
    prove = add_command(
        commands, "prove", "Write a file that shows one line of a bundle to others."
    )
    prove.add_argument("bundle", metavar="BUNDLE")
    prove.add_argument("line", metavar="LINE", type=int, help="its number, from 1")
    prove.add_argument("--out", metavar="FILE", help="default: BUNDLE-line-LINE.json")
    published = add_command(
        commands, "verifier-hash", "Show the SHA-256 of the verify.py that bundles carry."
    )
    published.add_argument("file", metavar="FILE", nargs="?", help="a verify.py to compare with it")
    verify.add_argument("--all", action="store_true", help="name all that is wrong, not the first")


def _log_keys(command: argparse.ArgumentParser, *, required: bool) -> None:
    command.add_argument(
        "--log-key",
        action="append",
        required=required,
        metavar="KEY",
        help="the key of the log that it must be in, or a file with it; given again, any of them",
    )


def add_log_commands(commands: Commands) -> None:
    """The log of statements, and accepting them."""
    witness = add_command(
        commands, "witness", "Check that the log's past is unchanged, and cosign its newest state."
    )
    witness.add_argument("--state", required=True, metavar="FILE", help="what was seen; kept here")
    verify = add_command(
        commands, "log-verify", "Show that a statement is in the log, and still is."
    )
    verify.add_argument("bundle", metavar="BUNDLE")
    verify.add_argument("--proof", metavar="FILE", help="default: the bundle's, or the hub's")
    verify.add_argument(
        "--witness", action="append", default=[], metavar="KEY", help="a witness that you trust"
    )
    verify.add_argument(
        "--cosignatures", type=int, default=0, metavar="N", help="how many of them must have signed"
    )
    verify.add_argument(
        "--offline",
        dest="command",
        action="store_const",
        const="log-verify.offline",
        help="do not look at the log as it is today",
    )
    evidence = add_command(commands, "log-evidence", "Check a file of evidence against a log.")
    evidence.add_argument("evidence", metavar="FILE")
    follow = add_command(commands, "log-key", "Print the key that the log's key hands over to.")
    _log_keys(verify, required=True)
    for made in (witness, evidence, follow):
        made.add_argument(
            "--log-key", required=True, metavar="KEY", help="the log's key, or a file with it"
        )
    accept = add_command(
        commands, "accept", "Verify a statement's bundle, and sign that you accept it."
    )
    accept.add_argument("bundle", metavar="BUNDLE")
    accept.add_argument("--root", required=True, metavar="PEM", help="the root you trust")
    accept.add_argument("--previous", metavar="BUNDLE", help="the statement before this one")
    accept.add_argument("--out", metavar="FILE", help="keep the signed acceptance here too")
    signed = add_command(
        commands, "accept-pdf", "Send a statement's PDF with your signature in it."
    )
    signed.add_argument("statement", metavar="STATEMENT", help="stm_..., or its BUNDLE.zip")
    signed.add_argument("pdf", metavar="PDF", help="statement.pdf, signed by you")


def add_disputes_commands(commands: Commands) -> None:
    """Disputes."""
    dispute = add_group(commands, "dispute", "Disputes of lines, yours and those with you.")
    made = add_command(dispute, "open", "Dispute lines of your statement.", "dispute.open")
    made.add_argument("statement", metavar="STATEMENT", help="stm_..., or its BUNDLE.zip")
    made.add_argument(
        "--line",
        action="append",
        required=True,
        metavar="NUMBER[=AMOUNT]",
        help="a line, or a part of it; give it again for each line",
    )
    made.add_argument("--reason", required=True, help="not_ours, wrong_amount, duplicate, ...")
    made.add_argument("--currency", default="EUR", help="of the amounts; default: %(default)s")
    answer = add_command(dispute, "answer", "Answer a dispute with you.", "dispute.answer")
    escalate = add_command(dispute, "escalate", "Ask the operator to rule.", "dispute.escalate")
    withdraw = add_command(dispute, "withdraw", "Let the lines stand.", "dispute.withdraw")
    show = add_command(dispute, "show", "Show a dispute with its history.", "dispute.show")
    for each in (answer, escalate, withdraw, show):
        each.add_argument("dispute", metavar="DISPUTE")
    either = answer.add_mutually_exclusive_group(required=True)
    either.add_argument("--accept", action="store_true", help="the lines are wrong")
    either.add_argument("--reject", action="store_true", help="the lines are right")
    for each in (made, answer, escalate, withdraw):
        each.add_argument("--text", required=True, help="why, for the other side to read")
    for each in (made, answer, escalate):
        each.add_argument(
            "--evidence",
            action="append",
            default=[],
            metavar="FILE[=WHERE]",
            help="a file to show; with WHERE only its hash is sent, and where it is kept",
        )
    for each in (made, answer, escalate, withdraw):
        each.add_argument(
            "--idempotency-key", metavar="KEY", help="the same key never does the work twice"
        )
    listed = add_command(dispute, "list", "List them, one JSON object a line.", "dispute.list")
    listed.add_argument("--state", help="open, rejected, escalated or closed")


def add_reconcile_commands(commands: Commands) -> None:
    """Holding own sales against the hub's."""
    made = add_command(
        commands, "reconcile", "Hold your own sales against the hub's; exit 1 if not alike."
    )
    made.add_argument("--csv", metavar="FILE", help="a file of sales, with --mapping")
    made.add_argument("--mapping", metavar="FILE.json", help="which column of it is what")
    made.add_argument("--journal", metavar="FILE.ndjson", help="sales as sent, one a line")
    made.add_argument("--queue", metavar="FILE", help="the offline queue (COALITION_QUEUE)")
    made.add_argument("--from", dest="since", metavar="INSTANT", help="default: the first sale's")
    made.add_argument("--to", dest="until", metavar="INSTANT", help="up to, not including")
    made.add_argument(
        "--no-digests", action="store_true", help="tell the hub nothing; compare every sale"
    )
    made.add_argument("--format", choices=("table", "csv", "json"), default="table")
