"""A till's redemptions: points spent at once, and given back in whole or in part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection as Database

from coalition.checkouts.answering.asked import Asked, Refusal, Said
from coalition.checkouts.domain import Message
from coalition.errors import HubError
from coalition.events.domain import event_rows
from coalition.events.store import insert_events
from coalition.redemptions.domain import Till
from coalition.redemptions.service import (
    own_redemption,
    price_of,
    redeem_points,
    reverse_redemption,
)
from coalition.redemptions.wire import money_of_points, redemption_document
from partner_sdk.wire.ids import decode, encode


def redeem(asked: Asked, database: Database, member: UUID | None) -> Said:
    """Spend points, all that are asked for or none.

    Raises:
        Refusal: `member_not_found`, `validation_failed`, `insufficient_points`.
    """
    if member is None:
        raise Refusal("member_not_found")
    question, price = asked.question, price_of(asked.context)
    points = question.points
    if points is None and question.amount_micros is not None:
        points = -(-question.amount_micros // price.face_micros)
    if not points or points < 0:
        raise Refusal("validation_failed")
    reference = None if question.order is None else question.order.id[:64]
    try:
        redemption = redeem_points(
            connection=database,
            context=asked.context,
            account_id=member,
            points=points,
            till=Till(reference=reference),
        )
    except HubError as refusal:
        if refusal.code != "insufficient_points":
            raise
        raise Refusal(refusal.code, asked.facts(database, member)) from None
    document = redemption_document(redemption)
    _announce(asked, database, "redemption.captured", document)
    return {
        "redemption": document["id"],
        "spent_points": points,
        "spent_micros": points * price.face_micros,
    }


def give_back(asked: Asked, database: Database, before: Message) -> Said:
    """Reverse what a redemption spent: the amount that is asked for, or all that is left of it.

    Raises:
        Refusal: `operation_reversed`.
    """
    redemption_id = decode("red", before.result["facts"]["redemption"])
    redemption = own_redemption(
        connection=database, context=asked.context, redemption_id=redemption_id
    )
    left = redemption.points - redemption.reversed_points
    points = left
    if asked.question.amount_micros is not None:
        points = asked.question.amount_micros // redemption.face_micros
    if not 0 < points <= left:
        raise Refusal("operation_reversed")
    redemption, reversal_id = reverse_redemption(
        connection=database,
        context=asked.context,
        redemption_id=redemption_id,
        points=points,
        reason="reversed at the till",
    )
    document = {
        "id": encode("rev", reversal_id),
        "redemption": encode("red", redemption_id),
        "points": points,
        "amount": money_of_points(points, redemption.face_micros, redemption.currency),
        "reversed_points": redemption.reversed_points,
    }
    _announce(asked, database, "redemption.reversed", document)
    micros = points * redemption.face_micros
    return {"reversed": "redeem", "reversed_points": points, "reversed_micros": micros}


def _announce(
    asked: Asked,
    database: Database,
    kind: Literal["redemption.captured", "redemption.reversed"],
    payload: Mapping[str, Any],
) -> None:
    insert_events(
        connection=database,
        rows=event_rows(
            snapshot=asked.context.snapshot,
            type=kind,
            party_no=asked.of.party_no,
            payload=payload,
            now=asked.context.now,
            new_id=asked.context.new_id,
        ),
    )
