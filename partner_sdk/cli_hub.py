"""The commands of ``coalition-partner`` that ask the hub: options in, the answer to show out."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from partner_sdk.cli_disputes import DISPUTE_COMMANDS
from partner_sdk.cli_output import (
    SHOWN,
    RefusedError,
    UsageError,
    read_object,
    read_objects,
    refusal_text,
    show,
    statement_id_of,
)
from partner_sdk.cli_spends import SPEND_COMMANDS
from partner_sdk.client import PartnerClient
from partner_sdk.wire.amounts import Money, parse_decimal
from partner_sdk.wire.instants import parse_instant
from partner_sdk.wire.messages import Member
from partner_sdk.wire.sales import MemberRef

__all__ = ["HUB_COMMANDS"]


def _who(options: argparse.Namespace) -> MemberRef:
    return MemberRef(id=options.member, card=options.card, reference=options.reference)


def _enrol(options: argparse.Namespace, client: PartnerClient) -> object:
    return client.enrol(reference=options.reference, phone=options.phone, email=options.email)


def _member(options: argparse.Namespace, client: PartnerClient) -> Member:
    if options.member is not None:
        return client.member(options.member)
    return client.find_member(
        card=options.card, reference=options.reference, phone=options.phone, email=options.email
    )


def _balance(options: argparse.Namespace, client: PartnerClient) -> object:
    return client.balance(options.member or _member(options, client).id)


def _sale_put(options: argparse.Namespace, client: PartnerClient) -> object:
    text = sys.stdin.read() if options.file == "-" else Path(options.file).read_text("utf-8")
    return client.put_sale(read_object(text, where=options.file))


def _sale_get(options: argparse.Namespace, client: PartnerClient) -> object:
    return client.get_sale(options.sale)


def _sale_claim(options: argparse.Namespace, client: PartnerClient) -> object:
    return client.claim_sale(options.sale, member=_who(options))


def _sale_move(options: argparse.Namespace, client: PartnerClient) -> object:
    return client.move_sale(options.sale, member=_who(options))


def _sales_put(options: argparse.Namespace, client: PartnerClient) -> object:
    results = client.put_sales(read_objects(options.file))
    refused = [result for result in results if not result.ok]
    show({"sent": len(results) - len(refused), "refused": len(refused)})
    if refused:
        raise RefusedError(*map(refusal_text, refused))
    return SHOWN


def _quote(options: argparse.Namespace, client: PartnerClient) -> object:
    amount = None
    if options.amount is not None:
        amount = Money(parse_decimal(options.amount), options.currency)
    return client.quote(_who(options), points=options.points, amount=amount)


def _hold(options: argparse.Namespace, client: PartnerClient) -> object:
    return client.hold(
        _who(options),
        points=options.points,
        reference=options.note,
        store=options.store,
        till=options.till,
        expires_in_seconds=options.expires_in,
        idempotency_key=options.idempotency_key,
    )


def _redeem(options: argparse.Namespace, client: PartnerClient) -> object:
    return client.redeem(
        _who(options),
        points=options.points,
        reference=options.note,
        store=options.store,
        till=options.till,
        receipt=options.receipt,
        idempotency_key=options.idempotency_key,
    )


def _capture(options: argparse.Namespace, client: PartnerClient) -> object:
    key = options.idempotency_key
    return client.capture(options.hold, points=options.points, idempotency_key=key)


def _void(options: argparse.Namespace, client: PartnerClient) -> object:
    return client.void(options.hold)


def _reverse(options: argparse.Namespace, client: PartnerClient) -> object:
    return client.reverse(
        options.redemption,
        points=options.points,
        reason=options.reason,
        idempotency_key=options.idempotency_key,
    )


def _transactions(options: argparse.Namespace, client: PartnerClient) -> object:
    since = None if options.since is None else parse_instant(options.since)
    until = None if options.until is None else parse_instant(options.until)
    return client.iter_transactions(since=since, until=until)


def _statements_list(_options: argparse.Namespace, client: PartnerClient) -> object:
    return client.statements()


def _statements_download(options: argparse.Namespace, client: PartnerClient) -> object:
    target = options.out or f"{options.statement}.zip"
    return {"file": str(client.download_statement(options.statement, target))}


def _explain(options: argparse.Namespace, client: PartnerClient) -> object:
    amount = f"line:{options.amount}" if options.amount.isdecimal() else options.amount
    found = client.explain(statement_id_of(options.statement), amount)
    if options.json:
        return found
    for line in found.text():
        print(line)
    return SHOWN


def _reconcile(options: argparse.Namespace, client: PartnerClient) -> object:
    # Tills need none of it.
    from partner_sdk import reconcile as work
    from partner_sdk.reconcile.report import as_csv, as_document, as_table

    queue = options.queue or os.environ.get("COALITION_QUEUE")
    if not (options.csv or options.journal or queue):
        raise UsageError("give your sales: --csv with --mapping, --journal, or --queue")
    if bool(options.csv) != bool(options.mapping):
        raise UsageError("--csv and --mapping belong together")
    digests = not options.no_digests
    with work.SalesBook() as book:
        if options.csv:
            mapping = work.Mapping.from_file(options.mapping)
            work.read_csv(path=options.csv, mapping=mapping, book=book)
            # A hash over revisions that the file does not know would never be the same.
            digests = digests and mapping.revision is not None
        if options.journal:
            work.read_journal(path=options.journal, book=book)
        if queue:
            work.read_queue(path=queue, book=book)
        found = work.reconcile(
            client=client,
            book=book,
            since=None if options.since is None else parse_instant(options.since),
            until=None if options.until is None else parse_instant(options.until),
            digests=digests and book.currency is not None,
        )
    if options.format == "json":
        show(as_document(found))
    else:
        print(as_csv(found) if options.format == "csv" else as_table(found))
    if not found.ok:
        raise RefusedError(f"{len(found.findings)} sales are not the same on both sides")
    return SHOWN


HUB_COMMANDS: dict[str, Callable[[argparse.Namespace, PartnerClient], object]] = {
    "enrol": _enrol,
    "member": _member,
    "balance": _balance,
    "sale.put": _sale_put,
    "sale.get": _sale_get,
    "sale.claim": _sale_claim,
    "sale.move": _sale_move,
    "sales.put": _sales_put,
    "quote": _quote,
    "hold": _hold,
    "redeem": _redeem,
    "capture": _capture,
    "void": _void,
    "reverse": _reverse,
    "transactions": _transactions,
    "statements.list": _statements_list,
    "statements.download": _statements_download,
    "explain": _explain,
    "reconcile": _reconcile,
    **DISPUTE_COMMANDS,
    **SPEND_COMMANDS,
}
