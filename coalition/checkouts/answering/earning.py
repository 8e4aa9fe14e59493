"""A till's accruals: each is a sale, stated as any other order, and undone by cancelling it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection as Database

from adapters.contract import Facts, Order, Question
from adapters.registry import adapter_named
from adapters.sale import wire_id
from coalition.checkouts.answering.asked import Asked, Refusal, Said
from coalition.checkouts.domain import Message, kept_key, order_name
from coalition.checkouts.store import answers
from coalition.errors import HubError
from coalition.sales.service.read import current_answer


def accrue(asked: Asked) -> Order:
    """State the order that the question tells of; gives it as it was stated.

    Of a state of it whose accrual was undone, the next revision says that it is paid anew.

    Raises:
        Refusal: `validation_failed`, or as the hub refused the sale.
        HubError: `service_unavailable`.
    """
    order = asked.question.order
    if order is None:
        raise Refusal("validation_failed")
    with asked.processing.database.autocommit() as database:
        undone = _undone(asked, database, order)
    revision = order.revision if undone is None else max(order.revision, undone + 1)
    buyer = asked.question.customer or order.customer
    return _state(asked, replace(order, revision=revision, customer=buyer))


def accrual(asked: Asked, database: Database, member: UUID | None, order: Order) -> Said:
    """What a till is told of an accrual.

    Raises:
        HubError: `conflict_retry`: what was accrued was undone meanwhile.
    """
    told = asked.question.order or order
    answers.lock_order(connection=database, connection_no=asked.of.no, about=kept_key(order.id))
    undone = _undone(asked, database, told)
    if undone is not None and order.revision <= undone:
        raise HubError("conflict_retry", "An earlier accrual of the order is undone just now.")
    earned = _earned(asked, database, order)
    if earned is None:
        return {}
    said: Said = {"sale": _sale_id(asked, order)}
    return said if member is None else said | {"earned_points": earned}


def revisions(asked: Asked, stated: Order | None) -> Said:
    """By which revision an order was stated, and which one the platform told."""
    if stated is None or asked.question.order is None:
        return {}
    return {"revision": stated.revision, "told": asked.question.order.revision}


def cancel(asked: Asked, database: Database, before: Message) -> Said:
    """State an accrual's order as cancelled, as it was accrued, by the next revision.

    Raises:
        Refusal: `operation_not_reversible`, or as the hub refused the sale.
        HubError: `service_unavailable`.
    """
    adapter = adapter_named(asked.of.platform)
    accrued = adapter.parse(request=before.request, settings=asked.of.settings)
    order = accrued.order if isinstance(accrued, Question) else None
    if order is None:
        raise Refusal("operation_not_reversible")
    revision = int(before.result["revision"]) + 1
    earned = _earned(asked, database, order) or 0
    told = int(before.result["told"])
    if answers.other_accrual_stands(connection=database, accrual=before, told=told):
        earned = 0
    else:
        # In a unit of work of its own, and absolute: should this one fail, it is done again.
        _state(asked, replace(order, status="cancelled", revision=revision))
    answers.answer_kept(
        connection=database,
        message_id=before.message_id,
        connection_no=asked.of.no,
        result={**before.result, "undone": revision},
    )
    return {"reversed": "accrue", "reversed_points": earned}


def _state(asked: Asked, order: Order) -> Order:
    (taken,) = asked.processing.take(asked.of, [Facts((order,))])
    if taken.became == "later":
        raise HubError("service_unavailable", taken.reason or "the sale was not stated")
    if taken.became == "dead":
        said: Mapping[str, Any] = taken.orders[0] if taken.orders else {}
        raise Refusal(str(said.get("problem", "validation_failed")))
    return order


def _earned(asked: Asked, database: Database, order: Order) -> int | None:
    """The points of an order's sale; None: there is none, for guests' are not kept."""
    try:
        return current_answer(
            connection=database, party_no=asked.of.party_no, external_id=_sale_id(asked, order)
        ).earned
    except HubError as refusal:
        if refusal.code != "sale_not_found":
            raise
        return None


def _undone(asked: Asked, database: Database, told: Order) -> int | None:
    """The revision by which an accrual was undone of the order in the state that is told."""
    return answers.undone_revision(
        connection=database,
        connection_no=asked.of.no,
        about=kept_key(told.id),
        told=told.revision,
    )


def _sale_id(asked: Asked, order: Order) -> str:
    return wire_id(order_name(asked.of, order.id))
