"""The arguments of ``coalition-partner``; what the commands do is in ``cli``."""

import argparse
from typing import TypeAlias

__all__ = ["build_parser"]

_ENVIRONMENT = """\
environment:
  COALITION_URL          the hub's address, such as https://hub.example
  COALITION_KEY_ID       the key_... id of the registered public key
  COALITION_PRIVATE_KEY  the file of the private key (see keygen)
  COALITION_BEARER       instead of the two above: a bearer key of the sandbox
  COALITION_QUEUE        the file of the offline queue

exit status: 0 done; 1 the hub refused, or findings; 2 wrong usage, or a file cannot be read;
3 the log shows another past than before (witness)
"""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser; each command sets ``command`` to its dotted name."""
    parser = argparse.ArgumentParser(
        prog="coalition-partner",
        description="Speak to a coalition hub as a partner, and verify its statements.",
        epilog=_ENVIRONMENT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--url", help="the hub's address (COALITION_URL)")
    parser.add_argument("--key-id", help="the key's id (COALITION_KEY_ID)")
    parser.add_argument("--private-key", metavar="FILE", help="COALITION_PRIVATE_KEY")
    parser.add_argument("--bearer", help="a bearer key of the sandbox (COALITION_BEARER)")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _keys(commands)
    _members(commands)
    _sales(commands)
    _orders(commands)
    _redemptions(commands)
    _records(commands)
    _log(commands)
    _disputes(commands)
    _queue(commands)
    _reconcile(commands)
    return parser


_Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def _add(commands: _Commands, name: str, text: str, dotted: str = "") -> argparse.ArgumentParser:
    made = commands.add_parser(name, help=text, description=text)
    made.set_defaults(command=dotted or name)
    return made


def _group(commands: _Commands, name: str, text: str) -> _Commands:
    made = commands.add_parser(name, help=text, description=text)
    return made.add_subparsers(required=True, metavar="ACTION")


def _who(parser: argparse.ArgumentParser, *, contacts: bool) -> None:
    """Add the ways to name a member, of which exactly one is needed."""
    ways = parser.add_mutually_exclusive_group(required=True)
    ways.add_argument("--member", metavar="ID", help="the hub's id, mem_...")
    ways.add_argument("--card", metavar="NUMBER", help="a card number")
    ways.add_argument("--reference", help="your own reference of the member")
    if contacts:
        ways.add_argument("--phone")
        ways.add_argument("--email")


def _keys(commands: _Commands) -> None:
    made = _add(commands, "keygen", "Make a key pair; prints the public key to register.")
    made.add_argument("--out", required=True, metavar="FILE", help="where the private key goes")


def _members(commands: _Commands) -> None:
    enrol = _add(commands, "enrol", "Enrol a person and issue a card.")
    for name in ("--reference", "--phone", "--email"):
        enrol.add_argument(name)
    _who(_add(commands, "member", "Find a member."), contacts=True)
    _who(_add(commands, "balance", "Show a member's points."), contacts=True)


def _sales(commands: _Commands) -> None:
    sale = _group(commands, "sale", "One sale.")
    put = _add(sale, "put", "Send a sale from a JSON file (- is standard input).", "sale.put")
    put.add_argument("file", metavar="FILE")
    get = _add(sale, "get", "Show a sale as the hub has it.", "sale.get")
    get.add_argument("sale", metavar="SALE")
    for name, text in (
        ("claim", "Give a guest's sale to a member."),
        ("move", "Move a sale to another member."),
    ):
        made = _add(sale, name, text, f"sale.{name}")
        made.add_argument("sale", metavar="SALE")
        _who(made, contacts=False)
    many = _group(commands, "sales", "Many sales.")
    put = _add(many, "put", "Send sales from a file, one JSON object a line.", "sales.put")
    put.add_argument("file", metavar="FILE.ndjson")


def _orders(commands: _Commands) -> None:
    orders = _group(commands, "orders", "Files of orders, for a hub that picks them up.")
    write = _add(orders, "write", "Write the next file of a store.", "orders.write")
    write.add_argument("file", metavar="ROWS", help="rows (.csv), or a JSON document a line")
    write.add_argument("--store", required=True, help="whose files are counted")
    write.add_argument("--sequence", type=int, required=True, help="the file's number, from 1")
    write.add_argument("--from", dest="since", required=True, metavar="DATE", help="first date")
    write.add_argument("--to", dest="until", metavar="DATE", help="last date; default: the first")
    write.add_argument("--folder", default=".", help="default: here")
    check = _add(orders, "check", "Check a file as the hub does.", "orders.check")
    check.add_argument("file", metavar="FILE")


def _redemptions(commands: _Commands) -> None:
    quote = _add(commands, "quote", "Say what points are worth, or what an amount takes.")
    _who(quote, contacts=False)
    either = quote.add_mutually_exclusive_group(required=True)
    either.add_argument("--points", type=int)
    either.add_argument("--amount", metavar="12.34", help="with --currency")
    quote.add_argument("--currency", default="EUR", help="default: %(default)s")
    hold = _add(commands, "hold", "Reserve points.")
    hold.add_argument("--expires-in", type=int, metavar="SECONDS")
    redeem = _add(commands, "redeem", "Spend points in one step.")
    for made in (hold, redeem):
        _who(made, contacts=False)
        made.add_argument("--points", type=int, required=True)
        made.add_argument("--note", metavar="TEXT", help="your own reference of the payment")
        made.add_argument("--store")
        made.add_argument("--till")
    redeem.add_argument("--receipt")
    capture = _add(commands, "capture", "Spend a hold, whole or in part.")
    capture.add_argument("--points", type=int)
    for made in (capture, _add(commands, "void", "Release a hold.")):
        made.add_argument("hold", metavar="HOLD")
    reverse = _add(commands, "reverse", "Give points of a redemption back.")
    reverse.add_argument("redemption", metavar="REDEMPTION")
    reverse.add_argument("--points", type=int, required=True)
    reverse.add_argument("--reason")
    for made in (hold, redeem, capture, reverse):
        made.add_argument(
            "--idempotency-key", metavar="KEY", help="the same key never does the work twice"
        )


def _records(commands: _Commands) -> None:
    made = _add(commands, "transactions", "List your entries, one JSON object a line.")
    made.add_argument("--from", dest="since", metavar="INSTANT", help="2026-11-22T00:00:00Z")
    made.add_argument("--to", dest="until", metavar="INSTANT", help="up to, not including")
    statements = _group(commands, "statements", "Your statements.")
    _add(statements, "list", "List them, one JSON object a line.", "statements.list")
    download = _add(statements, "download", "Fetch a bundle.", "statements.download")
    download.add_argument("statement", metavar="STATEMENT")
    download.add_argument("--out", metavar="FILE", help="default: STATEMENT.zip")
    workbook = _add(commands, "xlsx", "Write a bundle's lines as a workbook (extra: xlsx).")
    workbook.add_argument("bundle", metavar="BUNDLE")
    workbook.add_argument("--out", metavar="FILE", help="default: BUNDLE with .xlsx for .zip")
    explain = _add(commands, "explain", "Explain an amount of a statement of yours.")
    explain.add_argument("statement", metavar="STATEMENT", help="stm_..., or its BUNDLE.zip")
    explain.add_argument(
        "amount",
        metavar="AMOUNT",
        help="a line's number, opening, net, closing, activity:KIND, position:PARTY[/KIND], "
        "section:SECTION[/KIND], camt:ENTRY, 1c:DOCUMENT, journal:ROW",
    )
    explain.add_argument("--json", action="store_true", help="answer one JSON object")
    verify = _add(
        commands, "verify", "Verify a bundle, or the proof of a line; needs no connection."
    )
    verify.add_argument("bundle", metavar="FILE", help="BUNDLE.zip, or what `prove` made")
    verify.add_argument("--root", required=True, metavar="PEM", help="the root you trust")
    verify.add_argument("--previous", metavar="BUNDLE", help="the statement before this one")
    verify.add_argument(
        "--log-key", metavar="KEY", help="the key of the log that it must be in, or a file with it"
    )
    verify.add_argument(
        "--checkpoint", metavar="FILE", help="the log's checkpoint, as somebody else has it"
    )
    verify.add_argument("--crl", metavar="PEM", help="the root's list of revoked signers")
    prove = _add(commands, "prove", "Write a file that shows one line of a bundle to others.")
    prove.add_argument("bundle", metavar="BUNDLE")
    prove.add_argument("line", metavar="LINE", type=int, help="its number, from 1")
    prove.add_argument("--out", metavar="FILE", help="default: BUNDLE-line-LINE.json")
    published = _add(
        commands, "verifier-hash", "Show the SHA-256 of the verify.py that bundles carry."
    )
    published.add_argument("file", metavar="FILE", nargs="?", help="a verify.py to compare with it")
    verify.add_argument("--all", action="store_true", help="name all that is wrong, not the first")


def _log(commands: _Commands) -> None:
    witness = _add(
        commands, "witness", "Check that the log's past is unchanged, and cosign its newest state."
    )
    witness.add_argument("--state", required=True, metavar="FILE", help="what was seen; kept here")
    verify = _add(commands, "log-verify", "Show that a statement is in the log, and still is.")
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
    evidence = _add(commands, "log-evidence", "Check a file of evidence against a log.")
    evidence.add_argument("evidence", metavar="FILE")
    follow = _add(commands, "log-key", "Print the key that the log's key hands over to.")
    for made in (witness, verify, evidence, follow):
        made.add_argument(
            "--log-key", required=True, metavar="KEY", help="the log's key, or a file with it"
        )
    accept = _add(commands, "accept", "Verify a statement's bundle, and sign that you accept it.")
    accept.add_argument("bundle", metavar="BUNDLE")
    accept.add_argument("--root", required=True, metavar="PEM", help="the root you trust")
    accept.add_argument("--previous", metavar="BUNDLE", help="the statement before this one")
    accept.add_argument("--out", metavar="FILE", help="keep the signed acceptance here too")
    signed = _add(commands, "accept-pdf", "Send a statement's PDF with your signature in it.")
    signed.add_argument("statement", metavar="STATEMENT", help="stm_..., or its BUNDLE.zip")
    signed.add_argument("pdf", metavar="PDF", help="statement.pdf, signed by you")


def _disputes(commands: _Commands) -> None:
    dispute = _group(commands, "dispute", "Disputes of lines, yours and those with you.")
    made = _add(dispute, "open", "Dispute lines of your statement.", "dispute.open")
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
    answer = _add(dispute, "answer", "Answer a dispute with you.", "dispute.answer")
    escalate = _add(dispute, "escalate", "Ask the operator to rule.", "dispute.escalate")
    withdraw = _add(dispute, "withdraw", "Let the lines stand.", "dispute.withdraw")
    show = _add(dispute, "show", "Show a dispute with its history.", "dispute.show")
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
    listed = _add(dispute, "list", "List them, one JSON object a line.", "dispute.list")
    listed.add_argument("--state", help="open, rejected, escalated or closed")


def _queue(commands: _Commands) -> None:
    queue = _group(commands, "queue", "The offline queue of a till.")
    status = _add(queue, "status", "Count what waits and what was set aside.", "queue.status")
    put = _add(queue, "put", "Queue sales from a file, one JSON object a line.", "queue.put")
    put.add_argument("file", metavar="FILE.ndjson")
    send = _add(queue, "send", "Send what waits.", "queue.send")
    aside = _add(queue, "aside", "List the sales set aside, with the reason.", "queue.aside")
    retry = _add(queue, "retry", "Let sales that were set aside wait again.", "queue.retry")
    retry.add_argument("--seq", type=int, help="default: all")
    discard = _add(queue, "discard", "Forget a sale that was set aside.", "queue.discard")
    discard.add_argument("--seq", type=int, required=True)
    for made in (status, put, send, aside, retry, discard):
        made.add_argument("--queue", metavar="FILE", help="the queue's file (COALITION_QUEUE)")


def _reconcile(commands: _Commands) -> None:
    made = _add(
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
