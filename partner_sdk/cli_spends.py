"""The commands of ``coalition-partner`` about points paid at a checkout platform."""

import argparse
from collections.abc import Callable

from partner_sdk.client import PartnerClient
from partner_sdk.wire.amounts import Money, parse_decimal
from partner_sdk.wire.sales import MemberRef

__all__ = ["SPEND_COMMANDS"]


def _make(options: argparse.Namespace, client: PartnerClient) -> object:
    amount = None
    if options.amount is not None:
        amount = Money(parse_decimal(options.amount), options.currency)
    return client.spend(
        options.connection,
        MemberRef(id=options.member, card=options.card, reference=options.reference),
        reference=options.note,
        points=options.points,
        amount=amount,
        order=options.order,
        customer_id=options.customer_id,
        customer_email=options.customer_email,
        customer_phone=options.customer_phone,
        expires_in_seconds=options.expires_in,
    )


def _show(options: argparse.Namespace, client: PartnerClient) -> object:
    return client.get_spend(options.connection, options.spend)


def _undo(options: argparse.Namespace, client: PartnerClient) -> object:
    return client.undo_spend(options.connection, options.spend)


def _list(options: argparse.Namespace, client: PartnerClient) -> object:
    return client.spends(options.connection)


SPEND_COMMANDS: dict[str, Callable[[argparse.Namespace, PartnerClient], object]] = {
    "spend.make": _make,
    "spend.show": _show,
    "spend.undo": _undo,
    "spend.list": _list,
}
