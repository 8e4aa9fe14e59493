"""The commands of ``coalition-partner dispute``: options in, the answer to show out."""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

from partner_sdk.cli_output import statement_id_of
from partner_sdk.client import PartnerClient
from partner_sdk.wire.amounts import Money, parse_decimal
from partner_sdk.wire.disputes import Evidence

__all__ = ["DISPUTE_COMMANDS"]


def _open(options: argparse.Namespace, client: PartnerClient) -> object:
    lines: dict[int, Money | None] = {}
    for given in options.line:
        number, _, amount = given.partition("=")
        lines[int(number)] = Money(parse_decimal(amount), options.currency) if amount else None
    return client.open_dispute(
        statement_id_of(options.statement),
        lines=lines,
        reason=options.reason,
        text=options.text,
        evidence=list(_evidence(options)),
        idempotency_key=options.idempotency_key,
    )


def _answer(options: argparse.Namespace, client: PartnerClient) -> object:
    return client.answer_dispute(
        options.dispute,
        accept=options.accept,
        text=options.text,
        evidence=list(_evidence(options)),
        idempotency_key=options.idempotency_key,
    )


def _escalate(options: argparse.Namespace, client: PartnerClient) -> object:
    return client.escalate_dispute(
        options.dispute,
        text=options.text,
        evidence=list(_evidence(options)),
        idempotency_key=options.idempotency_key,
    )


def _withdraw(options: argparse.Namespace, client: PartnerClient) -> object:
    key = options.idempotency_key
    return client.withdraw_dispute(options.dispute, text=options.text, idempotency_key=key)


def _show(options: argparse.Namespace, client: PartnerClient) -> object:
    return client.get_dispute(options.dispute)


def _list(options: argparse.Namespace, client: PartnerClient) -> object:
    return client.disputes(state=options.state)


def _evidence(options: argparse.Namespace) -> Iterator[Evidence]:
    for given in options.evidence:
        name, _, where = given.partition("=")
        path = Path(name)
        yield Evidence.of(name=path.name, content=path.read_bytes(), reference=where or None)


DISPUTE_COMMANDS: dict[str, Callable[[argparse.Namespace, PartnerClient], object]] = {
    "dispute.open": _open,
    "dispute.answer": _answer,
    "dispute.escalate": _escalate,
    "dispute.withdraw": _withdraw,
    "dispute.show": _show,
    "dispute.list": _list,
}
