"""Reading a sale back."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection

from coalition.errors import HubError
from coalition.ledger.store import load_accounts
from coalition.sales.service.answer import SaleAnswer, answer_about
from coalition.sales.store import load_sales


def current_answer(*, connection: Connection, party_no: int, external_id: str) -> SaleAnswer:
    """What the hub holds of one of the partner's own sales.

    Raises:
        HubError: `sale_not_found`, also for another partner's sale.
    """
    sales = load_sales(connection=connection, party_no=party_no, external_ids=[external_id])
    sale = sales.get(external_id)
    if sale is None:
        raise HubError("sale_not_found", "There is no sale of that id.")
    account = None
    if sale.account_id is not None:
        account = load_accounts(
            connection=connection, account_ids=[sale.account_id], lot_ids=sale.lot_ids
        )[sale.account_id]
    return answer_about(sale, account, "unchanged", sale.points)


def revisions(
    *, connection: Connection, party_no: int, external_ids: Collection[str]
) -> dict[str, int]:
    """The highest revision that was stated of the partner's sales, by id."""
    sales = load_sales(connection=connection, party_no=party_no, external_ids=external_ids)
    return {sale.external_id: sale.revision for sale in sales.values()}
