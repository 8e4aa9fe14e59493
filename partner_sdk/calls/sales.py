"""Calls about sales: one, many, a guest's sale claimed, a sale moved."""

from collections.abc import Iterable

from partner_sdk.calls.base import Calls, MemberLike, member_wire, path_of
from partner_sdk.calls.batches import Chunk, SaleLike, chunks, results_reader, sale_id, wire_of
from partner_sdk.wire.messages import SaleAnswer, SaleResult

__all__ = ["SaleCalls"]


class SaleCalls(Calls):
    """Sales."""

    def put_sale(self, sale: SaleLike) -> SaleAnswer:
        """Tell the hub what is true of a sale now; repeat freely, raise ``revision`` to change."""
        body = wire_of(sale)
        path = path_of("sales", sale_id(body))
        del body["id"]
        return self._put(SaleAnswer.from_wire, path, body)

    def put_sales(self, sales: Iterable[SaleLike]) -> list[SaleResult]:
        """Send many sales in batches of up to 1000; the answers are in the order of the sales.

        One sale's problem does not stop the others: look at ``SaleResult.ok``. If a batch as a
        whole fails, its error is raised; what was sent before it stays, and all may be sent
        again.
        """
        results: list[SaleResult] = []
        for chunk in chunks(sales):
            results += self.put_batch(chunk)
        return results

    def put_batch(self, chunk: Chunk) -> list[SaleResult]:
        """Send one batch that is cut already."""
        return self._post(results_reader(chunk), "/v1/sales/batch", chunk.payload)

    def get_sale(self, sale_id: str) -> SaleAnswer:
        """Return what the hub holds of a sale."""
        return self._get(SaleAnswer.from_wire, path_of("sales", sale_id))

    def claim_sale(
        self, sale_id: str, *, member: MemberLike, idempotency_key: str | None = None
    ) -> SaleAnswer:
        """Give a guest's sale to a member."""
        body = {"member": member_wire(member)}
        return self._post(
            SaleAnswer.from_wire, path_of("sales", sale_id, "claim"), body, idempotency_key
        )

    def move_sale(
        self, sale_id: str, *, member: MemberLike, idempotency_key: str | None = None
    ) -> SaleAnswer:
        """Move a sale that was on the wrong card to another member."""
        body = {"member": member_wire(member)}
        return self._post(
            SaleAnswer.from_wire, path_of("sales", sale_id, "move"), body, idempotency_key
        )
